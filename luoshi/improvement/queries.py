"""Diagnosis and improvement as people may read it, and what is owed.

asking(month), months_asked()        measures that ask for a diagnosis, and in which months
asked(period), filed(period)         tasks that owe one, and what was filed
diagnosed(tasks, period)             what was filed on each of many tasks
owed_by(person, today)               what stands on a person's desk
panel(task, person)                  the face of this room on a task's page
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from luoshi.improvement import rules
from luoshi.improvement.models import Action, Diagnosis
from luoshi.improvement.rules import DiagnosisStatus, Period, State
from luoshi.kit import clock
from luoshi.kit.statements import statement
from luoshi.kit.verdict import Verdict
from luoshi.measures.models import Measure
from luoshi.measures.rules import listed
from luoshi.people.models import Person
from luoshi.search.kinds import Row as TextRow
from luoshi.tasks.lifecycle import PERMITS, Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import SCOPES, facts_for, measure_for, visible_among
from luoshi.tasks.rules import Facts

#: Statuses in which a task is counted among those that owe a diagnosis; cancelled ones owe nothing.
COUNTED = (Status.ACTIVE, Status.SUBMITTED, Status.DONE, Status.CLOSED)


# ── what measures ask for ────────────────────────────────────────────────────────────────────────


@statement
def _asking() -> QuerySet[Measure, Any]:
    return Measure.objects.exclude(diagnose_in="").order_by().values_list("pk", "diagnose_in")


def _months() -> dict[int, tuple[int, ...]]:
    """Months in which each measure asks for a diagnosis; those that never do are left out."""
    return {pk: listed(text) for pk, text in _asking()}


def months_asked() -> list[int]:
    """Months in which any measure asks for a diagnosis."""
    return sorted({month for months in _months().values() for month in months})


def asking(month: int) -> list[int]:
    """Measures that ask for a diagnosis by the end of the month."""
    return [pk for pk, months in _months().items() if month in months]


def periods_of(task: Task) -> list[Period]:
    """What is asked for on a task: a task belongs to one year, and so does its diagnosis."""
    measure = measure_for(task)
    return rules.periods_of(task.year, listed(measure.diagnose_in) if measure else ())


def asked(period: Period) -> QuerySet[Task]:
    """Tasks that owe a diagnosis of a period, written or not; cancelled ones are left out."""
    return Task.objects.filter(
        year=period.year, measure_id__in=asking(period.month), status__in=COUNTED
    )


def filed(period: Period) -> QuerySet[Diagnosis]:
    """Diagnoses of a period that count."""
    return Diagnosis.objects.filter(period=period.key, status=DiagnosisStatus.FILED)


def has_filed(period: Period, **more: Any) -> Exists:
    """The condition that a diagnosis of the period was filed on a task."""
    rows = filed(period).filter(task=OuterRef("pk"), **more)
    return Exists(rows.order_by())


# ── what was written ─────────────────────────────────────────────────────────────────────────────


def _actions() -> Any:
    return Prefetch("actions", queryset=Action.objects.select_related("owner"))


def in_full(rows: QuerySet[Diagnosis]) -> QuerySet[Diagnosis]:
    """Diagnoses with their author and actions: two statements at any number."""
    return rows.select_related("by").prefetch_related(_actions())


def diagnosed(tasks: Iterable[Task], period: Period | None = None) -> dict[int, Diagnosis]:
    """What was filed on each task, by its key: of a period, else the newest. Two statements."""
    rows = Diagnosis.objects.filter(
        task_id__in=[task.pk for task in tasks], status=DiagnosisStatus.FILED
    )
    if period is not None:
        rows = rows.filter(period=period.key)
    return {row.task_id: row for row in in_full(rows).order_by("period", "pk")}


def written_on(tasks: Iterable[int]) -> set[tuple[int, str]]:
    """(task, period) of everything that was filed on these tasks, by their keys."""
    rows = Diagnosis.objects.filter(task_id__in=list(tasks), status=DiagnosisStatus.FILED)
    return set(rows.order_by().values_list("task_id", "period"))


def of_task(task: Task) -> list[Diagnosis]:
    """Every version of every diagnosis of a task, the newest first."""
    rows = _of_task.instances(task=task.pk)
    prefetch_related_objects(rows, _actions())
    return rows


@statement
def _of_task(task: Any) -> QuerySet[Diagnosis]:
    return Diagnosis.objects.filter(task_id=task).select_related("by")


def before(task: Task, person: Person) -> Diagnosis | None:
    """What was written last on the same line of work the year before, if the person may see it.

    The same line of work: a task of the same unit with the same title, or the same number.
    """
    same = Q(task__title=task.title)
    if task.number:
        same |= Q(task__number=task.number)
    rows = Diagnosis.objects.filter(
        same,
        task__unit_id=task.unit_id,
        task__year=task.year - 1,
        status=DiagnosisStatus.FILED,
    )
    found = in_full(rows).select_related("by", "task").order_by("-period", "-pk").first()
    return found if found and visible_among([found.task], person) else None


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Owed:
    """A diagnosis somebody still has to write."""

    task: Task
    period: Period


def owed(today: dt.date) -> Iterator[tuple[Period, QuerySet[Task]]]:
    """Periods asked for on a day, and the tasks on which nothing was filed that still can be."""
    for period in rules.waiting_periods(today, months_asked()):
        rows = asked(period).filter(status__in=PERMITS["diagnose"].statuses)
        yield period, rows.filter(~has_filed(period))


def owed_by(person: Person, today: dt.date) -> list[tuple[Period, QuerySet[Task]]]:
    """The same for one person's tasks, those shared with them included."""
    mine = SCOPES["mine"](person)
    return [(period, rows.filter(mine)) for period, rows in owed(today)]


