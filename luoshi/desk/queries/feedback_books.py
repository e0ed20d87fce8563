"""The feedback query in Excel, as seen: the same columns, filters and order, up to 10,000 rows.

Rows are read in pieces and written as they come, so that a book of any length needs little memory.
Numbers stay numbers, dates dates; no text becomes a formula or a link.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from luoshi.desk.queries import feedback, feedback_dues
from luoshi.desk.queries.feedback import STATES, VIEWS, ReportRow, Wanted
from luoshi.desk.queries.feedback_dues import Counts, DueRow
from luoshi.desk.queries.listing import MOST_EXPORTED
from luoshi.kit.books import Cell, Column, Share, writing
from luoshi.people.models import Person

PIECE = 500


def book_of(person: Person, wanted: Wanted, today: dt.date) -> IO[bytes]:
    """The workbook of a view, ready to be read from its beginning."""
    columns, rows = _CONTENTS[wanted.view](person, wanted, today)
    return write(str(VIEWS[wanted.view]), columns, rows)


def write(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """One sheet: heads, then rows as they come."""
    with writing() as book:
        sheet = book.sheet(name, columns)
        for row in rows:
            sheet.line(row)
        sheet.filters(len(columns))
        return book.file()


def _lines(
    rows: QuerySet[Any], lines_of: Callable[[list[int]], Iterable[Sequence[Cell]]]
) -> Iterator[Sequence[Cell]]:
    """The first `MOST_EXPORTED` rows in their order, read some hundred at a time.

    Where there are more, the last line says so.
    """
    keys = list(rows.values_list("pk", flat=True)[: MOST_EXPORTED + 1])
    more = len(keys) > MOST_EXPORTED
    keys = keys[:MOST_EXPORTED]
    for start in range(0, len(keys), PIECE):
        yield from lines_of(keys[start : start + PIECE])
    if more:
        words = _("Only the first %(n)s rows are here. Narrow the filters to export the rest.")
        yield [words % {"n": f"{MOST_EXPORTED:,}"}]


Contents = tuple[Sequence[Column], Iterable[Sequence[Cell]]]


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


def _reports(person: Person, wanted: Wanted, today: dt.date) -> Contents:
    columns = [
        (_("Task"), 40),
        (_("Number"), 14),
        (_("Category"), 20),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("Reported by"), 12),
        (_("Reported at"), 17),
        (_("Period"), 14),
        (_("Progress before"), 10),
        (_("Progress"), 10),
        (_("Work done"), 60),
        (_("Problems"), 40),
        (_("Help needed"), 30),
        (_("Next step"), 30),
        (_("Evidence"), 8),
        (pgettext("due", "In time"), 10),
    ]
    found = feedback.reports_wanted(person, wanted, today).order_by("-at", "-pk")

    def lines_of(keys: list[int]) -> Iterator[list[Cell]]:
        return map(_report, feedback.report_rows(keys, in_full=True))

    return columns, _lines(found, lines_of)


def _report(row: ReportRow) -> list[Cell]:
    progress: list[Cell] = [None, None]
    if not row.is_result:
        before = None if row.before is None else Share(row.before / 100)
        progress = [before, Share(row.progress / 100)]
    return [
        row.title,
        row.number,
        row.category,
        row.unit_full,
        row.owner,
        row.by,
        row.at,
        row.period_said,
        *progress,
        row.body,
        row.problems,
        row.help_needed,
        row.next_step,
        row.evidence,
        str(row.state.label) if row.state else "",
    ]


# ── what was owed ────────────────────────────────────────────────────────────────────────────────


def _dues(person: Person, wanted: Wanted, today: dt.date) -> Contents:
    columns = [
        (_("Task"), 40),
        (_("Number"), 14),
        (_("Category"), 20),
        (_("Report for"), 16),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("To report by"), 12),
        (_("Reported on"), 12),
        (_("Reported by"), 12),
        (_("Progress"), 10),
        (_("State"), 12),
    ]
    found = feedback_dues.dues_wanted(person, wanted, today).order_by("-due_on", "-pk")

    def lines_of(keys: list[int]) -> Iterator[list[Cell]]:
        return map(_due, feedback_dues.due_rows(keys, today))

    return columns, _lines(found, lines_of)


def _due(row: DueRow) -> list[Cell]:
    return [
        row.title,
        row.number,
        row.category,
        row.period,
        row.unit_full,
        row.owner,
        row.due_on,
        row.filed_on,
        row.by,
        None if row.progress is None else Share(row.progress / 100),
        str(row.state.label),
    ]


def _units(person: Person, wanted: Wanted, today: dt.date) -> Contents:
    table = feedback_dues.by_unit(person, wanted, today)
    names = [str(label) for label in STATES.values()]
    columns: list[Column] = [(_("Unit"), 24)]
    for n in table.months:
        month = str(feedback.month_words(n))
        columns += [(f"{month} {name}", 9) for name in names]
    columns += [(f"{_('Total')} {name}", 9) for name in names]
    rows: list[list[Cell]] = [
        [line.name, *_numbers([line.cells.get(n, {}) for n in table.months], line.total)]
        for line in table.lines
    ]
    if rows:
        rows.append([_("Total"), *_numbers(list(table.foot.values()), table.total)])
    return columns, rows


def _numbers(cells: Sequence[Counts], total: Counts) -> list[int]:
    return [counts.get(name, 0) for counts in [*cells, total] for name in STATES]


def _tasks(person: Person, wanted: Wanted, today: dt.date) -> Contents:
    table = feedback_dues.by_task(person, wanted, today, size=MOST_EXPORTED)
    columns: list[Column] = [
        (_("Task"), 40),
        (_("Number"), 14),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("Progress"), 10),
    ]
    columns += [(str(feedback.month_words(n)), 10) for n in table.months]
    rows = (
        [
            line.title,
            line.number,
            line.unit,
            line.owner,
            Share(line.progress / 100),
            *(
                "、".join(str(mark.state.label) for mark in line.cells.get(n, ()))
                for n in table.months
            ),
        ]
        for line in table.lines
    )
    return columns, rows


_CONTENTS = {"reports": _reports, "units": _units, "tasks": _tasks, "dues": _dues}
