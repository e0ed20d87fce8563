"""The task list: a scope, combined filters, an order, a page (TSK-6)."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from luoshi.desk.queries.paging import Order, Page, chosen, count_to, page
from luoshi.desk.queries.unit_choices import UnitChoices
from luoshi.kit.statements import statement
from luoshi.measures.models import Category, Measure
from luoshi.measures.queries import LightShown, lights_of
from luoshi.measures.rules import Health, Urgency
from luoshi.people.models import Person, Unit
from luoshi.tasks import rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Kind, Task, Tier
from luoshi.tasks.queries import Filters, filtered, scope

SIZE = 50
#: Beyond this many matches only the indexed order by due date is offered.
SORTABLE = 10_000
#: Up to here matches are counted exactly (ARCHITECTURE §19.11).
COUNTED = 1_000
#: Of lists longer than this the length is kept; of shorter ones a difference would be noticed.
KEPT_FROM = 4 * SIZE
SIZE_KEPT = 60  # seconds


def _points(text: str) -> Decimal:
    """Points of a cursor. Raises ValueError for what is no figure."""
    try:
        points = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not points.is_finite():
        raise ValueError(text)
    return points


ORDERS: dict[str, Order] = {
    "due": Order("due", nullable=True, parse=dt.date.fromisoformat),
    "-due": Order("due", descending=True, nullable=True, parse=dt.date.fromisoformat),
    "title": Order("title"),
    "-title": Order("title", descending=True),
    "progress": Order("progress", parse=int),
    "-progress": Order("progress", descending=True, parse=int),
    "number": Order("number"),
    "-number": Order("number", descending=True),
    "points": Order("points", nullable=True, parse=_points),
    "-points": Order("points", descending=True, nullable=True, parse=_points),
}

#: The lists of S0 (whole institution, department, self) and of S3-12.2, in the order of the tabs.
SCOPES: dict[str, Any] = {
    "all": _("Whole institution"),
    "department": _("My department"),
    "mine": _("My own"),
    "created": _("Created by me"),
    "subordinates": _("Of subordinates"),
    "assessing": _("I assess"),
    "instructed": _("I instructed"),
    "shared": _("Shared with me"),
    "followed": _("Followed"),
}

HEALTHS = (
    Health.IDLE,
    Health.MOVING,
    Health.STALLED,
    Health.LATE,
    Health.DONE,
    Health.SUSPENDED,
    Health.CANCELLED,
)


class Line(NamedTuple):
    """Columns of a task that its line shows, which are enough for `rules.health`."""

    pk: int
    number: str
    title: str
    start: dt.date | None
    due: dt.date | None
    status: int
    progress: int
    paused: bool
    late_from: dt.date | None
    behind_from: dt.date | None
    children_count: int
    completed_at: dt.datetime | None
    category: str
    unit: str
    unit_short: str
    owner: str | None
    measure_id: int | None
    measure_rev: int | None
    later_measure_id: int | None
    later_measure_rev: int | None

    @property
    def governed_by(self) -> tuple[int, int] | None:
        """Key and version of its measure: fixed at issue, before that its category's."""
        if self.measure_id:
            return self.measure_id, self.measure_rev or 0
        if self.later_measure_id:
            return self.later_measure_id, self.later_measure_rev or 0
        return None


#: Where the columns of a `Line` come from.
LINE = (
    "pk", "number", "title", "start", "due", "status", "progress", "paused", "late_from",
    "behind_from", "children_count", "completed_at", "category__name", "unit__name",
    "unit__short_name", "owner__name", "measure_id", "measure__rev", "category__measure_id",
    "category__measure__rev",
)  # fmt: skip


Shown = TypeVar("Shown", Task, Line)


@dataclass(frozen=True)
class Row(Generic[Shown]):
    """A task as a line of the list, or with all its columns for an export."""

    task: Shown
    light: LightShown
    expected: int | None
    category: str
    unit: str
    owner: str

    @property
    def is_draft(self) -> bool:
        return self.task.status == Status.DRAFT

    @property
    def is_handed_in(self) -> bool:
        """Whether the result waits for the reviewer."""
        return self.task.status == Status.SUBMITTED

    @property
    def stands_apart(self) -> bool:
        """Whether no clock runs against whoever does it: cancelled, or waiting for review."""
        return self.is_handed_in or self.task.status == Status.CANCELLED


