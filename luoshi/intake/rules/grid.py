"""A table as read from a file, whatever the file was: lines of texts with addresses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luoshi.intake.rules.text import folded

#: A table beyond this is not a task table but an accident.
MOST_ROWS = 50_000
MOST_COLUMNS = 100


def column_name(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the sheet (from 1) and its texts.

    ``down`` and ``across`` are the columns whose text belongs to a merged cell that begins above,
    or further left in this row.
    """

    row: int
    cells: tuple[str, ...]
    down: frozenset[int] = frozenset()
    across: frozenset[int] = frozenset()

    def text(self, column: int | None) -> str:
        if column is None or not 0 <= column < len(self.cells):
            return ""
        return self.cells[column]

    @property
    def own(self) -> list[int]:
        """Columns with a text of their own in this row."""
        return [
            i for i, t in enumerate(self.cells) if t and i not in self.down and i not in self.across
        ]


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet of a workbook, one table of a document, or one text file."""

    name: str
    lines: tuple[Line, ...]

    @property
    def width(self) -> int:
        return max((len(line.cells) for line in self.lines), default=0)


def address(sheet: str, row: int, column: int | None = None) -> str:
    """Where a cell stands, as the clerk finds it: 任务表!B7, or 任务表!7 for a whole row."""
    place = f"{column_name(column)}{row}" if column is not None else str(row)
    return f"{sheet}!{place}"


#: A merged range: first row, first column, last row, last column (from 0, all included).
Range = tuple[int, int, int, int]


def grid_of(
    name: str, rows: Iterable[tuple[int, Sequence[str]]], merged: Iterable[Range] = ()
) -> Grid:
    """Build a grid from numbered rows (from 0): merged ranges filled, empty lines left out."""
    texts = {number: list(cells) for number, cells in rows}
    down: dict[int, set[int]] = {}
    across: dict[int, set[int]] = {}
    for top, left, bottom, right in merged:
        first = texts.get(top)
        value = first[left] if first is not None and left < len(first) else ""
        if not value:
            continue
        for row in range(top, min(bottom, top + MOST_ROWS) + 1):
            cells = texts.get(row)
            if cells is None:
                continue
            last = min(right, MOST_COLUMNS)
            cells.extend([""] * (last + 1 - len(cells)))
            for column in range(left, last + 1):
                if (row, column) == (top, left):
                    continue
                cells[column] = value
                (down if row > top else across).setdefault(row, set()).add(column)
    lines = []
    for number in sorted(texts):
        line = Line(
            number + 1,
            tuple(texts[number]),
            frozenset(down.get(number, ())),
            frozenset(across.get(number, ())),
        )
        if line.own:
            lines.append(line)
    return Grid(name, tuple(lines))


def same_line(one: Line, other: Line) -> bool:
    """Whether two lines say the same (a header repeated on the next page)."""
    width = max(len(one.cells), len(other.cells))
    return all(folded(one.text(i)) == folded(other.text(i)) for i in range(width))
