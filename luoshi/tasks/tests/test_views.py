import datetime as dt
import uuid

import pytest
from django.urls import reverse

from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, make_person, make_unit, seat
from luoshi.tasks import queries, rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.services import line, registering
from luoshi.tasks.tests.factories import draft, issued, make_set, new

pytestmark = pytest.mark.django_db


@pytest.fixture
def college():
    return cast()


@pytest.fixture
def goals(db):
    return make_set()


def typed(goals, where, **more):
    """The registration form as a browser sends it."""
    return {
        "category": goals.pk,
        "title": "建成省级示范性虚拟仿真实训基地",
        "kind": "unit",
        "year": "2026",
        "unit": where.name,
        "unit_key": str(where.pk),
        "owner": "",
        "cooperating": "",
        "start": "2026-01-05",
        "due": "2026-12-20",
        "details": "完成一期建设并通过验收。",
        "standard": "通过省级验收得满分。",
        "key": uuid.uuid4().hex,
        **more,
    }


def as_(client, person):
    client.force_login(person)
    return client


# ── registering ──────────────────────────────────────────────────────────────────────────────────


def test_a_clerk_registers_and_issues_in_one_go(client, college, goals):
    page = as_(client, college.chen).get(reverse("tasks:register"))
    assert page.status_code == 200
    answer = client.post(
        reverse("tasks:register"), typed(goals, college.school, issue="1"), follow=True
    )
    assert answer.status_code == 200
    task = Task.objects.get()
    assert (task.status, task.owner_id) == (Status.ACTIVE, college.wang.pk)
    assert task.title in answer.content.decode()


