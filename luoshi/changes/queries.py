"""Transfers as people may see them, and what the rules need to know.

may_ask(task, person, …)         whether this person may ask for a transfer of the task
panel(task, person)              the face of this room on a task's page
to_answer, asked_by, taken_by    a person's transfers
transferable, left_behind        tasks a person may hand over: their own, and of people who left
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from luoshi.changes import rules
from luoshi.changes.models import Change
from luoshi.changes.rules import ChangeKind, ChangeState, Gone
from luoshi.kit import clock
from luoshi.kit.statements import statement
from luoshi.kit.tree import below
from luoshi.kit.verdict import Verdict
from luoshi.people.models import Person, PersonSpell
from luoshi.people.queries import powers_of
from luoshi.people.roles import Duty
from luoshi.tasks import queries as tasks
from luoshi.tasks.lifecycle import PERMITS, Relation
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.rules import Facts

#: Transfers of one page at most.
MOST = 100
#: Tasks handed over in one go at most.
MOST_TASKS = 200
#: Tasks looked at to find those whose responsible person is gone.
MOST_LOOKED_AT = 1_000


# ── one task ─────────────────────────────────────────────────────────────────────────────────────


def gone(task: Task) -> Gone:
    """Whether and why the responsible person cannot hand the task over themselves."""
    owner, today = task.owner, clock.today()
    if owner is None or not owner.present_on(today):
        return Gone.LEFT
    posts = {holding.post_id for holding in powers_of(owner, today).holdings}
    if task.owner_post_id and task.owner_post_id not in posts:
        return Gone.POST
    here, there = owner.main_unit.path or "", task.unit.path or ""
    if here.startswith(there) or there.startswith(here) or task.issued_at is None:
        return Gone.NO
    issued = timezone.localtime(task.issued_at).date()
    moved = PersonSpell.objects.filter(person=owner, since__gt=issued).exists()
    return Gone.MOVED if moved else Gone.NO


def facts_for(task: Task, person: Person, known: Facts | None = None) -> Facts:
    """What tasks knows of this person, and whether they head a unit above the task's."""
    facts = known or tasks.facts_for(task, person)
    path = task.unit.path or ""
    heading = any(
        holding.duty in (Duty.HEAD, Duty.SECTION_HEAD) and path.startswith(holding.path)
        for holding in powers_of(person).holdings
    )
    return replace(facts, relations=facts.relations | {Relation.HEAD}) if heading else facts


def waiting_on(task: Task) -> Change | None:
    """The transfer of a task that waits for an answer."""
    return transfers().filter(task=task, state=ChangeState.ASKED).first()


def assesses(person: Person, task: Task) -> bool:
    """Whether the person is an assessor of the task."""
    return Part.objects.filter(task=task, person=person, role=Role.ASSESSOR).exists()


def transfers() -> QuerySet[Change]:
    """Transfers with the people they name, the newest first."""
    rows = Change.objects.filter(kind=ChangeKind.TRANSFER)
    return rows.select_related("giver", "taker", "asked_by", "decided_by").order_by("-pk")


def may_ask(
    task: Task, person: Person, waits: Change | None, known: Facts | None = None
) -> Verdict:
    """Whether this person may ask for a transfer of the task now."""
    facts = facts_for(task, person, known)
    asks = PERMITS["transfer"].relations & facts.relations
    away = gone(task) if asks and Relation.OWNER not in facts.relations else Gone.NO
    return rules.may_ask(task, facts, away, waits is not None)


@dataclass(frozen=True)
class Panel:
    """What the page of a task shows of its transfers."""

    task: Task
    waiting: Change | None
    past: list[Change]
    may_ask: Verdict
    may_answer: Verdict
    may_withdraw: Verdict

    @property
    def shown(self) -> bool:
        return bool(self.waiting or self.past)


_NO = Verdict(False)


@statement
def _of_task(task: Any) -> QuerySet[Change]:
    return transfers().filter(task_id=task)[:MOST]


def panel(task: Task, person: Person, known: Facts | None = None) -> Panel:
    """Transfers of a task; one statement besides what tells whether one may be asked for."""
    rows = _of_task.instances(task=task.pk)
    waits = next((row for row in rows if row.state == ChangeState.ASKED), None)
    return Panel(
        task=task,
        waiting=waits,
        past=[row for row in rows if row.state != ChangeState.ASKED],
        may_ask=may_ask(task, person, waits, known),
        may_answer=rules.may_answer(waits, person.pk, task.status) if waits else _NO,
        may_withdraw=rules.may_withdraw(waits, person.pk, task.owner_id) if waits else _NO,
    )


