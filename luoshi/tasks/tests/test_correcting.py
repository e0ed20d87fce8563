"""Correcting issued tasks: by whom, until when, which fields, and what is left behind."""

from decimal import Decimal

import pytest
from django.urls import reverse

from luoshi.kit import clock
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.notices.models import Message
from luoshi.people.tests.factories import cast
from luoshi.search.queries import task_ids_matching
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.services.correcting import correct
from luoshi.tasks.tests.factories import draft, issued, make_set
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def c():
    people = cast()
    people.task = issued(
        make_set(), people.chen, people.school.pk, owner_id=people.li.pk, points=Decimal(5)
    )
    return people


def as_it_is(task):
    return Task.objects.get(pk=task.pk)


def test_a_slip_is_corrected_on_record_and_everybody_at_work_is_told(c):
    values = {"title": "建成国家级实训基地", "points": Decimal("6.5"), "details": c.task.details}
    correct(c.task, values, by=c.chen.actor, rev=c.task.rev, reason="标题写错", origin="表格")

    fresh = as_it_is(c.task)
    assert (fresh.title, fresh.points, fresh.rev) == (
        "建成国家级实训基地",
        Decimal("6.50"),
        c.task.rev + 1,
    )
    assert fresh.countings.get(home=True).points == Decimal("6.50")
    event = Event.objects.filter(about_kind="task", about_id=fresh.pk).order_by("seq").last()
    assert event.verb == "task.correct"
    for word in ("标题写错", "表格", "建成国家级实训基地", c.task.title, "6.5"):
        assert word in event.data
    assert "details" not in event.data
    told = Message.objects.filter(kind="task.correct").values_list("person_id", flat=True)
    assert set(told) == {c.li.pk}
    assert Task.objects.filter(pk__in=task_ids_matching("国家级")).get() == fresh


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [
        ({"title": " "}, "写错", "title"),
        ({"details": ""}, "写错", "details"),
        ({"points": Decimal(-1)}, "写错", "points"),
        ({"urgency": "soon"}, "写错", "urgency"),
        ({"title": "新标题"}, "  ", "reason"),
    ],
)
def test_what_cannot_stand_is_refused(c, values, reason, field):
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        correct(c.task, values, by=c.chen.actor, rev=c.task.rev, reason=reason)
    assert refusal.value.field == field
    assert (as_it_is(c.task).rev, Event.objects.count()) == (c.task.rev, before)


@pytest.mark.parametrize("name", ["due", "owner_id", "unit_id", "start", "status"])
def test_what_moves_by_an_act_of_its_own_is_not_corrected(c, name):
    with pytest.raises(NotAllowed):
        correct(c.task, {name: None}, by=c.chen.actor, rev=c.task.rev, reason="写错")
    assert getattr(as_it_is(c.task), name) == getattr(c.task, name)


def test_only_who_issued_it_the_office_and_whose_task_is_above_correct_it(c):
    for person in (c.li, c.wang, c.sun):
        with pytest.raises(NotAllowed):
            correct(c.task, {"title": "x"}, by=person.actor, rev=c.task.rev, reason="写错")
    correct(c.task, {"title": "由督办更正"}, by=c.zhou.actor, rev=c.task.rev, reason="写错")
    assert as_it_is(c.task).title == "由督办更正"


@pytest.mark.parametrize("status", set(Status) - {Status.ISSUED, Status.ACTIVE})
def test_it_is_corrected_only_while_it_is_worked_on(c, status):
    Task.objects.filter(pk=c.task.pk).update(status=status)
    with pytest.raises(NotAllowed):
        correct(c.task, {"title": "x"}, by=c.chen.actor, rev=c.task.rev, reason="写错")


def test_what_was_assessed_stays_as_it_was(c):
    Task.objects.filter(pk=c.task.pk).update(assessed_at=clock.now())
    with pytest.raises(NotAllowed):
        correct(c.task, {"title": "x"}, by=c.chen.actor, rev=c.task.rev, reason="写错")


def test_who_comes_second_is_told_and_no_difference_writes_nothing(c):
    with pytest.raises(Stale):
        correct(c.task, {"title": "x"}, by=c.chen.actor, rev=c.task.rev + 1, reason="写错")
    before = Event.objects.count()
    correct(c.task, {"title": c.task.title}, by=c.chen.actor, rev=c.task.rev, reason="")
    assert (as_it_is(c.task).rev, Event.objects.count()) == (c.task.rev, before)


def test_the_form_shows_what_stands_and_corrects_it(c, client):
    url = reverse("tasks:correct", args=[c.task.pk])
    client.force_login(c.chen)
    page = client.get(url)
    assert c.task.title in page.content.decode()
    sent = {**page.context["form"].initial, "title": "改过的标题", "reason": "写错", "weight": ""}
    assert client.post(url, sent | {"reason": ""}).status_code == 422
    assert client.post(url, sent).status_code == 302
    assert as_it_is(c.task).title == "改过的标题"
    assert client.post(url, sent, headers={"HX-Request": "true"}).status_code == 409  # seen before
    client.force_login(c.li)
    assert client.get(url).status_code == 403
    mine = draft(make_set(), c.chen, c.school.pk)
    client.force_login(c.chen)
    assert client.get(reverse("tasks:correct", args=[mine.pk])).status_code == 403
