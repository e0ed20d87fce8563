"""Which reports the page of the month asks for, how rows stand, how often "no change" is said."""

import datetime as dt
from dataclasses import dataclass, replace

import pytest

from luoshi.kit.dates import periods_between
from luoshi.measures.models import Measure
from luoshi.reports import rules
from luoshi.reports.rules import month as months
from luoshi.reports.rules.month import Month, RowState


@dataclass(frozen=True)
class Owed:
    period: str
    since: dt.date
    until: dt.date
    due_on: dt.date
    closes_on: dt.date
    filed_on: dt.date | None = None
    void: bool = False


def owed(span, grace=0, late_report="late", **more):
    closes = rules.closes_on(span, grace, late_report)
    return Owed(span.key, span.since, span.until, span.due_on, closes, **more)


def year(rhythm="monthly", day=28):
    return periods_between(rhythm, dt.date(2026, 1, 1), dt.date(2026, 12, 31), day=day)


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("late_report", ["late", "next"])
@pytest.mark.parametrize("rhythm", ["monthly", "weekly", "quarterly"])
@pytest.mark.parametrize("grace", [0, 3])
@pytest.mark.parametrize("filed", [(), (0, 1), (2,), (0, 1, 2, 3, 4, 5)])
def test_what_is_asked_is_what_a_report_would_settle(late_report, rhythm, grace, filed):
    """The page never shows a row whose report would count for another period."""
    spans = year(rhythm)
    keys = {span.key for place, span in enumerate(spans) if place in filed}
    dues = [
        owed(span, grace, late_report, filed_on=span.since if span.key in keys else None)
        for span in spans
    ]
    for number in range(0, 365, 5):
        today = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        counts = rules.which_period(today, spans, grace=grace, late_report=late_report, filed=keys)
        wanted = counts.key if counts and counts.key not in keys else None
        found = months.asked_now(today, dues, late_report)
        assert (found.period if found else None) == wanted, today


def test_what_was_taken_back_is_not_asked():
    march = owed(year()[2])
    assert months.asked_now(day("2026-03-10"), [march], "late") is march
    assert months.asked_now(day("2026-03-10"), [replace(march, void=True)], "late") is None


@pytest.mark.parametrize(
    ("times", "most", "ok"),
    [(0, None, True), (9, None, True), (0, 0, False), (0, 1, True), (1, 1, False), (2, 3, True)],
)
def test_no_change_is_limited_in_a_row(times, most, ok):
    assert bool(months.unchanged_stands(times, most)) is ok


def test_the_sentence_says_how_many_times():
    assert "2" in str(months.unchanged_stands(2, 2).reason)
    assert "3" in months.unchanged_words(1, 3)
    assert "1" in months.unchanged_words(1, 3)
    assert months.unchanged_words(0, None) == ""


def test_no_change_asks_for_a_reason_and_nothing_else():
    policy = Measure(needs_text=True, needs_evidence=True)
    assert [fault.field for fault in months.faults(policy, {"body": " "}, 0)] == ["body"]
    assert list(months.faults(policy, {"body": "等待批复"}, 0)) == []
    long = months.faults(policy, {"body": "长" * 20_001}, 0)
    assert [fault.field for fault in long] == ["body"]


@pytest.mark.parametrize(
    ("more", "asked", "held", "state"),
    [
        ({}, True, False, RowState.EMPTY),
        ({}, True, True, RowState.HELD),
        ({"filed_on": dt.date(2026, 3, 5)}, False, False, RowState.FILED),
        ({"filed_on": dt.date(2026, 3, 5)}, True, False, RowState.FILED),
        ({"closes_on": dt.date(2026, 3, 9)}, False, False, RowState.MISSING),
        ({}, False, False, RowState.COMING),
    ],
)
def test_how_a_row_stands(more, asked, held, state):
    march = replace(owed(year()[2]), **more)
    assert months.state_of(march, day("2026-03-10"), asked=asked, held=held) == state


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-1", "2026-13", "2026-00", "1800-01", "²026-01", "2026-01-01", "abcd-ef"],
)
def test_what_is_no_month(text):
    assert months.month_typed(text) is None


def test_months():
    assert months.month_typed("2026-11") == Month(2026, 11)
    assert Month(2026, 1).plus(-1) == Month(2025, 12)
    assert Month(2026, 12).plus(1).key == "2027-01"
    assert day("2026-02-28") in Month(2026, 2)
    assert day("2026-03-01") not in Month(2026, 2)


def test_a_long_reason_is_cut_in_messages():
    assert months.in_short("等\n批复") == "等 批复"
    assert len(months.in_short("长" * 100)) == 60
