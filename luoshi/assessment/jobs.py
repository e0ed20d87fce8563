"""What time does in this room (listed in ``luoshi/config/schedule.py``)."""

from luoshi.assessment.services import timeliness


def keep_timeliness() -> str:
    """Count the timeliness of every unit (EVA-11)."""
    return f"{timeliness.keep()} kept"
