"""任务诊断与改进查询: every task that is to be diagnosed, with what was written (S0; IMP-1).

Wanted ── what an address asks: scope, filters, period, state
  tasks_wanted(person, wanted)     the tasks, as far as the person may see them
  listed(person, wanted)           a page of them with what was written
  rows_of(tasks, period)           the same for any tasks: for exports
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from luoshi.desk.queries import listing
from luoshi.desk.queries.paging import Order, Page, count_to, page
from luoshi.improvement import rules
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.queries import COUNTED, asking, diagnosed, has_filed, months_asked
from luoshi.improvement.rules import Period, State
from luoshi.kit.typed import keys, whole
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.queries import Filters

SIZE = 50
#: S0's three levels.
SCOPES: dict[str, Any] = {
    "all": _("Whole institution"),
    "department": _("My department"),
    "mine": _("My own"),
}
#: How the diagnosis stands, as a filter.
STATES: dict[str, Any] = {
    "filled": pgettext_lazy("diagnosis", "written"),
    "missing": pgettext_lazy("diagnosis", "not written"),
    "late": pgettext_lazy("diagnosis", "written late"),
}
YEARLY = 12
_ORDER = Order("due", nullable=True, parse=dt.date.fromisoformat)


@dataclass(frozen=True)
class Wanted:
    """What an address asks for."""

    scope: str
    filters: Filters
    period: Period
    state: str = ""
    ticked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Row:
    """A task and what was written about it, if something was."""

    task: Task
    diagnosis: Diagnosis | None
    state: State

    @property
    def actions(self) -> list[Any]:
        return list(self.diagnosis.actions.all()) if self.diagnosis else []


@dataclass(frozen=True)
class Listing:
    """A page of tasks, and how many match (1,001 stands for more)."""

    rows: list[Row]
    page: Page[Any]
    count: int


def months() -> list[int]:
    """Months in which something is asked for; the end of the year where nothing is yet."""
    return months_asked() or [YEARLY]


def read(query: Any, year: int) -> Wanted:
    """What an address asks for; what makes no sense is left out."""
    filters = replace(listing.read_filters(query, year), year=year)
    known, month = months(), whole(query.get("month"))
    if month not in known:
        month = YEARLY if YEARLY in known else known[-1]
    state, scope = str(query.get("state", "")), str(query.get("scope", ""))
    ticked = query.getlist("task") if hasattr(query, "getlist") else ()
    return Wanted(
        scope=scope if scope in SCOPES else "all",
        filters=filters,
        period=Period(year, month),
        state=state if state in STATES else "",
        ticked=tuple(keys(ticked)),
    )


def tasks_wanted(person: Person, wanted: Wanted, today: dt.date) -> QuerySet[Task]:
    """Tasks under way or done whose measure asks for the period, narrowed by the filters."""
    tasks = listing.matching(person, wanted.scope, wanted.filters, today)
    period = wanted.period
    tasks = tasks.filter(measure_id__in=asking(period.month), status__in=COUNTED)
    if wanted.state == "filled":
        tasks = tasks.filter(has_filed(period))
    elif wanted.state == "missing":
        tasks = tasks.filter(~has_filed(period))
    elif wanted.state == "late":
        tasks = tasks.filter(has_filed(period, late=True))
    if wanted.ticked:
        tasks = tasks.filter(pk__in=wanted.ticked)
    return tasks


def listed(
    person: Person, wanted: Wanted, today: dt.date, *, after: str = "", before: str = ""
) -> Listing:
    """One page with what was written; the keys first, which an index tells, then their rows."""
    tasks = tasks_wanted(person, wanted, today)
    found = page(tasks.only("due"), _ORDER, size=SIZE, after=after, before=before)
    count = len(found.rows) if found.is_all else count_to(tasks)
    return Listing(rows_of([row.pk for row in found.rows], wanted.period, today), found, count)


def rows_of(ids: Sequence[int], period: Period, today: dt.date) -> list[Row]:
    """Tasks in this order with what was written on each; three statements."""
    found = Task.objects.select_related("unit", "owner", "category").in_bulk(ids)
    tasks = [found[pk] for pk in ids if pk in found]
    written = diagnosed(tasks, period)
    return [_row(task, written.get(task.pk), period, today) for task in tasks]


def _row(task: Task, diagnosis: Diagnosis | None, period: Period, today: dt.date) -> Row:
    late = diagnosis.late if diagnosis else None
    return Row(task, diagnosis, rules.state_of(period, late, today))


def all_ids(person: Person, wanted: Wanted, today: dt.date, most: int) -> list[int]:
    """Keys of the first ``most`` tasks in the order of the list."""
    tasks = tasks_wanted(person, wanted, today)
    return [row.pk for row in page(tasks.only("due"), _ORDER, size=most).rows]


def choices(today: dt.date) -> Mapping[str, Any]:
    """What each filter may be set to."""
    known = listing.choices(today)
    return {
        "unit": known["unit_id"],
        "category": known["category_id"],
        "tier": known["tier"],
        "kind": known["kind"],
        "state": STATES,
        "month": {str(month): rules.period_words(today.year, month) for month in months()},
    }
