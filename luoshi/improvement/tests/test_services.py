"""Writing and amending diagnoses, what is owed, and reminders."""

import datetime as dt

import pytest

from luoshi.improvement import jobs, queries, services
from luoshi.improvement.models import Action, Diagnosis
from luoshi.improvement.rules import NewAction, Period
from luoshi.improvement.tests.factories import asked_task, diagnose, paper
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.notices.kinds import groups
from luoshi.notices.models import DIGEST, Message
from luoshi.notices.queries import reminders_in
from luoshi.notices.services import send_digests
from luoshi.people.models import Draft, Person
from luoshi.people.roles import Duty
from luoshi.people.services.keeping import save_draft
from luoshi.people.tests.factories import seat
from luoshi.reports.tests.factories import tell
from luoshi.search.queries import hits
from luoshi.tasks.models import Task
from luoshi.tasks.services import line, taking_part
from luoshi.trail.queries import events_about

DECEMBER = Period(2026, 12)


def verbs(task):
    return [line.verb for line in events_about("task", task.pk)]


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def test_problem_and_action_are_filed(task, people, day):
    day("2026-12-10")
    row = diagnose(
        task,
        people.li,
        actions=(
            NewAction("催货"),
            NewAction(""),
            NewAction("换人", people.sun.pk, dt.date(2027, 1, 9)),
        ),
    )
    assert (row.period, row.year, row.due_on, row.late) == (
        "2026-12",
        2026,
        dt.date(2026, 12, 31),
        False,
    )
    said = list(row.actions.values_list("text", "owner", "date", "order"))
    assert said == [("催货", None, None, 0), ("换人", people.sun.pk, dt.date(2027, 1, 9), 1)]
    assert "diagnosis.file" in verbs(task)
    assert [hit.task_id for hit in hits("倒排工期")] == []
    assert [hit.task_id for hit in hits("落后一个月")] == [task.pk]


def test_it_may_be_written_in_march_and_still_in_january(task, people, day):
    early = diagnose(task, people.li)
    assert early.late is False
    other = asked_task(people)
    day("2027-01-04")
    assert diagnose(other, people.li).late is True


def test_whoever_shares_the_task_writes_it_too_and_the_others_hear_of_it(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    Message.objects.all().delete()
    diagnose(task, people.sun)
    assert [m.person for m in Message.objects.all()] == [people.li]


@pytest.mark.parametrize("name", ["chen", "wang", "zhao", "sun"])
def test_nobody_else_writes_it(task, people, name):
    with pytest.raises(NotAllowed):
        diagnose(task, getattr(people, name))
    assert not Diagnosis.objects.exists()


def test_a_task_whose_measure_asks_for_none(people, day):
    day("2026-03-02")
    task = asked_task(people, diagnose_in="")
    with pytest.raises(NotAllowed, match="不要求"):
        diagnose(task, people.li)


def test_a_personal_task_is_diagnosed_by_its_person(people, day):
    day("2026-03-02")
    task = asked_task(people, kind="personal")
    assert diagnose(task, people.li).task == task


def test_a_task_that_is_done_is_diagnosed_and_a_closed_one_not(people, day):
    day("2026-03-02")
    task = asked_task(people, assessment="never")
    tell(task, people.li, 100)
    assert diagnose(task, people.li)
    other = asked_task(people, assessment="never")
    tell(other, people.li, 100)
    line.close(Task.objects.get(pk=other.pk), by=people.chen.actor)
    with pytest.raises(NotAllowed):
        diagnose(other, people.li)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"problem": " "}, "problem"),
        ({"actions": ()}, "actions"),
        ({"actions": (NewAction("", 1),)}, "actions"),
    ],
)
def test_what_is_missing_is_refused_and_nothing_written(task, people, more, field):
    with pytest.raises(Refused) as refused:
        diagnose(task, people.li, **more)
    assert refused.value.field == field
    assert not Diagnosis.objects.exists()
    assert not Action.objects.exists()
    assert "diagnosis.file" not in verbs(task)


def test_what_the_measure_asks_for_besides(people, day):
    day("2026-03-02")
    task = asked_task(people, needs_cause=True, needs_action_owner=True, needs_action_date=True)
    with pytest.raises(Refused, match="原因"):
        diagnose(task, people.li)
    with pytest.raises(Refused, match="责任人"):
        diagnose(task, people.li, cause="到货晚")
    action = NewAction("催货", people.li.pk, dt.date(2026, 4, 1))
    assert diagnose(task, people.li, cause="到货晚", actions=(action,)).cause == "到货晚"


