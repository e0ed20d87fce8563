"""Two people, or one with a quick finger, at the same moment through HTTP: nothing twice, no break.

Each request has a thread and a connection of its own; the database of the tests is a file.
"""

import threading
from collections import Counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from luoshi.intake.models import ImportBatch
from luoshi.intake.tests import factories as tables
from luoshi.measures.models import Category, Programme
from luoshi.people.models import Body, Favourite, Person, Post, Tenure, Unit
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import running
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Remark, Role, Task
from luoshi.tasks.tests.factories import draft, issued, make_set
from luoshi.trail.models import Event
from tests.hostile.test_forms import typed

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "a" * 32
CLICKS = 3


@pytest.fixture
def people(transactional_db, monkeypatch):
    from luoshi.reports.tests.factories import at

    at(monkeypatch, "2026-03-10")
    return cast()


def at_once(*requests):
    """Send (person, url, data) at the same moment; the answers in their order."""
    gate = threading.Barrier(len(requests))
    answers = [None] * len(requests)
    clients = []
    for person, _url, _data in requests:
        client = Client(raise_request_exception=False)
        client.force_login(person)
        clients.append(client)

    def send(place):
        _person, url, data = requests[place]
        gate.wait(20)
        try:
            answers[place] = clients[place].post(url, dict(data))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[place]) for place in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def clicked(person, url, data, times=CLICKS):
    """The same button pressed several times by one person; where every click led."""
    answers = at_once(*[(person, url, data)] * times)
    assert {a.status_code for a in answers} == {302}, [
        (a.status_code, a.content.decode()[-300:]) for a in answers
    ]
    return {a.url for a in answers}


# ── the same button, several times ───────────────────────────────────────────────────────────────


def test_registering(people):
    places = clicked(people.chen, "/tasks/register/", typed(people, make_set(), key=KEY))
    assert places == {reverse("go", args=["task", Task.objects.get().pk])}
    assert Event.objects.filter(verb="task.register").count() == 1


def test_registering_and_issuing(people):
    data = typed(people, make_set(), key=KEY, issue="1", owner=people.li.staff_number)
    places = clicked(people.chen, "/tasks/register/", data)
    task = Task.objects.get()
    assert places == {reverse("go", args=["task", task.pk])}
    assert task.status == Status.ACTIVE
    assert Event.objects.filter(verb="task.issue").count() == 1


def test_breaking_down(people):
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    row = {"title": "子任务", "kind": "unit", "unit": "2001", "unit_key": people.section.pk,
           "due": "2026-10-01", "details": "内容", "standard": "标准"}  # fmt: skip
    data = {f"child-0-{name}": value for name, value in row.items()}
    data |= {"child-TOTAL_FORMS": 1, "child-INITIAL_FORMS": 0, "key": KEY}
    clicked(people.li, reverse("tasks:break_down", args=[task.pk]), data)
    assert Task.objects.filter(parent=task).count() == 1
    task.refresh_from_db()
    assert task.children_count == 1


def test_commenting(people):
    task = running(people)
    url = reverse("tasks:comment", args=[task.pk])
    clicked(people.li, url, {"text": "请协助", "key": KEY})
    assert Remark.objects.count() == 1


def test_reporting(people):
    task = running(people, needs_evidence=False)
    url = reverse("reports:submit", args=[task.pk])
    clicked(people.li, url, {"progress": 40, "body": "四成", "key": KEY, "rev": 0})
    assert Report.objects.count() == 1
    assert Task.objects.get().progress == 40


def test_following(people):
    task = running(people)
    clicked(people.sun, reverse("tasks:follow", args=[task.pk]), {"on": "1"})
    assert Part.objects.filter(role=Role.FOLLOWER).count() == 1


def test_starring(people):
    """Each press turns the star: whatever is left is one star or none, and nothing breaks."""
    clicked(people.sun, "/people/favourite/", {"url": "/tasks/", "title": "任务", "next": "/"})
    assert Favourite.objects.count() <= 1


def test_saving_a_draft(people):
    data = {"form": "/tasks/register/", "data": '{"title": ["写到一半"]}'}
    answers = at_once(*[(people.sun, "/people/draft/", data)] * CLICKS)
    assert {a.status_code for a in answers} == {200}
    assert people.sun.drafts.count() == 1


PEOPLE_FORMS = {
    "a unit": (Unit, "people:create_unit", {"code": "77", "name": "新单位", "since": "2026-01-01"}),
    "a person": (Person, "people:enter_person",
                 {"staff_number": "7777", "name": "钱新", "entered_on": "2026-01-01"}),
    "a post": (Post, "people:create_post", {"duty": "deputy", "title": "副主任"}),
    "a body": (Body, "people:create_body", {"code": "B7", "name": "专题会", "since": "2026-01-01"}),
    "an appointment": (Tenure, "people:appoint", {"duty": "deputy", "since": "2026-01-01"}),
}  # fmt: skip


