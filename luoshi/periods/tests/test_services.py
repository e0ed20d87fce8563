import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import translation

from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused
from luoshi.periods.models import Day, DayKind, Period, PeriodKind
from luoshi.periods.queries import (
    add_workdays,
    days_of,
    is_workday,
    lacks_makeup_days,
    month_of,
    periods_holding,
    work_calendar,
    workdays_between,
    year_to_complete,
    years,
)
from luoshi.periods.services import clear_day, open_year, seed_first_years, seed_year, set_day
from luoshi.trail.models import Event
from luoshi.trail.queries import events_about

pytestmark = pytest.mark.django_db
D = dt.date
CHEN = Actor(4, "陈秘书")
MONDAY = D(2026, 11, 16)


def test_a_new_installation_knows_its_first_years():
    """Days as the State Council published them for 2025 and 2026."""
    assert not is_workday(D(2026, 10, 1))
    assert is_workday(D(2026, 10, 10))
    assert not is_workday(D(2026, 1, 2))
    assert is_workday(D(2026, 1, 4))
    assert not is_workday(D(2025, 1, 28))
    assert is_workday(D(2025, 1, 26))
    assert workdays_between(D(2025, 12, 31), D(2026, 12, 31)) == 248
    assert workdays_between(D(2024, 12, 31), D(2025, 12, 31)) == 248
    assert add_workdays(D(2026, 9, 30), 3) == D(2026, 10, 10)
    seed_first_years()
    assert Day.objects.filter(date=D(2026, 10, 1)).count() == 1


#: Off days and worked weekends as the State Council published them for 2025 and 2026.
OFF = {
    2025: [("01-01", "01-01"), ("01-28", "02-04"), ("04-04", "04-06"), ("05-01", "05-05"),
           ("05-31", "06-02"), ("10-01", "10-08")],
    2026: [("01-01", "01-03"), ("02-15", "02-23"), ("04-04", "04-06"), ("05-01", "05-05"),
           ("06-19", "06-21"), ("09-25", "09-27"), ("10-01", "10-07")],
}  # fmt: skip
WORKED = {
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_of_the_first_years_is_as_published(year):
    worked = {D.fromisoformat(f"{year}-{day}") for day in WORKED[year]}
    off = [(D.fromisoformat(f"{year}-{a}"), D.fromisoformat(f"{year}-{b}")) for a, b in OFF[year]]
    wrong = []
    for number in range(366):
        day = D(year, 1, 1) + dt.timedelta(days=number)
        holiday = any(first <= day <= last for first, last in off)
        expected = day in worked or (day.weekday() < 5 and not holiday)
        if day.year == year and is_workday(day) != expected:
            wrong.append(day)
    assert wrong == []


def test_a_day_set_counts_at_once():
    assert is_workday(MONDAY)
    set_day(by=CHEN, date=MONDAY, kind="holiday", name=" 校庆 ")
    assert not is_workday(MONDAY)
    assert add_workdays(D(2026, 11, 13), 1) == D(2026, 11, 17)
    day = Day.objects.get(date=MONDAY)
    assert (day.kind, day.name) == ("holiday", "校庆")
    (line,) = events_about("day", 20261116)
    assert (line.verb, line.by_name) == ("day.set", "陈秘书")
    assert line.data == {"old": None, "new": {"kind": "holiday", "name": "校庆"}}


def test_setting_a_day_twice_is_told_once():
    for _turn in range(2):
        set_day(by=CHEN, date=MONDAY, kind="holiday", name="校庆")
    assert Event.objects.count() == 1
    set_day(by=CHEN, date=MONDAY, kind="holiday", name="运动会")
    assert events_about("day", 20261116)[0].data["old"] == {"kind": "holiday", "name": "校庆"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"kind": "feast"}, "kind"), ({"kind": "holiday", "name": "长" * 61}, "name")],
)
def test_what_cannot_stand_is_refused(wrong, field):
    before = Day.objects.count()
    with pytest.raises(Refused) as refusal:
        set_day(by=CHEN, date=MONDAY, **wrong)
    assert refusal.value.field == field
    assert (Day.objects.count(), Event.objects.count()) == (before, 0)


