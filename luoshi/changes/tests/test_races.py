"""Two people, or one and their double click, at the same moment."""

import pytest

from luoshi.changes import services
from luoshi.changes.models import Change
from luoshi.changes.tests.factories import asked
from luoshi.kit.verdict import NotAllowed, Stale
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import at, running, tell
from luoshi.reports.tests.test_races import together
from luoshi.tasks.models import Task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db):
    return cast()


@pytest.fixture
def task(people, monkeypatch):
    at(monkeypatch, "2026-03-02")
    return running(people)


def test_a_double_click_asks_once(task, people):
    def ask():
        return services.ask_transfer([task], people.sun, "调岗", by=people.li.actor, key="k1")

    results = together(ask, ask)
    assert [row.pk for result in results for row in result] == [Change.objects.get().pk] * 2


def test_of_two_requests_one_waits(task, people):
    results = together(
        lambda: asked(task, people.li, people.sun), lambda: asked(task, people.li, people.wang)
    )
    assert sorted(type(r).__name__ for r in results) == ["Change", "NotAllowed"]
    assert Change.objects.count() == 1


def test_accepting_and_withdrawing_at_once_does_one_of_them(task, people):
    change = asked(task, people.li, people.sun)
    results = together(
        lambda: services.accept_transfer([change], by=people.sun.actor),
        lambda: services.withdraw_transfer(change, by=people.li.actor),
    )
    change.refresh_from_db()
    owner = Task.objects.get().owner
    assert sum(isinstance(r, NotAllowed | Stale) for r in results) == 1
    assert (change.state, owner) in {("accepted", people.sun), ("withdrawn", people.li)}


def test_accepting_twice_at_once_moves_once(task, people):
    change = asked(task, people.li, people.sun)
    results = together(*[lambda: services.accept_transfer([change], by=people.sun.actor)] * 2)
    assert sorted(results) == [0, 1]
    assert Task.objects.get().owner == people.sun


def test_a_report_of_the_old_owner_and_the_transfer_at_once_lose_nothing(task, people):
    change = asked(task, people.li, people.sun)
    results = together(
        lambda: services.accept_transfer([change], by=people.sun.actor),
        lambda: tell(task, people.li, 20),
    )
    assert results[0] == 1
    assert isinstance(results[1], Report | NotAllowed)
    assert Task.objects.get().progress == (20 if isinstance(results[1], Report) else 0)
    assert Task.objects.get().owner == people.sun
