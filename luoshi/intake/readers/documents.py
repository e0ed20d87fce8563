"""Tables of Word documents: merged cells by their marks, text with its line breaks."""

import io
from collections.abc import Iterator
from typing import Any

import docx
from django.utils.translation import gettext as _
from docx.oxml.ns import qn

from luoshi.intake.readers.cells import damaged, grid_from
from luoshi.intake.rules.grid import MOST_COLUMNS, Grid, Range
from luoshi.kit.verdict import Refused

_TEXT, _TAB, _BREAK, _RETURN = qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr")
_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_DELETED = frozenset({qn("w:del"), qn("w:moveFrom"), qn("w:txbxContent"), qn("w:fldData")})


def read(name: str, data: bytes) -> list[Grid]:
    """Every table of the document's body, in order, with at least two columns."""
    try:
        document = docx.Document(io.BytesIO(data))
        tables = [t for t in document.element.body.iter(_TABLE) if not _nested(t)]
        grids = [_grid(f"表{number}", table) for number, table in enumerate(tables, 1)]
    except Refused:
        raise
    except Exception as error:  # python-docx reports damage by exceptions of every kind
        raise damaged(name) from error
    if not grids:
        raise Refused(_("“%(name)s” holds no table.") % {"name": name}, "file")
    return grids


def _nested(table: Any) -> bool:
    return any(above.tag == _CELL for above in table.iterancestors())


def _own_rows(table: Any) -> Iterator[Any]:
    """Rows of this table, also those inside content controls and insertions."""
    for element in table:
        if element.tag == _ROW:
            yield element
        elif element.tag not in _DELETED and element.tag != _TABLE:
            yield from _own_rows(element)


def _own_cells(row: Any) -> Iterator[Any]:
    for element in row:
        if element.tag == _CELL:
            yield element
        elif element.tag not in _DELETED:
            yield from _own_cells(element)


def _grid(name: str, table: Any) -> Grid:
    rows: list[list[str]] = []
    merged: list[Range] = []
    begun: dict[int, tuple[int, int]] = {}  # column → (row where the merge began, last column)
    for number, row in enumerate(_own_rows(table)):
        texts: list[str] = [""] * _setting(row, "w:trPr", "w:gridBefore")
        for cell in _own_cells(row):
            place, span = len(texts), max(1, _setting(cell, "w:tcPr", "w:gridSpan", 1))
            span = min(span, MOST_COLUMNS)
            texts += [""] * span
            if _goes_on(cell) and place in begun:
                continue
            texts[place] = _text(cell)
            begun.pop(place, None)
            if _merge(cell) == "restart":
                begun[place] = (number, place + span - 1)
            if span > 1:
                merged.append((number, place, number, place + span - 1))
        rows.append(texts)
        merged.extend(_downwards(row, number, begun))
    return grid_from(name, enumerate(rows), merged)


def _downwards(row: Any, number: int, begun: dict[int, tuple[int, int]]) -> Iterator[Range]:
    """Merges from above that go on in this row; those that do not are over."""
    place = _setting(row, "w:trPr", "w:gridBefore")
    going: set[int] = set()
    for cell in _own_cells(row):
        if place in begun:
            top, last = begun[place]
            if number > top and _goes_on(cell):
                yield (top, place, number, last)
            going.add(place)
        place += max(1, _setting(cell, "w:tcPr", "w:gridSpan", 1))
    for place in set(begun) - going:
        del begun[place]


def _setting(element: Any, properties: str, name: str, default: int = 0) -> int:
    """A number among an element's properties."""
    holder = element.find(qn(properties))
    found = holder.find(qn(name)) if holder is not None else None
    text = found.get(qn("w:val"), "") if found is not None else ""
    return min(int(text), MOST_COLUMNS) if text.isdecimal() and len(text) < 9 else default


def _merge(cell: Any) -> str | None:
    """ "restart", "continue", or None for a cell that is not merged downwards."""
    holder = cell.find(qn("w:tcPr"))
    found = holder.find(qn("w:vMerge")) if holder is not None else None
    return None if found is None else str(found.get(qn("w:val"), "continue"))


def _goes_on(cell: Any) -> bool:
    return _merge(cell) == "continue"


def _text(cell: Any) -> str:
    return "\n".join(filter(None, ("".join(_words(p)).strip() for p in _paragraphs(cell))))


def _paragraphs(element: Any) -> Iterator[Any]:
    """Paragraphs of a cell in order, those of tables inside it too."""
    for child in element:
        if child.tag == _PARAGRAPH:
            yield child
        elif child.tag not in _DELETED:
            yield from _paragraphs(child)


def _words(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag == _TAB and child.getparent().tag == qn("w:r"):
            yield " "
        elif child.tag in (_BREAK, _RETURN):
            yield "\n"
        elif child.tag not in _DELETED:
            yield from _words(child)
