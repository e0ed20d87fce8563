"""The periods a task owes reports for."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luoshi.kit.dates import Span, periods_between
from luoshi.measures.models import ReportDay
from luoshi.measures.rules import Rhythm
from luoshi.reports import rules
from luoshi.reports.queries import day_of, policy_of
from luoshi.tasks.models import Task


@dataclass(frozen=True)
class Days:
    """Reporting days a measure lists: days after issue, and days of the year (month, day)."""

    after: tuple[int, ...] = ()
    own: tuple[tuple[int, int], ...] = ()


def report_days(tasks: Iterable[Task]) -> dict[int, Days]:
    """Listed reporting days by measure, for rhythms that need them; at most one query."""
    listed = {Rhythm.AFTER_ISSUE, Rhythm.OWN_DATES}
    wanted = {policy_of(task).pk for task in tasks if task.rhythm in listed} - {None}
    if not wanted:
        return {}
    rows: dict[int, list[ReportDay]] = defaultdict(list)
    for row in ReportDay.objects.filter(measure_id__in=wanted):
        rows[row.measure_id].append(row)
    return {pk: _days(found) for pk, found in rows.items()}


def _days(rows: Sequence[ReportDay]) -> Days:
    return Days(
        after=tuple(row.after_days for row in rows if row.after_days is not None),
        own=tuple((row.month, row.day) for row in rows if row.month and row.day),
    )


def spans_of(task: Task, until: dt.date, days: Days | None = None) -> list[Span]:
    """Periods a task owes a report for, from its issue or start up to ``until``."""
    if task.rhythm == Rhythm.NONE or task.issued_at is None:
        return []
    issued_on = day_of(task.issued_at)
    start = max(task.start or issued_on, issued_on)
    if until < start:
        return []
    days = days or Days()
    own = rules.yearly(days.own, start, until)
    spans = periods_between(
        task.rhythm, start, until, day=task.report_day, own=own, after=days.after
    )
    return rules.owed(spans, issued_on)
