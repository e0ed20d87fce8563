"""Rules of reporting, without a database. `test_s0_feedback_N_…`: S0 附件 任务反馈 N)."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from django.utils import translation

from luoshi.measures.models import Measure
from luoshi.measures.rules import CompletedBy, LateReport, ProgressRule, RollUp
from luoshi.reports import rules
from luoshi.reports.models import Due, Report
from luoshi.reports.rules import DueState, ReportKind, ReportStatus
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.models import Task
from luoshi.tasks.rules import Facts

LI = Facts(relations=frozenset({Relation.OWNER, Relation.VIEWER}))
HELPER = Facts(relations=frozenset({Relation.HANDLER}))
SUN = Facts(relations=frozenset({Relation.VIEWER}))
S0 = Measure(needs_text=True, needs_evidence=True)
FREE = Measure(progress_rule=ProgressRule.FREE)
BY_REPORT = Measure(completed_by=CompletedBy.REPORT)


def task(status=Status.ACTIVE, **more):
    return Task(pk=17, status=status, **more)


def said(progress, pk=1, **more):
    return Report(pk=pk, progress=progress, **{"kind": "progress", "status": "filed", **more})


# ── who may report ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("progress", [0, 1, 50, 99])
def test_s0_feedback_1_any_number_of_reports_before_100(progress):
    assert rules.may_file(task(), LI, said(progress), S0)


def test_s0_feedback_1_no_report_after_one_of_100():
    for status in (Status.ACTIVE, Status.SUBMITTED, Status.DONE):
        verdict = rules.may_file(task(status, progress=100), LI, said(100), S0)
        assert not verdict
        assert "100" in str(verdict.reason)


def test_s0_feedback_1_the_first_report_needs_none_before():
    assert rules.may_file(task(), LI, None, S0)


def test_where_completion_reports_are_used_only_those_end_reporting():
    done = task(progress=100)
    assert rules.may_file(done, LI, said(100), BY_REPORT)
    assert not rules.may_file(done, LI, said(100, kind="completion"), BY_REPORT)


def test_a_task_sent_back_for_more_work_is_reported_on_again():
    back = task(Status.ACTIVE, progress=80)
    assert rules.may_file(back, LI, said(100), S0)
    assert rules.floor(S0, said(100), back.progress) == 80


@pytest.mark.parametrize("status", [s for s in Status if s != Status.ACTIVE])
def test_reports_are_taken_only_while_under_way(status):
    assert not rules.may_file(task(status), LI, None, S0)


def test_only_those_handling_a_task_report_on_it():
    assert rules.may_file(task(), HELPER, None, S0)
    for relation in set(Relation) - {Relation.OWNER, Relation.HANDLER}:
        facts = Facts(relations=frozenset({relation}))
        assert not rules.may_file(task(), facts, None, S0), relation


def test_a_stranger_hears_who_may_not_that_it_is_over():
    verdict = rules.may_file(task(Status.DONE), SUN, said(100), S0)
    assert str(verdict.reason) == str(rules.may_file(task(), SUN, None, S0).reason)


def test_a_suspended_task_takes_no_report():
    assert not rules.may_file(task(paused=True), LI, None, S0)


# ── amending ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.SUBMITTED, Status.DONE])
def test_s0_feedback_2_the_newest_report_can_be_amended(status):
    newest = said(100, pk=2)
    assert rules.may_amend(task(status), LI, newest, newest)


def test_s0_feedback_2_no_other_report_can_be_amended():
    verdict = rules.may_amend(task(), LI, said(20, pk=1), said(40, pk=2))
    assert not verdict
    assert str(verdict.reason)


def test_a_version_that_was_amended_stays_as_it_is():
    old = said(20, status=ReportStatus.AMENDED)
    assert not rules.may_amend(task(), LI, old, old)


@pytest.mark.parametrize("status", [Status.DRAFT, Status.ISSUED, Status.CLOSED, Status.CANCELLED])
def test_nothing_is_amended_off_the_way(status):
    newest = said(20)
    assert not rules.may_amend(task(status), LI, newest, newest)


def test_a_stranger_amends_nothing():
    newest = said(20)
    assert not rules.may_amend(task(), SUN, newest, newest)


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("progress", [40, 41, 100])
def test_s0_feedback_2_progress_goes_forward_and_may_stay(progress):
    assert rules.progress_stands(progress, rules.floor(S0, said(40)))


@pytest.mark.parametrize("progress", [0, 39])
def test_s0_feedback_2_progress_never_goes_back(progress):
    verdict = rules.progress_stands(progress, rules.floor(S0, said(40)))
    assert not verdict
    assert "40" in str(verdict.reason)


def test_s0_feedback_2_an_amendment_is_not_below_the_report_before():
    before = said(30)
    assert rules.progress_stands(30, rules.floor(S0, before))
    assert not rules.progress_stands(29, rules.floor(S0, before))


def test_s0_feedback_5_progress_never_exceeds_100():
    verdict = rules.progress_stands(101, 0)
    assert not verdict
    assert "100" in str(verdict.reason)


def test_s0_feedback_5_the_achieved_value_may_exceed_any_target():
    assert rules.achieved_stands(Decimal("137.5"))
    assert rules.achieved_stands(None)


def test_progress_below_zero_is_refused_even_where_it_is_free():
    assert not rules.progress_stands(-1, rules.floor(FREE, said(50)))


def test_where_progress_is_free_it_may_go_back():
    assert rules.progress_stands(10, rules.floor(FREE, said(50)))


def test_an_achieved_value_that_cannot_be_stored_is_refused():
    assert not rules.achieved_stands(Decimal("1e12"))
    assert not rules.achieved_stands(Decimal("0.00001"))
    assert not rules.achieved_stands(Decimal("NaN"))


def test_a_completion_report_only_where_the_measure_asks_and_at_100():
    assert rules.kind_stands("completion", 100, BY_REPORT)
    assert not rules.kind_stands("completion", 99, BY_REPORT)
    assert not rules.kind_stands("completion", 100, S0)
    assert rules.kind_stands("progress", 100, BY_REPORT)


@pytest.mark.parametrize(
    ("kind", "progress", "policy", "complete"),
    [
        ("progress", 100, S0, True),
        ("progress", 99, S0, False),
        ("result", 100, S0, False),
        ("progress", 100, BY_REPORT, False),
        ("completion", 100, BY_REPORT, True),
    ],
)
def test_what_completes_a_task(kind, progress, policy, complete):
    assert rules.completes(kind, progress, policy) is complete


def test_progress_is_rolled_up_only_with_children_and_where_the_measure_says_so():
    mean = Measure(roll_up=RollUp.MEAN)
    assert rules.is_rolled_up(task(children_count=2), mean)
    assert not rules.is_rolled_up(task(children_count=0), mean)
    assert not rules.is_rolled_up(task(children_count=2), S0)


# ── what is missing ──────────────────────────────────────────────────────────────────────────────


def fields(policy, evidence=1, **texts):
    return [f.field for f in rules.faults(policy, {"body": "", **texts}, evidence)]


def test_s0_asks_for_text_and_evidence():
    assert fields(S0, 0) == ["body", "evidence"]
    assert fields(S0, 0, body="　 ") == ["body", "evidence"]
    assert fields(S0, 1, body="已完成") == []


def test_s0_feedback_4_a_cited_file_is_evidence():
    assert fields(S0, evidence=1, body="汇总二级学院进展") == []


def test_a_measure_may_ask_for_neither():
    assert fields(Measure(needs_text=False, needs_evidence=False), 0) == []


def test_a_text_too_long_is_told_with_both_figures():
    fault = next(rules.faults(S0, {"body": "好" * 20_001}, 1))
    assert (fault.field, "20001" in fault.reason, "20000" in fault.reason) == ("body", True, True)


def test_emoji_and_rare_characters_are_text():
    assert fields(S0, 1, body="𠮷㐀👍") == []


# ── somebody was faster ──────────────────────────────────────────────────────────────────────────


def test_a_report_that_came_meanwhile_is_noticed():
    assert rules.unseen(0, said(10, pk=5))
    assert rules.unseen(4, said(10, pk=5))
    assert not rules.unseen(5, said(10, pk=5))
    assert not rules.unseen(0, None)
    assert not rules.unseen(None, said(10))


# ── periods ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Month:
    key: str
    since: dt.date
    until: dt.date
    due_on: dt.date


FEB = Month("2026-02", dt.date(2026, 2, 1), dt.date(2026, 2, 28), dt.date(2026, 2, 28))
MAR = Month("2026-03", dt.date(2026, 3, 1), dt.date(2026, 3, 31), dt.date(2026, 3, 28))
APR = Month("2026-04", dt.date(2026, 4, 1), dt.date(2026, 4, 30), dt.date(2026, 4, 28))
SPANS = [FEB, MAR, APR]


def period(month, day, **more):
    found = rules.which_period(dt.date(2026, month, day), SPANS, **more)
    return found and found.key


def test_a_report_counts_for_its_own_month():
    assert period(3, 1) == "2026-03"
    assert period(3, 28) == "2026-03"


def test_a_report_of_the_29th_is_late_for_its_month():
    assert period(3, 29, late_report=LateReport.LATE) == "2026-03"
    assert rules.is_late(dt.date(2026, 3, 29), MAR.due_on, 0)
    assert not rules.is_late(dt.date(2026, 3, 28), MAR.due_on, 0)


def test_where_the_measure_says_so_a_report_of_the_29th_counts_for_the_next_month():
    assert period(3, 29, late_report=LateReport.NEXT) == "2026-04"
    assert period(3, 28, late_report=LateReport.NEXT) == "2026-03"
    assert period(3, 20, late_report=LateReport.NEXT, filed={"2026-03"}) == "2026-03"


def test_within_the_days_of_grace_it_is_still_the_old_period():
    assert period(4, 2, grace=5) == "2026-03"
    assert not rules.is_late(dt.date(2026, 4, 2), MAR.due_on, 5)
    assert period(4, 2, grace=5, filed={"2026-03"}) == "2026-04"
    assert period(4, 3, grace=5) == "2026-04"
    assert period(3, 30, grace=2, late_report=LateReport.NEXT) == "2026-03"


def test_a_second_report_of_a_month_belongs_to_it_too():
    assert period(3, 20, filed={"2026-03"}) == "2026-03"


def test_outside_all_periods_a_report_counts_for_none():
    assert period(5, 1) is None
    assert period(1, 31) is None


def test_reporting_days_of_the_year_become_dates():
    found = rules.yearly([(6, 20), (2, 31)], dt.date(2026, 3, 1), dt.date(2027, 6, 20))
    assert found == [dt.date(2026, 6, 20), dt.date(2027, 6, 20), dt.date(2027, 2, 28)]


def test_what_was_past_at_issue_is_not_owed():
    assert rules.owed(SPANS, dt.date(2026, 3, 28)) == [MAR, APR]
    assert rules.owed(SPANS, dt.date(2026, 3, 29)) == [APR]


def due(grace=0, late_report=LateReport.LATE, **more):
    row = Due(period="2026-03", since=MAR.since, until=MAR.until, due_on=MAR.due_on)
    row.closes_on = rules.closes_on(MAR, grace, late_report)
    for name, value in more.items():
        setattr(row, name, value)
    return row


def state(row, day, grace=0):
    return rules.due_state(row, day, grace=grace)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2026, 2, 28), DueState.COMING),
        (dt.date(2026, 3, 1), DueState.OPEN),
        (dt.date(2026, 3, 28), DueState.OPEN),
        (dt.date(2026, 3, 29), DueState.OVERDUE),
        (dt.date(2026, 3, 31), DueState.OVERDUE),
        (dt.date(2026, 4, 1), DueState.MISSING),
    ],
)
def test_how_an_open_due_stands(day, expected):
    assert state(due(), day) == expected


def test_grace_moves_every_limit():
    assert state(due(5), dt.date(2026, 4, 2), grace=5) == DueState.OPEN
    assert state(due(5), dt.date(2026, 4, 3), grace=5) == DueState.MISSING


def test_where_late_reports_count_for_the_next_period_a_missed_one_is_missing_at_once():
    assert state(due(0, LateReport.NEXT), dt.date(2026, 3, 29)) == DueState.MISSING


def test_a_settled_due_is_on_time_or_late_for_ever():
    day = dt.date(2026, 6, 1)
    assert state(due(filed_on=dt.date(2026, 3, 28)), day) == DueState.ON_TIME
    assert state(due(filed_on=dt.date(2026, 3, 29)), day) == DueState.LATE
    assert state(due(filed_on=dt.date(2026, 3, 29)), day, grace=1) == DueState.ON_TIME


def test_nothing_is_owed_of_what_was_taken_back():
    assert state(due(void=True), dt.date(2026, 6, 1)) == DueState.VOID


def test_a_result_stays_owed_until_it_is_given():
    assert state(due(closes_on=rules.NEVER), dt.date(2026, 12, 1)) == DueState.OVERDUE


# ── the result for a further set ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.SUBMITTED, Status.DONE])
def test_a_result_is_taken_until_the_task_closes(status):
    assert rules.may_file_result(task(status), LI, None)


@pytest.mark.parametrize("status", [Status.DRAFT, Status.ISSUED, Status.CLOSED, Status.CANCELLED])
def test_no_result_before_or_after(status):
    assert not rules.may_file_result(task(status), LI, None)


def test_one_result_per_set_and_only_from_those_handling_it():
    assert not rules.may_file_result(task(), LI, said(50, kind=ReportKind.RESULT))
    assert not rules.may_file_result(task(), SUN, None)
    assert not rules.may_file_result(task(), replace(SUN, relations=frozenset()), None)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("2026-03", "2026, month 3"),
        ("2026-B6", "2026, months 11 and 12"),
        ("2026-Q4", "2026, quarter 4"),
        ("2026-H1", "2026, first half"),
        ("2026-H2", "2026, second half"),
        ("2026-W07", "2026, week 7"),
        ("2026-11-05", "2026-11-05"),
        ("D30", "day 30 after issue"),
        ("", ""),
        ("31", "31"),
    ],
)
def test_a_period_is_named_as_people_say_it(key, words):
    with translation.override("en"):
        assert rules.period_words(key) == words
