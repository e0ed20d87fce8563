"""Understanding the staged lines. Only the staging is written, in chunks; no task is made."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, ImportRow, RowState, State, UnresolvedName
from luoshi.intake.rules.drafts import FAULT_COLUMNS, Into, new_tasks
from luoshi.intake.rules.grid import Line, address
from luoshi.intake.rules.headers import Column
from luoshi.intake.rules.messages import Level, message
from luoshi.intake.rules.stored import (
    edits_from,
    line_from,
    packed_message,
    packed_open,
    packed_row,
)
from luoshi.intake.rules.table import Books, Carry, NameKind, Row, RowKind, understand_table
from luoshi.intake.services.staging import CHUNK, require_import
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.jobs import enqueue
from luoshi.kit.verdict import Refused
from luoshi.people.models import Person
from luoshi.tasks.services.building import faults_of

#: Up to so many lines a check is done while the clerk waits; beyond, by the worker.
AT_ONCE = 1000

_WRITTEN = ["kind", "state", "parsed", "messages", "names", "confirmed", "due_text", "due"]
_WORKING = [State.STAGED, State.READY, State.FAILED]


def check(batch: ImportBatch, *, by: Actor) -> ImportBatch:
    """Check a batch: at once if it is small, else by the worker. Raises NotAllowed, Refused."""
    require_import(by)
    begin_check(batch)
    if batch.lines <= AT_ONCE:
        return check_now(batch)
    enqueue("luoshi.intake.jobs.check", batch.pk)
    batch.refresh_from_db()
    return batch


def begin_check(batch: ImportBatch) -> None:
    """Claim the batch for a check. Raises Refused if somebody else is at it."""
    claimed = ImportBatch.objects.filter(pk=batch.pk, state__in=_WORKING).update(
        state=State.CHECKING, done=0, working_since=clock.now()
    )
    if not claimed:
        raise Refused(_("The table is being worked on just now; wait a moment."))


def check_now(batch: ImportBatch, tell: Callable[[int], None] | None = None) -> ImportBatch:
    """Understand every line again and write what changed. Doing it twice changes nothing.

    ``tell`` hears after every chunk how many lines are done.
    """
    batch = ImportBatch.objects.select_related("category", "by__main_unit").get(pk=batch.pk)
    if batch.state != State.CHECKING:
        return batch
    books = queries.books_for(batch)
    rows = list(batch.rows.order_by("table", "row"))
    found = understood(batch, rows, books)
    _find_faults(batch, rows, found)
    _write_rows(batch, rows, found, tell)
    _write_names(batch, rows, found)
    return _finish(batch, loose_of(found.values()))


def understood(batch: ImportBatch, rows: Sequence[ImportRow], books: Books) -> dict[int, Row]:
    """What each line is, by the key of its row; lines of tables left out are missing."""
    tables: dict[int, list[ImportRow]] = {}
    for row in rows:
        tables.setdefault(row.table, []).append(row)
    found: dict[int, Row] = {}
    carry = Carry()
    for number, entry in enumerate(batch.mapping):
        if entry["use"]:
            carry = carry if entry["first"] < 0 else Carry()
            found |= _table(entry, tables.get(number, []), books, carry)
    return found


def into_of(batch: ImportBatch) -> Into:
    """Where the rows of a batch go."""
    return Into(
        category_id=batch.category_id,
        year=batch.year,
        section_label=_("Section"),
        document=batch.name[:200],
        batch=batch.pk,
    )


def with_faults(
    rows: Sequence[tuple[int, Row]], into: Into, person: Person | None = None
) -> list[Row]:
    """The rows with what tasks made of them would be refused for, at the cell it belongs to."""
    faults = faults_of(new_tasks(rows, into), clock.today(), person=person)
    checked = []
    for index, (_table_number, row) in enumerate(rows):
        said = {m.field for m in row.messages if m.level in (Level.ERROR, Level.OPEN)}
        more = tuple(
            message(Level.ERROR, "task_fault", column, reason=fault.reason)
            for fault in faults.get(index, ())
            if (column := FAULT_COLUMNS.get(fault.field, Column.TITLE)) not in said
        )
        checked.append(replace(row, messages=row.messages + more))
    return checked


def _find_faults(batch: ImportBatch, rows: Sequence[ImportRow], found: dict[int, Row]) -> None:
    """Ask the tasks' own rules about every row that is to become one."""
    wanted = [
        staged
        for staged in rows
        if staged.pk in found and found[staged.pk].kind == RowKind.TASK and not staged.left_out
    ]
    pairs = [(staged.table, found[staged.pk]) for staged in wanted]
    for staged, row in zip(wanted, with_faults(pairs, into_of(batch), batch.by), strict=True):
        found[staged.pk] = row


def _table(
    entry: dict[str, Any], staged: list[ImportRow], books: Books, carry: Carry
) -> dict[int, Row]:
    lines = [line_from(row.row, row.cells, row.down, row.across) for row in staged]
    start = entry["last"] + 1
    headers: list[Line] = lines[max(entry["first"], 0) : start]
    read = understand_table(
        lines[start:],
        entry["names"],
        [Column(column) for column in entry["columns"]],
        books,
        headers=headers,
        edits={row.row: edits_from(row.edits) for row in staged if row.edits},
        carry=carry,
    )
    keys = {row.row: row.pk for row in staged}
    return {keys[row.row]: row for row in read}


