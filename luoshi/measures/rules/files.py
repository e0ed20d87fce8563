"""Reading rule-book files strictly: every mistake of every file, each with its place (CAT-4).

bytes ─ text ─ tables          not UTF-8, empty, not TOML, written for another schema
      ─ keys                   unknown, missing, wrong type, not allowed
      ─ what fits together     `standing`
      ─ what is on record      duplicates, pointing at nothing, rules of issued tasks
"""

import codecs
import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from luoshi.measures.rules import FieldKind
from luoshi.measures.rules.books import (
    CATEGORY_KEYS,
    FIELD_KEYS,
    HEAD_KEYS,
    PROGRAMME_KEYS,
    SCHEMA,
    SOURCE_KEY,
    Book,
    CategoryText,
    House,
    MeasureText,
    Problem,
    Version,
)
from luoshi.measures.rules.keys import (
    Content,
    Key,
    Section,
    Table,
    Wrong,
    allowed,
    clean,
    content_faults,
    describe,
    near,
    shorten,
)
from luoshi.measures.rules.lines import Path, line_of, lines_of

#: No rule book is longer (bytes).
LONGEST_FILE = 1024 * 1024
_AT = re.compile(r"\(at line (\d+), column \d+\)")
_TOP = ("schema", "programme", "category", "measure")


@dataclass
class _Place:
    """Where an entry stands, for what is found out later."""

    reader: "_Reader"
    path: Path


@dataclass
class _Shelf:
    """Everything the files of one command hold, and what was found wrong."""

    house: House
    sections: Sequence[Section]
    books: list[Book] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    programmes: dict[str, _Place] = field(default_factory=dict)
    measures: dict[Version, _Place] = field(default_factory=dict)
    categories: dict[str, _Place] = field(default_factory=dict)
    #: Codes of programmes and measures that are there but wrong; pointing at them is no new error.
    broken: set[str] = field(default_factory=set)


def read_files(
    files: Iterable[tuple[str, bytes]], sections: Sequence[Section], house: House
) -> tuple[list[Book], list[Problem]]:
    """The books in some files, and all their problems. With a problem, nothing may be loaded."""
    shelf = _Shelf(house, sections)
    readers = [reader for name, data in files if (reader := _open(shelf, name, data))]
    for reader in readers:
        reader.read()
    for reader in readers:
        reader.settle()
    places = {reader.name: place for place, reader in enumerate(readers)}
    problems = sorted(shelf.problems, key=lambda p: (places.get(p.file, -1), p.line))
    return shelf.books, problems


# ── bytes to tables ──────────────────────────────────────────────────────────────────────────────


def _open(shelf: _Shelf, name: str, data: bytes) -> "_Reader | None":
    """The tables of a file, or a problem on the shelf."""

    def stop(line: int, found: str, right: str, table: str = "", key: str = "") -> None:
        shelf.problems.append(Problem(name, line, table, key, found, right))

    if len(data) > LONGEST_FILE:
        stop(1, _("more than 1 MB"), _("a rule book of at most 1 MB"))
        return None
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = _("a byte that is not UTF-8 (%(byte)s)") % {"byte": f"0x{data[error.start]:02x}"}
        stop(line, found, _("a text file saved as UTF-8"))
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        stop(line, _("a NUL character"), _("text only; the file may be damaged"))
        return None
    if not re.search(r"^[^#\S\n]*[^#\s]", text, re.MULTILINE):
        stop(1, _("an empty file"), _("schema = 1 and at least one programme, category or measure"))
        return None
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        stop(*_not_toml(text, str(error)))
        return None
    return _Reader(shelf, name, lines_of(text), tables)


def _not_toml(text: str, message: str) -> tuple[int, str, str, str, str]:
    """Line, found, allowed, table, key of a mistake in the notation itself."""
    at = _AT.search(message)
    line = int(at.group(1)) if at else text.count("\n") + 1
    rows = text.splitlines() or [""]
    row = rows[min(line, len(rows)) - 1].strip()
    head = "\n".join(rows[:line])
    found_paths = [path for path, where in lines_of(head).items() if where == line]
    path = found_paths[-1] if found_paths else ()
    if message.startswith("Cannot overwrite"):
        key = str(path[-1]) if path else ""
        return line, _("a key that was given before"), _("each key once"), _table(path[:-1]), key
    if message.startswith("Cannot "):
        return line, _("a table that was begun before"), _("each table once"), _table(path), ""
    return (
        line,
        _("“%(row)s”, which cannot be read") % {"row": shorten(row)},
        _('key = value, texts in straight quotation marks ("…"), brackets closed'),
        "",
        "",
    )


