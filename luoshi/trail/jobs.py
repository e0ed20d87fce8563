"""What time does to the trail."""

import datetime as dt

from luoshi.kit import clock
from luoshi.trail.services import seal_until


def seal_yesterday(today: dt.date | None = None) -> int:
    """Seal every past day that has no seal. Runs two hours after midnight; idempotent."""
    return seal_until((today or clock.today()) - dt.timedelta(days=1))
