"""Final results of a set as an Excel workbook; no text becomes a formula."""

from collections.abc import Sequence
from typing import IO

from django.utils.translation import gettext as _

from luoshi.kit.books import Cell, Column, Share, writing
from luoshi.reports.queries.results import ResultLine


def _columns() -> list[Column]:
    """Heads and widths."""
    return [
        (_("Number"), 14),
        (_("Task"), 44),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("Own set"), 20),
        (_("Progress"), 9),
        (_("Result due on"), 13),
        (_("State"), 12),
        (_("Result given on"), 13),
        (_("Result given by"), 12),
        (_("Achieved value"), 12),
        (_("Target value"), 12),
        (_("Unit of measurement"), 10),
        (_("Final result"), 70),
    ]


def _cells(line: ResultLine) -> list[Cell]:
    task, report = line.counting.task, line.report
    return [
        task.number,
        task.title,
        task.unit.name,
        task.owner.name if task.owner else "",
        task.category.name,
        Share(task.progress / 100),
        line.counting.result_due,
        str(line.state.label),
        line.given_on,
        report.by.name if report else "",
        report.achieved if report else None,
        task.target_value,
        task.target_unit,
        report.body if report else "",
    ]


def workbook(lines: Sequence[ResultLine]) -> IO[bytes]:
    """The lines as a workbook, ready to be read from its beginning."""
    columns = _columns()
    with writing() as book:
        sheet = book.sheet(_("Final results"), columns, fixed=2)
        for line in lines:
            sheet.line(_cells(line))
        sheet.filters(len(columns))
        return book.file()
