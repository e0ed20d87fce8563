"""Tables as text: the encoding and the separator are found, not asked."""

import codecs
import csv
import io
from pathlib import PurePath

from django.utils.translation import gettext as _

from luoshi.intake.readers.cells import damaged, grid_from
from luoshi.intake.rules.grid import Grid
from luoshi.kit.verdict import Refused

_SEPARATORS = ",\t;|"
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\!'", "_"))


def read(name: str, data: bytes) -> list[Grid]:
    """The one table of a text file; named after the file, as a sheet of it would be."""
    text = _decoded(name, data)
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
    except csv.Error as error:
        raise damaged(name) from error
    if max((len(row) for row in rows), default=0) < 2:
        raise Refused(
            _("“%(name)s” holds no table: no line is divided by commas, semicolons or tabs.")
            % {"name": name},
            "file",
        )
    title = PurePath(name).stem.translate(_FORBIDDEN).strip()[:31] or "CSV"
    return [grid_from(title, enumerate(rows))]


def _decoded(name: str, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        names = ["utf-16"]
    else:
        names = ["utf-8-sig", "gb18030"]
    for encoding in names:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(
        _("“%(name)s” is in an encoding that is not known. Save it as CSV UTF-8.") % {"name": name},
        "file",
    )


def _separator(text: str) -> str:
    """The separator that divides most of the first lines, and divides them alike."""
    best, best_worth = ",", 0.0
    for separator in _SEPARATORS:
        reader = csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=separator)
        widths = []
        try:
            for row, _number in zip(reader, range(50), strict=False):
                if any(row):
                    widths.append(len(row))
        except csv.Error:
            continue
        wide = [w for w in widths if w > 1]
        if wide:
            usual = max(set(wide), key=wide.count)
            worth = wide.count(usual) / len(widths) + min(usual, 9) / 100
            if worth > best_worth:
                best, best_worth = separator, worth
    return best
