"""The whole of S0, from January to December: nothing but what people do, and the worker's jobs."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from luoshi.assessment.models import Result
from luoshi.files.models import Attachment
from luoshi.improvement import jobs as diagnosing
from luoshi.kit import clock
from luoshi.notices import jobs as telling
from luoshi.notices.models import DIGEST, Message
from luoshi.people.tests.factories import PASSWORD, make_person
from luoshi.periods.queries import is_workday
from luoshi.reports import jobs as reporting
from luoshi.reports.models import Due, Pack, Quotation, Report
from luoshi.tasks import jobs as tasking
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from tests.browser.test_journey_s0 import (
    break_down,
    college,
    evidence,
    import_table,
    issue_all,
    log_in,
    pick,
    publish,
    settle_names,
    table,
)

__all__ = ["college", "evidence", "table"]  # fixtures


@pytest.fixture
def year() -> int:
    return clock.today().year


@pytest.fixture
def travel(shift_clock):
    """Go to a day of office hours; whoever is logged in has to log in again."""
    began = clock.now()

    def to(day: dt.date) -> None:
        shift_clock(dt.timedelta())
        wanted = dt.datetime.combine(day, dt.time(9), tzinfo=began.tzinfo)
        shift_clock(wanted - clock.now())
        assert clock.today() == day

    return to


def night() -> None:
    """What the worker does between two days, in its order."""
    reporting.open_dues()
    tasking.remind_due()
    reporting.remind_owed()
    diagnosing.remind()
    telling.digest()


def digests(person) -> int:
    return Message.objects.filter(person=person, kind=DIGEST).count()


def file_on_the_month_page(page: Page, task: Task, progress: int, said: str, file: Path) -> None:
    page.goto("/reports/month/")
    name = f"t{task.pk}"
    page.locator(f"#{name}-progress").fill(str(progress))
    page.locator(f"#{name}-body").fill(said)
    page.locator(f"[name={name}-evidence]").set_input_files(str(file))
    expect(page.locator(f"[data-for={name}] [data-kept] input")).to_be_checked()
    page.locator("[data-file-all]").click()
    expect(page.locator(f"[data-for={name}] .month-word")).to_have_text("已报")


def report_quoting(page: Page, task: Task, progress: int, said: str, file: Path) -> None:
    """Sum up in one's own words, quote the first passage of what is new below."""
    page.goto(f"/tasks/{task.pk}/reports/submit/")
    page.locator("#reports-news").get_by_role("button", name="引用").first.click()
    page.locator("[name=progress]").fill(str(progress))
    page.locator("[name=body]").fill(said)
    page.locator("input[type=file]").first.set_input_files(str(file))
    page.get_by_role("button", name="提交").first.click()
    expect(page.locator("#reports-panel")).to_contain_text(said)


def name_assessor(page: Page, task: Task, name: str) -> None:
    page.goto(f"/tasks/{task.pk}/")
    page.get_by_role("link", name="指定考核人").click()
    dialog = page.locator("#dialog")
    pick(page, "people", name)
    dialog.locator(".dialog-foot .btn-primary").click()
    expect(dialog).to_be_hidden()


def hand_over(page: Page, task: Task, name: str) -> None:
    page.goto(f"/transfers/task/{task.pk}/")
    pick(page, "to", name)
    page.locator("[name=reason]").fill("岗位调整，原任务转交。")
    page.get_by_role("button", name="转交").last.click()
    expect(page.locator("body")).to_contain_text(name)


def take_over(page: Page, task: Task) -> None:
    page.goto("/transfers/")
    page.get_by_text(task.title).first.wait_for()
    change = task.changes.get()
    page.goto(f"/transfers/{change.pk}/answer/")
    page.locator("button[value=accept]").click()
    page.goto(f"/tasks/{task.pk}/")
    expect(page.locator("body")).to_contain_text("反馈")


def score(page: Page, task: Task, points: str) -> None:
    page.goto(f"/tasks/{task.pk}/assess/")
    page.get_by_label("分数").fill(points)
    page.get_by_label("评语").fill("按期完成，佐证齐全。")
    page.get_by_role("button", name="提交评分").click()
    expect(page.get_by_text("评分已提交")).to_be_visible()


def diagnose(page: Page, task: Task, problem: str, action: str) -> None:
    page.goto(f"/tasks/{task.pk}/diagnosis/write/")
    page.locator("[name=problem]").fill(problem)
    page.locator(".diag-rows textarea, .diag-rows input[type=text]").first.fill(action)
    page.locator(".form-foot .btn-primary").click()
    expect(page.locator("body")).to_contain_text(problem)


def fetched(page: Page, path: str) -> bytes:
    answer = page.request.get(path)
    assert answer.ok, path
    return answer.body()


def cells(page: Page, path: str) -> str:
    """Everything an exported workbook says."""
    sheet = load_workbook(io.BytesIO(fetched(page, path))).active
    return "\n".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None)


def _depth(name: str) -> int:
    return name.count("/")


