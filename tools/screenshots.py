"""`make screenshots`: the pictures of the documents, taken in the demo, into docs/pictures/.

The demo is built in a folder of its own and served there; nothing of yours is touched. Days in the
demo are relative to today, so pictures of another day differ.
"""

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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import chromium, need
from playwright.sync_api import Browser, Page, sync_playwright

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


OFFICE, HEAD, LEADER = "目标办", "教务处", "主要领导"
SHOWN = [
    Picture("login", "", "/people/login/"),
    Picture("home", HEAD, "/"),
    Picture("home-phone", LEADER, "/", PHONE),
    Picture("tasks", HEAD, "/tasks/"),
    Picture("task", HEAD, "/tasks/", follow=r"^/tasks/\d+/$"),
    Picture("gantt", OFFICE, "/gantt/?scope=all"),
    Picture("mosaic", OFFICE, "/mosaic/?scope=all"),
    Picture("owed", HEAD, "/owed/"),
    Picture("report", HEAD, "/owed/", follow=r"^/tasks/\d+/reports/submit/"),
    Picture("measures", OFFICE, "/measures/"),
    Picture("explain", OFFICE, "/measures/", follow=r"^/measures/\d+/explain/$"),
    Picture("import", OFFICE, "/import/"),
]


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
    page.wait_for_timeout(300)  # the chart draws after its data came
    page.screenshot(path=PICTURES / f"{picture.name}.png")
    context.close()
    print(f"docs/pictures/{picture.name}.png", flush=True)


def first_link(page: Page, picture: Picture) -> str:
    """The address of the first link on the page that matches."""
    for link in page.locator("main a[href]").all():
        href = link.get_attribute("href") or ""
        if re.search(picture.follow, href):
            return href
    raise NotThere(f"no link on {picture.path} matches {picture.follow}")


def main() -> None:
    need("chromium", "fonts-noto-cjk")
    wanted = set(sys.argv[1:])
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="luoshi-pictures-") as folder,
        demo(folder) as address,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
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
