"""docs/documents: every sentence of a document names a test, and every test it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((ROOT / "docs" / "documents").glob("*.md"))
NAMED = re.compile(r"`([\w./]+\.py)::(test_\w+)`")


def _rows(text: str) -> list[list[str]]:
    """The rows of the tables that tell sentence, meaning, place and tests; heads left out."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if len(row) == 4 and row[0].strip() not in {"句", "---"}]


def test_there_are_documents():
    assert [path.stem for path in DOCUMENTS] >= ["S0"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.stem)
def test_every_sentence_names_a_place_and_a_test(path):
    rows = _rows(path.read_text("utf-8"))
    assert len(rows) > 40
    bare = [row[0] for row in rows if not row[2].strip() or not NAMED.search(row[3])]
    assert bare == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.stem)
def test_every_test_named_exists(path):
    missing = [
        f"{file}::{name}"
        for file, name in sorted(set(NAMED.findall(path.read_text("utf-8"))))
        if not re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.M)
    ]
    assert missing == []