@dataclass(frozen=True)
class Listing:
    """A page of the list, and how many match."""

    rows: list[Row[Line]]
    page: Page[Task]
    count: int
    order: str
    sortable: bool


def rows_of(lines: Iterable[Line], today: dt.date) -> list[Row[Line]]:
    """How tasks stand; lights are read once per measure."""
    lights: dict[tuple[int, int] | None, Mapping[str, LightShown]] = {}
    rows = []
    for line in lines:
        key = line.governed_by
        if key not in lights:
            lights[key] = lights_of(Measure(pk=key[0], rev=key[1]) if key else None)
        rows.append(
            Row(
                line,
                lights[key][rules.health(line, today).value],
                rules.expected(line.start, line.due, today),
                line.category,
                line.unit_short or line.unit,
                line.owner or "",
            )
        )
    return rows


def matching(person: Person, name: str, wanted: Filters, today: dt.date) -> QuerySet[Task]:
    """Tasks of a scope under filters, as far as the person may see them."""
    return filtered(scope(name, person), wanted, today, person)


@dataclass(frozen=True)
class _Size:
    """How many tasks match (`COUNTED` + 1 stands for more), and whether they may be sorted."""

    count: int
    sortable: bool


def listing(
    tasks: QuerySet[Task],
    today: dt.date,
    *,
    order: str = "due",
    after: str = "",
    before: str = "",
    asked: str = "",
) -> Listing:
    """One page of the list: its keys, which an index tells, then its rows.

    ``asked`` stands for person, scope and filters: under it is kept for a minute how long a list
    of several pages is. What fits on the page is not counted.
    """
    order = chosen(ORDERS, order, "due")
    size = cache.get(_size_key(asked)) if asked else None
    if size is None and ORDERS[order].column != "due":
        size = _size(tasks, asked)
    if size and not size.sortable:
        order = order.replace(ORDERS[order].column, "due")
    found = page(
        tasks.only(ORDERS[order].column), ORDERS[order], size=SIZE, after=after, before=before
    )
    if found.is_all:
        size = _Size(len(found.rows), sortable=True)
    elif size is None:
        size = _size(tasks, asked)
    rows = rows_of(_in_full([task.pk for task in found.rows]), today)
    return Listing(rows, found, size.count, order, size.sortable)


def _size(tasks: QuerySet[Task], asked: str) -> _Size:
    count = count_to(tasks, SORTABLE)
    size = _Size(min(count, COUNTED + 1), count <= SORTABLE)
    if asked and size.count > KEPT_FROM:
        cache.set(_size_key(asked), size, SIZE_KEPT)
    return size


def _size_key(asked: str) -> str:
    return f"size-of-list-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


@statement
def _lines(keys: Any) -> QuerySet[Task, Any]:
    return Task.objects.filter(pk__in=keys).order_by().values_list(*LINE)


def _in_full(keys: list[int]) -> list[Line]:
    """The lines of these tasks, in their order."""
    found = {row[0]: Line(*row) for row in _lines(keys=keys)}
    return [found[key] for key in keys if key in found]


#: An export has this many rows at most.
MOST_EXPORTED = 10_000
#: Rows read at a time, so that an export of any length needs little memory.
PIECE = 500


class Rest(NamedTuple):
    """Columns of a task that only an export shows."""

    rev: int
    kind: str
    tier: int
    points: Decimal | None
    weight: Decimal | None
    urgency: str
    details: str
    standard: str


@statement
def _exported(keys: Any) -> QuerySet[Task, Any]:
    return Task.objects.filter(pk__in=keys).order_by().values_list(*LINE, *Rest._fields)


