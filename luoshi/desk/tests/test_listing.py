import datetime as dt
import io

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.desk.queries import charts, listing, paging
from luoshi.people.tests.factories import cast
from luoshi.tasks.models import Task
from luoshi.tasks.queries import Filters
from luoshi.tasks.services import line, registering, taking_part
from luoshi.tasks.tests.factories import draft, issued, make_set, new

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def college():
    return cast()


@pytest.fixture
def goals(db):
    return make_set()


def many(college, goals, n):
    rows = [
        new(
            goals,
            college.school.pk,
            title=f"任务{place:03}",
            due=None if place % 5 == 0 else dt.date(2026, 12, 1 + place % 7),
            points=place % 3,
        )
        for place in range(n)
    ]
    return registering.register_many(rows, by=college.chen.actor)


# ── paging ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", listing.ORDERS)
def test_paging_forth_and_back_shows_every_row_once_in_order(college, goals, name):
    many(college, goals, 23)
    order = listing.ORDERS[name]
    rows = Task.objects.all()
    whole = [t.pk for t in paging.page(rows, order, size=100).rows]
    assert len(set(whole)) == 23

    forth, cursor = [], ""
    while True:
        page = paging.page(rows, order, size=5, after=cursor)
        forth.append([t.pk for t in page.rows])
        cursor = page.next
        if not cursor:
            break
    assert [pk for part in forth for pk in part] == whole

    back, cursor = [], paging.cursor_of(Task.objects.get(pk=whole[-1]), order)
    while cursor:
        page = paging.page(rows, order, size=5, before=cursor)
        back = [t.pk for t in page.rows] + back
        cursor = page.previous
    assert back == whole[:-1]


def test_rows_without_a_value_come_last_whichever_way(college, goals):
    many(college, goals, 10)
    for name in ("due", "-due"):
        rows = paging.page(Task.objects.all(), listing.ORDERS[name], size=100).rows
        assert [t.due is None for t in rows] == [False] * 8 + [True] * 2


@pytest.mark.parametrize("cursor", ["", "x", "~", "~x", "2026-13-45~3", "a~99999999999999999999"])
def test_a_cursor_that_is_none_shows_the_first_page(college, goals, cursor):
    many(college, goals, 6)
    first = paging.page(Task.objects.all(), listing.ORDERS["due"], size=3)
    page = paging.page(Task.objects.all(), listing.ORDERS["due"], size=3, after=cursor)
    assert page.rows == first.rows


def test_counts_are_exact_up_to_the_limit(college, goals):
    many(college, goals, 7)
    assert paging.count_to(Task.objects.all(), 10) == 7
    assert paging.count_to(Task.objects.all(), 5) == 6


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def test_the_list_takes_as_many_queries_for_many_rows_as_for_one(
    client, college, goals, django_assert_max_num_queries
):
    issued(goals, college.chen, college.school.pk)
    client.force_login(college.wang)
    client.get(reverse("task-list"))
    with django_assert_max_num_queries(16) as one:
        client.get(reverse("task-list"))
    for _ in range(4):
        issued(goals, college.chen, college.school.pk)
    with django_assert_max_num_queries(len(one)):
        client.get(reverse("task-list"))


@pytest.mark.parametrize("scope", listing.SCOPES)
def test_every_scope_has_its_list(client, college, goals, scope):
    issued(goals, college.chen, college.school.pk)
    client.force_login(college.wang)
    assert client.get(reverse("task-list"), {"scope": scope}).status_code == 200


def test_filters_narrow_the_list_and_stand_as_chips(client, college, goals):
    issued(goals, college.chen, college.school.pk, title="量子计算平台")
    issued(goals, college.chen, college.school.pk, title="党建工作")
    client.force_login(college.wang)
    page = client.get(reverse("task-list"), {"q": "党建", "kind": "unit"}).content.decode()
    assert "党建工作" in page
    assert "量子计算平台" not in page
    assert ">含有字词：党建 " in page
    empty = client.get(reverse("task-list"), {"q": "不存在的词"}).content.decode()
    assert "没有符合条件的任务" in empty


@pytest.mark.parametrize(
    "query",
    [
        "unit=x",
        "unit=99999999999999999999",
        "status=abc",
        "health=none",
        "since=2026-99-99",
        "q=%00",
    ],
)
def test_filters_that_make_no_sense_are_left_out(client, college, goals, query):
    client.force_login(college.wang)
    assert client.get(f"{reverse('task-list')}?{query}").status_code == 200


def test_drafts_are_ticked_and_issued_in_the_list_of_their_creator(client, college, goals):
    task = draft(goals, college.chen, college.school.pk)
    client.force_login(college.chen)
    page = client.get(reverse("task-list"), {"scope": "created"}).content.decode()
    assert f'name="task" value="{task.pk}"' in page


# ── the page of a task ───────────────────────────────────────────────────────────────────────────


