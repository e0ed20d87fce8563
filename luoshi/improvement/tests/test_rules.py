"""Rules of diagnosis and improvement; no database."""

import datetime as dt
from types import SimpleNamespace

import pytest

from luoshi.improvement import rules
from luoshi.improvement.rules import NewAction, Paper, Period, State
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.rules import Facts

D = dt.date
DECEMBER = Period(2026, 12)


def task(status=Status.ACTIVE):
    return SimpleNamespace(
        status=status, progress=0, paused=False, late_from=None, behind_from=None
    )


def facts(*relations):
    return Facts(relations=frozenset(relations))


def policy(**more):
    plain = {"needs_cause": False, "needs_action_owner": False, "needs_action_date": False}
    return SimpleNamespace(**{**plain, **more})


def test_a_period_is_due_on_the_last_day_of_its_month():
    assert [p.due_on for p in rules.periods_of(2028, [12, 2])] == [D(2028, 2, 29), D(2028, 12, 31)]
    assert DECEMBER.key == "2026-12"
    assert rules.period_of("2026-12") == DECEMBER


@pytest.mark.parametrize("key", ["", "2026", "2026-13", "26-12", "2026-xx", "²026-12", "2026-00"])
def test_what_is_no_period(key):
    assert rules.period_of(key) is None


@pytest.mark.parametrize(
    ("today", "filed", "keys"),
    [
        (D(2026, 3, 1), (), ["2026-06"]),
        (D(2026, 3, 1), ("2026-06",), ["2026-12"]),
        (D(2026, 8, 1), (), ["2026-12", "2026-06"]),
        (D(2027, 1, 5), ("2026-06",), ["2026-12"]),
        (D(2027, 1, 5), (), ["2026-12", "2026-06"]),
        (D(2026, 8, 1), ("2026-06", "2026-12"), []),
    ],
)
def test_what_can_be_written_now(today, filed, keys):
    periods = rules.periods_of(2026, [6, 12])
    assert [p.key for p in rules.period_for(periods, filed, today)] == keys


@pytest.mark.parametrize(
    ("relation", "status", "ok"),
    [
        (Relation.OWNER, Status.ACTIVE, True),
        (Relation.HANDLER, Status.ACTIVE, True),
        (Relation.OWNER, Status.SUBMITTED, True),
        (Relation.OWNER, Status.DONE, True),
        (Relation.OWNER, Status.ISSUED, False),
        (Relation.OWNER, Status.CLOSED, False),
        (Relation.OWNER, Status.CANCELLED, False),
        (Relation.CREATOR, Status.ACTIVE, False),
        (Relation.HEAD, Status.ACTIVE, False),
        (Relation.ASSESSOR, Status.DONE, False),
    ],
)
def test_who_writes_and_when(relation, status, ok):
    assert rules.may_write(task(status), facts(relation), asked=True, left=True).ok is ok


def test_nothing_is_written_that_is_not_asked_or_stands_already():
    own = facts(Relation.OWNER)
    assert not rules.may_write(task(), own, asked=False, left=False)
    assert not rules.may_write(task(), own, asked=True, left=False)


def test_only_the_version_that_counts_is_amended():
    own = facts(Relation.OWNER)
    assert rules.may_amend(task(), own, SimpleNamespace(status="filed"))
    assert not rules.may_amend(task(), own, SimpleNamespace(status="amended"))
    assert not rules.may_amend(task(Status.CLOSED), own, SimpleNamespace(status="filed"))


def fields(paper, **more):
    return [fault.field for fault in rules.faults(paper, policy(**more))]


ACT = NewAction("催货")


def test_problem_and_action_are_enough():
    assert fields(Paper("落后", (ACT,))) == []
    assert fields(Paper("落后", (ACT, NewAction("")))) == []


def test_problem_and_action_are_needed():
    assert fields(Paper(" ", (NewAction(" "),))) == ["problem", "actions"]


def test_what_a_measure_asks_for_besides():
    paper = Paper("落后", (ACT, NewAction("换人", 3, D(2027, 1, 1))))
    assert fields(paper, needs_cause=True) == ["cause"]
    assert fields(paper, needs_action_owner=True) == ["actions"]
    assert fields(paper, needs_action_date=True) == ["actions"]
    full = Paper("落后", (NewAction("换人", 3, D(2027, 1, 1)),), cause="到货晚")
    assert fields(full, needs_cause=True, needs_action_owner=True, needs_action_date=True) == []


def test_a_row_with_a_person_but_no_text_is_not_blank():
    assert fields(Paper("落后", (ACT, NewAction("", 3)))) == ["actions"]


def test_no_text_is_endless():
    long = "字" * (rules.TEXT_LENGTH + 1)
    assert fields(Paper(long, (NewAction(long),), cause=long)) == ["problem", "cause", "actions"]
    assert fields(Paper("落后", (ACT,) * 21)) == ["actions"]


@pytest.mark.parametrize(
    ("today", "late", "state"),
    [
        (D(2026, 11, 30), None, State.COMING),
        (D(2026, 12, 1), None, State.OPEN),
        (D(2026, 12, 31), None, State.OPEN),
        (D(2027, 1, 1), None, State.OVERDUE),
        (D(2027, 1, 1), False, State.ON_TIME),
        (D(2026, 5, 1), True, State.LATE),
    ],
)
def test_how_it_stands(today, late, state):
    assert rules.state_of(DECEMBER, late, today) == state


@pytest.mark.parametrize(
    ("today", "keys"),
    [
        (D(2026, 11, 30), []),
        (D(2026, 12, 1), ["2026-12"]),
        (D(2027, 1, 15), ["2026-12"]),
        (D(2027, 3, 31), ["2026-12"]),
        (D(2027, 4, 1), []),
    ],
)
def test_the_desk_asks_from_december_to_march(today, keys):
    assert [p.key for p in rules.waiting_periods(today, [12])] == keys


def test_reminders_begin_on_the_15th():
    days = rules.reminder_days(DECEMBER, [7, 3, 1])
    assert sorted(days) == [D(2026, 12, 15), D(2026, 12, 24), D(2026, 12, 28), D(2026, 12, 30)]
    assert rules.reminder_days(DECEMBER, [60]) == {D(2026, 12, 15)}
    assert rules.reminder_days(Period(2026, 8), []) == {D(2026, 8, 15)}
