"""Reminding whoever owes a diagnosis: rows of the digest of the day (S0: by the end of December).

remind()            queues reminders from the 15th of the month on, as the measure says
look(rows, person)  how what was reminded of stands now
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from django.urls import reverse
from django.utils.translation import pgettext

from luoshi.improvement import queries, rules
from luoshi.improvement.rules import Period
from luoshi.kit import clock
from luoshi.kit.dates import told_on
from luoshi.notices import services as notices
from luoshi.notices.kinds import Act, Look
from luoshi.notices.models import Waiting
from luoshi.notices.services import Reminder
from luoshi.people.models import Person
from luoshi.periods.queries import work_calendar
from luoshi.tasks.lifecycle import PERMITS, Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for_all
from luoshi.tasks.rules import Facts, may
from luoshi.tasks.services.reminding import chunks, responsible_for, settings_of

DIAGNOSIS = "diagnosis.due"


def remind() -> int:
    """Queue today's reminders of diagnoses not written yet; how many rows were meant. Idempotent.

    Nobody is reminded on a day off; whoever has written is left alone.
    """
    today = clock.today()
    days = told_on(today, work_calendar())
    if not days:
        return 0
    return sum(
        notices.remind(_reminders(some, period, wanted, today))
        for period, rows in queries.owed(today)
        for wanted, measures in _wanted(period, days).items()
        for some in chunks(rows.filter(measure_id__in=measures).select_related("unit"))
    )


def _wanted(period: Period, days: Sequence[dt.date]) -> dict[dt.date, list[int]]:
    """Measures that want people reminded of the period today, by the day they planned."""
    asking, found = queries.asking(period.month), dict[dt.date, list[int]]()
    before = {pk: numbers for numbers, some in settings_of("remind_before").items() for pk in some}
    for pk in asking:
        planned = rules.reminder_days(period, before.get(pk, ())) & set(days)
        if planned:
            found.setdefault(max(planned), []).append(pk)
    return found


def _reminders(
    tasks: Sequence[Task], period: Period, planned: dt.date, today: dt.date
) -> Iterator[Reminder]:
    people = responsible_for(tasks, today)
    data = {"period": period.words, "due": period.due_on.isoformat()}
    for task in tasks:
        key = f"{task.pk}/{period.key}/{planned.isoformat()}"
        yield Reminder(people[task.pk], DIAGNOSIS, task.ref, task.title, key, data)


def look(rows: Sequence[Waiting], person: Person) -> Mapping[int, Look]:
    """Whether each diagnosis is still to be written, and where, if this person may write it."""
    keys = {row.about_id for row in rows}
    tasks = list(Task.objects.filter(pk__in=keys).select_related(*_FOR_FACTS))
    facts, written = facts_for_all(tasks, person), queries.written_on(keys)
    found = {task.pk: (task, facts[task.pk]) for task in tasks}
    return {row.pk: _look(row, written, *found.get(row.about_id, (None, None))) for row in rows}


_FOR_FACTS = ("unit", "measure", "category__measure")


def _look(
    row: Waiting, written: set[tuple[int, str]], task: Task | None, facts: Facts | None
) -> Look:
    _task, key, _planned = row.key.split("/")
    period = rules.period_of(key)
    if task is None or facts is None or period is None:
        return Look(False)
    if (task.pk, key) in written:
        return Look(False, pgettext("diagnosis", "written"), period.due_on)
    if task.status not in PERMITS["diagnose"].statuses:
        return Look(False, str(Status(task.status).label), period.due_on)
    act = None
    if may("diagnose", task, facts):
        label = pgettext("diagnosis", "Write")
        act = Act(label, reverse("improvement:write", args=[task.pk]))
    return Look(True, due=period.due_on, act=act)
