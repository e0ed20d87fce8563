"""Which days are worked, which periods there are."""

import calendar as months
import datetime as dt
from dataclasses import dataclass

from django.core.cache import cache

from luoshi.kit import dates
from luoshi.kit.dates import WorkCalendar
from luoshi.periods.models import Day, DayKind, Period, PeriodKind

CACHE_KEY = "periods.calendar"
CACHE_SECONDS = 30  # an edit made by another process counts after this long


def work_calendar() -> WorkCalendar:
    """The days that differ from the week, for the pure functions of `kit.dates`. Cached."""
    known: WorkCalendar | None = cache.get(CACHE_KEY)
    if known is None:
        rows = list(Day.objects.values_list("date", "kind"))
        known = WorkCalendar(
            holidays=frozenset(date for date, kind in rows if kind == DayKind.HOLIDAY),
            workdays=frozenset(date for date, kind in rows if kind == DayKind.WORKDAY),
        )
        cache.set(CACHE_KEY, known, CACHE_SECONDS)
    return known


def is_workday(day: dt.date) -> bool:
    """Whether people work on that day."""
    return work_calendar().is_workday(day)


def add_workdays(day: dt.date, n: int) -> dt.date:
    """The n-th working day after ``day``; see `kit.dates.add_workdays`."""
    return dates.add_workdays(day, n, work_calendar())


def workdays_between(a: dt.date, b: dt.date) -> int:
    """Working days after ``a`` up to and including ``b``; see `kit.dates.workdays_between`."""
    return dates.workdays_between(a, b, work_calendar())


@dataclass(frozen=True)
class Cell:
    """One day on the calendar page; ``set`` tells whether it differs by an entry."""

    date: dt.date
    in_month: bool
    worked: bool
    name: str
    set: bool


def month_of(year: int, month: int) -> list[list[Cell]]:
    """A month as whole weeks from Monday, for the calendar page."""
    weeks = months.Calendar().monthdatescalendar(year, month)
    return _cells(weeks, month, _set_between(weeks[0][0], weeks[-1][-1]))


def year_of(year: int) -> list[list[list[Cell]]]:
    """The twelve months of a year, each as whole weeks from Monday; two statements."""
    calendar = months.Calendar()
    known = _set_between(dt.date(year, 1, 1), dt.date(year, 12, 31))
    return [
        _cells(calendar.monthdatescalendar(year, month), month, known) for month in range(1, 13)
    ]


def _set_between(first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    return {day.date: day for day in Day.objects.filter(date__range=(first, last))}


def _cells(weeks: list[list[dt.date]], month: int, known: dict[dt.date, Day]) -> list[list[Cell]]:
    work = work_calendar()
    return [
        [
            Cell(
                date=date,
                in_month=date.month == month,
                worked=work.is_workday(date),
                name=known[date].name if date in known else "",
                set=date in known,
            )
            for date in week
        ]
        for week in weeks
    ]


def days_of(year: int) -> list[Day]:
    """All days of a year that differ from the week."""
    return list(Day.objects.filter(date__year=year))


def lacks_makeup_days(year: int) -> bool:
    """Whether a year has no weekend day that is worked: its holiday plan is not out or not in."""
    return not any(day.year == year for day in work_calendar().workdays)


#: The State Council publishes the plan of the coming year in autumn; from here on it is asked for.
ASKED_FROM = 10


def year_to_complete(today: dt.date) -> int | None:
    """The year whose holiday plan must be entered now: this one, or from October on the next."""
    asked = [today.year, today.year + 1] if today.month >= ASKED_FROM else [today.year]
    return next((year for year in asked if lacks_makeup_days(year)), None)


def periods_holding(day: dt.date, kind: str = "") -> list[Period]:
    """The periods a day lies in, the longest first."""
    rows = Period.objects.filter(since__lte=day, until__gte=day)
    if kind:
        rows = rows.filter(kind=kind)
    return sorted(rows, key=lambda period: period.since - period.until)


def years() -> list[int]:
    """The years that have been opened, newest first."""
    rows = Period.objects.filter(kind=PeriodKind.YEAR).order_by("-since")
    return [period.since.year for period in rows]
