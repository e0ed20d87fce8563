"""Quick ways to the same answer: whatever is told from less must equal what is told from all."""

import datetime as dt
import itertools

import pytest
from django.db import connection
from django.db.models import F

from luoshi.kit.unindexed import unindexed
from luoshi.measures.rules import Health
from luoshi.people.tests.factories import cast
from luoshi.search.queries import are_many
from luoshi.tasks import queries
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.queries import Filters
from luoshi.tasks.services import registering
from luoshi.tasks.tests.factories import draft, issued, make_set, new

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def college():
    """Drafts and issued tasks of every visibility in three units, one shared with a unit."""
    c = cast()
    sets = [make_set(visibility=v) for v in ("everyone", "subtree", "involved")]
    for category, unit in itertools.product(sets, [c.school, c.other, c.section]):
        draft(category, c.chen, unit.pk, owner_id=c.li.pk)
        task = issued(category, c.chen, unit.pk, owner_id=c.li.pk)
        registrar = c.zhou if unit == c.other else c.wang
        issued(category, registrar, unit.pk, owner_id=c.sun.pk)
        Part.objects.create(task=task, role=Role.SHARED, person=c.zhao, year=task.year)
    Part.objects.create(task=task, role=Role.COOPERATING, unit=c.school, year=task.year)
    c.sets = sets
    return c


@pytest.fixture
def awaiting(college):
    """Also drafts below a task that changed hands, and tasks that wait for approval."""
    c, sets = college, college.sets
    inherited = issued(sets[2], c.chen, c.section.pk, owner_id=c.li.pk)
    breaking = [new(sets[2], c.section.pk, owner_id=c.sun.pk)]
    registering.break_down(inherited, breaking, by=c.li.actor)
    Task.objects.filter(pk=inherited.pk).update(owner=c.wang)  # as a handover does
    for unit in (c.school, c.other):
        waiting = draft(sets[1], c.chen, unit.pk)
        Task.objects.filter(pk=waiting.pk).update(status=Status.PROPOSED)
    Part.objects.create(task=waiting, role=Role.IN_CHARGE, person=c.sun, year=waiting.year)
    return c


def everybody(c):
    return [c.li, c.wang, c.zhao, c.chen, c.zhou, c.sun]


def keys(tasks):
    return {task.pk for task in tasks}


def test_one_some_and_all_tasks_are_seen_by_the_same_rule(awaiting):
    college = awaiting
    everything = list(Task.objects.all())
    for person in everybody(college):
        visible = keys(queries.tasks_visible_to(person))
        assert keys(queries.visible_among(everything, person)) == visible, person.name
        assert queries.visible_keys([*keys(everything), 0], person) == visible
        one_by_one = {
            t.pk for t in everything if queries.visible_one(person, t.pk).filter(pk=t.pk).exists()
        }
        assert one_by_one == visible


def test_every_scope_holds_what_it_names_of_what_is_seen(awaiting):
    college = awaiting
    for person, name in itertools.product(everybody(college), queries.SCOPES):
        where = queries.SCOPES[name](person)
        expected = keys(queries.tasks_visible_to(person).filter(where))
        assert keys(queries.scope(name, person)) == expected, (person.name, name)


@pytest.mark.parametrize("health", Health)
def test_a_state_is_the_same_for_many_tasks_and_for_few(college, health):
    rows = itertools.product(
        (Status.DRAFT, Status.ACTIVE, Status.DONE, Status.CANCELLED),
        (0, 50, 100),
        (None, TODAY, TODAY + dt.timedelta(days=1)),
    )
    for task, (status, progress, late) in zip(Task.objects.all(), itertools.cycle(rows)):
        Task.objects.filter(pk=task.pk).update(status=status, progress=progress, late_from=late)
    Task.objects.filter(pk=task.pk).update(paused=True)
    few = keys(Task.objects.filter(queries.health_is(health, TODAY)))
    many = keys(Task.objects.filter(queries.health_is(health, TODAY, many=True)))
    assert few == many


def test_a_set_holds_the_same_tasks_however_many_they_are(college, monkeypatch):
    home, _subtree, further = college.sets
    task = Task.objects.filter(category=home, status=Status.ACTIVE).earliest("pk")
    task.countings.create(category=further, measure=further.measure, year=task.year)
    task.countings.create(category=college.sets[1], year=task.year)
    for category in college.sets:
        wanted = Filters(year=2026, category_id=category.pk)
        few = keys(queries.filtered(Task.objects.all(), wanted, TODAY))
        with monkeypatch.context() as patch:
            patch.setattr(queries, "_MANY", 0)
            patch.setattr(queries, "_closed", dict)
            assert keys(queries.filtered(Task.objects.all(), wanted, TODAY)) == few
        assert len(few) == 9 + (category != home)


def test_a_million_late_tasks_are_asked_for_in_the_order_of_the_list(college, monkeypatch):
    wanted = Filters(health="stalled")
    Task.objects.update(late_from=TODAY, progress=0, status=Status.ACTIVE)
    assert " +" not in str(queries.filtered(Task.objects.all(), wanted, TODAY).query)
    monkeypatch.setattr(queries, "_MANY", 5)
    found = queries.filtered(Task.objects.all(), wanted, TODAY)
    assert found.count() == 27


@pytest.mark.parametrize(
    ("lookup", "expected"),
    [("progress", [50]), ("progress__lt", [0]), ("progress__lte", [0, 50]),
     ("progress__gt", [100]), ("progress__gte", [50, 100])],
)  # fmt: skip
def test_a_condition_without_its_index_says_the_same(college, lookup, expected):
    three = [t.pk for t in Task.objects.all()[:3]]
    for pk, progress in zip(three, (0, 50, 100), strict=True):
        Task.objects.filter(pk=pk).update(progress=progress)
    found = Task.objects.filter(unindexed(**{lookup: 50}), pk__in=three).order_by("progress")
    assert [task.progress for task in found] == expected
    assert not Task.objects.filter(unindexed(progress__gt=F("progress"))).exists()


def test_who_looks_at_a_set_sees_the_same_of_it_as_without_the_short_cut(college):
    closed = college.sets[2]
    assert queries._seen_of_set(college.li, closed.pk) is not None
    assert queries._seen_of_set(college.li, college.sets[0].pk) is None
    assert queries._seen_of_set(college.chen, closed.pk) is None, "sees everything"
    for person, category in itertools.product(everybody(college), college.sets):
        wanted = Filters(year=2026, category_id=category.pk)
        for name in ("all", "department", "mine"):
            tasks = queries.scope(name, person)
            expected = keys(queries.filtered(tasks, wanted, TODAY))
            assert keys(queries.filtered(tasks, wanted, TODAY, person)) == expected
    task = Task.objects.filter(category=college.sets[0]).earliest("pk")
    task.countings.create(category=closed, year=task.year)
    assert queries._seen_of_set(college.li, closed.pk) is None, "an open task counts in it, too"


def test_words_that_stand_in_many_texts_find_the_same_tasks(college, monkeypatch):
    assert not are_many("实训", 100)
    assert not are_many("，", 0), "signs are no words"
    expected = keys(Task.objects.all())
    for many in (False, True):
        monkeypatch.setattr(queries, "are_many", lambda words, most, many=many: many)
        found = queries.filtered(Task.objects.all(), Filters(words="实训"), TODAY)
        assert keys(found) == expected
        nothing = queries.filtered(Task.objects.all(), Filters(words="量子"), TODAY)
        assert keys(nothing) == set()
    few = connection.vendor == "postgresql"
    assert are_many("实训", len(expected) - 1) is not few
