"""What time does to reports."""

from luoshi.reports import services


def open_dues() -> int:
    """Open what is owed in the week to come; run every night, harmless at any time."""
    return services.open_coming_dues()
