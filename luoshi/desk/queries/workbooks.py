"""Lists as Excel workbooks. Numbers stay numbers, dates dates; no text becomes a formula."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from luoshi.desk.queries.listing import Row
from luoshi.intake.queries.changes import mark_of, values_exported
from luoshi.intake.rules.changes import FIELDS, LONGEST_CELL, MARK, MEMORY_SHEET, written
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
        (_("Weight"), 8),
        (_("Urgency"), 10),
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
        float(task.weight) if task.weight is not None else None,
        task.get_urgency_display(),
        task.details,
        task.standard,
    ]


@dataclass(frozen=True)
class Asked:
    """What a list was asked for, in words, by whom and when; it stands in the workbook."""

    query: str
    by: str
    at: dt.datetime


def task_list(rows: Sequence[Row[Task]], asked: Asked) -> IO[bytes]:
    """The rows as a workbook, ready to be read from its beginning.

    Edited in Excel it may come back (TSK-5): a hidden column tells the tasks apart, a hidden sheet
    remembers what was exported (`intake.readers.returned`), a last sheet says what it is.
    """
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
    key = len(_columns())
    sheet.set_column(key, key, 14, None, {"hidden": True})
    sheet.write_string(0, key, _("Mark of the task (leave it)"), head)
    sheet.freeze_panes(1, 2)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(_cells(row)):
            _write(sheet, line, place, value, formats)
        sheet.write_string(line, key, mark_of(row.task.pk))
    sheet.autofilter(0, 0, max(len(rows), 1), len(_columns()) - 1)
    _explain(book, len(rows), asked)
    _remember(book.add_worksheet(MEMORY_SHEET), rows, asked, formats)
    book.close()
    file.seek(0)
    return file


def _explain(book: Any, count: int, asked: Asked) -> None:
    """What the list is, and what happens when it comes back."""
    sheet = book.add_worksheet(_("About this list"))
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 90)
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
    fields = _(", ").join(str(field.label) for field in FIELDS)
    lines = [
        (_("Exported at"), timezone.localtime(asked.at).strftime("%Y-%m-%d %H:%M")),
        (_("Exported by"), asked.by),
        (_("Query"), asked.query),
        (_("Tasks"), str(count)),
        (
            _("To change"),
            _(
                "Change these columns in the list, save, and bring the workbook back under Tasks › "
                "Change lists: %(fields)s. Nothing is changed before you have seen and ticked it."
            )
            % {"fields": fields},
        ),
        (
            _("Not here"),
            _(
                "Rows added or deleted change nothing: new tasks are imported from a task table, "
                "cancelling is done on the page of the task."
            ),
        ),
    ]
    for line, (label, text) in enumerate(lines):
        sheet.write_string(line, 0, label, bold)
        sheet.write_string(line, 1, text, wrapped)


def _remember(sheet: Any, rows: Sequence[Row[Task]], asked: Asked, formats: dict[str, Any]) -> None:
    """What was exported, so that a change made here since is told from one made in Excel."""
    sheet.very_hidden()
    heads = (
        (MARK, asked.at.isoformat(), asked.by, asked.query[:LONGEST_CELL]),
        ("key", "rev", *(field.name for field in FIELDS)),
        (_("Mark of the task (leave it)"), "", *(str(field.label) for field in FIELDS)),
    )
    for line, texts in enumerate(heads):
        for place, text in enumerate(texts):
            _write(sheet, line, place, text, formats)
    for line, row in enumerate(rows, start=len(heads)):
        task = row.task
        sheet.write_string(line, 0, mark_of(task.pk))
        sheet.write_number(line, 1, task.rev)
        for place, (field, value) in enumerate(
            zip(FIELDS, values_exported(task), strict=True), start=2
        ):
            _write(sheet, line, place, written(field, value), formats)


_PROGRESS = 11


def _write(sheet: Any, line: int, place: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, dt.date):
        sheet.write_datetime(line, place, dt.datetime.combine(value, dt.time()), formats["day"])
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value, formats["share"] if place == _PROGRESS else None)
    else:
        sheet.write_string(line, place, str(value)[:LONGEST_CELL], formats["text"])
