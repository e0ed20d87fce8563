"""Two people, or one and their double click, at the same moment."""

import threading

import pytest
from django.db import connection
from django.test import Client

from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people.tests.factories import cast
from luoshi.reports import services
from luoshi.reports.models import Due, Report
from luoshi.reports.services import owed
from luoshi.reports.tests.factories import at, paper, running, tell
from luoshi.tasks.models import Task
from luoshi.tasks.services import taking_part

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts):
    """Run the acts at once, each on a connection of its own; results or errors in their order."""
    gate = threading.Barrier(len(acts))
    results = [None] * len(acts)

    def run(place, act):
        gate.wait(10)
        try:
            results[place] = act()
        except (NotAllowed, Refused, Stale) as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def people(transactional_db):
    return cast()


@pytest.fixture
def task(people, monkeypatch):
    at(monkeypatch, "2026-03-02")
    return running(people)


def test_of_two_who_saw_the_same_only_one_files(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    seen = tell(task, people.li, 10)
    results = together(
        lambda: tell(task, people.li, 30, rev=seen.pk),
        lambda: tell(task, people.sun, 40, rev=seen.pk),
    )
    assert sorted(type(r).__name__ for r in results) == ["Report", "Stale"]
    assert Report.objects.count() == 2
    filed = next(r for r in results if isinstance(r, Report))
    assert Task.objects.get().progress == filed.progress


def test_a_double_click_makes_one_report(task, people):
    results = together(*[lambda: tell(task, people.li, 10, key="k1")] * 2)
    assert {getattr(r, "pk", r) for r in results} == {Report.objects.get().pk}
    assert Due.objects.get(task=task).filed_by_id == Report.objects.get().pk


def test_two_reports_of_100_complete_once(task, people):
    results = together(*[lambda: tell(task, people.li, 100)] * 2)
    assert sorted(type(r).__name__ for r in results) == ["NotAllowed", "Report"]
    assert isinstance(next(r for r in results if not isinstance(r, Report)), NotAllowed)


def test_two_amendments_of_the_same_version_make_one(task, people):
    old = tell(task, people.li, 10)

    def amend(progress):
        return lambda: services.amend_report(
            report=old, by=people.li.actor, progress=progress, body="改"
        )

    results = together(amend(20), amend(30))
    assert sorted(type(r).__name__ for r in results) == ["Report", "Stale"]
    assert Report.objects.filter(status="filed").count() == 1


def test_filing_and_amending_at_once_never_lose_a_figure(task, people):
    old = tell(task, people.li, 10)
    results = together(
        lambda: tell(task, people.li, 40, rev=old.pk),
        lambda: services.amend_report(report=old, by=people.li.actor, progress=60, body="改"),
    )
    assert sum(isinstance(r, Report) for r in results) >= 1
    assert all(isinstance(r, Report | Stale | NotAllowed | Refused) for r in results)
    newest = Report.objects.filter(status="filed").first()
    assert Task.objects.get().progress == newest.progress


def test_the_job_and_a_report_settle_one_row(task, people):
    Due.objects.all().delete()
    results = together(lambda: tell(task, people.li, 10, uploads=[paper()]), owed.open_coming_dues)
    assert [type(r).__name__ for r in results] == ["Report", "int"]
    due = Due.objects.get(task=task)
    assert due.filed_by_id == Report.objects.get().pk


def test_the_page_of_the_month_sent_twice_at_once_files_every_row_once(people, monkeypatch):
    at(monkeypatch, "2026-03-02")
    tasks = [running(people, needs_evidence=False) for _number in range(3)]
    data = {}
    for place, one in enumerate(tasks):
        typed = {"progress": "30", "was": "0", "body": "完成", "key": f"{place}" * 32, "rev": "0"}
        data |= {f"t{one.pk}-{name}": value for name, value in typed.items()}

    def send():
        client = Client()
        client.force_login(people.li)
        answer = client.post("/reports/month/", data, headers={"X-Requested-With": "fetch"})
        return answer.content.decode().count('data-state="filed"')

    assert together(send, send) == [3, 3]
    assert Report.objects.count() == 3
    assert Due.objects.filter(filed_by=None).count() == 0


def test_of_two_pages_with_the_same_row_one_is_told_and_the_other_rows_go(people, monkeypatch):
    at(monkeypatch, "2026-03-02")
    both = running(people, needs_evidence=False)
    own = {person.pk: running(people, needs_evidence=False) for person in (people.li, people.sun)}
    for one in (both, own[people.sun.pk]):
        taking_part.share(one, [people.sun], by=people.li.actor)

    def sender(person, letter):
        def send():
            client = Client()
            client.force_login(person)
            data = {}
            for number, one in enumerate((both, own[person.pk])):
                typed = {"progress": "30", "was": "0", "body": "完成", "rev": "0"}
                typed["key"] = f"{letter}{number}" * 16
                data |= {f"t{one.pk}-{name}": value for name, value in typed.items()}
            answer = client.post("/reports/month/", data, headers={"X-Requested-With": "fetch"})
            return answer.content.decode().count('data-state="filed"')

        return send

    assert sorted(together(sender(people.li, "a"), sender(people.sun, "b"))) == [1, 2]
    assert Report.objects.filter(task=both).count() == 1
    assert Report.objects.count() == 3
