"""The page of the month: what it asks for, what it costs, and that no row loses another (RPT-5)."""

import datetime as dt
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.kit.verdict import NotAllowed, Refused
from luoshi.people.services import keeping
from luoshi.people.tests.factories import PASSWORD
from luoshi.reports import queries, services
from luoshi.reports.models import Due, Report
from luoshi.reports.queries import month as read
from luoshi.reports.rules.month import Month, RowState
from luoshi.reports.services import owed
from luoshi.reports.tests.factories import paper, running, split, tell
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import make_set

pytestmark = pytest.mark.django_db
FETCH = {"HTTP_X_REQUESTED_WITH": "fetch"}
TODAY = dt.date(2026, 3, 20)
MARCH = Month(2026, 3)
PAGE = "/reports/month/"


@pytest.fixture
def task(people, day):
    day("2026-03-02")
    return running(people)


@pytest.fixture
def li(client, people):
    client.force_login(people.li)
    return client


def limited(people, most, **more):
    """A task whose measure limits "no change"."""
    found = running(people, **more)
    found.measure.unchanged_at_most = most
    found.measure.save()
    return found


def no_change(task, by, why="等待上级批复", **more):
    return services.submit_report(task=task, by=by.actor, body=why, unchanged=True, **more)


def page(people, today=TODAY, month=None, person=None):
    return read.page(person or people.li, month or Month(today.year, today.month), today)


def shown(people, *args, **more):
    return [(one.name, one.state.value) for one in page(people, *args, **more).lines]


def fields(task, name="t", **more):
    """A row as the browser sends it."""
    typed = {"progress": "30", "was": "0", "body": "完成立项", "key": "a" * 31 + name, "rev": "0"}
    return {f"t{task.pk}-{key}": value for key, value in (typed | more).items()}


def slip(client, task, name="照片.txt"):
    """A file received for a row before it is filed."""
    url = reverse("reports:keep_evidence", args=[task.pk])
    answer = client.post(url, {"evidence": paper(name)}, **FETCH)
    return answer.json()["kept"][0]["slip"]


def text(response):
    return response.content.decode()


# ── which rows ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_owed_in_the_month_stands_on_its_page(task, people):
    assert shown(people) == [(f"t{task.pk}", "empty")]
    assert page(people, person=people.sun).lines == []


