"""任务反馈查询, the other way round: what was owed, and whether it came in time.

dues_listed(person, wanted)   reports owed one by one, newest first
by_unit(person, wanted)       units × months as counts that lead to the rows
by_task(person, wanted)       tasks × months as marks
States are those of `reports.rules.due_state`; here they are conditions on columns.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models import DateField as Day

from luoshi.desk.queries.feedback import (
    SIZE,
    STATES,
    Wanted,
    counted,
    of_tasks,
    period_said,
    tasks_wanted,
)
from luoshi.desk.queries.listing import ORDERS
from luoshi.desk.queries.paging import Order, Page, page
from luoshi.kit.statements import among, statement
from luoshi.measures.models import Measure
from luoshi.people.models import Person, Unit
from luoshi.reports import rules
from luoshi.reports.models import Due
from luoshi.reports.rules import DueKind, DueState
from luoshi.search.queries import task_ids_matching
from luoshi.tasks.models import Task

#: Beyond this many dues the reader is asked to narrow before they are counted.
MOST = 200_000
COUNTED_KEPT = 60  # seconds

#: States of `rules.due_state` as the filter names them.
NAMED = {
    DueState.ON_TIME: "on_time",
    DueState.LATE: "late",
    DueState.MISSING: "missing",
    DueState.OVERDUE: "overdue",
    DueState.OPEN: "waiting",
    DueState.COMING: "waiting",
}


# ── how something owed stands, as conditions ─────────────────────────────────────────────────────


def graces() -> dict[int, int]:
    """Days of grace of each measure that gives any."""
    return dict(_graces())


@statement
def _graces() -> QuerySet[Measure, Any]:
    rows = Measure.objects.filter(grace_days__gt=0).order_by()
    return rows.values_list("pk", "grace_days")


def state_is(state: str, today: dt.date, graced: Mapping[int, int]) -> Q:
    """The SQL twin of `rules.due_state` for dues that are still owed or were settled."""
    filed, closed = Q(filed_on__isnull=False), Q(closes_on__lt=today)

    def on_time(grace: int) -> Q:
        if not grace:
            return Q(filed_on__lte=F("due_on"))
        last = ExpressionWrapper(F("due_on") + dt.timedelta(days=grace), Day())
        return Q(filed_on__lte=last)

    def late(grace: int) -> Q:
        return ~on_time(grace) if grace else Q(filed_on__gt=F("due_on"))

    def running(grace: int) -> Q:
        return Q(due_on__gte=today - dt.timedelta(days=grace))

    if state == "on_time":
        return filed & _by_grace(on_time, graced)
    if state == "late":
        return filed & _by_grace(late, graced)
    if state == "missing":
        return Q(filed_on__isnull=True) & closed
    waiting = Q(filed_on__isnull=True) & ~closed
    if state == "overdue":
        return waiting & _by_grace(lambda grace: ~running(grace), graced)
    return waiting & _by_grace(running, graced)


def _by_grace(make: Callable[[int], Q], graced: Mapping[int, int]) -> Q:
    """A condition that differs by the days of grace of the task's measure."""
    groups: dict[int, list[int]] = defaultdict(list)
    for measure_id, grace in graced.items():
        groups[grace].append(measure_id)
    where = make(0)
    if groups:
        where &= Q(task__measure_id__isnull=True) | ~Q(task__measure_id__in=list(graced))
    for grace, measures in groups.items():
        where |= Q(task__measure_id__in=measures) & make(grace)
    return where


# ── which dues ───────────────────────────────────────────────────────────────────────────────────


def _concerning(wanted: Wanted) -> Q:
    """The filters that look at what was owed, and at who answers for it."""
    first, last = wanted.days
    where = Q(void=False, due_on__gte=first, due_on__lte=last)
    if wanted.person_id is not None:
        ids = Due.objects.order_by().values("pk")
        owned = ids.filter(task__owner_id=wanted.person_id)
        where &= Q(pk__in=owned.union(ids.filter(filed_by__by_id=wanted.person_id)))
    if wanted.words:
        where &= Q(task_id__in=task_ids_matching(wanted.words))
    return where


