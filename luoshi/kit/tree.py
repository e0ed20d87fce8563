"""Trees of any size: a parent, and a path of fixed-width segments (ARCHITECTURE §19.9).

The path of a row is its ancestors' primary keys and its own, each as five base-36 digits. All
below a row is one indexed range: ``path >= p AND path <= p || 'ZZZZZ…'``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr

WIDTH = 5
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_END = "Z" * WIDTH


def segment(pk: int) -> str:
    """A primary key as five base-36 digits (60 million keys)."""
    text = ""
    while pk:
        pk, digit = divmod(pk, 36)
        text = _DIGITS[digit] + text
    return text.rjust(WIDTH, "0")


def pk_of(part: str) -> int:
    """The primary key a segment stands for."""
    return int(part, 36)


def ancestors_in(path: str) -> list[int]:
    """Primary keys from the root down to the parent, read off the path."""
    return [pk_of(path[i : i + WIDTH]) for i in range(0, len(path) - WIDTH, WIDTH)]


def below(path: str, field: str = "path", *, including: bool = True) -> Q:
    """Rows at or below ``path``; ``field`` may go through a relation (``unit__path``).

    A row that is not planted yet has no path, and nothing is below it.
    """
    if not path:
        return Q(pk__in=[])
    lower = "gte" if including else "gt"
    return Q(**{f"{field}__{lower}": path, f"{field}__lte": path + _END})


def last_below(path: str) -> str:
    """What no path at or below ``path`` lies beyond, for statements that take both ends."""
    return path + _END


class Tree(models.Model):
    """A row with a parent. Services call `plant` after the first save and `move_below` to move."""

    if TYPE_CHECKING:
        parent: models.ForeignKey[Any, Any]  # a row of the same table; "self" would mean any Tree
    else:
        parent = models.ForeignKey(
            "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
        )
    path = models.CharField(max_length=255, unique=True, null=True, editable=False)
    depth = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def ancestor_ids(self) -> list[int]:
        return ancestors_in(self.path or "")

    def is_below(self, other: "Tree") -> bool:
        """Whether this row stands somewhere under the other (not the same row)."""
        return self.pk != other.pk and (self.path or "").startswith(other.path or "-")

    def descendants(self, *, including: bool = False) -> "models.QuerySet[Self]":
        manager: Any = type(self)._default_manager
        rows: models.QuerySet[Self] = manager.filter(below(self.path or "", including=including))
        return rows


def plant(row: Tree) -> None:
    """Give a just saved row its path. Same transaction as the save."""
    parent = row.parent
    row.path = (parent.path or "" if parent else "") + segment(row.pk)
    row.depth = parent.depth + 1 if parent else 0
    type(row)._default_manager.filter(pk=row.pk).update(path=row.path, depth=row.depth)


def move_below(row: Tree, parent: Tree | None) -> None:
    """Move a row and everything under it. The caller has checked that parent is not below row."""
    old, depth = row.path or "", row.depth
    row.parent = parent
    new = (parent.path or "" if parent else "") + segment(row.pk)
    shift = (parent.depth + 1 if parent else 0) - depth
    rows = type(row)._default_manager
    rows.filter(pk=row.pk).update(parent=parent)
    rows.filter(below(old)).update(
        path=Concat(Value(new), Substr("path", len(old) + 1)), depth=F("depth") + shift
    )
    row.path, row.depth = new, depth + shift


def plant_many(rows: Sequence[Tree]) -> None:
    """Give many just saved rows their paths; a parent stands before its children."""
    if not rows:
        return
    for row in rows:
        parent = row.parent
        row.path = (parent.path or "" if parent else "") + segment(row.pk)
        row.depth = parent.depth + 1 if parent else 0
    table = connection.ops.quote_name(type(rows[0])._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET path = %s, depth = %s WHERE id = %s",
            [(row.path, row.depth, row.pk) for row in rows],
        )
