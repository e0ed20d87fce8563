"""`make screenshots`: the pictures of the documents, taken in the demo, into docs/pictures/.

The demo is built in a folder of its own and served there; nothing of yours is touched. Days in the
demo are relative to today, so pictures of another day differ.
"""

import io
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import chromium, need
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
DESK, PHONE = (1440, 900), (390, 844)


class NotThere(Exception):
    """The page to be shown is not there."""


@dataclass(frozen=True)
class Picture:
    """Who looks (a word of role or unit on the log-in page; none: nobody), at what, how wide."""

    name: str
    role: str
    path: str
    size: tuple[int, int] = DESK
    follow: str = ""  # then open the first link whose address matches
    then: Callable[[Page], None] | None = None  # then do this before the picture is taken


def press(words: str) -> Callable[[Page], None]:
    """Press the first button or link of the page that says these words."""

    def do(page: Page) -> None:
        page.locator("main").locator("a, button").filter(has_text=words).first.click()
        page.wait_for_load_state("networkidle")

    return do


def fill(words: str, text: str) -> Callable[[Page], None]:
    """Press what says the words, then type into the first box of the dialogue."""

    def do(page: Page) -> None:
        press(words)(page)
        page.wait_for_timeout(300)
        page.locator("dialog[open] textarea").first.fill(text)

    return do


def tick_drafts(page: Page) -> None:
    """Tick all drafts of the list, and complete them."""
    for box in page.locator("main tbody input[type=checkbox]").all():
        box.check()
    press("补全选中的草稿")(page)


def tick_schools(page: Page) -> None:
    """Choose all schools, and go on to one row for each."""
    for box in (
        page.locator("main fieldset")
        .filter(has_text="二级学院")
        .last.get_by_role("checkbox")
        .all()[:5]
    ):
        box.check()
    press("下一步")(page)


def write_a_row(page: Page) -> None:
    """Fill in the first row of the month, and say of the second that nothing has changed."""
    rows = page.locator("[data-row]")
    rows.first.locator("[data-column=body]").fill("设备安装调试完成，组织教师培训 2 次。")
    if rows.count() > 1:
        rows.nth(1).locator("[data-unchanged]").check()
        rows.nth(1).locator("[data-column=body]").fill("上级批复尚未下达")


def quote(page: Page) -> None:
    """Sum up what the sub-tasks reported, and quote one paragraph of theirs."""
    page.locator("[name=body]").fill(
        "四个承接学院均已启动，整体进度快于序时要求；汽轨学院进度偏慢，已约谈。"
    )
    page.get_by_role("button", name="引用").or_(page.locator(".quote-tick")).first.click()
    page.get_by_text("摘抄自下级反馈").first.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)


def open_first(page: Page) -> None:
    """Open the first row of the list in its side panel."""
    page.locator("main tbody a").first.click()
    page.wait_for_timeout(800)


def tick_three(page: Page) -> None:
    """Tick the first three rows."""
    for box in page.locator("main tbody input[type=checkbox]").all()[:3]:
        box.check()


def make_pack(page: Page) -> None:
    """Have the material of the year drawn up, and wait until it is there."""
    press("生成材料")(page)
    page.get_by_role("link", name="下载").wait_for(timeout=60_000)


def bring_list_back(page: Page) -> None:
    """Export the drafts, change three cells as Excel would, and bring the list back."""
    answer = page.request.get(page.url.split("/import/")[0] + "/tasks/export/?scope=created")
    book = load_workbook(io.BytesIO(answer.body()))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, heads["任务名称"]).value += "（含配套制度）"
    sheet.cell(3, heads["分值"]).value = 5
    sheet.cell(4, heads["任务详情"]).value = "按季度召开推进会，年底形成总结报告。"
    held = io.BytesIO()
    book.save(held)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.set_input_files(
        "input[type=file]", {"name": "任务列表.xlsx", "mimeType": kind, "buffer": held.getvalue()}
    )
    press("上传并比对")(page)
    page.wait_for_selector("main table")


