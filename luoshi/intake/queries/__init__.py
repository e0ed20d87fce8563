"""Reading batches and their rows, and the dictionaries a check needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from luoshi.files.models import Attachment
from luoshi.files.queries import path_of
from luoshi.intake.models import ImportBatch, ImportRow, RowState, State, UnresolvedName
from luoshi.intake.rules.dates import Calendar
from luoshi.intake.rules.grid import Grid, Line, address
from luoshi.intake.rules.headers import Column
from luoshi.intake.rules.messages import Level, Message
from luoshi.intake.rules.names import PeopleNames, PersonEntry, directory
from luoshi.intake.rules.stored import line_from, message_from, row_from
from luoshi.intake.rules.table import Books, NameKind, Row, RowKind
from luoshi.intake.rules.text import folded
from luoshi.intake.rules.units import UnitEntry, UnitNames, dictionary, means_many
from luoshi.kit import clock
from luoshi.kit.tree import ancestors_in
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.people.queries import (
    people_present,
    powers_of,
    unit_kinds,
    unit_names,
    unit_names_shared,
    units_open,
)
from luoshi.people.roles import Power
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import hidden_drafts

# ------------------------------------------------------------------ batches


def batches_visible_to(person: Person) -> QuerySet[ImportBatch]:
    """A person's own batches and those of their office; none without the power to import."""
    if not powers_of(person).has(Power.IMPORT):
        return ImportBatch.objects.none()
    same_office = Q(by=person) | Q(by__main_unit=person.main_unit_id)
    return ImportBatch.objects.filter(same_office).select_related("category", "by")


def locked(batch: ImportBatch) -> ImportBatch:
    """The batch as it stands now, held until the transaction ends."""
    return (
        ImportBatch.objects.select_for_update(of=("self",))
        .select_related("category")
        .get(pk=batch.pk)
    )


def batch_with_key(key: str | None) -> ImportBatch | None:
    """The batch an upload made before (double click)."""
    return ImportBatch.objects.filter(key=key).first() if key else None


def categories_for(person: Person) -> QuerySet[Category]:
    """Categories this person may import into: all common ones in use and their unit's own."""
    mine = Q(unit=None) | Q(unit=person.main_unit_id)
    return Category.objects.filter(mine, active=True).select_related("programme")


def file_of(batch: ImportBatch) -> Attachment | None:
    """The file as it was uploaded."""
    return (
        Attachment.objects.filter(about_kind="import", about_id=batch.pk)
        .select_related("blob")
        .first()
    )


def content_of(batch: ImportBatch) -> bytes | None:
    """The bytes of the file as uploaded; None where the store has lost them."""
    place: Path = path_of(batch.sha256)
    return place.read_bytes() if place.exists() else None


# ------------------------------------------------------------------ rows


def lines_of(batch: ImportBatch) -> dict[int, list[Line]]:
    """The staged lines, by table."""
    tables: dict[int, list[Line]] = {}
    rows = batch.rows.values_list("table", "row", "cells", "down", "across")
    for table, row, cells, down, across in rows.order_by("table", "row"):
        tables.setdefault(table, []).append(line_from(row, cells, down, across))
    return tables


def first_lines(batch: ImportBatch, table: int, most: int = 30) -> list[Line]:
    """The first lines of a table, for the preview."""
    rows = batch.rows.filter(table=table).values_list("row", "cells", "down", "across")
    return [line_from(*values) for values in rows.order_by("row")[:most]]


def grids_of(batch: ImportBatch) -> list[Grid]:
    """All tables of the file as staged."""
    tables = lines_of(batch)
    return [
        Grid(entry["name"], tuple(tables.get(number, ())))
        for number, entry in enumerate(batch.mapping)
    ]


@dataclass(frozen=True)
class Shown:
    """A row as the page shows it."""

    pk: int
    place: str
    state: str
    row: Row
    messages: tuple[Message, ...]
    confirmed: bool
    left_out: bool
    edited: bool
    task_id: int | None
    lead: str
    cooperating: str
    owner: str
    leader: str

    @property
    def state_label(self) -> str:
        return str(RowState(self.state).label)

    @property
    def asks(self) -> bool:
        return any(m.level == Level.ASK for m in self.messages)

    @property
    def weighty(self) -> list[Message]:
        """Messages that want something of the clerk."""
        return [m for m in self.messages if m.level != Level.NOTE]

    @property
    def notes(self) -> list[Message]:
        return [m for m in self.messages if m.level == Level.NOTE and m.code != "unit_loose"]


