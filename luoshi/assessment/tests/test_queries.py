"""What each reader is shown, what waits for a score, and the twins of rules in the database."""

import datetime as dt

import pytest

from luoshi.assessment import queries, services
from luoshi.assessment.rules import Standing
from luoshi.assessment.tests.factories import done, give, judged
from luoshi.desk.queries.differences import _results
from luoshi.kit import clock
from luoshi.people.queries import powers_of
from luoshi.reports import services as reporting
from luoshi.reports.models import Report
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for
from luoshi.tasks.services import line


@pytest.fixture(autouse=True)
def _in_june(day):
    day("2026-06-01")


def panel(task, person):
    task = Task.objects.select_related("unit", "measure", "category__measure").get(pk=task.pk)
    return queries.panel(task, facts_for(task, person), person)


def seen(task, person):
    """Points somebody sees, by assessor."""
    return {seat.person.name: seat.said.points for seat in panel(task, person).seats if seat.said}


def amend(task, by):
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=by.actor, progress=100, body="补充材料")


def test_an_assessor_sees_the_others_after_giving_their_own(people):
    task = done(people)
    give(task, people.wang, 18)
    assert seen(task, people.sun) == {}
    assert seen(task, people.wang) == {"王建国": "18"}
    give(task, people.sun, 16)
    assert seen(task, people.sun) == {"王建国": "18", "孙丽": "16"}


def test_the_assessed_see_points_when_all_have_scored(people):
    task = done(people)
    give(task, people.wang, 18)
    assert seen(task, people.li) == {}
    assert panel(task, people.li).result is None
    give(task, people.sun, 16)
    assert seen(task, people.li) == {"王建国": "18", "孙丽": "16"}
    assert panel(task, people.li).points == "17"


def test_the_office_sees_scores_at_any_time_unless_it_assesses_itself(people):
    task = done(people, people.wang, people.zhou)
    give(task, people.wang, 18)
    assert seen(task, people.chen) == {"王建国": "18"}
    assert seen(task, people.zhou) == {}


def test_everybody_sees_who_has_scored(people):
    task = done(people)
    give(task, people.wang, 18)
    found = panel(task, people.li)
    assert [(seat.person.name, seat.has_scored) for seat in found.seats] == [
        ("王建国", True),
        ("孙丽", False),
    ]
    assert found.standing == Standing.PARTLY


def test_an_assessor_whose_score_is_stale_is_blind_again_and_has_it_to_do(people):
    task = done(people)
    give(task, people.wang, 18)
    give(task, people.sun, 16)
    amend(task, people.li)
    found = panel(task, people.sun)
    assert found.to_do
    assert seen(task, people.sun) == {"孙丽": "16"}
    assert not found.sees_result


def test_left_out_scores_are_marked_on_the_receipt(people):
    task = done(people, people.wang, people.sun, people.guard, switches={"average": "trimmed"})
    for who, points in ((people.wang, 20), (people.sun, 15), (people.guard, 1)):
        give(task, who, points)
    counted = {seat.person.name: seat.said.counted for seat in panel(task, people.li).seats}
    assert counted == {"王建国": False, "孙丽": True, "钱安全": False}


def test_earlier_scores_stay_readable(people):
    task = done(people)
    give(task, people.wang, 18)
    give(task, people.wang, 16, reason="漏看一项")
    give(task, people.wang, 17, reason="再核")
    own = panel(task, people.wang).seats[0].said
    assert [str(old.points) for old in own.earlier] == ["16.00", "18.00"]


def test_a_task_nobody_assesses_costs_nothing(people, django_assert_num_queries):
    task = judged(people, switches={"assessment": "never"})
    Task.objects.filter(pk=task.pk).update(needs_assessment=False)
    task = Task.objects.select_related("unit", "measure", "category__measure").get(pk=task.pk)
    facts = facts_for(task, people.li)
    with django_assert_num_queries(0):
        assert not queries.panel(task, facts, people.li).shown


def test_the_panel_costs_the_same_for_one_assessor_and_three(people, django_assert_num_queries):
    for named in ((people.wang,), (people.wang, people.sun, people.guard)):
        task = done(people, *named)
        for who in named:
            give(task, who, 18)
        task = Task.objects.select_related("unit", "measure", "category__measure").get(pk=task.pk)
        facts = facts_for(task, people.li)
        with django_assert_num_queries(4):
            queries.panel(task, facts, people.li)


# ── what waits ───────────────────────────────────────────────────────────────────────────────────


def waits(person):
    return set(queries.waiting_for(person, clock.today()))


