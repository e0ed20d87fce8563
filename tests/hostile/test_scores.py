"""Scores seen before their time, keys that lie, and the table of scores sent twice."""

import contextlib
import io
import itertools
from decimal import Decimal

import docx
import openpyxl
import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from luoshi.assessment import services
from luoshi.assessment.models import Assessment
from luoshi.assessment.tests.factories import done, give
from luoshi.desk.management.doors import DOORS
from luoshi.people.tests.factories import cast, make_person
from luoshi.reports.tests.factories import at

pytestmark = pytest.mark.django_db
#: Points nobody would find on a page by chance, as people and machines write them.
POINTS, SAID = "17.31", "言之凿凿的评语"
WHY = "十七点三一分偏高的理由"
KEY = "a" * 32


@pytest.fixture
def people(monkeypatch):
    at(monkeypatch, "2026-03-10")
    return cast()


def _words(answer) -> str:
    """Everything an answer says, out of workbooks and documents, too."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    kind = answer.headers.get("Content-Type", "")
    if "spreadsheet" in kind:
        book = openpyxl.load_workbook(io.BytesIO(content))
        return " ".join(
            str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row
        )
    if "wordprocessing" in kind:
        return " ".join(p.text for p in docx.Document(io.BytesIO(content)).paragraphs)
    return content.decode(errors="replace")


def _pages(task):
    """Every page that is looked at, in the ways that show scores; nothing that writes."""
    for name, door in DOORS.items():
        if "GET" not in door.methods:
            continue
        for known in ({}, {"task_id": task.pk}):
            with contextlib.suppress(NoReverseMatch):
                yield reverse(name, kwargs=known)
    ways = itertools.product(
        ("all", "assessing", "mine"), ("", "todo", "given", "scored", "partly")
    )
    for scope, state in ways:
        for name in ("assessments", "assessments_export"):
            yield reverse(name) + f"?year=2026&scope={scope}&state={state}"
    for words in (SAID, WHY, POINTS, "十七点三一"):
        yield reverse("search") + f"?q={words}"
        yield reverse("task-list") + f"?year=2026&scope=all&q={words}"
    yield reverse("task-list") + "?year=2026&scope=all"


def _seen(person, task) -> list[str]:
    client, found = Client(), []
    client.force_login(person)
    for url in _pages(task):
        text = _words(client.get(url, follow=True)).replace(f'value="{POINTS}"', "")
        asked = url.partition("?")[2]  # what was typed comes back as typed
        found += [
            f"{word}: {url}" for word in (POINTS, SAID, WHY) if word in text and word not in asked
        ]
    return found


def test_what_one_gave_is_nowhere_for_the_others_until_all_have_scored(people):
    task = done(people, people.wang, people.sun)
    given = give(task, people.wang, POINTS, comment=SAID)
    given = services.score(
        task=task, by=people.wang.actor, points=Decimal(POINTS), comment=SAID, reason=WHY,
        own=given.pk,
    )  # fmt: skip
    assert given.points == Decimal(POINTS)
    for person in (people.sun, people.li, people.zhao, make_person("吴同事", people.section)):
        assert _seen(person, task) == [], person.name
    assert _seen(people.wang, task)  # the pages would show it


def test_why_a_score_was_returned_is_not_for_who_has_not_scored(people):
    task = done(people, people.wang, people.sun)
    given = give(task, people.wang, POINTS, comment=SAID)
    services.return_score(assessment=given, by=people.chen.actor, reason=WHY)
    for person in (people.sun, people.li):
        assert _seen(person, task) == [], person.name
    assert any(WHY in word for word in _seen(people.wang, task))


def test_a_key_of_another_task_or_person_is_no_score(people):
    task, other = done(people, people.wang, people.sun), done(people, people.wang, people.sun)
    give(task, people.wang, POINTS, key=KEY)
    clients = {person: Client() for person in (people.wang, people.sun)}
    for person, client in clients.items():
        client.force_login(person)
    for person, there in ((people.wang, other), (people.sun, task)):
        url = reverse("assessment:assess", args=[there.pk])
        typed = {"points": POINTS, "comment": "完成较好", "key": KEY,
                 "seen": there.reports.latest("pk").pk, "own": 0}  # fmt: skip
        answer = clients[person].post(url, typed)
        assert answer.status_code == 422
        assert "已经提交过一次" in answer.content.decode()
    assert Assessment.objects.count() == 1


def test_a_row_of_the_table_sent_again_with_other_points_is_not_taken_for_done(people):
    """Back in the browser: the key of the row is the old one, the points are others."""
    task = done(people, people.wang, people.sun)
    client, url = Client(), reverse("assessment:many")
    client.force_login(people.wang)
    name = f"t{task.pk}"
    typed = {"task": task.pk, f"{name}-points": "15", f"{name}-comment": "尚可", f"{name}-own": 0,
             f"{name}-key": KEY, f"{name}-seen": task.reports.latest("pk").pk}  # fmt: skip
    assert client.post(url, typed).status_code == 302
    assert client.post(url, typed).status_code == 302
    answer = client.post(url, {**typed, f"{name}-points": "9"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="9"' in page
    assert f'value="{KEY}"' not in page  # what is shown can be sent again
    assert [row.points for row in Assessment.objects.all()] == [Decimal(15)]


@pytest.mark.parametrize(
    "points",
    [
        "-1",
        "20.001",
        "21",
        "NaN",
        "Infinity",
        "1e5",
        "1e-9",
        "²",
        "９" * 30,
        "0x10",
        "\x00",
        "9" * 5000,
    ],
)
def test_points_that_cannot_be(people, points):
    task = done(people, people.wang, people.sun)
    client = Client()
    client.force_login(people.wang)
    typed = {"points": points, "comment": "无", "seen": task.reports.latest("pk").pk, "own": 0}
    answer = client.post(reverse("assessment:assess", args=[task.pk]), typed)
    assert answer.status_code == 422
    assert Assessment.objects.count() == 0
