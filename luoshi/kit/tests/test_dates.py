import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kit.dates import (
    ONE_DAY,
    Span,
    WorkCalendar,
    add_months,
    add_workdays,
    in_month,
    last_of_month,
    period_of,
    periods_between,
    told_on,
    workdays_between,
)

D = dt.date
REGULAR = ["weekly", "monthly", "bimonthly", "quarterly", "half_yearly"]
DAYS = st.dates(D(2019, 12, 1), D(2032, 3, 1))


# ---------------------------------------------------------------------------- months


@pytest.mark.parametrize(
    ("year", "month", "day", "found"),
    [
        (2026, 2, 31, D(2026, 2, 28)),
        (2028, 2, 31, D(2028, 2, 29)),
        (2026, 4, 31, D(2026, 4, 30)),
        (2026, 12, 31, D(2026, 12, 31)),
        (2026, 2, 28, D(2026, 2, 28)),
    ],
)
def test_a_day_stays_in_its_month(year, month, day, found):
    assert in_month(year, month, day) == found


def test_the_last_day_of_february_knows_leap_years():
    assert last_of_month(2028, 2) == D(2028, 2, 29)
    assert last_of_month(2100, 2) == D(2100, 2, 28)


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (D(2026, 1, 31), 1, D(2026, 2, 28)),
        (D(2027, 12, 31), 2, D(2028, 2, 29)),
        (D(2026, 11, 15), 2, D(2027, 1, 15)),
        (D(2026, 3, 31), -1, D(2026, 2, 28)),
        (D(2026, 1, 1), -1, D(2025, 12, 1)),
        (D(2026, 5, 5), 0, D(2026, 5, 5)),
    ],
)
def test_months_are_added(day, count, found):
    assert add_months(day, count) == found


# ---------------------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("rhythm", "day", "report_day", "span"),
    [
        ("weekly", D(2026, 11, 18), None,
         Span("2026-W47", D(2026, 11, 16), D(2026, 11, 22), D(2026, 11, 22))),
        ("weekly", D(2026, 11, 18), 5,
         Span("2026-W47", D(2026, 11, 16), D(2026, 11, 22), D(2026, 11, 20))),
        ("weekly", D(2026, 11, 18), 28,
         Span("2026-W47", D(2026, 11, 16), D(2026, 11, 22), D(2026, 11, 22))),
        ("weekly", D(2027, 1, 2), None,
         Span("2026-W53", D(2026, 12, 28), D(2027, 1, 3), D(2027, 1, 3))),
        ("monthly", D(2026, 11, 30), 28,
         Span("2026-11", D(2026, 11, 1), D(2026, 11, 30), D(2026, 11, 28))),
        ("monthly", D(2026, 2, 1), 31,
         Span("2026-02", D(2026, 2, 1), D(2026, 2, 28), D(2026, 2, 28))),
        ("monthly", D(2028, 2, 1), None,
         Span("2028-02", D(2028, 2, 1), D(2028, 2, 29), D(2028, 2, 29))),
        ("bimonthly", D(2026, 11, 1), 25,
         Span("2026-B6", D(2026, 11, 1), D(2026, 12, 31), D(2026, 12, 25))),
        ("bimonthly", D(2026, 2, 28), 31,
         Span("2026-B1", D(2026, 1, 1), D(2026, 2, 28), D(2026, 2, 28))),
        ("quarterly", D(2026, 11, 18), 28,
         Span("2026-Q4", D(2026, 10, 1), D(2026, 12, 31), D(2026, 12, 28))),
        ("half_yearly", D(2026, 6, 30), None,
         Span("2026-H1", D(2026, 1, 1), D(2026, 6, 30), D(2026, 6, 30))),
    ],
)  # fmt: skip
def test_the_period_of_a_day(rhythm, day, report_day, span):
    assert period_of(rhythm, day, report_day) == span


@pytest.mark.parametrize("rhythm", ["none", "after_issue", "own_dates", "daily", ""])
def test_what_has_no_regular_periods_is_refused(rhythm):
    with pytest.raises(ValueError, match="regular"):
        period_of(rhythm, D(2026, 1, 1))


def keys(*args, **kwargs):
    return [span.key for span in periods_between(*args, **kwargs)]


def test_each_month_from_start_to_end_counts_once():
    spans = periods_between("monthly", D(2026, 9, 10), D(2026, 11, 5), day=28)
    assert [(span.key, span.due_on) for span in spans] == [
        ("2026-09", D(2026, 9, 28)),
        ("2026-10", D(2026, 10, 28)),
        ("2026-11", D(2026, 11, 28)),
    ]


