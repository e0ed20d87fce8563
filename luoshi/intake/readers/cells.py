"""One text for one cell, whatever the program stored: numbers, dates, times, switches."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from luoshi.intake.rules.grid import MOST_COLUMNS, MOST_ROWS, Grid, Range, grid_of
from luoshi.intake.rules.text import cleaned
from luoshi.kit.verdict import Refused


def as_text(value: Any) -> str:
    """The text a clerk sees: 20210001.0 → 20210001; a midnight → the day alone."""
    if value is None:
        return ""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if not _clock(value) else value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    return cleaned(str(value))


def _clock(value: dt.datetime) -> bool:
    return bool(value.hour or value.minute)


def texts_of(rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, list[str]]]:
    """Rows with any text, as texts, with their numbers (from 0); empty ones are left out."""
    kept = 0
    for number, row in rows:
        if not any(value not in ("", None) for value in row):
            continue
        texts = [as_text(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        kept += 1
        if kept > MOST_ROWS:
            raise Refused(
                _("The table has more than %(most)s rows. Divide it into several files.")
                % {"most": MOST_ROWS},
                "file",
            )
        if len(texts) > MOST_COLUMNS:
            raise Refused(
                _("Row %(row)s has more than %(most)s columns; a task table has fewer.")
                % {"row": number + 1, "most": MOST_COLUMNS},
                "file",
            )
        yield number, texts


def grid_from(
    name: str, rows: Iterable[tuple[int, Sequence[Any]]], merged: Iterable[Range] = ()
) -> Grid:
    """A grid of whatever a library read: rows with their numbers (from 0)."""
    return grid_of(name, texts_of(rows), merged)


def damaged(name: str) -> Refused:
    """What is said about a file that its library cannot read."""
    return Refused(
        _("“%(name)s” cannot be read; it may be damaged. Open it, save it again and upload that.")
        % {"name": name},
        "file",
    )
