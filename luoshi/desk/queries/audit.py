"""The trail as the audit administrator searches it: the filter as typed, and rows for a file."""

import datetime as dt
from collections.abc import Iterator, Mapping

from django.utils import timezone

from luoshi.desk.queries.story import details, subject
from luoshi.kit.typed import words
from luoshi.trail.queries import Filter, Line


def filter_from(typed: Mapping[str, str]) -> Filter:
    """What the address asks for; what cannot be read does not narrow."""
    return Filter(
        verb=words(typed.get("verb"), 60),
        person=words(typed.get("person"), 60),
        about=words(typed.get("about"), 60),
        since=_day(typed.get("since", "")),
        until=_day(typed.get("until", "")),
        words=words(typed.get("words"), 100),
    )


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


def cursor(text: str) -> int | None:
    """Where the next page starts; None is the newest line."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def sheet_rows(lines: Iterator[Line]) -> Iterator[list[str]]:
    """Lines as cells of a workbook."""
    for line in lines:
        at = timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M:%S")
        yield [
            at,
            line.by_name,
            line.for_name,
            line.label,
            subject(line),
            str(line.seq),
            details(line),
        ]
