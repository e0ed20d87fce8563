import datetime as dt
import itertools

import pytest

from luoshi.measures.rules import Health
from luoshi.people.queries import forget_powers
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, make_person, make_unit, seat
from luoshi.tasks import queries, rules
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.models import Role, Task
from luoshi.tasks.queries import Filters
from luoshi.tasks.services import issuing, registering, taking_part
from luoshi.tasks.tests.factories import draft, issued, make_set, new

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def college():
    return cast()


def everybody(c):
    return [c.li, c.wang, c.zhao, c.chen, c.zhou, c.sun]


@pytest.mark.parametrize("visibility", ["everyone", "subtree", "involved"])
def test_who_sees_a_task_of_a_measure(college, visibility):
    c = college
    task = issued(make_set(visibility=visibility), c.chen, c.school.pk)
    seen = {p.name for p in everybody(c) if queries.may_see(p, task)}
    office_and_leaders = {c.wang.name, c.zhao.name, c.chen.name, c.zhou.name}
    expected = {
        "everyone": {p.name for p in everybody(c)},
        "subtree": office_and_leaders,
        "involved": office_and_leaders,
    }
    assert seen == expected[visibility]


def test_people_of_the_unit_see_its_tasks_where_the_measure_opens_the_subtree(college):
    member = make_person("学院秘书", college.school)
    task = issued(make_set(visibility="subtree"), college.chen, college.school.pk)
    hidden = issued(make_set(visibility="involved"), college.chen, college.school.pk)
    assert queries.may_see(member, task)
    assert not queries.may_see(member, hidden)


def test_a_draft_is_seen_by_its_creator_and_the_office_only(college):
    task = draft(make_set(), college.wang, college.school.pk)
    seen = {p.name for p in everybody(college) if queries.may_see(p, task)}
    assert seen == {college.wang.name, college.chen.name, college.zhou.name}


@pytest.mark.parametrize("role", [Role.ASSESSOR, Role.PARTICIPANT, Role.ADMITTED])
def test_whoever_is_let_in_sees_it(college, role):
    task = issued(make_set(visibility="involved"), college.chen, college.school.pk)
    assert not queries.may_see(college.sun, task)
    taking_part.admit(task, [college.sun.pk], role, by=college.chen.actor)
    assert queries.may_see(college.sun, task)


def test_the_successor_of_who_broke_a_task_down_goes_on_with_its_drafts(college):
    c = college
    task = issued(make_set(visibility="involved"), c.chen, c.section.pk, owner_id=c.li.pk)
    row = new(task.category, c.section.pk, owner_id=c.sun.pk)
    (child,) = registering.break_down(task, [row], by=c.li.actor)
    assert not queries.may_see(c.wang, child)
    Task.objects.filter(pk=task.pk).update(owner=c.wang)

    assert queries.may_see(c.wang, child)
    assert not queries.may_see(c.sun, child)  # it is not issued yet
    facts = queries.facts_for(child, c.wang)
    assert all(rules.may(verb, child, facts) for verb in ("edit", "issue", "discard"))
    assert issuing.issue_many([child], by=c.wang.actor)[0].status > Status.DRAFT
    assert queries.may_see(c.wang, child)  # also what is issued below a task of theirs


def test_what_waits_for_approval_is_seen_by_who_decides(college):
    c = college
    category = make_set(visibility="involved", approval="always")
    for unit in (c.school, c.other):
        issued(category, c.chen, unit.pk, owner_id=c.sun.pk)
    named = issued(category, c.chen, c.other.pk, owner_id=c.sun.pk, in_charge_id=c.li.pk)
    schools, others, _named = Task.objects.order_by("pk")
    assert {task.status for task in Task.objects.all()} == {Status.PROPOSED}
    seen = {p.name: set(queries.tasks_visible_to(p)) for p in (c.zhao, c.li, c.sun, c.wang)}
    assert seen == {
        c.zhao.name: {schools},
        c.li.name: {named},
        c.sun.name: set(),
        c.wang.name: set(),
    }
    assert queries.proposed_to(c.zhao) == [schools.pk]
    top = make_person("校长", c.root)
    seat(top, c.root, Duty.TOP_LEADER)
    assert set(queries.proposed_to(top)) == {schools.pk, others.pk, named.pk}


def test_a_list_of_what_is_not_issued_holds_all_that_is_seen(college):
    c = college
    category = make_set(visibility="involved", approval="always")
    issued(category, c.chen, c.school.pk, owner_id=c.sun.pk)
    issued(category, c.chen, c.other.pk, owner_id=c.sun.pk, in_charge_id=c.li.pk)
    open_to_all = make_set()
    draft(open_to_all, c.wang, c.school.pk)
    task = issued(open_to_all, c.chen, c.section.pk, owner_id=c.li.pk)
    registering.break_down(task, [new(task.category, c.section.pk)], by=c.li.actor)
    Task.objects.filter(pk=task.pk).update(owner=c.zhao)
    found = 0
    for person, status in itertools.product(everybody(c), (Status.DRAFT, Status.PROPOSED)):
        seen = queries.tasks_visible_to(person)
        listed = queries.filtered(seen, Filters(status=status), TODAY, person)
        assert set(listed) == set(seen.filter(status=status)), (person.name, status)
        found += listed.count()
    assert found == 13


