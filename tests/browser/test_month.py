"""The page of the month as people use it on the 28th: by keys, files by drag and paste (RPT-5)."""

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from luoshi.kit import clock
from luoshi.people.models import Person
from luoshi.people.tests.factories import cast
from luoshi.reports import queries
from luoshi.reports.models import Due, Report
from luoshi.reports.services import submit_report
from luoshi.tasks.models import Task
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import issued, make_set

TITLES = ("建成虚拟仿真实训基地", "完成专业申报材料", "财务信息系统升级", "制定社会服务方案")


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """Li with four tasks owed this month; the first asks for evidence, the others do not."""
    people = cast()
    today = clock.today()
    people.tasks = [
        issued(
            make_set(sign_off="never", needs_evidence=place == 0, report_day=31),
            people.chen,
            people.section.pk,
            owner_id=people.li.pk,
            title=title,
            year=today.year,
            start=today,
            due=today + dt.timedelta(days=60),
        )
        for place, title in enumerate(TITLES)
    ]
    return people


@pytest.fixture
def enter(page: Page, live_server: Any, client: Any, people: SimpleNamespace) -> Any:
    def go(person: Person | None = None) -> None:
        client.force_login(person or people.li)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        page.context.add_cookies([{**cookie, "url": live_server.url}])
        page.goto(live_server.url + "/reports/month/")
        page.locator(".with-month").wait_for(state="attached")

    return go


def row(page: Page, task: Task) -> Any:
    return page.locator(f"[data-for=t{task.pk}]")


def give(page: Page, task: Task, how: str, name: str = "截图.png") -> None:
    """Drop a picture on a row, or paste it while the row has the focus."""
    page.evaluate(
        """async ([how, row, name]) => {
            const canvas = document.createElement("canvas");
            canvas.getContext("2d").fillRect(5, 5, 20, 10);
            const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
            const files = new DataTransfer();
            files.items.add(new File([blob], name, { type: "image/png" }));
            const at = document.querySelector(`[data-row=${row}] textarea`);
            at.focus();
            const both = { bubbles: true, cancelable: true };
            const event = how === "drop"
                ? new DragEvent("drop", { dataTransfer: files, ...both })
                : new ClipboardEvent("paste", { clipboardData: files, ...both });
            at.dispatchEvent(event);
        }""",
        [how, f"t{task.pk}", name],
    )


def test_three_rows_by_keys_alone(page: Page, enter: Any, people: SimpleNamespace) -> None:
    enter()
    first, second, third, fourth = people.tasks
    page.locator(f"#t{second.pk}-progress").focus()
    keys = page.keyboard
    keys.type("20")
    keys.press("Enter")
    expect(page.locator(f"#t{third.pk}-progress")).to_be_focused()
    keys.type("30")
    keys.press("Tab")
    expect(page.locator(f"#t{third.pk}-body")).to_be_focused()
    keys.type("完成系统选型")
    keys.press("ArrowUp")
    expect(page.locator(f"#t{third.pk}-body")).to_be_focused()
    keys.press("Home")
    keys.press("ArrowUp")
    expect(page.locator(f"#t{second.pk}-body")).to_be_focused()
    keys.type("提交申报书")
    keys.press("Control+Enter")
    keys.press("Control+Enter")
    expect(page.locator(f"#t{fourth.pk}-body")).to_be_focused()
    keys.press("Alt+n")
    expect(page.locator(f"#t{fourth.pk}-body")).to_be_focused()
    keys.type("等待上级批复")
    expect(row(page, fourth).locator("[data-word]")).to_have_text("无变化")
    expect(page.locator("[data-tally]")).to_contain_text("已填 2")
    keys.press("Control+Shift+Enter")
    expect(row(page, second).locator(".month-word")).to_have_text("已报")
    expect(row(page, third).locator(".month-word")).to_have_text("已报")
    expect(row(page, fourth).locator(".month-word")).to_have_text("已报")
    expect(page.locator("[data-live]")).to_contain_text("已提交3条")
    expect(page.locator(f"#t{first.pk}-body")).to_be_focused()
    said = {report.task_id: report for report in Report.objects.all()}
    assert {pk: report.progress for pk, report in said.items()} == {
        second.pk: 20,
        third.pk: 30,
        fourth.pk: 0,
    }
    assert (said[fourth.pk].unchanged, said[fourth.pk].body) == (True, "等待上级批复")
    assert Due.objects.filter(filed_by=None, void=False, task__in=said).count() == 0


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_dropped_or_pasted_is_evidence(
    page: Page, enter: Any, people: SimpleNamespace, how: str
) -> None:
    enter()
    task = people.tasks[0]
    give(page, task, how)
    expect(row(page, task).locator("[data-kept] input")).to_be_checked()
    page.locator(f"#t{task.pk}-body").fill("完成招标")
    page.locator(f"#t{task.pk}-progress").fill("40")
    page.locator("[data-file-all]").click()
    expect(row(page, task).locator(".month-word")).to_have_text("已报")
    report = Report.objects.get()
    assert [one.name for one in queries.evidence_of([report.pk])[report.pk]] == ["截图.png"]


