"""Who has not reported for the period is reminded on the 25th and the 28th (S0, 通知二(1))."""

import datetime as dt

import pytest
from django.urls import reverse

from luoshi.kit.jobs import run_waiting
from luoshi.measures.models import Measure
from luoshi.notices.models import Message, Waiting
from luoshi.notices.services import send_digests
from luoshi.reports import jobs
from luoshi.reports.models import Due
from luoshi.reports.services.owed import open_coming_dues
from luoshi.reports.services.reminding import look, remind_owed
from luoshi.reports.tests.factories import running, tell
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import issued, make_set


@pytest.fixture
def task(people, day):
    day("2026-03-10")
    task = running(people)
    Measure.objects.update(remind_on="25,28")
    return task


@pytest.fixture
def morning(day):
    """A morning of the worker: what is owed is opened, then reminded of."""

    def at(text: str) -> int:
        day(text, 7)
        open_coming_dues()
        return remind_owed()

    return at


def keys() -> list[str]:
    return list(Waiting.objects.order_by("pk").values_list("key", flat=True))


def test_on_the_days_the_measure_names_those_who_have_not_reported(people, task, morning):
    """November 2026: the 25th is a Wednesday, the 28th a Saturday, so told on Friday the 27th."""
    told = {}
    for n in range(1, 31):
        before = Waiting.objects.count()
        morning(f"2026-11-{n:02}")
        if Waiting.objects.count() > before:
            told[n] = Waiting.objects.count() - before
    assert told == {25: 1, 27: 1}
    [period] = set(Waiting.objects.values_list("data__due", flat=True))
    assert period == "2026-11-28"
    assert {row.person for row in Waiting.objects.all()} == {people.li}


@pytest.fixture
def january(people, day):
    day("2026-01-06")
    running(people)
    Measure.objects.update(remind_on="25,28")


def test_a_make_up_saturday_is_worked(january, morning):
    """The 28th of February 2026 is a Saturday worked for the Spring Festival."""
    assert morning("2026-02-27") == 1  # the 25th, late by two days
    assert morning("2026-02-28") == 1
    assert [key.rsplit("/", 1)[1] for key in keys()] == ["2026-02-25", "2026-02-28"]


def test_before_a_long_holiday(january, morning):
    """Nobody is reminded between the 15th and the 23rd of February; all is told on the 14th."""
    Measure.objects.update(remind_on="16,22")
    for n in range(10, 25):
        morning(f"2026-02-{n}")
    assert [key.rsplit("/", 1)[1] for key in keys()] == ["2026-02-22"]
    assert {row.at.day for row in Waiting.objects.all()} <= {13, 14}


def test_who_has_reported_is_left_alone(people, task, morning, day):
    day("2026-11-20")
    tell(task, people.li, 40)
    assert morning("2026-11-25") == 0
    assert morning("2026-11-27") == 0


def test_a_report_of_somebody_else_who_answers_for_it_settles_it(people, task, morning, day):
    taking_part.share(task, [people.sun], by=people.li.actor)
    assert morning("2026-11-25") == 2
    tell(task, people.sun, 40)
    assert send_digests() == 0
    assert Message.objects.filter(kind="notices.digest").count() == 0


def test_reporting_between_the_queue_and_the_digest_counts(people, task, morning, day):
    morning("2026-11-25")
    tell(task, people.li, 40)
    assert send_digests() == 0


def test_again_and_again_tells_nobody_twice(people, task, morning):
    for day in ("2026-11-25", "2026-11-25", "2026-11-26"):
        morning(day)
        send_digests()
    assert len(keys()) == 1
    assert Message.objects.filter(kind="notices.digest").count() == 1


def test_a_worker_that_stood_still_catches_up(people, task, morning):
    assert morning("2026-11-26") == 1
    assert keys()[0].endswith("/2026-11-25")


def test_only_what_is_due_in_the_month(people, morning, day):
    day("2026-03-10")
    task = running(people, rhythm="quarterly")
    Measure.objects.update(remind_on="25")
    assert morning("2026-11-25") == 0
    assert morning("2026-12-25") == 1
    assert Due.objects.get(pk=Waiting.objects.get().data["due_id"]).task == task


def test_paused_ended_and_unissued_tasks_are_left_alone(people, task, morning):
    morning("2026-11-20")
    Task.objects.update(paused=True)
    assert morning("2026-11-25") == 0
    Task.objects.update(paused=False, status=60)
    assert morning("2026-11-25") == 0


def test_the_last_day_stands_for_the_31st(people, task, morning):
    Measure.objects.update(remind_on="31")
    assert morning("2026-11-30") == 1


def test_a_result_for_a_further_set_is_reminded_of_too(people, task, morning):
    Measure.objects.update(remind_on="")
    further = make_set(result_only=True)
    Counting.objects.create(
        task=task, category=further, measure=further.measure, home=False, year=2026,
        result_due=dt.date(2026, 11, 28),
    )  # fmt: skip
    Measure.objects.filter(pk=task.measure_id).update(remind_on="25")
    morning("2026-11-25")
    kinds = {Due.objects.get(pk=row.data["due_id"]).kind for row in Waiting.objects.all()}
    assert kinds == {"period", "result"}


@pytest.mark.parametrize("n", [1, 6])
def test_many_cost_what_one_costs(people, day, n, django_assert_max_num_queries):
    day("2026-03-10")
    category = make_set(remind_on="25")
    for _n in range(n):
        issued(category, people.chen, people.section.pk, owner_id=people.li.pk)
    day("2026-11-25", 7)
    open_coming_dues()
    with django_assert_max_num_queries(12):
        assert remind_owed() == n


def test_the_page_leads_to_the_report_and_shows_what_was_reported(client, people, task, morning):
    morning("2026-11-25")
    send_digests()
    client.force_login(people.li)
    page = client.get(reverse("notices:reminders")).content.decode()
    assert "2026年11月" in page
    assert reverse("reports:submit", args=[task.pk]) in page
    rows = list(Waiting.objects.all())
    assert look(rows, people.li)[rows[0].pk].open
    tell(task, people.li, 40)
    page = client.get(reverse("notices:reminders")).content.decode()
    assert "李敏 已反馈" in page
    assert reverse("reports:submit", args=[task.pk]) not in page


def test_the_job_queues_and_has_it_told(people, task, day, django_capture_on_commit_callbacks):
    day("2026-11-25", 7)
    open_coming_dues()
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.remind_owed() == 1
    run_waiting()
    assert Message.objects.get(kind="notices.digest").person == people.li
