"""A task in two sets (S0-2): reported once, shown in both, asked for a final result by its day."""

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse

from luoshi.reports import queries, services
from luoshi.reports.models import Due
from luoshi.reports.queries import results
from luoshi.reports.queries.results import Wanted
from luoshi.reports.rules import DueKind, ReportKind
from luoshi.reports.rules.results import ResultState, result_state
from luoshi.reports.services import owed
from luoshi.reports.tests.factories import running, tell
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.queries import Filters, filtered, tasks_visible_to
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import make_set
from luoshi.trail.models import Event

TODAY = dt.date(2026, 3, 2)


def named(name):
    category = make_set()
    category.name = name
    category.save()
    return category


@pytest.fixture
def task(people, day):
    day("2026-03-02")
    return running(people, title="建成实训基地", rhythm="monthly", report_day=28)


@pytest.fixture
def other(task):
    return named("高质量发展考核指标")


@pytest.fixture
def counting(task, other, people):
    return taking_part.count_in(task, other, by=people.chen.actor)


def give(counting, person, **more):
    return services.submit_report(
        task=counting.task,
        by=person.actor,
        kind=ReportKind.RESULT,
        counting=counting,
        **{"body": "年度目标全部完成", "uploads": [], **more},
    )


def easy(task, other):
    for measure in (task.measure, other.measure):
        measure.needs_evidence = False
        measure.save()


def lines(category, person, **wanted):
    return results.results_in(category, 2026, person, Wanted(**wanted), TODAY).lines


# ── the overlap ──────────────────────────────────────────────────────────────────────────────────


def test_s0_2_a_task_of_two_sets_stands_in_the_lists_of_both(task, other, counting, people):
    seen = tasks_visible_to(people.chen)
    for category in (task.category, other):
        wanted = Filters(year=2026, category_id=category.pk)
        assert [row.pk for row in filtered(seen, wanted, TODAY)] == [task.pk]


def test_s0_2_it_is_reported_once_and_the_further_set_owes_only_the_result(
    task, other, counting, people
):
    taking_part.count_in(task, other, by=people.chen.actor, result_due=dt.date(2026, 12, 10))
    owed.open_dues([Task.objects.get(pk=task.pk)])
    rows = Due.objects.filter(task=task)
    assert rows.filter(kind=DueKind.RESULT).count() == 1
    assert rows.get(kind=DueKind.RESULT).due_on == dt.date(2026, 12, 10)
    assert set(rows.filter(kind=DueKind.PERIOD).values_list("counting", flat=True)) == {None}
    tell(task, people.li, 20)
    assert rows.get(kind=DueKind.RESULT).filed_on is None
    assert rows.filter(kind=DueKind.PERIOD, filed_on=TODAY).count() == 1


def test_the_result_settles_what_is_owed_and_leaves_progress_alone(task, other, people):
    easy(task, other)
    row = taking_part.count_in(task, other, by=people.chen.actor, result_due=dt.date(2026, 12, 10))
    tell(task, people.li, 20)
    report = give(row, people.li)
    assert Due.objects.get(kind=DueKind.RESULT).filed_by == report
    assert Task.objects.get(pk=task.pk).progress == 20
    assert queries.ground_for(task).latest.kind == ReportKind.PROGRESS


# ── the page of a set ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("due", "late", "state"),
    [
        (None, None, "undated"),
        (dt.date(2026, 3, 2), None, "open"),
        (dt.date(2026, 3, 1), None, "overdue"),
        (dt.date(2026, 3, 1), True, "given_late"),
        (None, False, "given"),
    ],
)
def test_how_a_result_stands(due, late, state):
    report = None if late is None else type("R", (), {"late": late})()
    assert result_state(due, report, TODAY) == state


def test_the_page_and_its_sql_twin_say_the_same_of_every_state(task, other, people, day):
    easy(task, other)
    dates = [None, dt.date(2026, 3, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 1), None]
    rows = []
    for number, due in enumerate(dates):
        one = running(people, title=f"任务{number}")
        one.measure.needs_evidence = False
        one.measure.save()
        rows.append(taking_part.count_in(one, other, by=people.chen.actor, result_due=due))
    give(rows[3], people.li)
    give(rows[4], people.li)
    stand = [line.state for line in sorted(lines(other, people.chen), key=lambda x: x.counting.pk)]
    assert stand == ["undated", "overdue", "open", "given_late", "given"]
    for state in ResultState:
        assert [line.state for line in lines(other, people.chen, state=state.value)] == [state]
    assert set(results.tally_of(other, 2026, people.chen, TODAY).values()) == {1}


