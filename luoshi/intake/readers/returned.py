"""A task list that comes back from Excel: its rows, and what it remembers of the export.

The export keeps, beside the list, a hidden sheet (`rules.changes.MEMORY_SHEET`):

    mark · when · by · the query
    key · rev · names of the fields
    title of the key column · – · titles of the columns, as the list has them
    one row per task: key, rev, values as exported
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from luoshi.files import readers as looks
from luoshi.files import rules as files
from luoshi.intake.readers import workbooks
from luoshi.intake.rules.changes import MARK, MEMORY_SHEET
from luoshi.intake.rules.grid import Grid, Line
from luoshi.kit.typed import whole
from luoshi.kit.verdict import Refused, stands

#: Rows above the titles that somebody may have put in.
_MOST_ABOVE = 15


@dataclass(frozen=True)
class Remembered:
    """A task as it was exported: version, and texts of the fields by their names."""

    rev: int
    texts: dict[str, str]


@dataclass(frozen=True)
class ReturnedRow:
    """A row of the list: its number in the sheet, its mark, texts of the fields by name."""

    row: int
    mark: str
    texts: dict[str, str]


@dataclass
class Returned:
    """All of it. ``missing``: titles of columns that are no longer there."""

    exported_at: str
    query: str
    memory: dict[str, Remembered] = field(default_factory=dict)
    rows: list[ReturnedRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def read_returned(name: str, data: bytes, *, limit: int) -> Returned:
    """Read a list that came back. Raises Refused with a sentence about the file."""
    look = looks.look_at(io.BytesIO(data))
    stands(files.check_upload(look, name, limit), "file")
    if files.kind_of(look) not in ("xlsx", "xls", "ods"):
        raise Refused(
            _("“%(name)s” is no Excel workbook. Save the exported list as .xlsx and upload that.")
            % {"name": name},
            "file",
        )
    grids = workbooks.read(name, data, hidden=True)
    memory = next((grid for grid in grids if grid.name == MEMORY_SHEET), None)
    if memory is None or len(memory.lines) < 3 or memory.lines[0].text(0) != MARK:
        raise Refused(
            _(
                "“%(name)s” is no list exported from here, or lost what belongs to it when it was "
                "copied. Export the task list anew and edit that workbook itself."
            )
            % {"name": name},
            "file",
        )
    return _understood(name, memory, [grid for grid in grids if grid is not memory])


def _understood(name: str, memory: Grid, others: Sequence[Grid]) -> Returned:
    first, names, titles, *kept = memory.lines
    fields = list(names.cells[2:])
    found = Returned(exported_at=first.text(1), query=first.text(3))
    for line in kept:
        rev = whole(line.text(1))
        texts = {field: line.text(place) for place, field in enumerate(fields, start=2)}
        found.memory[line.text(0)] = Remembered(-1 if rev is None else rev, texts)
    head, body = _list_in(others, titles.text(0))
    if head is None:
        raise Refused(
            _("“%(name)s” has lost its column “%(title)s”, which tells the tasks apart.")
            % {"name": name, "title": titles.text(0)},
            "file",
        )
    places = {cell: place for place, cell in reversed(list(enumerate(head.cells)))}
    columns = {}
    for place, field_name in enumerate(fields, start=2):
        title = titles.text(place)
        if title in places:
            columns[field_name] = places[title]
        else:
            found.missing.append(title)
    mark = places[titles.text(0)]
    found.rows = [
        ReturnedRow(
            line.row,
            line.text(mark),
            {field_name: line.text(place) for field_name, place in columns.items()},
        )
        for line in body
    ]
    return found


def _list_in(grids: Sequence[Grid], key_title: str) -> tuple[Line | None, Sequence[Line]]:
    """The titles of the list and the lines below them."""
    for grid in grids:
        for place, line in enumerate(grid.lines[:_MOST_ABOVE]):
            if key_title in line.cells:
                return line, grid.lines[place + 1 :]
    return None, ()
