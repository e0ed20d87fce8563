"""Filing, amending and what is owed, on the database. `test_s0_feedback_N_…`: S0 任务反馈 N)."""

import datetime as dt
from decimal import Decimal

import pytest

from luoshi.files.models import Attachment, Citation
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.measures.rules import LateReport
from luoshi.notices.models import Message
from luoshi.reports import jobs, queries, services
from luoshi.reports.models import Due, Report
from luoshi.reports.rules import ReportStatus
from luoshi.reports.services import owed as dues
from luoshi.reports.tests.factories import paper, running, split, tell
from luoshi.search.queries import hits
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.services import line, taking_part
from luoshi.tasks.tests.factories import make_set
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(people, day):
    day("2026-03-02")
    return running(people)


def verbs(task):
    rows = Event.objects.filter(about_kind="task", about_id=task.pk).order_by("seq")
    return list(rows.values_list("verb", flat=True))


def now(task):
    return Task.objects.get(pk=task.pk)


def written():
    """Everything a refused act must leave as it is."""
    return (
        Report.objects.count(),
        Attachment.objects.count(),
        Citation.objects.count(),
        Event.objects.count(),
        Message.objects.count(),
        list(Due.objects.order_by("pk").values_list("pk", "filed_by", "filed_on", "void")),
        list(Task.objects.order_by("pk").values_list("pk", "progress", "status", "rev")),
        list(Report.objects.order_by("pk").values_list("pk", "status")),
    )


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def test_a_report_counts_at_once(task, people, day):
    day("2026-03-10")
    report = tell(task, people.li, 30, problems="场地不足", next_step="招标", body="完成立项")
    assert (report.status, report.kind, report.progress) == ("filed", "progress", 30)
    assert (report.body, report.problems, report.next_step) == ("完成立项", "场地不足", "招标")
    assert (report.period, report.late, report.by_id) == ("2026-03", False, people.li.pk)
    fresh = now(task)
    assert (fresh.progress, fresh.status) == (30, Status.ACTIVE)
    assert fresh.begun_at == fresh.reported_at == report.at
    assert verbs(task)[-1] == "report.submit"
    assert [a.name for a in queries.evidence_of([report.pk])[report.pk]]