# ── one person ───────────────────────────────────────────────────────────────────────────────────


def to_answer(person: Person) -> QuerySet[Change]:
    """Transfers that wait for this person; of tasks that can still be handed over."""
    return _with_task(
        taker=person,
        state=ChangeState.ASKED,
        task__status__in=PERMITS["transfer"].statuses,
    )


class Waits(NamedTuple):
    """A transfer that waits, as the desk shows it."""

    pk: int
    task_id: int
    title: str
    due: dt.date | None
    giver: str
    reason: str


@statement
def _waiting(person: Any) -> QuerySet[Change, Any]:
    rows = Change.objects.filter(
        kind=ChangeKind.TRANSFER,
        taker_id=person,
        state=ChangeState.ASKED,
        task__status__in=sorted(PERMITS["transfer"].statuses),
    )
    columns = ("pk", "task_id", "task__title", "task__due", "giver__name", "reason")
    return rows.order_by("-pk").values_list(*columns)


def waiting_for(person: Person) -> list[Waits]:
    """Transfers that wait for this person, the newest first; one statement."""
    return [Waits(*row) for row in _waiting(person=person.pk)]


def to_answer_or_answered(person: Person) -> QuerySet[Change]:
    """Transfers the person was asked for, whatever came of them."""
    return _with_task(taker=person)


def asked_by(person: Person) -> QuerySet[Change]:
    """Transfers the person asked for, answered or not."""
    return _with_task(asked_by=person)


def taken_by(person: Person) -> QuerySet[Change]:
    """Transfers the person was asked for that wait no more."""
    return _with_task(taker=person).exclude(state=ChangeState.ASKED)


def given_by(person: Person) -> QuerySet[Change]:
    """Transfers of the person's own tasks that they can still take back."""
    concerned = Q(asked_by=person) | Q(giver=person) | Q(task__owner=person)
    return _with_task(concerned)


def _with_task(*where: Q, **columns: Any) -> QuerySet[Change]:
    return transfers().filter(*where, **columns).select_related(*_SHOWN)


_SHOWN = ("giver", "taker", "asked_by", "decided_by", "task__unit", "task__owner")


def transferable(person: Person) -> list[Task]:
    """Issued tasks the person answers for that wait for no answer, the earliest due first.

    Also those bound to a post the person holds.
    """
    posts = [holding.post_id for holding in powers_of(person).holdings]
    waits = Change.objects.filter(kind=ChangeKind.TRANSFER, state=ChangeState.ASKED)
    rows = Task.objects.filter(
        Q(owner=person) | Q(owner_post_id__in=posts), status__in=PERMITS["transfer"].statuses
    ).exclude(pk__in=waits.values("task_id"))
    return _with_unit(rows)


def left_behind(person: Person) -> list[Task]:
    """Issued tasks below the units the person heads whose responsible person is gone."""
    paths = {
        holding.path
        for holding in powers_of(person).holdings
        if holding.duty in (Duty.HEAD, Duty.SECTION_HEAD)
    }
    if not paths:
        return []
    where = Q()
    for path in paths:
        where |= below(path, "unit__path")
    today = clock.today()
    away = (
        Q(owner__is_active=False)
        | Q(owner__left_on__lt=today)
        | ~Q(owner__main_unit=F("unit"))
        | Q(owner_post__isnull=False)
    )
    waits = Change.objects.filter(kind=ChangeKind.TRANSFER, state=ChangeState.ASKED)
    rows = Task.objects.filter(where, away, status__in=PERMITS["transfer"].statuses)
    rows = rows.exclude(pk__in=waits.values("task_id")).exclude(owner=person)
    return [task for task in _with_unit(rows, MOST_LOOKED_AT) if gone(task)][:MOST_TASKS]


def _with_unit(rows: QuerySet[Task], most: int = 0) -> list[Task]:
    shown = rows.select_related("unit", "owner__main_unit", "category__measure", "measure")
    return list(shown.order_by("due", "pk")[: most or MOST_TASKS])
