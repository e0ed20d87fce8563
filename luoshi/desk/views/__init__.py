"""Pages that read across all rooms."""
