"""The person's figures of a year, each the length of the list it leads to (SEE-1)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Value
from django.utils.translation import gettext as _

from luoshi.desk.queries.home import my_tasks, task_list
from luoshi.kit.statements import statement
from luoshi.measures.rules import Health
from luoshi.people.models import Person
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import health_is, posts_held, scope, sees_everything


@dataclass(frozen=True)
class Figure:
    """A number and the list behind it. ``capped`` stands for "1,000 and more"."""

    label: str
    value: int
    url: str
    part: bool = False


#: Counts stop here (ARCHITECTURE §19.11).
CAP = 1001
FIGURES_KEPT = 30  # seconds

#: States that have a figure of their own.
SHOWN = (Health.STALLED, Health.LATE, Health.DONE)


@statement
def _own_counts(person: Any, posts: Any, year: Any, today: Any) -> QuerySet[Task, Any]:
    """One row at most: how many tasks, and how many of each state shown."""
    seen = Q(status__gte=Status.ISSUED) | Q(status__gte=Status.DRAFT, creator_id=person)
    mine = my_tasks(person, posts).filter(seen, year=year).order_by()
    counts = {health.value: Count("pk", filter=health_is(health, today)) for health in SHOWN}
    grouped = mine.values(of=Value("all")).annotate(total=Count("pk"), **counts)
    return grouped.values_list("total", *counts)


def figures(person: Person, year: int, today: dt.date) -> list[Figure]:
    """The person's figures of a year; each is the length of the list it leads to. One statement.

    Those of the unit and the institution are kept for 30 s.
    """
    rows = _own_counts(person=person.pk, posts=posts_held(person), year=year, today=today)
    total, *of_health = rows[0] if rows else (0, 0, 0, 0)
    told = dict(zip(SHOWN, of_health, strict=True))
    found = []
    if total:
        found = [Figure(_("Tasks I answer for"), total, task_list(scope="mine", year=year))]
        found += [_part(str(health.label), told[health], "mine", year, health) for health in SHOWN]
    key = f"figures-{person.pk}-{year}-{today.isoformat()}"
    wider = cache.get_or_set(key, lambda: _wider_counts(person, year, today), FIGURES_KEPT)
    for name, whole, count, stalled, late in wider or []:
        if not count and found:
            continue
        label = _("Tasks of the institution") if whole else _("Tasks of my unit")
        found += [
            Figure(label, count, task_list(scope=name, year=year)),
            _part(str(Health.STALLED.label), stalled, name, year, Health.STALLED),
            _part(str(Health.LATE.label), late, name, year, Health.LATE),
        ]
    return found


def _part(label: str, value: int, scope_name: str, year: int, health: Health) -> Figure:
    url = task_list(scope=scope_name, year=year, health=health.value)
    return Figure(label, value, url, part=True)


def _wider_counts(
    person: Person, year: int, today: dt.date
) -> list[tuple[str, bool, int, int, int]]:
    """Of the unit, and of the whole institution for who sees it: tasks, stalled, overdue.

    Each row: scope, whether it is the institution, and three counts that stop at the cap.
    """
    in_root = person.main_unit.parent_id is None
    names = [("all", True)] if in_root else [("department", False)]
    if sees_everything(person) and not in_root:
        names.insert(0, ("all", True))
    return [(name, whole, *_counts(name, person, year, today)) for name, whole in names]


def _counts(name: str, person: Person, year: int, today: dt.date) -> tuple[int, int, int]:
    tasks = scope(name, person).filter(year=year).order_by()
    stalled, late = (tasks.filter(health_is(h, today)) for h in (Health.STALLED, Health.LATE))
    return tasks[:CAP].count(), stalled[:CAP].count(), late[:CAP].count()