def test_what_waits_is_what_may_be_scored(people, day):
    """The twin of `rules.may_assess` in the database, day by day."""
    tasks = [
        done(people),
        judged(people, due=dt.date(2026, 6, 30)),
        judged(people),
        judged(people, start=None, due=None, switches={"needs_due": False}),
        judged(people, year=2027, due=dt.date(2027, 6, 30)),
    ]
    for when in ("2026-06-30", "2026-07-01", "2026-11-30", "2026-12-01", "2026-12-21"):
        day(when)
        expected = {task for task in tasks if panel(task, people.sun).to_do}
        assert waits(people.sun) == expected, when
    assert len(expected) == 4


def test_what_is_scored_waits_no_more_until_something_came(people):
    task = done(people)
    give(task, people.sun, 18)
    assert waits(people.sun) == set()
    assert waits(people.wang) == {task}
    amend(task, people.li)
    assert waits(people.sun) == {task}


def test_a_returned_score_of_a_closed_task_waits(people):
    task = done(people, people.sun)
    row = give(task, people.sun, 18)
    line.close(Task.objects.get(pk=task.pk), by=people.chen.actor)
    assert waits(people.sun) == set()
    services.return_score(assessment=row, by=people.chen.actor, reason="申诉成立")
    assert waits(people.sun) == {task}
    give(task, people.sun, 19)
    assert waits(people.sun) == set()


def test_nobody_waits_for_the_responsible_person(people):
    task = done(people)
    Task.objects.filter(pk=task.pk).update(owner=people.sun)
    assert waits(people.sun) == set()


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


def test_the_states_of_lists_are_those_of_the_rule(people):
    tasks = [done(people) for _n in range(4)]
    _open, partly, scored, stale = tasks
    give(partly, people.wang, 18)
    for task in (scored, stale):
        give(task, people.wang, 18)
        give(task, people.sun, 16)
    amend(stale, people.li)
    told = queries.told_of(list(Task.objects.select_related("unit", "category")), people.li)
    for standing, expected in zip(Standing, tasks, strict=True):
        assert list(queries.with_standing(Task.objects.all(), standing)) == [expected]
        assert told[expected.pk].standing == standing


@pytest.mark.parametrize("many", [False, True])
def test_many_rows_are_asked_for_one_by_one(people, monkeypatch, many):
    monkeypatch.setattr(queries, "_MANY", 0 if many else 5000)
    one, other = done(people), done(people)
    give(one, people.wang, 18)
    assert list(queries.with_standing(Task.objects.all(), Standing.PARTLY)) == [one]
    assert list(queries.with_standing(Task.objects.all(), Standing.OPEN)) == [other]


def test_lists_keep_to_the_same_silence_as_the_page(people):
    task = done(people)
    give(task, people.wang, 18)
    rows = list(Task.objects.select_related("unit", "category"))

    def told(person):
        return queries.told_of(rows, person)[task.pk]

    assert told(people.sun).receipt == told(people.li).receipt == []
    assert told(people.chen).receipt == [("王建国", "18", True)]
    give(task, people.sun, 16)
    assert told(people.li).points_words == "17"
    assert [name for name, _points, _counted in told(people.li).receipt] == ["王建国", "孙丽"]


def test_lists_cost_the_same_for_one_task_and_three(people, django_assert_num_queries):
    powers_of(people.sun)
    for _n in (1, 2):
        task = done(people)
        give(task, people.wang, 18)
        give(task, people.sun, 16)
        rows = list(Task.objects.select_related("unit", "category"))
        with django_assert_num_queries(4):
            queries.told_of(rows, people.sun)
        done(people)


# ── luoshi check ─────────────────────────────────────────────────────────────────────────────────


def test_results_that_are_as_their_scores_make_them_differ_in_nothing(people):
    task = done(people)
    give(task, people.wang, 18)
    give(task, people.sun, 16)
    give(task, people.sun, 15, reason="改")
    amend(done(people), people.li)
    assert list(_results()) == []


def test_a_result_that_was_tampered_with_is_found(people):
    task = done(people)
    give(task, people.wang, 18)
    give(task, people.sun, 16)
    result = queries.result_of(task)
    type(result).objects.filter(pk=result.pk).update(points=20)
    result.counts.filter(assessment__assessor=people.sun).update(counted=False)
    Task.objects.filter(pk=task.pk).update(assessed_at=None)
    found = {(one.about, one.what) for one in _results()}
    sun = result.counts.get(assessment__assessor=people.sun).assessment_id
    assert found == {
        (f"result/{result.pk}", "points"),
        (f"result/{result.pk}/{sun}", "counted"),
        (task.ref, "assessed_at"),
    }


def test_a_task_assessed_without_a_result_is_found(people):
    task = done(people)
    Task.objects.filter(pk=task.pk).update(assessed_at=clock.now())
    assert [(one.about, one.what) for one in _results()] == [(task.ref, "assessed_at")]
