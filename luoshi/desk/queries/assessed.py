"""任务考核查询 (S0; EVA-1): tasks that are assessed, of the whole institution, by me, of me.

Wanted, read(query, year)          what the address asks for
listed(person, wanted, today)      a page of it, and how many match
contents(person, wanted, today)    heads and rows of the same as a workbook
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from luoshi.assessment import queries as assessment
from luoshi.assessment.queries import Told
from luoshi.assessment.rules import Standing
from luoshi.desk.queries.listing import MOST_EXPORTED, ORDERS, read_filters
from luoshi.desk.queries.paging import Page, count_to, page
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.queries import Filters, filtered, scope

SIZE = 50
PIECE = 500
Words = str | Promise

#: The three queries of S0, in its order.
SCOPES: dict[str, Words] = {
    "all": gettext_lazy("Whole institution"),
    "assessing": gettext_lazy("I assess"),
    "mine": gettext_lazy("My own"),
}
#: To score now: only among what the person assesses.
TODO = "todo"
STATES: dict[str, Words] = {standing.value: standing.label for standing in Standing}
OWN_STATES: dict[str, Words] = {
    TODO: pgettext_lazy("assessment", "for me to score now"),
    "given": pgettext_lazy("assessment", "scored by me"),
}


@dataclass(frozen=True)
class Wanted:
    """Scope, state of the assessment, and the filters of every task list."""

    scope: str
    filters: Filters
    state: str = ""

    @property
    def year(self) -> int | None:
        return self.filters.year

    @property
    def states(self) -> dict[str, Words]:
        """What the filter of states offers here."""
        return {**OWN_STATES, **STATES} if self.scope == "assessing" else STATES


def read(query: Mapping[str, Any], year: int) -> Wanted:
    """What an address asks for; what makes no sense is left out."""
    name = str(query.get("scope", "") or "")
    wanted = Wanted(name if name in SCOPES else "all", read_filters(query, year))
    state = str(query.get("state", "") or "")
    return replace(wanted, state=state if state in wanted.states else "")


@dataclass(frozen=True)
class Row:
    """A task as a line of the query."""

    task: Task
    told: Told
    to_do: bool = False

    @property
    def most(self) -> str:
        return assessment.most_words(self.task)

    @property
    def unit(self) -> str:
        return self.task.unit.short_name or self.task.unit.name

    @property
    def owner(self) -> str:
        return self.task.owner.name if self.task.owner else ""


@dataclass(frozen=True)
class Found:
    """A page of the query, and how many match."""

    rows: list[Row]
    page: Page[Task]
    count: int


def matching(person: Person, wanted: Wanted, today: dt.date) -> QuerySet[Task]:
    """Tasks asked for, as far as the person may see them."""
    tasks = filtered(scope(wanted.scope, person), wanted.filters, today, person)
    tasks = assessment.assessed(tasks)
    if wanted.state == TODO:
        return tasks.filter(pk__in=assessment.waiting_for(person, today).order_by().values("pk"))
    if wanted.state == "given":
        return tasks.filter(assessment.scored_by_me(person))
    return assessment.with_standing(tasks, Standing(wanted.state)) if wanted.state else tasks


def listed(
    person: Person, wanted: Wanted, today: dt.date, *, after: str = "", before: str = ""
) -> Found:
    """One page: its keys, which an index tells, then its rows."""
    tasks = matching(person, wanted, today)
    found = page(tasks.only("due"), ORDERS["due"], size=SIZE, after=after, before=before)
    rows = rows_of([task.pk for task in found.rows], person, today, wanted)
    return Found(rows, found, count_to(tasks))


_SHOWN = (
    "number", "title", "due", "status", "points",
    "owner_id", "unit__name", "unit__short_name", "unit__path", "owner__name", "category__name",
    "category__field_id",
)  # fmt: skip


def rows_of(keys: Sequence[int], person: Person, today: dt.date, wanted: Wanted) -> list[Row]:
    """The lines of these tasks, in their order; scores are read once for all."""
    found = Task.objects.filter(pk__in=keys).order_by()
    by_key = {t.pk: t for t in found.select_related("unit", "owner", "category").only(*_SHOWN)}
    tasks = [by_key[key] for key in keys if key in by_key]
    told = assessment.told_of(tasks, person)
    waiting: set[int] = set()
    if wanted.scope == "assessing" and tasks:
        mine = assessment.waiting_for(person, today).filter(pk__in=keys).order_by()
        waiting = set(mine.values_list("pk", flat=True))
    return [Row(task, told[task.pk], task.pk in waiting) for task in tasks]


# ── as a workbook ────────────────────────────────────────────────────────────────────────────────


def columns() -> list[tuple[str, int]]:
    """Heads and widths of the workbook."""
    return [
        (_("Number"), 14),
        (_("Title"), 44),
        (_("Category"), 20),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("Due date"), 12),
        (_("Stage"), 10),
        (_("Assessors"), 8),
        (pgettext("assessment", "Scored"), 8),
        (_("State of the assessment"), 12),
        (_("Points at most"), 8),
        (pgettext("assessment", "Result"), 8),
        (pgettext("assessment", "Rule"), 16),
        (_("My score"), 8),
        (_("Scores"), 40),
    ]


def contents(person: Person, wanted: Wanted, today: dt.date) -> Iterator[list[Any]]:
    """The rows as seen, up to `MOST_EXPORTED`, read in pieces."""
    tasks = matching(person, wanted, today)
    order = ORDERS["due"]
    keys = [task.pk for task in page(tasks.only("due"), order, size=MOST_EXPORTED).rows]
    for start in range(0, len(keys), PIECE):
        for row in rows_of(keys[start : start + PIECE], person, today, wanted):
            yield _cells(row)


def _cells(row: Row) -> list[Any]:
    task, told = row.task, row.told
    return [
        task.number,
        task.title,
        task.category.name,
        task.unit.name,
        row.owner,
        task.due,
        task.get_status_display(),
        told.named,
        told.scored,
        str(told.standing.label),
        float(assessment.most_of(task)),
        float(told.result.points) if told.result and not told.is_stale else None,
        told.result.get_rule_display() if told.result else "",
        float(told.own.points) if told.own else None,
        _("; ").join(
            f"{name} {points}"
            if counted
            else _("%(score)s (left out)") % {"score": f"{name} {points}"}
            for name, points, counted in told.receipt
        ),
    ]
