"""The task list: a scope, combined filters, an order, a page (TSK-6)."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from luoshi.desk.queries.paging import Order, Page, chosen, count_to, page
from luoshi.desk.queries.unit_choices import UnitChoices
from luoshi.measures.models import Category
from luoshi.measures.queries import LightShown, lights_of
from luoshi.measures.rules import Health, Urgency
from luoshi.people.models import Person, Unit
from luoshi.tasks import rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Kind, Task, Tier
from luoshi.tasks.queries import Filters, filtered, measure_for, read_measures, scope

SIZE = 50
#: Beyond this many matches only the indexed order by due date is offered.
SORTABLE = 10_000
SORTABLE_KEPT = 60  # seconds


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


@dataclass(frozen=True)
class Row:
    """A task as a line of the list."""

    task: Task
    light: LightShown
    expected: int | None
    is_draft: bool

    @property
    def is_handed_in(self) -> bool:
        """Whether the result waits for the reviewer."""
        return self.task.status == Status.SUBMITTED

    @property
    def stands_apart(self) -> bool:
        """Whether no clock runs against whoever does it: cancelled, or waiting for review."""
        return self.is_handed_in or self.task.status == Status.CANCELLED

    @property
    def unit(self) -> str:
        return self.task.unit.short_name or self.task.unit.name

    @property
    def owner(self) -> str:
        return self.task.owner.name if self.task.owner else ""


@dataclass(frozen=True)
class Listing:
    """A page of the list, and how many match."""

    rows: list[Row]
    page: Page[Task]
    count: int
    order: str
    sortable: bool


def rows_of(tasks: Sequence[Task], today: dt.date) -> list[Row]:
    """Tasks as lines; lights are read once per measure."""
    lights: dict[int | None, Mapping[str, LightShown]] = {}
    rows = []
    for task in tasks:
        measure = measure_for(task)
        key = measure.pk if measure else None
        if key not in lights:
            lights[key] = lights_of(measure)
        rows.append(
            Row(
                task,
                lights[key][rules.health(task, today).value],
                rules.expected(task.start, task.due, today),
                task.status == Status.DRAFT,
            )
        )
    return rows


def matching(person: Person, name: str, wanted: Filters, today: dt.date) -> QuerySet[Task]:
    """Tasks of a scope under filters, as far as the person may see them."""
    return filtered(scope(name, person), wanted, today, person)


_SHOWN = (
    "number", "title", "due", "start", "status", "progress", "paused", "late_from", "behind_from",
    "points", "urgency", "kind", "depth", "year", "children_count", "completed_at",
    "unit__name", "unit__short_name", "owner__name",
    "measure_id", "category__name", "category__measure_id",
)  # fmt: skip


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

    ``asked`` stands for person, scope and filters: under it is kept for a minute whether the list
    is short enough to be sorted.
    """
    count = count_to(tasks)
    sortable = count <= 1000 or _is_sortable(tasks, asked)
    order = chosen(ORDERS, order if sortable else order.replace(order.lstrip("-"), "due"), "due")
    column = ORDERS[order].column
    found = page(tasks.only(column), ORDERS[order], size=SIZE, after=after, before=before)
    rows = _in_full([task.pk for task in found.rows])
    return Listing(rows_of(rows, today), found, count, order, sortable)


def _is_sortable(tasks: QuerySet[Task], asked: str) -> bool:
    """Whether no more than `SORTABLE` tasks match."""

    def count() -> bool:
        return tasks.order_by()[: SORTABLE + 1].count() <= SORTABLE

    if not asked:
        return count()
    key = f"sortable-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
    return bool(cache.get_or_set(key, count, SORTABLE_KEPT))


def _in_full(keys: list[int]) -> list[Task]:
    """The tasks of these keys, in their order, with what a line shows; measures are read once."""
    tasks = Task.objects.filter(pk__in=keys).order_by()
    found = {
        task.pk: task for task in tasks.select_related("unit", "owner", "category").only(*_SHOWN)
    }
    read_measures(found.values())
    return [found[key] for key in keys if key in found]


#: An export has this many rows at most.
MOST_EXPORTED = 10_000


def rows_to_export(tasks: QuerySet[Task], order: str, today: dt.date) -> list[Row]:
    """All rows of the list in its order, up to `MOST_EXPORTED`."""
    chosen_order = ORDERS[chosen(ORDERS, order, "due")]
    found = page(
        tasks.select_related("unit", "owner", "category__measure", "measure", "creator"),
        chosen_order,
        size=MOST_EXPORTED,
    )
    return rows_of(found.rows, today)


# ── what the filters offer ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Chip:
    """One filter in force: its words and the name of its parameter."""

    name: str
    words: str


def chips(wanted: Filters, names: Mapping[str, Mapping[str, str | Promise]]) -> list[Chip]:
    """Filters in force, the year left out."""
    found = []
    for name, choices in names.items():
        value = getattr(wanted, name)
        if value not in (None, ""):
            found.append(Chip(name, str(choices.get(str(value), value))))
    if wanted.words:
        found.append(Chip("words", wanted.words))
    return found


def choices(today: dt.date) -> dict[str, Mapping[str, str | Promise]]:
    """What each filter may be set to: value → words, in order."""
    return {
        "unit_id": cast(Mapping[str, str | Promise], UnitChoices(today)),
        "category_id": {
            str(pk): name
            for pk, name in Category.objects.filter(active=True).values_list("pk", "name")
        },
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
