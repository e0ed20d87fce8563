"""From the lines of a table to rows that can become tasks, with every question they raise.

Nothing is guessed silently: what a row does not say itself is a message that asks, a name or date
that is not clear goes into the queue, and what cannot be is an error at its cell.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from luoshi.intake.rules.dates import Calendar, DateKind, DatePhrase
from luoshi.intake.rules.grid import Grid, Line, same_line
from luoshi.intake.rules.headers import Column, Header, find_header
from luoshi.intake.rules.messages import Level, Message, message
from luoshi.intake.rules.names import PeopleNames
from luoshi.intake.rules.numbers import (
    is_chinese_heading,
    level_of,
    parents,
    section_title,
    split_number,
    tidy_number,
)
from luoshi.intake.rules.text import FORMULA_ERRORS, folded, is_blank, one_line
from luoshi.intake.rules.units import UnitNames, Units

#: Titles longer than this are cut at their first sentence.
LONGEST_TITLE = 200
_TOTAL = re.compile(
    r"^(?:合计|总计|小计|共计|注[:：]|备注[:：]|说明[:：]|填表人|制表|审核人|单位[:：（(])"
)
_POINTS = re.compile(r"^(\d{1,5}(?:\.\d{1,4})?)\s*分?$")


class RowKind(TextChoices):
    """What a line of the table is."""

    TASK = "task", _("task")
    SECTION = "section", _("heading of a section")
    HEADER = "header", _("header repeated")
    TOTAL = "total", _("sum or remark below the table")
    CONTINUED = "continued", _("belongs to the task above")


class NameKind(TextChoices):
    """What an open name would be."""

    UNIT = "unit", _("unit")
    PERSON = "person", _("person")
    DATE = "date", _("date")


@dataclass(frozen=True)
class Row:
    """A line as understood. Ids are those of the institution's units and people."""

    row: int
    kind: RowKind
    number: str = ""
    parent: int | None = None
    title: str = ""
    group: str = ""
    details: str = ""
    standard: str = ""
    points: Decimal | None = None
    start: dt.date | None = None
    due: dt.date | None = None
    due_text: str = ""
    lead: int | None = None
    cooperating: tuple[int, ...] = ()
    owner: int | None = None
    leader: int | None = None
    notes: tuple[tuple[str, str], ...] = ()
    messages: tuple[Message, ...] = ()
    open: tuple[tuple[NameKind, str], ...] = ()

    @property
    def asks(self) -> bool:
        return any(m.level == Level.ASK for m in self.messages)

    @property
    def wrong(self) -> bool:
        return any(m.level == Level.ERROR for m in self.messages)


@dataclass(frozen=True)
class Books:
    """Everything known beside the table itself: dictionaries, the year, the answers given."""

    units: UnitNames
    people: PeopleNames
    calendar: Calendar
    unit_names: Mapping[int, str] = field(default_factory=dict)
    default_due: dt.date | None = None


#: What the clerk typed over a row: field of Row → value.
Edits = Mapping[str, Any]

_EDITED: dict[str, Column] = {
    "title": Column.TITLE,
    "number": Column.NUMBER,
    "details": Column.DETAILS,
    "standard": Column.STANDARD,
    "points": Column.POINTS,
    "start": Column.START,
    "due": Column.DUE,
    "lead": Column.LEAD,
    "cooperating": Column.COOPERATING,
    "owner": Column.OWNER,
    "leader": Column.LEADER,
}


def body(grid: Grid, header: Header) -> tuple[Line, ...]:
    """The lines below the header."""
    return grid.lines[header.last + 1 :]


def continues(grid: Grid, header: Header) -> bool:
    """Whether a table without a header of its own goes on with the columns of the one before."""
    return find_header(grid) is None and 0 < grid.width <= len(header.columns)


@dataclass
class Carry:
    """What the lines above said; a table that goes on from another begins with it."""

    section: str = ""
    groups: dict[int, str] = field(default_factory=dict)
    number: str = ""
    unit_text: str = ""


