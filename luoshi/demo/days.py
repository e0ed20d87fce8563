"""The calendar of the demonstration: a year of work, seen from today."""

import datetime as dt
import random
from dataclasses import dataclass

from django.utils import timezone

#: So many days of work at least lie behind a visitor, on the fifth of January too: the tasks of a
#: year are then handed down in the autumn or summer before.
LEAST_BEHIND = 200
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Days that matter, all told from ``today``."""

    today: dt.date

    @property
    def year(self) -> int:
        return self.today.year

    @property
    def first(self) -> dt.date:
        """The day on which the goal office hands the year's tasks down."""
        return min(dt.date(self.year, 1, 5), self.today - LEAST_BEHIND * ONE_DAY)

    @property
    def settled(self) -> dt.date:
        """The day on which units, people and rules were entered."""
        return self.first - 40 * ONE_DAY

    @property
    def last(self) -> dt.date:
        """The end of the year."""
        return dt.date(self.year, 12, 31)

    def after(self, days: int) -> dt.date:
        """So many days after the first."""
        return self.first + days * ONE_DAY

    def ago(self, days: int) -> dt.date:
        """So many days before today."""
        return self.today - days * ONE_DAY


def moment(day: dt.date, luck: random.Random) -> dt.datetime:
    """A moment within office hours of a day, or of the Friday before where it is a weekend."""
    day -= max(0, day.weekday() - 4) * ONE_DAY
    minutes = luck.choice([luck.randint(0, 205), luck.randint(330, 570)])
    clock = dt.datetime.combine(day, dt.time(8, 20)) + dt.timedelta(minutes=minutes)
    return timezone.make_aware(clock)


def between(since: dt.date, until: dt.date, luck: random.Random) -> dt.date:
    """A day from ``since`` to ``until``; ``since`` where they stand the wrong way round."""
    return since + luck.randint(0, max(0, (until - since).days)) * ONE_DAY


def in_words(day: dt.date) -> str:
    """A day as people write it: 3月12日."""
    return f"{day.month}月{day.day}日"