def dues_wanted(person: Person, wanted: Wanted, today: dt.date) -> QuerySet[Due]:
    """Dues asked for; what was taken back is owed no more and is left out."""
    where, _few = of_tasks(person, wanted, today)
    rows = Due.objects.filter(_concerning(wanted), where)
    if wanted.state:
        rows = rows.filter(state_is(wanted.state, today, graces()))
    return rows


# ── one by one ───────────────────────────────────────────────────────────────────────────────────

LATEST = Order("due_on", descending=True, parse=dt.date.fromisoformat)


@dataclass(frozen=True)
class DueRow:
    """Something owed as a line."""

    pk: int
    task_id: int
    title: str
    number: str
    category: str
    unit: str
    unit_full: str
    owner: str
    period: str
    due_on: dt.date
    filed_on: dt.date | None
    state: DueState
    report_id: int | None
    progress: int | None
    by: str


@dataclass(frozen=True)
class Dues:
    """A page of what was owed, and how much matches."""

    rows: list[DueRow]
    page: Page[Due]
    count: int


@dataclass(frozen=True)
class _Owed:
    """The columns `rules.due_state` looks at."""

    since: dt.date
    due_on: dt.date
    closes_on: dt.date
    filed_on: dt.date | None
    void: bool = False


def dues_listed(
    person: Person, wanted: Wanted, today: dt.date, *, after: str = "", before: str = ""
) -> Dues:
    """One page of what was owed, the latest first."""
    rows = dues_wanted(person, wanted, today)
    found = page(rows.only("due_on"), LATEST, size=SIZE, after=after, before=before)
    told = due_rows([due.pk for due in found.rows], today)
    return Dues(told, found, counted(rows, found, f"{person.pk} {wanted}"))


_COLUMNS = (
    "pk", "task_id", "task__title", "task__number", "task__category__name",
    "task__unit__short_name", "task__unit__name", "task__owner__name", "kind", "period", "since",
    "due_on", "closes_on", "filed_on", "filed_by_id", "filed_by__progress", "filed_by__by__name",
    "counting__category__name", "task__measure_id",
)  # fmt: skip


@statement
def _told(keys: Any) -> QuerySet[Due, Any]:
    return Due.objects.filter(pk__in=keys).order_by().values_list(*_COLUMNS)


def due_rows(keys: Sequence[int], today: dt.date) -> list[DueRow]:
    """The dues of these keys as lines, in their order; two statements at any number."""
    if not keys:
        return []
    graced = graces()
    found = {row[0]: _row(row, today, graced) for row in _told(keys=list(keys))}
    return [found[key] for key in keys if key in found]


def _row(told: tuple[Any, ...], today: dt.date, graced: Mapping[int, int]) -> DueRow:
    (pk, task_id, title, number, category, short, unit, owner, kind, period, since, due_on, closes,
     filed_on, report_id, progress, by, set_name, measure_id) = told  # fmt: skip
    owed = _Owed(since, due_on, closes, filed_on)
    state = rules.due_state(owed, today, grace=graced.get(measure_id, 0))
    return DueRow(
        pk, task_id, title, number, category, short or unit, unit, owner or "",
        set_name if kind == DueKind.RESULT else period_said(period),
        due_on, filed_on, state, report_id, progress, by or "",
    )  # fmt: skip


# ── units × months ───────────────────────────────────────────────────────────────────────────────

Counts = dict[str, int]


@dataclass
class Line:
    """A row of the table: a unit with what is below it, or the unit alone."""

    unit_id: int
    name: str
    alone: bool
    has_more: bool
    cells: dict[int, Counts] = field(default_factory=dict)

    @cached_property
    def total(self) -> Counts:
        return summed(self.cells.values())