def test_a_year_from_the_table_to_the_diagnosis(page: Page, college, table, evidence, travel, year):
    c = college
    c.new = make_person("周接任", c.section)
    for person in (c.new, c.zhou):
        person.set_password(PASSWORD)
        person.save()

    # ── January: a table becomes tasks; one is broken down (任务分解) ────────────────────────────
    travel(dt.date(year, 1, 5))
    log_in(page, c.chen)
    import_table(page, table)
    settle_names(page)
    publish(page)
    issue_all(page)
    top = Task.objects.order_by("pk").first()
    name_assessor(page, top, "周")
    log_in(page, c.wang)
    break_down(page, top, "李敏")
    child = Task.objects.get(parent=top)

    # ── the 25th and 28th: who has not reported is reminded, who has is left alone ────────────
    day = dt.date(year, 1, 25)
    while not is_workday(day):
        day -= dt.timedelta(days=1)
    travel(day)
    night()
    night()  # twice in a day tells nobody twice
    assert (digests(c.li), digests(c.wang)) == (1, 1)
    log_in(page, c.li)
    file_on_the_month_page(page, child, 30, "完成设备招标，签订采购合同。", evidence)
    assert Due.objects.get(task=child, period=f"{year}-01").filed_on == day
    last = dt.date(year, 1, 28)
    travel(last)
    night()
    assert digests(c.li) == 1
    assert digests(c.wang) == 2

    # ── the head sums up, quoting with its source (任务反馈 3) ──────────────────────────────────
    log_in(page, c.wang)
    said = "基地建设进入实施阶段，采购已有结果，下月组织进场，年内如期投用没有困难。"
    report_quoting(page, top, 20, said, evidence)
    assert Quotation.objects.get().report.task_id == top.pk
    log_in(page, c.sun)
    page.goto(f"/feedback/?year={year}")
    expect(page.locator("body")).to_contain_text("完成设备招标")
    assert "完成设备招标" in cells(page, f"/feedback/export/?year={year}")

    # ── June: the responsible person changes posts (任务转交) ───────────────────────────────────
    travel(dt.date(year, 6, 10))
    log_in(page, c.li)
    hand_over(page, child, "周接任")
    log_in(page, c.new)
    take_over(page, child)
    child.refresh_from_db()
    assert child.owner_id == c.new.pk
    assert Report.objects.filter(task=child, by=c.li).count() == 1

    # ── December: done, scored, diagnosed (任务考核、任务诊断与改进) ────────────────────────────
    travel(dt.date(year, 12, 10))
    night()
    log_in(page, c.new)
    file_on_the_month_page(page, child, 100, "设备全部到位并通过验收。", evidence)
    log_in(page, c.wang)
    said = "实训基地全部建成并通过验收，面向三个专业开放，达到并超过年初确定的目标。"
    report_quoting(page, top, 100, said, evidence)
    top.refresh_from_db()
    assert top.status == Status.DONE
    diagnose(page, top, "设备采购周期偏长", "上年十月前完成项目入库")
    log_in(page, c.zhou)
    page.goto(f"/tasks/{top.pk}/assess/")
    expect(page.locator("body")).to_contain_text("设备采购周期偏长")  # assessors see it
    score(page, top, "96")
    assert Result.objects.get(task=top).points == 96

    # ── what the year left: queries, figures, material ──────────────────────────────────────────
    log_in(page, c.chen)
    page.goto(f"/assessments/?year={year}")
    expect(page.locator("body")).to_contain_text(top.title)
    assert "96" in cells(page, f"/assessments/export/?year={year}")
    page.goto(f"/diagnoses/?year={year}")
    expect(page.locator("body")).to_contain_text("设备采购周期偏长")
    page.goto(f"/timeliness/?year={year}")
    expect(page.locator("body")).to_contain_text(c.school.name)
    page.goto(f"/reports/packs/{top.unit_id}/?year={year}")
    page.locator("#pack-work form button").click()
    pack = Pack.objects.get()
    reporting.build_pack(pack.pk, pack.run)
    page.reload()
    file = Attachment.objects.get(pk=Pack.objects.get().attachment_id)
    with zipfile.ZipFile(io.BytesIO(fetched(page, f"/files/{file.pk}/download/"))) as found:
        names = found.namelist()
        papers = sorted(filter(lambda name: name.endswith(".docx"), names), key=_depth)
        index = Document(io.BytesIO(found.read(papers[0])))
    told = [cell.text for t in index.tables for row in t.rows for cell in row.cells]
    assert any(top.title in text for text in [*told, *(p.text for p in index.paragraphs)])
    assert any(name.endswith("验收报告.docx") for name in names)

    # ── the Gantt at the end of the year: light green is done, red is due and nothing said ──────
    travel(dt.date(year + 1, 1, 2))
    log_in(page, c.sun)
    page.goto(f"/gantt/?year={year}")
    page.locator("#gantt[data-ready=true]").wait_for()
    colours = page.evaluate(
        "() => [...document.querySelectorAll('.gantt_task_line')]"
        ".map((bar) => getComputedStyle(bar).backgroundColor)"
    )
    assert sorted(colours) == ["rgb(149, 222, 100)"] * 2 + ["rgb(245, 34, 45)"] * 2
