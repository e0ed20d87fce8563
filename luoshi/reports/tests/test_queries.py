"""What was said, what is owed, and how many statements it takes to know."""

import datetime as dt

import pytest

from luoshi.reports import jobs, queries, services
from luoshi.reports.models import Due
from luoshi.reports.rules import DueState
from luoshi.reports.tests.factories import paper, running, split, tell
from luoshi.search import services as search
from luoshi.search.queries import hits
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for
from luoshi.tasks.services import line, taking_part
from luoshi.tasks.tests.factories import make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(people, day):
    day("2026-03-02")
    return running(people)


def now(task):
    return Task.objects.select_related("measure", "category__measure", "unit").get(pk=task.pk)


def day_of(text):
    return dt.date.fromisoformat(text)


def panel(task, person, today="2026-06-15"):
    row = now(task)
    return queries.panel(row, facts_for(row, person), person, day_of(today))


def story(task, person, today="2026-06-15"):
    return [
        one.due.period if one.is_gap else one.report.body
        for one in panel(task, person, today).story
    ]


def test_the_story_tells_newest_first_and_shows_what_is_missing(task, people, day):
    day("2026-03-10")
    tell(task, people.li, 10, body="三月")
    day("2026-05-10")
    tell(task, people.li, 20, body="五月")
    day("2026-06-15")
    jobs.open_dues()
    assert story(task, people.li) == ["五月", "2026-04", "三月"]


def test_an_amended_report_keeps_its_place_and_holds_its_versions(task, people, day):
    day("2026-03-10")
    old = tell(task, people.li, 10, body="初稿")
    day("2026-05-20")
    jobs.open_dues()
    services.amend_report(report=old, by=people.li.actor, progress=12, body="定稿")
    assert story(task, people.li, "2026-05-20") == ["2026-04", "定稿"]
    entry = panel(task, people.li, "2026-05-20").story[1]
    assert [version.report.body for version in entry.earlier] == ["初稿"]
    assert [row.source for row in entry.evidence] == [""]


def test_the_newest_report_and_results_can_be_amended_from_the_panel(task, people):
    further = make_set()
    counting = taking_part.count_in(
        task, further, by=people.chen.actor, result_due=dt.date(2026, 11, 30)
    )
    tell(task, people.li, 10, body="一")
    tell(task, people.li, 20, body="二")
    tell(task, people.li, None, kind="result", counting=counting, body="结果")
    found = panel(task, people.li, "2026-03-03")
    may = {one.report.body: one.may_amend and bool(one.may_amend) for one in found.story}
    assert may == {"一": None, "二": True, "结果": True}
    assert [(r.name, r.report.body, bool(r.may_file)) for r in found.results] == [
        (further.name, "结果", False)
    ]
    assert {one.may_amend for one in panel(task, people.zhou, "2026-03-03").story} == {None}


def test_the_panel_says_why_one_may_not_report(task, people):
    assert bool(panel(task, people.li).may_file)
    assert not panel(task, people.sun).may_file
    assert str(panel(task, people.sun).may_file.reason)


def test_the_tally_counts_periods(task, people, day):
    day("2026-03-10")
    tell(task, people.li, 10)
    day("2026-04-29")
    tell(task, people.li, 10)
    day("2026-06-15")
    jobs.open_dues()
    found = panel(task, people.li)
    assert found.tally == {"on_time": 1, "late": 1, "missing": 1}
    assert found.next_due.due.period == "2026-06"


def test_the_panel_takes_the_same_statements_at_any_length(task, people, django_assert_num_queries):
    tell(task, people.li, 10)
    row = now(task)
    facts = facts_for(row, people.li)
    with django_assert_num_queries(5):
        queries.panel(row, facts, people.li, day_of("2026-03-02"))
    for progress in (20, 30, 40):
        tell(task, people.li, progress)
    with django_assert_num_queries(5):
        queries.panel(row, facts, people.li, day_of("2026-03-02"))


def test_latest_of_is_one_statement(people, day, django_assert_num_queries):
    day("2026-03-02")
    tasks = [running(people) for _ in range(3)]
    for task in tasks[:2]:
        tell(task, people.li, 10, body="旧")
        tell(task, people.li, 20, body="新")
    with django_assert_num_queries(1):
        latest = queries.latest_of(task.pk for task in tasks)
    assert {pk: report.body for pk, report in latest.items()} == {
        tasks[0].pk: "新",
        tasks[1].pk: "新",
    }


def test_an_amended_version_is_never_the_latest(task, people):
    old = tell(task, people.li, 10)
    new = services.amend_report(report=old, by=people.li.actor, progress=11, body="改")
    assert queries.latest_of([task.pk])[task.pk].pk == new.pk
    assert queries.ground_for(task) == queries.Ground(new, None)


def test_children_news_takes_the_same_statements_for_one_and_for_three(
    task, people, django_assert_num_queries
):
    owners = [(people.wang, people.school.pk), (people.sun, people.other.pk)]
    first = split(task, people.li, owners[0])[0]
    tell(first, people.wang, 50)
    row = now(task)
    queries.children_news(row, people.li)
    with django_assert_num_queries(5):
        assert len(queries.children_news(row, people.li)) == 1
    split(task, people.li, owners[1], (people.zhou, people.office.pk))
    with django_assert_num_queries(5):
        assert len(queries.children_news(row, people.li)) == 3


