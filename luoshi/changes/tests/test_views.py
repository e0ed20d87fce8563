"""Pages of transfers: a browser and htmx, happy and refused, and what lists cost."""

import pytest
from django.urls import reverse

from luoshi.changes.models import Change
from luoshi.changes.tests.factories import asked
from luoshi.desk.queries.home import work_list
from luoshi.kit import clock
from luoshi.people.models import Draft, Person
from luoshi.reports.tests.factories import running
from luoshi.tasks.models import Task

HTMX = {"HX-Request": "true"}
KEY = "0" * 31 + "1"


def post(client, url, **data):
    return client.post(url, data)


def test_the_owner_asks_in_a_dialog(client, task, people):
    client.force_login(people.li)
    url = reverse("changes:ask", args=[task.pk])
    assert client.get(url, headers=HTMX).status_code == 200
    data = {"to": people.sun.staff_number, "reason": "调任财务处", "key": KEY}
    answer = client.post(url, data, headers=HTMX)
    assert answer.status_code == 204
    assert "task-changed" in answer["HX-Trigger"]
    assert Change.objects.get().taker == people.sun
    assert client.post(url, data).status_code in (302, 403)  # the second click makes nothing new
    assert Change.objects.count() == 1


def test_what_is_missing_is_said_and_nothing_is_written(client, task, people):
    client.force_login(people.li)
    url = reverse("changes:ask", args=[task.pk])
    answer = client.post(url, {"to": people.sun.staff_number, "reason": ""})
    assert answer.status_code == 422
    answer = client.post(url, {"to": people.li.staff_number, "reason": "调岗"})
    assert answer.status_code == 422
    assert "已是任务负责人" in answer.content.decode()
    assert not Change.objects.exists()


def test_others_are_refused(client, task, people):
    client.force_login(people.sun)
    url = reverse("changes:ask", args=[task.pk])
    for answer in (client.get(url), client.post(url, {"to": people.sun.staff_number})):
        assert answer.status_code == 403


def test_the_receiver_finds_it_on_the_desk_and_accepts(client, task, people):
    change = asked(task, people.li, people.sun)
    work = work_list(people.sun, clock.today())
    row = next(row for group in work.groups if group.name == "do" for row in group.rows)
    assert row.act_url == reverse("changes:answer", args=[change.pk])
    client.force_login(people.sun)
    assert "岗位变动" in client.get(row.act_url, headers=HTMX).content.decode()
    page = client.get(reverse("task", args=[task.pk])).content.decode()
    assert "转交中" in page
    assert row.act_url in page
    answer = client.post(row.act_url, {"answer": "accept", "opinion": ""}, headers=HTMX)
    assert answer.status_code == 204
    assert Task.objects.get().owner == people.sun
    assert all(
        row.act_url != reverse("changes:answer", args=[change.pk])
        for group in work_list(people.sun, clock.today()).groups
        for row in group.rows
    )


def test_both_see_that_it_is_being_handed_over_and_the_giver_can_withdraw(client, task, people):
    change = asked(task, people.li, people.sun)
    client.force_login(people.li)
    page = client.get(reverse("task", args=[task.pk])).content.decode()
    url = reverse("changes:withdraw", args=[change.pk])
    assert "转交中" in page
    assert url in page
    assert client.get(url, headers=HTMX).status_code == 200
    assert client.post(url, headers=HTMX).status_code == 204
    assert "转交中" not in client.get(reverse("task", args=[task.pk])).content.decode()


def test_declining_without_a_reason_is_said_at_the_field(client, task, people):
    change = asked(task, people.li, people.sun)
    client.force_login(people.sun)
    url = reverse("changes:answer", args=[change.pk])
    assert client.post(url, {"answer": "decline"}).status_code == 422
    assert client.post(url, {"answer": "whatever"}).status_code == 422
    assert client.post(url, {"answer": "decline", "opinion": "不分管"}).status_code == 302
    change.refresh_from_db()
    assert change.state == "declined"


