"""Workbooks, read by a program of its own with limits: values only, merged ranges known."""

import datetime as dt
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from luoshi.intake.readers import sheets
from luoshi.intake.readers.cells import damaged, grid_from
from luoshi.intake.rules.grid import Grid
from luoshi.kit.verdict import Refused

#: A sheet is laid out in memory as a rectangle; one stray cell far away must not fill the machine.
MOST_CELLS = 6_000_000
_FILLED = re.compile(rb'<c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_CHUNK = 4 * 1024 * 1024
SECONDS = 90  # of waiting
_DAYS = {
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "time": dt.time.fromisoformat,
}


def read(name: str, data: bytes, *, hidden: bool = False) -> list[Grid]:
    """Every visible sheet in order, or every sheet. Raises Refused for what cannot be read."""
    if data.startswith(b"PK"):
        _refuse_stretched(data)
    return [
        grid_from(
            sheet["name"],
            ((number, [_value(value) for value in row]) for number, row in sheet["rows"]),
            [tuple(place) for place in sheet["merged"]],
        )
        for sheet in _sheets(name, data, hidden)
    ]


def _sheets(name: str, data: bytes, hidden: bool) -> list[dict[str, Any]]:
    """What the program beside this file reads out of a workbook, within its limits."""
    command = [sys.executable, "-I", str(Path(sheets.__file__)), *(["--hidden"] if hidden else [])]
    try:
        done = subprocess.run(  # noqa: S603  (a fixed program, the file goes by its input)
            command, input=data, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _too_large(name) from error
    if done.returncode == 1:
        raise damaged(name)
    if done.returncode:
        raise _too_large(name)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _value(stored: Any) -> Any:
    """A value as it was in the workbook: days and times come as a pair."""
    if not isinstance(stored, list):
        return stored
    kind, text = stored
    return _DAYS[kind](text)


def _too_large(name: str) -> Refused:
    return Refused(
        _(
            "“%(name)s” takes too much memory or time to read. Keep only the task table in it, "
            "delete stray contents beside and below, and upload it again."
        )
        % {"name": name},
        "file",
    )


def _refuse_stretched(data: bytes) -> None:
    """Refuse a sheet whose filled cells span a rectangle too large to lay out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            for member in container.namelist():
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", member):
                    _measure(container, member)
    except Refused:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError):
        return  # calamine will say that the file is damaged


def _pieces(container: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The content in pieces that overlap, so that no cell is cut in two."""
    tail = b""
    with container.open(member) as stream:
        while piece := stream.read(_CHUNK):
            yield tail + piece
            tail = piece[-300:]


def _measure(container: zipfile.ZipFile, member: str) -> None:
    columns: set[bytes] = set()
    lowest = 0
    for piece in _pieces(container, member):
        found = _FILLED.findall(piece)
        columns.update(letters for letters, _row in found)
        lowest = max([lowest, *(int(row) for _letters, row in found)])
    width = max((_column(letters) for letters in columns), default=0)
    if width * lowest > MOST_CELLS:
        last = max(columns, key=_column).decode()
        raise Refused(
            _(
                "The sheet stretches to cell %(cell)s. Delete the stray contents beside and below "
                "the table and upload it again."
            )
            % {"cell": f"{last}{lowest}"},
            "file",
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
