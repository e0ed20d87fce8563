"""The task list as an Excel workbook that may come back changed (TSK-5)."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from luoshi.desk.queries.listing import Line, Rest, Row
from luoshi.intake.queries.changes import mark_of
from luoshi.intake.rules.changes import FIELDS, MARK, MEMORY_SHEET, written
from luoshi.kit.books import Bold, Book, Cell, Column, Share, Sheet, writing
from luoshi.measures.rules import Urgency
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Kind, Tier


def _columns() -> list[Column]:
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


class _Words:
    """Words for what is stored as a number or a key, looked up once per workbook."""

    def __init__(self) -> None:
        self.kinds, self.tiers = _words_of(Kind), _words_of(Tier)
        self.stages, self.urgencies = _words_of(Status), _words_of(Urgency)


def _words_of(choices: Any) -> dict[Any, str]:
    return {value: str(label) for value, label in choices.choices}


def _cells(row: Row[Line], rest: Rest, words: _Words) -> list[Cell]:
    task = row.task
    return [
        task.number,
        task.title,
        row.category,
        words.kinds[rest.kind],
        words.tiers[rest.tier],
        task.unit,
        row.owner,
        task.start,
        task.due,
        words.stages[task.status],
        "" if row.is_draft else row.light.label,
        Share(task.progress / 100),
        rest.points,
        rest.weight,
        words.urgencies[rest.urgency],
        rest.details,
        rest.standard,
        mark_of(task.pk),
    ]


@dataclass(frozen=True)
class Asked:
    """What a list was asked for, in words, by whom and when; it stands in the workbook."""

    query: str
    by: str
    at: dt.datetime


def task_list(rows: Iterable[tuple[Row[Line], Rest]], asked: Asked) -> IO[bytes]:
    """The rows as a workbook, ready to be read from its beginning.

    Edited in Excel it may come back (TSK-5): a hidden column tells the tasks apart, a hidden sheet
    remembers what was exported (`intake.readers.returned`), a last sheet says what it is.
    """
    columns, words = _columns(), _Words()
    with writing() as book:
        sheet = book.sheet(
            _("Task list"), [*columns, (_("Mark of the task (leave it)"), 14)], fixed=2
        )
        sheet.hide(len(columns), 14)
        about, memory = book.sheet(_("About this list")), _memory(book, asked)
        for row, rest in rows:
            sheet.line(_cells(row, rest, words))
            memory.line(_remembered(row, rest))
        sheet.filters(len(columns))
        _explain(about, sheet.rows, asked)
        return book.file()


def _explain(sheet: Sheet, count: int, asked: Asked) -> None:
    """What the list is, and what happens when it comes back."""
    sheet.widths([14, 90])
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
    for label, text in lines:
        sheet.line([Bold(label), text])


def _memory(book: Book, asked: Asked) -> Sheet:
    """The sheet of what was exported: a change made here since is told from one made in Excel."""
    sheet = book.sheet(MEMORY_SHEET)
    sheet.frame.very_hidden()
    sheet.line([MARK, asked.at.isoformat(), asked.by, asked.query])
    sheet.line(["key", "rev", *(field.name for field in FIELDS)])
    labels = (str(field.label) for field in FIELDS)
    sheet.line([_("Mark of the task (leave it)"), "", *labels])
    return sheet


def _remembered(row: Row[Line], rest: Rest) -> Sequence[Cell]:
    """The fields that may come back, in the order of `rules.changes.FIELDS`."""
    task = row.task
    values = {
        "title": task.title,
        "unit_id": task.unit,
        "owner_id": row.owner,
        "start": task.start,
        "due": task.due,
        **rest._asdict(),
    }
    texts = (written(field, values[field.name]) for field in FIELDS)
    return [mark_of(task.pk), rest.rev, *texts]