def test_a_failing_row_stays_with_its_words_and_files(
    page: Page, enter: Any, people: SimpleNamespace
) -> None:
    enter()
    bad, good = people.tasks[0], people.tasks[1]
    page.locator(f"#t{good.pk}-body").fill("提交申报书")
    page.locator(f"#t{bad.pk}-body").fill("完成招标")
    page.locator("[data-file-all]").click()
    expect(row(page, good).locator(".month-word")).to_have_text("已报")
    expect(row(page, bad).locator("[data-word]")).to_have_text("出错")
    expect(page.locator(f"#t{bad.pk}-evidence-error")).to_be_visible()
    expect(page.locator(f"#t{bad.pk}-body")).to_have_value("完成招标")
    assert Report.objects.get().task == good
    give(page, bad, "drop")
    expect(row(page, bad).locator("[data-kept] input")).to_be_checked()
    page.locator(f"#t{bad.pk}-progress").fill("500")
    page.locator("[data-file-all]").click()
    expect(page.locator(f"#t{bad.pk}-progress-error")).to_be_visible()
    expect(page.locator(f"#t{bad.pk}-progress")).to_be_focused()
    expect(row(page, bad).locator("[data-kept] input")).to_be_checked()
    page.locator(f"#t{bad.pk}-progress").fill("50")
    page.locator("[data-file-all]").click()
    expect(row(page, bad).locator(".month-word")).to_have_text("已报")
    assert Report.objects.count() == 2


def test_what_was_typed_comes_back_after_the_page_was_left(
    page: Page, enter: Any, people: SimpleNamespace
) -> None:
    enter()
    task = people.tasks[2]
    page.locator(f"#t{task.pk}-body").fill("写了一半")
    give(page, task, "drop", "合同.png")
    expect(page.locator("[data-note]")).to_contain_text("草稿已保存", timeout=6000)
    expect(row(page, task).locator("[data-kept] input")).to_be_checked()
    page.wait_for_timeout(2000)
    enter()
    expect(page.locator(f"#t{task.pk}-body")).to_have_value("写了一半")
    expect(row(page, task).locator("[data-kept]")).to_contain_text("合同.png")
    expect(row(page, task).locator("[data-word]")).to_have_text("已填")


def test_log_out_in_between_loses_nothing(
    page: Page, enter: Any, people: SimpleNamespace, shift_clock: Any
) -> None:
    enter()
    task = people.tasks[2]
    shift_clock(dt.timedelta(minutes=50))
    page.locator(f"#t{task.pk}-body").fill("来不及提交")
    page.locator("[data-file-all]").click()
    expect(page.locator("[data-live]")).to_contain_text("登录已失效")
    expect(page.locator(f"#t{task.pk}-body")).to_have_value("来不及提交")
    assert not Report.objects.exists()


def test_the_second_of_two_sees_what_the_first_said(
    page: Page, enter: Any, people: SimpleNamespace
) -> None:
    task = people.tasks[1]
    enter()
    taking_part.share(task, [people.sun], by=people.li.actor)
    page.locator(f"#t{task.pk}-body").fill("我的进展")
    submit_report(task=task, by=people.sun.actor, progress=10, body="孙老师的进展")
    page.locator("[data-file-all]").click()
    expect(row(page, task).locator(".month-other")).to_contain_text("孙老师的进展")
    expect(page.locator(f"#t{task.pk}-body")).to_have_value("我的进展")
    assert Report.objects.count() == 1


def test_several_rows_at_once_without_change(
    page: Page, enter: Any, people: SimpleNamespace
) -> None:
    enter()
    for task in people.tasks[1:3]:
        row(page, task).locator("[data-pick-row]").check()
    page.locator("#month-reason").fill("等待经费下达")
    page.locator("#month-reason").press("Enter")
    expect(page.locator("[data-tally]")).to_contain_text("无变化 2")
    page.locator("[data-file-all]").click()
    expect(page.locator("[data-live]")).to_contain_text("已提交2条")
    assert set(Report.objects.values_list("body", "unchanged")) == {("等待经费下达", True)}


def test_the_keys_are_told(page: Page, enter: Any, people: SimpleNamespace) -> None:
    enter()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#month-keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(f"#t{people.tasks[0].pk}-body").focus()
    page.keyboard.press("Alt+/")
    expect(page.locator("#month-keys")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_no_barrier_and_no_sideways_scrolling(
    page: Page, enter: Any, people: SimpleNamespace, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    enter()
    bad = people.tasks[0]
    page.locator(f"#t{bad.pk}-body").fill("缺材料")
    page.locator("[data-file-all]").click()
    expect(page.locator(f"#t{bad.pk}-evidence-error")).to_be_visible()
    for box in page.locator("details:not(.menu) > summary").all():
        if box.is_visible():
            box.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 390:
        button = row(page, bad).locator(".month-file").bounding_box()
        assert button["height"] >= 44
        assert re.search("选择文件", row(page, bad).locator(".month-file").inner_text())
