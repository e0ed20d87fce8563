"""What is built stands: `luoshi check` works every stored value out again and finds nothing."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from luoshi.bench import pages, shapes
from luoshi.bench.building import build
from luoshi.desk.queries.differences import differences
from luoshi.reports.models import Due, Report
from luoshi.search.models import Entry
from luoshi.tasks.models import Counting, Part, Task
from luoshi.trail.models import Event

TASKS = 200
#: Statements of each page, whatever the number of rows: the session, the person, their posts, the
#: star of the page, and what the page itself asks.
MOST_QUERIES = {
    "home": 16,
    "home_office": 16,
    "list_all": 17,  # a closed set asks what the person has to do with
    "list_department": 16,
    "list_mine": 16,
    "task": 24,
    "gantt_data": 9,
    "search_common": 13,
    "search_rare": 13,
    "month": 8,  # a few less where nothing is to be reported
    "feedback_all": 16,
    "feedback_department": 16,
    "feedback_received": 16,
    "export": 7,
}


@pytest.fixture
def built(transactional_db, with_triggers):
    """A small institution, built past the services; words that other tests left are no model's."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM search_grams")
    return build(TASKS, lambda words: None)


@pytest.mark.slow
def test_what_is_built_stands(built):
    assert built["tasks_task"] == TASKS == Task.objects.count()
    assert Part.objects.count() == 2 * TASKS
    assert Counting.objects.filter(home=True).count() == TASKS
    assert Entry.objects.filter(kind="task").count() == TASKS
    assert Report.objects.exists()
    assert Due.objects.exclude(filed_by=None).exists()
    assert [found.sentence for found in differences()] == []
    _indexes_are_back()
    _differences_are_found()
    _pages_are_planned()


def _indexes_are_back():
    wanted = {index.name for index in (*Task._meta.indexes, *Part._meta.indexes)}
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, Task._meta.db_table)
        there |= connection.introspection.get_constraints(cursor, Part._meta.db_table)
    assert wanted <= there.keys()


def _differences_are_found():
    task = Task.objects.filter(late_from__isnull=False, children_count=0).earliest("pk")
    Task.objects.filter(pk=task.pk).update(
        late_from=dt.date(2001, 1, 1), children_count=3, title="另一个标题"
    )
    Part.objects.filter(task=task).update(year=1999)
    Counting.objects.filter(task=task).update(home=False)
    owed = Due.objects.filter(filed_on=None, void=False, kind="period").latest("closes_on")
    Due.objects.filter(pk=owed.pk).update(due_on=owed.due_on - dt.timedelta(days=1))
    Entry.objects.filter(kind="report").earliest("pk").delete()
    found = {(one.about, one.what) for one in differences()}
    about = f"task/{task.pk}"
    parts = {(f"part/{pk}", "year") for pk in task.parts.values_list("pk", flat=True)}
    assert {(about, "late_from"), (about, "children_count"), (about, "home")} <= found
    assert parts <= found
    assert any(one == f"due/{owed.pk}" for one, _what in found)
    assert any(one == "search/report" for one, _what in found)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check", stdout=out, stderr=StringIO())
    assert about in out.getvalue()
    call_command("check", "--no-data", stdout=StringIO(), stderr=StringIO())
    Event.objects.exists()


def _pages_are_planned():
    plan = pages.plan()
    assert {page["name"] for page in plan["pages"]} == set(MOST_QUERIES)
    for page in plan["pages"]:
        worst = max(page["queries"].values())
        assert worst <= MOST_QUERIES[page["name"]], f"{page['name']}: {page['queries']}"
    assert plan["forms"]
    assert plan["form_queries"] <= 58
    assert len(plan["forms"]) % 8 == 0
    assert shapes.UNITS == 1_821
