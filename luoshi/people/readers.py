"""Tables out of files (.xlsx, .xls, .csv): rows of plain text, with each cell's address."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from luoshi.kit.verdict import Refused
from luoshi.people import rules

MOST_ROWS = 20_000
MOST_BYTES = 30 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
#: After this many empty rows nothing more is looked for.
EMPTY_ROWS = 300
#: The heading stands in one of the first rows.
HEAD_ROWS = 15
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Row:
    """A row of a table: its number in the file, and what stands in the columns we know."""

    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """The rows of a file, where each known column stands, and headings we do not know."""

    rows: Sequence[Row]
    places: Mapping[str, int]
    unknown: Sequence[str] = ()
    head_row: int = 1

    def address(self, row: int, column: str) -> str:
        """The cell as a spreadsheet calls it (C5); of a column that is not there only the row."""
        place = self.places.get(column)
        return str(row) if place is None else f"{letters(place)}{row}"


def letters(place: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def as_text(value: Any) -> str:
    """A cell as text: 20210001.0 is "20210001", a date is ISO, nothing is ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return rules.tidy(str(value))


def read_table(file: BinaryIO, columns: Mapping[str, Sequence[str]]) -> Table:
    """The table in a file. ``columns``: our name of a column → the headings it may carry.

    The sheet with the most known headings is taken. Raises Refused with a sentence for anything
    that is not a table we can read.
    """
    best: Table | None = None
    for grid in _grids(file):
        table = _table(grid, columns)
        if table and (best is None or len(table.places) > len(best.places)):
            best = table
    if best is None:
        wanted = "、".join(names[0] for names in columns.values())
        raise Refused(
            _("No heading row was found. The first rows need headings such as %(names)s.")
            % {"names": wanted},
            "file",
        )
    if not best.rows:
        raise Refused(_("There are headings in this file, but no rows below them."), "file")
    return best


def _grids(file: BinaryIO) -> Iterator[Iterator[tuple[int, list[str]]]]:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Refused(
            _("The file is larger than %(size)s MB.") % {"size": MOST_BYTES // 1024 // 1024},
            "file",
        )
    if not content.strip():
        raise Refused(_("The file is empty."), "file")
    if content.startswith((_OLE, _ZIP)):
        yield from _sheets(content)
    else:
        yield _csv(content)


def _sheets(content: bytes) -> Iterator[Iterator[tuple[int, list[str]]]]:
    if content.startswith(_ZIP):
        _zip_stands(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            yield _numbered(sheet.iter_rows(), left=(sheet.start or (0, 0))[1])
    except PasswordError as error:
        raise Refused(
            _("The workbook is protected by a password. Save it without one and try again."), "file"
        ) from error
    except CalamineError as error:
        raise Refused(
            _("This is not a workbook that can be read. Save it as .xlsx and try again."), "file"
        ) from error


def _zip_stands(content: bytes) -> None:
    """Refuse what unpacks to far more than any table needs."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise Refused(_("The file is damaged. Save it again and try once more."), "file") from error
    if size > MOST_UNPACKED:
        raise Refused(
            _("This file unpacks to far more than a table needs; it is not read."), "file"
        )


def _numbered(rows: Any, left: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Rows with their number, up to a long stretch of empty ones; ``left`` columns are missing."""
    empty = 0
    for number, row in enumerate(rows, 1):
        cells = [""] * left + [as_text(cell) for cell in row]
        empty = 0 if any(cells) else empty + 1
        if empty > EMPTY_ROWS:
            return
        if any(cells):
            yield number, cells


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    mark = max("\t;,", key=first.count)
    try:
        yield from _numbered(csv.reader(io.StringIO(text), delimiter=mark))
    except csv.Error as error:
        raise Refused(_("This is not a table that can be read."), "file") from error


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused(
        _("This is not a table. Choose an .xlsx, .xls or .csv file."),
        "file",
    )


def _plain(heading: str) -> str:
    """A heading without blanks, notes in brackets and marks."""
    return re.sub(r"[\s*:：]|[（(].*?[)）]", "", heading).lower()


def _table(
    grid: Iterator[tuple[int, list[str]]], columns: Mapping[str, Sequence[str]]
) -> Table | None:
    known = {_plain(name): column for column, names in columns.items() for name in names}
    places: dict[str, int] = {}
    head_row, unknown = 0, []
    rows: list[Row] = []
    for number, cells in grid:
        if not places:
            if number > HEAD_ROWS:
                return None
            found = _places(cells, known)
            if len(found) >= 2:
                places, head_row = found, number
                unknown = [c for c in cells if c and _plain(c) not in known]
            continue
        row = {
            column: cells[place] if place < len(cells) else "" for column, place in places.items()
        }
        if any(row.values()):
            rows.append(Row(number, row))
        if len(rows) > MOST_ROWS:
            raise Refused(
                _("The table has more than %(count)s rows. Import it in parts.")
                % {"count": MOST_ROWS},
                "file",
            )
    return Table(rows, places, unknown, head_row) if places else None


def _places(cells: Sequence[str], known: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        column = known.get(_plain(cell))
        if column and column not in found:
            found[column] = place
    return found


def as_date(text: str) -> dt.date | None:
    """2026-4-18, 2026.4.18, 2026/4/18, 2026年4月18日, 2026年4月, 20260418 or a serial number."""
    text = text.strip()
    if re.fullmatch(r"[1-9][0-9]{4}", text):
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
    match = re.fullmatch(r"(\d{4})[-./年](\d{1,2})(?:[-./月](\d{1,2})?日?)?", text) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", text
    )
    if not match:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None