def rows_to_export(
    tasks: QuerySet[Task], order: str, today: dt.date
) -> Iterator[tuple[Row[Line], Rest]]:
    """All rows of the list in its order, up to `MOST_EXPORTED`; read as they are asked for."""
    by = ORDERS[chosen(ORDERS, order, "due")]
    columns = tasks.values_list("pk", by.column, named=True)
    keys = [row.pk for row in page(columns, by, size=MOST_EXPORTED).rows]
    for start in range(0, len(keys), PIECE):
        piece = keys[start : start + PIECE]
        found = {row[0]: row for row in _exported(keys=piece)}
        columns_of = [found[key] for key in piece if key in found]
        shown = rows_of([Line(*row[: len(LINE)]) for row in columns_of], today)
        rests = [Rest(*row[len(LINE) :]) for row in columns_of]
        yield from zip(shown, rests, strict=True)


# ── what the filters offer ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Chip:
    """One filter in force: its name, what it is called, and its value in words."""

    name: str
    label: str
    words: str


#: What each filter is called; stage and state share some of their words.
FILTER_LABELS: dict[str, Any] = {
    "unit_id": _("Lead unit"),
    "category_id": _("Category"),
    "tier": _("Level"),
    "kind": _("Kind"),
    "status": _("Stage"),
    "health": _("State"),
    "urgency": _("Urgency"),
    "words": _("Words"),
    "person_id": _("Responsible person"),
}


def chips(wanted: Filters, names: Mapping[str, Mapping[str, str | Promise]]) -> list[Chip]:
    """Filters in force, the year left out."""
    found = []
    for name, choices in names.items():
        value = getattr(wanted, name)
        if value not in (None, ""):
            words = str(choices.get(str(value), value))
            found.append(Chip(name, str(FILTER_LABELS[name]), words))
    if wanted.words:
        found.append(Chip("words", str(FILTER_LABELS["words"]), wanted.words))
    return found


@statement
def _active_categories() -> QuerySet[Category, Any]:
    return Category.objects.filter(active=True).values_list("pk", "name")


def choices(today: dt.date) -> dict[str, Mapping[str, str | Promise]]:
    """What each filter may be set to: value → words, in order."""
    return {
        "unit_id": cast(Mapping[str, str | Promise], UnitChoices(today)),
        "category_id": {str(pk): name for pk, name in _active_categories()},
        "tier": {str(value): label for value, label in Tier.choices},
        "kind": dict(Kind.choices),
        "status": {str(value): label for value, label in Status.choices},
        "health": {str(h): h.label for h in HEALTHS},
        "urgency": dict(Urgency.choices),
    }


def person_named(pk: int | None, text: str = "") -> Person | None:
    """The person a filter names, by key or, where nothing was picked, by the name typed."""
    if pk:
        return Person.objects.filter(pk=pk).first()
    name = text.strip().replace("\0", "")
    return Person.objects.filter(name=name).order_by("pk").first() if name else None


def unit_named(pk: int | None) -> Unit | None:
    """The unit a filter names."""
    return Unit.objects.filter(pk=pk).first() if pk else None


def read_filters(query: Mapping[str, Any], year: int) -> Filters:
    """Filters as they stand in an address; what makes no sense is left out."""

    def number(name: str) -> int | None:
        text = str(query.get(name, "") or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    def one_of(name: str, known: Any) -> str:
        text = str(query.get(name, "") or "")
        return text if text in known else ""

    def day(name: str) -> dt.date | None:
        try:
            return dt.date.fromisoformat(str(query.get(name, "")))
        except ValueError:
            return None

    wanted = Filters(
        year=year,
        unit_id=number("unit"),
        person_id=number("person"),
        tier=number("tier"),
        kind=one_of("kind", Kind.values),
        category_id=number("category"),
        status=number("status"),
        health=one_of("health", [h.value for h in HEALTHS]),
        urgency=one_of("urgency", Urgency.values),
        words=str(query.get("q", "") or "").replace("\0", "")[:100].strip(),
        since=day("since"),
        until=day("until"),
    )
    return replace(wanted, year=None) if query.get("year") == "all" else wanted