def test_tasks_the_reader_may_not_see_are_not_counted(people, day):
    day("2026-03-02")
    hidden = running(people, title="内部任务", visibility="involved")
    other = named("考核指标")
    taking_part.count_in(hidden, other, by=people.chen.actor)
    assert lines(other, people.sun) == []
    assert results.sets_in(2026, people.sun) == []
    assert [line.tasks for line in results.sets_in(2026, people.chen)] == [1]


def test_words_and_units_narrow_the_page(task, other, counting, people):
    assert lines(other, people.chen, words="实训")
    assert lines(other, people.chen, words="李")
    assert not lines(other, people.chen, words="没有的词")
    assert lines(other, people.chen, unit_id=people.school.pk)
    assert not lines(other, people.chen, unit_id=people.other.pk)


def test_the_page_takes_the_same_statements_for_one_and_for_three(
    task, other, counting, people, django_assert_max_num_queries
):
    with django_assert_max_num_queries(6):
        assert len(lines(other, people.chen)) == 1
    for number in range(2):
        more = running(people, title=f"任务{number}")
        taking_part.count_in(more, other, by=people.chen.actor)
    with django_assert_max_num_queries(6):
        assert len(lines(other, people.chen)) == 3


# ── the day, told later ──────────────────────────────────────────────────────────────────────────


def test_s0_2_the_day_is_set_for_the_whole_set_after_issue_and_recorded(
    task, other, counting, people
):
    done = taking_part.date_results([counting], dt.date(2026, 12, 10), by=people.chen.actor)
    assert done == (1, 0)
    assert Counting.objects.get(pk=counting.pk).result_due == dt.date(2026, 12, 10)
    assert Due.objects.get(kind=DueKind.RESULT).due_on == dt.date(2026, 12, 10)
    events = Event.objects.filter(verb="task.count_in", about_id=task.pk)
    assert '"result_due":"2026-12-10"' in events.latest("pk").data.replace(": ", ":")
    before = events.count()
    taking_part.date_results([counting], dt.date(2026, 12, 10), by=people.chen.actor)
    assert events.count() == before


def test_who_does_not_look_after_the_task_sets_no_day(task, other, counting, people):
    done = taking_part.date_results([counting], dt.date(2026, 12, 10), by=people.sun.actor)
    assert done == (0, 1)
    assert Counting.objects.get(pk=counting.pk).result_due is None
    assert not Due.objects.filter(kind=DueKind.RESULT).exists()


def url(name, *args):
    return reverse(f"reports:{name}", args=args)


def test_the_office_sets_the_day_on_the_page(client, task, other, counting, people):
    client.force_login(people.chen)
    data = {"result_due": "2026-12-10"}
    assert client.post(url("date_set", other.pk) + "?year=2026", data).status_code == 302
    assert Counting.objects.get(pk=counting.pk).result_due == dt.date(2026, 12, 10)
    assert client.post(url("date_set", other.pk), {"result_due": "x"}).status_code == 422


def test_staff_set_no_day(client, task, other, counting, people):
    client.force_login(people.sun)
    response = client.post(url("date_set", other.pk), {"result_due": "2026-12-10"})
    assert response.status_code == 403
    assert Counting.objects.get(pk=counting.pk).result_due is None


def test_pages_show_sets_and_results(client, task, other, counting, people):
    easy(task, other)
    give(counting, people.li)
    client.force_login(people.chen)
    body = client.get(url("sets") + "?year=2026").content.decode()
    assert "高质量发展考核指标" in body
    body = client.get(url("set_results", other.pk) + "?year=2026").content.decode()
    assert "建成实训基地" in body
    assert "年度目标全部完成" in body
    assert (
        "建成实训基地"
        not in client.get(
            url("set_results", other.pk) + "?year=2026&state=overdue"
        ).content.decode()
    )
    assert client.get(url("set_results", 999_999)).status_code == 404


def test_the_export_holds_days_as_days_and_no_formula(client, people, day):
    day("2026-03-02")
    task = running(people, title="=1+1")
    other = named("考核指标")
    taking_part.count_in(task, other, by=people.chen.actor, result_due=dt.date(2026, 12, 10))
    client.force_login(people.chen)
    response = client.get(url("export_results", other.pk) + "?year=2026")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    row = [cell.value for cell in sheet[2]]
    assert row[1] == "=1+1"
    assert sheet["B2"].data_type == "s"
    assert row[6] == dt.datetime(2026, 12, 10)
