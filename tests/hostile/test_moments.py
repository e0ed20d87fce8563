"""Two at the same moment in transfers, scores, months, lists and packs: one wins, nothing twice.

The tools are those of `test_races`: each request has a thread and a connection of its own.
"""

import io
from collections import Counter
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from luoshi.assessment.models import Assessment, Result
from luoshi.assessment.rules import ScoreState
from luoshi.assessment.tests.factories import done, give
from luoshi.changes.models import Change
from luoshi.changes.rules import ChangeState
from luoshi.changes.tests.factories import asked
from luoshi.improvement.models import Action, Diagnosis
from luoshi.intake.models import ChangeList, ChangeRow
from luoshi.intake.models import ChangeState as RowState
from luoshi.intake.services import changing
from luoshi.notices.models import Message, Question
from luoshi.people.models import SavedView
from luoshi.reports.models import Pack, Report
from luoshi.reports.tests.factories import running
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.tests.factories import draft, issued, make_set
from luoshi.trail.models import Event
from tests.hostile.test_races import CLICKS, KEY, at_once, clicked, people

__all__ = ["people"]
pytestmark = pytest.mark.django_db(transaction=True)


def told(answers) -> list[str]:
    return [a.content.decode()[-400:] for a in answers]


def codes_of(answers) -> Counter:
    codes = Counter(a.status_code for a in answers)
    assert not [code for code in codes if code >= 500], told(answers)
    return codes


# ── transfers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_answering_while_it_is_withdrawn(people, verb):
    change = asked(running(people), people.li, people.sun)
    answers = at_once(
        (
            people.sun,
            reverse("changes:answer", args=[change.pk]),
            {"answer": verb, "opinion": "好"},
        ),
        (people.li, reverse("changes:withdraw", args=[change.pk]), {}),
    )
    codes_of(answers)
    change.refresh_from_db()
    task = Task.objects.get(pk=change.task_id)
    won = {"accept": ChangeState.ACCEPTED, "decline": ChangeState.DECLINED}[verb]
    assert change.state in (won, ChangeState.WITHDRAWN)
    assert (task.owner_id == people.sun.pk) == (change.state == ChangeState.ACCEPTED)
    ends = Event.objects.filter(verb__in=[f"change.{verb}_transfer", "change.withdraw_transfer"])
    assert ends.count() == 1
    sees = Part.objects.filter(task=task, person=people.sun, role=Role.ADMITTED).exists()
    assert not sees or change.state == ChangeState.ACCEPTED


def test_accepting_and_declining_in_two_windows(people):
    change = asked(running(people), people.li, people.sun)
    url = reverse("changes:answer", args=[change.pk])
    sent = [{"answer": verb, "opinion": "不便"} for verb in ("accept", "decline")]
    codes = codes_of(at_once(*[(people.sun, url, one) for one in sent]))
    assert codes[302] == 1, codes
    assert Event.objects.filter(verb__startswith="change.").exclude(
        verb="change.ask_transfer"
    ).count() == 1  # fmt: skip


def test_asking_twice_and_asking_two_people(people):
    task = running(people)
    url = reverse("changes:ask", args=[task.pk])
    to_sun = {"to": "1006", "to_key": people.sun.pk, "reason": "调岗", "key": KEY}
    to_wang = {"to": "1002", "to_key": people.wang.pk, "reason": "调岗", "key": "b" * 32}
    codes_of(at_once((people.li, url, to_sun), (people.li, url, to_sun), (people.li, url, to_wang)))
    assert Change.objects.filter(state=ChangeState.ASKED).count() == 1
    assert Event.objects.filter(verb="change.ask_transfer").count() == 1


def test_accepting_while_the_giver_reports(people):
    task = running(people, needs_evidence=False)
    change = asked(task, people.li, people.sun)
    answers = at_once(
        (people.sun, reverse("changes:answer", args=[change.pk]), {"answer": "accept"}),
        (people.li, reverse("reports:submit", args=[task.pk]),
         {"progress": 30, "body": "三成", "rev": 0, "key": KEY}),
    )  # fmt: skip
    assert answers[0].status_code == 302
    assert answers[1].status_code in (302, 403)
    assert Report.objects.count() == (answers[1].status_code == 302)


# ── scores ───────────────────────────────────────────────────────────────────────────────────────


def _score(task, points, key, **more):
    return {"points": points, "comment": "完成较好", "own": 0, "key": key,
            "seen": task.reports.latest("pk").pk, **more}  # fmt: skip


def test_scoring_several_times(people):
    task = done(people, people.wang, people.sun)
    url = reverse("assessment:assess", args=[task.pk])
    clicked(people.wang, url, _score(task, 15, KEY))
    assert Assessment.objects.count() == 1
    assert Event.objects.filter(verb="assessment.score").count() == 1


