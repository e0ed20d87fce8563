import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.measures.rules import Health
from luoshi.tasks.lifecycle import PERMITS, Relation, Status
from luoshi.tasks.rules import (
    Facts,
    NewTask,
    Requirements,
    due_within,
    expected,
    explain,
    health,
    issue_faults,
    may,
    permitted,
    turns_behind,
    turns_late,
    typed_faults,
)

TODAY = dt.date(2026, 11, 20)
DUE = dt.date(2026, 11, 10)


def task(status=Status.ACTIVE, progress=0, paused=False, late_from=None, **more):
    return SimpleNamespace(
        status=status,
        progress=progress,
        paused=paused,
        late_from=late_from,
        behind_from=None,
        **more,
    )


def facts(*relations, **more):
    return Facts(relations=frozenset(relations), **more)


@pytest.mark.parametrize("verb", PERMITS)
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("relation", Relation)
def test_the_table_decides_who_may_try_a_verb_and_when(verb, status, relation):
    permit = PERMITS[verb]
    verdict = permitted(verb, status, frozenset({relation}))
    assert bool(verdict) == (relation in permit.relations and status in permit.statuses)
    assert verdict.ok or str(verdict.reason)


def test_s0_split_1_only_the_responsible_person_breaks_a_task_down():
    for relation in set(Relation) - {Relation.OWNER}:
        assert not may("break_down", task(), facts(relation))
    assert may("break_down", task(), facts(Relation.OWNER))


def test_s0_split_2_a_personal_task_is_broken_down_no_further():
    owner = facts(Relation.OWNER, is_personal=True)
    assert not may("break_down", task(), owner)
    assert may("break_down", task(), facts(Relation.OWNER, is_personal=True, personal_splits=True))


def test_a_measure_may_forbid_breaking_down_and_limit_the_levels():
    assert not may("break_down", task(), facts(Relation.OWNER, may_split=False))
    assert not may("break_down", task(), facts(Relation.OWNER, levels_left=False))


def test_a_parent_is_closed_after_its_children():
    verdict = may("close", task(Status.DONE), facts(Relation.CREATOR, open_children=("甲", "乙")))
    assert "甲" in str(verdict.reason)
    assert may("close", task(Status.DONE), facts(Relation.CREATOR, assessed=True))


def test_who_may_cancel_is_a_switch_of_the_measure():
    office_only = frozenset({Relation.OFFICE})
    assert not may("cancel", task(), facts(Relation.CREATOR, cancel_relations=office_only))
    assert may("cancel", task(), facts(Relation.OFFICE, cancel_relations=office_only))


def test_who_has_answered_signs_no_second_time():
    assert may("sign", task(Status.ISSUED), facts(Relation.ADDRESSEE, unsigned=True))
    assert not may("sign", task(Status.ISSUED), facts(Relation.ADDRESSEE))


def new(**more):
    return NewTask(**{"title": "任务", "category_id": 1, "year": 2026, "unit_id": 1, **more})


def fields(faults):
    return [fault.field for fault in faults]


def test_what_can_never_stand_is_named_by_field():
    assert fields(typed_faults(new())) == []
    assert fields(typed_faults(new(title=" "))) == ["title"]
    assert fields(typed_faults(new(title="长" * 201))) == ["title"]
    assert fields(typed_faults(new(title="𠮷㐀😀" * 60))) == []
    assert fields(typed_faults(new(points=Decimal("-1")))) == ["points"]
    assert fields(typed_faults(new(start=TODAY, due=DUE))) == ["due"]
    assert fields(typed_faults(new(kind="personal"))) == ["owner"]
    assert fields(typed_faults(new(), secret=True)) == ["secret"]


def test_s0_split_6_a_due_date_details_and_a_standard_are_mandatory():
    assert fields(issue_faults(new(), Requirements())) == [
        "due",
        "details",
        "standard",
        "owner",
    ]
    whole = new(due=DUE, details="做", standard="好", owner_id=3)
    assert fields(issue_faults(whole, Requirements())) == []


def test_a_sub_task_is_due_no_later_than_its_parent():
    assert due_within(DUE, DUE)
    assert not due_within(DUE + dt.timedelta(days=1), DUE)
    assert fields(typed_faults(new(due=TODAY), parent_due=DUE)) == ["due"]
    assert fields(typed_faults(new(due=TODAY), parent_due=DUE, within=False)) == []


@pytest.mark.parametrize(
    ("status", "progress", "paused", "late", "told"),
    [
        (Status.ACTIVE, 0, False, None, Health.IDLE),
        (Status.ACTIVE, 0, False, TODAY + dt.timedelta(days=1), Health.IDLE),
        (Status.ACTIVE, 0, False, TODAY, Health.STALLED),
        (Status.ACTIVE, 1, False, None, Health.MOVING),
        (Status.ACTIVE, 99, False, TODAY, Health.LATE),
        (Status.ACTIVE, 100, False, TODAY, Health.DONE),
        (Status.SUBMITTED, 100, False, None, Health.DONE),
        (Status.DONE, 40, False, None, Health.DONE),
        (Status.ACTIVE, 0, True, TODAY, Health.SUSPENDED),
        (Status.CANCELLED, 50, False, TODAY, Health.CANCELLED),
    ],
)
def test_health(status, progress, paused, late, told):
    assert health(task(status, progress, paused, late), TODAY) == told


def test_red_begins_the_day_after_the_due_date():
    late = turns_late(DUE)
    assert health(task(late_from=late), DUE) == Health.IDLE
    assert health(task(late_from=late), DUE + dt.timedelta(days=1)) == Health.STALLED


def test_expected_progress_runs_evenly_from_start_to_due():
    start, due = dt.date(2026, 1, 1), dt.date(2026, 4, 11)
    assert [expected(start, due, start + dt.timedelta(days=n)) for n in (0, 1, 50, 100, 200)] == [
        0,
        1,
        50,
        100,
        100,
    ]
    assert expected(None, due, start) is None


@given(
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    st.integers(0, 1500),
    st.integers(0, 99),
)
def test_a_task_turns_behind_on_the_first_day_its_progress_falls_short(start, length, progress):
    due = start + dt.timedelta(days=length)
    day = turns_behind(start, due, progress)
    if length == 0:
        assert day == due + dt.timedelta(days=1)
        return
    assert expected(start, due, day) > progress
    assert expected(start, due, day - dt.timedelta(days=1)) <= progress


def test_with_milestones_a_task_turns_behind_after_the_earliest_open_one():
    nodes = [dt.date(2026, 6, 30), dt.date(2026, 3, 31)]
    assert turns_behind(dt.date(2026, 1, 1), DUE, 0, nodes) == dt.date(2026, 4, 1)
    assert turns_behind(dt.date(2026, 1, 1), DUE, 100, nodes) is None


@pytest.mark.parametrize("progress", [0, 40, 100])
@pytest.mark.parametrize("late", [None, TODAY])
def test_every_colour_explains_itself(progress, late):
    told = explain(task(progress=progress, late_from=late), DUE, TODAY)
    assert told.sentence
    assert (told.since is not None) == (told.health in {Health.STALLED, Health.LATE})
