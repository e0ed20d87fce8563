"""Who answers for a task is reminded before it is due."""

import datetime as dt

import pytest
from django.utils import timezone

from luoshi.kit import clock
from luoshi.kit.jobs import run_waiting
from luoshi.notices.models import Message, Waiting
from luoshi.notices.services import send_digests
from luoshi.people.models import Person, Tenure
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, make_person, seat
from luoshi.tasks import jobs
from luoshi.tasks.models import Task
from luoshi.tasks.services import line
from luoshi.tasks.services.reminding import look, remind_due, responsible_for
from luoshi.tasks.services.taking_part import share
from luoshi.tasks.tests.factories import issued, make_set

DUE = dt.date(2026, 12, 18)  # a Friday


@pytest.fixture
def people(db):
    return cast()


@pytest.fixture
def day(monkeypatch):
    def to(text: str) -> None:
        moment = timezone.make_aware(dt.datetime.fromisoformat(f"{text}T07:10"))
        monkeypatch.setattr(clock, "now", lambda: moment)

    to("2026-03-10")
    return to


@pytest.fixture
def task(people, day):
    category = make_set(remind_before="7,3,1", rhythm="none")
    return issued(category, people.chen, people.section.pk, owner_id=people.li.pk, due=DUE)


def waiting() -> list[tuple[int, str]]:
    return list(Waiting.objects.order_by("pk").values_list("person_id", "key"))


def test_so_many_days_before_the_due_date(people, task, day):
    told = []
    for n in range(30):
        text = (DUE - dt.timedelta(days=20 - n)).isoformat()
        day(text)
        before = Waiting.objects.count()
        remind_due()
        if Waiting.objects.count() > before:
            told.append(text)
    # the 11th, the 15th, the 17th
    assert told == ["2026-12-11", "2026-12-15", "2026-12-17"]
    assert {pk for pk, _key in waiting()} == {people.li.pk}


def test_a_reminder_that_falls_on_a_day_off_comes_before(people, task, day):
    Task.objects.filter(pk=task.pk).update(due=dt.date(2026, 12, 20))  # 13th, 17th, 19th
    day("2026-12-11")
    assert remind_due() == 1
    day("2026-12-12")
    assert remind_due() == 0
    day("2026-12-17")
    assert remind_due() == 1
    day("2026-12-18")
    assert remind_due() == 1
    assert [key.rsplit("/", 1)[1] for _pk, key in waiting()] == ["7", "3", "1"]


def test_running_it_again_and_again_queues_nothing_twice(people, task, day):
    day("2026-12-17")
    for _n in range(3):
        remind_due()
        send_digests()
    day("2026-12-18")
    remind_due()
    send_digests()
    assert len(waiting()) == 1
    assert Message.objects.filter(person=people.li, kind="notices.digest").count() == 1


def test_a_worker_that_stood_still_for_two_days_catches_up(people, task, day):
    day("2026-12-17")
    assert remind_due() == 1
    assert [key.rsplit("/", 1)[1] for _pk, key in waiting()] == ["1"]


def test_only_tasks_under_way_and_only_where_the_measure_says_so(people, task, day):
    plain = issued(make_set(rhythm="none"), people.chen, people.section.pk,
                   owner_id=people.li.pk, due=DUE)  # fmt: skip
    day("2026-12-17")
    line.cancel(task, reason="不做了", by=people.chen.actor)
    assert remind_due() == 0
    Task.objects.filter(pk=task.pk).update(status=40, paused=True)
    assert remind_due() == 0
    assert plain.measure.remind_before == ""
    assert waiting() == []


def test_a_task_issued_since_is_not_reminded_of_on_that_day(people, day):
    day("2026-12-17")
    category = make_set(remind_before="1", rhythm="none")
    issued(category, people.chen, people.section.pk, owner_id=people.li.pk, due=DUE)
    assert remind_due() == 0


def test_a_new_due_date_is_reminded_of_anew(people, task, day):
    day("2026-12-17")
    remind_due()
    Task.objects.filter(pk=task.pk).update(due=dt.date(2026, 12, 24))
    assert remind_due() == 1
    assert len(waiting()) == 2
    rows = list(Waiting.objects.order_by("pk"))
    seen = look(rows, people.li)
    assert [seen[row.pk].open for row in rows] == [False, True]


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_present_holder_of_the_post_is_told(people, task, day):
    post = seat(people.li, people.section, Duty.SECTION_HEAD).post
    Task.objects.filter(pk=task.pk).update(owner_post=post)
    successor = make_person("继任者", people.section)
    Tenure.objects.filter(post=post).update(until=dt.date(2026, 6, 30))
    Tenure.objects.create(post=post, person=successor, since=dt.date(2026, 7, 1))
    day("2026-12-17")
    remind_due()
    assert [pk for pk, _key in waiting()] == [successor.pk]


def test_where_the_owner_left_the_heads_of_the_unit_are_told(people, day):
    category = make_set(remind_before="1", rhythm="none")
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk, due=DUE)
    Task.objects.filter(pk=task.pk).update(owner_post=None)
    Person.objects.filter(pk=people.li.pk).update(left_on=dt.date(2026, 11, 1))
    day("2026-12-17")
    remind_due()
    assert [pk for pk, _key in waiting()] == [people.wang.pk]


def test_who_shares_a_task_is_told_too(people, task, day):
    share(task, [people.sun], by=people.li.actor)
    assert responsible_for([Task.objects.get()])[task.pk] == [people.li.pk, people.sun.pk]


@pytest.mark.parametrize("n", [1, 12])
def test_who_answers_costs_the_same_for_many(people, day, n, django_assert_max_num_queries):
    category = make_set(rhythm="none")
    tasks = [
        issued(category, people.chen, people.section.pk, owner_id=people.li.pk, due=DUE)
        for _n in range(n)
    ]
    with django_assert_max_num_queries(4):
        assert set(responsible_for(tasks)) == {task.pk for task in tasks}


def test_the_job_queues_and_has_it_told(people, task, day, django_capture_on_commit_callbacks):
    day("2026-12-17")
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.remind_due() == 1
    run_waiting()
    [message] = Message.objects.filter(person=people.li, kind="notices.digest")
    assert message.title == task.title
