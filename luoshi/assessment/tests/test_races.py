"""Two assessors, or one and their double click, at the same moment."""

import pytest

from luoshi.assessment import queries, services
from luoshi.assessment.models import Assessment, Result
from luoshi.assessment.tests.factories import done, give
from luoshi.kit.verdict import Stale
from luoshi.people.tests.factories import cast
from luoshi.reports import services as reporting
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import at
from luoshi.reports.tests.test_races import together
from luoshi.tasks.models import Task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db):
    return cast()


@pytest.fixture
def task(people, monkeypatch):
    at(monkeypatch, "2026-06-01")
    return done(people)


def test_two_assessors_at_once_make_one_result(task, people):
    results = together(lambda: give(task, people.wang, 18), lambda: give(task, people.sun, 16))
    assert all(isinstance(one, Assessment) for one in results)
    assert Result.objects.get().points == 17


def test_a_double_click_makes_one_score(task, people):
    results = together(*[lambda: give(task, people.wang, 18, key="k1")] * 2)
    assert {one.pk for one in results} == {Assessment.objects.get().pk}


def test_two_pages_of_one_assessor_make_one_score(task, people):
    results = together(
        lambda: give(task, people.wang, 18, own=0), lambda: give(task, people.wang, 12, own=0)
    )
    assert sorted(type(one).__name__ for one in results) == ["Assessment", "Stale"]
    assert Assessment.objects.count() == 1


def test_two_corrections_of_one_score_make_one(task, people):
    old = give(task, people.wang, 18)
    results = together(
        *[lambda: give(task, people.wang, 16, own=old.pk, reason="漏看")] * 2,
    )
    assert sorted(type(one).__name__ for one in results) == ["Assessment", "Stale"]
    assert Assessment.objects.filter(state="stands").count() == 1


def test_a_score_and_a_report_at_once_never_leave_a_score_nobody_looked_at(task, people):
    give(task, people.wang, 18)
    seen = queries.newest_report_id(task)
    newest = Report.objects.get(task=task, status="filed")
    score, _report = together(
        lambda: give(task, people.sun, 16, seen=seen),
        lambda: reporting.amend_report(
            report=newest, by=people.li.actor, progress=100, body="补充材料"
        ),
    )
    assert isinstance(score, Assessment | Stale)
    assert not Assessment.objects.filter(state="stands").exists()
    assert Task.objects.get().assessed_at is None


def test_returning_and_correcting_at_once_leave_one_that_counts_or_none(task, people):
    old = give(task, people.wang, 18)
    together(
        lambda: give(task, people.wang, 16, own=old.pk, reason="漏看"),
        lambda: services.return_score(assessment=old, by=people.chen.actor, reason="重评"),
    )
    live = Assessment.objects.filter(state__in=["stands", "stale"])
    assert live.count() in (0, 1)
    assert Assessment.objects.filter(amended_by=None).count() == 1
