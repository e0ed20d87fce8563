"""Run by itself as a program: a workbook on the standard input, its sheets as JSON on the output.

A workbook may ask for more memory than there is, and the library that reads it then ends the whole
program. So it is read in a program of its own, with limits, that imports nothing of this house.
"""

import contextlib
import datetime as dt
import io
import json
import sys
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEMORY = 2 * 1024**3  # bytes of address space
SECONDS = 60  # of computing


def limit() -> None:
    """Take memory and time away from this program, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  (not on every system)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(value: Any) -> Any:
    """A value as JSON can hold it: days and times as a pair of kind and text."""
    if isinstance(value, dt.datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, dt.date):
        return ["date", value.isoformat()]
    if isinstance(value, dt.time):
        return ["time", value.isoformat()]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)


def sheet_of(book: CalamineWorkbook, index: int) -> dict[str, Any]:
    """One sheet: its name, the filled rows with their numbers (from 0), the merged ranges."""
    sheet = book.get_sheet_by_index(index)
    found: dict[str, Any] = {"name": sheet.name, "rows": [], "merged": []}
    if sheet.start is None:
        return found
    before = [""] * sheet.start[1]  # rows come from the top of the sheet, columns from the first
    for number, row in enumerate(sheet.iter_rows()):
        if any(value not in ("", None) for value in row):
            found["rows"].append([number, before + [plain(value) for value in row]])
    found["merged"] = [
        (first[0], first[1], last[0], last[1]) for first, last in sheet.merged_cell_ranges or ()
    ]
    return found


def main() -> None:
    limit()
    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    every = "--hidden" in sys.argv
    sheets = [
        sheet_of(book, index)
        for index, sheet in enumerate(book.sheets_metadata)
        if sheet.typ == SheetTypeEnum.WorkSheet
        and (every or sheet.visible == SheetVisibleEnum.Visible)
    ]
    sys.stdout.buffer.write(json.dumps(sheets, ensure_ascii=False).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
