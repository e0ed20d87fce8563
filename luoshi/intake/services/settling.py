"""The clerk's answers: open names and dates, corrected rows, assumptions, rows left out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, ImportRow, RowState, UnresolvedName
from luoshi.intake.rules.stored import packed_edits
from luoshi.intake.rules.table import LONGEST_TITLE, NameKind
from luoshi.intake.services.checking import check
from luoshi.intake.services.staging import claim, require_import, require_open
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused
from luoshi.people.services.aliases import remember_alias
from luoshi.trail.services import record


@dataclass(frozen=True)
class Answer:
    """What a name or date of the file means. Nothing given and ``ignore``: nothing at all.

    ``remember`` keeps the name as another name of its one unit, for the next table.
    """

    name: UnresolvedName
    units: tuple[int, ...] = ()
    person: int | None = None
    day: dt.date | None = None
    ignore: bool = False
    remember: bool = False

    @property
    def given(self) -> bool:
        return bool(self.ignore or self.units or self.person or self.day)


def settle_names(
    batch: ImportBatch, answers: Sequence[Answer], *, by: Actor, rev: int
) -> ImportBatch:
    """Write down the answers and check the rows again. Answers not given stay open.

    Raises NotAllowed, Stale, Refused.
    """
    write_answers(batch, answers, by=by, rev=rev)
    return check(batch, by=by)


def write_answers(batch: ImportBatch, answers: Sequence[Answer], *, by: Actor, rev: int) -> None:
    """Write the answers down; the rows are not checked again yet."""
    require_import(by)
    given = [answer for answer in answers if answer.given]
    with transaction.atomic():
        require_open(queries.locked(batch))
        batch = claim(batch, rev)
        for answer in given:
            _settle(answer, by)
        record(batch.ref, "import.settle", by=by, names=[a.name.text for a in given])


def _settle(answer: Answer, by: Actor) -> None:
    name = answer.name
    name.settled = True
    name.person_id = answer.person if name.kind == NameKind.PERSON else None
    name.day = answer.day if name.kind == NameKind.DATE else None
    name.save(update_fields=["settled", "person", "day"])
    units = answer.units if name.kind == NameKind.UNIT else ()
    name.units.set(units)
    if answer.remember and len(units) == 1:
        remember_alias(units[0], name.text, by=by)


def reopen_name(name: UnresolvedName, *, by: Actor, rev: int) -> ImportBatch:
    """Take an answer back; the name waits again."""
    require_import(by)
    with transaction.atomic():
        require_open(queries.locked(name.batch))
        batch = claim(name.batch, rev)
        name.settled, name.person, name.day = False, None, None
        name.save(update_fields=["settled", "person", "day"])
        name.units.clear()
        record(batch.ref, "import.settle", by=by, reopened=name.text)
    return check(batch, by=by)


def edit_row(
    row: ImportRow, values: Mapping[str, Any], *, by: Actor, rev: int, leave_out: bool = False
) -> ImportBatch:
    """Type over a row: fields of `rules.table.Row` by name. Raises NotAllowed, Stale, Refused."""
    require_import(by)
    title = values.get("title")
    if title is not None and len(title) > LONGEST_TITLE:
        raise Refused(_("The title may have 200 characters at most."), "title")
    with transaction.atomic():
        require_open(queries.locked(row.batch))
        batch = claim(row.batch, rev)
        row.edits = {**row.edits, **packed_edits(values)}
        row.left_out = leave_out
        row.save(update_fields=["edits", "left_out"])
        record(
            batch.ref, "import.edit_row", by=by, row=row.row, fields=sorted(values),
            left_out=leave_out,
        )  # fmt: skip
    return check(batch, by=by)


def confirm_rows(
    batch: ImportBatch, rows: Sequence[int] | None, *, by: Actor, rev: int
) -> ImportBatch:
    """Confirm what was assumed in these rows (by key), or in all of them (None)."""
    require_import(by)
    with transaction.atomic():
        require_open(queries.locked(batch))
        batch = claim(batch, rev)
        asked = batch.rows.filter(state=RowState.WARN)
        if rows is not None:
            asked = asked.filter(pk__in=rows)
        places = list(asked.values_list("row", flat=True))
        asked.update(confirmed=True, state=RowState.OK)
        left = batch.rows.filter(state=RowState.WARN).count()
        ImportBatch.objects.filter(pk=batch.pk).update(warnings=left)
        record(batch.ref, "import.confirm", by=by, rows=places[:500], count=len(places))
    batch.refresh_from_db()
    return batch


def leave_out_rows(batch: ImportBatch, *, by: Actor, rev: int) -> ImportBatch:
    """Leave out every row that cannot be imported as it stands."""
    require_import(by)
    with transaction.atomic():
        require_open(queries.locked(batch))
        batch = claim(batch, rev)
        wrong = batch.rows.filter(state=RowState.ERROR)
        places = list(wrong.values_list("row", flat=True))
        wrong.update(left_out=True)
        record(batch.ref, "import.edit_row", by=by, rows=places[:500], left_out=True)
    return check(batch, by=by)