def test_a_double_click_registers_one_task(client, college, goals):
    data = typed(goals, college.school)
    as_(client, college.chen)
    for _ in range(2):
        assert client.post(reverse("tasks:register"), data).status_code == 302
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "长" * 201},
        {"due": "2026-01-04"},
        {"due": "明天"},
        {"points": "-1"},
        {"secret": "on"},
        {"unit": "没有这个部门", "unit_key": ""},
        {"kind": "personal"},
        {"year": "99"},
    ],
)
def test_what_cannot_stand_keeps_what_was_typed(client, college, goals, wrong):
    answer = as_(client, college.chen).post(
        reverse("tasks:register"), typed(goals, college.school, **wrong)
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "完成一期建设并通过验收。" in text
    assert "field-error" in text or "notice-error" in text
    assert Task.objects.count() == 0


def test_issuing_what_is_not_ready_saves_nothing_and_says_what_is_missing(client, college, goals):
    answer = as_(client, college.chen).post(
        reverse("tasks:register"), typed(goals, college.school, standard="", issue="1")
    )
    assert answer.status_code == 422
    assert Task.objects.count() == 0


def test_registering_is_refused_with_a_reason(client, college, goals):
    answer = as_(client, college.sun).get(reverse("tasks:register"))
    assert answer.status_code == 403
    assert "目标办" in answer.content.decode()


def test_two_people_editing_one_draft_the_second_is_told(client, college, goals):
    task = draft(goals, college.chen, college.school.pk)
    url = reverse("tasks:edit", args=[task.pk])
    data = typed(goals, college.school, rev=str(task.rev))
    as_(client, college.chen)
    assert client.post(url, data | {"title": "先改的"}).status_code == 302
    late = client.post(url, data | {"title": "后改的"})
    assert late.status_code == 409
    assert Task.objects.get().title == "先改的"
    form = late.context["form"]
    assert form["title"].value() == "后改的"  # what was typed is still there
    assert "其他人刚刚修改过此项" in late.content.decode()
    again = data | {"title": "后改的", "rev": form["rev"].value()}
    assert client.post(url, again).status_code == 302
    assert Task.objects.get().title == "后改的"


def test_ticked_drafts_are_issued_together(client, college, goals):
    tasks = [draft(goals, college.chen, college.school.pk) for _ in range(3)]
    answer = as_(client, college.chen).post(
        reverse("tasks:issue_many"), {"task": [t.pk for t in tasks[:2]]}
    )
    assert answer.status_code == 302
    assert Task.objects.filter(status=Status.ACTIVE).count() == 2
    assert client.post(reverse("tasks:issue_many"), {}).status_code == 422


def test_further_responsible_people_handle_the_task_too(client, college, goals):
    data = typed(
        goals,
        college.school,
        issue="1",
        owners="",
        owners_key=[str(college.li.pk)],
        public="on",
        urgency="urgent",
        origin="annual",
    )
    assert as_(client, college.chen).post(reverse("tasks:register"), data).status_code == 302
    task = Task.objects.get()
    assert (task.public, task.urgency) == (True, "urgent")
    assert rules.may("report", task, queries.facts_for(task, college.li))
    assert not rules.may("break_down", task, queries.facts_for(task, college.li))


# ── breaking down ────────────────────────────────────────────────────────────────────────────────


def rows(*data, key="k"):
    form = {
        "child-TOTAL_FORMS": str(len(data)),
        "child-INITIAL_FORMS": "0",
        "key": key,
    }
    for place, row in enumerate(data):
        form |= {f"child-{place}-{name}": value for name, value in row.items()}
    return form


def row(unit, owner=None, **more):
    return {
        "title": "完成设备采购",
        "kind": "unit",
        "unit": unit.name,
        "unit_key": str(unit.pk),
        "owner": owner.name if owner else "",
        "owner_key": str(owner.pk) if owner else "",
        "due": "2026-06-30",
        "details": "按计划完成",
        "standard": "按期完成得满分",
        "assessors": "",
        **more,
    }


def test_the_head_breaks_a_task_down_in_a_table(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    url = reverse("tasks:break_down", args=[task.pk])
    assert as_(client, college.wang).get(url).status_code == 200
    data = rows(row(college.section, college.li), row(college.section, college.li, kind="personal"))
    for _ in range(2):
        assert client.post(url, data | {"issue": "1"}).status_code == 302
    children = Task.objects.filter(parent=task).order_by("pk")
    assert [(c.kind, c.status, c.owner_id) for c in children] == [
        ("unit", Status.ACTIVE, college.li.pk),
        ("personal", Status.ACTIVE, college.li.pk),
    ]


def test_one_bad_row_saves_none_and_says_which(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    url = reverse("tasks:break_down", args=[task.pk])
    data = rows(row(college.section, college.li), row(college.section, due="2027-01-01"))
    answer = as_(client, college.wang).post(url, data)
    assert answer.status_code == 422
    assert "2026-12-20" in answer.content.decode()
    assert Task.objects.filter(parent=task).count() == 0


def test_others_are_refused_the_table_with_a_reason(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    answer = as_(client, college.li).get(reverse("tasks:break_down", args=[task.pk]))
    assert answer.status_code == 403
    assert "任务负责人" in answer.content.decode()


def test_a_child_is_copied_to_units_in_two_steps(client, college, goals):
    schools = [make_unit(f"第{n}学院", college.root) for n in range(2)]
    for school in schools:
        seat(make_person(f"{school.name}院长", school), school, Duty.HEAD)
    task = issued(goals, college.chen, college.school.pk)
    (child,) = registering.break_down(
        task, [new(goals, college.section.pk, owner_id=college.li.pk)], by=college.wang.actor
    )
    url = reverse("tasks:copy", args=[child.pk])
    as_(client, college.wang)
    step = client.post(url, {"units": [s.pk for s in schools]})
    assert step.status_code == 200
    assert step.context["formset"].total_form_count() == 2
    data = {"copy-TOTAL_FORMS": "2", "copy-INITIAL_FORMS": "2", "key": "c"}
    for place, school in enumerate(schools):
        data |= {
            f"copy-{place}-unit": school.name,
            f"copy-{place}-unit_key": str(school.pk),
            f"copy-{place}-owner": "",
            f"copy-{place}-due": f"2026-0{place + 5}-01",
            f"copy-{place}-standard": f"标准{place}",
        }
    assert client.post(url, data | {"issue": "1"}).status_code == 302
    made = Task.objects.filter(parent=task).exclude(pk=child.pk).order_by("pk")
    assert [(t.unit_id, t.standard, t.due) for t in made] == [
        (schools[0].pk, "标准0", dt.date(2026, 5, 1)),
        (schools[1].pk, "标准1", dt.date(2026, 6, 1)),
    ]


# ── short acts ───────────────────────────────────────────────────────────────────────────────────


def test_an_act_is_a_dialog_for_htmx_and_a_page_for_a_browser(client, college):
    task = issued(make_set(sign_off="always"), college.chen, college.school.pk)
    url = reverse("tasks:sign", args=[task.pk])
    as_(client, college.wang)
    assert "<html" in client.get(url).content.decode()
    dialog = client.get(url, headers={"HX-Request": "true"})
    assert "<html" not in dialog.content.decode()
    assert "HX-Request" in dialog["Vary"]
    done = client.post(url, headers={"HX-Request": "true"})
    assert done.status_code == 204
    assert "task-changed" in done["HX-Trigger"]
    assert Task.objects.get().status == Status.ACTIVE


def test_a_reason_is_asked_for_and_nothing_happens_without_it(client, college):
    task = issued(make_set(sign_off="always"), college.chen, college.school.pk)
    url = reverse("tasks:refuse", args=[task.pk])
    assert as_(client, college.wang).post(url, {"text": ""}).status_code == 422
    assert Task.objects.get().status == Status.ISSUED
    assert client.post(url, {"text": "不属于本院职责"}).status_code == 302
    assert Task.objects.get().status == Status.DRAFT


def test_cancelling_names_what_it_does_to_the_sub_tasks(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    registering.break_down(
        task,
        [new(goals, college.section.pk, owner_id=college.li.pk)],
        by=college.wang.actor,
        issue=True,
    )
    url = reverse("tasks:cancel", args=[task.pk])
    page = as_(client, college.chen).get(url).content.decode()
    assert "其下 1 项子任务" in page
    assert client.post(url, {"text": "上级取消"}).status_code == 302
    assert set(Task.objects.values_list("status", flat=True)) == {Status.CANCELLED}


def test_what_one_may_not_see_is_not_there(client, college):
    task = issued(make_set(visibility="involved"), college.chen, college.school.pk)
    as_(client, college.sun)
    for name in ("sign", "cancel", "break_down", "edit", "comment"):
        assert client.get(reverse(f"tasks:{name}", args=[task.pk])).status_code == 404
    assert client.get(reverse("task", args=[task.pk])).status_code == 404


def test_script_in_a_title_stays_text(client, college, goals):
    title = "<img src=x onerror=alert(1)>"
    task = issued(goals, college.chen, college.school.pk, title=title)
    as_(client, college.chen)
    for url in (
        reverse("task", args=[task.pk]),
        reverse("task-list"),
        reverse("tasks:cancel", args=[task.pk]),
        reverse("mosaic"),
        reverse("gantt"),
    ):
        assert "<img src=x" not in client.get(url).content.decode(), url


def test_milestones_are_edited_as_a_table(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    url = reverse("tasks:set_milestones", args=[task.pk])
    data = {
        "node-TOTAL_FORMS": "2",
        "node-INITIAL_FORMS": "0",
        "rev": str(task.rev),
        "node-0-name": "完成招标",
        "node-0-due": "2026-03-31",
        "node-1-name": "",
    }
    assert as_(client, college.wang).post(url, data).status_code == 302
    assert list(task.milestones.values_list("name", flat=True)) == ["完成招标"]
    assert client.post(url, data).status_code == 409


def test_a_result_is_returned_with_an_opinion(client, college):
    task = issued(make_set(review="always"), college.chen, college.school.pk)
    line.set_progress(task, 100, by=college.wang.actor, complete=True)
    url = reverse("tasks:send_back", args=[task.pk])
    as_(client, college.chen)
    assert client.post(url, {"text": "缺验收报告", "progress": "100"}).status_code == 422
    assert client.post(url, {"text": "缺验收报告", "progress": "80"}).status_code == 302
    saved = Task.objects.get()
    assert (saved.status, saved.progress, saved.returns) == (Status.ACTIVE, 80, 1)


def drafts_form(tasks, **more):
    """The table of drafts as a browser sends it."""
    form = {"draft-TOTAL_FORMS": str(len(tasks)), "draft-INITIAL_FORMS": str(len(tasks))}
    for place, task in enumerate(tasks):
        form |= {
            f"draft-{place}-task": str(task.pk),
            f"draft-{place}-rev": str(task.rev),
            f"draft-{place}-title": task.title,
            f"draft-{place}-unit": task.unit.name,
            f"draft-{place}-unit_key": str(task.unit_id),
            f"draft-{place}-owner": "",
            f"draft-{place}-due": "2026-12-20",
            f"draft-{place}-details": f"详情{place}",
            f"draft-{place}-standard": f"标准{place}",
            f"draft-{place}-assessors": "",
        }
    return form | more


def test_imported_drafts_are_completed_in_one_table_and_issued(client, college, goals):
    tasks = [
        draft(
            goals, college.chen, college.school.pk, details="", standard="", due=None,
            cooperating=(college.other.pk,), batch=7, number=f"{n}",
        )
        for n in range(3)
    ]  # fmt: skip
    url = reverse("tasks:complete_drafts")
    page = as_(client, college.chen).post(url, {"task": [t.pk for t in tasks]})
    assert page.status_code == 200
    assert page.context["formset"].total_form_count() == 3
    answer = client.post(url, drafts_form(tasks, issue="1"))
    assert answer.status_code == 302
    saved = Task.objects.order_by("pk")
    assert [(t.status, t.details, t.standard, t.batch) for t in saved] == [
        (Status.ACTIVE, f"详情{n}", f"标准{n}", 7) for n in range(3)
    ]
    assert all(t.parts.filter(role="cooperating").exists() for t in saved), "nothing else is lost"


def test_one_draft_that_cannot_be_issued_keeps_the_whole_table(client, college, goals):
    tasks = [draft(goals, college.chen, college.school.pk, details="") for _ in range(2)]
    data = drafts_form(tasks, issue="1") | {"draft-1-standard": ""}
    answer = as_(client, college.chen).post(reverse("tasks:complete_drafts"), data)
    assert answer.status_code == 422
    assert "详情0" in answer.content.decode()
    assert list(Task.objects.values_list("status", "details")) == [(Status.DRAFT, "")] * 2


def test_a_draft_somebody_else_saved_meanwhile_is_not_overwritten(client, college, goals):
    tasks = [draft(goals, college.chen, college.school.pk)]
    data = drafts_form(tasks)
    registering.edit(
        tasks[0],
        new(goals, college.school.pk, title="别人先改的"),
        by=college.chen.actor,
        rev=tasks[0].rev,
    )
    answer = as_(client, college.chen).post(reverse("tasks:complete_drafts"), data)
    assert answer.status_code == 409
    assert Task.objects.get().title == "别人先改的"


def test_nothing_ticked_is_a_sentence(client, college):
    answer = as_(client, college.chen).get(reverse("tasks:complete_drafts"))
    assert answer.status_code == 422