def rows_found(batch: ImportBatch, state: str = "", words: str = "") -> QuerySet[ImportRow]:
    """Rows of the batch in the order of the file; ``state`` empty: all that are tasks."""
    rows = batch.rows.exclude(state=RowState.NO_TASK)
    if state == RowState.NO_TASK:
        rows = batch.rows.filter(state=RowState.NO_TASK)
    elif state:
        rows = batch.rows.filter(state=state)
    if words:
        rows = rows.filter(text__icontains=words)
    return rows.order_by("table", "row")


def shown_rows(batch: ImportBatch, rows: Iterable[ImportRow]) -> list[Shown]:
    """Rows with the names of their units and people: two statements however many rows."""
    rows = list(rows)
    parsed = [(row, row_from(row.row, row.kind, row.parsed)) for row in rows]
    units = Unit.objects.in_bulk(
        {pk for _r, p in parsed for pk in (p.lead, *p.cooperating) if pk is not None}
    )
    people = Person.objects.in_bulk(
        {pk for _r, p in parsed for pk in (p.owner, p.leader) if pk is not None}
    )
    return [_shown(batch, row, p, units, people) for row, p in parsed]


def _shown(
    batch: ImportBatch,
    row: ImportRow,
    parsed: Row,
    units: Mapping[int, Unit],
    people: Mapping[int, Person],
) -> Shown:
    def unit(pk: int | None) -> str:
        return units[pk].name if pk is not None and pk in units else ""

    def person(pk: int | None) -> str:
        return people[pk].name if pk is not None and pk in people else ""

    return Shown(
        pk=row.pk,
        place=address(batch.mapping[row.table]["name"], row.row),
        state=row.state,
        row=parsed,
        messages=messages_of(row),
        confirmed=row.confirmed,
        left_out=row.left_out,
        edited=bool(row.edits),
        task_id=row.task_id,
        lead=unit(parsed.lead),
        cooperating="、".join(filter(None, (unit(pk) for pk in parsed.cooperating))),
        owner=person(parsed.owner),
        leader=person(parsed.leader),
    )


def messages_of(row: ImportRow) -> tuple[Message, ...]:
    return tuple(filter(None, (message_from(stored) for stored in row.messages)))


def column_places(batch: ImportBatch, table: int) -> dict[Column, int]:
    """Where each meaning stands first in a table, to give messages a cell."""
    places: dict[Column, int] = {}
    for index, column in enumerate(batch.mapping[table]["columns"]):
        places.setdefault(Column(column), index)
    return places


@dataclass(frozen=True)
class Fault:
    """Something said about a cell."""

    place: str
    level: Level
    sentence: str
    table: int
    row: int
    column: int | None


def faults_of(batch: ImportBatch, *levels: Level) -> list[Fault]:
    """Everything of these levels, in the order of the file, with the address of its cell."""
    found = []
    rows = batch.rows.exclude(state__in=[RowState.NO_TASK, RowState.LEFT_OUT]).exclude(messages=[])
    places = {n: column_places(batch, n) for n in range(len(batch.mapping))}
    for row in rows.order_by("table", "row").iterator(2000):
        for said in messages_of(row):
            if said.level in levels and not (said.level == Level.ASK and row.confirmed):
                column = places[row.table].get(said.field)
                name = batch.mapping[row.table]["name"]
                place = address(name, row.row, column)
                found.append(Fault(place, said.level, said.sentence, row.table, row.row, column))
    return found


@dataclass(frozen=True)
class Reading:
    """How one date phrase of the table was read, and in how many rows."""

    text: str
    due: Any
    count: int


def readings(batch: ImportBatch) -> list[Reading]:
    """Every phrase of the due column and the day it was read as; most frequent first."""
    rows = (
        batch.rows.filter(due__isnull=False)
        .exclude(due_text="")
        .exclude(state=RowState.NO_TASK)
        .values_list("due_text", "due")
        .annotate(n=Count("pk"))
        .order_by("-n", "due_text")
    )
    return [Reading(text, due, n) for text, due, n in rows[:200]]