def test_a_day_is_as_its_weekday_again():
    set_day(by=CHEN, date=MONDAY, kind="holiday")
    clear_day(by=CHEN, date=MONDAY)
    assert is_workday(MONDAY)
    assert events_about("day", 20261116)[0].verb == "day.clear"
    clear_day(by=CHEN, date=MONDAY)
    assert Event.objects.count() == 2


def test_seeding_keeps_what_was_entered_by_hand():
    Day.objects.all().delete()
    Day.objects.create(date=D(2026, 10, 1), kind="workday", name="值班")
    made = seed_year(2026, by=CHEN)
    assert made == Day.objects.count() - 1
    assert Day.objects.get(date=D(2026, 10, 1)).name == "值班"
    assert events_about("calendar", 2026)[0].data == {"days": made}
    assert seed_year(2026) == 0
    assert Event.objects.count() == 1


def test_seeded_days_bear_names():
    names = set(Day.objects.filter(date__year=2026).values_list("kind", "name"))
    assert ("holiday", "春节") in names
    assert ("workday", "调休上班") in names
    assert ("holiday", "调休放假") in names
    assert not any("由" in name for _kind, name in names)


@pytest.mark.parametrize("year", [1999, 2101, -1])
def test_a_year_out_of_reach_is_refused(year):
    with pytest.raises(Refused):
        seed_year(year)


def test_a_year_whose_plan_is_not_out_asks_for_it():
    assert not lacks_makeup_days(2026)
    assert year_to_complete(D(2026, 9, 30)) is None
    assert year_to_complete(D(2026, 10, 1)) == 2027
    assert year_to_complete(D(2027, 3, 1)) == 2027
    seed_year(2027)
    assert lacks_makeup_days(2027)
    set_day(by=CHEN, date=D(2027, 2, 14), kind=DayKind.WORKDAY)
    assert year_to_complete(D(2026, 12, 1)) is None


def test_the_command_seeds_opens_and_warns():
    out, err = StringIO(), StringIO()
    with translation.override("en"):
        call_command("calendar", "seed", "2027", stdout=out, stderr=err)
    assert out.getvalue().startswith("2027: ")
    assert "State Council" in err.getvalue()
    assert not is_workday(D(2027, 1, 1))
    assert years() == [2027]


def test_opening_a_year_makes_its_periods_once():
    year = open_year(2026, by=CHEN)
    assert open_year(2026, by=CHEN).pk == year.pk
    assert Period.objects.count() == 19
    assert Event.objects.get().verb == "period.open"
    november = Period.objects.get(kind=PeriodKind.MONTH, since=D(2026, 11, 1))
    assert november.parent.name == "2026年第四季度"
    assert november.parent.parent.parent == year
    assert [period.kind for period in periods_holding(MONDAY)] == [
        "year",
        "half",
        "quarter",
        "month",
    ]
    assert periods_holding(MONDAY, "quarter") == [november.parent]


def test_a_month_is_shown_in_whole_weeks(django_assert_num_queries):
    work_calendar()
    with django_assert_num_queries(1):
        weeks = month_of(2026, 10)
    assert [len(week) for week in weeks] == [7] * 5
    cells = {cell.date: cell for week in weeks for cell in week}
    assert (cells[D(2026, 10, 1)].worked, cells[D(2026, 10, 1)].set) == (False, True)
    assert cells[D(2026, 10, 1)].name == "国庆节"
    assert (cells[D(2026, 10, 10)].worked, cells[D(2026, 10, 10)].set) == (True, True)
    assert (cells[D(2026, 10, 12)].worked, cells[D(2026, 10, 12)].set) == (True, False)
    assert cells[D(2026, 9, 30)].in_month is False
    assert D(2026, 10, 1) in {day.date for day in days_of(2026)}


def test_the_days_are_read_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        for day in range(1, 29):
            is_workday(D(2026, 11, day))
