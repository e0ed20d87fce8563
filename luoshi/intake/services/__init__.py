"""Every write to the import.

staging      a file becomes a batch with its lines; columns are confirmed
checking     lines are understood, in chunks; only rows that changed are written
settling     answers to open names and dates, corrected rows, confirmed assumptions
publishing   all tasks or none; undo while they are untouched drafts; drop
"""
