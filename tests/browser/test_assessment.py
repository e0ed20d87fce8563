"""An assessor at the page and at the table; what the assessed see; the pages are accessible."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from luoshi.assessment.models import Assessment, Result
from luoshi.assessment.tests.factories import done, give
from luoshi.kit import clock
from luoshi.people.tests.factories import cast
from tests.browser.test_shell_axe import enter, faults, overflow

SIZES = [(1440, 900), (390, 844)]


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    people = cast()
    year, due = clock.today().year, clock.today() + dt.timedelta(days=30)
    people.tasks = [
        done(people, title=title, year=year, start=clock.today(), due=due)
        for title in ("建成实训基地", "就业率达到95%", "引进博士")
    ]
    return people


def test_two_assessors_score_and_the_assessed_see_the_result(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    task = people.tasks[0]
    enter(page, live_server, client, people.wang)
    page.goto(live_server.url + "/")
    expect(page.get_by_text("待评分").first).to_be_visible()
    page.goto(f"{live_server.url}/tasks/{task.pk}/")
    page.locator("#assessment-panel").get_by_role("link", name="评分").click()
    expect(page.get_by_text("已完成 100%")).to_be_visible()
    page.get_by_label("分数").fill("9")
    page.get_by_role("button", name="提交评分").click()
    expect(page.get_by_text("请写明理由").first).to_be_visible()
    expect(page.get_by_label("分数")).to_have_value("9")
    page.get_by_label("分数").fill("18.5")
    page.get_by_label("评语").fill("佐证齐全")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("评分已提交：18.5分。")).to_be_visible()
    expect(page.locator("#assessment-panel")).to_contain_text("佐证齐全")

    enter(page, live_server, client, people.li)
    page.goto(f"{live_server.url}/tasks/{task.pk}/")
    expect(page.locator("#assessment-panel")).to_contain_text("已评1名")
    expect(page.locator("#assessment-panel")).not_to_contain_text("18.5")

    give(task, people.sun, 16)
    page.reload()
    expect(page.locator("#assessment-panel")).to_contain_text("17.25")
    expect(page.locator("#assessment-panel")).to_contain_text("佐证齐全")
    assert Result.objects.count() == 1


def test_many_are_scored_in_a_table_and_a_faulty_row_stays(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    enter(page, live_server, client, people.wang)
    page.goto(live_server.url + "/assess/")
    page.get_by_label("“建成实训基地”的评分").fill("20")
    page.get_by_label("“就业率达到95%”的评分").fill("99")
    page.get_by_role("button", name="提交评分").click()
    expect(page.get_by_role("alert")).to_contain_text("已提交1项评分")
    expect(page.get_by_text("最多可评20分")).to_be_visible()
    expect(page.get_by_label("“就业率达到95%”的评分")).to_have_value("99")
    page.get_by_label("“就业率达到95%”的评分").fill("3")
    page.get_by_label("“就业率达到95%”的评语").fill("数据缺少证明")
    page.get_by_role("button", name="提交评分").click()
    expect(page.get_by_text("已提交1项评分。")).to_be_visible()
    expect(page.get_by_label("“引进博士”的评分")).to_be_visible()
    assert Assessment.objects.count() == 2


def test_the_office_returns_a_score_and_names_assessors_in_the_dialog(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    task = people.tasks[0]
    give(task, people.wang, 18)
    enter(page, live_server, client, people.chen)
    page.goto(f"{live_server.url}/tasks/{task.pk}/")
    page.get_by_role("link", name="退回评分").click()
    page.get_by_label("退回理由").fill("未说明扣分依据")
    page.locator("#dialog").get_by_role("button", name="退回").click()
    expect(page.locator("#assessment-panel")).to_contain_text("未说明扣分依据")
    page.get_by_role("link", name="指定考核人").click()
    expect(page.locator("#dialog")).to_contain_text("王建国")
    assert faults(page) == []


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("wang", "/assess/"),
        ("wang", "/tasks/{0}/assess/"),
        ("sun", "/tasks/{1}/assess/"),
        ("li", "/tasks/{0}/"),
        ("chen", "/assessments/"),
        ("wang", "/assessments/?scope=assessing"),
        ("li", "/assess/"),
        ("chen", "/timeliness/"),
        ("chen", "/timeliness/rows/"),
    ],
)
def test_pages_are_clean(
    page: Page,
    live_server: Any,
    client: Any,
    people: SimpleNamespace,
    who: str,
    path: str,
    size: tuple[int, int],
) -> None:
    give(people.tasks[0], people.wang, 18, comment="佐证齐全")
    give(people.tasks[0], people.sun, 16)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, live_server, client, getattr(people, who))
    page.goto(live_server.url + path.format(*[task.pk for task in people.tasks]))
    assert faults(page) == []
    assert overflow(page) <= 0
