"""Writing a rule book as a file that a clerk can read: every key, and in words what it says."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import tomli_w
from django.utils.translation import gettext as _

from luoshi.measures.rules.books import (
    CATEGORY_KEYS,
    FIELD_KEYS,
    HEAD_KEYS,
    PROGRAMME_KEYS,
    SCHEMA,
    Book,
    CategoryText,
    MeasureText,
)
from luoshi.measures.rules.keys import Key, Kind, Section, Table

#: Column at which the words beside a key begin.
_WORDS_AT = 40


def file_of(book: Book, sections: Sequence[Section]) -> str:
    """A book as TOML. Reading it again gives the same book."""
    lines = [f"schema = {SCHEMA}"]
    one = len(book.programmes) == 1
    for programme in book.programmes:
        lines += ["", "[programme]" if one else "[[programme]]"]
        lines += _keys(PROGRAMME_KEYS, programme)
    for category in book.categories:
        lines += _category(category, hide_programme=one)
    for measure in book.measures:
        lines += _measure(measure, sections)
    return "\n".join(lines) + "\n"


def _category(category: CategoryText, *, hide_programme: bool) -> Iterator[str]:
    data = dict(category.data)
    if hide_programme:
        data["programme"] = ""
    yield from ("", "[[category]]")
    yield from _keys(CATEGORY_KEYS, data)
    for field in category.fields:
        yield from ("", "[[category.fields]]")
        yield from _keys(FIELD_KEYS, field)


def _measure(measure: MeasureText, sections: Sequence[Section]) -> Iterator[str]:
    yield from ("", "", "[[measure]]")
    yield from _keys(HEAD_KEYS, measure.head)
    for section in sections:
        data = measure.content[section.name]
        if isinstance(data, list):
            for row, setting in zip(data, section.settings(data), strict=True):
                yield from ("", f"[[measure.{section.name}]]  # {section.title}")
                yield from _keys(section.keys, row)
                if setting in measure.sources:
                    yield _pair("source", measure.sources[setting])
        elif section.required or data != section.empty() or _sourced(section, data, measure):
            yield from ("", f"[measure.{section.name}]  # {section.title}")
            yield from _keys(section.keys, data)
            yield from _sources(section, data, measure.sources)


def _sourced(section: Section, data: Table, measure: MeasureText) -> bool:
    return any(setting in measure.sources for setting in section.settings(data))


def _sources(section: Section, data: Table, sources: dict[str, str]) -> Iterator[str]:
    found = [
        (key.name, sources[setting])
        for key, setting in zip(section.keys, section.settings(data), strict=True)
        if setting in sources
    ]
    if found:
        yield from ("", f"[measure.{section.name}.source]")
        yield from (_pair(name, paragraph) for name, paragraph in found)


def _keys(keys: Sequence[Key], table: Table) -> Iterator[str]:
    """A line for each key that says something; one that is not set is left out."""
    for key in keys:
        value = table[key.name]
        if value is None or value == "" or (value == [] and not key.required):
            continue
        line = _pair(key.name, value)
        words = _words(key, value)
        yield f"{line.ljust(_WORDS_AT)}# {words}" if words else line


def _pair(name: str, value: Any) -> str:
    if isinstance(value, list):
        items = ", ".join(_pair("x", item).removeprefix("x = ") for item in value)
        return f"{name} = [{items}]"
    return tomli_w.dumps({name: value}).rstrip("\n")


def _words(key: Key, value: Any) -> str:
    """The name of the switch and what is chosen, as a comment."""
    if key.kind in {Kind.TEXT, Kind.PROSE, Kind.CODE, Kind.TEXTS} or isinstance(value, dt.date):
        return ""
    if key.kind == Kind.CHOICE and key.choices is not None:
        chosen = str(key.choices(value).label)
    elif key.kind == Kind.FLAG:
        chosen = _("yes") if value else _("no")
    else:
        return str(key.label)
    return _("%(switch)s: %(chosen)s") % {"switch": key.label, "chosen": chosen}
