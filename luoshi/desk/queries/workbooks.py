"""Lists as Excel workbooks. Numbers stay numbers, dates dates; no text becomes a formula."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _

from luoshi.desk.queries.listing import Row
from luoshi.tasks.models import Task

#: Nothing typed by people is taken for a formula or a link.
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
        (_("Title"), 44),
        (_("Category"), 20),
        (_("Kind"), 10),
        (_("Level"), 10),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("Start"), 12),
        (_("Due date"), 12),
        (_("Stage"), 10),
        (_("State"), 12),
        (_("Progress"), 8),
        (_("Points"), 8),
        (_("Details"), 44),
        (_("Assessment standard"), 44),
    ]


def _cells(row: Row[Task]) -> list[Any]:
    task = row.task
    return [
        task.number,
        task.title,
        task.category.name,
        task.get_kind_display(),
        task.get_tier_display(),
        task.unit.name,
        row.owner,
        task.start,
        task.due,
        task.get_status_display(),
        "" if row.is_draft else row.light.label,
        task.progress / 100,
        float(task.points) if task.points is not None else None,
        task.details,
        task.standard,
    ]


def task_list(rows: Sequence[Row[Task]], today: dt.date) -> IO[bytes]:
    """The rows as a workbook, ready to be read from its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 — the answer closes it
    book = xlsxwriter.Workbook(file, OPTIONS)
    sheet = book.add_worksheet(_("Task list"))
    head = book.add_format({"bold": True, "bg_color": "#eef2f7", "border": 1, "text_wrap": True})
    formats = {
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "share": book.add_format({"num_format": "0%"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for place, (label, width) in enumerate(_columns()):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, label, head)
    sheet.freeze_panes(1, 2)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(_cells(row)):
            _write(sheet, line, place, value, formats)
    sheet.autofilter(0, 0, max(len(rows), 1), len(_columns()) - 1)
    book.close()
    file.seek(0)
    return file


_PROGRESS = 11


def _write(sheet: Any, line: int, place: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, dt.date):
        sheet.write_datetime(line, place, dt.datetime.combine(value, dt.time()), formats["day"])
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value, formats["share"] if place == _PROGRESS else None)
    else:
        sheet.write_string(line, place, str(value)[:32_000], formats["text"])
