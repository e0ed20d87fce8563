"""Arithmetic of days: reporting periods and working days. Pure.

period_of("quarterly", day, 28)                 the quarter of the day, due on its last month's 28th
periods_between("monthly", start, end, day=28)  every month a task must be reported on
add_workdays(day, 5, calendar)                  the fifth working day after the day
"""

import calendar as months
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

ONE_DAY = dt.timedelta(days=1)

#: Months in one period of the rhythms that go by months.
_MONTHS = {"monthly": 1, "bimonthly": 2, "quarterly": 3, "half_yearly": 6}
_LETTER = {"bimonthly": "B", "quarterly": "Q", "half_yearly": "H"}


@dataclass(frozen=True)
class Span:
    """A reporting period: both ends belong to it; the report is due on ``due_on``.

    ``key`` names it: 2026-11, 2026-B6, 2026-Q4, 2026-H2, 2026-W47, D30 (days after issue),
    2026-11-05 (own dates).
    """

    key: str
    since: dt.date
    until: dt.date
    due_on: dt.date


def last_of_month(year: int, month: int) -> dt.date:
    """The last day of a month."""
    return dt.date(year, month, months.monthrange(year, month)[1])


def in_month(year: int, month: int, day: int) -> dt.date:
    """That day of the month, or its last day where the month is shorter."""
    return dt.date(year, month, min(day, months.monthrange(year, month)[1]))


def add_months(day: dt.date, count: int) -> dt.date:
    """The same day ``count`` months on (or back), or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return in_month(year, month + 1, day.day)


def period_of(rhythm: str, day: dt.date, report_day: int | None = None) -> Span:
    """The period of a regular rhythm that holds ``day``.

    ``report_day`` is the day of the period's last month (31 means its last day), of a week the
    day from Monday as 1; None means the period's last day. Raises ValueError for a rhythm without
    regular periods (after_issue, own_dates, none) and for an unknown one.
    """
    if rhythm == "weekly":
        return _week_of(day, report_day)
    if rhythm not in _MONTHS:
        raise ValueError(f"{rhythm!r} has no regular periods")
    size = _MONTHS[rhythm]
    number = (day.month - 1) // size
    since = dt.date(day.year, number * size + 1, 1)
    until = last_of_month(day.year, (number + 1) * size)
    letter = _LETTER.get(rhythm)
    key = f"{day.year}-{letter}{number + 1}" if letter else f"{day.year}-{day.month:02}"
    due_on = in_month(until.year, until.month, report_day) if report_day else until
    return Span(key, since, until, due_on)


def _week_of(day: dt.date, report_day: int | None) -> Span:
    year, week, weekday = day.isocalendar()
    since = day - (weekday - 1) * ONE_DAY
    until = since + 6 * ONE_DAY
    due_on = since + (min(report_day, 7) - 1) * ONE_DAY if report_day else until
    return Span(f"{year}-W{week:02}", since, until, due_on)


def periods_between(
    rhythm: str,
    start: dt.date,
    end: dt.date,
    *,
    day: int | None = None,
    own: Sequence[dt.date] = (),
    after: Sequence[int] = (),
) -> list[Span]:
    """The periods in which a task from ``start`` to ``end`` must be reported on.

    The first is the period of ``start``, unless its due day is past by then; the last is the period
    of ``end``. ``own`` are the dates of rhythm own_dates, ``after`` the days after start of
    after_issue; of these count the dates from start to end. Nothing is due if end is before start.
    """
    if end < start or rhythm == "none":
        return []
    if rhythm == "after_issue":
        dated = sorted({days for days in after if days >= 0})
        last = (end - start).days
        return _between_dates(
            start, [(f"D{days}", start + days * ONE_DAY) for days in dated if days <= last]
        )
    if rhythm == "own_dates":
        return _between_dates(
            start, [(one.isoformat(), one) for one in sorted(set(own)) if start <= one <= end]
        )
    return [span for span in _regular(rhythm, start, end, day) if span.due_on >= start]


def _regular(rhythm: str, start: dt.date, end: dt.date, day: int | None) -> Iterator[Span]:
    span = period_of(rhythm, start, day)
    while span.since <= end:
        yield span
        if span.until == dt.date.max:
            return
        span = period_of(rhythm, span.until + ONE_DAY, day)


def _between_dates(start: dt.date, dated: list[tuple[str, dt.date]]) -> list[Span]:
    spans, since = [], start
    for key, due_on in dated:
        spans.append(Span(key, since, due_on, due_on))
        since = due_on + ONE_DAY
    return spans


# ---------------------------------------------------------------------------- working days


@dataclass(frozen=True)
class WorkCalendar:
    """Days that differ from the week: holidays, and weekend days that are worked (调休)."""

    holidays: frozenset[dt.date] = field(default_factory=frozenset)
    workdays: frozenset[dt.date] = field(default_factory=frozenset)

    def is_workday(self, day: dt.date) -> bool:
        """Monday to Friday unless a holiday, and every day worked in exchange."""
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays


def add_workdays(day: dt.date, count: int, calendar: WorkCalendar) -> dt.date:
    """The ``count``-th working day after ``day`` (before it, when negative); ``day`` for 0.

    ``day`` itself is not counted: five working days from a Friday end on the next Friday.
    """
    step = ONE_DAY if count > 0 else -ONE_DAY
    left = abs(count)
    while left:
        day += step
        left -= calendar.is_workday(day)
    return day


def workdays_between(a: dt.date, b: dt.date, calendar: WorkCalendar) -> int:
    """Working days after ``a`` up to and including ``b``; negative when ``b`` is before ``a``.

    The reverse of `add_workdays`: ``workdays_between(a, add_workdays(a, n)) == n``.
    """
    if b < a:
        return -(_worked_until(a - ONE_DAY, calendar) - _worked_until(b - ONE_DAY, calendar))
    return _worked_until(b, calendar) - _worked_until(a, calendar)


def _worked_until(day: dt.date, calendar: WorkCalendar) -> int:
    """Working days from the beginning of time up to and including ``day``."""
    weeks, rest = divmod(day.toordinal(), 7)  # ordinal 1 was a Monday
    off = sum(1 for one in calendar.holidays if one <= day and one.weekday() < 5)
    swapped = sum(
        1
        for one in calendar.workdays
        if one <= day and (one.weekday() >= 5 or one in calendar.holidays)
    )
    return weeks * 5 + min(rest, 5) - off + swapped


#: Days after which a reminder that no worker was there to give is still given.
LATE_BY = 2


def told_on(today: dt.date, calendar: WorkCalendar) -> tuple[dt.date, ...]:
    """The days whose reminders are given today; none on a day off.

    A reminder that falls on a day off is given on the last working day before. Those of the two
    days gone by are among them for a worker that stood still; whoever gives reminders keeps what
    was given.
    """
    if not calendar.is_workday(today):
        return ()
    last = today
    while not calendar.is_workday(last + ONE_DAY):
        last += ONE_DAY
    first = today - LATE_BY * ONE_DAY
    return tuple(first + n * ONE_DAY for n in range((last - first).days + 1))
