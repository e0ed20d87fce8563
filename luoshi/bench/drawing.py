"""The Gantt in a real browser: when something is seen, when the rows are there, how it scrolls.

Chromium runs without a window. Frame times come from requestAnimationFrame while the wheel turns.
"""

import importlib
import os
import shutil
import statistics
from typing import Any

from luoshi.bench.serving import HOST
from luoshi.bench.visiting import Visitor

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZE = {"width": 1600, "height": 900}
TURNS, STEP = 80, 300  # of the wheel, and pixels each
ROW = "#gantt .gantt_row"

_FRAMES = """() => {
  window.frames_seen = []; let last = performance.now();
  const next = now => {
    window.frames_seen.push(now - last); last = now; requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""
_FIRST_PAINT = """() => {
  const found = performance.getEntriesByName("first-contentful-paint")[0];
  return found ? found.startTime : null;
}"""


def browser_path() -> str:
    """The browser of the machine. Raises RuntimeError where there is none."""
    named = [os.environ.get("CHROMIUM", ""), *BROWSERS]
    for name in filter(None, named):
        if path := shutil.which(name):
            return path
    raise RuntimeError("No Chromium on this machine; set CHROMIUM to the path of one.")


def draw(visitor: Visitor, path: str) -> dict[str, Any]:
    """Open the page of the Gantt and scroll through it. Times in milliseconds."""
    playwright: Any = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        try:
            context = browser.new_context(viewport=SIZE)
            context.add_cookies(
                [
                    {"name": name, "value": value, "domain": HOST, "path": "/"}
                    for name, value in visitor.cookies.items()
                ]
            )
            page = context.new_page()
            page.goto(f"http://{HOST}:{visitor.port}{path}")  # the caches are warm from now on
            page.wait_for_selector(ROW)
            return _told(page)
        finally:
            browser.close()


def _told(page: Any) -> dict[str, Any]:
    page.reload(wait_until="commit")
    page.wait_for_selector(ROW)
    rows_ms = page.evaluate("() => performance.now()")
    paint = page.evaluate(_FIRST_PAINT)
    page.wait_for_timeout(500)
    page.mouse.move(SIZE["width"] / 2, SIZE["height"] * 2 / 3)
    page.evaluate(_FRAMES)
    for _turn in range(TURNS):
        page.mouse.wheel(0, STEP)
        page.wait_for_timeout(16)
    frames = sorted(page.evaluate("() => window.frames_seen"))
    return {
        "first_contentful_paint_ms": round(paint or 0),
        "rows_seen_ms": round(rows_ms),
        "frame_mean_ms": round(statistics.mean(frames), 1),
        "frame_p95_ms": round(frames[int(len(frames) * 0.95)], 1),
        "frame_max_ms": round(frames[-1], 1),
        "dom_nodes": page.evaluate("() => document.querySelectorAll('*').length"),
    }