def _table(path: Path) -> str:
    """How a table is written in the file: ``[measure.line]``, ``[[measure.lights]] 2``."""
    names = ".".join(str(part) for part in path if isinstance(part, str))
    if not names:
        return ""
    if path and isinstance(path[-1], int):
        return f"[[{names}]] {path[-1] + 1}"
    return f"[{names}]"


# ── tables to entries ────────────────────────────────────────────────────────────────────────────


class _Reader:
    """Reads one file; whatever is wrong goes to the shelf and reading goes on."""

    def __init__(
        self, shelf: _Shelf, name: str, lines: dict[Path, int], tables: dict[str, Any]
    ) -> None:
        self.shelf, self.name, self.lines, self.tables = shelf, name, lines, tables
        self.book = Book(name)
        self.pointers: list[tuple[CategoryText, Path, bool]] = []

    def wrong(self, path: Path, key: str, found: str, right: str) -> None:
        line = line_of(self.lines, (*path, key) if key else path) or 1
        self.shelf.problems.append(Problem(self.name, line, _table(path), key, found, right))

    def read(self) -> None:
        if not self._schema_known():
            return
        self.unknown(self.tables, (), _TOP)
        for path, table in self.tables_at("programme", ()):
            self._noting_broken(self._programme, path, table)
        for path, table in self.tables_at("measure", ()):
            self._noting_broken(self._measure, path, table)
        for path, table in self.tables_at("category", ()):
            self._category(path, table)
        if not any(name in self.tables for name in _TOP[1:]):
            self.wrong((), "", _("no tables"), _("a [programme], [[category]] or [[measure]]"))
        self.shelf.books.append(self.book)

    def _noting_broken(self, read: Callable[[Path, Table], None], path: Path, table: Table) -> None:
        before = len(self.shelf.problems)
        read(path, table)
        if len(self.shelf.problems) > before:
            self.shelf.broken.add(str(table.get("code", "")))

    def _schema_known(self) -> bool:
        found = self.tables.get("schema")
        if found == SCHEMA and isinstance(found, int) and not isinstance(found, bool):
            return True
        newer = isinstance(found, int) and found > SCHEMA
        self.wrong(
            (),
            "schema",
            _("nothing") if found is None else describe(found),
            _("1; this file was written for a newer version of Luoshi") if newer else "1",
        )
        return False

    # one table

    def unknown(self, table: Table, path: Path, names: Sequence[str]) -> None:
        """Report keys that nobody knows, with the one that may be meant."""
        for name in table:
            if name in names:
                continue
            values = {"names": _(", ").join(names), "near": near(name, names)}
            right = (
                _("%(names)s; perhaps %(near)s is meant") % values
                if values["near"]
                else _("%(names)s") % values
            )
            found = _("an unknown table") if isinstance(table[name], dict) else _("an unknown key")
            self.wrong(path, shorten(name), found, right)

    def tables_at(self, name: str, path: Path, parent: Any = None) -> list[tuple[Path, Table]]:
        """The tables of a list of tables (a single one counts), each with its path."""
        value = (self.tables if parent is None else parent).get(name)
        here: Path = (*path, name)
        if value is None:
            return []
        if isinstance(value, dict):
            return [(here, value)]
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.wrong(
                path,
                name,
                describe(value),
                _("tables that begin with [[%(name)s]]")
                % {"name": ".".join(p for p in here if isinstance(p, str))},
            )
            return []
        return [((*here, at), row) for at, row in enumerate(value)]

    def values(
        self, keys: Sequence[Key], table: Table, path: Path, *, also: Sequence[str] = ()
    ) -> Table | None:
        """The values of a table with defaults filled in; None if any was wrong."""
        before = len(self.shelf.problems)
        self.unknown(table, path, [*(key.name for key in keys), *also])
        values: Table = {}
        for key in keys:
            if key.name in table:
                try:
                    values[key.name] = clean(key, table[key.name], self.shelf.house.known)
                except Wrong as wrong:
                    self.wrong(path, key.name, describe(table[key.name]), str(wrong))
            elif key.required:
                right = allowed(key, self.shelf.house.known)
                self.wrong(path, key.name, _("nothing"), right)
            else:
                values[key.name] = key.fallback()
        return values if len(self.shelf.problems) == before else None

    # programmes

    def _programme(self, path: Path, table: Table) -> None:
        values = self.values(PROGRAMME_KEYS, table, path)
        if values and self._first("programmes", values["code"], path, "code"):
            self.book.programmes.append(values)

    def _first(self, what: str, name: Any, path: Path, key: str) -> bool:
        """Whether a code appears for the first time; otherwise say where it stood before."""
        seen: dict[Any, _Place] = getattr(self.shelf, what)
        if name not in seen:
            seen[name] = _Place(self, path)
            return True
        before = seen[name]
        self.wrong(
            path,
            key,
            _("a code that stands in %(file)s, line %(line)s already")
            % {"file": before.reader.name, "line": line_of(before.reader.lines, before.path) or 1},
            _("each once"),
        )
        return False

    # measures

    def _measure(self, path: Path, table: Table) -> None:
        names = [section.name for section in self.shelf.sections]
        head = self.values(HEAD_KEYS, table, path, also=names)
        content: Content = {}
        sources: dict[str, str] = {}
        for section in self.shelf.sections:
            data = self._section(section, table, path, sources)
            if data is not None:
                content[section.name] = data
        for section, fault in content_faults(self.shelf.sections, content):
            self._fault(section, fault.row, fault.key, path, fault.found, fault.allowed)
        if len(content) < len(names):
            return
        content = {s.name: s.normal(content[s.name]) for s in self.shelf.sections}
        if head and self._first("measures", (head["code"], head["since"]), path, "code"):
            text = MeasureText(head, content, sources)
            self.book.measures.append(text)
            self._unchanged_if_used(text, path)

    def _fault(
        self, section: Section, row: int | None, key: str, path: Path, found: str, right: str
    ) -> None:
        where: Path = (*path, section.name) if row is None else (*path, section.name, row)
        self.wrong(where, key, found, right)

    def _section(self, section: Section, table: Table, path: Path, sources: dict[str, str]) -> Any:
        """Data of a section; None if anything was wrong with it."""
        if section.name not in table:
            if not section.required:
                return section.empty()
            right = _("the table [measure.%(name)s] (%(title)s); it may be empty") % {
                "name": section.name,
                "title": section.title,
            }
            self.wrong(path, section.name, _("nothing"), right)
            return None
        if section.many:
            return self._rows(section, table, path, sources)
        here, value = (*path, section.name), table[section.name]
        if not isinstance(value, dict):
            right = _("a table [measure.%(name)s]") % {"name": section.name}
            self.wrong(path, section.name, describe(value), right)
            return None
        data = self.values(section.keys, value, here, also=["source"])
        self._sources(section, value, here, sources)
        return data

    def _sources(self, section: Section, table: Table, path: Path, sources: dict[str, str]) -> None:
        found = table.get("source", {})
        if not isinstance(found, dict):
            right = _("a table [measure.%(name)s.source] with a paragraph per key") % {
                "name": section.name
            }
            self.wrong(path, "source", describe(found), right)
            return
        keys = [Key(key.name, SOURCE_KEY.kind, default="", longest=200) for key in section.keys]
        for name, paragraph in (self.values(keys, found, (*path, "source")) or {}).items():
            if paragraph:
                sources[f"{section.name}.{name}"] = paragraph

    def _rows(
        self, section: Section, table: Table, path: Path, sources: dict[str, str]
    ) -> list[Table] | None:
        value = table[section.name]
        if value == []:
            return []
        rows = self.tables_at(section.name, path, table)
        read = [self.values((*section.keys, SOURCE_KEY), row, here) for here, row in rows]
        if not rows or None in read:
            return None
        data = [row for row in read if row is not None]
        paragraphs = [row.pop(SOURCE_KEY.name) for row in data]
        for setting, paragraph in zip(section.settings(data), paragraphs, strict=True):
            if paragraph:
                sources[setting] = paragraph
        return data

    def _unchanged_if_used(self, text: MeasureText, path: Path) -> None:
        """Rules of issued tasks do not change; a new version is the way (CAT-3)."""
        used = self.shelf.house.used.get(text.version)
        if used is not None and used != text:
            self.wrong(
                path,
                "since",
                _("other rules than those under which tasks were issued (%(changes)s)")
                % {"changes": _(", ").join(changed_settings(used, text))},
                _("the same rules, or a later date, which makes it a new version"),
            )

    # categories

    def _category(self, path: Path, table: Table) -> None:
        values = self.values(CATEGORY_KEYS, table, path, also=["fields"])
        fields = self._own_fields(path, table, str(table.get("code", "")))
        if not values or fields is None:
            return
        if values["measure_since"] and not values["measure"]:
            self.wrong(
                path,
                "measure_since",
                describe(values["measure_since"]),
                _("nothing, unless the key measure names a measure"),
            )
            return
        if self._first("categories", values["code"], path, "code"):
            text = CategoryText(values, fields)
            self.pointers.append((text, path, bool(values["programme"])))

    def _own_fields(self, path: Path, table: Table, category: str) -> list[Table] | None:
        before = len(self.shelf.problems)
        fields = [
            values
            for here, row in self.tables_at("fields", path, table)
            if (values := self.values(FIELD_KEYS, row, here)) is not None
        ]
        codes: set[str] = set()
        if len(self.shelf.problems) > before:
            return None
        for row, values in enumerate(fields):
            here = (*path, "fields", row)
            if values["code"] in codes:
                self.wrong(here, "code", describe(values["code"]), _("each once"))
            codes.add(values["code"])
            self._own_field_stands(here, values, category)
        return fields if len(self.shelf.problems) == before else None

    def _own_field_stands(self, here: Path, values: Table, category: str) -> None:
        if values["kind"] == FieldKind.CHOICE and len(values["choices"]) < 2:
            self.wrong(here, "choices", _("fewer than two choices"), _("at least two choices"))
        if values["kind"] != FieldKind.CHOICE and values["choices"]:
            self.wrong(here, "choices", _("a list"), _("nothing, unless kind is “choice”"))
        known = self.shelf.house.own_fields.get((category, values["code"]))
        if known and known != values["kind"]:
            self.wrong(
                here,
                "kind",
                describe(values["kind"]),
                _("“%(kind)s” as before; for another kind make a new field with a code of its own")
                % {"kind": known},
            )

    # what points at something

    def settle(self) -> None:
        """Fill in what a category points at, now that all files are read."""
        for text, path, _named in self.pointers:
            stands = self._settle_programme(text.data, path)
            if self._settle_measure(text.data, path) and stands:
                self.book.categories.append(text)

    def _settle_programme(self, data: Table, path: Path) -> bool:
        if data["programme"] in self.shelf.broken:
            return False
        if not data["programme"]:
            if len(self.book.programmes) == 1:
                data["programme"] = self.book.programmes[0]["code"]
                return True
            if not self.tables_at("programme", ()):
                found = _("nothing, and the file has no [programme]")
                self.wrong(path, "programme", found, _("a [programme] table, or this key"))
            elif self.book.programmes:
                found = _("nothing, and the file has several programmes")
                self.wrong(path, "programme", found, _("the code of one of them"))
            return False
        known = self.shelf.house.programmes | set(self.shelf.programmes)
        if data["programme"] in known:
            return True
        self.wrong(path, "programme", describe(data["programme"]), _one_of(sorted(known)))
        return False

    def _settle_measure(self, data: Table, path: Path) -> bool:
        code, since = data["measure"], data["measure_since"]
        if not code or code in self.shelf.broken:
            return not code
        versions = self.shelf.house.versions | set(self.shelf.measures)
        of_code = sorted(day for name, day in versions if name == code)
        here = [text.head["since"] for text in self.book.measures if text.head["code"] == code]
        if since is None:
            if len(here) == 1 or len(of_code) == 1:
                data["measure_since"] = (here or of_code)[0] if len(here) == 1 else of_code[0]
                return True
            if of_code:
                self.wrong(path, "measure_since", _("nothing"), _one_of(_days(of_code)))
            else:
                names = sorted({name for name, _day in versions})
                self.wrong(path, "measure", describe(code), _one_of(names))
            return False
        if (code, since) in versions:
            return True
        key = "measure_since" if of_code else "measure"
        names = _days(of_code) if of_code else sorted({name for name, _day in versions})
        self.wrong(path, key, describe(since if of_code else code), _one_of(names))
        return False


def _days(days: Iterable[dt.date]) -> list[str]:
    return [day.isoformat() for day in days]


def _one_of(names: Sequence[str]) -> str:
    if not names:
        return _("nothing, as there is none on record or in the files")
    return _("one of: %(names)s") % {"names": _(", ").join(names[:12])}


def changed_settings(old: MeasureText, new: MeasureText) -> list[str]:
    """Names of what differs between two texts of a measure: ``reporting.report_day``."""
    changed = [key for key in old.head if old.head[key] != new.head.get(key)]
    for name, before in old.content.items():
        after = new.content.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            changed += [f"{name}.{key}" for key in before if before[key] != after.get(key)]
        else:
            changed.append(name)
    if old.sources != new.sources:
        changed.append("source")
    return changed
