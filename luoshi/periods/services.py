"""Setting days and opening years. Whether somebody may is asked by the page that calls."""

import datetime as dt

import holidays
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit.actor import SYSTEM, Actor
from luoshi.kit.verdict import Refused
from luoshi.periods.models import Day, DayKind, Period, PeriodKind
from luoshi.periods.queries import CACHE_KEY
from luoshi.periods.rules import Stretch, parts_of_year
from luoshi.trail.services import record

FIRST_YEARS = (2025, 2026)


def _forget() -> None:
    """The cached days count no longer: now for this transaction, later for everybody else."""
    cache.delete(CACHE_KEY)
    transaction.on_commit(lambda: cache.delete(CACHE_KEY))


@transaction.atomic
def set_day(*, by: Actor, date: dt.date, kind: str, name: str = "") -> Day:
    """Say that a day is worked or off. Setting it to what it is changes nothing."""
    if kind not in DayKind.values:
        raise Refused(_("Choose working day or day off."), "kind")
    name = name.strip()
    if len(name) > 60:
        raise Refused(_("A name has at most 60 characters."), "name")
    old = Day.objects.select_for_update().filter(date=date).first()
    if old and (old.kind, old.name) == (kind, name):
        return old
    day, _made = Day.objects.update_or_create(date=date, defaults={"kind": kind, "name": name})
    before = {"kind": old.kind, "name": old.name} if old else None
    record(day.ref, "day.set", by=by, old=before, new={"kind": kind, "name": name})
    _forget()
    return day


@transaction.atomic
def clear_day(*, by: Actor, date: dt.date) -> None:
    """Let a day be as its weekday again. Harmless if it is."""
    old = Day.objects.select_for_update().filter(date=date).first()
    if not old:
        return
    record(old.ref, "day.clear", by=by, old={"kind": old.kind, "name": old.name})
    old.delete()
    _forget()


@transaction.atomic
def seed_year(year: int, *, by: Actor = SYSTEM) -> int:
    """Enter a year's public holidays and make-up days as published; entries made by hand stay.

    Returns how many days were entered. See `queries.lacks_makeup_days` for a plan not yet out.
    """
    if not 2000 <= year <= 2100:
        raise Refused(_("The year must lie between 2000 and 2100."), "year")
    made = Day.objects.bulk_create(_missing(published(year)), ignore_conflicts=True)
    if made:
        record(f"calendar/{year}", "calendar.seed", by=by, days=len(made))
        _forget()
    return len(made)


def seed_first_years() -> None:
    """Give a new installation the years it starts with. Does nothing once there are days."""
    if not Day.objects.exists():
        Day.objects.bulk_create([day for year in FIRST_YEARS for day in published(year)])
        _forget()


def published(year: int) -> list[Day]:
    """Holidays and make-up days of a year as the library knows them; nothing is saved."""
    plan = holidays.country_holidays("CN", years=year, language="zh_CN")
    found = [
        Day(date=date, kind=DayKind.HOLIDAY, name=_short(name))
        for date, name in sorted(plan.items())
        if date.year == year
    ]
    swapped = sorted(date for date in plan.weekend_workdays if date.year == year)
    return found + [Day(date=date, kind=DayKind.WORKDAY, name="调休上班") for date in swapped]


def _short(name: str) -> str:
    """The library names the day that is worked in exchange; the calendar shows that day itself."""
    return "调休放假" if name.startswith("休息日") else name[:60]


def _missing(days: list[Day]) -> list[Day]:
    dates = [day.date for day in days]
    known = set(Day.objects.filter(date__in=dates).values_list("date", flat=True))
    return [day for day in days if day.date not in known]


@transaction.atomic
def open_year(year: int, *, by: Actor = SYSTEM) -> Period:
    """Make the periods of a year: itself, halves, quarters and months. Harmless if it is open."""
    known = Period.objects.filter(kind=PeriodKind.YEAR, since=dt.date(year, 1, 1)).first()
    if known:
        return known
    whole = _plant(parts_of_year(year), None)
    record(whole.ref, "period.open", by=by, year=year)
    return whole


def _plant(stretch: Stretch, parent: Period | None) -> Period:
    period, _made = Period.objects.get_or_create(
        kind=stretch.kind,
        since=stretch.since,
        until=stretch.until,
        defaults={"name": stretch.name, "parent": parent},
    )
    for part in stretch.parts:
        _plant(part, period)
    return period
