"""What time does to reports."""

from luoshi.reports.services import owed


def open_dues() -> int:
    """Open what is owed in the week to come; run every night, harmless at any time."""
    return owed.open_coming_dues()