@dataclass(frozen=True)
class Table:
    """Units × months; too many dues to count stand for an empty table that says so."""

    months: list[int]
    lines: list[Line]
    too_many: bool = False

    @cached_property
    def foot(self) -> dict[int, Counts]:
        return {n: summed(line.cells.get(n, {}) for line in self.lines) for n in self.months}

    @cached_property
    def total(self) -> Counts:
        return summed(line.total for line in self.lines)


def summed(some: Any) -> Counts:
    """Counts added up."""
    told: Counts = dict.fromkeys(STATES, 0)
    for counts in some:
        for name, n in counts.items():
            told[name] += n
    return told


#: Unit, month, counts by state.
_Counted = list[tuple[int, int, Counts]]


def by_unit(person: Person, wanted: Wanted, today: dt.date) -> Table:
    """Counts by unit and month. Counted once a minute for one reader and one set of filters."""
    asked = hashlib.sha256(f"{person.pk} {wanted} {today}".encode()).hexdigest()[:32]
    key = f"feedback-{asked}"
    return cache.get_or_set(key, lambda: _by_unit(person, wanted, today), COUNTED_KEPT) or Table(
        [], []
    )


def _by_unit(person: Person, wanted: Wanted, today: dt.date) -> Table:
    counted = _counted(person, wanted, today)
    if counted is None:
        return Table([], [], too_many=True)
    base = _base(person, wanted)
    return _table(counted, base) if base else Table([], [])


def _counted(person: Person, wanted: Wanted, today: dt.date) -> _Counted | None:
    """(unit, month, counts by state); None where there are more than one counts."""
    rows = dues_wanted(person, wanted, today).order_by()
    if rows[: MOST + 1].count() > MOST:
        return None
    graced = graces()
    told = rows.values_list("task__unit_id", "due_on").annotate(
        **{f"n_{name}": Count("pk", filter=state_is(name, today, graced)) for name in STATES}
    )
    found: dict[tuple[int, int], Counts] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for unit_id, due_on, *numbers in told:
        counts = found[unit_id, due_on.month]
        for name, n in zip(STATES, numbers, strict=True):
            counts[name] += n
    return [(unit_id, month, counts) for (unit_id, month), counts in found.items()]


def _base(person: Person, wanted: Wanted) -> Unit | None:
    """The unit whose parts are the lines: the one asked for, the reader's own, or the root."""
    if wanted.unit_id:
        return Unit.objects.filter(pk=wanted.unit_id).first()
    if wanted.scope == "department":
        return person.main_unit
    return Unit.objects.filter(parent=None).order_by("pk").first()


def _table(counted: _Counted, base: Unit) -> Table:
    """Lines for the unit alone and for each unit right below it, each with all below that."""
    units = Unit.objects.in_bulk({unit_id for unit_id, _month, _counts in counted})
    lines: dict[int, Line] = {}
    for unit_id, month, counts in counted:
        unit = units[unit_id]
        above = [*unit.ancestor_ids, unit.pk]
        place = above.index(base.pk) + 1 if base.pk in above else 0
        key = above[place] if place < len(above) else unit.pk
        line = lines.setdefault(key, Line(key, "", key == base.pk, False))
        line.has_more = line.has_more or unit.pk != key
        line.cells[month] = summed([line.cells.get(month, {}), counts])
    heads = Unit.objects.in_bulk(list(lines))
    for key, line in lines.items():
        line.name = heads[key].label
    in_order = sorted(lines.values(), key=lambda line: _place(heads[line.unit_id], base))
    return Table(sorted({month for _unit, month, _counts in counted}), in_order)


def _place(unit: Unit, base: Unit) -> tuple[bool, int, str]:
    """The unit itself first, then the others as the tree has them."""
    return unit.pk != base.pk, unit.order, unit.path or ""


# ── tasks × months ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Mark:
    """How one due stands: what a cell of the table shows."""

    pk: int
    task_id: int
    state: DueState
    due_on: dt.date
    period: str


