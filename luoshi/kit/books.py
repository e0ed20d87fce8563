"""Excel workbooks, written row by row: numbers stay numbers, days days, no text becomes a formula.

    with writing() as book:
        sheet = book.sheet(_("Task list"), [(_("Number"), 14), (_("Title"), 44)], fixed=2)
        for task in tasks:
            sheet.line([task.number, task.title])
        return book.file()

Rows go to a file on disk as they come, and a process writes one book at a time: eight long lists at
once need no more memory than one.
"""

import datetime as dt
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils import timezone

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
    "tenths": {"num_format": "0.0%"},
}
#: The day Excel counts from; days before March 1900 it counts wrongly, they are written as text.
_BEGINNING = dt.date(1899, 12, 30).toordinal()
_FIRST = dt.date(1900, 3, 1)
_ONE_AT_A_TIME = threading.Lock()


class Share(float):
    """A percentage: 0.25 is shown as 25 %."""


class Tenths(float):
    """A percentage with one decimal: 0.814 is shown as 81.4 %."""


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
            sheet.for_paper()
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
        self._formats = formats
        self._row = 0

    @property
    def rows(self) -> int:
        """Rows written below the titles."""
        return max(self._row - 1, 0)

    def for_paper(self) -> None:
        """Printed on A4 across, as wide as the page, with the titles and a number on each."""
        self.frame.set_landscape()
        self.frame.set_paper(9)
        self.frame.fit_to_pages(1, 0)
        self.frame.repeat_rows(0)
        self.frame.set_footer("&C&P / &N")

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
        row = self._row
        self._row = row + 1
        for place, value in enumerate(cells):
            if value is not None and value != "":
                self._cell(row, place, value)

    def _cell(self, row: int, place: int, value: Cell) -> None:
        """By its type; what Excel cannot count is written as text."""
        formats, frame = self._formats, self.frame
        name = _TEXTS.get(type(value))
        if name is None:
            for kind, name_of_number, number_of in _NUMBERS:
                if isinstance(value, kind):
                    number = number_of(value)
                    if number is not None:
                        frame.write_number(row, place, number, formats.get(name_of_number))
                        return
        frame.write_string(row, place, _text(str(value)), formats[name or "text"])


def _day(value: dt.date) -> int | None:
    return value.toordinal() - _BEGINNING if value >= _FIRST else None


def _moment(value: dt.datetime) -> float | None:
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    day = _day(local.date())
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return None if day is None else day + seconds / 86_400


_TEXTS: dict[type, str] = {str: "text", _Head: "head", Bold: "bold"}
#: Kinds of cells that are numbers: how each is shown, and which number it is.
_NUMBERS: tuple[tuple[Any, str, Callable[[Any], float | None]], ...] = (
    (Share, "share", float),
    (Tenths, "tenths", float),
    (int | float | Decimal, "", float),
    (dt.datetime, "moment", _moment),
    (dt.date, "day", _day),
)


def _text(text: str) -> str:
    """As much of it as Excel takes.

    xlsxwriter takes what begins with <r> and ends with </r> for its own markup; a blank after it
    says that it is not.
    """
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    if len(text) > LONGEST // 2:
        return text.encode("utf-16-le")[: LONGEST * 2].decode("utf-16-le", "ignore")
    return text
