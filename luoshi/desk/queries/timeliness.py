"""及时与诊改 (EVA-11): what units reported in time and diagnosed; each figure leads to its rows.

scope_of(person)                 the units somebody may ask for
table(person, wanted, today)     units × figures
rows(person, wanted, ...)        the rows behind a figure
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from luoshi.assessment.queries import timeliness
from luoshi.assessment.queries.timeliness import LATE, MISSING, ON_TIME, STATES, Tallies
from luoshi.assessment.rules import KeptKind, Tally, day_counted
from luoshi.desk.queries.paging import Order, Page, page
from luoshi.improvement.queries import asked as diagnosis_asked
from luoshi.improvement.queries import diagnosed
from luoshi.improvement.rules import Period
from luoshi.kit.books import Tenths
from luoshi.kit.tree import below
from luoshi.kit.typed import whole
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.reports.models import Due
from luoshi.tasks.models import Task
from luoshi.tasks.queries import sees_everything, tasks_visible_to

SIZE = 50
Words = str | Promise
KINDS: dict[str, Words] = {
    KeptKind.REPORTS.value: gettext_lazy("How timely reports were"),
    KeptKind.DIAGNOSES.value: gettext_lazy("Diagnoses written"),
}
STATE_WORDS: dict[str, Words] = {
    ON_TIME: pgettext_lazy("timeliness", "in time"),
    LATE: pgettext_lazy("timeliness", "late"),
    MISSING: pgettext_lazy("timeliness", "missing"),
}


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; ``own`` leaves out the units below."""

    year: int
    day: dt.date
    month: int | None = None
    unit_id: int | None = None
    own: bool = False
    kind: str = KeptKind.REPORTS.value
    state: str = ""

    @property
    def query(self) -> dict[str, Any]:
        """The same as parameters of an address, as far as it differs from the beginning."""
        told = {"year": self.year, "day": self.day.isoformat(), "month": self.month}
        told |= {"unit": self.unit_id}
        return {name: value for name, value in told.items() if value}


def read(query: Mapping[str, Any], year: int, today: dt.date) -> Wanted:
    """What an address asks for; what makes no sense is left out."""
    month = whole(query.get("month"))
    kind, state = str(query.get("kind", "")), str(query.get("state", ""))
    try:
        day = dt.date.fromisoformat(str(query.get("day", "")))
    except ValueError:
        day = None
    return Wanted(
        year,
        day_counted(day, year, today),
        month if month and 1 <= month <= 12 else None,
        whole(query.get("unit")),
        query.get("own") == "1",
        kind if kind in KINDS else KeptKind.REPORTS.value,
        state if state in STATES else "",
    )


# ── whose figures ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Place:
    """A unit of the tree."""

    pk: int
    name: str
    path: str
    parent_id: int | None


@dataclass(frozen=True)
class Scope:
    """The units somebody may ask for, and the one chosen. ``sees_all``: no task is hidden there."""

    places: list[Place]
    tops: list[Place]
    sees_all: bool
    whole: bool
    chosen: Place | None = None

    @property
    def heads(self) -> list[Place]:
        """Units whose figures make the total."""
        return [self.chosen] if self.chosen else self.tops

    @property
    def is_whole(self) -> bool:
        """Whether every unit of the institution is meant."""
        return self.whole and (self.chosen is None or self.chosen.parent_id is None)

    def within(self, head: Place) -> list[Place]:
        return [place for place in self.places if place.path.startswith(head.path)]

    def children(self, head: Place) -> list[Place]:
        return [place for place in self.places if place.parent_id == head.pk]