def state_of(row: Row, *, confirmed: bool, left_out: bool) -> RowState:
    """How a row stands, the heaviest first."""
    if row.kind != RowKind.TASK:
        return RowState.NO_TASK
    if left_out:
        return RowState.LEFT_OUT
    if row.wrong:
        return RowState.ERROR
    if row.open:
        return RowState.OPEN
    return RowState.WARN if row.asks and not confirmed else RowState.OK


def _asked(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [m for m in messages if m["level"] == Level.ASK]


def _apply(staged: ImportRow, row: Row | None) -> bool:
    """Put what was understood into the staging row; whether anything is different."""
    if row is None:
        fresh: dict[str, Any] = {
            "kind": RowKind.HEADER, "state": RowState.NO_TASK, "parsed": {}, "messages": [],
            "names": [], "confirmed": False, "due_text": "", "due": None,
        }  # fmt: skip
    else:
        messages = [packed_message(m) for m in row.messages]
        confirmed = staged.confirmed and _asked(messages) == _asked(staged.messages)
        fresh = {
            "kind": row.kind,
            "state": state_of(row, confirmed=confirmed, left_out=staged.left_out),
            "parsed": packed_row(row),
            "messages": messages,
            "names": packed_open(row.open),
            "confirmed": confirmed,
            "due_text": row.due_text[:120],
            "due": row.due,
        }
    changed = any(getattr(staged, name) != value for name, value in fresh.items())
    for name, value in fresh.items():
        setattr(staged, name, value)
    return changed


def _write_rows(
    batch: ImportBatch,
    rows: Sequence[ImportRow],
    found: dict[int, Row],
    tell: Callable[[int], None] | None,
) -> None:
    """Write the rows that changed, a chunk per transaction, and how far it has come."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        changed = [staged for staged in chunk if _apply(staged, found.get(staged.pk))]
        with transaction.atomic():
            write_again(changed, _WRITTEN)
            ImportBatch.objects.filter(pk=batch.pk).update(done=start + len(chunk))
        if tell is not None:
            tell(start + len(chunk))


def write_again(rows: Sequence[ImportRow], fields: Sequence[str]) -> None:
    """Write columns of rows that exist, found by their place in the file.

    An insert that meets its row is several times faster than an update of many.
    """
    again = [
        ImportRow(
            batch_id=row.batch_id,
            table=row.table,
            row=row.row,
            cells=[],
            **{name: getattr(row, name) for name in fields},
        )
        for row in rows
    ]
    ImportRow.objects.bulk_create(
        again,
        update_conflicts=True,
        unique_fields=["batch", "table", "row"],
        update_fields=fields,
    )


def _write_names(batch: ImportBatch, rows: Sequence[ImportRow], found: dict[int, Row]) -> None:
    """Keep one row per open name: new ones added, counts brought up to date, answers kept."""
    counted: dict[tuple[str, str], int] = {}
    first: dict[tuple[str, str], str] = {}
    for staged in rows:
        row = found.get(staged.pk)
        if row is None or staged.left_out:
            continue
        for kind, text in row.open:
            name = (str(kind), text)
            counted[name] = counted.get(name, 0) + 1
            place = address(batch.mapping[staged.table]["name"], staged.row)
            first.setdefault(name, place[:80])
    with transaction.atomic():
        known = {(n.kind, n.text): n for n in batch.names.all()}
        UnresolvedName.objects.bulk_create(
            UnresolvedName(batch=batch, kind=kind, text=text, count=n, first=first[kind, text])
            for (kind, text), n in counted.items()
            if (kind, text) not in known
        )
        stale = [n for key, n in known.items() if not n.settled and n.count != counted.get(key, 0)]
        for old in stale:
            old.count = counted.get((old.kind, old.text), 0)
        UnresolvedName.objects.bulk_update(stale, ["count"])


def loose_of(rows: Iterable[Row]) -> list[list[Any]]:
    """Unit names that were found without their prefix or ending: text, unit, number of rows."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        for said in row.messages:
            if said.code == "unit_loose":
                pair = (said.values["name"], said.values["unit"])
                counts[pair] = counts.get(pair, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [[name, unit, n] for (name, unit), n in ordered[:500]]


def _finish(batch: ImportBatch, loose: list[list[Any]]) -> ImportBatch:
    """Count, and give the batch back to the clerk."""
    states = queries.states_counted(batch)
    wrong = (RowState.OK, RowState.WARN, RowState.OPEN, RowState.ERROR)
    ImportBatch.objects.filter(pk=batch.pk, state=State.CHECKING).update(
        state=State.READY,
        done=batch.lines,
        tasks=sum(states.get(state, 0) for state in wrong),
        warnings=states.get(RowState.WARN, 0),
        waiting=states.get(RowState.OPEN, 0),
        errors=states.get(RowState.ERROR, 0),
        left_out=states.get(RowState.LEFT_OUT, 0),
        loose=loose,
        failure="",
        working_since=None,
    )
    batch.refresh_from_db()
    return batch


def open_kinds(batch: ImportBatch) -> dict[str, int]:
    """How many names of each kind wait."""
    counts: dict[str, int] = {}
    for kind in queries.open_names(batch).values_list("kind", flat=True):
        counts[kind] = counts.get(kind, 0) + 1
    return {str(kind): counts.get(kind, 0) for kind in NameKind}
