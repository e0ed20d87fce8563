"""The work list: what waits for whom, in what order, in how many statements."""

import datetime as dt

import pytest
from django.urls import reverse

from luoshi.desk.queries import finding, home, owed
from luoshi.desk.queries.figures import figures
from luoshi.kit import clock
from luoshi.notices.models import Message
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Due
from luoshi.reports.queries.month import open_count
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Task
from luoshi.tasks.services import issuing
from luoshi.tasks.tests.factories import draft, issued, make_set

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _day(monkeypatch):
    moment = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def category():
    return make_set(rhythm="none")


def owe(task, due_on, period="2026-11", **more):
    return Due.objects.create(
        task=task,
        kind="period",
        period=period,
        since=due_on - dt.timedelta(days=20),
        until=due_on,
        due_on=due_on,
        closes_on=due_on + dt.timedelta(days=30),
        **more,
    )


def rows(work, name):
    return next((group.rows for group in work.groups if group.name == name), [])


def test_nothing_waits_for_somebody_new(people):
    work = home.work_list(people.sun, TODAY)
    assert work.groups == []
    assert work.count == 0


def test_a_due_report_stands_with_its_button(people, category):
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    owe(task, TODAY)
    [row] = rows(home.work_list(people.li, TODAY), "do")
    assert (row.title, row.source, row.due) == (task.title, "陈静", TODAY)
    assert row.act_url == f"/tasks/{task.pk}/reports/submit/"
    assert not row.loud


def test_an_overdue_report_is_loud_and_counts_its_periods(people, category):
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    owe(task, TODAY - dt.timedelta(days=23), "2026-10")
    owe(task, TODAY)
    [row] = rows(home.work_list(people.li, TODAY), "do")
    assert row.loud
    assert row.due == TODAY - dt.timedelta(days=23)
    assert row.note == "应报 2 期"


@pytest.mark.parametrize(("days", "shown"), [(3, 1), (4, 0)])
def test_a_report_appears_three_days_before(people, category, days, shown):
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    owe(task, TODAY + dt.timedelta(days=days))
    assert home.work_list(people.li, TODAY).count == shown


def test_one_calm_row_leads_to_the_page_of_the_month(people, category):
    owed = [issued(category, people.chen, people.school.pk, owner_id=people.li.pk) for _n in "123"]
    for task in owed:
        owe(task, dt.date(2026, 11, 28))
    work = home.work_list(people.li, TODAY)
    [row] = rows(work, "do")
    assert (row.title, row.due) == ("本月待反馈3项，28日前报齐", dt.date(2026, 11, 28))
    assert (row.url, row.act_url, row.loud) == ("/reports/month/", "/reports/month/", False)
    assert (work.count, work.month) == (0, 3)  # nothing presses yet


def test_near_the_day_the_month_stands_above_its_reports_and_counts_none_twice(people, category):
    for _n in range(3):
        task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
        owe(task, TODAY + dt.timedelta(days=2))
    work = home.work_list(people.li, TODAY)
    [month, *reports] = rows(work, "do")
    assert month.act_url == "/reports/month/"
    assert [row.mark for row in reports] == ["待反馈"] * 3
    assert (work.count, work.month, work.groups[0].more) == (3, 3, 0)


def test_the_month_on_the_desk_counts_what_its_page_counts(people, category):
    first, second = (
        issued(category, people.chen, people.school.pk, owner_id=people.li.pk) for _n in "12"
    )
    owe(first, TODAY - dt.timedelta(days=10), "2026-10")
    owe(first, dt.date(2026, 11, 28))
    owe(second, dt.date(2026, 11, 28))
    owe(second, dt.date(2026, 12, 28), "2026-12")
    later = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    Due.objects.filter(pk=owe(later, dt.date(2026, 11, 30)).pk).update(since=dt.date(2026, 11, 25))
    assert home.work_list(people.li, TODAY).month == open_count(people.li, TODAY) == 2


