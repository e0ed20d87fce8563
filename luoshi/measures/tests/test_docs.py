"""The manual names every key of a file and every value of a choice, and no others."""

import re
from pathlib import Path

from django.conf import settings

from luoshi.measures.kinds import sections
from luoshi.measures.rules.books import (
    CATEGORY_KEYS,
    FIELD_KEYS,
    HEAD_KEYS,
    PROGRAMME_KEYS,
    SOURCE_KEY,
)

GUIDE = Path(settings.BASE_DIR) / "docs" / "guide" / "measures.md"


def documented() -> dict[str, dict[str, str]]:
    """Table of the file → key → its line in the manual."""
    found: dict[str, dict[str, str]] = {}
    table: dict[str, str] = {}
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"### `\[+([a-z_.]+)\]+`", line):
            table = found[heading.group(1)] = {}
        elif row := re.match(r"\| `(\w+)` \|", line):
            table[row.group(1)] = line
    return found


def declared():
    tables = {
        "programme": PROGRAMME_KEYS,
        "category": CATEGORY_KEYS,
        "category.fields": FIELD_KEYS,
        "measure": HEAD_KEYS,
    }
    for section in sections():
        keys = (*section.keys, SOURCE_KEY) if section.many else section.keys
        tables[f"measure.{section.name}"] = keys
    return tables


def test_the_manual_names_every_key_and_no_other():
    names = {table: {key.name for key in keys} for table, keys in declared().items()}
    assert {table: set(keys) for table, keys in documented().items()} == names


def test_the_manual_names_every_value_of_a_choice():
    rows = documented()
    for table, keys in declared().items():
        for key in keys:
            for value in key.choices.values if key.choices else []:
                assert f'`"{value}"`' in rows[table][key.name], (table, key.name, value)
