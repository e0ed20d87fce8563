"""What the pages of the desk show, read across all rooms; nothing here writes."""
