"""The page of a score, the table of many, the acts of the office."""

import re

import pytest
from django.urls import reverse

from luoshi.assessment import queries, services
from luoshi.assessment.models import Assessment
from luoshi.assessment.tests.factories import done, give, judged
from luoshi.reports import services as reporting
from luoshi.reports.models import Report
from luoshi.tasks.models import Task

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _in_june(day):
    day("2026-06-01")


def url(name, task, *more):
    return reverse(f"assessment:{name}", args=[task.pk, *more])


def text(response):
    return response.content.decode()


def test_the_form_stands_beside_reports_and_standard(client, people):
    task = done(people)
    client.force_login(people.wang)
    page = text(client.get(url("assess", task)))
    assert "通过省级验收得满分。" in page
    assert "已完成 100%" in page
    assert 'name="points"' in page
    assert page.index("已完成 100%") < page.index('name="points"')


def test_a_score_is_filed_and_leads_back_to_the_task(client, people):
    task = done(people)
    client.force_login(people.wang)
    typed = {"points": "18.5", "comment": "佐证齐全", "key": "k1", "seen": "", "own": "0"}
    typed["seen"] = str(queries.newest_report_id(task))
    answer = client.post(url("assess", task), typed)
    assert answer.status_code == 302
    assert answer["Location"] == f"/go/task/{task.pk}/"
    assert str(Assessment.objects.get().points) == "18.50"


def test_by_htmx_the_page_hears_of_it(client, people):
    task = done(people)
    client.force_login(people.wang)
    seen = queries.newest_report_id(task)
    typed = {"points": "18", "comment": "", "key": "k1", "seen": seen, "own": 0}
    answer = client.post(url("assess", task), typed, headers=HTMX)
    assert answer.status_code == 204
    assert "task-changed" in answer["HX-Trigger"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"points": ""}, "请填写分数"),
        ({"points": "abc"}, "分数请填写数字"),
        ({"points": "21"}, "最多可评20分"),
        ({"points": "-1"}, "分值不能为负数"),
        ({"points": "18.555"}, "最多保留两位小数"),
        ({"points": "NaN"}, "分数请填写数字"),
        ({"points": "9" * 40}, ""),
        ({"points": "3", "comment": ""}, "请写明理由"),
    ],
)
def test_what_cannot_stand_stays_typed(client, people, typed, said):
    task = done(people)
    client.force_login(people.wang)
    data = {"points": "18", "comment": "", "key": "k1", "seen": queries.newest_report_id(task)}
    answer = client.post(url("assess", task), {**data, "own": 0, **typed})
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Assessment.objects.exists()


def test_a_report_that_came_meanwhile_is_shown_and_nothing_is_lost(client, people):
    task = done(people)
    client.force_login(people.wang)
    typed = {"points": "18", "comment": "佐证齐全", "key": "k1", "own": 0}
    typed["seen"] = queries.newest_report_id(task)
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=people.li.actor, progress=100, body="补充了两份证书")
    answer = client.post(url("assess", task), typed)
    assert answer.status_code == 409
    page = text(answer)
    assert "补充了两份证书" in page
    assert "佐证齐全" in page
    assert not Assessment.objects.exists()
    seen = re.search(r'name="seen" value="(\d+)"', page).group(1)
    assert client.post(url("assess", task), {**typed, "seen": seen, "key": "k2"}).status_code == 302


def test_before_its_day_the_page_says_from_when_on(client, people):
    task = judged(people)
    client.force_login(people.wang)
    page = text(client.get(url("assess", task)))
    assert "2026-12-01" in page
    assert 'name="points"' not in page
    assert client.post(url("assess", task), {"points": "18"}).status_code == 403


def test_only_assessors_open_the_page(client, people):
    task = done(people)
    client.force_login(people.li)
    assert client.get(url("assess", task)).status_code == 403


def test_a_score_that_stands_is_corrected_with_a_reason(client, people):
    task = done(people)
    row = give(task, people.wang, 18)
    client.force_login(people.wang)
    page = text(client.get(url("assess", task)))
    assert 'name="reason"' in page
    data = {"points": "16", "comment": "", "key": "k1", "own": row.pk}
    data["seen"] = queries.newest_report_id(task)
    assert client.post(url("assess", task), data).status_code == 422
    assert client.post(url("assess", task), {**data, "reason": "漏看一项"}).status_code == 302
    assert str(Assessment.objects.get(state="stands").points) == "16.00"


# ── many ─────────────────────────────────────────────────────────────────────────────────────────


def row(task, points, comment="", **more):
    front = f"t{task.pk}-"
    data = {
        "points": points,
        "comment": comment,
        "key": f"k{task.pk}",
        "seen": queries.newest_report_id(task),
        "own": 0,
    }
    return {front + name: value for name, value in {**data, **more}.items()}


def send(client, *rows, tasks):
    data = {"task": [task.pk for task in tasks]}
    for one in rows:
        data |= one
    return client.post("/assess/", data)


def test_the_table_lists_what_waits_and_what_was_said(client, people):
    waiting, given = done(people, title="甲项任务"), done(people, title="乙项任务")
    give(given, people.wang, 18)
    client.force_login(people.wang)
    page = text(client.get("/assess/"))
    assert "甲项任务" in page
    assert "乙项任务" not in page
    assert "已完成 100%" in page
    assert f'name="t{waiting.pk}-points"' in page