@dataclass(frozen=True)
class TaskLine:
    """A task with what it owed month by month."""

    pk: int
    title: str
    number: str
    unit: str
    owner: str
    progress: int
    cells: dict[int, list[Mark]]

    @property
    def total(self) -> Counts:
        told: Counts = dict.fromkeys(STATES, 0)
        for marks in self.cells.values():
            for mark in marks:
                told[NAMED[mark.state]] += 1
        return told


@dataclass(frozen=True)
class TaskTable:
    """A page of tasks with what they owed."""

    months: list[int]
    lines: list[TaskLine]
    page: Page[Task]
    count: int


def tasks_owing(person: Person, wanted: Wanted, today: dt.date) -> QuerySet[Task]:
    """Tasks of the year that owed something that the filters look for."""
    dues = Due.objects.filter(_concerning(wanted), task=OuterRef("pk"))
    if wanted.state:
        dues = dues.filter(state_is(wanted.state, today, graces()))
    tasks = tasks_wanted(person, wanted, today)
    of_year = (Task.objects.all() if tasks is None else tasks).filter(year=wanted.year)
    return of_year.filter(Exists(dues))


def by_task(
    person: Person,
    wanted: Wanted,
    today: dt.date,
    *,
    after: str = "",
    before: str = "",
    size: int = SIZE,
) -> TaskTable:
    """One page of tasks in order of their due dates, with all they owed in the days asked for."""
    rows = tasks_owing(person, wanted, today)
    found = page(rows.only("due"), ORDERS["due"], size=size, after=after, before=before)
    keys = [task.pk for task in found.rows]
    lines = _task_lines(keys, wanted, today)
    months = sorted({month for line in lines for month in line.cells})
    return TaskTable(months, lines, found, counted(rows, found, f"{person.pk} {wanted}"))


_TASK = ("pk", "title", "number", "unit__short_name", "unit__name", "owner__name", "progress")


def _task_lines(keys: Sequence[int], wanted: Wanted, today: dt.date) -> list[TaskLine]:
    """Two statements for any number of tasks."""
    first, last = wanted.days
    marks: dict[int, dict[int, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for mark in _marks(_owed_by(keys=list(keys), first=first, last=last), today) if keys else ():
        marks[mark.task_id][mark.due_on.month].append(mark)
    found = {
        pk: TaskLine(pk, title, number, short or unit, owner or "", progress, dict(marks[pk]))
        for pk, title, number, short, unit, owner, progress in (
            _titles(keys=list(keys)) if keys else ()
        )
    }
    return [found[key] for key in keys if key in found]


@statement
def _titles(keys: Any) -> QuerySet[Task, Any]:
    return Task.objects.filter(pk__in=keys).order_by().values_list(*_TASK)


#: What a mark is made of.
_MARK = (
    "pk", "task_id", "period", "since", "due_on", "closes_on", "filed_on", "task__measure_id",
)  # fmt: skip


@statement
def _owed_by(keys: Any, first: Any, last: Any) -> QuerySet[Due, Any]:
    rows = Due.objects.filter(among("task_id", keys), void=False)
    in_time = rows.filter(due_on__gte=first, due_on__lte=last)
    return in_time.order_by("due_on", "pk").values_list(*_MARK)


def marks_of(dues: QuerySet[Due], today: dt.date) -> list[Mark]:
    """Dues as marks, in order of time."""
    return _marks(dues.order_by("due_on", "pk").values_list(*_MARK), today)


def _marks(columns: Iterable[tuple[Any, ...]], today: dt.date) -> list[Mark]:
    graced = graces()
    found = []
    for pk, task_id, period, since, due_on, closes_on, filed_on, measure_id in columns:
        owed = _Owed(since, due_on, closes_on, filed_on)
        state = rules.due_state(owed, today, grace=graced.get(measure_id, 0))
        found.append(Mark(pk, task_id, state, due_on, period_said(period)))
    return found