def test_creator_and_whoever_answers_for_the_parent_hear_of_it(task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    Message.objects.all().delete()
    tell(child, people.wang, 20)
    assert list(Message.objects.values_list("person_id", "kind")) == [
        (people.li.pk, "report.submit")
    ]
    tell(task, people.li, 10)
    assert list(Message.objects.filter(kind="report.submit").values_list("person", flat=True)) == [
        people.li.pk,
        people.chen.pk,
    ]


def test_report_text_is_found_by_its_words(task, people):
    tell(task, people.li, 30, body="虚拟仿真实训基地挂牌")
    assert [hit.task_id for hit in hits("挂牌", kinds=["report"])] == [task.pk]


def test_s0_feedback_1_reports_may_follow_each_other_until_100(task, people):
    for progress in (10, 40, 70, 100):
        tell(task, people.li, progress)
    assert Report.objects.count() == 4
    before = written()
    with pytest.raises(NotAllowed, match="100"):
        tell(task, people.li, 100)
    assert written() == before


def test_s0_feedback_1_100_completes_the_task(task, people):
    tell(task, people.li, 100)
    assert now(task).status == Status.DONE
    assert verbs(task)[-2:] == ["report.submit", "task.complete"]
    told = Message.objects.filter(person=people.chen, about_kind="task", about_id=task.pk)
    assert list(told.values_list("kind", flat=True)) == ["task.complete"]  # one message is enough


def test_s0_feedback_1_amending_100_to_below_opens_reporting_again(task, people):
    tell(task, people.li, 60)
    done = tell(task, people.li, 100)
    new = services.amend_report(report=done, by=people.li.actor, progress=90, body="又有新进展")
    fresh = now(task)
    assert (fresh.status, fresh.progress, fresh.completed_at) == (Status.ACTIVE, 90, None)
    assert verbs(task)[-2:] == ["report.amend", "task.reopen"]
    assert new.amends_id == done.pk
    tell(task, people.li, 95)
    assert now(task).progress == 95


def test_s0_feedback_2_progress_goes_forward_or_stays(task, people):
    tell(task, people.li, 40)
    tell(task, people.li, 40)
    before = written()
    with pytest.raises(Refused, match="40") as refusal:
        tell(task, people.li, 39)
    assert refusal.value.field == "progress"
    assert written() == before
    assert now(task).progress == 40


def test_s0_feedback_2_only_the_newest_report_can_be_amended(task, people):
    first = tell(task, people.li, 20)
    tell(task, people.li, 40)
    before = written()
    with pytest.raises(NotAllowed):
        services.amend_report(report=first, by=people.li.actor, progress=30, body="改")
    assert written() == before


def test_s0_feedback_2_the_newest_may_go_back_but_not_below_the_one_before(task, people):
    tell(task, people.li, 20)
    newest = tell(task, people.li, 60)
    before = written()
    with pytest.raises(Refused, match="20"):
        services.amend_report(report=newest, by=people.li.actor, progress=19, body="改")
    assert written() == before
    services.amend_report(report=newest, by=people.li.actor, progress=20, body="多报了，更正")
    assert now(task).progress == 20


def test_s0_feedback_2_the_first_report_may_be_amended_down_to_zero(task, people):
    only = tell(task, people.li, 60)
    services.amend_report(report=only, by=people.li.actor, progress=0, body="误报")
    assert now(task).progress == 0


def test_s0_feedback_3_the_reports_of_sub_tasks_are_known_before_reporting(task, people):
    a, b = split(task, people.li, (people.wang, people.school.pk), (people.sun, people.other.pk))
    tell(a, people.wang, 50, body="机电学院完成一半")
    known = queries.known_before(now(task), people.li, None)
    assert [(n.task.pk, n.report and n.report.body) for n in known.children] == [
        (a.pk, "机电学院完成一半"),
        (b.pk, None),
    ]


def test_s0_feedback_4_evidence_of_sub_tasks_is_cited_not_uploaded_again(task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    report = tell(child, people.wang, 50, uploads=[paper("验收单.txt")])
    piece = queries.evidence_of([report.pk])[report.pk][0]
    mine = tell(task, people.li, 30, uploads=[], cited=[piece.pk])
    shown = queries.evidence_of([mine.pk])[mine.pk]
    assert [(row.pk, row.name, row.source) for row in shown] == [
        (piece.pk, "验收单.txt", report.ref)
    ]
    assert Attachment.objects.count() == 1


def test_s0_feedback_4_evidence_of_strangers_cannot_be_cited(task, people):
    other = running(people)
    report = tell(other, people.li, 50)
    piece = queries.evidence_of([report.pk])[report.pk][0]
    before = written()
    with pytest.raises(Refused):
        tell(task, people.li, 30, uploads=[], cited=[piece.pk])
    assert written() == before


def test_s0_feedback_5_more_than_asked_shows_in_the_achieved_value(people):
    task = running(people, target_value=Decimal(20), target_unit="项")
    report = tell(task, people.li, 100, achieved=Decimal("27"))
    assert report.achieved == Decimal(27)
    fresh = now(task)
    assert (fresh.progress, fresh.achieved) == (100, Decimal(27))


@pytest.mark.parametrize("progress", [101, -1])
def test_progress_outside_0_to_100_is_refused(task, people, progress):
    before = written()
    with pytest.raises(Refused) as refusal:
        tell(task, people.li, progress)
    assert refusal.value.field == "progress"
    assert written() == before


def test_text_and_evidence_are_asked_for_where_the_measure_does(task, people):
    before = written()
    with pytest.raises(Refused) as refusal:
        tell(task, people.li, 10, body="  ")
    assert refusal.value.field == "body"
    with pytest.raises(Refused) as refusal:
        tell(task, people.li, 10, uploads=[])
    assert refusal.value.field == "evidence"
    assert written() == before


def test_a_refused_file_leaves_nothing_behind(task, people):
    before = written()
    bad = paper("报告.docx")
    bad.file.write(b"MZ\x90\x00")
    bad.file.seek(0)
    with pytest.raises(Refused):
        tell(task, people.li, 10, uploads=[paper(), bad])
    assert written() == before


def test_strangers_report_nothing(task, people):
    before = written()
    for person in (people.sun, people.wang, people.chen, people.zhou):
        with pytest.raises(NotAllowed):
            tell(task, person, 10)
    assert written() == before


def test_whoever_shares_the_task_reports_too(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    report = tell(task, people.sun, 10)
    assert report.by_id == people.sun.pk


def test_emoji_rare_characters_and_markup_are_kept_as_typed(task, people):
    text = "𠮷㐀 👍 <img src=x onerror=alert(1)>"
    assert tell(task, people.li, 10, body=text).body == text


# ── the same button twice, two people at once ────────────────────────────────────────────────────


def test_the_same_button_twice_makes_one_report(task, people):
    first = tell(task, people.li, 10, key="k1")
    before = written()
    assert tell(task, people.li, 10, key="k1").pk == first.pk
    assert written() == before


def test_the_same_button_twice_at_100_makes_one_report(task, people):
    first = tell(task, people.li, 100, key="k1")
    assert tell(task, people.li, 100, key="k1").pk == first.pk


def test_a_key_of_another_task_is_stale(task, people):
    tell(task, people.li, 10, key="k1")
    with pytest.raises(Stale):
        tell(running(people), people.li, 10, key="k1")


def test_the_second_of_two_is_told(task, people):
    seen = tell(task, people.li, 10)
    tell(task, people.li, 20, rev=seen.pk)
    before = written()
    with pytest.raises(Stale):
        tell(task, people.li, 30, rev=seen.pk)
    with pytest.raises(Stale):
        tell(task, people.li, 30, rev=0)
    assert written() == before


def test_amending_a_version_that_was_amended_meanwhile_is_stale(task, people):
    report = tell(task, people.li, 10)
    services.amend_report(report=report, by=people.li.actor, progress=12, body="一改")
    with pytest.raises(Stale):
        services.amend_report(report=report, by=people.li.actor, progress=15, body="二改")


# ── versions ─────────────────────────────────────────────────────────────────────────────────────


def test_an_amendment_is_a_new_row_and_the_old_one_stays(task, people, day):
    day("2026-03-10")
    old = tell(task, people.li, 30, body="原来的说法")
    day("2026-04-05")
    new = services.amend_report(
        report=old,
        by=people.li.actor,
        progress=35,
        body="更正的说法",
        reason="数据核对",
    )
    old.refresh_from_db()
    assert (old.status, old.body, old.progress) == (ReportStatus.AMENDED, "原来的说法", 30)
    assert (new.status, new.period, new.late, new.reason) == ("filed", "2026-03", False, "数据核对")
    event = Event.objects.filter(verb="report.amend").get()
    assert f'"amends":{old.pk}' in event.data
    assert not hits("原来", kinds=["report"])
    assert [hit.key for hit in hits("更正", kinds=["report"])] == [str(new.pk)]


def test_evidence_is_carried_over_but_for_what_is_left_out(task, people):
    old = tell(task, people.li, 30, uploads=[paper("甲.txt"), paper("乙.txt")])
    a, _b = queries.evidence_of([old.pk])[old.pk]
    new = services.amend_report(
        report=old,
        by=people.li.actor,
        progress=30,
        body="换一份材料",
        removed=[a.pk],
        uploads=[paper("丙.txt")],
    )
    assert {r.name for r in queries.evidence_of([new.pk])[new.pk]} == {"乙.txt", "丙.txt"}
    assert {r.name for r in queries.evidence_of([old.pk])[old.pk]} == {"甲.txt", "乙.txt"}


def test_leaving_out_all_evidence_is_refused_where_some_is_needed(task, people):
    old = tell(task, people.li, 30)
    piece = queries.evidence_of([old.pk])[old.pk][0]
    before = written()
    with pytest.raises(Refused) as refusal:
        services.amend_report(
            report=old, by=people.li.actor, progress=30, body="改", removed=[piece.pk]
        )
    assert refusal.value.field == "evidence"
    assert written() == before


def test_amending_up_to_100_completes_the_task(task, people):
    report = tell(task, people.li, 90)
    services.amend_report(report=report, by=people.li.actor, progress=100, body="验收通过")
    assert now(task).status == Status.DONE


def test_amending_the_words_of_a_100_report_leaves_the_task_done(task, people):
    report = tell(task, people.li, 100)
    services.amend_report(report=report, by=people.li.actor, progress=100, body="补充说明")
    assert now(task).status == Status.DONE
    assert "task.reopen" not in verbs(task)


def test_after_closing_nothing_is_amended(people):
    task = running(people)
    report = tell(task, people.li, 100)
    Task.objects.filter(pk=task.pk).update(needs_assessment=False)
    line.close(now(task), by=people.chen.actor)
    with pytest.raises(NotAllowed):
        services.amend_report(report=report, by=people.li.actor, progress=100, body="改")


# ── completion reports, review, rolled-up progress ───────────────────────────────────────────────


def test_where_completion_reports_are_used_only_those_complete(people):
    task = running(people, completed_by="report")
    tell(task, people.li, 100)
    assert now(task).status == Status.ACTIVE
    with pytest.raises(Refused):
        tell(task, people.li, 99, kind="completion")
    done = tell(task, people.li, 100, kind="completion")
    assert now(task).status == Status.DONE
    again = services.amend_report(report=done, by=people.li.actor, progress=100, body="仍完成")
    assert (again.kind, now(task).status) == ("completion", Status.DONE)


def test_a_result_sent_back_is_reported_on_again(people):
    task = running(people, review="always")
    tell(task, people.li, 100)
    assert now(task).status == Status.SUBMITTED
    line.send_back(now(task), by=people.chen.actor, opinion="缺验收单", progress=80)
    with pytest.raises(Refused):
        tell(task, people.li, 79)
    tell(task, people.li, 100)
    assert now(task).status == Status.SUBMITTED


def test_rolled_up_progress_is_not_typed(people):
    task = running(people, roll_up="mean")
    split(task, people.li, (people.wang, people.school.pk))
    report = tell(task, people.li, 70)
    assert report.progress == now(task).progress


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────


def owed(task):
    return [
        (due.period, due.due_on.isoformat(), due.filed_on and due.filed_on.isoformat(), due.void)
        for due in Due.objects.filter(task=task)
    ]


def states(task, today):
    rows = queries.dues_of(now(task), dt.date.fromisoformat(today))
    return {row.due.period: row.state.value for row in rows}


def test_issue_opens_the_first_period(task):
    assert owed(task) == [("2026-03", "2026-03-28", None, False)]


def test_a_period_whose_day_is_past_at_issue_is_not_owed(people, day):
    day("2026-03-29")
    task = running(people)
    assert [row[0] for row in owed(task)] == ["2026-04"]


def test_the_nightly_job_opens_what_comes_and_may_run_again(task, day):
    assert jobs.open_dues() == 0
    day("2026-03-26")
    assert jobs.open_dues() == 1
    assert [row[0] for row in owed(task)] == ["2026-03", "2026-04"]
    before = owed(task)
    assert jobs.open_dues() == 0
    assert owed(task) == before


def test_the_job_catches_up_after_a_pause_of_months(task, day):
    day("2026-07-10")
    jobs.open_dues()
    assert [row[0] for row in owed(task)] == [f"2026-{month:02}" for month in range(3, 8)]


def test_the_job_looks_at_every_chunk(people, day):
    day("2026-03-02")
    tasks = [running(people) for _ in range(3)]
    day("2026-03-30")
    assert dues.open_coming_dues(limit=1) == 3
    assert {len(owed(task)) for task in tasks} == {2}


def test_a_report_settles_its_period_once(task, people, day):
    day("2026-03-10")
    first = tell(task, people.li, 10)
    day("2026-03-20")
    tell(task, people.li, 20)
    due = Due.objects.get(task=task)
    assert (due.filed_by_id, due.filed_on) == (first.pk, dt.date(2026, 3, 10))


def test_late_on_time_and_missing_are_told_apart(task, people, day):
    day("2026-03-29")
    assert tell(task, people.li, 10).late
    day("2026-04-28")
    assert not tell(task, people.li, 10).late
    day("2026-06-02")
    jobs.open_dues()
    assert not tell(task, people.li, 10).late
    assert states(task, "2026-06-02") == {
        "2026-03": "late",
        "2026-04": "on_time",
        "2026-05": "missing",
        "2026-06": "on_time",
    }


def test_where_the_measure_says_so_the_29th_counts_for_the_next_month(people, day):
    day("2026-03-02")
    task = running(people, late_report=LateReport.NEXT)
    day("2026-03-29")
    report = tell(task, people.li, 10)
    assert (report.period, report.late) == ("2026-04", False)
    assert states(task, "2026-04-01") == {"2026-03": "missing", "2026-04": "on_time"}


def test_a_report_settles_a_period_nobody_opened_yet(task, people, day):
    day("2026-05-10")
    tell(task, people.li, 10)
    told = {"2026-03": "missing", "2026-04": "missing", "2026-05": "on_time"}
    assert states(task, "2026-05-10") == told
    jobs.open_dues()
    assert states(task, "2026-05-10") == told


def test_an_amendment_keeps_the_period_settled(task, people, day):
    day("2026-03-10")
    old = tell(task, people.li, 10)
    day("2026-04-02")
    new = services.amend_report(report=old, by=people.li.actor, progress=12, body="改")
    due = Due.objects.get(task=task, period="2026-03")
    assert (due.filed_by_id, due.filed_on) == (new.pk, dt.date(2026, 3, 10))


def test_completion_takes_back_what_is_no_longer_owed(task, people, day):
    day("2026-03-26")
    jobs.open_dues()
    tell(task, people.li, 100)
    assert states(task, "2026-05-01") == {"2026-03": "on_time", "2026-04": "void"}


def test_reopening_owes_again(task, people, day):
    day("2026-03-26")
    jobs.open_dues()
    done = tell(task, people.li, 100)
    services.amend_report(report=done, by=people.li.actor, progress=90, body="又有进展")
    assert states(task, "2026-03-27")["2026-04"] == "coming"


def test_cancelling_takes_back_what_is_owed_but_not_what_was_missed(task, people, day):
    day("2026-04-10")
    jobs.open_dues()
    line.cancel(now(task), by=people.chen.actor, reason="并入其他任务")
    assert states(task, "2026-05-10") == {"2026-03": "missing", "2026-04": "void"}
    before = owed(task)
    jobs.open_dues()
    assert owed(task) == before


def test_dues_of_many_tasks_are_opened_in_few_statements(
    people, day, django_assert_max_num_queries
):
    day("2026-03-02")
    tasks = [running(people) for _ in range(4)]
    Due.objects.all().delete()
    with django_assert_max_num_queries(8):
        dues.open_dues(tasks[:1])
    Due.objects.all().delete()
    with django_assert_max_num_queries(8):
        dues.open_dues(tasks)
    assert Due.objects.count() == 4


# ── the result for a further set ─────────────────────────────────────────────────────────────────


@pytest.fixture
def counted(task, people):
    further = make_set(needs_evidence=True)
    return taking_part.count_in(
        task, further, by=people.chen.actor, result_due=dt.date(2026, 11, 30)
    )


def test_a_further_set_owes_a_result_by_its_date(task, counted):
    due = Due.objects.get(task=task, kind="result")
    assert (due.due_on, due.counting_id, due.filed_on) == (dt.date(2026, 11, 30), counted.pk, None)


def test_the_date_of_a_result_may_move_and_go(task, counted, people):
    taking_part.count_in(
        task, counted.category, by=people.chen.actor, result_due=dt.date(2026, 12, 10)
    )
    assert Due.objects.get(task=task, kind="result").due_on == dt.date(2026, 12, 10)
    taking_part.count_in(task, counted.category, by=people.chen.actor)
    assert Due.objects.get(task=task, kind="result").void


def test_a_result_settles_it_and_moves_nothing(task, counted, people, day):
    tell(task, people.li, 40)
    day("2026-11-20")
    report = tell(task, people.li, None, kind="result", counting=counted, body="最终结果")
    assert (report.kind, report.counting_id, report.progress, report.late) == (
        "result",
        counted.pk,
        40,
        False,
    )
    assert now(task).progress == 40
    due = Due.objects.get(task=task, kind="result")
    assert (due.filed_by_id, due.filed_on) == (report.pk, dt.date(2026, 11, 20))
    assert verbs(task)[-1] == "report.result"


def test_a_result_is_taken_when_the_task_is_done_and_only_once(task, counted, people):
    tell(task, people.li, 100)
    report = tell(task, people.li, None, kind="result", counting=counted)
    assert now(task).status == Status.DONE
    before = written()
    with pytest.raises(NotAllowed):
        tell(task, people.li, None, kind="result", counting=counted)
    assert written() == before
    new = services.amend_report(report=report, by=people.li.actor, body="核对后的结果")
    assert (new.kind, new.counting_id, now(task).status) == ("result", counted.pk, Status.DONE)


def test_a_result_does_not_stand_in_the_way_of_reports(task, counted, people):
    report = tell(task, people.li, 40)
    tell(task, people.li, None, kind="result", counting=counted)
    services.amend_report(report=report, by=people.li.actor, progress=45, body="改")
    tell(task, people.li, 50)
    assert now(task).progress == 50


def test_a_result_for_a_set_the_task_is_not_in_is_refused(task, people):
    other = Counting.objects.get(task=task, home=True)
    for counting in (None, other):
        with pytest.raises(NotAllowed):
            tell(task, people.li, None, kind="result", counting=counting)


def test_a_result_after_its_date_is_late(task, counted, people, day):
    day("2026-12-01")
    assert tell(task, people.li, None, kind="result", counting=counted).late


# ── how much it costs ────────────────────────────────────────────────────────────────────────────


def test_filing_takes_few_statements(task, people, django_assert_max_num_queries):
    tell(task, people.li, 10)
    Task.objects.filter(pk=task.pk).update(needs_assessment=False)
    task.measure.needs_evidence = False
    task.measure.save()
    with django_assert_max_num_queries(30):
        tell(task, people.li, 20, uploads=[], key="k", rev=Report.objects.get().pk)