@dataclass
class _Reader:
    """Walks down the lines, remembering what the lines above said."""

    names: Sequence[str]
    columns: Sequence[Column]
    books: Books
    headers: Sequence[Line]
    above: Carry
    numbered: bool = False

    def at(self, wanted: Column) -> list[int]:
        return [i for i, column in enumerate(self.columns) if column == wanted]

    def text(self, line: Line, wanted: Column) -> str:
        places = self.at(wanted)
        return line.text(places[0]) if places else ""

    def column(self, wanted: Column) -> int | None:
        places = self.at(wanted)
        return places[0] if places else None


def understand_table(
    lines: Sequence[Line],
    names: Sequence[str],
    columns: Sequence[Column],
    books: Books,
    *,
    headers: Sequence[Line] = (),
    edits: Mapping[int, Edits] | None = None,
    carry: Carry | None = None,
) -> list[Row]:
    """Read every line, in order.

    ``headers`` are the header lines, to know them when repeated; ``carry`` is what a table above
    said last, where this one goes on from it, and holds what this one said last afterwards.
    """
    reader = _Reader(names, columns, books, headers, carry if carry is not None else Carry())
    place = reader.column(Column.NUMBER)
    reader.numbered = place is not None and any(line.text(place) for line in lines)
    rows: list[Row] = []
    for line in lines:
        kind = _kind(reader, line)
        if kind == RowKind.SECTION:
            rows.append(_section(reader, line))
        elif kind == RowKind.CONTINUED:
            rows.append(_continued(reader, line, rows))
        elif kind == RowKind.TASK:
            rows.append(_edited(_task(reader, line), (edits or {}).get(line.row), books))
        else:
            rows.append(Row(line.row, kind, title=one_line(" ".join(line.cells))[:LONGEST_TITLE]))
    return _related(rows)


def _kind(reader: _Reader, line: Line) -> RowKind:
    if any(same_line(line, header) for header in reader.headers):
        return RowKind.HEADER
    own = line.own
    first = line.cells[own[0]] if own else ""
    if own and _TOTAL.match(folded(first)) and (len(own) == 1 or not _titled(reader, line)):
        return RowKind.TOTAL
    if _TOTAL.match(folded(reader.text(line, Column.TITLE))) and not reader.text(line, Column.LEAD):
        return RowKind.TOTAL
    if _is_section(reader, line):
        return RowKind.SECTION
    title = reader.column(Column.TITLE)
    if title is not None and title in line.down:
        return RowKind.CONTINUED
    return RowKind.TASK


def _titled(reader: _Reader, line: Line) -> bool:
    return not is_blank(reader.text(line, Column.TITLE))


def _is_section(reader: _Reader, line: Line) -> bool:
    """A line with one text only: merged over the table, begun by 一、, or in a group column."""
    own = line.own
    if len(own) != 1 or len(line.cells) < 2 or line.down:
        return False
    column = reader.columns[own[0]] if own[0] < len(reader.columns) else Column.NOTHING
    text = line.cells[own[0]]
    if column == Column.GROUP or len(line.across) >= 2:
        return True
    return is_chinese_heading(text) or (
        column == Column.NUMBER and not tidy_number(text)[:1].isdigit()
    )


def _section(reader: _Reader, line: Line) -> Row:
    text = one_line(line.cells[line.own[0]])
    reader.above.section = section_title(text)
    reader.above.groups.clear()
    return Row(line.row, RowKind.SECTION, title=text[:LONGEST_TITLE], group=reader.above.section)


def _continued(reader: _Reader, line: Line, rows: list[Row]) -> Row:
    """A line under a title merged over several: its words and units go to the task above."""
    index = next((i for i in range(len(rows) - 1, -1, -1) if rows[i].kind == RowKind.TASK), None)
    notice = message(Level.NOTE, "continued", Column.TITLE)
    mine = _task(reader, line)
    row = Row(line.row, RowKind.CONTINUED, title=mine.title, messages=(notice,))
    if index is None:
        return replace(mine, kind=RowKind.TASK)
    task = rows[index]
    fresh = [u for u in (mine.lead, *mine.cooperating) if u is not None]
    lead = task.lead if task.lead is not None else next(iter(fresh), None)
    helping = dict.fromkeys((*task.cooperating, *fresh))
    rows[index] = replace(
        task,
        lead=lead,
        cooperating=tuple(u for u in helping if u != lead),
        details=_joined(task.details, mine.details),
        standard=_joined(task.standard, mine.standard),
        due=max(filter(None, (task.due, mine.due)), default=None),
        notes=task.notes + tuple(n for n in mine.notes if n not in task.notes),
        open=tuple(dict.fromkeys(task.open + mine.open)),
        messages=task.messages + tuple(m for m in mine.messages if m.level == Level.OPEN),
    )
    return row


