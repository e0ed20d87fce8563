"""Why a task shows the colour it shows (★ SUP-8): rule and version, expected and actual, since."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from luoshi.desk.queries.feedback_dues import Mark, marks_of
from luoshi.measures.models import Measure
from luoshi.measures.queries import LightShown, Said, lights_of, said_about
from luoshi.measures.rules import Health
from luoshi.reports.queries import waiting_dues
from luoshi.tasks import rules
from luoshi.tasks.models import Task
from luoshi.tasks.queries import measure_for

#: A report owed is shown beside the colour this many days before it is due.
AHEAD = 7


@dataclass(frozen=True)
class Why:
    """Everything the explanation of a task's mark says."""

    light: LightShown
    sentence: str
    since: dt.date | None
    ends: str
    expected: int | None
    behind_from: dt.date | None
    measure: Measure | None
    said: list[Said]
    owed: list[Mark]


def why(task: Task, today: dt.date) -> Why:
    """The reasons on a day; about a dozen statements, for one task."""
    told = rules.explain(task, task.due, today)
    measure = measure_for(task)
    running = rules.is_running(task.status, task.progress, task.paused)
    behind = task.behind_from if running and task.behind_from else None
    dues = waiting_dues(today, AHEAD).filter(task=task) if running else None
    return Why(
        light=lights_of(measure)[told.health.value],
        sentence=told.sentence,
        since=_since(task, told),
        ends=told.ends,
        expected=rules.expected(task.start, task.due, today) if running else None,
        behind_from=behind if behind and behind <= today else None,
        measure=measure,
        said=said_about(measure, _settings(told.health)) if measure else [],
        owed=marks_of(dues, today) if dues is not None else [],
    )


def _settings(health: Health) -> frozenset[str]:
    """The rules behind a mark; the mark of an overdue task lies upon its fill."""
    fills = {f"lights.{health.value}"}
    if health == Health.LATE:
        fills.add(f"lights.{Health.MOVING.value}")
    return frozenset(fills)


def _since(task: Task, told: rules.Explained) -> dt.date | None:
    """The first day of the present colour."""
    if told.health == Health.SUSPENDED:
        pauses = task.pauses.filter(until=None).order_by("-since")
        return pauses.values_list("since", flat=True).first()
    moments = {
        Health.IDLE: task.issued_at,
        Health.MOVING: task.begun_at,
        Health.DONE: task.completed_at,
    }
    moment = moments.get(told.health)
    return timezone.localtime(moment).date() if moment else told.since
