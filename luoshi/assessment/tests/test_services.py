"""Scoring: the row, the trail, the result, the messages; and on refusal nothing at all."""

from decimal import Decimal

import pytest

from luoshi.assessment import queries, services
from luoshi.assessment.models import Assessment, Count, Result
from luoshi.assessment.rules import ResultState, ScoreState
from luoshi.assessment.tests.factories import done, give, judged
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.notices.models import Message
from luoshi.reports import services as reporting
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import tell
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.services import line
from luoshi.trail.models import Event


@pytest.fixture(autouse=True)
def _in_june(day):
    day("2026-06-01")


def verbs(task):
    rows = Event.objects.filter(about_kind="task", about_id=task.pk, verb__startswith="assess")
    return list(rows.order_by("pk").values_list("verb", flat=True))


def told(person, kind):
    return Message.objects.filter(person=person, kind=kind).count()


def nothing_written(task, scores=0):
    assert Assessment.objects.filter(task=task).count() == scores


# ── a score ──────────────────────────────────────────────────────────────────────────────────────


def test_a_score_is_kept_with_what_it_was_out_of(people):
    task = done(people)
    row = give(task, people.wang, "18.5", comment=" 佐证齐全 ")
    assert (row.points, row.out_of, row.comment) == (Decimal("18.5"), Decimal(20), "佐证齐全")
    assert (row.assessor, row.state, row.amends) == (people.wang, ScoreState.STANDS, None)
    assert verbs(task) == ["assessment.score"]
    assert not Result.objects.exists()


def test_a_task_without_points_is_scored_out_of_a_hundred(people):
    task = done(people, people.sun, points=None)
    assert give(task, people.sun, 88).out_of == 100


def test_only_those_named_score(people):
    task = done(people)
    for stranger in (people.zhao, people.chen, people.li):
        with pytest.raises(NotAllowed):
            give(task, stranger, 10)
    nothing_written(task)


def test_a_secretary_scores_for_nobody(people):
    task = done(people)
    by = Actor(people.sun.pk, people.sun.name, for_id=people.wang.pk, for_name=people.wang.name)
    with pytest.raises(NotAllowed):
        services.score(task=task, by=by, points=Decimal(10), comment="代")
    nothing_written(task)


@pytest.mark.parametrize(
    ("points", "comment", "field"),
    [("21", "好", "points"), ("-1", "好", "points"), ("5", "", "comment")],
)
def test_what_cannot_stand_is_refused_at_its_field(people, points, comment, field):
    task = done(people)
    with pytest.raises(Refused) as refusal:
        give(task, people.wang, points, comment=comment)
    assert refusal.value.field == field
    nothing_written(task)


def test_a_task_under_way_is_not_scored_before_it_is_overdue(people, day):
    task = judged(people)
    with pytest.raises(NotAllowed):
        give(task, people.wang, 10)
    nothing_written(task)
    day("2026-12-21")
    assert give(task, people.wang, 10, comment="未完成").points == 10


def test_a_report_that_came_meanwhile_is_shown_first(people):
    task = done(people)
    seen = queries.newest_report_id(task)
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=people.li.actor, progress=100, body="补充了材料")
    with pytest.raises(Stale):
        give(task, people.wang, 18, seen=seen)
    nothing_written(task)
    assert give(task, people.wang, 18, seen=queries.newest_report_id(task))


def test_a_score_from_an_outrun_page_is_stale(people):
    task = done(people)
    give(task, people.wang, 18, own=0)
    with pytest.raises(Stale):
        give(task, people.wang, 12, own=0, reason="改")
    nothing_written(task, 1)


def test_the_same_form_twice_makes_one_score(people):
    task = done(people)
    first = give(task, people.wang, 18, key="k1")
    assert give(task, people.wang, 18, key="k1") == first
    nothing_written(task, 1)


# ── the result ───────────────────────────────────────────────────────────────────────────────────