def test_scoring_in_two_windows(people):
    task = done(people, people.wang, people.sun)
    url = reverse("assessment:assess", args=[task.pk])
    sent = [_score(task, points, key * 32) for points, key in ((15, "a"), (9, "b"))]
    codes = codes_of(at_once(*[(people.wang, url, one) for one in sent]))
    assert codes[302] == 1, codes
    assert Assessment.objects.count() == 1


def test_two_assessors_at_once_settle_one_result(people):
    task = done(people, people.wang, people.sun)
    url = reverse("assessment:assess", args=[task.pk])
    answers = at_once(
        (people.wang, url, _score(task, 15, "a" * 32)),
        (people.sun, url, _score(task, 17, "b" * 32)),
    )
    assert codes_of(answers) == {302: 2}, told(answers)
    assert [result.points for result in Result.objects.all()] == [Decimal(16)]
    task.refresh_from_db()
    assert task.assessed_at


def test_scoring_while_the_report_is_amended(people):
    """No score stands on a report its assessor was not shown."""
    task = done(people, people.wang)
    report = task.reports.latest("pk")
    amend = {
        "progress": 100,
        "body": "另有补充",
        "reason": "补充",
        "key": "b" * 32,
        "rev": report.pk,
    }
    answers = at_once(
        (people.wang, reverse("assessment:assess", args=[task.pk]), _score(task, 15, KEY)),
        (people.li, reverse("reports:amend", args=[task.pk, report.pk]), amend),
    )
    codes_of(answers)
    assert answers[1].status_code == 302, told(answers)
    states = [row.state for row in Assessment.objects.all()]
    assert states == ([ScoreState.STALE] if answers[0].status_code == 302 else [])
    task.refresh_from_db()
    assert task.assessed_at is None


def test_returning_a_score_while_it_is_corrected(people):
    task = done(people, people.wang)
    row = give(task, people.wang, 15)
    fix = _score(task, 9, "b" * 32, own=row.pk, reason="算错")
    answers = at_once(
        (people.wang, reverse("assessment:assess", args=[task.pk]), fix),
        (
            people.chen,
            reverse("assessment:return_score", args=[task.pk, row.pk]),
            {"reason": "偏高"},
        ),
    )
    codes_of(answers)
    live = Assessment.objects.filter(task=task, amended_by=None)
    assert live.count() == 1
    assert Result.objects.filter(task=task).exclude(state="replaced").count() <= 1


# ── months ───────────────────────────────────────────────────────────────────────────────────────


def test_one_month_filed_in_two_windows(people):
    """Two rows of each window: of the same row one wins, the other is told and keeps its words."""
    tasks = [running(people, needs_evidence=False, title=title) for title in ("甲", "乙")]

    def window(key, words):
        return {
            f"t{task.pk}-{name}": value
            for number, task in enumerate(tasks)
            for name, value in {
                "key": f"{key * 31}{number}", "rev": 0, "was": 0, "progress": 30, "body": words,
            }.items()
        }  # fmt: skip

    url = reverse("reports:month")
    sent = [window("a", "第一个窗口"), window("b", "第二个窗口")]
    answers = at_once(*[(people.li, url, one) for one in sent])
    codes_of(answers)
    for task in tasks:
        assert task.reports.count() == 1
    bodies = {report.body for report in Report.objects.all()}
    for answer, words in zip(answers, ("第一个窗口", "第二个窗口"), strict=True):
        lost = Report.objects.filter(body=words).count() < len(tasks)
        assert (answer.status_code == 422) == lost
        assert not lost or words in answer.content.decode()
    assert bodies <= {"第一个窗口", "第二个窗口"}


def test_the_same_month_sent_several_times(people):
    task = running(people, needs_evidence=False)
    row = {"key": KEY, "rev": 0, "was": 0, "progress": 30, "body": "三成"}
    clicked(people.li, reverse("reports:month"), {f"t{task.pk}-{n}": v for n, v in row.items()})
    assert Report.objects.count() == 1
    assert Event.objects.filter(verb="report.submit").count() == 1


# ── lists that come back, packs, questions, views, diagnoses ─────────────────────────────────────


def _list_of(person, titles) -> ChangeList:
    client = Client()
    client.force_login(person)
    answer = client.get(reverse("task-export"), {"year": 2026, "scope": "all"})
    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if cell.value == "任务名称")
    for row in range(2, sheet.max_row + 1):
        cell = sheet.cell(row, column)
        cell.value = titles.get(cell.value, cell.value)
    out = io.BytesIO()
    book.save(out)
    file = SimpleUploadedFile("任务列表.xlsx", out.getvalue())
    return changing.bring_back(file, by=person.actor)


