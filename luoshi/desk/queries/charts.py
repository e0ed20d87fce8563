"""All tasks on one screen: the Gantt (SEE-2) and the mosaic.

Rows travel column by column, days as numbers from `EPOCH`, names as places in a list: 10,000 tasks
in one answer.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.measures.models import Measure
from luoshi.measures.queries import LightShown, lights_of
from luoshi.measures.rules import Health
from luoshi.tasks import rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Milestone, Task

EPOCH = dt.date(2000, 1, 1)
#: Beyond this many the reader is asked to narrow.
MOST = 10_000

#: States of the Gantt in the order of its legend. A fill is one of the first four; LATE is a mark.
LEGEND = (Health.IDLE, Health.MOVING, Health.STALLED, Health.DONE, Health.LATE)


class Bar(NamedTuple):
    """What the database tells of one task; enough for `rules.health`."""

    pk: int
    parent_id: int | None
    title: str
    number: str
    unit: str
    unit_short: str
    unit_path: str
    owner: str | None
    start: dt.date | None
    due: dt.date | None
    progress: int
    status: int
    paused: bool
    late_from: dt.date | None
    behind_from: dt.date | None
    measure_id: int | None
    path: str


_COLUMNS = (
    "pk", "parent_id", "title", "number", "unit__name", "unit__short_name",
    "unit__path", "owner__name", "start", "due", "progress",
    "status", "paused", "late_from", "behind_from", "measure_id", "path",
)  # fmt: skip


@dataclass
class _Names:
    """Names in order of first use; a name stands for its place."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, name: str | None) -> int:
        return self.places.setdefault(name or "", len(self.places))


def _day(day: dt.date | None) -> int | None:
    return (day - EPOCH).days if day else None


def bars_of(tasks: QuerySet[Task]) -> list[Bar]:
    """Tasks in tree order, one more than is shown where there are more."""
    rows = tasks.order_by("path").values_list(*_COLUMNS)[: MOST + 1]
    return [Bar(*row) for row in rows]


def _colours(bars: Sequence[Bar]) -> dict[int, dict[str, LightShown]]:
    measures = Measure.objects.in_bulk({bar.measure_id for bar in bars if bar.measure_id})
    return {pk: lights_of(measure) for pk, measure in measures.items()}


@dataclass(frozen=True)
class LeftOut:
    """How many tasks of the same selection have no place on a chart."""

    drafts: int = 0
    cancelled: int = 0

    @property
    def sentence(self) -> str:
        """What is said beside the number of bars; empty if nothing was left out."""
        said = []
        if self.drafts:
            words = ngettext("%(n)d not issued yet", "%(n)d not issued yet", self.drafts)
            said.append(words % {"n": self.drafts})
        if self.cancelled:
            words = ngettext("%(n)d cancelled", "%(n)d cancelled", self.cancelled)
            said.append(words % {"n": self.cancelled})
        if not said:
            return ""
        return _("Not drawn: %(what)s.") % {"what": _(", ").join(said)}


def drawn(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Those of a selection that have a bar or a cell: issued and not cancelled."""
    return tasks.filter(status__gte=Status.ISSUED).exclude(status=Status.CANCELLED)


def left_out(tasks: QuerySet[Task]) -> LeftOut:
    """Those of a selection that are not `drawn`. One statement."""
    told = tasks.order_by().aggregate(
        drafts=Count("pk", filter=Q(status__lt=Status.ISSUED)),
        cancelled=Count("pk", filter=Q(status=Status.CANCELLED)),
    )
    return LeftOut(**told)


def _milestones(tasks: QuerySet[Task]) -> dict[int, list[tuple[int, int]]]:
    grouped: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = Milestone.objects.filter(task__in=tasks.order_by().values("pk"))
    for task_id, due, done in rows.values_list("task_id", "due", "done_on"):
        grouped[task_id].append(((due - EPOCH).days, int(done is not None)))
    return grouped


def gantt(tasks: QuerySet[Task], today: dt.date) -> dict[str, Any]:
    """The Gantt's rows; ``too_many`` where they are more than `MOST` (none are sent then)."""
    bars = bars_of(tasks)
    if len(bars) > MOST:
        return {"too_many": True, "most": MOST, "rows": []}
    known = {bar.pk for bar in bars}
    units, owners, colours = _Names(), _Names(), _Names()
    lights, usual = _colours(bars), lights_of(None)
    rows = []
    for bar in bars:
        state = rules.health(bar, today)
        shown = lights.get(bar.measure_id or 0, usual)[rules.FILLS[state]]
        rows.append(
            (
                bar.pk,
                bar.parent_id if bar.parent_id in known else 0,
                bar.title,
                bar.number,
                units.place(bar.unit_short or bar.unit),
                owners.place(bar.owner),
                _day(bar.start),
                _day(bar.due),
                bar.progress,
                colours.place(shown.colour),
                int(state == Health.LATE),
                str(state),
            )
        )
    return {
        "today": _day(today),
        "units": list(units.places),
        "owners": list(owners.places),
        "colours": list(colours.places),
        "words": {str(h): lights_of(None)[str(h)].label for h in Health},
        "milestones": _milestones(tasks),
        "rows": rows,
    }


@dataclass(frozen=True)
class Cell:
    """One task of the mosaic."""

    pk: int
    title: str
    health: Health
    progress: int


@dataclass
class Field:
    """A unit of the mosaic with its tasks by state, and the same as numbers."""

    name: str
    cells: list[Cell] = field(default_factory=list)

    @property
    def counts(self) -> list[int]:
        return [sum(cell.health == health for cell in self.cells) for health in LEGEND]


_ORDER = {
    health: place
    for place, health in enumerate(
        (Health.STALLED, Health.LATE, Health.IDLE, Health.MOVING, Health.DONE)
    )
}


def mosaic(tasks: QuerySet[Task], today: dt.date) -> tuple[list[Field], bool]:
    """Every task as one cell, grouped by unit and sorted by state; whether there were too many."""
    bars = bars_of(tasks)
    fields: dict[str, Field] = {}
    for bar in bars[:MOST]:
        state = rules.health(bar, today)
        where = fields.setdefault(bar.unit_path, Field(bar.unit))
        where.cells.append(Cell(bar.pk, bar.title, state, bar.progress))
    for where in fields.values():
        where.cells.sort(key=lambda cell: (_ORDER.get(cell.health, 9), cell.pk))
    in_order = sorted(fields.items(), key=lambda item: item[0])
    return [where for _path, where in in_order], len(bars) > MOST
