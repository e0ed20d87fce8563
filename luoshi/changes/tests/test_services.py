"""Transfers: who asks, who answers, what goes over and what stays."""

import datetime as dt

import pytest

from luoshi.changes import queries, services
from luoshi.changes.models import Change
from luoshi.changes.tests.factories import asked
from luoshi.desk.refs import resolve
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.notices.kinds import rows_of
from luoshi.notices.models import Message
from luoshi.people.models import Draft, Person, Tenure
from luoshi.people.roles import Duty
from luoshi.people.services.keeping import save_draft
from luoshi.people.services.persons import transfer_person
from luoshi.people.tests.factories import make_person, seat
from luoshi.reports.models import Due
from luoshi.reports.queries import due_rows
from luoshi.reports.services import owed
from luoshi.reports.tests.factories import running, split, tell
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.queries import facts_for, may_see
from luoshi.tasks.rules import may
from luoshi.tasks.services import line, registering, taking_part
from luoshi.tasks.tests.factories import make_set, new
from luoshi.trail.queries import events_about

REASON = "岗位变动"


def told(person: Person) -> list[str]:
    return list(Message.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def verbs(task: Task) -> set[str]:
    return {line.verb for line in events_about("task", task.pk)}


def again(task: Task) -> Task:
    return Task.objects.select_related("unit", "owner", "category__measure", "measure").get(
        pk=task.pk
    )


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def test_the_responsible_person_asks_and_nothing_moves_yet(task, people):
    Message.objects.all().delete()
    change = asked(task, people.li, people.sun)
    assert (change.state, change.giver, change.taker) == ("asked", people.li, people.sun)
    assert again(task).owner == people.li
    assert told(people.sun) == ["change.ask_transfer"]
    assert told(people.li) == []
    assert "change.ask_transfer" in verbs(task)
    tell(again(task), people.li, 10)  # reports go on


def test_whoever_is_asked_sees_the_task_and_not_any_more_after_declining(people, day):
    day("2026-03-02")
    task = running(people, visibility="involved")
    assert not may_see(people.sun, task)
    change = asked(task, people.li, people.sun)
    assert may_see(people.sun, task)
    services.decline_transfer([change], by=people.sun.actor, opinion="不分管")
    assert not may_see(Person.objects.get(pk=people.sun.pk), task)


def test_who_saw_it_before_still_sees_it_after_declining(people, day):
    day("2026-03-02")
    task = running(people, visibility="involved")
    taking_part.admit(task, [people.sun.pk], Role.ADMITTED, by=people.chen.actor)
    change = asked(task, people.li, people.sun)
    services.withdraw_transfer(change, by=people.li.actor)
    assert may_see(people.sun, task)


@pytest.mark.parametrize("name", ["sun", "zhao"])
def test_others_cannot_ask(task, people, name):
    with pytest.raises(NotAllowed):
        asked(task, getattr(people, name), people.wang)
    assert not Change.objects.exists()


@pytest.mark.parametrize("name", ["wang", "chen", "zhou"])
def test_head_and_office_cannot_ask_while_the_person_is_there(task, people, name):
    with pytest.raises(NotAllowed, match="离职或岗位变动"):
        asked(task, getattr(people, name), people.sun)
    assert not Change.objects.exists()


def test_the_head_asks_for_somebody_who_left(task, people, day):
    Person.objects.filter(pk=people.li.pk).update(left_on=dt.date(2026, 3, 5))
    day("2026-03-09")
    task = again(task)
    assert queries.gone(task) == "left"
    change = asked(task, people.wang, people.sun)
    assert (change.giver, change.asked_by, change.state) == (people.li, people.wang, "asked")
    assert "change.asked_for_you" in told(people.li)
    services.accept_transfer([change], by=people.sun.actor)
    assert again(task).owner == people.sun
    assert "change.accept_transfer" in told(people.wang)


def test_the_head_takes_over_at_once(task, people, day):
    Person.objects.filter(pk=people.li.pk).update(left_on=dt.date(2026, 3, 5))
    day("2026-03-09")
    change = asked(again(task), people.wang, people.wang)
    change.refresh_from_db()
    assert (change.state, again(task).owner) == ("accepted", people.wang)
    assert told(people.wang) == []


def test_somebody_who_moved_to_another_unit_since_is_gone(task, people, day):
    day("2026-03-09")
    people.li.refresh_from_db()
    transfer_person(
        people.li,
        unit=people.other,
        on=dt.date(2026, 3, 6),
        by=people.admin.actor,
        rev=people.li.rev,
    )
    assert queries.gone(again(task)) == "moved"
    assert asked(again(task), people.wang, people.wang).taker == people.wang


def test_a_person_of_another_unit_named_from_the_start_is_not_gone(people, day):
    day("2026-03-02")
    task = running(people)
    Task.objects.filter(pk=task.pk).update(owner=people.sun)
    assert queries.gone(again(task)) == ""


def test_an_outgoing_holder_of_the_post_is_gone(people, day):
    day("2026-03-02")
    owned = registering.register(
        new(make_set(), people.school.pk), by=people.chen.actor, issue=True
    )
    assert owned.owner == people.wang
    Tenure.objects.filter(person=people.wang).update(until=dt.date(2026, 3, 5))
    day("2026-03-09")
    assert queries.gone(again(owned)) == "post"


def test_nobody_hands_over_without_a_reason_or_to_who_has_it(task, people):
    with pytest.raises(Refused):
        asked(task, people.li, people.sun, reason="  ")
    with pytest.raises(Refused, match="已是任务负责人"):
        asked(task, people.li, people.li)
    gone = make_person("钱走了", people.other, left_on=dt.date(2026, 3, 1))
    with pytest.raises(Refused, match="离职"):
        asked(task, people.li, gone)
    assert not Change.objects.exists()
    assert not Part.objects.filter(task=task, role=Role.ADMITTED).exists()


def test_an_assessor_does_not_become_the_one_assessed(task, people):
    taking_part.admit(task, [people.sun.pk], Role.ASSESSOR, by=people.chen.actor)
    with pytest.raises(Refused, match="考核人"):
        asked(task, people.li, people.sun)
    assert not Change.objects.exists()


def test_only_one_transfer_of_a_task_waits(task, people):
    asked(task, people.li, people.sun)
    with pytest.raises(NotAllowed, match="正在转交中"):
        asked(task, people.li, people.wang)
    assert Change.objects.count() == 1


def test_several_at_once_are_all_asked_or_none(people, day):
    day("2026-03-02")
    first, second = running(people), running(people)
    asked(second, people.li, people.sun)
    with pytest.raises(NotAllowed):
        services.ask_transfer([first, second], people.wang, REASON, by=people.li.actor)
    assert Change.objects.count() == 1
    services.withdraw_transfer(Change.objects.get(), by=people.li.actor)
    made = services.ask_transfer([first, second], people.wang, REASON, by=people.li.actor, key="k1")
    assert {row.task_id for row in made} == {first.pk, second.pk}
    twice = services.ask_transfer(
        [first, second], people.wang, REASON, by=people.li.actor, key="k1"
    )
    assert [row.pk for row in twice] == [row.pk for row in made]
    assert services.accept_transfer(made, by=people.wang.actor) == 2
    assert {again(first).owner, again(second).owner} == {people.wang}


@pytest.mark.parametrize("status", [Status.DRAFT, Status.CLOSED, Status.CANCELLED])
def test_what_is_not_issued_or_is_over_is_not_handed_over(task, people, status):
    Task.objects.filter(pk=task.pk).update(status=status)
    with pytest.raises(NotAllowed):
        asked(again(task), people.li, people.sun)


# ── answering ────────────────────────────────────────────────────────────────────────────────────


def test_accepting_moves_everything_open_and_history_stays(people, day):
    day("2026-03-02")
    task = running(people)
    taking_part.share(task, [people.sun], by=people.li.actor)
    old = tell(task, people.li, 30)
    day("2026-04-07")
    owed.open_coming_dues()
    before = list(Due.objects.filter(task=task).order_by("pk").values())
    row = new(task.category, people.section.pk, title="子任务草稿", owner_id=people.li.pk)
    draft = registering.break_down(task, [row], by=people.li.actor)[0]
    path = f"/tasks/{task.pk}/reports/submit/"
    save_draft(people.li, form=path, data={"body": ["四月进展写了一半"]})
    save_draft(people.li, form="/tasks/99999/reports/submit/", data={"body": ["别的"]})
    heir = make_person("周接任", people.section)
    change = asked(again(task), people.li, heir)
    Message.objects.all().delete()
    services.accept_transfer([change], by=heir.actor, opinion="同意")
    task = again(task)
    assert task.owner == heir
    assert list(Due.objects.filter(task=task).order_by("pk").values()) == before
    assert [r.due.task_id for r in due_rows(heir, dt.date(2026, 4, 20))] == [task.pk]
    assert due_rows(people.li, dt.date(2026, 4, 20)) == []
    draft.refresh_from_db()
    assert draft.creator == heir
    assert may_see(heir, draft)
    assert may("edit", draft, facts_for(draft, heir))
    assert Draft.objects.get(form=path).person == heir
    assert Draft.objects.get(form="/tasks/99999/reports/submit/").person == people.li
    old.refresh_from_db()
    assert old.by == people.li
    assert may("report", task, facts_for(task, heir))
    assert not may("report", task, facts_for(task, people.li))
    assert may("report", task, facts_for(task, people.sun))  # still shared with
    assert told(people.li) == ["change.accept_transfer"]
    assert told(people.chen) == ["change.accept_transfer"]
    assert {"task.hand_over", "change.accept_transfer"} <= verbs(task)


def test_who_gave_a_closed_task_away_still_sees_it(people, day):
    day("2026-03-02")
    task = running(people, visibility="involved")
    services.accept_transfer([asked(task, people.li, people.sun)], by=people.sun.actor)
    assert may_see(Person.objects.get(pk=people.li.pk), task)
    assert Part.objects.filter(task=task, person=people.li, role=Role.ADMITTED).count() == 1


def test_children_answer_to_the_new_owner(people, day):
    day("2026-03-02")
    task = running(people)
    child = split(task, people.li, (people.wang, people.section.pk))[0]
    services.accept_transfer([asked(again(task), people.li, people.sun)], by=people.sun.actor)
    assert Relation.SPLITTER in facts_for(again(child), people.sun).relations
    assert Relation.SPLITTER not in facts_for(again(child), people.li).relations


def test_somebody_it_was_shared_with_is_no_handler_beside_being_responsible(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    services.accept_transfer([asked(task, people.li, people.sun)], by=people.sun.actor)
    assert not Part.objects.filter(task=task, person=people.sun, role=Role.SHARED).exists()


def test_the_post_goes_with_the_task_only_to_its_holder(people, day):
    day("2026-03-02")
    owned = registering.register(
        new(make_set(), people.school.pk), by=people.chen.actor, issue=True
    )
    assert owned.owner_post is not None
    other_head = make_person("徐书记", people.school)
    seat(other_head, people.school, Duty.HEAD)
    services.accept_transfer([asked(again(owned), people.wang, other_head)], by=other_head.actor)
    assert again(owned).owner_post is None


def test_the_drafts_of_both_stay_where_both_have_begun(task, people):
    path = f"/tasks/{task.pk}/reports/submit/"
    taking_part.share(task, [people.sun], by=people.li.actor)
    save_draft(people.li, form=path, data={"body": ["李"]})
    save_draft(people.sun, form=path, data={"body": ["孙"]})
    services.accept_transfer([asked(task, people.li, people.sun)], by=people.sun.actor)
    assert Draft.objects.filter(form=path).count() == 2


def test_nobody_else_answers(task, people):
    change = asked(task, people.li, people.sun)
    for name in ("li", "wang", "chen"):
        with pytest.raises(NotAllowed):
            services.accept_transfer([change], by=getattr(people, name).actor)
        with pytest.raises(NotAllowed):
            services.decline_transfer([change], by=getattr(people, name).actor, opinion="不")
    assert again(task).owner == people.li


def test_declining_wants_a_reason_and_leaves_everything(task, people):
    change = asked(task, people.li, people.sun)
    with pytest.raises(Refused):
        services.decline_transfer([change], by=people.sun.actor, opinion=" ")
    Message.objects.all().delete()
    services.decline_transfer([change], by=people.sun.actor, opinion="不分管此项")
    change.refresh_from_db()
    assert (change.state, change.opinion, again(task).owner) == (
        "declined",
        "不分管此项",
        people.li,
    )
    assert told(people.li) == ["change.decline_transfer"]
    asked(again(task), people.li, people.wang)  # can be asked anew


def test_answering_twice_does_it_once(task, people):
    change = asked(task, people.li, people.sun)
    assert services.accept_transfer([change], by=people.sun.actor) == 1
    assert services.accept_transfer([change], by=people.sun.actor) == 0
    with pytest.raises(NotAllowed, match="已接受"):
        services.decline_transfer([change], by=people.sun.actor, opinion="改主意")
    assert [e.verb for e in events_about("task", task.pk)].count("task.hand_over") == 1


def test_withdrawing_is_for_who_asked_or_has_the_task(task, people):
    change = asked(task, people.li, people.sun)
    with pytest.raises(NotAllowed):
        services.withdraw_transfer(change, by=people.sun.actor)
    services.withdraw_transfer(change, by=people.li.actor)
    change.refresh_from_db()
    assert change.state == "withdrawn"
    with pytest.raises(NotAllowed):
        services.accept_transfer([change], by=people.sun.actor)
    assert again(task).owner == people.li


def test_a_transfer_without_object_is_refused_and_the_new_owner_takes_it_back(task, people):
    change = asked(task, people.li, people.sun)
    Task.objects.filter(pk=task.pk).update(owner=people.wang)
    with pytest.raises(Refused, match="已经变更"):
        services.accept_transfer([change], by=people.sun.actor)
    services.withdraw_transfer(change, by=people.wang.actor)
    assert not queries.to_answer(people.sun).exists()


def test_what_ended_meanwhile_waits_no_more(task, people):
    change = asked(task, people.li, people.sun)
    line.cancel(again(task), by=people.chen.actor, reason="不再需要")
    change.refresh_from_db()
    assert change.state == "withdrawn"
    assert not queries.to_answer(people.sun).exists()


def test_a_task_that_is_done_can_still_be_taken_over(task, people):
    change = asked(task, people.li, people.sun)
    tell(again(task), people.li, 100)
    assert again(task).status == Status.DONE
    services.accept_transfer([change], by=people.sun.actor)
    assert again(task).owner == people.sun


def test_all_or_none_is_accepted(people, day):
    day("2026-03-02")
    first, second = running(people), running(people)
    made = services.ask_transfer([first, second], people.sun, REASON, by=people.li.actor)
    services.withdraw_transfer(made[1], by=people.li.actor)
    with pytest.raises((NotAllowed, Stale)):
        services.accept_transfer(made, by=people.sun.actor)
    assert {again(first).owner, again(second).owner} == {people.li}


def test_many_are_told_in_one_message(people, day):
    day("2026-03-02")
    tasks = [running(people) for _ in range(5)]
    Message.objects.all().delete()
    made = services.ask_transfer(tasks, people.sun, REASON, by=people.li.actor)
    assert told(people.sun) == ["change.ask_many"]
    message = Message.objects.get(person=people.sun)
    assert resolve(message.about, people.sun) == "/transfers/?show=waiting"
    assert resolve(message.about, people.li) == "/transfers/?show=asked"
    assert resolve(message.about, people.wang) is None
    services.accept_transfer(made[:4], by=people.sun.actor)
    assert told(people.li) == ["change.accept_many"]
    services.decline_transfer(made[4:], by=people.sun.actor, opinion="不分管")
    assert told(people.li) == ["change.accept_many", "change.decline_transfer"]
    (row,) = rows_of(Message.objects.filter(kind="change.accept_many", person=people.chen))
    assert row.sentence == f"孙丽已接手“{tasks[0].title}”等 4 项任务。"


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


def test_the_head_is_offered_what_people_left_behind(task, people, day):
    assert queries.left_behind(people.wang) == []
    Person.objects.filter(pk=people.li.pk).update(left_on=dt.date(2026, 3, 5))
    day("2026-03-09")
    wang = Person.objects.get(pk=people.wang.pk)
    assert [t.pk for t in queries.left_behind(wang)] == [task.pk]
    assert queries.left_behind(people.sun) == []
    asked(again(task), wang, people.sun)
    assert queries.left_behind(wang) == []


def test_what_one_may_hand_over_is_ones_own_and_waits_for_nothing(people, day):
    day("2026-03-02")
    first, second = running(people), running(people)
    assert {t.pk for t in queries.transferable(people.li)} == {first.pk, second.pk}
    asked(first, people.li, people.sun)
    assert [t.pk for t in queries.transferable(people.li)] == [second.pk]


def test_the_panel_says_what_each_may_do(task, people):
    change = asked(task, people.li, people.sun)
    for name, answers, withdraws in (
        ("sun", True, False),
        ("li", False, True),
        ("wang", False, False),
    ):
        shown = queries.panel(again(task), getattr(people, name))
        assert shown.waiting == change
        assert (shown.may_answer.ok, shown.may_withdraw.ok) == (answers, withdraws), name
        assert not shown.may_ask
