"""Workbooks by calamine: fast, values only, merged ranges known."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from luoshi.intake.readers.cells import damaged, grid_from
from luoshi.intake.rules.grid import Grid, Range
from luoshi.kit.verdict import Refused

#: A sheet is laid out in memory as a rectangle; one stray cell far away must not fill the machine.
MOST_CELLS = 6_000_000
_FILLED = re.compile(rb'<c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_CHUNK = 4 * 1024 * 1024


def read(name: str, data: bytes) -> list[Grid]:
    """Every visible sheet, in order. Raises Refused where the file cannot be read."""
    if data.startswith(b"PK"):
        _refuse_stretched(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        wanted = [
            index
            for index, sheet in enumerate(book.sheets_metadata)
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        return [_sheet(book, index) for index in wanted]
    except Refused:
        raise
    except BaseException as error:
        # calamine reports a damaged file by exceptions of many kinds, panics among them
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise damaged(name) from error


def _sheet(book: Any, index: int) -> Grid:
    sheet = book.get_sheet_by_index(index)
    if sheet.start is None:
        return Grid(sheet.name, ())
    top, left = sheet.start
    rows = sheet.to_python(skip_empty_area=True)
    padded = ([""] * left + row for row in rows) if left else rows
    merged: list[Range] = [
        (first[0], first[1], last[0], last[1]) for first, last in sheet.merged_cell_ranges or ()
    ]
    return grid_from(sheet.name, padded, merged, top)


def _refuse_stretched(data: bytes) -> None:
    """Refuse a sheet whose filled cells span a rectangle too large to lay out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            for member in container.namelist():
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", member):
                    _measure(container, member)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError):
        return  # calamine will say that the file is damaged


def _pieces(container: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The content in pieces that overlap, so that no cell is cut in two."""
    tail = b""
    with container.open(member) as stream:
        while piece := stream.read(_CHUNK):
            yield tail + piece
            tail = piece[-300:]


def _measure(container: zipfile.ZipFile, member: str) -> None:
    columns: set[bytes] = set()
    lowest = 0
    for piece in _pieces(container, member):
        found = _FILLED.findall(piece)
        columns.update(letters for letters, _row in found)
        lowest = max([lowest, *(int(row) for _letters, row in found)])
    width = max((_column(letters) for letters in columns), default=0)
    if width * lowest > MOST_CELLS:
        last = max(columns, key=_column).decode()
        raise Refused(
            _(
                "The sheet stretches to cell %(cell)s. Delete the stray contents beside and below "
                "the table and upload it again."
            )
            % {"cell": f"{last}{lowest}"},
            "file",
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
