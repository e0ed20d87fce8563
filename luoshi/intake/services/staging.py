"""From a file to a batch: read it, keep it, stage its lines; then the columns are confirmed."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.files.rules import clean_name
from luoshi.files.services import attach, prepare
from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, ImportRow, State
from luoshi.intake.readers import read_tables
from luoshi.intake.rules import permits
from luoshi.intake.rules.grid import Grid
from luoshi.intake.rules.headers import Column, Header, columns_of, find_header
from luoshi.intake.rules.table import continues
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold, look
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.measures.models import Category
from luoshi.people.queries import powers_of_actor
from luoshi.people.roles import Power
from luoshi.tasks.services.line import person_of
from luoshi.trail.services import record

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]
else:
    Upload = UploadedFile

CHUNK = 1000


def require_import(by: Actor) -> None:
    """Only who may import goes on."""
    require(permits.may_import(power=powers_of_actor(by).has(Power.IMPORT)))


def claim(batch: ImportBatch, rev: int | None, **changes: Any) -> ImportBatch:
    """Write to a batch if nobody else did since ``rev``. Raises Stale."""
    held = queries.locked(batch)
    if rev is not None and held.rev != rev:
        raise Stale(held.ref)
    held.rev += 1
    for name, value in changes.items():
        setattr(held, name, value)
    held.save(update_fields=["rev", *changes])
    return held


def require_open(batch: ImportBatch) -> None:
    require(permits.may_change(is_open=batch.is_open, state=str(State(batch.state).label)))


def upload_table(
    upload: Upload,
    *,
    category: Category,
    year: int,
    by: Actor,
    default_due: dt.date | None = None,
    key: str | None = None,
) -> ImportBatch:
    """Read a file and stage its lines in chunks; nothing becomes a task.

    Raises NotAllowed, or Refused with a sentence about the file. The batch shows up with its last
    chunk: until then it is being read.
    """
    require_import(by)
    look(key)
    if done := queries.batch_with_key(key):
        return done
    _set_stands(category, year)
    upload.seek(0)
    data = upload.read()
    grids = read_tables(str(upload.name or ""), data, limit=settings.UPLOAD_LIMIT)
    mapping = mapping_of(grids)
    upload.seek(0)
    prepared = prepare(upload)
    with transaction.atomic():
        hold(key)
        if done := queries.batch_with_key(key):
            return done
        batch = ImportBatch.objects.create(
            name=clean_name(str(upload.name or "")),
            sha256=hashlib.sha256(data).hexdigest(),
            category=category,
            year=year,
            default_due=default_due,
            state=State.CHECKING,
            mapping=mapping,
            lines=sum(len(grid.lines) for grid in grids),
            by_id=person_of(by).pk,
            created_at=clock.now(),
            working_since=clock.now(),
            key=key,
        )
        attach(batch.ref, [prepared], by=by)
        record(batch.ref, "import.upload", by=by, name=batch.name, lines=batch.lines)
    _stage(batch, grids)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.STAGED, done=0, working_since=None)
    batch.refresh_from_db()
    return batch


def _set_stands(category: Category, year: int) -> None:
    if not category.active:
        raise Refused(_("Choose a category that is in use."), "category")
    if not 2000 <= year <= 2099:
        raise Refused(_("The year must lie between 2000 and 2099."), "year")


def _stage(batch: ImportBatch, grids: Sequence[Grid]) -> None:
    """Write the lines, a chunk per transaction."""
    rows = [
        ImportRow(
            batch=batch,
            table=number,
            row=line.row,
            cells=list(line.cells),
            text="\n".join(filter(None, line.cells)),
            down=sorted(line.down),
            across=sorted(line.across),
        )
        for number, grid in enumerate(grids)
        for line in grid.lines
    ]
    for start in range(0, len(rows), CHUNK):
        with transaction.atomic():
            ImportRow.objects.bulk_create(rows[start : start + CHUNK])
            ImportBatch.objects.filter(pk=batch.pk).update(done=start + CHUNK)


def mapping_of(grids: Sequence[Grid]) -> list[dict[str, Any]]:
    """What each table of a file seems to be; a table that goes on takes the columns before it."""
    mapping: list[dict[str, Any]] = []
    last: Header | None = None
    for grid in grids:
        header = find_header(grid)
        if header is not None:
            last = header
            mapping.append(entry_of(grid.name, header))
        elif last is not None and continues(grid, last):
            going_on = Header(-1, -1, last.names, last.columns)
            mapping.append(entry_of(grid.name, going_on))
        else:
            names = tuple(grid.lines[0].text(i) for i in range(grid.width))
            unknown = Header(0, 0, names, columns_of(names))
            mapping.append(entry_of(grid.name, unknown, use=False))
    return mapping


def entry_of(name: str, header: Header, *, use: bool = True) -> dict[str, Any]:
    """A table's entry in the mapping of its batch."""
    return {
        "name": name,
        "first": header.first,
        "last": header.last,
        "names": list(header.names),
        "columns": [str(column) for column in header.columns],
        "use": use,
    }


def map_columns(
    batch: ImportBatch, entries: Sequence[dict[str, Any]], *, by: Actor, rev: int
) -> ImportBatch:
    """Confirm which tables are used and what their columns mean; the check comes next.

    Raises NotAllowed, Stale, or Refused where a used table has no title column.
    """
    require_import(by)
    if len(entries) != len(batch.mapping):
        raise NotAllowed(_("The file has other tables than this form; look at it again."))
    used = [entry for entry in entries if entry["use"]]
    if not used:
        raise Refused(_("Choose at least one table to import."))
    for entry in used:
        _columns_stand(entry)
    with transaction.atomic():
        require_open(queries.locked(batch))
        batch = claim(batch, rev, mapping=list(entries))
        record(batch.ref, "import.map", by=by, tables=[entry["name"] for entry in used])
    return batch


def _columns_stand(entry: dict[str, Any]) -> None:
    columns = [Column(column) for column in entry["columns"]]
    words = {"table": entry["name"]}
    if columns.count(Column.TITLE) != 1:
        raise Refused(
            _("Say which one column of “%(table)s” holds the titles of the tasks.") % words
        )
    for single in (Column.NUMBER, Column.LEAD, Column.OWNER, Column.LEADER, Column.DUE):
        if columns.count(single) > 1:
            raise Refused(
                _("In “%(table)s” two columns are marked “%(column)s”; one is enough.")
                % {**words, "column": single.label}
            )