def bring_table(page: Page) -> None:
    """Bring in a task table with one unit nobody knows and two days to be understood."""
    page.set_input_files(
        "input[type=file]",
        {
            "name": "年度重点工作任务分解表.csv",
            "mimeType": "text/csv",
            "buffer": TABLE.encode(),
        },
    )
    page.select_option("select[name=category]", index=1)
    page.get_by_role("button", name="上传并查看").click()
    page.wait_for_url("**/columns/")
    page.get_by_role("button", name="核对任务表").click()
    page.wait_for_url(re.compile(r"/import/\d+/$"))
    page.wait_for_selector("main table")


TABLE = """序号,类别,工作任务,考核标准,责任单位,配合单位,责任人,完成时限
1,党建引领,开展党支部标准化建设验收,验收合格率达到100%,组宣部,各二级学院,尹红霞,12月底前
2,,举办师德师风专题培训2期,参训率95%以上,人事处,教师发展中心,,第三季度
3,教学改革,修订专业人才培养方案12个,通过教学工作委员会审定,教务处,机电学院、信息学院,韩明哲,8月底前
4,,建设校级精品在线课程10门,上线运行并有选课记录,教务处,信息中心,,年底前
5,服务保障,改造学生宿舍照明线路,验收合格,后勤处,保卫处,,开学前
"""

OFFICE, HEAD, DEAN, TEACHER = "目标办", "教务处", "机电学院", "数控"
LEADER, TOP, SUPERVISOR = "分管领导", "主要领导", "督查室"
SYSTEM, SECURITY, AUDIT = "系统管理员", "安全管理员", "审计管理员"
A_TASK, LATE = r"^/tasks/\d+/$", "/tasks/?scope=mine&health=late"
SHOWN = [
    Picture("login", "", "/people/login/"),
    Picture("home", DEAN, "/"),
    Picture("home-phone", DEAN, "/", PHONE),
    Picture("tasks", OFFICE, "/tasks/?scope=all&health=late"),
    Picture("task", HEAD, LATE, follow=A_TASK),
    Picture("gantt", OFFICE, "/gantt/?scope=all"),
    Picture("mosaic", OFFICE, "/mosaic/?scope=all"),
    Picture("owed", OFFICE, "/owed/?scope=all"),
    Picture("owed-mine", HEAD, "/owed/"),
    Picture("report", HEAD, "/owed/", follow=r"^/tasks/\d+/reports/submit/"),
    Picture("report-phone", DEAN, "/owed/", PHONE, follow=r"^/tasks/\d+/reports/submit/"),
    Picture("month", HEAD, "/reports/month/", then=write_a_row),
    Picture("month-phone", DEAN, "/reports/month/", PHONE),
    Picture("quoting", HEAD, "/owed/", follow=r"^/tasks/\d+/reports/submit/", then=quote),
    Picture("feedback", OFFICE, "/feedback/?view=units"),
    Picture("feedback-reports", OFFICE, "/feedback/", then=open_first),
    Picture("assess", HEAD, "/assess/", follow=r"^/tasks/\d+/assess/"),
    Picture("assessments", OFFICE, "/assessments/"),
    Picture("timeliness", OFFICE, "/timeliness/"),
    Picture("diagnosis", DEAN, "/diagnoses/?scope=mine", follow=r"^/tasks/\d+/diagnosis/write/"),
    Picture("diagnoses", OFFICE, "/diagnoses/?state=filled"),
    Picture("transfer", HEAD, "/transfers/new/", then=tick_three),
    Picture("change-list", OFFICE, "/import/changes/", then=bring_list_back),
    Picture("pack", HEAD, "/reports/packs/", follow=r"^/reports/packs/\d+/", then=make_pack),
    Picture("measures", OFFICE, "/measures/"),
    Picture("explain", OFFICE, "/measures/", follow=r"^/measures/\d+/explain/$"),
    Picture("import-check", OFFICE, "/import/upload/", then=bring_table),
    Picture("drafts", OFFICE, "/tasks/?scope=created&status=10", then=tick_drafts),
    Picture(
        "cancel",
        OFFICE,
        "/tasks/?scope=created&health=late",
        follow=A_TASK,
        then=fill("撤销任务", "与上级新下达的任务重复，并入该任务一并推进。"),
    ),
    Picture(
        "sign", HEAD, "/tasks/?scope=all&status=30&q=校企合作", follow=A_TASK, then=press("签收")
    ),
    Picture("break-down", HEAD, LATE, follow=r"^/tasks/\d+/$", then=press("分解")),
    Picture("copy", HEAD, LATE, follow=A_TASK, then=lambda page: copy_child(page)),
    Picture("instruction", LEADER, "/tasks/?scope=instructed", follow=A_TASK),
    Picture("review", SUPERVISOR, "/tasks/?scope=created&status=50", follow=A_TASK),
    Picture("units", SYSTEM, "/people/units/"),
    Picture("import-people", SYSTEM, "/people/import/people/"),
    Picture("accounts", SECURITY, "/people/accounts/?state=all"),
    Picture("trail", AUDIT, "/trail/?verb=report.submit"),
    Picture("mosaic-phone", TOP, "/mosaic/?scope=all", PHONE),
]


