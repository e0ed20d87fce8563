"""The first whole loop as people do it: a real table in, tasks out, reports, Gantt (S0)."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from docx import Document
from playwright.sync_api import Locator, Page, expect

from luoshi.kit import clock
from luoshi.measures.models import Category
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import PASSWORD, cast, make_person, make_unit, seat
from luoshi.reports.models import Report
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task

LIBRARY = Path(__file__).parents[2] / "luoshi" / "measures" / "library"


@pytest.fixture
def college():
    """The cast with two more schools; everybody has the same password."""
    c = cast()
    c.schools = [make_unit(name, c.root, "二级学院") for name in ("信息工程学院", "艺术设计学院")]
    c.deans = []
    for school in c.schools:
        dean = make_person(f"{school.name[:2]}院长", school)
        seat(dean, school, Duty.HEAD)
        c.deans.append(dean)
    c.treasurer = make_person("财务处长", c.other)
    seat(c.treasurer, c.other, Duty.HEAD)
    for person in (c.chen, c.wang, c.li, c.sun, *c.deans):
        person.set_password(PASSWORD)
        person.save()
    call_command("measures", "load", str(LIBRARY / "S0.toml"))
    return c


@pytest.fixture
def table(tmp_path) -> Path:
    """A task table with the dirt of real ones: glued numbers, merged units, phrases for dates."""
    year = clock.today().year
    path = tmp_path / f"{year}年重点任务分解表.csv"
    path.write_text(
        "序号,重点任务,责任单位,完成时限\n"
        '1.,1.建成虚拟仿真实训基地,"机电工程学院\n财务处",12月底前\n'
        "2,2.完成财务信息系统升级,财务处,第四季度\n"
        "3,3.制定社会服务方案,社服中心,12月底前\n",
        "utf-8",
    )
    return path


@pytest.fixture
def evidence(tmp_path) -> Path:
    path = tmp_path / "验收报告.docx"
    document = Document()
    document.add_heading("设备验收报告", 1)
    document.add_paragraph("全部设备通过验收。")
    document.save(str(path))
    return path


def log_in(page: Page, person: SimpleNamespace) -> None:
    page.context.clear_cookies()
    page.goto("/")
    page.locator("[name=account]").fill(person.account)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("工作台")


def pick(page: Page, name: str, text: str) -> None:
    """Choose in a picker as people do: type, wait for the match, take it."""
    choose(page, page.locator(f"[name='{name}']").first, text)


def choose(page: Page, box: Locator, text: str) -> None:
    box.click()
    box.press_sequentially(text, delay=20)
    page.locator("[role=option]:visible", has_text=text).first.click()


def import_table(page: Page, table: Path) -> None:
    page.goto("/import/upload/")
    page.locator("input[type=file]").set_input_files(str(table))
    category = Category.objects.get(code="863")
    page.locator("[name=category]").select_option(str(category.pk))
    page.locator(".form-foot .btn-primary").click()
    page.locator(".form-foot.is-sticky .btn-primary").click()
    expect(page.locator("body")).to_contain_text("社服中心")


def settle_names(page: Page) -> None:
    """The unknown unit is settled by its real name; assumptions are confirmed."""
    row = page.locator("#intake-names tr", has_text="社服中心")
    choose(page, row.locator("input[role=combobox], input[type=text]").first, "信息工程")
    page.locator("#intake-names .form-foot .btn").click()
    expect(page.locator("#intake-names")).to_have_count(0)
    confirm = page.locator(".import-acts form[action$='/confirm/'] button")
    if confirm.count():
        confirm.click()


def publish(page: Page) -> None:
    page.locator("form[action$='/publish/'] button").click()
    page.locator("form[action$='/undo/']").wait_for(timeout=20_000)


def issue_all(page: Page) -> None:
    """Complete the imported drafts in one table and issue them."""
    page.goto("/tasks/?scope=created")
    page.locator("[data-tick-all]").check()
    page.get_by_role("button", name="补全选中的草稿").click()
    for place in range(3):
        page.locator(f"[name=draft-{place}-details]").fill("按方案完成建设任务并投入使用。")
    page.locator("[name=draft-0-standard]").fill("按期完成并通过验收得满分。")
    page.locator("[data-fill=standard]").click()
    page.get_by_role("button", name="保存并下达").click()
    expect(page.locator("body")).to_contain_text("已下达 3 项任务")


def break_down(page: Page, task: Task, person: str) -> None:
    page.goto(f"/tasks/{task.pk}/")
    page.get_by_role("link", name="分解").first.click()
    page.locator("[name=child-0-title]").fill("完成设备采购与安装")
    pick(page, "child-0-unit", "数控")
    pick(page, "child-0-owner", person)
    page.locator("[name=child-0-due]").fill(f"{task.due:%Y}-12-15")
    page.locator("[name=child-0-details]").fill("完成招标、采购、安装、调试。")
    page.locator("[name=child-0-standard]").fill("设备全部到位并通过验收。")
    page.get_by_role("button", name="保存并下达").click()
    expect(page.locator("#tasks-children")).to_contain_text("完成设备采购与安装")


def copy_to_schools(page: Page, task: Task, schools: list[str]) -> None:
    child = Task.objects.get(parent=task)
    page.goto(f"/tasks/{child.pk}/copy/")
    for name in schools:
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="下一步").click()
    for place, name in enumerate(schools):
        page.locator(f"[name=copy-{place}-standard]").fill(f"{name}完成本院部分得满分。")
    page.get_by_role("button", name="复制并下达").click()
    for name in schools:
        expect(page.locator("#tasks-children")).to_contain_text(name)


SAID = "完成设备招标，签订采购合同，首批设备到货并开始安装。"
#: A summary in one's own words: what is copied from sub-tasks is refused (S0 任务反馈 3).
SUMMED_UP = "基地建设进入实施阶段，采购已有结果，下月组织进场。"


def report(page: Page, task: Task, progress: int, evidence: Path, said: str = SAID) -> None:
    page.goto(f"/tasks/{task.pk}/reports/submit/")
    page.locator("[name=progress]").fill(str(progress))
    page.locator("[name=body]").fill(said)
    page.locator("input[type=file]").set_input_files(str(evidence))
    page.get_by_role("button", name="提交").first.click()
    expect(page.locator("#reports-panel")).to_contain_text(said)
    expect(page.locator("#reports-panel")).to_contain_text("验收报告.docx")


def test_a_real_table_becomes_tasks_reports_and_one_gantt(
    page: Page, college, table, evidence, shift_clock
):
    c = college
    log_in(page, c.chen)
    import_table(page, table)
    settle_names(page)
    publish(page)
    assert Task.objects.filter(status=Status.DRAFT).count() == 3
    issue_all(page)
    tasks = list(Task.objects.order_by("pk"))
    assert [t.title for t in tasks] == [
        "建成虚拟仿真实训基地",
        "完成财务信息系统升级",
        "制定社会服务方案",
    ]
    assert [t.status for t in tasks] == [Status.ACTIVE] * 3
    assert [t.owner_id for t in tasks] == [c.wang.pk, c.treasurer.pk, c.deans[0].pk]
    assert {t.due for t in tasks} == {dt.date(clock.today().year, 12, 31)}

    log_in(page, c.wang)
    break_down(page, tasks[0], "李敏")
    copy_to_schools(page, tasks[0], [school.name for school in c.schools])
    children = list(Task.objects.filter(parent=tasks[0]).order_by("pk"))
    assert [t.owner_id for t in children] == [c.li.pk, *(d.pk for d in c.deans)]

    log_in(page, c.li)
    report(page, children[0], 60, evidence)
    log_in(page, c.wang)
    page.goto(f"/tasks/{tasks[0].pk}/reports/submit/")
    expect(page.locator(".report-know")).to_contain_text("完成设备招标")
    report(page, tasks[0], 40, evidence, SUMMED_UP)
    assert Report.objects.count() == 2

    shift_clock(dt.date(clock.today().year + 1, 1, 2) - clock.today())
    log_in(page, c.sun)
    page.goto(f"/gantt/?year={tasks[0].year}")
    page.locator("#gantt[data-ready=true]").wait_for()
    bars = page.locator(".gantt_task_line")
    expect(bars).to_have_count(6)
    colours = page.evaluate(
        "() => [...document.querySelectorAll('.gantt_task_line')]"
        ".map((bar) => getComputedStyle(bar).backgroundColor)"
    )
    assert sorted(colours) == ["rgb(24, 144, 255)"] * 2 + ["rgb(245, 34, 45)"] * 4
    expect(page.locator(".gantt_task_line.is-late")).to_have_count(2)
    row = page.locator(".gantt_row").first
    label = f"{tasks[0].title} · 机电学院 王建国 · {tasks[0].due} · 40% 逾期"
    expect(row).to_have_attribute("aria-label", label)
    row.click()
    expect(page.locator("#gantt-side")).to_contain_text(tasks[0].title)
    page.keyboard.press("Escape")
    expect(page.locator("#gantt-side")).to_be_hidden()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#gantt-side")).to_contain_text("完成设备采购与安装")
