"""A table looked at in memory: what an import would say, with nothing written anywhere."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from luoshi.intake import queries
from luoshi.intake.rules.drafts import Into
from luoshi.intake.rules.grid import Grid, Line
from luoshi.intake.rules.headers import Column
from luoshi.intake.rules.table import Books, Carry, Row, RowKind, understand_table
from luoshi.intake.services.checking import with_faults
from luoshi.intake.services.staging import mapping_of
from luoshi.kit.verdict import Refused
from luoshi.measures.models import Category


@dataclass(frozen=True)
class Seen:
    """A row as it would be imported: its table, and where each column stands."""

    table: str
    row: Row
    places: dict[Column, int]


def look_at(
    grids: Sequence[Grid],
    *,
    category: Category,
    year: int,
    default_due: dt.date | None = None,
    units: Mapping[str, tuple[int, ...]] | None = None,
    people: Mapping[str, int | None] | None = None,
    days: Mapping[str, dt.date | None] | None = None,
) -> list[Seen]:
    """Understand every table that has a header; names and dates may be settled beforehand.

    Raises Refused where no table looks like a task table.
    """
    books = queries.books(year, default_due, units, people, days)
    seen: list[Seen] = []
    pairs: list[tuple[int, Row]] = []
    mapping = mapping_of(grids)
    carry = Carry()
    for number, (grid, entry) in enumerate(zip(grids, mapping, strict=True)):
        if not entry["use"]:
            continue
        carry = carry if entry["first"] < 0 else Carry()
        columns = [Column(column) for column in entry["columns"]]
        places = {column: columns.index(column) for column in columns}
        for row in _rows(grid, entry, columns, books, carry):
            pairs.append((number, row))
            seen.append(Seen(grid.name, row, places))
    if not seen:
        raise Refused(_("No header of a task table was found in the file."), "file")
    return _with_faults(seen, pairs, category, year)


def _rows(
    grid: Grid, entry: dict[str, Any], columns: list[Column], books: Books, carry: Carry
) -> list[Row]:
    start = entry["last"] + 1
    headers: Sequence[Line] = grid.lines[max(entry["first"], 0) : start]
    return understand_table(
        grid.lines[start:], entry["names"], columns, books, headers=headers, carry=carry
    )


def _with_faults(
    seen: list[Seen], pairs: list[tuple[int, Row]], category: Category, year: int
) -> list[Seen]:
    """What the tasks' own rules would refuse is said here too."""
    into = Into(category.pk, year, _("Section"), _("Number in the table"))
    wanted = [i for i, one in enumerate(seen) if one.row.kind == RowKind.TASK]
    checked = with_faults([pairs[i] for i in wanted], into)
    for index, row in zip(wanted, checked, strict=True):
        seen[index] = replace(seen[index], row=row)
    return seen
