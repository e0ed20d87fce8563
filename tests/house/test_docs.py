"""What is documented: every setting, every timed job, every target of make."""

import ast
import re

import pytest

from luoshi.config.schedule import TIMES
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


def test_no_file_of_the_package_is_a_stray() -> None:
    """No leftovers of editors and merges among what is shipped."""
    strays = [
        p for p in PACKAGE.rglob("*") if p.suffix in {".orig", ".rej", ".bak", ".swp", ".tmp"}
    ]
    assert strays == []
