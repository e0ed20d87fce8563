"""Long work is done by the worker, once, and given back when it dies."""

import datetime as dt

import pytest

from luoshi.intake import jobs
from luoshi.intake.models import ImportBatch, State
from luoshi.intake.services import checking, publishing
from luoshi.intake.tests import factories as make
from luoshi.kit import clock
from luoshi.kit.jobs import run_waiting
from luoshi.people.tests.factories import cast
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def who(monkeypatch):
    people = cast()
    people.category = make_set()
    for module in (checking, publishing):
        monkeypatch.setattr(module, "AT_ONCE", 1)
    return people


def test_check_publish_and_undo_by_the_worker(who, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        batch = make.ready(who.chen, who.category, 3)
        assert batch.state == State.CHECKING
    assert run_waiting() == 1
    batch.refresh_from_db()
    assert (batch.state, batch.tasks) == (State.READY, 3)

    with django_capture_on_commit_callbacks(execute=True):
        batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
        assert (batch.state, Task.objects.count()) == (State.PUBLISHING, 0)
    assert run_waiting() == 1
    batch.refresh_from_db()
    assert (batch.state, Task.objects.count()) == (State.PUBLISHED, 3)

    with django_capture_on_commit_callbacks(execute=True):
        batch = publishing.undo_batch(batch, by=who.chen.actor, rev=batch.rev)
        assert batch.state == State.UNDOING
    assert run_waiting() == 1
    batch.refresh_from_db()
    assert (batch.state, Task.objects.count()) == (State.UNDONE, 0)


def test_a_job_done_again_does_nothing(who):
    batch = make.ready(who.chen, who.category, 1)
    jobs.check(batch.pk)
    publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    for _time in range(2):
        jobs.check(batch.pk)
        jobs.publish(batch.pk)
        jobs.undo(batch.pk, who.chen.pk)

    batch.refresh_from_db()
    assert (batch.state, Task.objects.count()) == (State.PUBLISHED, 1)
    jobs.check(10_000)
    jobs.publish(10_000)


def test_a_batch_is_freed_half_an_hour_after_its_worker_died(who):
    batch = make.ready(who.chen, who.category, 1)
    stuck = ImportBatch.objects.filter(pk=batch.pk)
    stuck.update(state=State.PUBLISHING, working_since=clock.now())
    jobs.free_stuck()
    batch.refresh_from_db()
    assert batch.state == State.PUBLISHING
    stuck.update(working_since=clock.now() - dt.timedelta(minutes=31))
    jobs.free_stuck()
    batch.refresh_from_db()
    assert (batch.state, Task.objects.count()) == (State.FAILED, 0)
