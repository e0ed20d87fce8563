"""Reminding those who have not reported for the period (S0: by the 28th).

remind_owed()               queues reminders on the days of the month the measure names
look(rows, person)          which of what was reminded of is still owed
acts(task_ids, person)      where somebody reports, for pages that list tasks in other rooms
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.dates import in_month, last_of_month, told_on
from luoshi.notices.kinds import Act, Look
from luoshi.notices.models import Waiting
from luoshi.notices.services import Reminder, remind
from luoshi.people.models import Person
from luoshi.periods.queries import work_calendar
from luoshi.reports import queries, rules
from luoshi.reports.models import Due
from luoshi.reports.rules import DueKind
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for_all
from luoshi.tasks.services.reminding import (
    CHUNK,
    RUNNING,
    governed_by,
    responsible_for,
    settings_of,
)

OWED = "report.owed"


def remind_owed() -> int:
    """Queue today's reminders of reports owed; how many rows were meant. Idempotent.

    Who is reminded of (due, day of reminding) is not reminded of it again. Who has reported is left
    alone, whoever of those who answer for the task it was.
    """
    today = clock.today()
    days = told_on(today, work_calendar())
    if not days:
        return 0
    return sum(
        remind(_owed(some, planned, today))
        for on, measures in settings_of("remind_on").items()
        for planned in _planned(on, days)
        for some in _chunks(_open(measures, planned, today))
    )


def _planned(on: Sequence[int], days: Sequence[dt.date]) -> list[dt.date]:
    """The latest day of the month named by the measure whose reminder is given now.

    The 31st is the last day of a shorter month.
    """
    named = [day for day in days if any(in_month(day.year, day.month, n) == day for n in on)]
    return named[-1:]


def _open(measures: Sequence[int], planned: dt.date, today: dt.date) -> QuerySet[Due]:
    """What is owed by the end of the month and can still be given."""
    until = last_of_month(planned.year, planned.month)
    rows = queries.dues_waiting_until(today, until).filter(since__lte=planned, task__paused=False)
    return rows.filter(governed_by(measures, "task__"), task__status__in=RUNNING)


def _chunks(rows: QuerySet[Due]) -> Iterator[list[Due]]:
    last = 0
    rows = rows.select_related("task").order_by("pk")
    while some := list(rows.filter(pk__gt=last)[:CHUNK]):
        yield some
        last = some[-1].pk


def _owed(dues: Sequence[Due], planned: dt.date, today: dt.date) -> Iterator[Reminder]:
    people = responsible_for([due.task for due in dues], today)
    for due in dues:
        task = due.task
        if task.issued_at and clock.day_of(task.issued_at) < planned:
            data = {"due_id": due.pk, "due": due.due_on.isoformat()}
            key = f"{due.pk}/{planned.isoformat()}"
            yield Reminder(people[task.pk], OWED, task.ref, task.title, key, data)


def look(rows: Sequence[Waiting], person: Person) -> Mapping[int, Look]:
    """What is still owed; a report of anybody who answers for the task settles it."""
    wanted = {row.data.get("due_id") for row in rows}
    dues = Due.objects.select_related("task", "counting__category", "filed_by__by").in_bulk(wanted)
    return {row.pk: _look(dues.get(row.data.get("due_id"))) for row in rows}


def _look(due: Due | None) -> Look:
    if due is None:
        return Look(False)
    said = _said(due)
    if due.filed_on is not None:
        name = due.filed_by.by.name if due.filed_by else ""
        return Look(False, _("reported by %(name)s") % {"name": name}, due.due_on, said=said)
    missed = due.closes_on < clock.today()
    owed = not (due.void or missed or due.task.paused) and due.task.status in RUNNING
    act = None
    if owed and due.kind == DueKind.RESULT and due.counting:
        url = reverse("reports:result", args=[due.task_id, due.counting_id])
        act = Act(_("Report the result"), url)
    return Look(owed, _("missed") if missed else "", due.due_on, act, said)


def _said(due: Due) -> str:
    if due.kind == DueKind.RESULT and due.counting:
        return _("Result for “%(set)s”") % {"set": due.counting.category.name}
    return _("Report for %(period)s") % {"period": rules.period_words(due.period)}


def acts(task_ids: Sequence[int], person: Person) -> dict[int, Act]:
    """Where this person reports on these tasks, of those they may report on now."""
    running = Task.objects.filter(pk__in=task_ids, status=Status.ACTIVE)
    tasks = list(running.select_related("measure", "category__measure", "unit"))
    facts, newest = facts_for_all(tasks, person), queries.latest_of([task.pk for task in tasks])
    return {
        task.pk: Act(_("Report progress"), reverse("reports:submit", args=[task.pk]))
        for task in tasks
        if rules.may_file(task, facts[task.pk], newest.get(task.pk), queries.policy_of(task))
    }


def together() -> Act:
    """Where everything owed this month is reported on one page."""
    return Act(_("Report the whole month"), reverse("reports:month"))
