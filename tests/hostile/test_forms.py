"""What a form may not do: say more than it asks, more rows than anybody types, things twice."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from luoshi.files.services import attach
from luoshi.people.forms import text_of
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import running, tell
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import draft, issued, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def college(people, monkeypatch):
    from luoshi.reports.tests.factories import at

    at(monkeypatch, "2026-03-10")
    return SimpleNamespace(people=people)


def typed(people, category, **more):
    """A registration as the page sends it."""
    return {
        "category": category.pk, "title": "建成实训基地", "kind": "unit", "year": 2026,
        "unit": "2001", "unit_key": people.section.pk, "due": "2026-12-20",
        "details": "完成建设", "standard": "通过验收", "urgency": "normal", "origin": "annual",
        **more,
    }  # fmt: skip


#: Columns nobody types: where a task stands, who made it, what it is worth once issued.
NOT_TYPED = {
    "status": Status.CLOSED, "progress": 100, "creator": 1, "creator_id": 1, "number": "假-1",
    "outcome": "completed", "issued_at": "2020-01-01", "completed_at": "2020-01-01",
    "late_from": "2030-01-01", "original_due": "2030-01-01", "scoring_due": "2030-01-01",
    "approved_due": "2030-01-01", "parent": 1, "parent_id": 1, "path": "00000", "measure": 1,
    "batch": 1, "owner_post": 1, "children_count": 9, "rev": 99, "achieved": 5,
    "returns": 9, "refusals": 9, "id": 1, "pk": 1, "by": 1, "key": "k" * 32,
    "needs_approval": "on", "needs_sign_off": "on", "needs_review": "on",
}  # fmt: skip


def test_registering_takes_only_what_the_form_asks(client, college):
    people = college.people
    category = make_set(approval="never", sign_off="never", review="never")
    client.force_login(people.chen)
    answer = client.post("/tasks/register/", {**NOT_TYPED, **typed(people, category)})
    assert answer.status_code == 302, answer.content.decode()
    task = Task.objects.get()
    assert (task.status, task.progress, task.creator) == (Status.DRAFT, 0, people.chen)
    assert (task.number, task.outcome, task.parent_id, task.rev) == ("", "", None, 0)
    assert (task.issued_at, task.completed_at, task.late_from) == (None, None, None)
    assert (task.original_due, task.scoring_due, task.measure_id) == (None, None, None)
    assert (task.needs_approval, task.needs_sign_off, task.needs_review) == (False,) * 3
    assert (task.batch, task.achieved, task.children_count) == (None, None, 0)


def test_a_report_takes_only_what_the_form_asks(client, college):
    people = college.people
    task = running(people, needs_evidence=False)
    before = Task.objects.values("status", "creator", "owner", "due", "number").get()
    client.force_login(people.li)
    data = {**NOT_TYPED, "progress": 30, "body": "三成", "kind": "completion", "by": people.sun.pk,
            "task": 999, "at": "2020-01-01", "status": "returned", "period": "2020-01"}  # fmt: skip
    data.pop("rev")
    answer = client.post(reverse("reports:submit", args=[task.pk]), data)
    assert answer.status_code == 302, answer.content.decode()
    report = Report.objects.get()
    assert (report.by, report.task, report.progress) == (people.li, task, 30)
    assert (report.kind, report.status, report.at.year) == ("progress", "filed", 2026)
    assert Task.objects.values("status", "creator", "owner", "due", "number").get() == before


def test_a_person_edits_no_powers_through_the_form(client, college):
    people = college.people
    client.force_login(people.admin)
    url = reverse("people:edit_person", args=[people.sun.pk])
    page = client.get(url)
    initial = {k: v for k, v in page.context["form"].initial.items() if v is not None}
    client.post(url, {**initial, "name": "孙丽丽", "is_active": "", "is_superuser": "1",
                      "password": "x", "must_change_password": "1", "account": "root",
                      "main_unit": people.root.pk, "main_unit_key": people.root.pk})  # fmt: skip
    people.sun.refresh_from_db()
    assert people.sun.name == "孙丽丽"
    assert (people.sun.is_active, people.sun.must_change_password) == (True, False)
    assert people.sun.main_unit == people.other
    assert people.sun.account != "root"


def test_more_rows_than_anybody_types_are_refused_in_a_sentence(client, college):
    """Ten to the thirtieth rows are announced; the page comes back at once and nothing is made."""
    people = college.people
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    client.force_login(people.li)
    url = reverse("tasks:break_down", args=[task.pk])
    answer = client.post(url, {"child-TOTAL_FORMS": "9" * 30, "child-INITIAL_FORMS": "0"})
    assert answer.status_code == 422
    assert "400" in answer.content.decode() or "200" in answer.content.decode()
    assert Task.objects.count() == 1


def test_a_table_without_its_management_rows_is_refused_not_broken(client, college):
    people = college.people
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    client.force_login(people.li)
    answer = client.post(reverse("tasks:break_down", args=[task.pk]), {"child-0-title": "x"})
    assert answer.status_code == 422
    assert Task.objects.count() == 1


@pytest.mark.parametrize("rev", [None, "", "x", "²", "-1", "9" * 30])
def test_milestones_without_the_version_they_were_typed_on_are_stale(client, college, rev):
    people = college.people
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    client.force_login(people.li)
    data = {"node-TOTAL_FORMS": 1, "node-INITIAL_FORMS": 0, "node-0-name": "方案",
            "node-0-due": "2026-05-01"}  # fmt: skip
    if rev is not None:
        data["rev"] = rev
    answer = client.post(reverse("tasks:set_milestones", args=[task.pk]), data)
    assert answer.status_code == 409
    assert "他人" in answer.content.decode() or "有人" in answer.content.decode()
    assert task.milestones.count() == 0


def test_a_draft_edited_without_its_version_is_stale(client, college):
    """A form that does not say which version it changes would overwrite any."""
    people = college.people
    category = make_set()
    task = draft(category, people.chen, people.section.pk)
    client.force_login(people.chen)
    url = reverse("tasks:edit", args=[task.pk])
    answer = client.post(url, typed(people, category, title="别人的版本"))
    assert answer.status_code == 409
    task.refresh_from_db()
    assert task.title == "建成省级示范性虚拟仿真实训基地"


@pytest.mark.parametrize("person", ["abc", "", "-1", "²", "9" * 30, None])
def test_entering_a_demonstration_as_nobody_is_not_there(client, college, settings, person):
    settings.DEMO = True
    data = {} if person is None else {"person": person}
    assert client.post("/people/demo-login/", data).status_code == 404


def test_the_demonstration_has_no_door_elsewhere(client, college, settings):
    settings.DEMO = False
    answer = client.post("/people/demo-login/", {"person": college.people.admin.pk})
    assert answer.status_code == 404
    assert client.get("/").status_code == 302


# ── dates and figures through the real forms ─────────────────────────────────────────────────────

WRONG_FIELDS = {
    "no title": ({"title": "   "}, "title"),
    "a title too long": ({"title": "长" * 201}, "title"),
    "a year that is a word": ({"year": "今年"}, "year"),
    "a year out of range": ({"year": "1066"}, "year"),
    "no day": ({"due": "2026-02-30"}, "due"),
    "a day in words": ({"due": "月底"}, "due"),
    "dates reversed": ({"start": "2026-06-01", "due": "2026-05-01"}, "due"),
    "points below nothing": ({"points": "-1"}, "points"),
    "points with letters": ({"points": "十分"}, "points"),
    "points that never end": ({"points": "1e400"}, "points"),
    "points that are none": ({"points": "NaN"}, "points"),
    "a unit that is not": ({"unit": "没有的学院", "unit_key": ""}, "unit"),
    "a person that is not": ({"owner": "没有的人", "owner_key": ""}, "owner"),
    "a kind that is not": ({"kind": "secret"}, "kind"),
    "a category that is not": ({"category": "999999"}, "category"),
    "a NUL byte": ({"title": "题\x00目"}, "title"),
    "a secret matter": ({"secret": "on"}, "secret"),
}


@pytest.mark.parametrize(("wrong", "field"), WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_each_wrong_field_is_named_and_the_rest_stays_typed(client, college, wrong, field):
    people = college.people
    client.force_login(people.chen)
    data = {**typed(people, make_set()), "details": "已经写了很久的内容", **wrong}
    answer = client.post("/tasks/register/", data)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert field in form.errors
    assert all(any("一" <= c <= "鿿" for c in error) for error in form.errors[field])
    assert "已经写了很久的内容" in answer.content.decode()
    assert Task.objects.count() == 0


def test_a_sub_task_due_after_its_parent_is_told_the_day(client, college):
    people = college.people
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    client.force_login(people.li)
    row = {"title": "子任务", "kind": "unit", "unit": "2001", "unit_key": people.section.pk,
           "due": "2027-01-31", "details": "写了很久的内容", "standard": "标准"}  # fmt: skip
    data = {f"child-0-{name}": value for name, value in row.items()}
    data |= {"child-TOTAL_FORMS": 1, "child-INITIAL_FORMS": 0, "key": "k1"}
    answer = client.post(reverse("tasks:break_down", args=[task.pk]), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2026-12-20" in page
    assert "写了很久的内容" in page
    assert Task.objects.count() == 1


FIGURES = {
    "101": "101", "a hundred thousand": "100000", "minus one": "-1", "half a percent": "50.5",
    "a word": "一半", "nothing": "", "a long number": "9" * 30, "thousands of digits": "9" * 5000,
    "superscript": "²",
}  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_progress_that_cannot_be_is_told_and_the_text_stays(client, college, figure):
    people = college.people
    task = running(people, needs_evidence=False)
    client.force_login(people.li)
    url = reverse("reports:submit", args=[task.pk])
    answer = client.post(url, {"progress": figure, "body": "已经写了很久的内容", "rev": 0})
    assert answer.status_code == 422
    errors = answer.context["form"].errors["progress"]
    assert all(any("一" <= c <= "鿿" for c in error) for error in errors)
    assert "已经写了很久的内容" in answer.content.decode()
    assert (Report.objects.count(), Task.objects.get().progress) == (0, 0)


def test_progress_backwards_is_told_what_stands(client, college):
    people = college.people
    task = running(people, needs_evidence=False)
    tell(task, people.li, 60)
    client.force_login(people.li)
    last = Report.objects.get()
    url = reverse("reports:submit", args=[task.pk])
    answer = client.post(url, {"progress": 40, "body": "往回写", "rev": last.pk})
    assert answer.status_code == 422
    assert "60" in str(answer.context["form"].errors["progress"])
    assert Task.objects.get().progress == 60


RARE = "𠮷㐀😀👨‍👩‍👧 é\u202e\u200b𝄞ﬁ"


def test_rare_characters_go_through_every_form_and_come_back(client, college):
    people = college.people
    client.force_login(people.chen)
    data = typed(people, make_set(), title=f"标题{RARE}", details=f"内容{RARE}")
    assert client.post("/tasks/register/", data).status_code == 302
    task = Task.objects.get()
    assert (task.title, task.details) == (f"标题{RARE}", f"内容{RARE}")
    page = client.get(reverse("task", args=[task.pk])).content.decode()
    assert f"标题{RARE}" in page
    assert "𠮷㐀" in client.get("/search/?q=𠮷㐀").content.decode()


# ── people who left and units that closed ────────────────────────────────────────────────────────


def test_a_person_who_left_is_named_at_the_field(client, college):
    people = college.people
    people.sun.left_on = dt.date(2026, 1, 31)
    people.sun.save()
    client.force_login(people.chen)
    shown = {"owner_key": people.sun.pk, "owner": text_of(people.sun)}
    for who in (shown, {"owner": people.sun.name}, {"owner": people.sun.staff_number}):
        answer = client.post("/tasks/register/", typed(people, make_set(), **who))
        assert answer.status_code == 422
        assert "owner" in answer.context["form"].errors
        assert Task.objects.count() == 0


def test_a_unit_that_closed_is_named_at_the_field(client, college):
    people = college.people
    people.other.until = dt.date(2026, 1, 31)
    people.other.save()
    client.force_login(people.chen)
    data = typed(people, make_set(), unit=people.other.code, unit_key=people.other.pk)
    answer = client.post("/tasks/register/", data)
    assert answer.status_code == 422
    assert "unit" in answer.context["form"].errors
    assert Task.objects.count() == 0


def test_a_draft_whose_person_left_meanwhile_is_not_issued(client, college):
    people = college.people
    task = draft(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    people.li.left_on = dt.date(2026, 3, 1)
    people.li.save()
    client.force_login(people.chen)
    answer = client.post(reverse("tasks:issue", args=[task.pk]), {"text": "x"})
    assert answer.status_code == 422
    assert people.li.name in answer.content.decode()
    assert Task.objects.get().status == Status.DRAFT


# ── the same button twice, one after the other ───────────────────────────────────────────────────


def test_the_second_click_on_each_act_finds_it_done(client, college):
    """Acts that move a task: the second one is refused in a sentence and moves nothing further."""
    people = college.people
    task = draft(make_set(assessment="never"), people.chen, people.section.pk,
                 owner_id=people.li.pk)  # fmt: skip
    client.force_login(people.chen)
    issue = reverse("tasks:issue", args=[task.pk])
    assert client.post(issue).status_code == 302
    answer = client.post(issue)
    assert answer.status_code == 403
    assert "状态" in answer.content.decode() or "不能" in answer.content.decode()
    assert Task.objects.get().status == Status.ACTIVE
    cancel = reverse("tasks:cancel", args=[task.pk])
    assert client.post(cancel, {"text": "重复"}).status_code in (302, 403)


def test_a_comment_sent_twice_stands_once(client, college):
    people = college.people
    task = running(people)
    client.force_login(people.li)
    url = reverse("tasks:comment", args=[task.pk])
    for _n in range(2):
        assert client.post(url, {"text": "请协助", "key": "c" * 32}).status_code == 302
    assert task.remarks.count() == 1


def test_the_same_key_of_somebody_else_gives_nothing_away(client, college):
    """A key another person used is told to be used, and writes nothing."""
    people = college.people
    category = make_set(visibility="involved")
    client.force_login(people.chen)
    client.post("/tasks/register/", typed(people, category, key="d" * 32, title="不公开"))
    client.force_login(people.wang)
    answer = client.post("/tasks/register/", typed(people, category, key="d" * 32), follow=True)
    assert answer.status_code == 422
    assert "已经提交过一次" in answer.content.decode()
    assert "不公开" not in answer.content.decode()
    assert Task.objects.count() == 1


KEYS = {"five thousand letters": "k" * 5000, "a NUL byte": "k\x00", "markup": "<b>", "40": "k" * 40}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_no_form_of_ours_made_breaks_nothing(client, college, key):
    """PostgreSQL refuses what is longer than its column; the form must not get that far."""
    people = college.people
    client.force_login(people.chen)
    data = {"code": "new", "name": "新计划", "order": 0, "key": key}
    assert client.post(reverse("measures:create_programme"), data).status_code in (302, 422)
    answer = client.post("/tasks/register/", typed(people, make_set(), key=key))
    assert answer.status_code in (302, 422)
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    client.force_login(people.li)
    row = {"title": "子任务", "kind": "unit", "unit": "2001", "unit_key": people.section.pk,
           "due": "2026-10-01", "details": "内容", "standard": "标准"}  # fmt: skip
    data = {f"child-0-{name}": value for name, value in row.items()}
    data |= {"child-TOTAL_FORMS": 1, "child-INITIAL_FORMS": 0, "key": key}
    answer = client.post(reverse("tasks:break_down", args=[task.pk]), data)
    assert answer.status_code in (302, 422)


def test_evidence_of_others_cannot_be_cited_to_be_seen(client, college):
    """Citing a file opens it to who sees the report; so only what one was shown may be cited."""
    people = college.people
    hidden = issued(
        make_set(visibility="involved"), people.chen, people.other.pk, owner_id=people.sun.pk
    )
    secret = attach(hidden.ref, [SimpleUploadedFile("a.txt", b"secret")], by=people.sun.actor)[0]
    task = running(people)
    client.force_login(people.li)
    url = reverse("reports:submit", args=[task.pk])
    data = {"progress": 30, "body": "三成", "rev": 0, "cited": [secret.pk]}
    assert client.post(url, data).status_code == 422
    assert Report.objects.count() == 0
    assert client.get(reverse("files:download", args=[secret.pk])).status_code == 404
