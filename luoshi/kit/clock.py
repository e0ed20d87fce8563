"""The only place that reads the time.

Tests and journeys shift it for server and worker alike: the file named by ``LUOSHI_CLOCK_FILE``
holds a number of seconds to add. Without that setting the real time is told.
"""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.conf import settings
from django.utils import timezone

_read: tuple[float, float] | None = None  # (mtime of the file, seconds in it)
_held: ContextVar[dt.datetime | None] = ContextVar("held", default=None)


def _shift() -> float:
    """Seconds to add to the real time; the file is read again only when it changed."""
    global _read
    path = settings.CLOCK_FILE
    if not path:
        return 0.0
    try:
        changed = os.stat(path).st_mtime_ns / 1e9
    except FileNotFoundError:
        return 0.0
    if _read is None or _read[0] != changed:
        _read = (changed, float(Path(path).read_text().strip() or 0))
    return _read[1]


def machine_now() -> dt.datetime:
    """The moment on the clock of the machine, never shifted: for the queue and signs of life."""
    return timezone.now()


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Hold the clock at a moment for what runs inside: believable data is built in past days."""
    assert moment.tzinfo is not None, "a moment has a time zone"
    token = _held.set(moment)
    try:
        yield
    finally:
        _held.reset(token)


def now() -> dt.datetime:
    """The present moment, with time zone."""
    held = _held.get()
    if held is not None:
        return held
    moment = timezone.now()
    shift = _shift()
    return moment + dt.timedelta(seconds=shift) if shift else moment


def today() -> dt.date:
    """The present day where the institution is."""
    return timezone.localtime(now()).date()


def day_of(moment: dt.datetime) -> dt.date:
    """The day of a moment where the institution is."""
    return timezone.localtime(moment).date()