def test_who_shares_a_task_has_its_row_and_so_has_who_holds_the_post(task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    assert shown(people, person=people.sun) == [(f"t{task.pk}", "empty")]
    Task.objects.filter(pk=task.pk).update(owner=people.wang, owner_post=None)
    assert shown(people) == []
    assert shown(people, person=people.wang) == [(f"t{task.pk}", "empty")]


def test_a_filed_row_says_so_with_what_was_filed(task, people):
    report = tell(task, people.li, 20)
    (one,) = page(people).lines
    assert (one.state, one.filed, one.open) == (RowState.FILED, report, False)
    assert page(people).filed == 1


def test_a_month_that_is_over_is_only_read(task, people, day):
    tell(task, people.li, 20)
    day("2026-04-10")
    owed.open_coming_dues()
    (old,) = page(people, dt.date(2026, 4, 10), MARCH).lines
    (new,) = page(people, dt.date(2026, 4, 10)).lines
    assert (old.state, old.open) == (RowState.FILED, False)
    assert (new.state, new.open) == (RowState.EMPTY, True)


def test_a_missed_period_is_said_to_be_missing(task, people):
    (one,) = page(people, dt.date(2026, 4, 10), MARCH).lines
    assert (one.state, one.open, one.elsewhere) == (RowState.MISSING, False, False)


def test_what_is_overdue_from_before_stands_on_the_present_page_too(people, day):
    day("2026-02-10")
    late = running(people, grace_days=10)
    today = dt.date(2026, 3, 5)
    (one,) = page(people, today).open
    assert (one.due.period, one.overdue) == ("2026-02", True)
    (there,) = page(people, today, Month(2026, 2)).lines
    assert (there.open, there.elsewhere) == (False, True)
    assert one.name == f"t{late.pk}"


def test_of_weekly_reports_only_that_of_this_week_is_asked(people, day):
    day("2026-03-02")
    running(people, rhythm="weekly", report_day=5)
    day("2026-03-12")
    owed.open_coming_dues()
    found = page(people, dt.date(2026, 3, 12))
    assert [one.due.period for one in found.open] == ["2026-W11"]
    assert {one.state for one in found.read} == {RowState.MISSING, RowState.COMING}


def test_a_result_for_a_further_set_is_a_row_of_its_own(task, people):
    further = make_set(result_only=True)
    taking_part.count_in(task, further, by=people.chen.actor, result_due=dt.date(2026, 3, 25))
    counting = Counting.objects.get(task=task, home=False)
    assert shown(people) == [(f"s{counting.pk}", "empty"), (f"t{task.pk}", "empty")]


def test_a_suspended_task_waits_with_its_reason(task, people):
    Task.objects.filter(pk=task.pk).update(paused=True)
    (one,) = page(people).lines
    assert (one.state, one.open) == (RowState.HELD, False)
    assert read.open_count(people.li, TODAY) == 0


def test_the_menu_counts_what_the_page_asks(task, people, day):
    running(people)
    assert read.open_count(people.li, TODAY) == len(page(people).open) == 2
    tell(task, people.li, 20)
    assert read.open_count(people.li, TODAY) == len(page(people).open) == 1
    assert read.open_count(people.sun, TODAY) == 0


# ── what is known beside a row ───────────────────────────────────────────────────────────────────


def test_news_since_the_last_report_stand_beside_the_row(task, people, day):
    tell(task, people.li, 20, body="完成招标")
    day("2026-03-30")
    (child,) = split(task, people.li, (people.wang, people.section.pk))
    day("2026-04-05")
    tell(child, people.wang, 40, body="设备到货")
    taking_part.add_document(task, [paper("合同.txt")], by=people.chen.actor)
    owed.open_coming_dues()
    (row,) = page(people, dt.date(2026, 4, 10)).open
    assert row.shown.body == "完成招标"
    assert [heard.report.body for heard in row.news.fresh] == ["设备到货"]
    assert "合同.txt" in [piece.name for piece in row.news.evidence]


def test_after_no_change_the_last_work_told_stands_in_grey(people, day):
    day("2026-03-02")
    task = limited(people, 3)
    tell(task, people.li, 20, body="完成招标")
    day("2026-03-10")
    no_change(task, people.li)
    day("2026-04-05")
    no_change(task, people.li, "仍在等待")
    day("2026-05-05")
    owed.open_coming_dues()
    (row,) = page(people, dt.date(2026, 5, 5)).open
    assert (row.times, row.shown.body) == (2, "完成招标")
    assert row.latest.body == "仍在等待"


@pytest.mark.parametrize("times", [3, 12])
def test_the_page_costs_the_same_at_any_number_of_rows(
    times, li, people, day, django_assert_max_num_queries
):
    day("2026-03-02")
    category = make_set()
    tasks = [running(people) for _number in range(times)]
    assert category
    for one in tasks:
        tell(one, people.li, 10)
    day("2026-04-03")
    for one in tasks:
        (child,) = split(one, people.li, (people.wang, people.section.pk))
        tell(child, people.wang, 20)
    owed.open_coming_dues()
    li.get(PAGE)
    with django_assert_max_num_queries(26):
        answer = li.get(PAGE)
    assert len(answer.context["open_rows"]) == times


# ── no change ────────────────────────────────────────────────────────────────────────────────────


def test_no_change_settles_what_is_owed_and_moves_nothing(task, people):
    tell(task, people.li, 20)
    before = Task.objects.get()
    Due.objects.update(filed_by=None, filed_on=None)
    report = no_change(task, people.li)
    assert (report.unchanged, report.progress, report.body) == (True, 20, "等待上级批复")
    assert queries.evidence_of([report.pk])[report.pk] == []
    assert Due.objects.get(task=task).filed_by == report
    assert Task.objects.get().progress == before.progress


def test_no_change_needs_a_reason(task, people):
    with pytest.raises(Refused) as refused:
        no_change(task, people.li, "  ")
    assert refused.value.field == "body"
    assert not Report.objects.exists()


def test_no_change_is_limited_in_a_row_by_the_measure(people, day):
    day("2026-03-02")
    task = limited(people, 2)
    tell(task, people.li, 20)
    no_change(task, people.li)
    no_change(task, people.li)
    with pytest.raises(Refused) as refused:
        no_change(task, people.li)
    assert (refused.value.field, Report.objects.count()) == ("unchanged", 3)
    tell(task, people.li, 20)
    assert no_change(task, people.li).unchanged


def test_an_amended_no_change_is_an_ordinary_report(task, people):
    report = no_change(task, people.li)
    with pytest.raises(Refused) as refused:
        services.amend_report(report=report, by=people.li.actor, progress=30, body="有进展")
    assert refused.value.field == "evidence"
    new = services.amend_report(
        report=report, by=people.li.actor, progress=30, body="有进展", uploads=[paper()]
    )
    assert (new.unchanged, read.unchanged_in_a_row([task.pk])) == (False, {})


def test_others_may_not_say_no_change(task, people):
    with pytest.raises(NotAllowed):
        no_change(task, people.sun)
    assert not Report.objects.exists()


# ── file all ─────────────────────────────────────────────────────────────────────────────────────


def test_all_rows_go_in_one_request_and_only_the_touched(li, task, people):
    other, third = running(people), running(people)
    data = fields(task, "1", **{"evidence-kept": slip(li, task)})
    data |= fields(other, "2", progress="", unchanged="1", body="等待批复")
    data |= fields(third, "3", progress="0", body="")
    answer = li.post(PAGE, data, **FETCH)
    assert answer.status_code == 200
    found = {report.task_id: report for report in Report.objects.all()}
    assert found.keys() == {task.pk, other.pk}
    assert [row.name for row in queries.evidence_of([found[task.pk].pk])[found[task.pk].pk]] == [
        "照片.txt"
    ]
    assert found[other.pk].unchanged
    assert f'data-for="t{third.pk}"' not in text(answer)


def test_a_failing_row_never_loses_the_others_nor_what_was_typed(li, task, people):
    good = running(people)
    data = fields(good, "1", **{"evidence-kept": slip(li, good)})
    kept = slip(li, task, "截图.txt")
    data |= fields(task, "2", progress="101", problems="场地紧张", **{"evidence-kept": kept})
    answer = li.post(PAGE, data, **FETCH)
    assert Report.objects.get().task_id == good.pk
    said = text(answer)
    assert 'data-failed="1"' in said
    assert "场地紧张" in said
    assert "截图.txt" in said
    assert f'value="{kept}" checked' in said
    assert f'id="t{task.pk}-progress-error"' in said
    data[f"t{task.pk}-progress"] = "30"
    again = li.post(PAGE, data, **FETCH)
    assert 'data-failed="0"' in text(again)
    assert Report.objects.filter(task=task).count() == 1
    assert Report.objects.filter(task=good).count() == 1


def test_a_double_click_files_once(li, task):
    data = fields(task, **{"evidence-kept": slip(li, task)})
    first, second = li.post(PAGE, data, **FETCH), li.post(PAGE, data, **FETCH)
    assert Report.objects.count() == 1
    assert 'data-state="filed"' in text(first)
    assert 'data-state="filed"' in text(second)


def test_the_same_key_with_another_text_is_not_swallowed(li, task):
    data = fields(task, **{"evidence-kept": slip(li, task)})
    li.post(PAGE, data, **FETCH)
    answer = text(li.post(PAGE, data | {f"t{task.pk}-body": "另一段话"}, **FETCH))
    assert Report.objects.count() == 1
    assert "另一段话" in answer
    assert 'data-failed="1"' in answer
    assert data[f"t{task.pk}-key"] not in answer


def test_the_second_of_two_is_told_and_sees_what_the_first_said(li, task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    theirs = tell(task, people.sun, 25, body="孙老师的进展")
    data = fields(task, **{"evidence-kept": slip(li, task)})
    answer = text(li.post(PAGE, data, **FETCH))
    assert Report.objects.get() == theirs
    assert "孙老师的进展" in answer
    assert "完成立项" in answer
    assert f'name="t{task.pk}-rev" value="{theirs.pk}"' in answer
    data[f"t{task.pk}-rev"] = str(theirs.pk)
    li.post(PAGE, data, **FETCH)
    assert Report.objects.count() == 2


def test_a_row_of_somebody_else_files_nothing(client, task, people):
    client.force_login(people.sun)
    answer = client.post(PAGE, fields(task), **FETCH)
    assert not Report.objects.exists()
    assert f'data-lost="t{task.pk}"' in text(answer)


def test_without_script_the_page_is_one_long_form(li, task, people):
    bad = running(people)
    data = fields(task, "1", evidence=paper("验收单.txt"))
    data |= fields(bad, "2", body="", evidence=paper("合同.txt"))
    answer = li.post(PAGE, data)
    assert answer.status_code == 422
    assert Report.objects.get().task_id == task.pk
    assert re.search(rf'name="t{bad.pk}-evidence-kept" value="[^"]+" checked', text(answer))
    assert li.post(PAGE, fields(bad, "2", evidence=paper()))["Location"] == PAGE
    assert Report.objects.count() == 2


def test_nothing_filled_in_files_nothing(li, task):
    answer = li.post(PAGE, fields(task, progress="0", body=""))
    assert (answer.status_code, Report.objects.count()) == (302, 0)


def test_problems_of_sub_tasks_are_told_before_the_row_goes(li, task, people, day):
    (child,) = split(task, people.li, (people.wang, people.section.pk))
    tell(child, people.wang, 40, problems="网络带宽严重不足")
    data = fields(task, **{"evidence-kept": slip(li, task)})
    first = text(li.post(PAGE, data, **FETCH))
    assert "网络带宽严重不足" in first
    assert not Report.objects.filter(task=task).exists()
    warned = re.search(rf'name="t{task.pk}-warned" value="([^"]+)"', first).group(1)
    second = text(li.post(PAGE, data | {f"t{task.pk}-warned": warned}, **FETCH))
    assert 'data-state="filed"' in second
    assert Report.objects.get(task=task).passed_over.count() == 1


def test_after_a_week_the_next_week_is_asked_at_once(li, people, day):
    day("2026-03-02")
    task = running(people, rhythm="weekly", report_day=5, grace_days=9)
    day("2026-03-10")
    owed.open_coming_dues()
    data = fields(task, **{"evidence-kept": slip(li, task)})
    answer = text(li.post(PAGE, data, **FETCH))
    assert Due.objects.get(filed_by__isnull=False).period == "2026-W10"
    assert f'id="row-t{task.pk}"' in answer


def test_a_result_is_filed_from_its_row(li, task, people):
    further = make_set(result_only=True, needs_evidence=False)
    taking_part.count_in(task, further, by=people.chen.actor, result_due=dt.date(2026, 3, 25))
    counting = Counting.objects.get(task=task, home=False)
    name = f"s{counting.pk}"
    data = {f"{name}-key": "b" * 32, f"{name}-rev": "0", f"{name}-body": "全部建成"}
    answer = li.post(PAGE, data, **FETCH)
    report = Report.objects.get()
    assert (report.kind, report.counting, report.body) == ("result", counting, "全部建成")
    assert 'data-state="filed"' in text(answer)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("progress", "9" * 30),
        ("progress", "²"),
        ("rev", "-1"),
        ("rev", "9" * 30),
        ("cited", "9" * 30),
        ("achieved", "1e999"),
        ("evidence-kept", "no-slip"),
        ("body", "长" * 20_001),
    ],
)
def test_bad_input_stays_in_its_row(li, task, people, name, value):
    good = running(people)
    data = fields(good, "1", **{"evidence-kept": slip(li, good)})
    data |= fields(task, "2", **{"evidence-kept": slip(li, task), name: value})
    assert li.post(PAGE, data, **FETCH).status_code == 200
    assert Report.objects.filter(task=good).count() == 1


