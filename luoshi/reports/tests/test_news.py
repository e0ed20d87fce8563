"""What came from below since the last report: the form and the month grid read it."""

import pytest

from luoshi.reports.queries.news import news_for
from luoshi.reports.tests.factories import paper, running, split, tell
from luoshi.tasks.models import Task
from luoshi.tasks.services import taking_part


def now(task):
    return Task.objects.get(pk=task.pk)


@pytest.fixture
def goal(people, day):
    day("2026-03-02")
    return running(people, title="推进专业建设", rhythm="monthly", report_day=28)


@pytest.fixture
def subs(goal, people):
    return split(goal, people.li, (people.li, people.section.pk), (people.wang, people.school.pk))


def news(task, person):
    return news_for([now(task)], person)[task.pk]


def test_all_is_news_until_the_task_itself_was_reported_on(goal, subs, people, day):
    tell(subs[0], people.li, 10)
    day("2026-03-05")
    tell(subs[1], people.wang, 20)
    said = news(goal, people.li)
    assert said.since is None
    assert [heard.report.progress for heard in said.fresh] == [20, 10]
    assert said.silent == []


def test_only_what_came_since_the_last_report_is_new(goal, subs, people, day):
    tell(subs[0], people.li, 10)
    day("2026-03-10")
    tell(goal, people.li, 5)
    day("2026-03-20")
    mine = tell(subs[1], people.wang, 30)
    said = news(goal, people.li)
    assert [heard.report.pk for heard in said.fresh] == [mine.pk]
    assert [len(heard.evidence) for heard in said.fresh] == [1]
    assert [child.pk for child in said.silent] == [subs[0].pk]
    assert said.older == []


def test_what_came_before_is_given_where_it_is_asked_for(goal, subs, people, day):
    old = tell(subs[0], people.li, 10)
    day("2026-03-10")
    tell(goal, people.li, 5)
    said = news_for([now(goal)], people.li, older=40)[goal.pk]
    assert [heard.report.pk for heard in said.older] == [old.pk]
    assert said.fresh == []


def test_documents_hung_on_since_are_news(goal, subs, people, day):
    taking_part.add_document(goal, [paper("旧.txt")], by=people.li.actor)
    day("2026-03-10")
    tell(goal, people.li, 5)
    day("2026-03-12")
    taking_part.add_document(goal, [paper("新.txt")], by=people.li.actor)
    taking_part.add_document(subs[1], [paper("下级.txt")], by=people.wang.actor)
    said = news(goal, people.li)
    assert [piece.name for piece in said.documents] == ["新.txt"]
    assert [piece.name for piece in said.from_below] == ["下级.txt"]
    assert [piece.name for piece in said.evidence] == ["新.txt", "下级.txt"]


def test_a_task_without_sub_tasks_has_no_news_and_is_falsy(goal, people):
    said = news(goal, people.li)
    assert not said
    assert said.fresh == []


def test_sub_tasks_the_reader_may_not_see_are_left_out(people, day):
    day("2026-03-02")
    goal = running(people, visibility="involved")
    subs = split(goal, people.li, (people.wang, people.school.pk))
    tell(subs[0], people.wang, 10)
    assert news(goal, people.wang).fresh
    assert news(goal, people.sun).fresh == []


def test_many_tasks_take_the_statements_of_one(people, day, django_assert_max_num_queries):
    day("2026-03-02")
    goals = [running(people, title=f"任务{n}") for n in range(4)]
    for goal in goals:
        for sub in split(goal, people.li, (people.wang, people.school.pk)):
            tell(sub, people.wang, 10)
    rows = [now(goal) for goal in goals]
    news_for(rows[:1], people.li)  # what is read once per process
    with django_assert_max_num_queries(6):
        assert len(news_for(rows[:1], people.li)[rows[0].pk].fresh) == 1
    with django_assert_max_num_queries(6):
        found = news_for(rows, people.li)
    assert [len(found[row.pk].fresh) for row in rows] == [1, 1, 1, 1]
