"""The units drawn as a tree."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db.models import Count

from luoshi.kit import clock
from luoshi.kit.tree import ancestors_in
from luoshi.people.models import Person, Unit
from luoshi.people.queries import heads_of_all, people_present, units_open


@dataclass
class Branch:
    """A unit in the tree of units, with the units below it."""

    unit: Unit
    people: int = 0
    branches: "list[Branch]" = field(default_factory=list)

    @property
    def people_below(self) -> int:
        return self.people + sum(branch.people_below for branch in self.branches)


def unit_tree(day: dt.date | None = None, *, closed_too: bool = False) -> list[Branch]:
    """The units as a tree, each with how many people belong to it: two queries at any size."""
    day = day or clock.today()
    counts = dict(people_present(day).order_by().values_list("main_unit").annotate(Count("pk")))
    units = Unit.objects.all() if closed_too else units_open(day)
    branches = {
        unit.pk: Branch(unit, counts.get(unit.pk, 0))
        for unit in units.select_related("kind").order_by("order", "code")
    }
    roots: list[Branch] = []
    for branch in branches.values():
        above = branches.get(branch.unit.parent_id or 0)
        (above.branches if above else roots).append(branch)
    return roots


@dataclass(frozen=True)
class Line:
    """A unit as one line of a tree drawn from top to bottom."""

    unit: Unit
    depth: int
    people: int
    chosen: bool = False
    opened: bool = False
    more: bool = False
    heads: tuple[Person, ...] = ()


def tree_lines(chosen: Unit, day: dt.date) -> list[Line]:
    """The tree opened down to ``chosen``: its ancestors, their children and its own children."""
    opened = {*ancestors_in(chosen.path or ""), chosen.pk}
    return list(_lines(unit_tree(day), opened, chosen.pk))


def _lines(
    branches: Iterable[Branch], opened: set[int], chosen: int, depth: int = 0
) -> Iterable[Line]:
    for branch in branches:
        pk = branch.unit.pk
        is_open = pk in opened and bool(branch.branches)
        yield Line(
            branch.unit,
            depth,
            branch.people_below,
            pk == chosen,
            is_open,
            bool(branch.branches),
        )
        if is_open:
            yield from _lines(branch.branches, opened, chosen, depth + 1)


def unit_lines(day: dt.date, *, closed_too: bool = False) -> list[Line]:
    """Every unit as a line, with its heads: four queries at any size."""
    tree = unit_tree(day, closed_too=closed_too)
    everything = set(Unit.objects.values_list("pk", flat=True))
    lines = list(_lines(tree, everything, 0))
    heads = heads_of_all([line.unit.pk for line in lines], day)
    return [replace(line, heads=tuple(heads.get(line.unit.pk, ()))) for line in lines]