def scope_of(person: Person, unit_id: int | None = None) -> Scope:
    """Everything for who sees everything; units led; else one's own unit, as far as one sees it."""
    everything = sees_everything(person)
    led = sorted(powers_of(person).reach(Power.SEE))
    paths = led or [person.main_unit.path or "-"]
    units = Unit.objects.order_by("path")
    if not everything:
        where = below(paths[0])
        for path in paths[1:]:
            where |= below(path)
        units = units.filter(where)
    places = [
        Place(pk, name, path or "", parent_id)
        for pk, name, path, parent_id in units.values_list("pk", "name", "path", "parent_id")
    ]
    known = {place.pk for place in places}
    tops = [place for place in places if place.parent_id not in known]
    chosen = next((place for place in places if place.pk == unit_id), None)
    if chosen is None and len(tops) == 1:
        chosen = tops[0]
    return Scope(places, tops, everything or bool(led), everything, chosen)


def _narrow(person: Person, scope: Scope, own: bool = False) -> Callable[[Any], Any]:
    """Leaves the tasks of the scope: those of the units meant, as far as the person sees them."""

    def tasks(rows: QuerySet[Task]) -> QuerySet[Task]:
        if own and scope.chosen:
            rows = rows.filter(unit_id=scope.chosen.pk)
        elif not scope.is_whole:
            keys = [place.pk for head in scope.heads for place in scope.within(head)]
            rows = rows.filter(unit_id__in=keys)
        if not scope.sees_all:
            rows = rows.filter(pk__in=tasks_visible_to(person).order_by().values("pk"))
        return rows

    return tasks


def _dues(person: Person, wanted: Wanted, scope: Scope, own: bool = False) -> QuerySet[Due]:
    dues = timeliness.dues_of_year(wanted.year, wanted.month)
    if scope.is_whole and scope.sees_all and not own:
        return dues
    tasks = _narrow(person, scope, own)(Task.objects.order_by())
    return dues.filter(task_id__in=tasks.values("pk"))


# ── the table ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """A unit with those below it, or (``own``) by itself."""

    place: Place
    own: bool
    opens: bool
    reports: Tally
    diagnoses: Tally
    query: str

    @property
    def figures(self) -> list["Figures"]:
        return _figures(self.reports, self.diagnoses, self.query)


@dataclass(frozen=True)
class Figures:
    """The figures of one kind: each number with the address of its rows."""

    tally: Tally
    kind: str
    query: str

    @property
    def cells(self) -> list[tuple[int, str]]:
        """Number and address: owed, in time, late, missing."""
        counts = {"": self.tally.owed, ON_TIME: self.tally.on_time}
        counts |= {LATE: self.tally.late, MISSING: self.tally.missing}
        return [
            (n, f"{self.query}&kind={self.kind}" + (f"&state={state}" if state else ""))
            for state, n in counts.items()
        ]

    @property
    def share(self) -> Any:
        """Reports count when in time, diagnoses when written."""
        if self.kind == KeptKind.REPORTS:
            return self.tally.in_time_share
        return self.tally.settled_share


def _figures(reports: Tally, diagnoses: Tally, query: str) -> list[Figures]:
    return [
        Figures(reports, KeptKind.REPORTS.value, query),
        Figures(diagnoses, KeptKind.DIAGNOSES.value, query),
    ]


@dataclass(frozen=True)
class Table:
    """Units and their total. ``day``: as at which day; None where it was never counted."""

    rows: list[Row]
    total: Row | None
    scope: Scope
    day: dt.date | None
    kept: bool = False
    crumbs: list[tuple[str, str]] = field(default_factory=list)


def table(person: Person, wanted: Wanted, today: dt.date) -> Table:
    """The figures of the units below the one chosen, and of itself."""
    scope = scope_of(person, wanted.unit_id)
    dues = _dues(person, wanted, scope)
    day: dt.date | None = wanted.day
    kept = timeliness.are_many(dues)
    if kept:
        day, reports = timeliness.kept(wanted.year, KeptKind.REPORTS, wanted.month)
        _day, diagnoses = timeliness.kept(wanted.year, KeptKind.DIAGNOSES, wanted.month)
        wanted = replace(wanted, day=day or wanted.day)
    else:
        reports = timeliness.report_tallies(dues, wanted.day)
        narrow = _narrow(person, scope)
        diagnoses = timeliness.diagnosis_tallies(narrow, wanted.year, wanted.day, wanted.month)
    built = list(_rows(scope, wanted, Sums(scope, reports), Sums(scope, diagnoses)))
    total = _total(built, scope, wanted)
    return Table(built, total, scope, day, kept, _crumbs(scope, wanted))