def states_counted(batch: ImportBatch) -> dict[str, int]:
    """Rows per state."""
    rows = batch.rows.values_list("state").annotate(n=Count("pk")).order_by()
    return dict(rows)


def open_names(batch: ImportBatch) -> QuerySet[UnresolvedName]:
    """Names and dates that still wait for an answer."""
    return batch.names.filter(settled=False, count__gt=0)


def names_of(batch: ImportBatch) -> QuerySet[UnresolvedName]:
    """All names that were asked about, settled ones last."""
    return batch.names.filter(count__gt=0).select_related("person").prefetch_related("units")


# ------------------------------------------------------------------ dictionaries


def unit_dictionary(settled: Mapping[str, tuple[int, ...]] | None = None) -> UnitNames:
    """Every name an open unit answers to; names of closed units are known as such."""
    names: dict[int, list[str]] = {}
    for name, pk in unit_names().items():
        names.setdefault(pk, []).append(name)
    for name, ids in unit_names_shared().items():
        for pk in ids:
            names.setdefault(pk, []).append(name)
    entries = [UnitEntry(pk, tuple(known)) for pk, known in names.items()]
    closed = Unit.objects.filter(until__lt=clock.today()).values_list("pk", "name", "short_name")
    entries += [UnitEntry(pk, (name, short), closed=True) for pk, name, short in closed]
    return dictionary(entries, settled)


def people_directory(settled: Mapping[str, int | None] | None = None) -> PeopleNames:
    """Everybody present, with the units they count among."""
    rows = people_present().values_list("pk", "name", "main_unit_id", "main_unit__path")
    return directory(
        [
            PersonEntry(pk, name, (unit, *reversed(ancestors_in(path or ""))))
            for pk, name, unit, path in rows
        ],
        settled,
    )


def books_for(batch: ImportBatch) -> Books:
    """Everything a check of this batch knows beside the table, the clerk's answers included."""
    answers = batch.names.filter(settled=True).prefetch_related("units")
    units: dict[str, tuple[int, ...]] = {}
    people: dict[str, int | None] = {}
    days: dict[str, Any] = {}
    for answer in answers:
        if answer.kind == NameKind.UNIT:
            units[answer.text] = tuple(unit.pk for unit in answer.units.all())
        elif answer.kind == NameKind.PERSON:
            people[answer.text] = answer.person_id
        else:
            days[folded(answer.text)] = answer.day
    return books(batch.year, batch.default_due, units, people, days)


def books(
    year: int,
    default_due: Any = None,
    units: Mapping[str, tuple[int, ...]] | None = None,
    people: Mapping[str, int | None] | None = None,
    days: Mapping[str, Any] | None = None,
) -> Books:
    """Dictionaries of the institution as it is today."""
    return Books(
        unit_dictionary(units),
        people_directory(people),
        Calendar(year, dict(days or {})),
        dict(units_open().values_list("pk", "name")),
        default_due,
    )


# ------------------------------------------------------------------ undoing


@dataclass(frozen=True)
class Made:
    """The tasks of a published batch: how many, how many of them are not as they were made."""

    tasks: int
    issued: int
    changed: int


def made_by(batch: ImportBatch) -> Made:
    """What became of the tasks of a batch."""
    found = Task.objects.filter(batch=batch.pk, status__gte=Status.DRAFT).aggregate(
        n=Count("pk"),
        issued=Count("pk", filter=~Q(status=Status.DRAFT)),
        changed=Count(
            "pk",
            filter=Q(status=Status.DRAFT)
            & (Q(rev__gt=0) | Q(children__batch=None, children__isnull=False)),
        ),
    )
    return Made(found["n"], found["issued"], found["changed"])


def left_behind(batch: ImportBatch, most: int) -> list[Task]:
    """Hidden drafts of a batch that belong to no row of it, those below others first."""
    kept = batch.rows.filter(task__isnull=False).values("task_id")
    return list(hidden_drafts(batch.pk).exclude(pk__in=kept).order_by("-depth", "pk")[:most])


