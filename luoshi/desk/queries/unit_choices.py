"""Units as the choices of a filter. With 1,800 of them the options are worked out once, not per
page: they are kept for a day, under a print of the table that changes with every edit of a unit.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, QuerySet, Sum, Value
from django.utils.html import escape

from luoshi.kit.statements import statement
from luoshi.people.models import Unit
from luoshi.people.queries import units_open

KEPT = 3600  # seconds


def _label(name: str, depth: int) -> str:
    return "　" * max(depth - 1, 0) + name


@statement
def _figures() -> QuerySet[Unit, Any]:
    """How many units, how often edited, the last one: one row."""
    rows = Unit.objects.order_by().values(of=Value("all"))
    return rows.values_list(Count("pk"), Sum("rev"), Max("pk"))


def _print_of_units() -> str:
    """Changes whenever a unit is made, edited or moved."""
    return "-".join(str(figure) for row in _figures() for figure in row)


class UnitChoices(Mapping[str, str]):
    """Key → name of every open unit, in the order of the tree; ``as_options`` is its HTML."""

    def __init__(self, day: dt.date) -> None:
        self._day = day

    @property
    def as_options(self) -> str:
        key = f"unit-options-{self._day.isoformat()}-{_print_of_units()}"
        kept: str = cache.get_or_set(key, self._options, KEPT) or ""
        return kept

    def _options(self) -> str:
        return "".join(
            f'<option value="{pk}">{escape(_label(name, depth))}</option>'
            for pk, name, depth in self._rows()
        )

    def _rows(self) -> Iterator[tuple[int, str, int]]:
        yield from units_open(self._day).order_by("path").values_list("pk", "name", "depth")

    def __getitem__(self, key: str) -> str:
        row = units_open(self._day).filter(pk=int(key)).values_list("name", "depth").first()
        if row is None:
            raise KeyError(key)
        return _label(*row)

    def __iter__(self) -> Iterator[str]:
        return (str(pk) for pk, _name, _depth in self._rows())

    def __len__(self) -> int:
        return units_open(self._day).count()