class Sums:
    """The figures of each unit by itself, and with those below it: each counted once upwards."""

    def __init__(self, scope: Scope, tallies: Tallies) -> None:
        above = {place.pk: place.parent_id for place in scope.places}
        self._own: dict[int, Tally] = defaultdict(Tally)
        self._whole: dict[int, Tally] = defaultdict(Tally)
        for (unit_id, _month), told in tallies.items():
            self._own[unit_id] += told
        for unit_id, told in self._own.items():
            at: int | None = unit_id
            while at in above:
                self._whole[at] += told
                at = above[at]

    def of(self, place: Place, own: bool) -> Tally:
        return (self._own if own else self._whole).get(place.pk, Tally())


def _rows(scope: Scope, wanted: Wanted, reports: Sums, diagnoses: Sums) -> Iterator[Row]:
    """The unit by itself, then the units below it, each with its own below; empty ones left out."""
    parts: list[tuple[Place, bool]] = [(place, False) for place in scope.tops]
    if scope.chosen:
        children = [(place, False) for place in scope.children(scope.chosen)]
        parts = [(scope.chosen, True), *children]
    parents = {place.parent_id for place in scope.places}
    for place, own in parts:
        row = Row(
            place,
            own,
            not own and place.pk in parents,
            reports.of(place, own),
            diagnoses.of(place, own),
            _address(wanted, place, own),
        )
        if row.reports.owed or row.diagnoses.owed:
            yield row


def _address(wanted: Wanted, place: Place | None, own: bool) -> str:
    told = replace(wanted, unit_id=place.pk if place else None).query
    return urlencode({**told, "own": 1} if own else told)


def _total(rows: Sequence[Row], scope: Scope, wanted: Wanted) -> Row | None:
    if len(rows) < 2:
        return None
    place = scope.chosen or Place(0, "", "", None)
    return Row(
        place,
        False,
        False,
        sum((row.reports for row in rows), Tally()),
        sum((row.diagnoses for row in rows), Tally()),
        _address(wanted, scope.chosen, False),
    )


def _crumbs(scope: Scope, wanted: Wanted) -> list[tuple[str, str]]:
    """The units above the one chosen, as far as they may be asked for."""
    if scope.chosen is None:
        return []
    above = [p for p in scope.places if scope.chosen.path.startswith(p.path)]
    return [(place.name, "?" + _address(wanted, place, False)) for place in above]


# ── the rows behind a figure ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Line:
    """One thing owed: a report of a period, or the diagnosis of a task."""

    task: Task
    what: str
    due_on: dt.date
    settled_on: dt.date | None
    state: str

    @property
    def state_words(self) -> Words:
        return STATE_WORDS[self.state]

    @property
    def owner(self) -> str:
        return self.task.owner.name if self.task.owner else ""


@dataclass(frozen=True)
class Found:
    """A page of rows."""

    lines: list[Line]
    page: Page[Any]


_BY_DAY = Order("due_on", descending=True, parse=dt.date.fromisoformat)
_BY_DUE = Order("due", nullable=True, parse=dt.date.fromisoformat)


def rows(
    person: Person,
    wanted: Wanted,
    period: Period | None,
    words: Callable[[str], str],
    **at: str,
) -> Found:
    """The rows of a figure; ``words`` says a reporting period as people do."""
    scope = scope_of(person, wanted.unit_id)
    if wanted.kind == KeptKind.REPORTS:
        return _due_lines(person, wanted, scope, words, **at)
    return _task_lines(person, wanted, scope, period, **at) if period else Found([], Page([]))