def copy_child(page: Page) -> None:
    """Copy the first sub-task to the schools."""
    page.locator('main a[href$="/copy/"]').first.click()
    page.wait_for_load_state("networkidle")
    tick_schools(page)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demo(folder: str) -> Iterator[str]:
    """The demo, served; yields its address."""
    port = free_port()
    env = {**os.environ, "LUOSHI_HOME": folder, "LUOSHI_DEMO": "1", "PORT": str(port)}
    env.pop("DATABASE_URL", None)
    luoshi = [sys.executable, "-m", "luoshi"]
    subprocess.run([*luoshi, "prepare", "--demo"], env=env, cwd=ROOT, check=True)
    server = subprocess.Popen([*luoshi, "serve"], env=env, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_well(f"{address}/healthz")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def wait_until_well(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                sys.exit("The demo does not answer.")
            time.sleep(0.2)


def enter(page: Page, address: str, role: str) -> None:
    """Log in as the first of the people shown who has the word; else as the first of all."""
    page.goto(f"{address}/people/login/")
    people = page.locator(".demo-people button")
    named = people.filter(has_text=role)
    (named if named.count() else people).first.click()
    page.wait_for_load_state("networkidle")


def take(browser: Browser, address: str, picture: Picture) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if picture.role:
        enter(page, address, picture.role)
    answer = page.goto(address + picture.path)
    if picture.follow:
        answer = page.goto(address + first_link(page, picture))
    if answer is None or not answer.ok:
        raise NotThere(f"{page.url} answers {answer.status if answer else 'nothing'}")
    page.wait_for_load_state("networkidle")
    if picture.then:
        try:
            picture.then(page)
        except BrowserError as error:
            raise NotThere(str(error).splitlines()[0]) from error
    page.wait_for_timeout(500)  # the chart draws after its data came
    file = PICTURES / f"{picture.name}.png"
    page.screenshot(path=file)
    context.close()
    slim(file)
    print(f"docs/pictures/{picture.name}.png {file.stat().st_size // 1024} KB", flush=True)


def slim(file: Path) -> None:
    """Keep 256 colours, those of the states among them; the file shrinks to a third."""
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


def first_link(page: Page, picture: Picture) -> str:
    """The address of the first link on the page that matches."""
    for link in page.locator("main a[href]").all():
        href = link.get_attribute("href") or ""
        if re.search(picture.follow, href):
            return href
    raise NotThere(f"no link on {picture.path} matches {picture.follow}")


def main() -> None:
    need("chromium", "chromium-l10n", "fonts-noto-cjk")
    wanted = set(sys.argv[1:])
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="luoshi-pictures-") as folder,
        demo(folder) as address,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--lang=zh-CN"],
            env={**os.environ, "LANGUAGE": "zh_CN"},  # words of the browser's own, as in date boxes
        )
        missing = 0
        for picture in SHOWN:
            if wanted and picture.name not in wanted:
                continue
            try:
                take(browser, address, picture)
            except NotThere as error:
                missing += 1
                print(f"{picture.name}: {error}", file=sys.stderr)
        browser.close()
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
