import datetime as dt
from dataclasses import replace

import pytest

from luoshi.kit import clock
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.measures.models import Category
from luoshi.measures.rules import Health
from luoshi.notices.models import Message
from luoshi.people.models import Post, Tenure
from luoshi.people.queries import forget_powers
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, make_field, make_person, make_unit, seat
from luoshi.search.queries import task_ids_matching
from luoshi.tasks import jobs, queries, rules
from luoshi.tasks.lifecycle import Outcome, Status
from luoshi.tasks.models import Counting, Part, RemarkKind, Role, Task
from luoshi.tasks.services import issuing, line, registering, signing, taking_part
from luoshi.tasks.services.registering import Copy
from luoshi.tasks.tests.factories import draft, issued, make_set, new
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def college():
    return cast()


@pytest.fixture
def goals(db):
    return make_set()


def verbs(task):
    rows = Event.objects.filter(about_kind="task", about_id=task.pk).order_by("seq")
    return list(rows.values_list("verb", flat=True))


def told(kind):
    return set(Message.objects.filter(kind=kind).values_list("person_id", flat=True))


# ── registering ──────────────────────────────────────────────────────────────────────────────────


def test_registering_makes_a_draft_with_its_parts_its_set_its_trail_and_its_words(college, goals):
    c = college
    task = draft(goals, c.chen, c.school.pk, cooperating=(c.other.pk,), assessors=(c.zhou.pk,))
    assert task.status == Status.DRAFT
    assert set(task.parts.values_list("role", "unit_id", "person_id")) == {
        ("lead", c.school.pk, None),
        ("cooperating", c.other.pk, None),
        ("assessor", None, c.zhou.pk),
    }
    assert list(task.countings.values_list("category_id", "home")) == [(goals.pk, True)]
    assert verbs(task) == ["task.register"]
    assert task.pk in Task.objects.filter(pk__in=task_ids_matching("虚拟仿真")).values_list(
        "pk", flat=True
    )
    assert (task.rhythm, task.report_day) == ("monthly", 28)


def test_the_same_key_registers_one_task(college, goals):
    first = draft(goals, college.chen, college.school.pk, key="k1")
    second = draft(goals, college.chen, college.school.pk, key="k1")
    assert first.pk == second.pk
    assert Task.objects.count() == 1


def test_who_holds_no_such_post_registers_nothing(college, goals):
    with pytest.raises(NotAllowed):
        draft(goals, college.sun, college.school.pk)
    assert Task.objects.count() == 0
    assert Event.objects.count() == 0


def test_a_post_registers_for_its_own_unit_and_those_below(college, goals):
    c = college
    for unit in (c.school, c.section):
        assert draft(goals, c.wang, unit.pk).unit == unit
    for unit in (c.other, c.root):
        with pytest.raises(Refused) as refusal:
            draft(goals, c.wang, unit.pk)
        assert refusal.value.field == "unit"
    task = draft(goals, c.wang, c.school.pk)
    with pytest.raises(Refused):
        registering.edit(task, new(goals, c.other.pk), by=c.wang.actor, rev=task.rev)
    assert Task.objects.filter(unit=c.other).count() == 0
    moved = registering.edit(task, new(goals, c.section.pk), by=c.wang.actor, rev=task.rev)
    assert moved.unit == c.section


def test_a_post_with_a_field_registers_in_that_field_everywhere(college, goals):
    c = college
    safety = make_field("安全")
    seat(c.sun, c.root, Duty.FUNCTIONAL, field=safety)
    with pytest.raises(Refused):
        draft(goals, c.sun, c.school.pk)
    Category.objects.filter(pk=goals.pk).update(field=safety)
    assert draft(goals, c.sun, c.school.pk).unit == c.school


def test_a_category_of_one_unit_is_for_that_unit(college, goals):
    c = college
    Category.objects.filter(pk=goals.pk).update(unit=c.other)
    with pytest.raises(Refused) as refusal:
        draft(goals, c.wang, c.school.pk)
    assert refusal.value.field == "category"
    assert draft(goals, c.chen, c.school.pk)  # a post over the whole institution
    Category.objects.filter(pk=goals.pk).update(unit=c.school)
    assert draft(goals, c.wang, c.school.pk)