def test_the_first_period_is_left_out_when_its_day_is_past():
    assert keys("monthly", D(2026, 9, 28), D(2026, 10, 31), day=28) == ["2026-09", "2026-10"]
    assert keys("monthly", D(2026, 9, 29), D(2026, 10, 31), day=28) == ["2026-10"]
    assert keys("monthly", D(2026, 9, 29), D(2026, 9, 30), day=28) == []


def test_the_end_of_the_month_is_found_in_every_month():
    spans = periods_between("monthly", D(2028, 1, 31), D(2028, 4, 1), day=31)
    assert [span.due_on.day for span in spans] == [31, 29, 31, 30]


def test_weeks_go_over_the_year():
    assert keys("weekly", D(2026, 12, 24), D(2027, 1, 5)) == ["2026-W52", "2026-W53", "2027-W01"]


@pytest.mark.parametrize(
    ("rhythm", "found"),
    [
        ("bimonthly", ["2026-B6", "2027-B1"]),
        ("quarterly", ["2026-Q4", "2027-Q1"]),
        ("half_yearly", ["2026-H2", "2027-H1"]),
    ],
)
def test_longer_rhythms_go_over_the_year(rhythm, found):
    assert keys(rhythm, D(2026, 12, 1), D(2027, 1, 31), day=20) == found


def test_fixed_days_after_issue():
    spans = periods_between("after_issue", D(2026, 3, 1), D(2026, 4, 30), after=[60, 15, 30, 61])
    assert spans == [
        Span("D15", D(2026, 3, 1), D(2026, 3, 16), D(2026, 3, 16)),
        Span("D30", D(2026, 3, 17), D(2026, 3, 31), D(2026, 3, 31)),
        Span("D60", D(2026, 4, 1), D(2026, 4, 30), D(2026, 4, 30)),
    ]
    assert keys("after_issue", D(2026, 3, 1), D(2026, 3, 10), after=[15]) == []
    assert keys("after_issue", D(2026, 3, 1), D(2026, 3, 10), after=[0, -1, 10**9]) == ["D0"]


def test_own_dates():
    own = [D(2026, 12, 10), D(2026, 6, 30), D(2026, 6, 30), D(2025, 1, 1), D(2027, 1, 1)]
    assert periods_between("own_dates", D(2026, 6, 30), D(2026, 12, 31), own=own) == [
        Span("2026-06-30", D(2026, 6, 30), D(2026, 6, 30), D(2026, 6, 30)),
        Span("2026-12-10", D(2026, 7, 1), D(2026, 12, 10), D(2026, 12, 10)),
    ]


def test_nothing_is_due_without_a_rhythm_or_backwards():
    assert keys("none", D(2026, 1, 1), D(2026, 12, 31)) == []
    assert keys("monthly", D(2026, 2, 1), D(2026, 1, 1)) == []


def test_an_unknown_rhythm_is_refused():
    with pytest.raises(ValueError, match="daily"):
        periods_between("daily", D(2026, 1, 1), D(2026, 1, 2))


def test_the_end_of_time_ends():
    assert keys("monthly", D(9999, 12, 1), D.max) == ["9999-12"]


@given(st.sampled_from(REGULAR), DAYS, st.none() | st.integers(1, 31))
def test_a_day_lies_in_its_period(rhythm, day, report_day):
    span = period_of(rhythm, day, report_day)
    assert span.since <= day <= span.until
    assert span.since <= span.due_on <= span.until
    assert period_of(rhythm, span.since, report_day) == span
    assert period_of(rhythm, span.until, report_day) == span
    assert period_of(rhythm, span.until + ONE_DAY, report_day).since == span.until + ONE_DAY


@given(st.sampled_from(REGULAR), DAYS, DAYS, st.none() | st.integers(1, 31))
def test_periods_follow_each_other_without_gap(rhythm, start, end, day):
    spans = periods_between(rhythm, start, end, day=day)
    assert all(span.due_on >= start for span in spans)
    assert all(span.since <= end for span in spans)
    assert len({span.key for span in spans}) == len(spans)
    for one, following in itertools.pairwise(spans):
        assert following.since == one.until + ONE_DAY
    if end < start:
        assert spans == []
    else:
        first = period_of(rhythm, start, day)
        late = first.due_on < start
        assert (first in spans) == (not late)
        last = period_of(rhythm, end, day)
        assert (last in spans) == (last.due_on >= start)


