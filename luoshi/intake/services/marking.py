"""A copy of the file with every fault at its cell: coloured, with a comment, and a list in front.

Nothing is written to the database here.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
import xlsxwriter
from django.utils.translation import gettext as _
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch
from luoshi.intake.queries import Fault
from luoshi.intake.rules.grid import Grid
from luoshi.intake.rules.messages import Level

#: Fill of a marked cell; the comment says in words what the colour means.
FILLS = {Level.ERROR: "FFC7CE", Level.OPEN: "FFE699", Level.ASK: "FFF9C4"}
#: Larger workbooks are rebuilt from their texts instead of being edited.
MOST_EDITED = 5 * 1024 * 1024
_WEIGHT = (Level.ERROR, Level.OPEN, Level.ASK)
_AUTHOR = "落实"


def marked_copy(batch: ImportBatch) -> bytes:
    """The workbook (.xlsx) of a batch with its faults marked; other files become a workbook."""
    faults = queries.faults_of(batch, *_WEIGHT)
    data = queries.content_of(batch)
    if data and batch.name.lower().endswith(".xlsx") and len(data) <= MOST_EDITED:
        try:
            return _edited(batch, data, faults)
        except (KeyError, ValueError, TypeError, AttributeError, OSError):
            pass  # a workbook openpyxl cannot keep as it is: its texts are kept
    return _rebuilt(batch, queries.grids_of(batch), faults)


def _by_cell(faults: Iterable[Fault]) -> dict[tuple[int, int, int], list[Fault]]:
    """Faults by table, row and column; those of a whole row stand at its first cell."""
    cells: dict[tuple[int, int, int], list[Fault]] = {}
    for fault in faults:
        cells.setdefault((fault.table, fault.row, fault.column or 0), []).append(fault)
    return cells


def _words(faults: Sequence[Fault]) -> str:
    return "\n".join(f"【{fault.level.label}】{fault.sentence}" for fault in faults)


def _heaviest(faults: Sequence[Fault]) -> Level:
    return min((fault.level for fault in faults), key=_WEIGHT.index)


def _edited(batch: ImportBatch, data: bytes, faults: Sequence[Fault]) -> bytes:
    """The original workbook, its cells marked."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for (table, row, column), said in _by_cell(faults).items():
        sheet = book[batch.mapping[table]["name"]]
        cell = _top_left(sheet, row, column + 1)
        text = _words(said)
        if cell.comment is not None:
            text = f"{cell.comment.text}\n{text}"
        cell.comment = Comment(text, _AUTHOR, width=320, height=120)
        cell.fill = PatternFill("solid", fgColor=FILLS[_heaviest(said)])
    listed = book.create_sheet(_list_name(book.sheetnames))
    listed.append(_heads())
    for fault in faults:
        listed.append([fault.place, str(fault.level.label), _plain(fault.sentence)])
    for letter, width in (("A", 18), ("B", 16), ("C", 90)):
        listed.column_dimensions[letter].width = width
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _top_left(sheet: Any, row: int, column: int) -> Any:
    """The cell itself, or the one that holds the text of its merged range."""
    for merged in sheet.merged_cells.ranges:
        if merged.min_row <= row <= merged.max_row and merged.min_col <= column <= merged.max_col:
            return sheet.cell(merged.min_row, merged.min_col)
    return sheet.cell(row, column)


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _heads() -> list[str]:
    return [_("Cell"), _("How serious"), _("What is the matter")]


def _list_name(taken: Iterable[str]) -> str:
    name = str(_("Questions"))[:28]
    number = 1
    taken = set(taken)
    found = name
    while found in taken:
        number += 1
        found = f"{name}{number}"
    return found


def _rebuilt(batch: ImportBatch, grids: Sequence[Grid], faults: Sequence[Fault]) -> bytes:
    """A workbook made of the texts, a sheet per table, at the same addresses."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    plain = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "border": 1})
    fills = {
        level: book.add_format(
            {"num_format": "@", "text_wrap": True, "valign": "top", "border": 1, "bg_color": colour}
        )
        for level, colour in FILLS.items()
    }
    cells = _by_cell(faults)
    names: list[str] = []
    for number, grid in enumerate(grids):
        name = grid.name[:31] if grid.name[:31] not in names else f"{number + 1}"
        names.append(name)
        sheet = book.add_worksheet(name)
        sheet.set_column(0, max(grid.width - 1, 0), 18)
        for line in grid.lines:
            for column, text in enumerate(line.cells):
                said = cells.get((number, line.row, column), [])
                style = fills[_heaviest(said)] if said else plain
                sheet.write_string(line.row - 1, column, text, style)
        for (table, row, column), said in cells.items():
            if table == number:
                sheet.write_comment(
                    row - 1, column, _words(said), {"author": _AUTHOR, "x_scale": 2.2}
                )
                if column >= _width_of(grid, row):
                    sheet.write_blank(row - 1, column, None, fills[_heaviest(said)])
    _write_list(book, _list_name(names), faults)
    book.close()
    return stream.getvalue()


def _width_of(grid: Grid, row: int) -> int:
    return next((len(line.cells) for line in grid.lines if line.row == row), 0)


def _write_list(book: Any, name: str, faults: Sequence[Fault]) -> None:
    listed = book.add_worksheet(name)
    listed.set_column(0, 1, 18)
    listed.set_column(2, 2, 90)
    listed.write_row(0, 0, _heads())
    for number, fault in enumerate(faults, 1):
        for column, text in enumerate((fault.place, str(fault.level.label), fault.sentence)):
            listed.write_string(number, column, text)


def blank_template() -> bytes:
    """An empty table with the usual columns, for who has none yet; every cell is text."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet(_("Task table"))
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#E6F0FF", "valign": "top"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    titles = (
        ("序号", 6), ("类别", 14), ("任务名称", 40), ("目标任务", 40), ("考核标准", 30),
        ("牵头单位", 18), ("配合单位", 24), ("责任人", 10), ("分管领导", 10), ("分值", 6),
        ("完成时限", 14), ("备注", 20),
    )  # fmt: skip
    for column, (title, width) in enumerate(titles):
        sheet.set_column(column, column, width, text)
        sheet.write_string(0, column, title, head)
    sheet.freeze_panes(1, 0)
    book.close()
    return stream.getvalue()
