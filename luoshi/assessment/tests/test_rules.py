"""Who may score when, which points stand, what becomes of several; no database."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import translation

from luoshi.assessment import rules
from luoshi.assessment.rules import ScoreState, Standing
from luoshi.measures.rules import Average, Gate
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.rules import Facts

D = Decimal
ASSESSOR = frozenset({Relation.ASSESSOR, Relation.VIEWER})
OFFICE = frozenset({Relation.OFFICE, Relation.VIEWER})


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def task(**more):
    plain = {
        "status": Status.DONE, "progress": 100, "paused": False, "late_from": None,
        "behind_from": None, "year": 2026, "due": dt.date(2026, 6, 30), "needs_assessment": True,
    }  # fmt: skip
    return SimpleNamespace(**{**plain, **more})


def policy(**more):
    return SimpleNamespace(**{"assessment": Gate.ALWAYS, "personal_assessed": False, **more})


def may(
    day="2026-05-01", relations=ASSESSOR, switches=None, returned=False, personal=False, **more
):
    return rules.may_assess(
        task(**more),
        Facts(relations=relations, is_personal=personal),
        policy(**(switches or {})),
        dt.date.fromisoformat(day),
        returned=returned,
    )


def test_a_task_that_is_done_may_be_scored_at_once():
    assert may()


def test_only_an_assessor_scores():
    verdict = may(relations=OFFICE)
    assert not verdict
    assert "assessor" in str(verdict.reason)


def test_nobody_scores_their_own_task():
    assert not may(relations=ASSESSOR | {Relation.OWNER})


@pytest.mark.parametrize(
    ("day", "status", "ok"),
    [
        ("2026-06-30", Status.ACTIVE, False),  # the due date itself
        ("2026-07-01", Status.ACTIVE, True),
        ("2026-07-01", Status.SUBMITTED, True),
        ("2026-06-30", Status.SUBMITTED, False),
        ("2026-07-01", Status.ISSUED, False),
        ("2026-07-01", Status.CANCELLED, False),
    ],
)
def test_an_unfinished_task_when_it_is_overdue(day, status, ok):
    assert bool(may(day, status=status, progress=40)) is ok


@pytest.mark.parametrize(
    ("day", "ok"), [("2026-11-30", False), ("2026-12-01", True), ("2027-01-10", True)]
)
def test_an_unfinished_task_at_the_end_of_its_year(day, ok):
    assert bool(may(day, status=Status.ACTIVE, due=dt.date(2027, 3, 1))) is ok
    assert bool(may(day, status=Status.ACTIVE, due=None)) is ok


def test_the_refusal_says_from_when_on():
    verdict = may("2026-03-01", status=Status.ACTIVE)
    assert "2026-07-01" in str(verdict.reason)


def test_personal_tasks_only_where_the_measure_says_so():
    verdict = may(personal=True)
    assert not verdict
    assert "Personal tasks" in str(verdict.reason)
    assert may(personal=True, switches={"personal_assessed": True})


def test_a_task_registered_without_assessment():
    assert not may(needs_assessment=False)


def test_of_a_closed_task_only_a_returned_score_is_given_anew():
    assert not may(status=Status.CLOSED)
    assert may(status=Status.CLOSED, returned=True)


@pytest.mark.parametrize(
    ("state", "ok"),
    [
        (ScoreState.STANDS, True),
        (ScoreState.STALE, True),
        (ScoreState.CORRECTED, False),
        (ScoreState.RETURNED, False),
    ],
)
def test_the_office_returns_a_score_that_counts(state, ok):
    assert bool(rules.may_return(task(), Facts(relations=OFFICE), state)) is ok
    assert not rules.may_return(task(), Facts(relations=ASSESSOR), state)


def test_assessors_are_named_where_the_measure_assesses():
    facts = Facts(relations=OFFICE)
    assert rules.may_name(task(status=Status.ACTIVE), facts, policy())
    assert not rules.may_name(task(), facts, policy(assessment=Gate.NEVER))
    assert not rules.may_name(task(), Facts(relations=OFFICE, is_personal=True), policy())
    assert not rules.may_name(task(status=Status.CLOSED), facts, policy())


def test_what_stands_against_names():
    def faults(people, scored=None):
        return list(rules.naming_faults(owner_id=1, people=people, scored=scored or {}))

    assert faults([(2, "孙丽", True)]) == []
    assert faults([]) == ["Name at least one assessor."]
    assert len(faults([(1, "李敏", True), (3, "王", False)])) == 2
    assert faults([(2, "孙丽", True)], {5: "周海"}) == [
        "周海 has scored already; return the score first."
    ]


# ── who sees what ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("relations", "own", "complete", "sees"),
    [
        ({Relation.ASSESSOR}, False, False, False),
        ({Relation.ASSESSOR}, True, False, True),
        ({Relation.ASSESSOR}, False, True, False),
        ({Relation.ASSESSOR, Relation.OFFICE}, False, False, False),
        ({Relation.OFFICE}, False, False, True),
        ({Relation.OWNER}, False, False, False),
        ({Relation.OWNER}, False, True, True),
        ({Relation.VIEWER}, False, True, True),
    ],
)
def test_assessors_are_blind_before_and_the_assessed_until_all_have_scored(
    relations, own, complete, sees
):
    assert rules.sees_scores(frozenset(relations), own_stands=own, complete=complete) is sees


# ── points and words ─────────────────────────────────────────────────────────────────────────────


def test_points_are_those_of_the_task_or_a_hundred():
    assert rules.out_of(D("15.5")) == D("15.5")
    assert rules.out_of(None) == D(100)
    assert rules.out_of(D(0)) == D(100)


@pytest.mark.parametrize(
    ("points", "ok"),
    [("0", True), ("20", True), ("19.75", True), ("20.01", False), ("-1", False), ("1.005", False),
     ("NaN", False), ("Infinity", False)],
)  # fmt: skip
def test_points_from_nothing_to_all_with_two_decimals(points, ok):
    assert bool(rules.points_stand(D(points), D(20))) is ok


@pytest.mark.parametrize(
    ("points", "comment", "ok"),
    [("12", "", True), ("11.99", "", False), ("11.99", "佐证不全", True), ("0", " ", False),
     ("20", "x" * 2001, False)],
)  # fmt: skip
def test_a_poor_score_needs_its_reason(points, comment, ok):
    assert bool(rules.comment_stands(comment, D(points), D(20))) is ok


def test_a_correction_needs_its_reason():
    assert not rules.reason_stands("  ", corrects=True)
    assert rules.reason_stands("看错了", corrects=True)
    assert rules.reason_stands("", corrects=False)


# ── several scores ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "points", "result", "counted"),
    [
        (Average.MEAN, ["80", "85", "91"], "85.33", (1, 1, 1)),
        (Average.MEAN, ["80", "85"], "82.50", (1, 1)),
        (Average.MEAN, ["1", "1", "1", "1", "1", "1", "1", "1.04"], "1.01", (1,) * 8),  # 1.005
        (Average.TRIMMED, ["70", "90", "80"], "80.00", (0, 0, 1)),
        (Average.TRIMMED, ["70", "90"], "80.00", (1, 1)),
        (Average.TRIMMED, ["70", "70", "90", "90"], "80.00", (0, 1, 1, 0)),
        (Average.MEDIAN, ["91", "70", "80"], "80.00", (0, 0, 1)),
        (Average.MEDIAN, ["91", "70", "80", "85"], "82.50", (0, 0, 1, 1)),
        (Average.MEDIAN, ["91"], "91.00", (1,)),
        (Average.HIGHEST, ["70", "90", "80"], "90.00", (0, 1, 0)),
        (Average.LOWEST, ["70", "90", "80"], "70.00", (1, 0, 0)),
    ],
)
def test_several_scores_one_result(rule, points, result, counted):
    outcome = rules.result_of([D(one) for one in points], rule)
    assert str(outcome.points) == result
    assert outcome.counted == tuple(map(bool, counted))


def test_no_score_is_no_result():
    with pytest.raises(ValueError, match="no score"):
        rules.result_of([], Average.MEAN)


@pytest.mark.parametrize(
    ("value", "said"), [("85", "85"), ("85.50", "85.5"), ("0.00", "0"), ("100.00", "100")]
)
def test_figures_as_people_write_them(value, said):
    assert rules.plain(D(value)) == said


@pytest.mark.parametrize(
    ("named", "standing", "stale", "told"),
    [
        (2, 0, 0, Standing.OPEN),
        (2, 1, 0, Standing.PARTLY),
        (2, 2, 0, Standing.SCORED),
        (2, 1, 1, Standing.STALE),
        (0, 0, 0, Standing.OPEN),
    ],
)
def test_how_an_assessment_stands(named, standing, stale, told):
    assert rules.standing_of(named=named, standing=standing, stale=stale) == told


# ── timeliness ───────────────────────────────────────────────────────────────────────────────────


def test_a_tally_adds_up():
    told = rules.Tally(3, 1, 2) + rules.Tally(on_time=1)
    assert (told.owed, told.settled) == (7, 5)
    assert (told.in_time_share, told.settled_share) == (D("57.1"), D("71.4"))


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [(0, 0, None), (0, 3, "0.0"), (2, 3, "66.7"), (1, 8, "12.5"), (3, 3, "100.0"),
     (9999, 10000, "99.9")],
)  # fmt: skip
def test_a_share_is_100_only_where_all_is_done(part, whole, share):
    assert rules.percent(part, whole) == (None if share is None else D(share))


@pytest.mark.parametrize(
    ("asked", "year", "day"),
    [
        (None, 2026, "2026-04-10"),
        ("2026-02-01", 2026, "2026-02-01"),
        ("2026-12-31", 2026, "2026-04-10"),
        ("2025-06-01", 2026, "2026-01-01"),
    ],
)
def test_counted_as_at_today_at_the_latest(asked, year, day):
    today = dt.date(2026, 4, 10)
    chosen = dt.date.fromisoformat(asked) if asked else None
    assert rules.day_counted(chosen, year, today) == dt.date.fromisoformat(day)