def test_nobody_who_left_carries_an_action_out(task, people):
    Person.objects.filter(pk=people.sun.pk).update(left_on=dt.date(2026, 3, 1))
    with pytest.raises(Refused, match="离职"):
        diagnose(task, people.li, actions=(NewAction("催货", people.sun.pk),))


def test_the_same_form_twice_files_once(task, people):
    first = diagnose(task, people.li, key="k1")
    assert diagnose(task, people.li, key="k1") == first
    with pytest.raises(Stale):
        diagnose(asked_task(people), people.li, key="k1")
    assert Diagnosis.objects.count() == 1


def test_the_second_of_two_is_told(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    diagnose(task, people.li)
    with pytest.raises(Stale):
        diagnose(task, people.sun, period="2026-12")
    with pytest.raises(NotAllowed, match="已"):
        diagnose(task, people.sun)


def test_a_measure_that_asks_twice_a_year(people, day):
    day("2026-03-02")
    task = asked_task(people, diagnose_in="6,12")
    assert diagnose(task, people.li).period == "2026-06"
    day("2026-08-01")
    assert diagnose(task, people.li).period == "2026-12"
    other = asked_task(people, diagnose_in="6,12")
    missed = diagnose(other, people.li, period="2026-06")
    assert (missed.period, missed.late) == ("2026-06", True)
    with pytest.raises(Refused):
        diagnose(other, people.li, period="2025-12")


def test_the_draft_goes_when_it_is_filed(task, people):
    path = f"/tasks/{task.pk}/diagnosis/write/"
    save_draft(people.li, form=path, data={"problem": ["写了一半"]})
    diagnose(task, people.li, draft=path)
    assert not Draft.objects.exists()


# ── amending ─────────────────────────────────────────────────────────────────────────────────────


def test_amending_writes_a_new_version_and_keeps_the_old(task, people, day):
    old = diagnose(task, people.li)
    day("2027-01-20")
    new = services.amend_diagnosis(
        old, paper(problem="人手不够"), by=people.li.actor, reason="核实后更正"
    )
    old.refresh_from_db()
    assert (old.status, new.status, new.amends, new.late) == ("amended", "filed", old, False)
    assert old.problem == "设备到货晚，进度落后一个月。"
    assert list(old.actions.values_list("text", flat=True)) == ["每周催货，倒排工期。"]
    assert [hit.key for hit in hits("人手不够")] == [str(new.pk)]
    assert hits("落后一个月") == []
    assert "diagnosis.amend" in verbs(task)
    with pytest.raises(Stale):
        services.amend_diagnosis(old, paper(), by=people.li.actor)
    (entry,) = queries.panel(task, people.li).entries
    assert (entry.diagnosis, entry.earlier) == (new, [old])


def test_others_do_not_amend(task, people):
    old = diagnose(task, people.li)
    with pytest.raises(NotAllowed):
        services.amend_diagnosis(old, paper(problem="改"), by=people.chen.actor)
    assert Diagnosis.objects.count() == 1


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────


def owing(person, day):
    found = queries.owed_by(Person.objects.get(pk=person.pk), day)
    return {period.key: [task.pk for task in tasks.order_by("pk")] for period, tasks in found}


def test_what_somebody_owes(task, people, day):
    other = asked_task(people)
    assert owing(people.li, dt.date(2026, 11, 30)) == {}
    assert owing(people.li, dt.date(2026, 12, 1)) == {"2026-12": [task.pk, other.pk]}
    assert owing(people.sun, dt.date(2026, 12, 1)) == {"2026-12": []}
    diagnose(task, people.li)
    assert owing(people.li, dt.date(2027, 1, 5)) == {"2026-12": [other.pk]}
    line.cancel(other, by=people.chen.actor, reason="不再需要")
    assert owing(people.li, dt.date(2026, 12, 5)) == {"2026-12": []}


def test_tasks_of_another_year_or_measure_owe_nothing(people, day):
    day("2026-03-02")
    asked_task(people, year=2025)
    asked_task(people, diagnose_in="")
    asked_task(people, diagnose_in="6")
    assert list(queries.asked(DECEMBER)) == []


def test_diagnosed_tells_the_newest_of_each(task, people, django_assert_num_queries):
    other = asked_task(people)
    row = diagnose(task, people.li)
    new = services.amend_diagnosis(row, paper(problem="改"), by=people.li.actor)
    with django_assert_num_queries(2):
        found = queries.diagnosed([task, other])
        assert [a.text for a in found[task.pk].actions.all()] == ["每周催货，倒排工期。"]
    assert found == {task.pk: new}


def test_last_year_stands_beside_this_one(people, day):
    day("2025-12-01")
    from luoshi.tasks.tests.factories import make_set

    category = make_set(diagnose_in="12", needs_evidence=False)
    dates = {"start": dt.date(2025, 1, 5), "due": dt.date(2025, 12, 20)}
    old = asked_task(people, category=category, year=2025, **dates)
    written = diagnose(old, people.li)
    day("2026-03-02")
    new = asked_task(people, category=category)
    assert queries.before(new, people.li) == written
    other = asked_task(people, category=category, title="别的任务")
    assert queries.before(other, people.li) is None
    elsewhere = asked_task(people, category=category, unit_id=people.other.pk)
    assert queries.before(elsewhere, people.li) is None


def test_last_year_is_shown_only_to_who_may_see_it(people, day):
    from luoshi.tasks.tests.factories import make_set

    day("2025-12-01")
    category = make_set(diagnose_in="12", needs_evidence=False, visibility="involved")
    dates = {"start": dt.date(2025, 1, 5), "due": dt.date(2025, 12, 20)}
    diagnose(
        asked_task(people, category=category, year=2025, owner_id=people.sun.pk, **dates),
        people.sun,
    )
    day("2026-03-02")
    assert queries.before(asked_task(people, category=category), people.li) is None


# ── reminding ────────────────────────────────────────────────────────────────────────────────────


def reminded():
    """Who was told of how many tasks by the digest of the day."""
    jobs.remind()
    send_digests()
    rows = Message.objects.filter(kind=DIGEST).order_by("person__name")
    return [(row.person.name, row.data["count"]) for row in rows]


def test_the_15th_reminds_whoever_owes_and_only_once(task, people, day):
    second = asked_task(people)
    done = asked_task(people, owner_id=people.wang.pk)
    taking_part.share(second, [people.sun], by=people.li.actor)
    diagnose(done, people.wang)
    day("2026-12-14")
    assert reminded() == []
    day("2026-12-15")
    assert reminded() == [("孙丽", 1), ("李敏", 2)]
    assert reminded() == [("孙丽", 1), ("李敏", 2)]
    (group,) = groups(reminders_in(Message.objects.get(kind=DIGEST, person=people.sun)), people.sun)
    (row,) = group.rows
    assert (group.heading, row.sentence) == (
        "诊断与改进",
        "2026年度的诊断与改进，请于 2026-12-31 前填写。",
    )
    assert row.look.act.url == f"/tasks/{second.pk}/diagnosis/write/"
    diagnose(second, people.li)
    (group,) = groups(reminders_in(Message.objects.get(kind=DIGEST, person=people.sun)), people.sun)
    assert (group.open, group.rows[0].look.note) == (0, "已填写")


def test_days_before_are_those_of_the_measure(people, day):
    day("2026-03-02")
    asked_task(people, remind_before="3")
    for when, rows in (("2026-12-23", 0), ("2026-12-28", 1), ("2026-12-31", 0)):
        day(when)
        assert jobs.remind() == rows, when


def test_what_falls_on_a_day_off_is_told_before(people, day):
    day("2026-03-02")
    asked_task(people, remind_before="5")  # the 26th of December 2026 is a Saturday
    day("2026-12-25")
    assert jobs.remind() == 1
    day("2026-12-26")
    assert jobs.remind() == 0


def test_who_wrote_it_meanwhile_is_not_told(task, people, day):
    day("2026-12-15")
    jobs.remind()
    diagnose(task, people.li)
    assert reminded() == []


def test_where_the_responsible_person_left_the_head_is_told(task, people, day):
    seat(people.wang, people.section, Duty.SECTION_HEAD)
    Person.objects.filter(pk=people.li.pk).update(is_active=False)
    day("2026-12-15")
    assert [name for name, _n in reminded()] == ["王建国"]