# ── the page of a task ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Entry:
    """What was filed for a period, with the versions it replaced, the newest of them first."""

    diagnosis: Diagnosis
    period: Period
    earlier: list[Diagnosis]
    may_amend: Verdict

    @property
    def state(self) -> State:
        return State.LATE if self.diagnosis.late else State.ON_TIME


@dataclass(frozen=True)
class Panel:
    """The public face of this room on the page of a task."""

    task: Task
    entries: list[Entry]
    missing: list[tuple[Period, State]]
    may_write: Verdict
    concerned: bool
    asked: bool = field(default=True)

    @property
    def shown(self) -> bool:
        """Whether there is anything to show: the measure asks, and the task was issued."""
        return bool(self.entries) or (self.asked and self.task.status >= Status.ACTIVE)


def panel(task: Task, person: Person, known: Facts | None = None) -> Panel:
    """Everything the panel shows; two statements where something is asked for, else one."""
    facts, today = known or facts_for(task, person), clock.today()
    periods = periods_of(task)
    rows = of_task(task) if periods or task.status >= Status.ACTIVE else []
    done = {row.period for row in rows if row.status == DiagnosisStatus.FILED}
    left = rules.period_for(periods, done, today)
    return Panel(
        task=task,
        entries=_entries(rows, task, facts),
        missing=[
            (period, rules.state_of(period, None, today))
            for period in periods
            if period.key not in done and task.status != Status.CANCELLED
        ],
        may_write=rules.may_write(task, facts, bool(periods), bool(left)),
        concerned=bool(PERMITS["diagnose"].relations & facts.relations),
        asked=bool(periods),
    )


def _entries(rows: Sequence[Diagnosis], task: Task, facts: Facts) -> list[Entry]:
    older: dict[str, list[Diagnosis]] = defaultdict(list)
    for row in rows:
        if row.status == DiagnosisStatus.AMENDED:
            older[row.period].append(row)
    return [
        Entry(
            row,
            rules.period_of(row.period) or Period(row.year, 12),
            older[row.period],
            rules.may_amend(task, facts, row),
        )
        for row in rows
        if row.status == DiagnosisStatus.FILED
    ]


def texts() -> Iterator[TextRow]:
    """The words of every diagnosis that counts, for the search."""
    rows = in_full(Diagnosis.objects.filter(status=DiagnosisStatus.FILED)).select_related("task")
    for row in rows.order_by("pk").iterator(1000):
        yield TextRow("diagnosis", str(row.pk), row.task_id, row.task.year, words_of(row))


def words_of(row: Diagnosis) -> str:
    """What a diagnosis is found by."""
    said = [row.problem, row.cause, row.effect, *(action.text for action in row.actions.all())]
    return "\n".join(filter(None, said))
