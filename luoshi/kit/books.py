"""Excel workbooks, written row by row: numbers stay numbers, days days, no text becomes a formula.

    with writing() as book:
        sheet = book.sheet(_("Task list"), [(_("Number"), 14), (_("Title"), 44)], fixed=2)
        for task in tasks:
            sheet.line([task.number, task.title])
        return book.file()

xlsxwriter makes the frame of the book; the rows are written here, as its way of a call and a dozen
checks per cell took two of three seconds of a list of 10,000 tasks. Rows go to a file on disk as
they come, and a process writes one book at a time: eight long lists at once need no more memory
than one.
"""

import datetime as dt
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from xlsxwriter.utility import xl_col_to_name

#: A cell: text, a number, a day, a moment, or one of the kinds below; None and "" leave it empty.
Cell = Any
#: A title and the width of its column.
Column = tuple[str, int]
#: Excel takes no longer text in a cell, in units of UTF-16.
LONGEST = 32_000

_FORMATS: dict[str, dict[str, Any]] = {
    "head": {"bold": True, "bg_color": "#eef2f7", "border": 1, "text_wrap": True},
    "bold": {"bold": True},
    "text": {"text_wrap": True, "valign": "top"},
    "day": {"num_format": "yyyy-mm-dd"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm"},
    "share": {"num_format": "0%"},
}
#: The day Excel counts from; days before March 1900 it counts wrongly, they are written as text.
_BEGINNING = dt.date(1899, 12, 30).toordinal()
_FIRST = dt.date(1900, 3, 1)
_ONE_AT_A_TIME = threading.Lock()


class Share(float):
    """A percentage: 0.25 is shown as 25 %."""


class Bold(str):
    """A text in bold."""

    __slots__ = ()


class _Head(str):
    """The title of a column."""

    __slots__ = ()


@contextmanager
def writing() -> Iterator["Book"]:
    """A workbook to be written; other threads that want one wait until it is finished."""
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory() as folder:
        file = tempfile.TemporaryFile()  # noqa: SIM115 — the answer closes it
        try:
            yield Book(file, folder)
        except BaseException:
            file.close()
            raise


class Book:
    """A workbook being written to a file, by way of a folder for what is not finished."""

    def __init__(self, file: IO[bytes], folder: str) -> None:
        self._file = file
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        self._formats = {name: self._book.add_format(how) for name, how in _FORMATS.items()}

    def sheet(self, name: str, columns: Sequence[Column] = (), *, fixed: int = 1) -> "Sheet":
        """A further sheet with the titles of its columns; the first ``fixed`` columns stay."""
        sheet = Sheet(self._book.add_worksheet(name[:31]), self._formats)
        if columns:
            sheet.widths([width for _label, width in columns])
            sheet.line([_Head(label) for label, _width in columns])
            sheet.frame.freeze_panes(1, fixed)
        return sheet

    def file(self) -> IO[bytes]:
        """The finished workbook, ready to be read from its beginning."""
        self._book.close()
        self._file.seek(0)
        return self._file


class Sheet:
    """A sheet of a book; rows are written one after the other. ``frame`` is that of xlsxwriter."""

    def __init__(self, frame: Any, formats: dict[str, Any]) -> None:
        self.frame = frame
        self._row = 0
        styles = {name: f's="{style._get_xf_index()}"' for name, style in formats.items()}
        self._styles = {str: styles["text"], _Head: styles["head"], Bold: styles["bold"]}
        self._number: dict[str, str] = {"": "", **styles}

    @property
    def rows(self) -> int:
        """Rows written below the titles."""
        return max(self._row - 1, 0)

    def widths(self, widths: Iterable[int]) -> None:
        """How wide each column is, in characters."""
        for place, width in enumerate(widths):
            self.frame.set_column(place, place, width)

    def hide(self, place: int, width: int) -> None:
        """A column that is not shown."""
        self.frame.set_column(place, place, width, None, {"hidden": True})

    def filters(self, columns: int) -> None:
        """Buttons to filter by in the titles of the first columns; called after the last row."""
        self.frame.autofilter(0, 0, max(self.rows, 1), columns - 1)

    def line(self, cells: Sequence[Cell]) -> None:
        """The next row."""
        frame, row = self.frame, self._row
        self._row = row + 1
        if not cells:
            return
        frame._write_single_row(row)
        frame._check_dimensions(row, len(cells) - 1)
        number = row + 1
        written = [
            self._cell(f'r="{letters}{number}"', value)
            for letters, value in zip(_letters(len(cells)), cells, strict=True)
            if value is not None and value != ""
        ]
        frame.fh.write(f'<row r="{number}">{"".join(written)}</row>')

    def _cell(self, place: str, value: Cell) -> str:
        style = self._styles.get(type(value))
        if style is not None:
            return _text(place, style, value)
        for kind, name, number in _KINDS:
            if isinstance(value, kind):
                found = number(value)
                if found is not None:
                    return f"<c {place} {self._number[name]}><v>{found:.16G}</v></c>"
        return _text(place, self._styles[str], str(value))


def _day(value: dt.date) -> int | None:
    return value.toordinal() - _BEGINNING if value >= _FIRST else None


def _moment(value: dt.datetime) -> float | None:
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    day = _day(local.date())
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return None if day is None else day + seconds / 86_400


#: Kinds of cells that are numbers: how each is shown, and which number it is.
_KINDS: tuple[tuple[Any, str, Callable[[Any], float | None]], ...] = (
    (Share, "share", float),
    (int | float | Decimal, "", float),
    (dt.datetime, "moment", _moment),
    (dt.date, "day", _day),
)

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")


def _text(place: str, style: str, text: str) -> str:
    if len(text) > LONGEST // 2:
        text = text.encode("utf-16-le")[: LONGEST * 2].decode("utf-16-le", "ignore")
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c {place} {style} t="inlineStr"><is><t{space}>{text}</t></is></c>'


@cache
def _letters(count: int) -> tuple[str, ...]:
    """Names of the first columns: A, B, …, AA."""
    return tuple(map(xl_col_to_name, range(count)))