def test_rows_cost_few_statements_each(li, people, day):
    day("2026-03-02")
    asked = {}
    for rows in (1, 7):
        data = {}
        for place in range(rows):
            one = running(people, needs_evidence=False)
            data |= fields(one, f"{rows}{place}")
        with CaptureQueriesContext(connection) as seen:
            li.post(PAGE, data, **FETCH)
        asked[rows] = sum("SAVEPOINT" not in query["sql"] for query in seen.captured_queries)
    assert Report.objects.count() == 8
    assert (asked[7] - asked[1]) / 6 <= 19


# ── drafts and files ─────────────────────────────────────────────────────────────────────────────


def test_drafts_come_back_with_their_files_and_go_when_filed(li, task, people):
    path = reverse("reports:submit", args=[task.pk])
    kept = slip(li, task, "合同.txt")
    draft = {"body": ["写了一半"], "progress": ["35"], "evidence-kept": [kept]}
    keeping.save_draft(people.li, form=path, data=draft)
    said = text(li.get(PAGE))
    assert "写了一半" in said
    assert 'value="35"' in said
    assert "合同.txt" in said
    assert 'data-state="typed"' in said
    li.post(PAGE, fields(task, **{"evidence-kept": kept}), **FETCH)
    assert not people.li.drafts.exists()


