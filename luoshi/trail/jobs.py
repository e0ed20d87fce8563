"""What time does to the trail."""

import datetime as dt

from luoshi.kit import clock
from luoshi.trail.services import seal_until


def seal_yesterday(today: dt.date | None = None) -> int:
    """Seal every day that is over and has no seal yet. Runs two hours after midnight; idempotent."""
    return seal_until((today or clock.today()) - dt.timedelta(days=1))