def test_the_page_of_a_task_shows_acts_with_reasons(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    client.force_login(college.wang)
    page = client.get(reverse("task", args=[task.pk]))
    text = page.content.decode()
    shown = page.context["portrait"]
    assert {"break_down", "share", "comment"} <= {a.verb for a in shown.main_acts}
    assert {"cancel"} <= {a.verb for a in shown.other_acts}
    assert all(str(a.verdict.reason) in text for a in shown.other_acts)


def test_the_page_of_a_task_takes_as_many_queries_for_many_children(
    client, college, goals, django_assert_max_num_queries
):
    task = issued(goals, college.chen, college.school.pk)

    def add():
        row = new(goals, college.section.pk, owner_id=college.li.pk)
        registering.break_down(task, [row], by=college.wang.actor, issue=True)

    add()
    client.force_login(college.wang)
    url = reverse("task", args=[task.pk])
    client.get(url)
    with django_assert_max_num_queries(32) as one:
        client.get(url)
    add()
    add()
    with django_assert_max_num_queries(len(one)):
        client.get(url)


def test_a_colour_explains_itself(client, college, goals):
    task = issued(
        goals, college.chen, college.school.pk, start=dt.date(2020, 1, 1), due=dt.date(2020, 2, 1)
    )
    client.force_login(college.sun)
    text = client.get(reverse("why", args=[task.pk])).content.decode()
    assert "2020-02-02" in text, "since when"
    assert goals.measure.name in text, "by which rule"


# ── Gantt and mosaic ─────────────────────────────────────────────────────────────────────────────


def fills(tasks, day):
    told = charts.gantt(tasks, day)
    return {row[0]: (told["colours"][row[9]], row[10]) for row in told["rows"]}


def test_the_gantt_has_exactly_the_four_fills_and_a_mark(college, goals):
    def made(progress, due):
        task = issued(goals, college.chen, college.school.pk, start=dt.date(2026, 1, 5), due=due)
        if progress:
            line.set_progress(task, progress, by=college.wang.actor, complete=progress == 100)
        return task.pk

    past, ahead = dt.date(2026, 11, 19), dt.date(2026, 11, 20)
    keys = {
        "not started": made(0, ahead),
        "begun": made(1, ahead),
        "almost": made(99, ahead),
        "due and zero": made(0, past),
        "begun and overdue": made(50, past),
        "complete": made(100, past),
    }
    told = fills(Task.objects.all(), TODAY)
    assert {name: told[pk] for name, pk in keys.items()} == {
        "not started": ("#bfbfbf", 0),
        "begun": ("#1890ff", 0),
        "almost": ("#1890ff", 0),
        "due and zero": ("#f5222d", 0),
        "begun and overdue": ("#1890ff", 1),
        "complete": ("#95de64", 0),
    }


def test_a_child_whose_parent_is_filtered_away_stands_at_the_root(college, goals):
    task = issued(goals, college.chen, college.school.pk)
    (child,) = registering.break_down(
        task,
        [new(goals, college.section.pk, owner_id=college.li.pk)],
        by=college.wang.actor,
        issue=True,
    )
    rows = charts.gantt(Task.objects.all(), TODAY)["rows"]
    assert {row[0]: row[1] for row in rows} == {task.pk: 0, child.pk: task.pk}
    rows = charts.gantt(Task.objects.filter(pk=child.pk), TODAY)["rows"]
    assert [(row[0], row[1]) for row in rows] == [(child.pk, 0)]


def test_beyond_the_most_the_gantt_asks_to_narrow(college, goals, monkeypatch):
    many(college, goals, 4)
    monkeypatch.setattr(charts, "MOST", 3)
    assert charts.gantt(Task.objects.all(), TODAY)["too_many"] is True
    fields, too_many = charts.mosaic(Task.objects.all(), TODAY)
    assert too_many
    assert sum(len(f.cells) for f in fields) == 3


def test_milestones_travel_with_the_bars(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    taking_part.set_milestones(
        task,
        [("完成招标", dt.date(2026, 3, 31), dt.date(2026, 3, 30))],
        by=college.wang.actor,
        rev=task.rev,
    )
    client.force_login(college.sun)
    told = client.get(reverse("gantt_data")).json()
    assert told["milestones"] == {str(task.pk): [[(dt.date(2026, 3, 31) - charts.EPOCH).days, 1]]}


def test_the_gantt_takes_few_queries_at_any_number(
    client, college, goals, django_assert_max_num_queries
):
    for _ in range(3):
        issued(goals, college.chen, college.school.pk)
    client.force_login(college.sun)
    with django_assert_max_num_queries(13):
        client.get(reverse("gantt_data"))


def test_the_mosaic_has_the_same_numbers_as_the_list(client, college, goals):
    issued(goals, college.chen, college.school.pk)
    issued(goals, college.chen, college.other.pk, owner_id=college.sun.pk)
    client.force_login(college.sun)
    page = client.get(reverse("mosaic"))
    counts = {f.name: len(f.cells) for f in page.context["fields"]}
    assert counts == {college.school.name: 1, college.other.name: 1}


def test_drafts_have_no_bar(college, goals, client):
    draft(goals, college.chen, college.school.pk)
    client.force_login(college.chen)
    assert client.get(reverse("gantt_data")).json()["rows"] == []
    found = listing.matching(college.chen, "all", Filters(year=2026), TODAY)
    assert found.count() == 1


def test_the_charts_say_what_of_the_list_they_leave_out(college, goals, client):
    issued(goals, college.chen, college.school.pk)
    draft(goals, college.chen, college.school.pk)
    line.cancel(
        issued(goals, college.chen, college.school.pk), by=college.chen.actor, reason="不再需要"
    )
    client.force_login(college.chen)
    told = client.get(reverse("gantt_data")).json()
    assert (len(told["rows"]), told["left_out"]) == (
        1,
        "另有草稿（含待批）1 项、已撤销 1 项，不在图上。",
    )
    assert told["left_out"] in client.get(reverse("mosaic")).content.decode()
    assert client.get(reverse("task-list")).context["listing"].count == 3
    client.force_login(college.sun)  # sees no draft
    assert client.get(reverse("gantt_data")).json()["left_out"] == "另有已撤销 1 项，不在图上。"


def test_the_gantt_is_printed_with_its_legend_and_filters(college, goals, client):
    client.force_login(college.chen)
    page = client.get(reverse("gantt"), {"health": "late", "scope": "mine"}).content.decode()
    assert '<div class="gantt-bar"><ul class="legend">' in page
    assert '<p class="print-only">范围：我负责的；年度：2026；状态：逾期</p>' in page


def test_stage_and_state_of_a_task_are_labelled(college, goals, client):
    task = issued(goals, college.chen, college.school.pk)
    client.force_login(college.chen)
    page = client.get(reverse("task", args=[task.pk])).content.decode()
    assert '<span class="tag">环节：' in page
    assert '<span class="muted">状态</span>' in page


def test_the_side_panel_shows_the_last_report_and_details(client, college, goals):
    task = issued(goals, college.chen, college.school.pk)
    client.force_login(college.sun)
    text = client.get(reverse("brief", args=[task.pk])).content.decode()
    assert task.details in text
    assert "尚无反馈" in text


# ── export ───────────────────────────────────────────────────────────────────────────────────────


def cells_of(answer):
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue())).get_sheet_by_index(0)
    return rows.to_python()