def _joined(above: str, below: str) -> str:
    if not below or below in above:
        return above
    return f"{above}\n{below}" if above else below


def _group(reader: _Reader, line: Line) -> str:
    """The section of the table a row stands in; blanks below a group mean the same group."""
    changed = False
    for place in reader.at(Column.GROUP):
        text = section_title(one_line(line.text(place)))
        if not is_blank(text):
            changed = changed or reader.above.groups.get(place) != text
            reader.above.groups[place] = text
        elif changed:
            reader.above.groups.pop(place, None)
    parts = [reader.above.section, *(reader.above.groups[i] for i in sorted(reader.above.groups))]
    return " / ".join(dict.fromkeys(p for p in parts if p))


@dataclass
class _Making:
    """A task row while it is being read."""

    messages: list[Message] = field(default_factory=list)
    open: list[tuple[NameKind, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def say(self, level: Level, code: str, column: Column, **values: Any) -> None:
        self.messages.append(message(level, code, column, **values))


def _task(reader: _Reader, line: Line) -> Row:
    making = _Making()
    group = _group(reader, line)
    number, title, long_title = _number_and_title(reader, line, making)
    details = _details(reader, line, making, long_title)
    lead, helping, found_owner = _units(reader, line, making)
    owner = _owner(reader, line, making, lead, found_owner)
    leader = _leader(reader, line, making, lead)
    start, due, due_text = _dates(reader, line, making)
    points = _points(reader, line, making)
    return Row(
        line.row,
        RowKind.TASK,
        number=number,
        title=title,
        group=group,
        details=details,
        standard=_texts(reader, line, Column.STANDARD),
        points=points,
        start=start,
        due=due,
        due_text=due_text,
        lead=lead,
        cooperating=helping,
        owner=owner,
        leader=leader,
        notes=tuple(making.notes),
        messages=tuple(making.messages),
        open=tuple(dict.fromkeys(making.open)),
    )


def _number_and_title(reader: _Reader, line: Line, making: _Making) -> tuple[str, str, str]:
    """Number, title, and the whole text where the title had to be cut."""
    typed = tidy_number(reader.text(line, Column.NUMBER)) if reader.numbered else ""
    raw = reader.text(line, Column.TITLE)
    if raw.strip().upper() in FORMULA_ERRORS:
        making.say(Level.ERROR, "title_formula", Column.TITLE, text=raw)
        return typed, "", ""
    glued, title = split_number(one_line(raw))
    other = typed and tidy_number(glued) != typed and level_of(glued)[1] != "dotted"
    may_be_a_year = len(glued) == 4 and glued.isdigit() and glued != typed
    if glued and (other or may_be_a_year):
        glued, title = "", one_line(raw)
    number = typed or glued
    title = title.rstrip("。；; ") if title.count("。") <= 1 else title
    if is_blank(title):
        making.say(Level.ERROR, "no_title", Column.TITLE)
        title = ""
    if number:
        reader.above.number = number
    elif reader.numbered and reader.above.number and title:
        number = reader.above.number
        making.say(Level.NOTE, "same_number", Column.NUMBER, number=number)
    if len(title) <= LONGEST_TITLE:
        return number, title, ""
    making.say(Level.ASK, "title_long", Column.TITLE, size=len(title))
    return number, _first_sentence(title), title


def _first_sentence(text: str) -> str:
    for marks in ("。", "；;", "，,、"):
        cut = min((i for i in (text.find(m, 6) for m in marks) if 0 < i < LONGEST_TITLE), default=0)
        if cut:
            return text[:cut]
    return text[: LONGEST_TITLE - 1] + "…"


def _texts(reader: _Reader, line: Line, wanted: Column) -> str:
    """The texts of all columns of one meaning; each under its title where there are several."""
    found = [(reader.names[i], line.text(i)) for i in reader.at(wanted)]
    found = [(name, text) for name, text in found if not is_blank(text)]
    if len(reader.at(wanted)) == 1:
        return found[0][1] if found else ""
    return "\n".join(f"{one_line(name)}：{text}" for name, text in found)


def _details(reader: _Reader, line: Line, making: _Making, long_title: str) -> str:
    for wanted in (Column.PROGRESS, Column.NOTE, Column.EXTRA):
        for place in reader.at(wanted):
            text = line.text(place)
            if not is_blank(text):
                making.notes.append((one_line(reader.names[place]), text))
    return _joined(long_title, _texts(reader, line, Column.DETAILS))


def _units(
    reader: _Reader, line: Line, making: _Making
) -> tuple[int | None, tuple[int, ...], int | None]:
    """Lead, cooperating units, and a person found among the units."""
    text = reader.text(line, Column.LEAD)
    if is_blank(text):
        text = _assumed(reader, making)
    reader.above.unit_text = text or reader.above.unit_text
    said = reader.books.units.read(text)
    owner = _report_units(reader, making, said, Column.LEAD)
    helping: list[int] = [*said.lead[1:], *said.helping]
    for place in reader.at(Column.COOPERATING):
        more = reader.books.units.read(line.text(place))
        _report_units(reader, making, more, Column.COOPERATING)
        helping.extend(more.all)
    lead = said.lead[0] if said.lead else None
    only_people = owner is not None and len(said.unknown) == 1
    if text and lead is None and (only_people or not said.unknown):
        making.say(Level.ERROR, "no_unit", Column.LEAD)
    return lead, tuple(u for u in dict.fromkeys(helping) if u != lead), owner


def _assumed(reader: _Reader, making: _Making) -> str:
    """An empty unit: what stands above is proposed, and asked."""
    if not reader.above.unit_text:
        making.say(Level.ERROR, "no_unit", Column.LEAD)
        return ""
    making.say(Level.ASK, "unit_assumed", Column.LEAD, unit=one_line(reader.above.unit_text))
    return reader.above.unit_text


def _report_units(reader: _Reader, making: _Making, said: Units, column: Column) -> int | None:
    """Say what was not found, or not found exactly; a person among the units is returned."""
    owner: int | None = None
    for name in said.unknown:
        person = reader.books.people.find(name)
        if person is not None and owner is None:
            owner = person
            continue
        code = "unit_closed" if folded(name) in reader.books.units.closed else "unit_unknown"
        making.open.append((NameKind.UNIT, name))
        making.say(Level.OPEN, code, column, name=name)
    for name, unit in said.loose:
        known = reader.books.unit_names.get(unit, str(unit))
        making.say(Level.NOTE, "unit_loose", column, name=name, unit=known)
    return owner


def _owner(
    reader: _Reader, line: Line, making: _Making, lead: int | None, found: int | None
) -> int | None:
    text = reader.text(line, Column.OWNER)
    said = reader.books.people.read(text, lead)
    _report_people(making, said.unknown, Column.OWNER)
    people = said.found
    if len(people) + len(said.unknown) > 1:
        making.notes.append((one_line(reader.names[reader.at(Column.OWNER)[0]]), one_line(text)))
        making.say(Level.NOTE, "person_extra", Column.OWNER)
    return people[0] if people else found


def _leader(reader: _Reader, line: Line, making: _Making, lead: int | None) -> int | None:
    text = reader.text(line, Column.LEADER)
    said = reader.books.people.read(text, lead)
    _report_people(making, said.unknown, Column.LEADER)
    if len(said.found) + len(said.unknown) > 1:
        making.notes.append((one_line(reader.names[reader.at(Column.LEADER)[0]]), one_line(text)))
    return said.found[0] if said.found else None


def _report_people(making: _Making, unknown: Iterable[str], column: Column) -> None:
    for name in unknown:
        making.open.append((NameKind.PERSON, name))
        making.say(Level.OPEN, "person_unknown", column, name=name)


def _dates(
    reader: _Reader, line: Line, making: _Making
) -> tuple[dt.date | None, dt.date | None, str]:
    """Start, due, and the phrase of the due date as it stood in the table."""
    begin = _date(reader, making, one_line(reader.text(line, Column.START)), Column.START)
    text = one_line(reader.text(line, Column.DUE))
    end = _date(reader, making, text, Column.DUE)
    start = begin.since or begin.until or end.since
    due = end.until
    if due is None and end.kind == DateKind.NONE:
        due = reader.books.default_due
        if due is None:
            making.say(Level.NOTE, "no_due", Column.DUE)
    if start and due and start > due:
        making.say(Level.ERROR, "date_reversed", Column.DUE, start=start, due=due)
    if end.note or end.kind not in (DateKind.BY, DateKind.NONE):
        name = reader.names[reader.at(Column.DUE)[0]]
        making.notes.append((one_line(name), text))
    return start, due, text


def _date(reader: _Reader, making: _Making, text: str, column: Column) -> DatePhrase:
    said = reader.books.calendar.read(text)
    if not said.understood:
        making.open.append((NameKind.DATE, text[:100]))
        making.say(Level.OPEN, "date_unclear", column, text=text[:100])
    elif said.asks:
        day = said.until if column == Column.DUE else said.since or said.until
        making.say(Level.ASK, "date_asks", column, text=text, due=day)
    return said


def _points(reader: _Reader, line: Line, making: _Making) -> Decimal | None:
    text = one_line(reader.text(line, Column.POINTS))
    if is_blank(text):
        return None
    match = _POINTS.match(text)
    try:
        if match:
            return Decimal(match[1])
    except InvalidOperation:  # pragma: no cover - the pattern admits numbers only
        pass
    making.notes.append((one_line(reader.names[reader.at(Column.POINTS)[0]]), text))
    making.say(Level.NOTE, "points_unread", Column.POINTS, text=text[:40])
    return None


def _edited(row: Row, edits: Edits | None, books: Books) -> Row:
    """The row with what the clerk typed; what was said about an edited column is settled."""
    if not edits:
        return row
    values = {name: value for name, value in edits.items() if name in _EDITED}
    touched = {_EDITED[name] for name in values}
    if "due" in values or "start" in values:
        touched |= {Column.DUE, Column.START}
    messages = [m for m in row.messages if m.field not in touched]
    settled = {name for m in row.messages if m.field in touched for name in m.values.values()}
    kept = {name for m in messages for name in m.values.values()}
    row = replace(
        row,
        **values,
        messages=tuple(messages),
        open=tuple(o for o in row.open if o[1] not in settled - kept),
    )
    return replace(row, messages=row.messages + tuple(_stands(row, touched)))


def _stands(row: Row, touched: set[Column]) -> list[Message]:
    """What an edited row still may not be."""
    found = []
    if Column.TITLE in touched and not row.title:
        found.append(message(Level.ERROR, "no_title", Column.TITLE))
    if Column.LEAD in touched and row.lead is None:
        found.append(message(Level.ERROR, "no_unit", Column.LEAD))
    if Column.DUE in touched and row.start and row.due and row.start > row.due:
        found.append(
            message(Level.ERROR, "date_reversed", Column.DUE, start=row.start, due=row.due)
        )
    return found


def _related(rows: list[Row]) -> list[Row]:
    """Parents by number, and titles that stand twice."""
    tasks = [i for i, row in enumerate(rows) if row.kind == RowKind.TASK]
    above = parents([rows[i].number for i in tasks])
    seen: dict[tuple[str, str, int | None], int] = {}
    for place, index in enumerate(tasks):
        row = rows[index]
        parent = above[place]
        more: list[Message] = []
        if parent is not None:
            row = replace(row, parent=rows[tasks[parent]].row)
        elif (
            level_of(row.number)[1] == "dotted"
            and level_of(row.number)[0] > 1
            and any(level_of(rows[i].number) == (1, "dotted") for i in tasks)
        ):
            number = row.number.rpartition(".")[0]
            more.append(message(Level.NOTE, "parent_missing", Column.NUMBER, number=number))
        key = (row.group, folded(row.title), row.lead)
        if row.title and key in seen:
            more.append(message(Level.ASK, "twice", Column.TITLE, row=seen[key]))
        seen.setdefault(key, row.row)
        rows[index] = replace(row, messages=row.messages + tuple(more))
    return rows


def full_details(row: Row, *, section_label: str) -> str:
    """The details as they go into the task: the text, then every other column under its title."""
    lines = [f"{section_label}：{row.group}"] if row.group else []
    lines += [f"{name}：{text}" for name, text in row.notes]
    return "\n\n".join(part for part in (row.details, "\n".join(lines)) if part)
