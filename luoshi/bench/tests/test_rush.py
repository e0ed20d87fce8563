"""The rush of the month's end: what it counts afterwards is what is there."""

import pytest

from luoshi.bench.rush import left_behind, rush_plan
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.services import submit_report
from luoshi.tasks.tests.factories import issued, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    people = cast()
    category = make_set(sign_off="never", needs_evidence=False)
    people.task = issued(category, people.chen, people.section.pk, owner_id=people.li.pk)
    return people


def file(people, key: str) -> Report:
    return submit_report(
        task=people.task, by=people.li.actor, progress=10, body=f"第{key}次", key=key
    )


def test_everybody_gets_a_session_and_a_task_of_their_own(people, client):
    told = rush_plan()
    assert [one["url"] for one in told["people"]] == [f"/tasks/{people.task.pk}/reports/submit/"]
    client.cookies.load(told["people"][0]["cookies"])
    assert client.get(told["people"][0]["url"]).status_code == 200
    assert told["after"] == 0


def test_what_was_answered_and_is_not_there_is_lost(people):
    before = file(people, "vor")
    file(people, "eins")
    found = left_behind(["eins", "zwei"], before.pk)
    assert found == {"lost": 1, "not_asked_for": 0, "missing_in_trail": 0, "half_settled": 0}


def test_what_is_there_and_was_not_answered_is_counted(people):
    file(people, "eins")
    file(people, "zwei")
    assert left_behind(["eins"], 0)["not_asked_for"] == 1