def _due_lines(
    person: Person, wanted: Wanted, scope: Scope, words: Callable[[str], str], **at: str
) -> Found:
    graced = timeliness.graces()
    where = {state: timeliness.dues_in(state, wanted.day, graced) for state in STATES}
    asked = where[wanted.state] if wanted.state else where[ON_TIME] | where[LATE] | where[MISSING]
    dues = _dues(person, wanted, scope, wanted.own).filter(asked)
    found = page(dues, _BY_DAY, size=SIZE, **at)
    keys = [due.pk for due in found.rows]
    full = Due.objects.filter(pk__in=keys).select_related(
        "task__unit", "task__owner", "counting__category"
    )
    late = set(Due.objects.filter(where[LATE], pk__in=keys).order_by().values_list("pk", flat=True))
    by_key = {due.pk: due for due in full}
    lines = [_due_line(by_key[key], wanted.day, key in late, words) for key in keys]
    return Found(lines, found)


def _due_line(due: Due, day: dt.date, late: bool, words: Callable[[str], str]) -> Line:
    given = due.filed_on if due.filed_on and due.filed_on <= day else None
    state = MISSING if given is None else LATE if late else ON_TIME
    what = due.counting.category.name if due.counting else words(due.period)
    return Line(due.task, what, due.due_on, given, state)


def _task_lines(person: Person, wanted: Wanted, scope: Scope, period: Period, **at: str) -> Found:
    asked = _narrow(person, scope, wanted.own)(diagnosis_asked(period))
    states = [wanted.state] if wanted.state else list(STATES)
    told = [timeliness.tasks_in(state, asked, period, wanted.day) for state in states]
    tasks = told[0]
    for more in told[1:]:
        tasks = tasks | more
    found = page(tasks.only("due"), _BY_DUE, size=SIZE, **at)
    keys = [task.pk for task in found.rows]
    full = Task.objects.filter(pk__in=keys).select_related("unit", "owner").in_bulk()
    done = diagnosed(full.values(), period)
    lines = []
    for key in keys:
        diagnosis = done.get(key)
        state = MISSING if diagnosis is None else LATE if diagnosis.late else ON_TIME
        given = timeliness.day_of(diagnosis.at) if diagnosis else None
        lines.append(Line(full[key], period.words, period.due_on, given, state))
    return Found(lines, found)


def periods_asked(wanted: Wanted) -> list[Period]:
    """Periods of diagnosis of the year or month asked for."""
    return timeliness.periods(wanted.year, wanted.month)


# ── as a workbook ────────────────────────────────────────────────────────────────────────────────


def columns() -> list[tuple[str, int]]:
    """Heads and widths of the workbook."""
    return [
        (_("Unit"), 28),
        (pgettext("timeliness", "Reports owed"), 10),
        (_("Reports in time"), 10),
        (_("Reports late"), 10),
        (_("Reports missing"), 10),
        (_("Share in time"), 10),
        (_("Diagnoses owed"), 10),
        (_("Diagnoses in time"), 10),
        (_("Diagnoses late"), 10),
        (_("Diagnoses missing"), 10),
        (_("Share written"), 10),
    ]


def contents(told: Table) -> Iterator[list[Any]]:
    """The table as seen, its total last."""
    for row in told.rows:
        name = _("%(unit)s itself") % {"unit": row.place.name} if row.own else row.place.name
        yield _cells(name, row)
    if told.total:
        yield _cells(_("In all"), told.total)


def _cells(name: str, row: Row) -> list[Any]:
    cells: list[Any] = [name]
    for figures in row.figures:
        tally, share = figures.tally, figures.share
        cells += [tally.owed, tally.on_time, tally.late, tally.missing]
        cells.append(None if share is None else Tenths(round(float(share) / 100, 6)))
    return cells