def test_sub_tasks_go_to_any_unit(college, goals):
    c = college
    task = issued(goals, c.chen, c.school.pk)
    row = new(goals, c.other.pk, owner_id=c.sun.pk)
    (child,) = registering.break_down(task, [row], by=c.wang.actor, issue=True)
    assert (child.unit, child.status) == (c.other, Status.ACTIVE)


def test_who_left_the_post_no_longer_issues_the_drafts_registered_in_it(college, goals):
    c = college
    task = draft(goals, c.wang, c.school.pk, owner_id=c.li.pk)
    c.wang.tenures.update(until=dt.date(2026, 1, 1))
    forget_powers(c.wang)
    with pytest.raises(NotAllowed):
        issuing.issue_many([task], by=c.wang.actor)
    task.refresh_from_db()
    assert task.status == Status.DRAFT
    assert issuing.issue_many([task], by=c.chen.actor)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"start": dt.date(2026, 5, 2), "due": dt.date(2026, 5, 1)}, "due"),
        ({"secret": True}, "secret"),
        ({"kind": "personal"}, "owner"),
        ({"category_id": 999_999}, "category"),
        ({"unit_id": 999_999}, "unit"),
    ],
)
def test_what_cannot_stand_is_refused_and_nothing_is_written(college, goals, more, field):
    with pytest.raises(Refused) as refusal:
        registering.register(replace(new(goals, college.school.pk), **more), by=college.chen.actor)
    assert refusal.value.field == field
    assert Task.objects.count() == 0


def test_a_closed_unit_and_a_person_who_left_take_no_task(college, goals):
    closed = make_unit("撤销的处室", college.root, until=dt.date(2025, 12, 31))
    gone = make_person("钱某", college.school, left_on=dt.date(2025, 12, 31))
    with pytest.raises(Refused, match="撤销的处室"):
        draft(goals, college.chen, closed.pk)
    with pytest.raises(Refused, match="钱某"):
        draft(goals, college.chen, college.school.pk, owner_id=gone.pk)
    assert Task.objects.count() == 0


def test_rare_characters_and_emoji_stay_as_typed(college, goals):
    title = "推进𠮷祥㐀号工程😀<img src=x onerror=alert(1)>"
    task = draft(goals, college.chen, college.school.pk, title=title)
    assert Task.objects.get(pk=task.pk).title == title


def test_many_are_registered_as_a_tree_all_or_none(college, goals):
    rows = [
        new(goals, college.school.pk, title="总任务"),
        new(goals, college.school.pk, title="子任务", parent_index=0),
        new(goals, college.other.pk, title="孙任务", parent_index=1),
    ]
    top, child, grandchild = registering.register_many(rows, by=college.chen.actor)
    assert (top.depth, child.depth, grandchild.depth) == (0, 1, 2)
    assert grandchild.is_below(top)
    assert Task.objects.get(pk=top.pk).children_count == 1
    with pytest.raises(Refused):
        registering.register_many([*rows, new(goals, 999_999)], by=college.chen.actor)
    assert Task.objects.count() == 3


def test_registering_many_takes_few_statements(college, goals, django_assert_max_num_queries):
    rows = [new(goals, college.school.pk, title=f"任务{n}") for n in range(300)]
    with django_assert_max_num_queries(60):
        registering.register_many(rows, by=college.chen.actor)


def test_editing_a_draft_replaces_it_once_and_tells_the_second_person(college, goals):
    task = draft(goals, college.chen, college.school.pk)
    fresh = new(goals, college.other.pk, title="改后的标题")
    registering.edit(task, fresh, by=college.chen.actor, rev=task.rev)
    with pytest.raises(Stale):
        registering.edit(task, new(goals, college.school.pk), by=college.chen.actor, rev=task.rev)
    saved = Task.objects.get(pk=task.pk)
    assert (saved.title, saved.unit_id) == ("改后的标题", college.other.pk)
    assert list(saved.parts.values_list("unit_id", flat=True)) == [college.other.pk]
    assert verbs(task) == ["task.register", "task.edit"]