def test_a_transfer_of_others_does_not_exist(client, task, people):
    change = asked(task, people.li, people.sun)
    client.force_login(people.wang)
    for name in ("answer", "withdraw"):
        assert client.get(reverse(f"changes:{name}", args=[change.pk])).status_code == 404


def test_all_at_once_on_a_change_of_post(client, people, day):
    day("2026-03-02")
    tasks = [running(people) for _ in range(3)]
    client.force_login(people.li)
    url = reverse("changes:ask_many")
    page = client.get(url).content.decode()
    assert all(f'value="{task.pk}"' in page for task in tasks)
    none = client.post(url, {"to": people.sun.staff_number, "reason": "调岗"})
    assert none.status_code == 422
    data = {"to": people.sun.staff_number, "reason": "调岗", "tasks": [t.pk for t in tasks]}
    assert client.post(url, data | {"key": KEY}).status_code == 302
    assert Change.objects.count() == 3
    client.force_login(people.sun)
    many = reverse("changes:answer_many")
    assert client.post(many, {"answer": "accept"}).status_code == 422
    ticked = list(Change.objects.values_list("pk", flat=True))
    assert client.post(many, {"answer": "decline", "change": ticked}).status_code == 422
    assert client.post(many, {"answer": "accept", "change": ticked}).status_code == 302
    assert set(Task.objects.values_list("owner", flat=True)) == {people.sun.pk}


def test_a_task_of_somebody_else_cannot_be_slipped_in(client, task, people):
    client.force_login(people.sun)
    data = {"to": people.wang.staff_number, "reason": "调岗", "tasks": [task.pk]}
    assert client.post(reverse("changes:ask_many"), data).status_code == 422
    assert not Change.objects.exists()


def test_many_stand_in_one_row_of_the_desk(people, day):
    day("2026-03-02")
    for _ in range(5):
        asked(running(people), people.li, people.sun)
    group = next(g for g in work_list(people.sun, clock.today()).groups if g.name == "do")
    rows = [row for row in group.rows if row.act_url == reverse("changes:index")]
    assert [row.stands_for for row in rows] == [5]


@pytest.mark.parametrize("show", ["waiting", "asked", "answered", "nonsense"])
def test_the_lists_cost_the_same_at_any_length(
    client, people, day, show, django_assert_num_queries
):
    day("2026-03-02")
    asked(running(people), people.li, people.sun)
    person = people.li if show == "asked" else people.sun
    client.force_login(person)
    url = reverse("changes:index") + f"?show={show}"
    client.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(2):
        asked(running(people), people.li, people.sun)
    with django_assert_num_queries(len(one)):
        assert client.get(url).status_code == 200


def test_the_page_of_many_costs_the_same_at_any_length(
    client, people, day, django_assert_max_num_queries
):
    day("2026-03-02")
    running(people)
    client.force_login(people.li)
    url = reverse("changes:ask_many")
    client.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        client.get(url)
    running(people), running(people)
    with django_assert_max_num_queries(len(one)):
        assert client.get(url).status_code == 200


def test_the_draft_of_the_giver_opens_for_the_receiver(client, task, people):
    client.force_login(people.li)
    path = reverse("reports:submit", args=[task.pk])
    client.post(reverse("people:draft"), {"form": path, "data": '{"body": ["三月进展写了一半"]}'})
    change = asked(task, people.li, people.sun)
    client.force_login(people.sun)
    client.post(reverse("changes:answer", args=[change.pk]), {"answer": "accept"})
    kept = client.get(reverse("people:draft"), {"form": path}).json()
    assert kept["data"]["body"] == ["三月进展写了一半"]
    assert not Draft.objects.filter(person=people.li).exists()
    assert client.get(path).status_code == 200
    client.force_login(Person.objects.get(pk=people.li.pk))
    assert client.get(path).status_code == 403