def test_what_is_filed_void_or_missed_for_good_is_not_asked_for(people, category):
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    owe(task, TODAY, "2026-11", filed_on=TODAY)
    owe(task, TODAY, "2026-10", void=True)
    gone = owe(task, TODAY - dt.timedelta(days=60), "2026-09")
    Due.objects.filter(pk=gone.pk).update(closes_on=TODAY - dt.timedelta(days=1))
    assert home.work_list(people.li, TODAY).count == 0


def test_a_task_past_its_date_stands_once(people, category):
    due = TODAY - dt.timedelta(days=5)
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk, due=due)
    [row] = rows(home.work_list(people.li, TODAY), "do")
    assert (row.due, row.loud) == (due, True)
    owe(task, TODAY)
    assert len(rows(home.work_list(people.li, TODAY), "do")) == 1


def test_what_is_to_sign_goes_to_the_head_of_the_unit(people):
    category = make_set(rhythm="none", sign_off="always")
    task = issued(category, people.chen, people.school.pk)
    assert Task.objects.get(pk=task.pk).status == Status.ISSUED
    [row] = rows(home.work_list(people.wang, TODAY), "do")
    assert (row.title, row.act_url, row.dialog) == (task.title, f"/tasks/{task.pk}/sign/", True)
    Part.objects.filter(task=task).update(signed_at=clock.now())
    assert home.work_list(people.wang, TODAY).count == 0


def test_drafts_wait_for_their_creator_many_in_one_row(people, category):
    for n in range(3):
        draft(category, people.chen, people.school.pk, title=f"草稿 {n}")
    assert len(rows(home.work_list(people.chen, TODAY), "do")) == 3
    draft(category, people.chen, people.school.pk, title="草稿 3")
    work = home.work_list(people.chen, TODAY)
    [row] = rows(work, "do")
    assert row.title == "4 项任务待下达"
    assert (work.count, work.groups[0].more) == (4, 0)


def test_a_refused_task_comes_back_with_its_reason(people, category):
    task = draft(category, people.chen, people.school.pk)
    Task.objects.filter(pk=task.pk).update(refusal="不属于我院职责", refusals=1)
    [row] = rows(home.work_list(people.chen, TODAY), "do")
    assert (row.note, row.loud, row.act_url) == ("不属于我院职责", True, f"/tasks/{task.pk}/edit/")


def test_what_is_handed_in_goes_to_the_reviewer_else_to_the_creator(people, category):
    task = issued(category, people.chen, people.school.pk)
    Task.objects.filter(pk=task.pk).update(status=Status.SUBMITTED)
    [row] = rows(home.work_list(people.chen, TODAY), "check")
    assert row.act_url == f"/tasks/{task.pk}/accept/"
    Part.objects.create(task=task, role="reviewer", person=people.zhou, year=task.year)
    assert home.work_list(people.chen, TODAY).count == 0
    assert home.work_list(people.zhou, TODAY).count == 1


def test_what_waits_for_approval_stands_on_the_list_of_who_decides(people):
    category = make_set(approval="always")
    task = issued(category, people.chen, people.school.pk)
    issued(category, people.chen, people.other.pk, owner_id=people.sun.pk)

    [row] = rows(home.work_list(people.zhao, TODAY), "check")
    assert (row.mark, row.title, row.label) == ("待批准", task.title, "批准")
    assert row.act_url == reverse("tasks:approve", args=[task.pk])
    assert home.work_list(people.wang, TODAY).count == 0
    issuing.approve(task, by=people.zhao.actor)
    assert home.work_list(people.zhao, TODAY).count == 0


def test_the_work_list_costs_the_same_for_one_row_and_for_three(
    people, category, django_assert_max_num_queries
):
    def one_more():
        task = issued(category, people.chen, people.school.pk, owner_id=people.wang.pk)
        owe(task, TODAY)
        Message.objects.filter(person=people.wang).update(read_at=None)

    for _n in range(3):
        one_more()
        with django_assert_max_num_queries(11):
            home.work_list(people.wang, TODAY)


