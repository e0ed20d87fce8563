"""What is documented: settings, jobs, targets, commands, rooms, duties; and links lead on."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from luoshi.config.schedule import TIMES
from luoshi.people.roles import Duty
from tests.house.code import PACKAGE, ROOT, calls, modules

READINGS = {"text", "flag", "number", "words", "getenv", "get"}
SETTING = re.compile(r"(?:LUOSHI_[A-Z_]+|DATABASE_URL|PORT)")


def names_in_code() -> set[str]:
    """Every environment variable the package reads."""
    names = set()
    for path in modules():
        for call in calls(path):
            if not isinstance(call.func, ast.Attribute) or call.func.attr not in READINGS:
                continue
            first = call.args[0] if call.args else None
            name = first.value if isinstance(first, ast.Constant) else None
            if isinstance(name, str) and SETTING.fullmatch(name):
                names.add(name)
    return names


def documented() -> set[str]:
    """Every variable that heads a line of the table in docs/settings.md."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.M))


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert documented() == names_in_code()


def test_settings_are_found_at_all() -> None:
    assert {"DATABASE_URL", "PORT", "LUOSHI_SECRET_KEY", "LUOSHI_BIND"} <= names_in_code()


@pytest.mark.parametrize("timed", TIMES, ids=lambda timed: timed.name)
def test_every_timed_job_is_documented(timed) -> None:
    assert f"`{timed.func_path}`" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_target_of_make_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.M)
    assert phony
    told = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))
    assert set(phony.group(1).split()) == told


# ── links and pictures ───────────────────────────────────────────────────────────────────────────

LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def links_of(page: Path) -> list[tuple[bool, str]]:
    """Links of a page as (is it a picture, where to), code left out."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return [(bool(mark), target) for mark, target in LINK.findall(text)]


def anchors_of(page: Path) -> set[str]:
    """What headings are called in addresses: small letters, no signs, hyphens for spaces."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for _picture, target in links_of(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _mark, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        if not goal.exists() or (anchor and anchor not in anchors_of(goal)):
            lost.append(target)
    assert lost == []


def test_every_picture_is_shown_and_slim() -> None:
    """No picture without a page, none larger than 250 KB, 4 MB in all."""
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for is_picture, target in links_of(page)
        if is_picture
    }
    taken = set((ROOT / "docs" / "pictures").glob("*.png"))
    sizes = {picture.name: picture.stat().st_size for picture in taken}
    assert taken - shown == set()
    assert {name for name, size in sizes.items() if size > 250_000} == set()
    assert sum(sizes.values()) < 4_000_000


def test_every_picture_of_the_list_is_there_and_no_other() -> None:
    """What `make screenshots` takes is what is committed."""
    source = (ROOT / "tools" / "screenshots.py").read_text(encoding="utf-8")
    listed = set(re.findall(r"Picture\(\s*\"([a-z-]+)\"", source))
    assert {picture.stem for picture in (ROOT / "docs" / "pictures").glob("*.png")} == listed


def test_every_page_is_reached_from_the_list_of_documents() -> None:
    """From docs/README.md or the list of the guide; the list of decisions is its folder."""
    reached = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in (ROOT / "docs" / "README.md", ROOT / "docs" / "guide" / "README.md")
        for _picture, target in links_of(page)
    }
    lonely = [
        page_name(page)
        for page in PAGES
        if page not in reached and page.parent.name != "adr" and page != ROOT / "README.md"
    ]
    assert lonely == ["docs/README.md"]


# ── commands, rooms, duties ──────────────────────────────────────────────────────────────────────


def commands() -> list[str]:
    """Every command of ours, and `serve`, which needs no Django."""
    found = PACKAGE.glob("*/management/commands/*.py")
    return sorted({"serve", *(path.stem for path in found if path.stem != "__init__")})


def test_every_command_stands_in_the_table_and_every_one_there_exists() -> None:
    text = (ROOT / "docs" / "guide" / "operations.md").read_text(encoding="utf-8")
    table = text[text.index("## 十、全部命令") :]
    lines = "\n".join(line for line in table.splitlines() if line.startswith("| `luoshi"))
    assert sorted(set(re.findall(r"`luoshi ([a-z-]+)", lines))) == commands()


@pytest.mark.parametrize("room", settings.ROOMS)
def test_every_room_stands_in_the_architecture(room: str) -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    assert re.search(rf"(^|\|  ?| ){room.removeprefix('luoshi.')}( |$)", drawing, re.M)


def test_every_table_stands_in_the_architecture_with_its_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = text[text.index("## Tables") :].partition("\n## ")[0].splitlines()
    told = {
        (cells[1].strip(), name)
        for cells in (line.split("|") for line in lines if line.startswith("| "))
        for name in re.findall(r"`(\w+)`", cells[2])
    }
    rooms = [apps.get_app_config(room.removeprefix("luoshi.")) for room in settings.ROOMS]
    assert told == {(room.label, model.__name__) for room in rooms for model in room.get_models()}


@pytest.mark.parametrize("duty", list(Duty), ids=lambda duty: duty.value)
def test_every_duty_is_explained_to_the_system_administrator(duty: Duty) -> None:
    text = (ROOT / "docs" / "guide" / "system-admin.md").read_text(encoding="utf-8")
    table = "".join(line for line in text.splitlines() if line.startswith("| "))
    with translation.override("zh-hans"):
        words = str(duty.label)
    assert words in table


def test_no_file_of_the_package_is_a_stray() -> None:
    """No leftovers of editors and merges among what is shipped."""
    strays = [
        p for p in PACKAGE.rglob("*") if p.suffix in {".orig", ".rej", ".bak", ".swp", ".tmp"}
    ]
    assert strays == []