def test_the_list_is_exported_as_seen_with_numbers_as_numbers(client, college, goals):
    issued(goals, college.chen, college.school.pk, title="=HYPERLINK(1)", points=5)
    issued(goals, college.chen, college.other.pk, owner_id=college.sun.pk, title="别的任务")
    client.force_login(college.sun)
    answer = client.get(reverse("task-export"), {"person": "", "kind": "unit", "q": "HYPERLINK"})
    rows = cells_of(answer)
    assert len(rows) == 2
    assert rows[1][1] == "=HYPERLINK(1)"
    assert rows[1][8] == dt.date(2026, 12, 20)
    assert (rows[1][11], rows[1][12]) == (0.0, 5.0)
    assert "xlsx" in answer["Content-Disposition"]


def test_a_person_is_found_by_the_name_typed(client, college, goals):
    issued(goals, college.chen, college.school.pk, title="王院长的任务")
    issued(goals, college.chen, college.other.pk, owner_id=college.sun.pk, title="孙丽的任务")
    client.force_login(college.sun)
    page = client.get(reverse("task-list"), {"who": college.sun.name}).content.decode()
    assert "孙丽的任务" in page
    assert "王院长的任务" not in page
    nobody = client.get(reverse("task-list"), {"who": "查无此人"}).content.decode()
    assert "没有符合条件的任务" in nobody


def test_what_fits_on_the_page_is_not_counted(college, goals, monkeypatch):
    many(college, goals, 6)
    monkeypatch.setattr(listing, "count_to", lambda *_: pytest.fail("counted"))
    found = listing.listing(Task.objects.all(), TODAY)
    assert (found.count, len(found.rows), found.sortable) == (6, 6, True)


def test_beyond_a_page_matches_are_counted_and_a_long_list_is_remembered(
    college, goals, monkeypatch
):
    many(college, goals, 8)
    monkeypatch.setattr(listing, "SIZE", 3)
    monkeypatch.setattr(listing, "COUNTED", 4)
    monkeypatch.setattr(listing, "KEPT_FROM", 4)
    monkeypatch.setattr(listing, "SORTABLE", 6)
    tasks = Task.objects.all()
    found = listing.listing(tasks, TODAY, order="title", asked="one")
    assert (found.count, found.order, found.sortable) == (5, "due", False)
    monkeypatch.setattr(listing, "count_to", lambda *_: pytest.fail("counted again"))
    again = listing.listing(tasks, TODAY, order="title", asked="one", after=found.page.next)
    assert (again.count, again.order, again.sortable) == (5, "due", False)
    last = listing.listing(tasks.filter(pk__in=[]), TODAY, asked="one")
    assert (last.count, last.sortable) == (0, True)


def test_a_page_beyond_the_end_still_tells_how_many_there_are(college, goals):
    many(college, goals, 5)
    found = listing.listing(Task.objects.all(), TODAY, after=f"~{10**9}")
    assert (found.rows, found.count) == ([], 5)
