"""What the people of the college are called, do and write: one TOML file for each subject."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

#: Subjects of the thirty core indicators, in the order in which they are handed down.
CORE = (
    "core_party",
    "core_teaching",
    "core_staff",
    "core_industry",
    "core_research",
    "core_students",
    "core_support",
)


@cache
def read(name: str) -> dict[str, Any]:
    """A file of texts by its name."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def core_indicators() -> list[dict[str, Any]]:
    """The thirty core indicators."""
    return [indicator for name in CORE for indicator in read(name)["indicator"]]


#: Staff numbers are given in the order of college.toml, from here.
FIRST_NUMBER = 210001


@cache
def _order() -> dict[str, int]:
    """Everybody's place in college.toml: leaders first, then unit by unit."""
    text = read("college")
    words = [leader["name"] for leader in text["leader"]]
    for unit in [*text["department"], *text["school"]]:
        words += unit["people"]
        words += [one for _section, *people in unit.get("sections", ()) for one in people]
    return {word.split()[-1]: place for place, word in enumerate(words)}


def staff_number(name: str) -> str:
    """The staff number of somebody of the college."""
    return f"{FIRST_NUMBER + _order()[name]:07}"
