"""Why a task shows its colour: the rule and its version, expected and actual, since, until."""

import datetime as dt

import pytest
from django.core.management import call_command

from luoshi.desk.queries.why import why
from luoshi.measures.models import Category
from luoshi.measures.rules import Health
from luoshi.people.tests.factories import cast
from luoshi.reports.services.owed import open_coming_dues
from luoshi.reports.tests.factories import at, tell
from luoshi.tasks.models import Pause, Task
from luoshi.tasks.tests.factories import issued, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def task(people, monkeypatch):
    """Li's task under S0's own measure, from 5 January to 20 June, issued on 6 January."""
    call_command("measures", "load", "luoshi/measures/library/S0.toml", verbosity=0)
    at(monkeypatch, "2026-01-06")
    return issued(
        Category.objects.get(code="863"), people.chen, people.section.pk, owner_id=people.li.pk,
        due=dt.date(2026, 6, 20),
    )  # fmt: skip


def on(task, monkeypatch, day):
    at(monkeypatch, day)
    return why(Task.objects.get(pk=task.pk), dt.date.fromisoformat(day))


def test_grey_since_it_was_issued(task, monkeypatch):
    told = on(task, monkeypatch, "2026-01-22")
    assert (told.light.health, told.since) == (Health.IDLE, dt.date(2026, 1, 6))
    assert told.expected == 10
    (rule,) = told.said
    assert "未启动" in rule.text
    assert rule.sources == ("附件“反馈进度查询甘特图”：灰色，进度为0%",)
    assert [(mark.period, mark.state.value) for mark in told.owed] == [("2026年1月", "open")]


def test_blue_since_work_began_and_behind(task, people, monkeypatch):
    at(monkeypatch, "2026-02-02")
    tell(task, people.li, 10)
    told = on(task, monkeypatch, "2026-05-01")
    assert (told.light.health, told.since) == (Health.MOVING, dt.date(2026, 2, 2))
    assert told.expected == 69
    assert told.behind_from is not None
    assert told.behind_from < dt.date(2026, 5, 1)


def test_red_names_its_paragraph_and_what_ends_it(task, monkeypatch):
    told = on(task, monkeypatch, "2026-06-21")
    assert (told.light.health, told.since) == (Health.STALLED, dt.date(2026, 6, 21))
    assert told.expected == 100
    assert "红色" in told.said[0].sources[0]
    assert told.ends


def test_the_late_mark_lies_upon_a_fill_and_both_are_explained(task, people, monkeypatch):
    at(monkeypatch, "2026-02-02")
    tell(task, people.li, 10)
    told = on(task, monkeypatch, "2026-07-01")
    assert (told.light.health, told.since) == (Health.LATE, dt.date(2026, 6, 21))
    assert len(told.said) == 2


def test_done_and_suspended(task, people, monkeypatch):
    day = dt.date(2026, 3, 1)
    Pause.objects.create(task=task, since=day)
    Task.objects.filter(pk=task.pk).update(paused=True)
    told = on(task, monkeypatch, "2026-03-05")
    assert (told.light.health, told.since, told.expected) == (Health.SUSPENDED, day, None)
    Task.objects.filter(pk=task.pk).update(paused=False)
    at(monkeypatch, "2026-04-02")
    tell(task, people.li, 100)
    told = on(task, monkeypatch, "2026-05-05")
    assert (told.light.health, told.since, told.owed) == (Health.DONE, dt.date(2026, 4, 2), [])


def test_the_dialog(client, task, people, monkeypatch):
    at(monkeypatch, "2026-06-30")
    open_coming_dues()
    client.force_login(people.sun)
    page = client.get(f"/tasks/{task.pk}/why/").content.decode()
    for words in (
        "今日应达", "100%", "实际进度", "863计划三十大核心指标任务管理办法", "2020-01-01",
        "出处：附件“反馈进度查询甘特图”", "2026-06-21", "2026年6月",
    ):  # fmt: skip
        assert words in page


def test_every_mark_of_the_lists_leads_to_its_reasons(client, people, monkeypatch):
    at(monkeypatch, "2026-03-01")
    late = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    Task.objects.filter(pk=late.pk).update(due=dt.date(2026, 2, 20), late_from=dt.date(2026, 2, 21))
    client.force_login(people.li)
    why_url = f'hx-get="/tasks/{late.pk}/why/"'
    assert client.get("/tasks/?scope=mine&year=2026").content.decode().count(why_url) == 3
    assert why_url in client.get("/").content.decode()
    assert why_url in client.get(f"/tasks/{late.pk}/").content.decode()
    assert client.get(f"/tasks/{late.pk}/brief/").content.decode().count(why_url) == 3
