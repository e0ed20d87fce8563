"""How a task comes along: from which day to which, and how far on a given day. Pure."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from luoshi.demo.days import ONE_DAY, between

#: Days between issue and the earliest due date.
SHORTEST = 24
#: Nobody lets a task lie for longer than this after its due date, in days.
LONGEST_LATE = 70


class Fate(Enum):
    """How a task stands today."""

    DONE = "done"
    MOVING = "moving"
    SLOW = "slow"
    LATE = "late"  # begun, and past its day
    STALLED = "stalled"  # past its day with nothing done
    IDLE = "idle"


#: How often each comes, in a hundred.
_OFTEN = {
    Fate.DONE: 54,
    Fate.MOVING: 26,
    Fate.SLOW: 7,
    Fate.LATE: 7,
    Fate.STALLED: 4,
    Fate.IDLE: 7,
}
_OF_THE_PAST = (Fate.DONE, Fate.LATE, Fate.STALLED)
_OF_THE_FUTURE = (Fate.DONE, Fate.MOVING, Fate.SLOW, Fate.IDLE)


@dataclass(frozen=True)
class Pace:
    """A task's way from 0 to 100: begun on ``since``, completed on ``until``."""

    due: dt.date
    since: dt.date
    until: dt.date
    fate: Fate

    def on(self, day: dt.date) -> int:
        """Progress in percent on a day, in steps of five."""
        if self.fate in {Fate.STALLED, Fate.IDLE} or day < self.since:
            return 0
        if day >= self.until:
            return 100
        share = (day - self.since).days / max(1, (self.until - self.since).days)
        return max(5, min(95, round(share * 20) * 5))


def draw(
    issued: dt.date,
    limit: dt.date,
    today: dt.date,
    luck: random.Random,
) -> Pace:
    """A pace for a task issued on a day and due by ``limit`` at the latest."""
    earliest = min(issued + SHORTEST * ONE_DAY, limit)
    possible = _possible(earliest, limit, today)
    fate = _drawn(possible, luck)
    past = fate in {Fate.LATE, Fate.STALLED} or (fate is Fate.DONE and luck.random() < 0.6)
    if past and earliest < today:
        last = min(limit, today - ONE_DAY)
        due = between(max(earliest, last - (LONGEST_LATE - 1) * ONE_DAY), last, luck)
    else:
        due = between(max(earliest, today + ONE_DAY), limit, luck) if limit > today else limit
    return _paced(fate, issued, due, today, luck)


def given(issued: dt.date, due: dt.date, today: dt.date, luck: random.Random) -> Pace:
    """A pace for a task whose due date stands."""
    possible: Sequence[Fate]
    if due < today:
        possible = _past(due, today)
    elif (today - issued).days > SHORTEST:
        possible = _OF_THE_FUTURE
    else:
        possible = (Fate.MOVING, Fate.IDLE)
    return _paced(_drawn(possible, luck), issued, due, today, luck)


def _possible(earliest: dt.date, limit: dt.date, today: dt.date) -> Sequence[Fate]:
    """What can have become of a task due between these days."""
    if limit < today:
        return _past(limit, today)
    return tuple(Fate) if earliest < today - 3 * ONE_DAY else (Fate.MOVING, Fate.IDLE)


def _past(due: dt.date, today: dt.date) -> Sequence[Fate]:
    """What can have become of a task that is due already; long ago means that it was done."""
    return _OF_THE_PAST if (today - due).days < LONGEST_LATE else (Fate.DONE,)


def _drawn(possible: Sequence[Fate], luck: random.Random) -> Fate:
    return luck.choices(possible, [_OFTEN[fate] for fate in possible])[0]


def _paced(fate: Fate, issued: dt.date, due: dt.date, today: dt.date, luck: random.Random) -> Pace:
    since = issued + luck.randint(2, 12) * ONE_DAY
    if fate is Fate.DONE:
        latest = min(due + luck.choice([0, 0, 0, 4]) * ONE_DAY, today - ONE_DAY)
        until = between(max(since, latest - 25 * ONE_DAY), latest, luck)
    elif fate in {Fate.SLOW, Fate.LATE}:
        until = max(due, today) + luck.randint(25, 160) * ONE_DAY
    else:
        until = max(due - luck.randint(0, 12) * ONE_DAY, today + 3 * ONE_DAY, since + ONE_DAY)
    return Pace(due, min(since, until), until, fate)