def test_the_last_score_settles_the_result_and_tells_the_assessed(people):
    task = done(people)
    give(task, people.wang, "18.5")
    assert told(people.li, "assessment.result") == 0
    give(task, people.sun, 16)
    result = Result.objects.get(task=task)
    assert (result.points, result.out_of, result.rule) == (Decimal("17.25"), 20, "mean")
    assert Count.objects.filter(result=result, counted=True).count() == 2
    assert told(people.li, "assessment.result") == told(people.chen, "assessment.result") == 1
    assert verbs(task)[-1] == "assessment.result"
    task.refresh_from_db()
    assert task.assessed_at == result.at


def test_the_rule_of_the_measure_makes_the_result(people):
    task = done(people, people.wang, people.sun, people.guard, switches={"average": "trimmed"})
    for who, points in ((people.wang, 20), (people.sun, 15), (people.guard, 1)):
        give(task, who, points)
    result = Result.objects.get(task=task)
    assert result.points == 15
    counted = {c.assessment.assessor_id: c.counted for c in result.counts.all()}
    assert counted == {people.wang.pk: False, people.sun.pk: True, people.guard.pk: False}


def test_a_task_is_closed_only_when_all_have_scored(people):
    task = done(people)
    give(task, people.wang, 18)
    with pytest.raises(NotAllowed):
        line.close(Task.objects.get(pk=task.pk), by=people.chen.actor)
    give(task, people.sun, 18)
    line.close(Task.objects.get(pk=task.pk), by=people.chen.actor)
    assert Task.objects.get(pk=task.pk).status == Status.CLOSED


# ── corrections ──────────────────────────────────────────────────────────────────────────────────


def test_a_score_is_corrected_by_a_new_row_with_its_reason(people):
    task = done(people)
    old = give(task, people.wang, 18)
    with pytest.raises(Refused) as refusal:
        give(task, people.wang, 16)
    assert refusal.value.field == "reason"
    new = give(task, people.wang, 16, reason="漏看一项指标")
    old.refresh_from_db()
    assert (old.state, old.points) == (ScoreState.CORRECTED, 18)
    assert (new.amends, new.reason) == (old, "漏看一项指标")
    assert verbs(task) == ["assessment.score", "assessment.correct"]


def test_a_correction_renews_the_result(people):
    task = done(people)
    give(task, people.wang, 18)
    give(task, people.sun, 16)
    give(task, people.wang, 20, reason="补充了佐证")
    first, second = Result.objects.filter(task=task)
    assert (first.state, first.points) == (ResultState.REPLACED, 17)
    assert (second.state, second.points, second.amends) == (ResultState.STANDS, 18, first)


def test_a_closed_task_is_corrected_only_after_the_office_returned_the_score(people):
    task = done(people, people.wang)
    row = give(task, people.wang, 18)
    line.close(Task.objects.get(pk=task.pk), by=people.chen.actor)
    with pytest.raises(NotAllowed):
        give(task, people.wang, 12, reason="改")
    services.return_score(assessment=row, by=people.chen.actor, reason="申诉成立")
    give(task, people.wang, 19)
    assert queries.result_of(task).points == 19


# ── what moved since ─────────────────────────────────────────────────────────────────────────────


def test_an_amended_report_puts_scores_and_result_up_for_another_look(people):
    task = done(people)
    one = give(task, people.wang, 18)
    give(task, people.sun, 16)
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=people.li.actor, progress=100, body="补充")
    one.refresh_from_db()
    assert one.state == ScoreState.STALE
    assert queries.result_of(task).state == ResultState.STALE
    assert Task.objects.get(pk=task.pk).assessed_at is None
    assert told(people.wang, "assessment.stale") == told(people.sun, "assessment.stale") == 1
    assert verbs(task)[-2:] == ["assessment.stale", "assessment.reopen"]


def test_a_stale_score_is_given_again_without_a_reason(people):
    task = done(people, people.wang)
    old = give(task, people.wang, 18)
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=people.li.actor, progress=100, body="补充")
    new = give(task, people.wang, 18)
    assert new.amends == old
    assert verbs(task)[-2:] == ["assessment.renew", "assessment.result"]
    assert queries.result_of(task).state == ResultState.STANDS


