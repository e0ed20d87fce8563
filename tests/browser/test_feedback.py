"""The feedback query in a browser: reports beside the list, views kept and shared, reasons."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from luoshi.kit import clock
from luoshi.people.models import SavedView
from luoshi.people.tests.factories import cast, make_person
from luoshi.reports.services.owed import open_coming_dues
from luoshi.reports.tests.factories import split, tell
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import issued, make_set
from tests.browser.test_shell_axe import SIZES, enter, faults, overflow


@pytest.fixture
def world(db):
    """A task broken down, reported on, and one overdue without a report."""
    people = cast()
    today = clock.today()
    days = {"start": today - dt.timedelta(days=40), "due": today + dt.timedelta(days=20)}
    category = make_set()
    people.task = issued(
        category, people.chen, people.school.pk, owner_id=people.wang.pk, title="建成实训基地",
        year=today.year, **days,
    )  # fmt: skip
    (people.child,) = split(people.task, people.wang, (people.li, people.section.pk), **days)
    people.late = issued(
        category, people.chen, people.school.pk, owner_id=people.wang.pk, title="修订专业标准",
        year=today.year, **days,
    )  # fmt: skip
    past = today - dt.timedelta(days=3)
    Task.objects.filter(pk=people.late.pk).update(due=past, late_from=past + dt.timedelta(days=1))
    tell(people.child, people.li, 10, body="完成立项，启动招标。", problems="经费未到账")
    tell(people.task, people.wang, 5, body="一期立项")
    open_coming_dues()
    people.colleague = make_person("吴同事", people.school)
    people.year = today.year
    return people


def test_a_report_opens_beside_the_list(page: Page, live_server, client, world):
    enter(page, live_server, client, world.wang)
    page.goto(f"/feedback/?scope=received&year={world.year}")
    page.get_by_role("link", name=world.child.title).click()
    side = page.locator("#feedback-side")
    expect(side.get_by_text("完成立项，启动招标。")).to_be_visible()
    expect(side.get_by_text("经费未到账")).to_be_visible()
    side.get_by_role("button", name="关闭").click()
    expect(side.get_by_text("点选一条反馈")).to_be_visible()


def test_a_report_lies_over_the_list_on_a_phone(page: Page, live_server, client, world):
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, live_server, client, world.wang)
    page.goto(f"/feedback/?year={world.year}")
    side = page.locator("#feedback-side")
    expect(side).to_be_hidden()
    page.get_by_role("link", name=world.child.title).click()
    expect(side.get_by_text("完成立项，启动招标。")).to_be_visible()
    page.keyboard.press("Escape")
    expect(side).to_be_hidden()


def test_a_view_is_kept_shared_and_opened_by_a_colleague(page: Page, live_server, client, world):
    enter(page, live_server, client, world.wang)
    page.goto(f"/feedback/?view=dues&scope=department&year={world.year}")
    page.get_by_role("link", name="视图").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("把当前筛选条件保存为视图").fill("本院应报")
    dialog.get_by_role("button", name="保存为视图").click()
    expect(page.get_by_role("link", name="视图：本院应报")).to_be_visible()

    page.get_by_role("link", name="视图：本院应报").click()
    dialog.get_by_role("link", name="改名、共享").click()
    dialog.get_by_label("共享给").select_option(label="机电工程学院")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_text("视图已修改")).to_be_visible()
    assert SavedView.objects.get().unit == world.school

    enter(page, live_server, client, world.colleague)
    page.goto("/feedback/?scope=all")
    page.get_by_role("link", name="视图").click()
    expect(dialog.get_by_text("王建国共享给机电学院")).to_be_visible()
    dialog.get_by_role("link", name="本院应报").click()
    expect(page.get_by_role("link", name="视图：本院应报")).to_be_visible()
    expect(page.locator(".tabs [aria-current]")).to_have_text("应报明细")

    page.get_by_role("link", name="视图：本院应报").click()
    dialog.get_by_role("button", name="设为默认").click()
    expect(page.get_by_text("以后打开页面默认使用视图")).to_be_visible()
    page.goto("/feedback/")
    expect(page.get_by_role("link", name="视图：本院应报")).to_be_visible()


def test_marks_say_why_by_mouse_and_by_keys(page: Page, live_server, client, world):
    enter(page, live_server, client, world.wang)
    dialog = page.locator("#dialog")
    row = page.get_by_role("row").filter(has_text="修订专业标准")

    page.goto(f"/tasks/?year={world.year}")
    row.locator("a.state").click()
    expect(dialog.get_by_text("目标任务管理办法")).to_be_visible()
    expect(dialog.get_by_text("今日应达")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row.locator("a.state").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("状态说明")).to_be_visible()
    page.keyboard.press("Escape")
    row.locator(".due").click()  # the days over say why, too
    expect(dialog.get_by_text("状态说明")).to_be_visible()
    page.keyboard.press("Escape")

    page.goto(f"/feedback/?view=dues&year={world.year}")
    page.locator("a.due-mark").first.focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("为什么是这个标记")).to_be_visible()
    expect(dialog.get_by_text("每月 28 日前至少反馈一次")).to_be_visible()


def test_the_mosaic_is_walked_by_keys(page: Page, live_server, client, world):
    enter(page, live_server, client, world.wang)
    page.goto(f"/mosaic/?year={world.year}")
    page.locator("#mosaic").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#mosaic-said")).to_contain_text("修订专业标准")
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("状态说明")).to_be_visible()
    expect(dialog.get_by_text("修订专业标准")).to_be_visible()


def test_the_panel_of_the_gantt_says_why(page: Page, live_server, client, world):
    enter(page, live_server, client, world.wang)
    page.goto(f"/gantt/?year={world.year}")
    page.locator("#gantt .gantt_task_line").first.click()
    page.locator("#gantt-side a.state").click()
    expect(page.locator("#dialog").get_by_text("状态说明")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize(
    "path",
    [
        "/feedback/?view=reports",
        "/feedback/?view=units",
        "/feedback/?view=tasks",
        "/feedback/?view=dues",
        "/feedback/?scope=received&view=reports&month=1",
        "/people/views/?page=feedback&query=view%3Ddues",
    ],
)
def test_pages_are_clean(page: Page, live_server, client, world, path, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, live_server, client, world.chen)
    SavedView.objects.create(
        person=world.chen, page="feedback", name="应报", query="view=dues", created_at=clock.now(),
        unit=world.root,
    )  # fmt: skip
    page.goto(path)
    assert faults(page) == []
    assert overflow(page) <= 0