def test_an_issued_task_is_no_draft_to_edit_or_discard(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    with pytest.raises(NotAllowed):
        registering.edit(task, new(goals, college.school.pk), by=college.chen.actor, rev=task.rev)
    with pytest.raises(NotAllowed):
        registering.discard_drafts([task], by=college.chen.actor)
    assert Task.objects.filter(pk=task.pk).exists()


def test_a_tree_of_drafts_is_thrown_away_whole(college, goals, django_assert_max_num_queries):
    parent = issued(goals, college.chen, college.school.pk)
    rows = [new(goals, college.school.pk, title="甲"), new(goals, college.school.pk, title="乙")]
    kept = registering.break_down(parent, rows, by=college.wang.actor)
    tree = registering.register_many(
        [new(goals, college.school.pk, parent_index=n - 1 if n % 20 else None) for n in range(60)],
        by=college.chen.actor,
    )
    with django_assert_max_num_queries(420):
        registering.discard_drafts(tree, by=college.chen.actor)
    registering.discard_drafts(kept[:1], by=college.wang.actor)
    assert set(Task.objects.values_list("pk", flat=True)) == {parent.pk, kept[1].pk}
    assert Task.objects.get(pk=parent.pk).children_count == 1
    assert not Task.objects.filter(pk__in=task_ids_matching("甲")).exists()


# ── issue ────────────────────────────────────────────────────────────────────────────────────────


def test_issuing_numbers_the_task_fixes_its_rules_and_tells_its_owner(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    assert task.status == Status.ACTIVE
    assert task.number
    assert task.measure_id == goals.measure_id
    assert task.owner_id == college.wang.pk, "the head of the unit answers for it"
    assert task.owner_post_id is not None
    assert task.original_due == task.due
    assert task.issued_at
    assert task.accepted_at
    assert task.late_from == dt.date(2026, 12, 21)
    assert told("task.issue") == {college.wang.pk}
    assert verbs(task) == ["task.register", "task.issue"]


def test_issued_tasks_are_found_by_their_numbers(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    found = Task.objects.filter(pk__in=task_ids_matching(task.number, kinds=("task",)))
    assert list(found) == [task]


def test_numbers_are_given_in_order_without_gaps(college, goals):
    numbers = [issued(goals, college.chen, college.school.pk).number for _ in range(3)]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 3


def test_what_is_not_ready_is_not_issued_and_neither_is_what_came_with_it(college, goals):
    whole = draft(goals, college.chen, college.school.pk)
    lacking = draft(goals, college.chen, college.school.pk, due=None)
    with pytest.raises(Refused) as refusal:
        issuing.issue_many([whole, lacking], by=college.chen.actor)
    assert lacking.title in str(refusal.value)
    assert Task.objects.filter(status=Status.DRAFT).count() == 2
    assert told("task.issue") == set()


def test_a_set_without_rules_holds_drafts_only(college, goals):
    goals.measure = None
    goals.save()
    task = draft(goals, college.chen, college.school.pk)
    with pytest.raises(Refused):
        issuing.issue_many([task], by=college.chen.actor)


def test_a_second_click_on_issue_changes_nothing(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    with pytest.raises(NotAllowed):
        issuing.issue_many([task], by=college.chen.actor)
    assert verbs(task).count("task.issue") == 1


# ── sign for or refuse ───────────────────────────────────────────────────────────────────────────


def test_the_leads_signature_starts_the_work_and_each_addressee_signs_for_itself(college):
    c = college
    signed = make_set(sign_off="always")
    head = make_person("财务处长", c.other)
    seat(head, c.other, Duty.HEAD)
    task = issued(signed, c.chen, c.school.pk, cooperating=(c.other.pk,))
    assert task.status == Status.ISSUED
    signing.sign(task, by=head.actor)
    assert Task.objects.get(pk=task.pk).status == Status.ISSUED
    signing.sign(task, by=c.wang.actor)
    assert Task.objects.get(pk=task.pk).status == Status.ACTIVE
    with pytest.raises(NotAllowed):
        signing.sign(task, by=c.wang.actor)
    with pytest.raises(NotAllowed):
        signing.sign(task, by=c.sun.actor)


def test_the_leads_refusal_goes_back_to_the_creator_with_its_reason(college):
    signed = make_set(sign_off="always")
    task = issued(signed, college.chen, college.school.pk)
    with pytest.raises(Refused):
        signing.refuse(task, by=college.wang.actor, reason=" ")
    signing.refuse(task, by=college.wang.actor, reason="不属于本院职责")
    back = Task.objects.get(pk=task.pk)
    assert (back.status, back.refusals, back.refusal) == (Status.DRAFT, 1, "不属于本院职责")
    assert told("task.refuse") == {college.chen.pk}
    again = issuing.issue_many([back], by=college.chen.actor)[0]
    assert again.number == task.number, "a number is given once"
    signing.sign(again, by=college.wang.actor)
    assert Task.objects.get(pk=task.pk).status == Status.ACTIVE


def days_later(monkeypatch, days):
    moment = clock.now() + dt.timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize(
    ("on_silence", "status", "heard"),
    [
        ("nothing", Status.ISSUED, set()),
        ("ask", Status.ISSUED, {"task.unsigned"}),
        ("accepted", Status.ACTIVE, {"task.silence"}),
    ],
)
def test_what_silence_means_is_the_measures_word(college, monkeypatch, on_silence, status, heard):
    signed = make_set(sign_off="always", sign_days=2, on_silence=on_silence)
    task = issued(signed, college.chen, college.school.pk)
    days_later(monkeypatch, 2)
    jobs.settle_silent()
    assert Task.objects.get(pk=task.pk).status == Status.ISSUED, "the second day is not over"
    days_later(monkeypatch, 1)
    jobs.settle_silent()
    jobs.settle_silent()
    assert Task.objects.get(pk=task.pk).status == status
    kinds = ["task.silence", "task.unsigned"]
    rows = Message.objects.filter(kind__in=kinds).values_list("kind", flat=True)
    assert set(rows) == heard
    assert len(rows) == len(heard), "told once"


# ── what the measure adds at issue ───────────────────────────────────────────────────────────────


def test_a_task_without_a_date_gets_the_days_its_urgency_allows(college):
    pressing = make_set()
    pressing.measure.deadlines.create(urgency="urgent", days=7)
    task = issued(pressing, college.chen, college.school.pk, due=None, start=None, urgency="urgent")
    assert task.due == clock.today() + dt.timedelta(days=7)
    assert Task.objects.get(pk=task.pk).original_due == task.due
    with pytest.raises(Refused):
        issued(pressing, college.chen, college.school.pk, due=None)


def test_a_task_starts_with_the_milestones_of_its_measure_unless_it_has_its_own(college):
    staged = make_set()
    staged.measure.nodes.create(order=1, name="启动", days=3)
    staged.measure.nodes.create(order=2, name="完成", days=3000)
    day = clock.today()
    due = day + dt.timedelta(days=30)
    task = issued(staged, college.chen, college.school.pk, start=day, due=due)
    assert list(task.milestones.values_list("name", "due")) == [
        ("启动", day + dt.timedelta(days=3)),
        ("完成", due),
    ]
    assert Task.objects.get(pk=task.pk).behind_from == day + dt.timedelta(days=4)
    own = issued(
        staged, college.chen, college.school.pk, start=day, due=due, milestones=(("自定", due),)
    )
    assert list(own.milestones.values_list("name", flat=True)) == ["自定"]


# ── breaking down ────────────────────────────────────────────────────────────────────────────────


def test_s0_split_1_only_its_owner_breaks_a_task_down(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    rows = [new(goals, college.other.pk, title="子任务")]
    with pytest.raises(NotAllowed):
        registering.break_down(task, rows, by=college.chen.actor)
    (child,) = registering.break_down(task, rows, by=college.wang.actor)
    assert child.parent_id == task.pk
    assert child.creator_id == college.wang.pk, "children answer to who broke it down"
    parent = Task.objects.get(pk=task.pk)
    assert parent.split_at is not None
    assert parent.children_count == 1


def test_s0_split_2_and_4_personal_tasks_end_the_tree(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    row = new(goals, college.section.pk, title="个人任务", kind="personal", owner_id=college.li.pk)
    (child,) = registering.break_down(task, [row], by=college.wang.actor, issue=True)
    assert child.status == Status.ACTIVE
    assert child.needs_assessment is False
    with pytest.raises(NotAllowed):
        registering.break_down(child, [row], by=college.li.actor)
    with pytest.raises(Refused) as refusal:
        registering.break_down(
            task, [replace(row, assessors=(college.zhou.pk,))], by=college.wang.actor
        )
    assert refusal.value.field == "assessors"


def test_s0_split_3_a_functional_office_breaks_down_to_the_schools(college, goals):
    head = make_person("财务处长", college.other)
    seat(head, college.other, Duty.HEAD)
    task = issued(goals, college.chen, college.other.pk)
    (child,) = registering.break_down(
        task, [new(goals, college.school.pk)], by=head.actor, issue=True
    )
    assert child.owner_id == college.wang.pk


def test_s0_split_5_several_assessors(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    row = new(goals, college.section.pk, owner_id=college.li.pk)
    row = replace(row, assessors=(college.zhou.pk, college.chen.pk))
    (child,) = registering.break_down(task, [row], by=college.wang.actor)
    assert list(child.parts.filter(role=Role.ASSESSOR).values_list("person_id", flat=True)) == [
        college.zhou.pk,
        college.chen.pk,
    ]


@pytest.mark.parametrize("lacking", ["due", "details", "standard"])
def test_s0_split_6_date_details_and_standard_are_mandatory(college, goals, lacking):
    task = issued(goals, college.chen, college.school.pk)
    row = new(goals, college.section.pk, owner_id=college.li.pk)
    row = replace(row, **{lacking: None if lacking == "due" else ""})
    with pytest.raises(Refused):
        registering.break_down(task, [row], by=college.wang.actor, issue=True)
    assert Task.objects.count() == 1, "nothing half-done"


def test_s0_split_7_a_child_is_copied_to_many_units_and_varied(college, goals):
    schools = [make_unit(f"第{n}学院", college.root) for n in range(3)]
    for school in schools:
        seat(make_person(f"{school.name}院长", school), school, Duty.HEAD)
    task = issued(goals, college.chen, college.school.pk)
    (child,) = registering.break_down(
        task, [new(goals, college.section.pk, owner_id=college.li.pk)], by=college.wang.actor
    )
    to = [
        Copy(unit_id=school.pk, due=dt.date(2026, 6, n + 1), standard=f"完成{n}项")
        for n, school in enumerate(schools)
    ]
    made = registering.copy_task(child, to, by=college.wang.actor, key="copy", issue=True)
    again = registering.copy_task(child, to, by=college.wang.actor, key="copy", issue=True)
    assert [t.pk for t in made] == [t.pk for t in again], "a double click copies once"
    assert [(t.unit_id, t.standard, t.due.day) for t in made] == [
        (schools[0].pk, "完成0项", 1),
        (schools[1].pk, "完成1项", 2),
        (schools[2].pk, "完成2项", 3),
    ]
    assert {t.parent_id for t in made} == {task.pk}
    assert {t.details for t in made} == {child.details}


def test_a_child_is_due_no_later_than_its_parent(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    row = new(goals, college.section.pk, owner_id=college.li.pk, due=dt.date(2026, 12, 21))
    with pytest.raises(Refused, match="2026-12-20"):
        registering.break_down(task, [row], by=college.wang.actor)
    assert Task.objects.count() == 1


# ── progress, end ────────────────────────────────────────────────────────────────────────────────


def test_progress_begins_and_completes_a_task_and_reopens_it(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    line.set_progress(task, 30, by=college.wang.actor)
    task = Task.objects.get(pk=task.pk)
    assert task.begun_at is not None
    assert rules.health(task, dt.date(2026, 12, 20)) == Health.MOVING
    assert rules.health(task, dt.date(2026, 12, 21)) == Health.LATE
    line.set_progress(task, 100, by=college.wang.actor, complete=True)
    task = Task.objects.get(pk=task.pk)
    assert (task.status, task.outcome, task.late_from) == (
        Status.DONE,
        Outcome.COMPLETED,
        None,
    )
    line.set_progress(task, 90, by=college.wang.actor)
    task = Task.objects.get(pk=task.pk)
    assert (task.status, task.progress, task.completed_at) == (Status.ACTIVE, 90, None)
    assert task.late_from == dt.date(2026, 12, 21)


def test_a_result_is_accepted_or_returned_by_its_reviewer(college):
    reviewed = make_set(review="always")
    task = issued(reviewed, college.chen, college.school.pk, reviewer_id=college.zhou.pk)
    line.set_progress(task, 100, by=college.wang.actor, complete=True)
    task = Task.objects.get(pk=task.pk)
    assert task.status == Status.SUBMITTED
    with pytest.raises(NotAllowed):
        line.accept(task, by=college.wang.actor)
    line.send_back(task, by=college.zhou.actor, opinion="缺验收报告", progress=80)
    task = Task.objects.get(pk=task.pk)
    assert (task.status, task.progress, task.returns) == (Status.ACTIVE, 80, 1)
    line.set_progress(task, 100, by=college.wang.actor, complete=True)
    handed_in = Task.objects.get(pk=task.pk).completed_at
    line.accept(Task.objects.get(pk=task.pk), by=college.zhou.actor)
    accepted = Task.objects.get(pk=task.pk)
    assert (accepted.status, accepted.completed_at) == (Status.DONE, handed_in)


def test_a_parent_is_closed_only_after_its_children(college):
    plain = make_set(assessment="never")
    task = issued(plain, college.chen, college.school.pk)
    registering.break_down(
        task,
        [new(plain, college.section.pk, owner_id=college.li.pk, title="未完成的子任务")],
        by=college.wang.actor,
        issue=True,
    )
    line.set_progress(queries.locked(task), 100, by=college.wang.actor, complete=True)
    task = Task.objects.get(pk=task.pk)
    with pytest.raises(NotAllowed, match="未完成的子任务"):
        line.close(task, by=college.chen.actor)
    child = Task.objects.get(parent=task)
    line.set_progress(child, 100, by=college.li.actor, complete=True)
    line.close(task, by=college.chen.actor)
    assert Task.objects.get(pk=task.pk).status == Status.CLOSED


def test_cancelling_covers_everything_below_and_only_that(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    other = issued(goals, college.chen, college.school.pk)
    (child,) = registering.break_down(
        task,
        [new(goals, college.section.pk, owner_id=college.li.pk)],
        by=college.wang.actor,
        issue=True,
    )
    with pytest.raises(NotAllowed):
        line.cancel(task, by=college.wang.actor, reason="不做了")
    with pytest.raises(Refused):
        line.cancel(task, by=college.chen.actor, reason="")
    assert line.cancel(task, by=college.chen.actor, reason="上级取消") == 2
    status = dict(Task.objects.values_list("pk", "status"))
    assert status == {
        task.pk: Status.CANCELLED,
        child.pk: Status.CANCELLED,
        other.pk: Status.ACTIVE,
    }
    assert told("task.cancel") == {college.wang.pk, college.li.pk}
    with pytest.raises(NotAllowed):
        line.cancel(task, by=college.chen.actor, reason="再次")


def test_somebody_faster_leaves_the_second_told_and_nothing_changed(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    stale = Task.objects.get(pk=task.pk)
    line.cancel(task, by=college.chen.actor, reason="上级取消")
    with pytest.raises(Stale):
        line.move(stale, "complete", by=college.wang.actor)
    assert Task.objects.get(pk=task.pk).status == Status.CANCELLED


# ── taking part ──────────────────────────────────────────────────────────────────────────────────


def test_sharing_lets_others_handle_it_but_not_people_who_left(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    taking_part.share(task, [college.li], by=college.wang.actor)
    assert rules.may("report", task, queries.facts_for(task, college.li))
    gone = make_person("钱某", college.school, left_on=dt.date(2025, 12, 31))
    with pytest.raises(Refused):
        taking_part.share(task, [gone], by=college.wang.actor)
    assert told("task.share") == {college.li.pk}


def test_a_task_counts_in_a_further_set_once_with_a_date_set_later(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    further = make_set(result_only=True)
    taking_part.count_in(task, further, by=college.chen.actor)
    taking_part.count_in(task, further, by=college.chen.actor, result_due=dt.date(2026, 12, 10))
    row = Counting.objects.get(task=task, home=False)
    assert (row.category_id, row.result_due) == (further.pk, dt.date(2026, 12, 10))
    with pytest.raises(Refused):
        taking_part.count_in(task, goals, by=college.chen.actor)


def test_milestones_move_the_day_a_task_turns_behind(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    rows = [("完成招标", dt.date(2026, 3, 31), None), ("完成安装", dt.date(2026, 9, 30), None)]
    taking_part.set_milestones(task, rows, by=college.wang.actor, rev=task.rev)
    saved = Task.objects.get(pk=task.pk)
    assert saved.behind_from == dt.date(2026, 4, 1)
    with pytest.raises(Stale):
        taking_part.set_milestones(task, rows, by=college.wang.actor, rev=task.rev)
    with pytest.raises(Refused):
        taking_part.set_milestones(
            saved, [("太晚", dt.date(2027, 1, 1), None)], by=college.wang.actor, rev=saved.rev
        )
    assert saved.milestones.count() == 2


def test_instructions_are_for_leaders_and_comments_for_those_involved(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    with pytest.raises(NotAllowed):
        taking_part.remark(task, "抓紧", by=college.wang.actor, kind=RemarkKind.INSTRUCTION)
    taking_part.remark(task, "请抓紧", by=college.zhao.actor, kind=RemarkKind.INSTRUCTION)
    first = taking_part.remark(task, "已安排", by=college.wang.actor, key="c1")
    second = taking_part.remark(task, "已安排", by=college.wang.actor, key="c1")
    assert first.pk == second.pk
    with pytest.raises(NotAllowed):
        taking_part.remark(task, "路过", by=college.sun.actor)
    assert task.remarks.count() == 2
    assert "请抓紧" not in Event.objects.get(verb="task.instruct").data, "only the digest"


def test_a_secretary_acts_for_the_leader_and_both_names_go_on_record(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    chair = college.zhao.tenures.get().post
    secretary = make_person("秘书", college.office)
    post = Post.objects.create(
        unit=college.office, duty=Duty.SECRETARY, title="赵志刚秘书", serves=chair
    )
    with pytest.raises(NotAllowed):
        taking_part.remark(task, "请抓紧", by=secretary.actor, kind=RemarkKind.INSTRUCTION)
    Tenure.objects.create(post=post, person=secretary, since=dt.date(2026, 1, 1))
    forget_powers(secretary)
    verdict, leader = queries.principal(
        task, secretary, "instruct", queries.facts_for(task, secretary)
    )
    assert (bool(verdict), leader) == (True, college.zhao)
    secretary.act_for(leader)
    row = taking_part.remark(task, "请抓紧", by=secretary.actor, kind=RemarkKind.INSTRUCTION)
    assert row.by == college.zhao, "it is the leader's instruction"
    told = Event.objects.get(verb="task.instruct")
    assert (told.by_name, told.for_name) == ("秘书", college.zhao.name)
    impostor = make_person("旁人", college.office)
    impostor.act_for(college.zhao)
    with pytest.raises(NotAllowed):
        taking_part.remark(task, "假的", by=impostor.actor, kind=RemarkKind.INSTRUCTION)
    assert task.remarks.count() == 1


def test_following_and_no_longer_following(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    taking_part.follow(task, by=college.sun.actor, on=True)
    taking_part.follow(task, by=college.sun.actor, on=True)
    assert Part.objects.filter(task=task, role=Role.FOLLOWER).count() == 1
    taking_part.follow(task, by=college.sun.actor, on=False)
    assert Part.objects.filter(task=task, role=Role.FOLLOWER).count() == 0