@pytest.mark.parametrize("what", PEOPLE_FORMS)
def test_entering(people, what):
    model, name, data = PEOPLE_FORMS[what]
    given = {"people:create_post": [people.other.pk], "people:appoint": [people.sun.pk]}
    url = reverse(name, args=given.get(name, []))
    unit = {"": "财务处", "_key": people.other.pk}
    for field in ("parent", "unit", "main_unit", "office"):
        data = data | {f"{field}{end}": value for end, value in unit.items()}
    data = data | {"kind": people.other.kind_id, "key": KEY}
    before = model.objects.count()
    answers = at_once(*[(people.admin, url, data)] * CLICKS)
    codes = Counter(a.status_code for a in answers)
    assert set(codes) <= {200, 302}, [a.content.decode()[-400:] for a in answers]
    assert model.objects.count() == before + 1, codes


def test_writing_a_programme_and_a_category(people):
    data = {"code": "new", "name": "新计划", "order": 0, "key": KEY}
    clicked(people.chen, reverse("measures:create_programme"), data)
    assert Programme.objects.filter(code="new").count() == 1
    make_set()
    assert Category.objects.count() == 1


def test_uploading_a_table(people):
    category = make_set()
    data = tables.csv_of(("1", "建设基地", "财务处", "12月底前")).encode()

    forms = [
        {"category": category.pk, "year": 2026, "key": KEY,
         "upload": SimpleUploadedFile("表.csv", data)}
        for _n in range(CLICKS)
    ]  # fmt: skip
    answers = at_once(*[(people.chen, reverse("intake:upload"), form) for form in forms])
    assert {a.status_code for a in answers} == {302}
    assert len({a.url for a in answers}) == 1
    assert ImportBatch.objects.count() == 1


# ── two people, the same thing ───────────────────────────────────────────────────────────────────


def _one_wins(answers, lost=frozenset({409, 422, 403})):
    codes = Counter(a.status_code for a in answers)
    assert codes[302] == 1, codes
    assert set(codes) <= {302, *lost}, [a.content.decode()[-300:] for a in answers]
    for answer in answers:
        if answer.status_code != 302:
            assert any("一" <= c <= "鿿" for c in answer.content.decode())


def test_two_people_save_one_draft(people):
    category = make_set()
    task = draft(category, people.chen, people.section.pk)
    url = reverse("tasks:edit", args=[task.pk])
    _one_wins(
        at_once(
            (people.chen, url, typed(people, category, rev=task.rev, title="甲的版本")),
            (people.zhou, url, typed(people, category, rev=task.rev, title="乙的版本")),
        )
    )
    assert Task.objects.get().title in {"甲的版本", "乙的版本"}
    assert Event.objects.filter(verb="task.edit").count() == 1


def test_two_people_issue_one_draft(people):
    task = draft(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    url = reverse("tasks:issue", args=[task.pk])
    _one_wins(at_once((people.chen, url, {}), (people.zhou, url, {})))
    assert Event.objects.filter(verb="task.issue").count() == 1


def test_two_people_issue_and_throw_away_one_draft(people):
    task = draft(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    answers = at_once(
        (people.chen, reverse("tasks:issue", args=[task.pk]), {}),
        (people.zhou, reverse("tasks:discard", args=[task.pk]), {}),
    )
    _one_wins(answers, frozenset({403, 404, 409, 422}))
    assert Task.objects.count() == (answers[0].status_code == 302)


def _running(people) -> Task:
    category = make_set(needs_evidence=False, cancel_by="both")
    return issued(category, people.chen, people.section.pk, owner_id=people.li.pk)


def test_cancelling_while_a_report_is_filed(people):
    task = _running(people)
    answers = at_once(
        (people.chen, reverse("tasks:cancel", args=[task.pk]), {"text": "不再需要"}),
        (people.li, reverse("reports:submit", args=[task.pk]), {"progress": 100, "body": "完成"}),
    )
    assert {a.status_code for a in answers} <= {302, 403, 409}
    task.refresh_from_db()
    assert task.status == Status.CANCELLED or answers[0].status_code != 302


def test_two_clerks_change_one_person(people):
    url = reverse("people:edit_person", args=[people.sun.pk])
    client = Client()
    client.force_login(people.admin)
    initial = client.get(url).context["form"].initial
    data = {name: value for name, value in initial.items() if value is not None}
    _one_wins(
        at_once(
            (people.admin, url, {**data, "name": "孙甲"}),
            (people.admin, url, {**data, "name": "孙乙"}),
        )
    )
    assert Event.objects.filter(verb="person.edit").count() == 1


def test_two_offices_cancel_one_task(people):
    task = _running(people)
    url = reverse("tasks:cancel", args=[task.pk])
    _one_wins(at_once((people.chen, url, {"text": "甲"}), (people.zhou, url, {"text": "乙"})))
    assert Event.objects.filter(verb="task.cancel").count() == 1