def test_the_same_list_taken_over_several_times(people):
    draft(make_set(), people.chen, people.section.pk, title="乙")
    table = _list_of(people.chen, {"乙": "丙"})
    rows = {"row": table.rows.get().pk, "reason": "更正"}
    url = reverse("intake:take_over", args=[table.pk])
    codes_of(at_once(*[(people.chen, url, rows)] * CLICKS))
    assert Task.objects.get().title == "丙"
    assert Event.objects.filter(verb="task.edit").count() == 1
    assert ChangeRow.objects.get().state == RowState.APPLIED


def test_taking_over_while_the_task_is_edited(people):
    """What was typed on the page meanwhile is not overwritten unseen."""
    from tests.hostile.test_forms import typed

    category = make_set()
    task = draft(category, people.chen, people.section.pk, title="乙")
    table = _list_of(people.chen, {"乙": "丙"})
    answers = at_once(
        (people.chen, reverse("intake:take_over", args=[table.pk]), {"row": table.rows.get().pk}),
        (people.zhou, reverse("tasks:edit", args=[task.pk]),
         typed(people, category, rev=task.rev, title="丁")),
    )  # fmt: skip
    codes_of(answers)
    row, title = ChangeRow.objects.get(), Task.objects.get().title
    if title == "丁":
        assert row.state == RowState.TOUCHED
    else:
        assert (title, row.state) == ("丙", RowState.APPLIED)
        assert answers[1].status_code == 409
    assert Event.objects.filter(verb="task.edit").count() == 1


def test_asking_for_a_pack_several_times(people):
    running(people)
    url = reverse("reports:pack", args=[people.school.pk]) + "?year=2026"
    keys = [{"key": letter * 32} for letter in "aab"]
    codes_of(at_once(*[(people.chen, url, one) for one in keys]))
    assert Pack.objects.get().run == 1
    assert Event.objects.filter(verb="report.pack").count() == 1


def test_asking_a_question_and_answering_it(people):
    clicked(people.sun, reverse("notices:help"), {"text": "怎么导出", "key": KEY})
    question = Question.objects.get()
    assert Message.objects.filter(kind="question.ask", person=people.chen).count() == 1
    url = reverse("notices:answer", args=[question.pk])
    codes = codes_of(at_once(*[(people.chen, url, {"answer": text}) for text in ("甲", "乙")]))
    assert codes == {302: 1, 409: 1}
    assert Message.objects.filter(kind="question.answer").count() == 1


def test_keeping_a_view(people):
    data = {"page": "task-list", "name": "逾期", "query": "health=late", "key": KEY}
    clicked(people.sun, reverse("people:save_view"), data)
    codes_of(
        at_once(*[(people.sun, reverse("people:save_view"), {**data, "key": k * 32}) for k in "bc"])
    )
    assert SavedView.objects.count() == 1


def test_choosing_the_opening_view(people):
    url = reverse("people:save_view")
    data = {"page": "task-list", "name": "逾期", "query": "health=late", "key": KEY}
    clicked(people.sun, url, data, times=1)
    sent = {"page": "task-list", "view": SavedView.objects.get().pk}
    clicked(people.sun, reverse("people:opening_view"), sent)


def test_writing_a_diagnosis(people):
    task = issued(make_set(diagnose_in="3"), people.chen, people.section.pk, owner_id=people.li.pk)
    url = reverse("improvement:write", args=[task.pk])
    data = {"problem": "问题", "cause": "原因", "action-TOTAL_FORMS": 1, "action-INITIAL_FORMS": 0,
            "action-0-text": "措施"}  # fmt: skip
    clicked(people.li, url, {**data, "key": KEY})
    assert (Diagnosis.objects.count(), Action.objects.count()) == (1, 1)
    other = issued(make_set(diagnose_in="3"), people.chen, people.section.pk, owner_id=people.li.pk)
    url = reverse("improvement:write", args=[other.pk])
    codes = codes_of(at_once(*[(people.li, url, {**data, "key": key * 32}) for key in "bc"]))
    assert codes[302] == 1, codes
    assert Diagnosis.objects.filter(task=other).count() == 1


def test_two_offices_name_the_assessors(people):
    task = done(people, people.wang)
    url = reverse("assessment:name_assessors", args=[task.pk])
    sent = [
        {"people": "", "people_key": [people.wang.pk, one.pk]} for one in (people.sun, people.zhao)
    ]
    codes_of(at_once((people.chen, url, sent[0]), (people.zhou, url, sent[1])))
    named = Part.objects.filter(task=task, role=Role.ASSESSOR).values_list("person", flat=True)
    assert len(named) == len(set(named))
