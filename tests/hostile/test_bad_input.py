"""docs/bad-input.md names a test for every line, and every test it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "bad-input.md").read_text("utf-8")
LINES = (
    "wrong type", "too long", "emoji and rare characters (𠮷, 㐀)", "script in titles",
    "dates reversed", "a due date beyond the parent's", "progress backwards", "101", "−1",
    "a person who left", "a unit that closed", "a file renamed to .docx",
    "an encrypted workbook", "an empty workbook", "one with a million empty rows",
    "two people saving the same thing", "the same button twice",
    "a session that expired while typing",
)  # fmt: skip


def _rows() -> dict[str, str]:
    rows = [line.split("|") for line in DOCUMENT.splitlines() if line.startswith("| ")]
    return {cells[1].strip(): cells[3] for cells in rows}


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_a_test(line):
    assert "::test_" in _rows()[line]


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([^`]+::test_\w+)`", DOCUMENT))))
def test_every_test_named_exists(named):
    path, _colons, function = named.partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / path).read_text("utf-8"), re.M)
