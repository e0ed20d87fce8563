"""Timeliness of reports and completion of diagnoses per unit, from results alone (EVA-11).

report_tallies(dues, day)        reports owed, by unit and month
diagnosis_tallies(tasks, …)      diagnoses owed, by unit and month
dues_in(state, day)              the rows behind a figure: the conditions the figures are made of
kept(year)                       the same as counted last night, for houses with very many dues

As at a day: what was settled by then, and what was not though its last day (grace included) had
passed. Log-ins and time online are not even looked at.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Count, Exists, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models import DateField as Day
from django.utils import timezone

from luoshi.assessment.models import Kept
from luoshi.assessment.rules import KeptKind, Tally
from luoshi.improvement import queries as improvement
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.rules import Period
from luoshi.measures.models import Measure
from luoshi.reports.models import Due
from luoshi.tasks.models import Task

#: Unit and month (1–12) → what was owed there.
Tallies = dict[tuple[int, int], Tally]
#: More dues than these are not counted while somebody waits; see `kept`.
MOST = 50_000

ON_TIME, LATE, MISSING = "on_time", "late", "missing"
STATES = (ON_TIME, LATE, MISSING)


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


def graces() -> dict[int, int]:
    """Days of grace of each measure that gives any."""
    rows = Measure.objects.filter(grace_days__gt=0).order_by()
    return dict(rows.values_list("pk", "grace_days"))


def _by_grace(make: Callable[[int], Q], graced: Mapping[int, int]) -> Q:
    """A condition that differs by the days of grace of the task's measure."""
    if not graced:
        return make(0)
    where = ~Q(task__measure_id__in=list(graced)) | Q(task__measure_id__isnull=True)
    where &= make(0)
    groups: dict[int, list[int]] = defaultdict(list)
    for measure_id, grace in graced.items():
        groups[grace].append(measure_id)
    for grace, measures in groups.items():
        where |= Q(task__measure_id__in=measures) & make(grace)
    return where


def dues_in(state: str, day: dt.date, graced: Mapping[int, int]) -> Q:
    """How something owed stands as at a day: on_time, late or missing."""

    def in_time(grace: int) -> Q:
        if not grace:
            return Q(filed_on__lte=F("due_on"))
        last = ExpressionWrapper(F("due_on") + dt.timedelta(days=grace), output_field=Day())
        return Q(filed_on__lte=last)

    filed = Q(filed_on__isnull=False, filed_on__lte=day)
    if state == ON_TIME:
        return filed & _by_grace(in_time, graced)
    if state == LATE:
        return filed & _by_grace(lambda grace: ~in_time(grace), graced)
    over = _by_grace(lambda grace: Q(due_on__lt=day - dt.timedelta(days=grace)), graced)
    return (Q(filed_on__isnull=True) | Q(filed_on__gt=day)) & over


def dues_of_year(year: int, month: int | None = None) -> QuerySet[Due]:
    """What was owed in a year (or one month of it) and not taken back."""
    first, last = dt.date(year, month or 1, 1), dt.date(year, month or 12, 28)
    last = (last + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    return Due.objects.filter(void=False, due_on__gte=first, due_on__lte=last).order_by()


def report_tallies(dues: QuerySet[Due], day: dt.date) -> Tallies:
    """Reports owed as at a day, by lead unit and month. Two statements."""
    graced = graces()
    counts: dict[str, Any] = {
        state: Count("pk", filter=dues_in(state, day, graced)) for state in STATES
    }
    found: Tallies = defaultdict(Tally)
    rows: Any = dues.order_by().values("task__unit_id", "due_on").annotate(**counts)
    for row in rows:
        told = Tally(row[ON_TIME], row[LATE], row[MISSING])
        if told.owed:
            found[row["task__unit_id"], row["due_on"].month] += told
    return dict(found)


# ── diagnoses ────────────────────────────────────────────────────────────────────────────────────


def periods(year: int, month: int | None = None) -> list[Period]:
    """Periods of a year for which any measure asks for a diagnosis."""
    months = improvement.months_asked()
    return [Period(year, one) for one in months if month in (None, one)]


def written(period: Period, day: dt.date, **more: Any) -> QuerySet[Diagnosis]:
    """Diagnoses of a period written by a day, in any version, which all say whether it was late."""
    end = timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))
    return Diagnosis.objects.filter(period=period.key, at__lt=end, **more).order_by()


def day_of(moment: dt.datetime) -> dt.date:
    """The day of a moment where the institution is."""
    return timezone.localtime(moment).date()


def tasks_in(state: str, tasks: QuerySet[Task], period: Period, day: dt.date) -> QuerySet[Task]:
    """Tasks whose diagnosis of a period stands so as at a day."""
    mine = Exists(written(period, day).filter(task=OuterRef("pk")))
    if state == MISSING:
        return tasks.filter(~mine) if period.due_on < day else tasks.none()
    late = Exists(written(period, day, late=True).filter(task=OuterRef("pk")))
    return tasks.filter(mine, late if state == LATE else ~late)


def diagnosis_tallies(
    narrow: Callable[[QuerySet[Task]], QuerySet[Task]],
    year: int,
    day: dt.date,
    month: int | None = None,
) -> Tallies:
    """Diagnoses owed as at a day, by lead unit and month of their period. Two statements a period.

    ``narrow`` leaves of the tasks that are asked for those one wants to know of.
    """
    found: Tallies = defaultdict(Tally)
    for period in periods(year, month):
        tasks = narrow(improvement.asked(period)).order_by()
        given = written(period, day).filter(task__in=tasks.values("pk"))
        rows = given.values("task__unit_id", "late").annotate(n=Count("task_id", distinct=True))
        settled: dict[int, int] = defaultdict(int)
        for row in rows:
            told = Tally(late=row["n"]) if row["late"] else Tally(on_time=row["n"])
            found[row["task__unit_id"], period.month] += told
            settled[row["task__unit_id"]] += row["n"]
        if period.due_on < day:
            asked = tasks.values_list("unit_id").annotate(n=Count("pk"))
            for unit_id, n in asked:
                found[unit_id, period.month] += Tally(missing=n - settled[unit_id])
    return {key: told for key, told in found.items() if told.owed}


# ── as counted last night ────────────────────────────────────────────────────────────────────────


def are_many(dues: QuerySet[Due]) -> bool:
    """Whether there are too many to count while somebody waits; told by an index."""
    return dues.order_by()[: MOST + 1].count() > MOST


def kept(year: int, kind: KeptKind, month: int | None = None) -> tuple[dt.date | None, Tallies]:
    """The figures of a year as counted last, and the day they were counted as at.

    By unit; those of a whole year stand under its first month.
    """
    rows = Kept.objects.filter(year=year, kind=kind).order_by()
    if month:
        rows = rows.filter(month=month)
    sums = rows.values_list("unit_id").annotate(
        Sum("on_time"), Sum("late"), Sum("missing"), Max("day")
    )
    found: Tallies = {}
    day = None
    for unit_id, on_time, late, missing, last in sums:
        found[unit_id, month or 1] = Tally(on_time, late, missing)
        day = last
    return day, found