@given(DAYS, DAYS, st.lists(DAYS, max_size=8))
def test_own_dates_cover_the_time_up_to_the_last(start, end, own):
    spans = periods_between("own_dates", start, end, own=own)
    assert [span.due_on for span in spans] == sorted({d for d in own if start <= d <= end})
    if spans:
        assert spans[0].since == start
    for one, following in itertools.pairwise(spans):
        assert following.since == one.until + ONE_DAY


# ---------------------------------------------------------------------------- working days

NATIONAL = WorkCalendar(
    holidays=frozenset(D(2026, 10, day) for day in range(1, 8)),
    workdays=frozenset({D(2026, 9, 20), D(2026, 10, 10)}),
)


def test_holidays_and_make_up_days():
    assert NATIONAL.is_workday(D(2026, 9, 30))
    assert not NATIONAL.is_workday(D(2026, 10, 1))
    assert not NATIONAL.is_workday(D(2026, 9, 19))
    assert NATIONAL.is_workday(D(2026, 9, 20))


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (D(2026, 9, 30), 1, D(2026, 10, 8)),
        (D(2026, 9, 30), 3, D(2026, 10, 10)),
        (D(2026, 9, 30), 4, D(2026, 10, 12)),
        (D(2026, 10, 8), -1, D(2026, 9, 30)),
        (D(2026, 9, 18), 1, D(2026, 9, 20)),
        (D(2026, 10, 3), 0, D(2026, 10, 3)),
        (D(2026, 11, 20), 5, D(2026, 11, 27)),
    ],
)
def test_working_days_are_added(day, count, found):
    assert add_workdays(day, count, NATIONAL) == found


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [
        (D(2026, 9, 30), D(2026, 10, 8), 1),
        (D(2026, 9, 30), D(2026, 10, 7), 0),
        (D(2026, 9, 30), D(2026, 9, 30), 0),
        (D(2026, 10, 8), D(2026, 9, 30), -1),
        (D(2026, 1, 1), D(2026, 12, 31), 257),
    ],
)
def test_working_days_are_counted(a, b, count):
    assert workdays_between(a, b, NATIONAL) == count


CALENDARS = st.builds(
    WorkCalendar,
    holidays=st.frozensets(DAYS, max_size=30),
    workdays=st.frozensets(DAYS, max_size=30),
)


@given(DAYS, st.integers(-200, 200), CALENDARS)
def test_counting_reverses_adding(day, count, calendar):
    reached = add_workdays(day, count, calendar)
    assert workdays_between(day, reached, calendar) == count
    assert count == 0 or calendar.is_workday(reached)


@given(DAYS, st.integers(0, 400), CALENDARS)
def test_counting_is_what_counting_on_fingers_gives(day, length, calendar):
    until = day + length * ONE_DAY
    walked = sum(calendar.is_workday(day + n * ONE_DAY) for n in range(1, length + 1))
    assert workdays_between(day, until, calendar) == walked


# ---------------------------------------------------------------------------- when reminders come


def _days(text):
    return [dt.date(2026, 11, int(word)) for word in text.split()]


@pytest.mark.parametrize(
    ("today", "days"),
    [
        ("25", "23 24 25"),  # a Wednesday: its own, and what two days without a worker left
        ("27", "25 26 27 28 29"),  # a Friday: the weekend too
        ("28", ""),  # a Saturday
        ("30", "28 29 30"),
    ],
)
def test_reminders_of_days_off_come_on_the_last_working_day_before(today, days):
    assert list(told_on(_days(today)[0], WorkCalendar())) == _days(days)


def test_a_make_up_day_is_a_working_day_for_reminders():
    saturday = dt.date(2026, 11, 28)
    calendar = WorkCalendar(workdays=frozenset({saturday}))
    assert told_on(saturday, calendar)[-1] == dt.date(2026, 11, 29)
    assert told_on(dt.date(2026, 11, 27), calendar)[-1] == dt.date(2026, 11, 27)


def test_before_a_long_holiday_everything_in_it_is_told():
    holidays = frozenset(dt.date(2026, 10, n) for n in range(1, 8))
    told = told_on(dt.date(2026, 9, 30), WorkCalendar(holidays=holidays))
    assert told[-1] == dt.date(2026, 10, 7)
