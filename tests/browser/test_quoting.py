"""Quoting sub-tasks beside a report: by selection, by button, by drag; what is copied and left out;
the pages of final results and of year-end material. All of it stays accessible."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from luoshi.kit import clock, jobs
from luoshi.people.tests.factories import cast
from luoshi.reports.models import PassedOver, Quotation, Report
from luoshi.reports.tests.factories import running, split, tell
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import make_set
from tests.browser.test_shell_axe import enter, faults, overflow

SAID = "𠮷田先生来校洽谈，实训室共建协议已经签订。\n设备安装调试完成，面向三个班级开课。"
TOLD = "专任教师数量不足，机器人方向缺少带头人。"
OWN = "本级统筹推进，条件保障到位，各单位按计划完成年度建设内容，绩效目标基本实现。"
SIZES = [(1440, 900), (390, 844)]

SELECT = """(words) => {
  const paragraph = [...document.querySelectorAll("[data-start]")]
    .find((one) => one.textContent.includes(words));
  const text = paragraph.firstChild, at = text.data.indexOf(words), range = document.createRange();
  range.setStart(text, at);
  range.setEnd(text, at + words.length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    people = cast()
    today = clock.today()
    people.goal = running(
        people,
        title="推进专业建设",
        year=today.year,
        start=today,
        due=today + dt.timedelta(days=60),
        needs_evidence=False,
        copied_at_most=50,
    )
    sub = split(people.goal, people.li, (people.wang, people.school.pk))[0]
    people.said = tell(sub, people.wang, 30, body=SAID, problems=TOLD)
    return people


def quotes(page: Page) -> list[str]:
    return page.locator("[data-quote-list] [data-text]").all_inner_texts()


def test_passages_are_quoted_and_the_share_is_told_while_typing(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    enter(page, live_server, client, people.li)
    page.goto(f"{live_server.url}/tasks/{people.goal.pk}/reports/submit/")
    expect(page.locator(".quote-one").first).to_be_visible()
    page.evaluate(SELECT, "共建协议已经签订")
    expect(page.locator("[data-quote-selection]")).to_be_visible()
    page.keyboard.press("Alt+q")
    expect(page.locator("[data-quote-list] [data-text]")).to_have_text("共建协议已经签订")
    expect(page.locator("[data-words]")).to_contain_text("100%")
    expect(page.locator("[data-copied]")).to_have_class("copied is-over")

    page.locator(".quote-one").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-quote-list] li")).to_have_count(2)
    page.locator("[data-quote-list] [data-up]").nth(1).click()
    expect(page.locator("[data-quote-list] [data-text]").first).to_contain_text("设备安装")
    page.locator("[data-quote-list] [data-drop]").first.click()
    expect(page.locator("[data-quote-list] li")).to_have_count(1)

    page.get_by_label("工作进展").fill(OWN)
    expect(page.locator("[data-copied]")).to_have_class("copied")
    expect(page.locator("[data-left-out]")).to_contain_text(TOLD)
    page.get_by_label("存在问题").fill("机器人方向缺少带头人，教师数量也不足")
    expect(page.locator("[data-left-out]")).to_be_hidden()
    page.locator("[name=progress]").fill("20")
    page.get_by_role("button", name="提交反馈").click()
    expect(page.locator(".story blockquote.quote")).to_contain_text("共建协议已经签订")
    assert [row.text for row in Quotation.objects.all()] == ["共建协议已经签订"]
    assert not PassedOver.objects.exists()


def test_a_selection_is_dragged_into_the_report_and_a_draft_brings_it_back(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    enter(page, live_server, client, people.li)
    address = f"{live_server.url}/tasks/{people.goal.pk}/reports/submit/"
    page.goto(address)
    expect(page.locator(".quote-one").first).to_be_visible()
    source = page.locator("[data-start]", has_text="设备安装").first
    source.click(click_count=3, position={"x": 8, "y": 8})
    box, target = source.bounding_box(), page.get_by_label("工作进展").bounding_box()
    assert box
    assert target
    page.mouse.move(box["x"] + 30, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + 20, steps=4)
    page.mouse.move(target["x"] + 60, target["y"] + 40, steps=6)
    page.mouse.up()
    expect(page.locator("[data-quote-list] [data-text]")).to_have_text(SAID.splitlines()[1])
    expect(page.get_by_label("工作进展")).to_have_value("")
    expect(page.locator(".draft-note")).to_contain_text("保存", timeout=10_000)
    page.goto(address)
    expect(page.locator("[data-quote-list] [data-text]")).to_have_text(SAID.splitlines()[1])


def test_a_problem_left_out_is_told_once_and_the_second_time_it_goes(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    enter(page, live_server, client, people.li)
    page.goto(f"{live_server.url}/tasks/{people.goal.pk}/reports/submit/")
    page.get_by_label("工作进展").fill(OWN)
    page.locator("[name=progress]").fill("20")
    page.get_by_role("button", name="提交反馈").click()
    expect(page.locator(".notice-error")).to_contain_text("再次提交即按现有内容上报")
    assert Report.objects.count() == 1
    page.get_by_role("button", name="提交反馈").click()
    expect(page.locator(".story-entry").first).to_contain_text("下级反映的 1 个问题未写入")
    assert not PassedOver.objects.get().irrelevant


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_pages_fit_and_are_accessible(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    other = make_set()
    taking_part.count_in(people.goal, other, by=people.chen.actor)
    enter(page, live_server, client, people.li)
    page.goto(f"{live_server.url}/tasks/{people.goal.pk}/reports/submit/")
    expect(page.locator(".quote-one").first).to_be_visible()
    page.locator(".quote-one").first.click()
    expect(page.locator("[data-quote-list] li")).to_have_count(1)
    assert faults(page) == []
    assert overflow(page) <= 0
    enter(page, live_server, client, people.chen)
    for path in (
        "/reports/sets/",
        f"/reports/sets/{other.pk}/",
        "/reports/packs/",
        f"/reports/packs/{people.school.pk}/",
    ):
        page.goto(live_server.url + path)
        assert faults(page) == [], path
        assert overflow(page) <= 0, path


def test_the_material_is_built_while_the_page_waits_and_downloaded(
    page: Page, live_server: Any, client: Any, people: SimpleNamespace
) -> None:
    enter(page, live_server, client, people.wang)
    page.goto(f"{live_server.url}/reports/packs/{people.school.pk}/")
    page.get_by_role("button", name="生成材料").click()
    expect(page.get_by_text("可离开此页")).to_be_visible()
    jobs.run_waiting()
    expect(page.get_by_role("heading", name="材料已生成")).to_be_visible(timeout=10_000)
    with page.expect_download() as given:
        page.get_by_role("link", name="下载").click()
    assert given.value.suggested_filename.endswith("年终材料.zip")