def test_all_rows_with_points_are_filed_and_the_others_left(client, people):
    one, two, three = (done(people) for _n in range(3))
    client.force_login(people.wang)
    answer = send(
        client, row(one, "18"), row(two, "3", "佐证不全"), row(three, ""), tasks=[one, two, three]
    )
    assert answer.status_code == 302
    assert {a.task for a in Assessment.objects.all()} == {one, two}


def test_a_row_that_fails_keeps_its_words_and_loses_no_other(client, people):
    one, two = done(people), done(people)
    client.force_login(people.wang)
    answer = send(client, row(one, "18"), row(two, "99", "很好"), tasks=[one, two])
    assert answer.status_code == 422
    page = text(answer)
    assert "已提交1项评分" in page
    assert "最多可评20分" in page
    assert "很好" in page
    assert Assessment.objects.get().task == one


def test_rows_of_others_are_not_filed(client, people):
    task = done(people, people.sun)
    client.force_login(people.wang)
    send(client, row(task, "18"), tasks=[task])
    assert not Assessment.objects.exists()


def test_a_row_outrun_by_a_report_says_so(client, people):
    task = done(people)
    client.force_login(people.wang)
    outrun = row(task, "18")
    newest = Report.objects.get(task=task, status="filed")
    reporting.amend_report(report=newest, by=people.li.actor, progress=100, body="补充")
    answer = send(client, outrun, tasks=[task])
    assert answer.status_code == 422
    assert "情况有变" in text(answer)


@pytest.mark.parametrize("asked", ["abc", "9" * 30, "-1", "²", ""])
def test_nonsense_in_the_table_files_nothing(client, people, asked):
    done(people)
    client.force_login(people.wang)
    assert client.post("/assess/", {"task": [asked]}).status_code == 302
    assert client.get(f"/assess/?page={asked}").status_code == 200
    assert not Assessment.objects.exists()


def test_nothing_to_score_says_when_tasks_come(client, people):
    client.force_login(people.li)
    assert "12月1日" in text(client.get("/assess/"))


def test_the_table_costs_the_same_for_one_row_and_three(
    client, people, django_assert_max_num_queries
):
    client.force_login(people.wang)
    client.get("/assess/")
    for _n in range(3):
        done(people)
        with django_assert_max_num_queries(16):
            client.get("/assess/")


# ── the panel and the office ─────────────────────────────────────────────────────────────────────


def test_the_task_page_shows_the_panel_with_its_button(client, people):
    task = done(people)
    client.force_login(people.wang)
    page = text(client.get(f"/tasks/{task.pk}/"))
    assert "assessment-panel" in page
    assert url("assess", task) in page
    client.force_login(people.li)
    assert url("assess", task) not in text(client.get(f"/tasks/{task.pk}/"))


def test_the_panel_never_tells_points_before_their_time(client, people):
    task = done(people)
    give(task, people.wang, "13.37", comment="秘密评语")
    for who in (people.li, people.sun):
        client.force_login(who)
        for path in (f"/tasks/{task.pk}/", url("scores", task)):
            page = text(client.get(path))
            assert "13.37" not in page
            assert "秘密评语" not in page


def test_a_task_without_names_says_who_names_them(client, people):
    task = judged(people)
    task.parts.filter(role="assessor").delete()
    client.force_login(people.chen)
    page = text(client.get(f"/tasks/{task.pk}/"))
    assert "尚未指定考核人" in page
    assert url("name_assessors", task) in page


def test_assessors_are_named_in_the_dialog(client, people):
    task = judged(people, people.wang)
    client.force_login(people.chen)
    assert "王建国" in text(client.get(url("name_assessors", task), headers=HTMX))
    keys = [people.wang.pk, people.sun.pk]
    answer = client.post(url("name_assessors", task), {"people_key": keys}, headers=HTMX)
    assert answer.status_code == 204
    assert queries.assessor_ids(task) == set(keys)
    assert client.post(url("name_assessors", task), {}, headers=HTMX).status_code == 422


def test_the_office_returns_a_score_in_the_dialog(client, people):
    task = done(people)
    given = give(task, people.wang, 18)
    client.force_login(people.chen)
    address = url("return_score", task, given.pk)
    assert "王建国" in text(client.get(address, headers=HTMX))
    assert client.post(address, {"reason": ""}, headers=HTMX).status_code == 422
    assert client.post(address, {"reason": "重评"}, headers=HTMX).status_code == 204
    assert Assessment.objects.get().state == "returned"
    assert client.post(address, {"reason": "再退"}, headers=HTMX).status_code == 403


def test_a_score_of_another_task_is_not_there(client, people):
    one, other = done(people), done(people)
    given = give(one, people.wang, 18)
    client.force_login(people.chen)
    assert client.get(url("return_score", other, given.pk)).status_code == 404


def test_closed_measures_hide_scores_with_their_tasks(client, people):
    task = done(people, switches={"visibility": "involved"})
    client.force_login(people.guard)
    assert client.get(url("scores", task)).status_code == 404
    assert client.get(url("assess", task)).status_code == 404


def test_results_are_struck_through_when_a_score_is_open_again(client, people):
    task = done(people, people.wang)
    given = give(task, people.wang, 18)
    services.return_score(assessment=given, by=people.chen.actor, reason="重评")
    client.force_login(people.li)
    page = text(client.get(url("scores", Task.objects.get(pk=task.pk))))
    assert "is-stale" in page
    assert "该结果暂不作数" in page
