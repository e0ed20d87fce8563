"""Keyset paging: the next fifty rows after a row, at the same cost on page 1 and page 1,000.

Rows are ordered by one column and then the key; rows without a value come last on both databases.
A cursor is ``value~key`` of the row beside which the page begins (ARCHITECTURE §19.11).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

T = TypeVar("T")
SEPARATOR = "~"


@dataclass(frozen=True)
class Order:
    """A column to order by; ``parse`` reads its value back from a cursor."""

    column: str
    descending: bool = False
    nullable: bool = False
    parse: Callable[[str], Any] = str


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of a page, the cursors of its neighbours (empty at the ends), and if it is the only."""

    rows: list[T]
    previous: str = ""
    next: str = ""
    is_all: bool = False


def cursor_of(row: Any, order: Order) -> str:
    """The cursor of a row."""
    value = getattr(row, order.column)
    return f"{'' if value is None else value}{SEPARATOR}{row.pk}"


def _read(cursor: str, order: Order) -> tuple[Any, int] | None:
    """Value and key of a cursor; None for one that is none."""
    text, separator, key = cursor.rpartition(SEPARATOR)
    if "\x00" in text or not separator or not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    try:
        return (None if order.nullable and not text else order.parse(text)), int(key)
    except ValueError:
        return None


def _segments(order: Order, back: bool) -> list[bool]:
    """Whether each run of rows in turn holds rows without a value."""
    runs = [False, True] if order.nullable else [False]
    return runs[::-1] if back else runs


def _run(
    rows: QuerySet[Any], order: Order, empty: bool, at: tuple[Any, int] | None, up: bool
) -> QuerySet[Any]:
    """One run of rows beyond a cursor; ``up`` is towards greater values."""
    if order.nullable:
        rows = rows.filter(**{f"{order.column}__isnull": empty})
    sign = "" if up else "-"
    if empty:
        if at:
            rows = rows.filter(**{"pk__gt" if up else "pk__lt": at[1]})
        return rows.order_by(f"{sign}pk")
    if at:
        value, key = at
        beyond = "gt" if up else "lt"
        rows = rows.filter(**{f"{order.column}__{beyond}e": value}).filter(
            Q(**{f"{order.column}__{beyond}": value}) | Q(**{f"pk__{beyond}": key})
        )
    return rows.order_by(f"{sign}{order.column}", f"{sign}pk")


def _beyond(
    rows: QuerySet[Any], order: Order, at: tuple[Any, int] | None, size: int, back: bool
) -> list[Any]:
    """Up to ``size`` rows after the cursor, or before it going back."""
    found: list[Any] = []
    begun = at is None
    for empty in _segments(order, back):
        here = at if not begun and at is not None and (at[0] is None) == empty else None
        if not begun and here is None:
            continue
        begun = True
        # Rows without a value are in the order of their keys whichever way the column runs.
        up = (not back) if empty else (order.descending == back)
        found += list(_run(rows, order, empty, here, up)[: size - len(found)])
        if len(found) >= size:
            break
    return found


def page(
    rows: QuerySet[Any], order: Order, *, size: int, after: str = "", before: str = ""
) -> Page[Any]:
    """The page after or before a cursor; the first one where the cursor is none."""
    at = _read(before or after, order)
    back = bool(before and at)
    found = _beyond(rows, order, at, size + 1, back)
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], is_all=at is None)
    first, last = cursor_of(found[0], order), cursor_of(found[-1], order)
    has_previous = more if back else at is not None
    has_next = True if back else more
    return Page(
        found,
        first if has_previous else "",
        last if has_next else "",
        is_all=at is None and not more,
    )


def count_to(rows: QuerySet[Any], limit: int = 1000) -> int:
    """How many rows, counted exactly up to ``limit``; ``limit`` + 1 stands for more."""
    return rows.order_by()[: limit + 1].count()


def chosen(orders: dict[str, Order], name: str | None, default: str) -> str:
    """A known order's name."""
    return name if name in orders else default