def test_each_figure_is_the_length_of_the_list_it_leads_to(people, category, client):
    draft(category, people.chen, people.school.pk, owner_id=people.wang.pk)
    issued(category, people.chen, people.school.pk, owner_id=people.wang.pk)
    done = issued(category, people.chen, people.school.pk, owner_id=people.wang.pk)
    Task.objects.filter(pk=done.pk).update(progress=100, status=Status.DONE)
    due = TODAY - dt.timedelta(days=1)
    issued(category, people.chen, people.school.pk, owner_id=people.wang.pk, due=due)
    issued(category, people.chen, people.school.pk, owner_id=people.li.pk, due=due)
    found = figures(people.wang, 2026, TODAY)
    assert [figure.value for figure in found] == [3, 1, 0, 1, 4, 2, 0]
    office = figures(people.chen, 2026, TODAY)
    assert [figure.value for figure in office[:3]] == [5, 2, 0], "the whole institution"
    client.force_login(people.chen)
    for figure in office:
        assert client.get(figure.url).context["listing"].count == figure.value
    client.force_login(people.wang)
    for figure in found:
        assert client.get(figure.url).context["listing"].count == figure.value


def test_coming_shows_the_next_seven_days(people, category):
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    owe(task, TODAY + dt.timedelta(days=6))
    assert [row.title for row in home.coming(people.li, TODAY)] == [task.title]


def test_the_list_of_what_is_owed_is_one_s_own_or_that_of_the_units_one_leads(people, category):
    task = issued(category, people.chen, people.school.pk, owner_id=people.li.pk)
    owe(task, TODAY - dt.timedelta(days=1), "2026-11")
    owe(task, TODAY + dt.timedelta(days=32), "2026-12")
    mine = owed.owed(people.li, "mine", TODAY)
    assert [(row.task_id, row.overdue) for row in mine.rows] == [(task.pk, True)]
    assert mine.rows[0].what == "2026-10-30 至 2026-11-19"
    assert [row.task_id for row in owed.owed(people.wang, "led", TODAY).rows] == [task.pk]
    assert owed.owed(people.sun, "led", TODAY).rows == []
    assert owed.owed(people.wang, "mine", TODAY).rows == []
    assert [row.task_id for row in owed.owed(people.chen, "all", TODAY).rows] == [task.pk]


def test_the_office_may_ask_for_all_units_others_for_what_they_lead(people):
    assert owed.scopes(people.chen) == ["mine", "all"]
    assert owed.scopes(people.wang) == ["mine", "led"]
    assert owed.scopes(people.sun) == ["mine"]


def test_units_stand_in_order_among_what_is_owed_on_one_day(people, category):
    day = TODAY + dt.timedelta(days=3)
    late = issued(category, people.chen, people.other.pk, owner_id=people.sun.pk)
    owe(issued(category, people.chen, people.other.pk, owner_id=people.sun.pk), day)
    owe(issued(category, people.chen, people.school.pk), day)
    owe(late, TODAY - dt.timedelta(days=1))
    found = [row.unit for row in owed.owed(people.chen, "all", TODAY).rows]
    assert found == ["财务处", "机电学院", "财务处"]


def test_who_may_not_ask_for_all_units_gets_their_own(client, people, category):
    owe(issued(category, people.chen, people.other.pk, owner_id=people.sun.pk), TODAY)
    client.force_login(people.wang)
    assert "没有应报事项" in client.get("/owed/?scope=all").content.decode()


# ── finding ────────────────────────────────────────────────────────────────────────────────


def test_search_finds_only_what_may_be_seen(people):
    closed = make_set(visibility="involved")
    issued(closed, people.chen, people.school.pk, title="党建品牌创建", owner_id=people.li.pk)
    assert [f.task.title for f in finding.results(people.li, "党建").tasks] == ["党建品牌创建"]
    assert finding.results(people.sun, "党建").tasks == []


def test_search_finds_people_by_initials(people):
    assert [p.name for p in finding.results(people.sun, "wjg").people] == ["王建国"]


def test_search_for_nothing_finds_nothing(people, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert finding.results(people.sun, "  ").empty


def test_snippet_shows_the_words_in_their_place():
    text = "一" * 100 + "实训基地" + "二" * 100
    cut = finding.snippet(text, ["实训"])
    assert cut.startswith("…一")
    assert "实训基地" in cut
    assert cut.endswith("二…")
    assert finding.snippet(text, ["没有"]) == ""