def test_may_see_equals_tasks_visible_to(college):
    c = college
    sets = [make_set(visibility=v) for v in ("everyone", "subtree", "involved")]
    for category, unit in itertools.product(sets, [c.school, c.other, c.section]):
        draft(category, c.chen, unit.pk, owner_id=c.li.pk)
        issued(category, c.chen, unit.pk, owner_id=c.li.pk)
    for person in everybody(c):
        visible = set(queries.tasks_visible_to(person).values_list("pk", flat=True))
        told = {task.pk for task in Task.objects.all() if queries.may_see(person, task)}
        assert visible == told, person.name


def test_the_three_scopes_of_s0(college):
    c = college
    goals = make_set()
    own = issued(goals, c.chen, c.section.pk, owner_id=c.li.pk)
    schools = issued(goals, c.chen, c.school.pk)
    others = issued(goals, c.chen, c.other.pk, owner_id=c.sun.pk)

    def keys(name, person):
        return set(queries.scope(name, person).values_list("pk", flat=True))

    assert keys("all", c.li) == {own.pk, schools.pk, others.pk}
    assert keys("department", c.wang) == {own.pk, schools.pk}
    assert keys("mine", c.li) == {own.pk}
    assert keys("created", c.chen) == {own.pk, schools.pk, others.pk}
    assert keys("subordinates", c.wang) == {own.pk}
    assert keys("followed", c.sun) == set()


def test_the_successor_in_a_post_holds_its_tasks(college):
    c = college
    task = issued(make_set(visibility="involved"), c.chen, c.school.pk)
    successor = make_person("新院长", c.other)
    assert not queries.may_see(successor, task)
    c.wang.tenures.update(until=dt.date(2026, 1, 1))
    post = task.owner_post
    post.tenures.create(person=successor, since=dt.date(2026, 1, 2))
    forget_powers(successor)
    assert queries.may_see(successor, task)
    assert Relation.OWNER in queries.facts_for(task, successor).relations


def test_health_in_sql_equals_health_in_python(college):
    goals = make_set()
    pattern = issued(goals, college.chen, college.school.pk)
    days = [None, TODAY - dt.timedelta(days=1), TODAY, TODAY + dt.timedelta(days=1)]
    combos = itertools.product(Status, [0, 1, 99, 100], [False, True], days)
    for status, progress, paused, late in combos:
        pattern.pk, pattern.path = None, None
        pattern._state.adding = True
        pattern.status, pattern.progress = status, progress
        pattern.paused, pattern.late_from = paused, late
        pattern.save()
    rows = list(queries.with_health(Task.objects.all(), TODAY))
    assert len(rows) == 1 + len(Status) * 4 * 2 * 4
    for row in rows:
        told = rules.health(row, TODAY)
        assert row.health_now == told.value
        matching = [
            h
            for h in (
                Health.IDLE, Health.MOVING, Health.STALLED, Health.LATE,
                Health.DONE, Health.SUSPENDED, Health.CANCELLED,
            )
            if Task.objects.filter(queries.health_is(h, TODAY), pk=row.pk).exists()
        ]  # fmt: skip
        assert matching == [told]


def test_filters_combine(college):
    c = college
    goals, further = make_set(), make_set()
    task = issued(goals, c.chen, c.section.pk, owner_id=c.li.pk, title="量子计算平台建设")
    issued(goals, c.chen, c.other.pk, owner_id=c.sun.pk)
    taking_part.count_in(task, further, by=c.chen.actor)

    def found(**wanted):
        rows = queries.filtered(Task.objects.all(), Filters(**wanted), TODAY)
        return list(rows.values_list("pk", flat=True))

    assert found(words="量子") == [task.pk]
    assert found(unit_id=c.school.pk) == [task.pk], "a unit stands for everything below it"
    assert found(person_id=c.li.pk, year=2026, kind="unit") == [task.pk]
    assert found(category_id=further.pk) == [task.pk], "further sets count too"
    assert found(category_id=goals.pk, health="idle", unit_id=c.school.pk) == [task.pk]
    assert found(year=2025) == []
    assert found(health="done") == []


def test_facts_for_many_tasks_take_as_many_queries_as_for_one(
    college, django_assert_max_num_queries
):
    c = college
    goals = make_set()
    tasks = [issued(goals, c.chen, c.section.pk, owner_id=c.li.pk) for _ in range(3)]
    rows = list(queries.for_page(c.li, tasks[0].pk)) + tasks[1:]
    c.li.__dict__.pop("_powers", None)
    with django_assert_max_num_queries(5):
        queries.facts_for_all(rows[:1], c.li)
    with django_assert_max_num_queries(5):
        queries.facts_for_all(
            list(
                Task.objects.select_related("unit", "category__measure", "measure").filter(
                    pk__in=[t.pk for t in tasks]
                )
            ),
            c.li,
        )


def test_a_copy_carries_the_content_but_not_the_addressee(college):
    c = college
    task = issued(make_set(), c.chen, c.school.pk)
    row = new(task.category, c.section.pk, owner_id=c.li.pk)
    (child,) = registering.break_down(task, [row], by=c.wang.actor)
    copy = queries.as_new(child)
    assert (copy.title, copy.details, copy.standard) == (
        child.title,
        child.details,
        child.standard,
    )
    assert copy.owner_id is None


def test_heads_of_two_units_answer_for_their_own_part_only(college):
    c = college
    signed = make_set(sign_off="always")
    other = make_unit("第二学院", c.root)
    head = make_person("二院院长", other)
    seat(head, other, Duty.HEAD)
    task = issued(signed, c.chen, c.school.pk, cooperating=(other.pk,))
    assert [p.role for p in queries.unsigned_parts(task, head)] == ["cooperating"]
    assert [p.role for p in queries.unsigned_parts(task, c.wang)] == ["lead"]
    assert queries.unsigned_parts(task, c.sun) == []
