"""Two people, or one and their double click, at the same moment."""

import pytest

from luoshi.improvement import services
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.tests.factories import asked_task, diagnose, paper
from luoshi.people.tests.factories import cast
from luoshi.reports.tests.factories import at
from luoshi.reports.tests.test_races import together
from luoshi.tasks.services import taking_part

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db):
    return cast()


@pytest.fixture
def task(people, monkeypatch):
    at(monkeypatch, "2026-12-02")
    task = asked_task(people)
    taking_part.share(task, [people.sun], by=people.li.actor)
    return task


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def test_a_double_click_files_once(task, people):
    results = together(*[lambda: diagnose(task, people.li, key="k1")] * 2)
    assert {row.pk for row in results} == {Diagnosis.objects.get().pk}


def test_of_two_who_write_one_files(task, people):
    results = together(
        lambda: diagnose(task, people.li, period="2026-12"),
        lambda: diagnose(task, people.sun, period="2026-12"),
    )
    assert kinds(results) == ["Diagnosis", "Stale"]
    assert Diagnosis.objects.count() == 1


def test_of_two_amendments_one_stands(task, people):
    old = diagnose(task, people.li)

    def amend(person, words):
        return lambda: services.amend_diagnosis(old, paper(problem=words), by=person.actor)

    results = together(amend(people.li, "甲"), amend(people.sun, "乙"))
    assert kinds(results) == ["Diagnosis", "Stale"]
    assert Diagnosis.objects.filter(status="filed").count() == 1
