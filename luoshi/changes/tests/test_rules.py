"""Rules of transfers; no database."""

import datetime as dt
from types import SimpleNamespace

import pytest

from luoshi.changes import rules
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.rules import Facts

TODAY = dt.date(2026, 3, 10)


def task(status=Status.ACTIVE):
    return SimpleNamespace(
        status=status, progress=0, paused=False, late_from=None, behind_from=None
    )


def facts(*relations):
    return Facts(relations=frozenset(relations))


@pytest.mark.parametrize(
    ("relation", "gone", "ok"),
    [
        (Relation.OWNER, "", True),
        (Relation.HEAD, "", False),
        (Relation.HEAD, "left", True),
        (Relation.OFFICE, "", False),
        (Relation.OFFICE, "moved", True),
        (Relation.HANDLER, "left", False),
        (Relation.CREATOR, "left", False),
        (Relation.LEADER, "left", False),
    ],
)
def test_who_may_ask(relation, gone, ok):
    assert rules.may_ask(task(), facts(relation), gone, waits=False).ok is ok


@pytest.mark.parametrize("status", Status)
def test_when_it_may_be_asked(status):
    live = {Status.ISSUED, Status.ACTIVE, Status.SUBMITTED, Status.DONE}
    verdict = rules.may_ask(task(status), facts(Relation.OWNER), "", waits=False)
    assert verdict.ok is (status in live)


def test_only_one_waits():
    assert not rules.may_ask(task(), facts(Relation.OWNER), "", waits=True)


def change(**more):
    plain = {"state": "asked", "giver_id": 1, "taker_id": 2, "asked_by_id": 3}
    return SimpleNamespace(**{**plain, **more})


@pytest.mark.parametrize(("person", "ok"), [(1, False), (2, True), (3, False)])
def test_who_answers(person, ok):
    assert rules.may_answer(change(), person, Status.ACTIVE).ok is ok


@pytest.mark.parametrize("state", ["accepted", "declined", "withdrawn"])
def test_an_answer_is_final(state):
    assert not rules.may_answer(change(state=state), 2, Status.ACTIVE)
    assert not rules.may_withdraw(change(state=state), 1, 1)


def test_what_is_over_is_not_taken_over():
    assert not rules.may_answer(change(), 2, Status.CLOSED)
    assert rules.may_answer(change(), 2, Status.DONE)


@pytest.mark.parametrize(
    ("person", "ok"), [(1, True), (2, False), (3, True), (4, True), (5, False)]
)
def test_who_withdraws(person, ok):
    assert rules.may_withdraw(change(), person, 4).ok is ok


def test_who_can_take_it():
    here = SimpleNamespace(pk=7, name="孙丽", present_on=lambda day: True)
    left = SimpleNamespace(pk=8, name="钱走了", present_on=lambda day: False)
    assert rules.taker_stands(here, 1, TODAY)
    assert not rules.taker_stands(here, 7, TODAY)
    assert not rules.taker_stands(left, 1, TODAY)
    assert not rules.taker_stands(here, 1, TODAY, assesses=True)


@pytest.mark.parametrize(("reason", "ok"), [("调岗", True), (" ", False), ("字" * 2001, False)])
def test_a_reason_is_needed(reason, ok):
    assert rules.reason_stands(reason).ok is ok