def test_children_news_holds_reports_evidence_and_documents(task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    tell(child, people.wang, 50, uploads=[paper("验收单.txt")])
    taking_part.add_document(child, [paper("会议纪要.txt")], by=people.wang.actor)
    news = queries.children_news(now(task), people.li)[0]
    assert [row.name for row in news.evidence] == ["验收单.txt"]
    assert [row.name for row in news.documents] == ["会议纪要.txt"]


def test_cancelled_sub_tasks_are_no_news(task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    line.cancel(child, by=people.li.actor, reason="合并")
    assert queries.children_news(now(task), people.li) == []


def test_documents_not_used_yet_are_offered_until_they_are(task, people):
    taking_part.add_document(task, [paper("会议纪要.txt")], by=people.li.actor)
    known = queries.known_before(task, people.li, None)
    assert [row.name for row in known.unused] == ["会议纪要.txt"]
    tell(task, people.li, 10, uploads=[], cited=[known.unused[0].pk])
    known = queries.known_before(task, people.li, None)
    assert (known.unused, [row.name for row in known.used]) == ([], ["会议纪要.txt"])


# ── the work list ────────────────────────────────────────────────────────────────────────────────


def owed(person, today):
    rows = queries.due_rows(person, day_of(today))
    return [(row.due.period, row.state) for row in rows]


def test_the_work_list_asks_for_what_can_still_be_given(task, people, day):
    day("2026-04-26")
    jobs.open_dues()
    assert owed(people.li, "2026-03-27") == [
        ("2026-03", DueState.OPEN),
    ]
    assert owed(people.li, "2026-03-30") == [
        ("2026-03", DueState.OVERDUE),
        ("2026-04", DueState.COMING),
    ]
    assert owed(people.li, "2026-04-02") == [("2026-04", DueState.OPEN)]
    assert owed(people.wang, "2026-03-27") == []


def test_whoever_shares_a_task_sees_what_is_owed(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    assert owed(people.sun, "2026-03-10") == [("2026-03", DueState.OPEN)]


def test_nothing_is_asked_of_tasks_that_ended_or_rest(task, people):
    Task.objects.filter(pk=task.pk).update(paused=True)
    assert owed(people.li, "2026-03-10") == []
    Task.objects.filter(pk=task.pk).update(paused=False)
    tell(task, people.li, 100)
    assert owed(people.li, "2026-04-10") == []


def test_a_result_is_asked_for_even_after_the_task_is_done(task, people):
    counting = taking_part.count_in(
        task, make_set(), by=people.chen.actor, result_due=dt.date(2026, 11, 30)
    )
    tell(task, people.li, 100)
    assert owed(people.li, "2026-11-10") == [(str(counting.pk), DueState.OPEN)]
    assert owed(people.li, "2026-12-10") == [(str(counting.pk), DueState.OVERDUE)]


def test_the_work_list_takes_the_same_statements_for_one_and_for_three(
    people, day, django_assert_num_queries
):
    day("2026-03-02")
    running(people)
    queries.due_rows(people.li, day_of("2026-03-10"))
    with django_assert_num_queries(1):
        assert len(queries.due_rows(people.li, day_of("2026-03-10"))) == 1
    running(people)
    running(people)
    with django_assert_num_queries(1):
        assert len(queries.due_rows(people.li, day_of("2026-03-10"))) == 3


@pytest.mark.parametrize(
    ("rhythm", "report_day", "periods"),
    [
        ("none", None, []),
        ("weekly", 5, ["2026-W10", "2026-W11"]),
        ("monthly", 28, ["2026-03"]),
        ("bimonthly", 28, ["2026-B2"]),
        ("quarterly", 28, ["2026-Q1"]),
        ("half_yearly", 20, ["2026-H1"]),
    ],
)
def test_every_rhythm_opens_its_first_period(people, day, rhythm, report_day, periods):
    day("2026-03-02")
    task = running(people, rhythm=rhythm, report_day=report_day)
    found = Due.objects.filter(task=task).order_by("since")
    assert [due.period for due in found] == periods


def test_days_after_issue_and_own_dates_come_from_the_measure(people, day):
    day("2026-03-02")
    after = make_set(rhythm="after_issue", report_day=None)
    own = make_set(rhythm="own_dates", report_day=None)
    for days in (1, 3, 7):
        after.measure.report_days.create(after_days=days)
    own.measure.report_days.create(month=3, day=6)
    rows = [
        Due.objects.filter(task=running_in(category, people)).order_by("due_on")
        for category in (after, own)
    ]
    assert [due.period for due in rows[0]] == ["D1", "D3", "D7"]
    assert [due.period for due in rows[1]] == ["2026-03-06"]


def running_in(category, people):
    from luoshi.tasks.tests.factories import issued

    return issued(category, people.chen, people.section.pk, owner_id=people.li.pk)


def test_the_search_is_rebuilt_from_the_reports(task, people):
    tell(task, people.li, 10, body="虚拟仿真挂牌", problems="缺少场地")
    search.remove_many("report", [row.key for row in queries.texts()])
    assert not hits("场地", kinds=["report"])
    search.put_many(queries.texts())
    assert [hit.task_id for hit in hits("场地", kinds=["report"])] == [task.pk]


def test_reports_are_seen_by_those_who_see_the_task(people, day):
    day("2026-03-02")
    task = running(people, visibility="involved")
    report = tell(task, people.li, 10)
    assert list(queries.reports_visible_to(people.li)) == [report]
    assert list(queries.reports_visible_to(people.sun)) == []