def test_an_amendment_below_100_makes_the_scores_wait_once(people):
    task = done(people, people.wang)
    give(task, people.wang, 18)
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=people.li.actor, progress=80, body="未完成")
    assert told(people.wang, "assessment.stale") == 1
    with pytest.raises(NotAllowed):
        give(task, people.wang, 10)


def test_a_report_on_a_task_nobody_scored_says_nothing(people):
    task = judged(people)
    tell(task, people.li, 30, uploads=[])
    assert verbs(task) == []


# ── the office ───────────────────────────────────────────────────────────────────────────────────


def test_the_office_returns_a_score_and_its_assessor_is_told(people):
    task = done(people)
    row = give(task, people.wang, 18)
    services.return_score(assessment=row, by=people.chen.actor, reason="未说明扣分依据")
    row.refresh_from_db()
    assert (row.state, row.return_reason) == (ScoreState.RETURNED, "未说明扣分依据")
    assert told(people.wang, "assessment.return_score") == 1
    assert give(task, people.wang, 17).amends == row


def test_returning_opens_the_result_again(people):
    task = done(people)
    row = give(task, people.wang, 18)
    give(task, people.sun, 16)
    services.return_score(assessment=row, by=people.chen.actor, reason="重评")
    assert queries.result_of(task).state == ResultState.STALE
    assert Task.objects.get(pk=task.pk).assessed_at is None


@pytest.mark.parametrize("who", ["wang", "sun", "li", "zhao"])
def test_nobody_but_the_office_returns_a_score(people, who):
    task = done(people)
    row = give(task, people.wang, 18)
    with pytest.raises(NotAllowed):
        services.return_score(assessment=row, by=getattr(people, who).actor, reason="重评")
    row.refresh_from_db()
    assert row.state == ScoreState.STANDS


def test_a_score_is_returned_with_its_reason_and_once(people):
    task = done(people)
    row = give(task, people.wang, 18)
    with pytest.raises(Refused):
        services.return_score(assessment=row, by=people.chen.actor, reason=" ")
    services.return_score(assessment=row, by=people.chen.actor, reason="重评")
    with pytest.raises(NotAllowed):
        services.return_score(assessment=row, by=people.chen.actor, reason="再退")


def test_assessors_are_named_while_the_task_is_under_way(people):
    task = judged(people, people.wang)
    services.name_assessors(task=task, people=[people.wang, people.sun], by=people.chen.actor)
    assert queries.assessor_ids(task) == {people.wang.pk, people.sun.pk}
    assert told(people.sun, "assessment.named") == 1
    assert told(people.wang, "assessment.named") == 0
    assert verbs(task) == ["assessment.name_assessors"]


def test_naming_nobody_new_says_nothing(people):
    task = judged(people, people.wang)
    services.name_assessors(task=task, people=[people.wang], by=people.chen.actor)
    assert verbs(task) == []


def test_the_responsible_person_is_no_assessor(people):
    task = judged(people, people.wang)
    with pytest.raises(Refused):
        services.name_assessors(task=task, people=[people.li], by=people.chen.actor)
    assert queries.assessor_ids(task) == {people.wang.pk}


def test_whoever_has_scored_stays(people):
    task = done(people)
    give(task, people.wang, 18)
    with pytest.raises(Refused):
        services.name_assessors(task=task, people=[people.sun], by=people.chen.actor)
    assert queries.assessor_ids(task) == {people.wang.pk, people.sun.pk}


def test_taking_off_the_last_who_has_not_scored_settles_the_result(people):
    task = done(people)
    give(task, people.wang, 18)
    services.name_assessors(task=task, people=[people.wang], by=people.chen.actor)
    assert queries.result_of(task).points == 18


def test_one_more_assessor_opens_the_result(people):
    task = done(people, people.wang)
    give(task, people.wang, 18)
    services.name_assessors(task=task, people=[people.wang, people.sun], by=people.chen.actor)
    assert queries.result_of(task).state == ResultState.STALE
    give(task, people.sun, 16)
    assert queries.result_of(task).points == 17
