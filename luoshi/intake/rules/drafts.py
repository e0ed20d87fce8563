"""The drafts that rows become."""

from collections.abc import Sequence
from dataclasses import dataclass

from luoshi.intake.rules.headers import Column
from luoshi.intake.rules.table import Row, full_details
from luoshi.tasks.rules import NewTask

#: The column of the table a fault of a task belongs to.
FAULT_COLUMNS = {
    "title": Column.TITLE,
    "unit": Column.LEAD,
    "owner": Column.OWNER,
    "due": Column.DUE,
    "points": Column.POINTS,
    "details": Column.DETAILS,
    "standard": Column.STANDARD,
}


@dataclass(frozen=True)
class Into:
    """Where the rows go, and what the columns without a place of their own are called."""

    category_id: int
    year: int
    section_label: str
    document: str = ""
    batch: int | None = None


def new_tasks(rows: Sequence[tuple[int, Row]], into: Into) -> list[NewTask]:
    """Drafts in the order of the rows, given as (table, row); children name their parent's place.

    A parent that is left out leaves its children without one.
    """
    places = {(table, row.row): index for index, (table, row) in enumerate(rows)}
    return [_new_task(table, row, into, places) for table, row in rows]


def levels_of(parents: Sequence[int | None]) -> list[list[int]]:
    """Places of rows by level, told from the place of each row's parent; circles are left out."""
    levels: list[list[int]] = []
    placed: set[int | None] = {None}
    waiting = list(range(len(parents)))
    while level := [place for place in waiting if parents[place] in placed]:
        levels.append(level)
        placed.update(level)
        waiting = [place for place in waiting if place not in placed]
    return levels


def _origin(document: str, number: str) -> str:
    """The table a task comes from and its number there; the end of a long name gives way."""
    return f"{document[: 200 - len(number) - 3]} № {number}" if document and number else document


def _new_task(table: int, row: Row, into: Into, places: dict[tuple[int, int], int]) -> NewTask:
    return NewTask(
        title=row.title,
        category_id=into.category_id,
        year=into.year,
        unit_id=row.lead or 0,
        details=full_details(row, section_label=into.section_label),
        standard=row.standard,
        points=row.points,
        start=row.start,
        due=row.due,
        owner_id=row.owner,
        cooperating=tuple(unit for unit in row.cooperating if unit != row.lead),
        responsible_id=row.leader,
        origin_document=_origin(into.document, row.number),
        parent_index=None if row.parent is None else places.get((table, row.parent)),
        batch=into.batch,
    )
