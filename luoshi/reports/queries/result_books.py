"""Final results of a set as an Excel workbook; no text becomes a formula."""

import tempfile
from collections.abc import Sequence
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _

from luoshi.reports.queries.results import ResultLine

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def _columns() -> list[tuple[str, int]]:
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


def _cells(line: ResultLine) -> list[Any]:
    task, report = line.counting.task, line.report
    return [
        task.number,
        task.title,
        task.unit.name,
        task.owner.name if task.owner else "",
        task.category.name,
        task.progress / 100,
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
    file = tempfile.TemporaryFile()  # noqa: SIM115 — the answer closes it
    book = xlsxwriter.Workbook(file, OPTIONS)
    sheet = book.add_worksheet(_("Final results"))
    head = book.add_format({"bold": True, "bg_color": "#eef2f7", "border": 1, "text_wrap": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    share = book.add_format({"num_format": "0%"})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    for place, (label, width) in enumerate(_columns()):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, label, head)
    sheet.freeze_panes(1, 2)
    for number, line in enumerate(lines, start=1):
        for place, value in enumerate(_cells(line)):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                sheet.write_string(number, place, value, text)
            elif hasattr(value, "year"):
                sheet.write_datetime(number, place, value, day)
            else:
                sheet.write_number(number, place, float(value), share if place == 5 else None)
    sheet.autofilter(0, 0, max(len(lines), 1), len(_columns()) - 1)
    book.close()
    file.seek(0)
    return file