def test_files_of_a_row_stand_in_the_form_of_the_single_report_too(li, task, people):
    path = reverse("reports:submit", args=[task.pk])
    kept = slip(li, task, "合同.txt")
    keeping.save_draft(people.li, form=path, data={"body": ["写"], "evidence-kept": [kept]})
    said = text(li.get(path))
    assert f'name="evidence-kept" value="{kept}" checked' in said


def test_no_change_is_told_in_the_story(li, task, people):
    no_change(task, people.li)
    said = text(li.get(reverse("reports:reports", args=[task.pk])))
    assert "story-unchanged" in said
    assert "等待上级批复" in said


def test_what_was_sent_after_the_log_out_comes_back(client, task, people, settings, day):
    client.post("/people/login/", {"account": people.li.account, "password": PASSWORD})
    client.force_login(people.li)
    client.get(PAGE)
    day("2026-03-02", 18)
    assert client.post(PAGE, fields(task, body="太晚了")).status_code == 302
    assert not Report.objects.exists()
    client.force_login(people.li)
    said = text(client.get(PAGE))
    assert "太晚了" in said
    assert "data-unsaved" in said


def test_a_file_that_is_not_what_it_says_is_refused_at_once(li, task):
    url = reverse("reports:keep_evidence", args=[task.pk])
    bad = SimpleUploadedFile("报告.docx", b"MZ\x90\x00" * 50)
    answer = li.post(url, {"evidence": bad}, **FETCH)
    assert answer.status_code == 422
    assert "报告.docx" in json.loads(answer.content)["said"]


def test_files_are_taken_in_only_for_tasks_one_reports_on(client, task, people):
    client.force_login(people.sun)
    url = reverse("reports:keep_evidence", args=[task.pk])
    assert client.post(url, {"evidence": paper()}, **FETCH).status_code == 403
