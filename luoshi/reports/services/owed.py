"""What is owed: opened at issue and every night, settled by a report, taken back at the end."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.dates import Span
from luoshi.kit.statements import statement
from luoshi.measures.models import Measure
from luoshi.measures.rules import LateReport, Rhythm
from luoshi.reports import queries, rules
from luoshi.reports.models import Due, Report
from luoshi.reports.queries.periods import report_days, spans_of
from luoshi.reports.rules import DueKind
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting, Task

#: Tasks whose dues are opened in one write transaction.
CHUNK = 300
_RUNNING = (Status.ISSUED, Status.ACTIVE)

# ── what is owed: settle ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Place:
    """The period a report counts for, and whether it settles it late."""

    span: Span | None
    due: Due | None
    late: bool
    day: dt.date

    @property
    def period(self) -> str:
        return self.span.key if self.span else ""


@statement
def _periods_since(task: Any, since: Any) -> QuerySet[Due]:
    return Due.objects.filter(task_id=task, kind=DueKind.PERIOD, closes_on__gte=since)


def place_of(task: Task, policy: Measure, today: dt.date) -> Place:
    """Which period a report of today counts for; one query where the task has a rhythm."""
    if task.rhythm == Rhythm.NONE:
        return Place(None, None, False, today)
    ahead = queries.LONGEST if policy.late_report == LateReport.NEXT else 0
    days = report_days([task]).get(policy.pk)
    spans = spans_of(task, today + dt.timedelta(days=ahead), days)
    since = today - dt.timedelta(days=queries.LONGEST)
    dues = {due.period: due for due in _periods_since.instances(task=task.pk, since=since)}
    filed = {key for key, due in dues.items() if due.filed_on}
    span = rules.which_period(
        today, spans, grace=policy.grace_days, late_report=policy.late_report, filed=filed
    )
    if span is None:
        return Place(None, None, False, today)
    late = span.key not in filed and rules.is_late(today, span.due_on, policy.grace_days)
    return Place(span, dues.get(span.key), late, today)


def settle(place: Place, task: Task, report: Report) -> None:
    """Note that what was owed for the period has been given; any holder of the task settles it."""
    if place.span is None or (place.due and place.due.filed_on):
        return
    if place.due is None:
        open_dues([task])
        Due.objects.bulk_create([_due(task, place.span)], ignore_conflicts=True)
    Due.objects.filter(task=task, kind=DueKind.PERIOD, period=place.span.key, filed_on=None).update(
        filed_by=report, filed_on=place.day, void=False
    )


# ── what is owed: open and take back ─────────────────────────────────────────────────────────────


def _due(task: Task, span: Span) -> Due:
    policy = queries.policy_of(task)
    return Due(
        task=task,
        kind=DueKind.PERIOD,
        period=span.key,
        since=span.since,
        until=span.until,
        due_on=span.due_on,
        closes_on=rules.closes_on(span, policy.grace_days, policy.late_report),
    )


def _chunks(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """Pieces that one statement takes."""
    return (tasks[start : start + CHUNK] for start in range(0, len(tasks), CHUNK))


def _result_due(counting: Counting, issued_on: dt.date) -> Due:
    assert counting.result_due is not None
    return Due(
        task_id=counting.task_id,
        kind=DueKind.RESULT,
        period=str(counting.pk),
        counting=counting,
        since=min(issued_on, counting.result_due),
        until=counting.result_due,
        due_on=counting.result_due,
        closes_on=rules.NEVER,
    )


@transaction.atomic
def open_dues(tasks: Sequence[Task], *, by: Actor | None = None) -> None:
    """Open what is owed on these tasks up to a week from now; doing it again changes nothing.

    Heard on "issued" and "reopened". What was taken back when a task ended is owed again.
    """
    today = clock.today()
    horizon = today + dt.timedelta(days=queries.AHEAD)
    for chunk in _chunks(tasks):
        days = report_days(chunk)
        rows = [
            _due(task, span)
            for task in chunk
            for span in spans_of(task, horizon, days.get(queries.policy_of(task).pk))
        ]
        Due.objects.bulk_create(rows, ignore_conflicts=True, batch_size=CHUNK)
        keys = [task.pk for task in chunk]
        Due.objects.filter(task_id__in=keys, void=True, closes_on__gte=today).update(void=False)
        _open_results(keys)


def _open_results(task_ids: Sequence[int]) -> None:
    """Results of further sets become owed, or move with their date, or are taken back with it."""
    rows = Counting.objects.filter(task_id__in=task_ids, home=False, task__issued_at__isnull=False)
    dated = list(rows.exclude(result_due=None).select_related("task"))
    dues = [_result_due(row, queries.day_of(row.task.issued_at)) for row in dated]  # type: ignore[arg-type]
    Due.objects.bulk_create(
        dues,
        update_conflicts=True,
        unique_fields=["task", "kind", "period"],
        update_fields=["since", "until", "due_on"],
        batch_size=CHUNK,
    )
    undated = rows.filter(result_due=None).values("pk")
    Due.objects.filter(counting__in=undated, filed_on=None).update(void=True)


@transaction.atomic
def withdraw_dues(tasks: Sequence[Task], *, by: Actor | None = None) -> None:
    """Take back what can no longer be asked of tasks that ended; heard on "ended".

    Periods missed before stay missing. A result stays owed until the task closes.
    """
    today = clock.today()
    for chunk in _chunks(tasks):
        keys = [task.pk for task in chunk]
        waiting = Due.objects.filter(task_id__in=keys, filed_on=None, void=False)
        waiting.filter(kind=DueKind.PERIOD, closes_on__gte=today).update(void=True)
        over = Task.objects.filter(pk__in=keys).exclude(
            status__in=[Status.ACTIVE, Status.SUBMITTED, Status.DONE]
        )
        waiting.filter(kind=DueKind.RESULT, task__in=over).update(void=True)


@transaction.atomic
def reopen_dues(tasks: Sequence[Task], *, by: Actor | None = None) -> None:
    """Owe anew after the rhythm or the dates of tasks changed; heard on "due_changed"."""
    today = clock.today()
    for chunk in _chunks(tasks):
        keys = [task.pk for task in chunk]
        Due.objects.filter(
            task_id__in=keys, kind=DueKind.PERIOD, filed_on=None, closes_on__gte=today
        ).delete()
    open_dues(tasks, by=by)


def open_coming_dues(limit: int = CHUNK) -> int:
    """Open the coming periods of all tasks under way, a chunk in each transaction.

    Idempotent; finds the tasks by an index, not by going through all their periods. Returns how
    many tasks were looked after.
    """
    done, last = 0, 0
    while keys := list(
        _lacking(clock.today()).filter(pk__gt=last).values_list("pk", flat=True)[:limit]
    ):
        _open_chunk(keys)
        done += len(keys)
        last = keys[-1]
    return done


@transaction.atomic
def _open_chunk(keys: Sequence[int]) -> None:
    """Open the dues of some tasks; held first, as a report being filed holds its task."""
    tasks = Task.objects.select_for_update(of=("self",)).filter(pk__in=keys, status__in=_RUNNING)
    open_dues(list(tasks.select_related("measure", "category__measure").order_by("pk")))


def _lacking(today: dt.date) -> QuerySet[Task]:
    """Tasks under way without a due that reaches a week ahead, or with a result not yet owed."""
    horizon = today + dt.timedelta(days=queries.AHEAD)
    reached = Due.objects.filter(task=OuterRef("pk"), kind=DueKind.PERIOD, until__gte=horizon)
    owed = Due.objects.filter(counting=OuterRef("pk"))
    unowed = Counting.objects.filter(
        ~Exists(owed), task=OuterRef("pk"), home=False, result_due__isnull=False
    )
    return (
        Task.objects.filter(status__in=_RUNNING, paused=False)
        .filter(~Q(rhythm=Rhythm.NONE) & ~Exists(reached) | Exists(unowed))
        .order_by("pk")
    )
