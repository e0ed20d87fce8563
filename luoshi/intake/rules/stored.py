"""Rows, lines and edits as plain values for the staging table, and back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from luoshi.intake.rules.grid import Line
from luoshi.intake.rules.headers import Column
from luoshi.intake.rules.messages import SENTENCES, Level, Message
from luoshi.intake.rules.table import NameKind, Row, RowKind

_DAYS = ("start", "due")
_TUPLES = ("cooperating",)


def packed_message(said: Message) -> dict[str, Any]:
    return {
        "level": str(said.level),
        "code": said.code,
        "field": str(said.field),
        "values": dict(said.values),
    }


def message_from(stored: Mapping[str, Any]) -> Message | None:
    """A stored message; None where an older version said something that is no longer known."""
    if stored["code"] not in SENTENCES:
        return None
    return Message(
        Level(stored["level"]), stored["code"], Column(stored["field"]), stored["values"]
    )


def packed_row(row: Row) -> dict[str, Any]:
    """A row as JSON can hold it; messages and open names apart."""
    values = asdict(row)
    for name in ("row", "kind", "messages", "open"):
        del values[name]
    return packed_edits(values)


def row_from(number: int, kind: str, stored: Mapping[str, Any]) -> Row:
    """The row a stored value stands for, without its messages."""
    values = edits_from(stored)
    values["notes"] = tuple((name, text) for name, text in values.get("notes", ()))
    return Row(number, RowKind(kind), **values)


def packed_edits(edits: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed over a row as JSON can hold it."""
    values: dict[str, Any] = {}
    for name, value in edits.items():
        if isinstance(value, dt.date):
            values[name] = value.isoformat()
        elif isinstance(value, Decimal):
            values[name] = str(value)
        elif isinstance(value, tuple):
            values[name] = [list(v) if isinstance(v, tuple) else v for v in value]
        else:
            values[name] = value
    return values


def edits_from(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The typed values of stored edits."""
    values = dict(stored)
    for name in _DAYS:
        if values.get(name):
            values[name] = dt.date.fromisoformat(values[name])
    if values.get("points") is not None and "points" in values:
        values["points"] = Decimal(values["points"])
    for name in _TUPLES:
        if name in values:
            values[name] = tuple(values[name] or ())
    return values


def packed_open(found: tuple[tuple[NameKind, str], ...]) -> list[list[str]]:
    return [[str(kind), text] for kind, text in found]


def line_from(row: int, cells: list[str], down: list[int], across: list[int]) -> Line:
    return Line(row, tuple(cells), frozenset(down), frozenset(across))