def with_hidden_drafts() -> QuerySet[ImportBatch]:
    """Batches nobody is writing that have drafts nobody sees."""
    keys = hidden_drafts().order_by().values("batch").distinct()
    return ImportBatch.objects.filter(pk__in=keys).exclude(state=State.PUBLISHING)


def due_range(batch: ImportBatch) -> tuple[Any, Any]:
    """The earliest and the latest due date among the rows."""
    found = batch.rows.filter(due__isnull=False).aggregate(a=Min("due"), b=Max("due"))
    return found["a"], found["b"]


def stuck_before(moment: Any) -> QuerySet[ImportBatch]:
    """Batches whose check or publishing began before then and never ended."""
    working = [State.CHECKING, State.PUBLISHING, State.UNDOING]
    return ImportBatch.objects.filter(state__in=working, working_since__lt=moment)


def unit_labels(ids: Iterable[int]) -> list[tuple[int, str]]:
    """Units by key in the given order, with their names."""
    return [(unit.pk, unit.name) for unit in units_in(ids)]


def units_in(ids: Iterable[int | None]) -> list[Unit]:
    """Units by key, in the given order; None is left out."""
    wanted = [pk for pk in ids if pk is not None]
    found = Unit.objects.in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def people_in_order(ids: Iterable[int | None]) -> list[Person]:
    """People by key, in the given order; None is left out."""
    wanted = [pk for pk in ids if pk is not None]
    found = Person.objects.in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def row_in(batch: ImportBatch, pk: int) -> ImportRow | None:
    """A row of this batch that is a task."""
    return batch.rows.filter(pk=pk, kind=RowKind.TASK).select_related("batch").first()


def name_in(batch: ImportBatch, pk: int) -> UnresolvedName | None:
    """A name of this batch."""
    return batch.names.filter(pk=pk).select_related("batch").first()


@dataclass(frozen=True)
class PageOfRows:
    """Some rows in the order of the file, and the cursors before and after them."""

    rows: list[ImportRow]
    previous: str | None
    next: str | None


def page_of(rows: QuerySet[ImportRow], after: str, before: str, most: int = 50) -> PageOfRows:
    """A page by cursor ``table-row``; nonsense means the first page."""
    forward = not _place(before)
    place = _place(before) or _place(after)
    if place:
        table, row = place
        side = "gt" if forward else "lt"
        here = Q(table=table) & Q(**{f"row__{side}": row})
        rows = rows.filter(here | Q(**{f"table__{side}": table}))
    order = ("table", "row") if forward else ("-table", "-row")
    found = list(rows.order_by(*order)[: most + 1])
    more, found = len(found) > most, found[:most]
    if not forward:
        found.reverse()
    first = f"{found[0].table}-{found[0].row}" if found else None
    last = f"{found[-1].table}-{found[-1].row}" if found else None
    previous = first if (place and forward) or (more and not forward) else None
    return PageOfRows(found, previous, last if (more if forward else True) and found else None)


def _place(cursor: str) -> tuple[int, int] | None:
    table, _dash, row = cursor.partition("-")
    fine = table.isascii() and table.isdigit() and row.isascii() and row.isdigit()
    return (int(table), int(row)) if fine and len(cursor) < 16 else None


def unit_codes() -> dict[str, int]:
    """Codes of open units."""
    return dict(units_open().values_list("code", "pk"))


def staff_numbers() -> dict[str, int]:
    """Staff numbers of everybody present."""
    return dict(people_present().values_list("staff_number", "pk"))


def units_of_kinds_in(name: str) -> dict[str, tuple[str, list[int]]]:
    """Where a name speaks of all units of a kind (各二级学院): key → (label, units in order)."""
    if not means_many(name):
        return {}
    kinds: dict[str, tuple[str, list[int]]] = {}
    for kind in unit_kinds():
        if kind.name in name:
            ids = list(units_open().filter(kind=kind).values_list("pk", flat=True))
            words = {"kind": kind.name, "n": len(ids)}
            label = _("All units of the kind “%(kind)s”, %(n)s in number") % words
            kinds[f"k{kind.pk}"] = (label, ids)
    return kinds
