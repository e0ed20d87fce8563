"""共享 (TSK-4, S3 3.3): all it is shared with may act; whoever acts first has done it for all."""

import datetime as dt

import pytest
from django.urls import reverse

from luoshi.desk.queries.home import work_list
from luoshi.kit.verdict import NotAllowed, Stale
from luoshi.notices.kinds import rows_of
from luoshi.notices.models import Message
from luoshi.people.models import Person
from luoshi.reports.models import Due
from luoshi.reports.services import amend_report, owed
from luoshi.reports.tests.factories import paper, running, tell
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.services import taking_part

DAY = dt.date(2026, 3, 27)


def to_do(person: Person) -> list[str]:
    """What the desk asks of somebody."""
    groups = work_list(Person.objects.get(pk=person.pk), DAY).groups
    return [row.title for group in groups if group.name == "do" for row in group.rows]


def told(person: Person) -> list[str]:
    rows = Message.objects.filter(person=person).order_by("pk")
    return [row.sentence for row in rows_of(rows)]


@pytest.fixture
def shared(people, day) -> Task:
    """A task of Li's, shared with Sun and Wang, with the report of March owed."""
    day("2026-03-02")
    task = running(people)
    taking_part.share(task, [people.sun, people.wang], by=people.li.actor)
    owed.open_coming_dues()
    Message.objects.all().delete()
    day(DAY.isoformat())
    return task


def test_it_stands_on_the_desk_of_all_until_one_has_done_it(shared, people):
    everybody = (people.li, people.sun, people.wang)
    assert [to_do(person) for person in everybody] == [[shared.title]] * 3
    report = tell(shared, people.sun, 30)
    assert [to_do(person) for person in everybody] == [[]] * 3
    due = Due.objects.get(task=shared, filed_by=report)
    assert due.filed_on == DAY


def test_the_others_are_told_who_did_it_and_the_doer_is_not(shared, people):
    tell(shared, people.sun, 30)
    words = f"孙丽已反馈共享任务“{shared.title}”，您不必再处理。"
    assert told(people.li) == [words]
    assert told(people.wang) == [words]
    assert told(people.sun) == []


def test_they_see_on_the_task_who_did_it(shared, people, client):
    tell(shared, people.sun, 30)
    client.force_login(people.wang)
    page = client.get(reverse("task", args=[shared.pk])).content.decode()
    panel = page.partition('id="reports-panel"')[2].partition("</section>")[0]
    assert "孙丽" in panel
    assert "30" in panel


def test_who_had_the_form_open_is_told_and_loses_nothing(shared, people, client):
    client.force_login(people.wang)
    url = reverse("reports:submit", args=[shared.pk])
    assert client.get(url).status_code == 200
    tell(shared, people.sun, 30)
    data = {"progress": 40, "body": "王院长写的进展", "rev": 0, "evidence": paper()}
    answer = client.post(url, data)
    assert answer.status_code == 409
    assert "王院长写的进展" in answer.content.decode()


def test_a_report_of_the_owner_does_it_for_those_it_is_shared_with(shared, people):
    tell(shared, people.li, 30)
    assert to_do(people.sun) == []
    assert told(people.sun) == [f"李敏已反馈共享任务“{shared.title}”，您不必再处理。"]


def test_completing_ends_it_for_all(shared, people):
    tell(shared, people.wang, 100)
    for person in (people.li, people.sun):
        assert to_do(person) == []
        with pytest.raises((NotAllowed, Stale)):
            tell(Task.objects.get(), person, 100)


def test_an_amendment_is_no_second_message(shared, people):
    report = tell(shared, people.sun, 30)
    Message.objects.all().delete()
    amend_report(report=report, by=people.sun.actor, progress=40, body="更正")
    assert told(people.wang) == []


def test_the_creator_hears_once_even_where_it_is_shared_with_them(shared, people):
    Part.objects.create(task=shared, role=Role.SHARED, person=people.chen, year=shared.year)
    tell(shared, people.sun, 30)
    assert len(told(people.chen)) == 1


def test_a_task_shared_with_nobody_tells_nobody_more(people, day):
    day("2026-03-02")
    task = running(people)
    Message.objects.all().delete()
    tell(task, people.li, 10)
    assert set(Message.objects.values_list("kind", flat=True)) == {"report.submit"}
