"""Chromium, a server in a thread on a file database, and a clock that journeys can move."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the driver keeps a loop in our thread
PATIENCE = 10_000  # milliseconds until something that should be there counts as missing
HERE = Path(__file__).parent
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder drives a browser, and commits what it writes."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    return {**browser_type_launch_args, "executable_path": path, "args": QUIET}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
    }


@pytest.fixture(scope="session")
def base_url(live_server: Any) -> str:
    """``page.goto("/")`` goes to the server of the tests."""
    return str(live_server.url)


@pytest.fixture(autouse=True)
def _served(live_server: Any, settings: Any) -> None:
    """Pages look as in a house that runs: no demo, no debugging."""
    settings.DEMO = settings.DEBUG = False


@pytest.fixture
def shift_clock(settings: Any, tmp_path: Path) -> Iterator[Callable[[dt.timedelta], None]]:
    """Move the time of the server: ``shift_clock(dt.timedelta(days=30))``, counted from now."""
    file = tmp_path / "clock"
    settings.CLOCK_FILE = str(file)

    def shift(by: dt.timedelta) -> None:
        file.write_text(str(by.total_seconds()))

    yield shift
    settings.CLOCK_FILE = ""


@pytest.fixture(autouse=True)
def _page_without_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """A script that fails, or that the content policy stops, fails the test."""
    if "page" not in request.fixturenames:
        yield
        return
    page: Page = request.getfixturevalue("page")
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        answered = "Failed to load resource" in message.text  # a refusal that the test asks for
        if message.type == "error" and not answered:
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    assert not errors, "\n".join(errors)
