"""应报清单: reports a person, the units they lead, or all units still owe, the pressing first."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from luoshi.people.models import Person
from luoshi.people.queries import units_led_by
from luoshi.reports.models import Due
from luoshi.reports.queries import waiting_dues
from luoshi.reports.rules import DueKind
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import SCOPES, sees_everything

#: Days looked ahead, and rows shown at most.
AHEAD = 31
MOST = 300


@dataclass(frozen=True)
class Row:
    """One report owed."""

    pk: int
    task_id: int
    title: str
    unit: str
    owner: str
    what: str
    due_on: dt.date
    overdue: bool
    counting_id: int | None


@dataclass(frozen=True)
class Owed:
    """The list, and whether there is more than it shows."""

    rows: list[Row]
    more: bool

    @property
    def overdue(self) -> int:
        return sum(row.overdue for row in self.rows)


def owed(person: Person, scope: str, today: dt.date) -> Owed:
    """What the person ("mine"), the units they lead ("led") or everybody ("all") owe.

    Three statements at most. On one day the units stand in their order, so that the office can
    call one after the other.
    """
    found = list(_dues(person, scope, today).values(*_COLUMNS)[: MOST + 1])
    shown = sorted(found[:MOST], key=lambda row: (row["due_on"], row["task__unit__path"] or ""))
    return Owed([_row(row, today) for row in shown], len(found) > MOST)


def scopes(person: Person) -> list[str]:
    """Whose reports the person may ask for; one's own come first."""
    names = ["mine"]
    if units_led_by(person):
        names.append("led")
    if sees_everything(person):
        names.append("all")
    return names


#: Conditions on tasks by scope. Whoever asks for "all" sees everything; the view makes sure.
_WHERE = {"mine": SCOPES["mine"], "led": SCOPES["subordinates"], "all": SCOPES["all"]}

_COLUMNS = (
    "pk",
    "task_id",
    "task__title",
    "task__unit__short_name",
    "task__unit__name",
    "task__unit__path",
    "task__owner__name",
    "kind",
    "since",
    "until",
    "due_on",
    "counting_id",
    "counting__category__name",
)


def _dues(person: Person, scope: str, today: dt.date) -> QuerySet[Due]:
    tasks = Task.objects.filter(_WHERE[scope](person), paused=False).order_by()
    active = tasks.filter(status=Status.ACTIVE).values("pk")
    unclosed = tasks.filter(status__range=(Status.ACTIVE, Status.DONE)).values("pk")
    return (
        waiting_dues(today, AHEAD)
        .filter(
            Q(kind=DueKind.PERIOD, task_id__in=active)
            | Q(kind=DueKind.RESULT, task_id__in=unclosed)
        )
        .order_by("due_on", "pk")
    )


def _row(row: dict[str, Any], today: dt.date) -> Row:
    return Row(
        pk=row["pk"],
        task_id=row["task_id"],
        title=row["task__title"],
        unit=row["task__unit__short_name"] or row["task__unit__name"],
        owner=row["task__owner__name"] or "",
        what=_what(row),
        due_on=row["due_on"],
        overdue=row["due_on"] < today,
        counting_id=row["counting_id"],
    )


def _what(row: dict[str, Any]) -> str:
    """The period in days, or the set a result is for."""
    if row["counting_id"]:
        return pgettext("report owed", "Result for %(set)s") % {
            "set": row["counting__category__name"]
        }
    return _("%(since)s to %(until)s") % {
        "since": row["since"].isoformat(),
        "until": row["until"].isoformat(),
    }
