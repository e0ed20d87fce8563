"""Moves along the line. Every change of status passes through `move` or its plural twins."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.statements import statement
from luoshi.kit.tree import below
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.notices.services import Note, notify, notify_many
from luoshi.people.models import Person, Post
from luoshi.people.queries import leaders_served
from luoshi.tasks import kinds, queries, rules
from luoshi.tasks.lifecycle import (
    MOVES,
    OPEN,
    Outcome,
    Status,
    landing,
    stamps,
    unstamps,
)
from luoshi.tasks.models import Milestone, Part, Role, Task
from luoshi.trail.services import record, record_many


def id_of(by: Actor) -> int:
    """Key of the person acting. Raises NotAllowed for the system, which has no account."""
    if by.id is None:
        raise NotAllowed(_("Only a person can do this."))
    return by.id


def person_of(by: Actor) -> Person:
    """Whose rights count: the person acting, or the leader their secretary acts for (ORG-2).

    Raises NotAllowed where somebody claims to act for a leader they do not serve.
    """
    person = Person.objects.select_related("main_unit").get(pk=id_of(by))
    if by.for_id is None:
        return person
    served = next((one for one in leaders_served(person) if one.pk == by.for_id), None)
    if served is None:
        raise NotAllowed(_("Only their secretary may act for a leader."))
    return served


def require_may(verb: str, task: Task, by: Actor) -> rules.Facts:
    """The facts for this person and task, if the rules let them do it."""
    facts = queries.facts_for(task, person_of(by))
    require(rules.may(verb, task, facts))
    return facts


# ── one step ─────────────────────────────────────────────────────────────────────────────────────


def turning(task: Task, nodes: Sequence[dt.date]) -> dict[str, Any]:
    """The days on which a task turns late and behind, or nothing while its clock stands."""
    if not rules.is_running(task.status, task.progress, task.paused):
        return {"late_from": None, "behind_from": None}
    return {
        "late_from": rules.turns_late(task.due),
        "behind_from": rules.turns_behind(task.start, task.due, task.progress, nodes),
    }


def _nodes(task: Task) -> list[dt.date]:
    return _open_nodes.column(task=task.pk)


@statement
def _open_nodes(task: Any) -> QuerySet[Milestone, Any]:
    return Milestone.objects.filter(task_id=task, done_on=None).values_list("due")


def changes_of(task: Task, verb: str, now: dt.datetime) -> dict[str, Any]:
    """Columns a verb changes on a task, its status first. Raises Stale where it goes nowhere."""
    old = Status(task.status)
    new = landing(verb, old, task)
    if new is None:
        raise Stale(task.ref)
    changes: dict[str, Any] = {"status": new}
    changes |= {column: now for column in stamps(old, new) if getattr(task, column) is None}
    changes |= dict.fromkeys(unstamps(old, new))
    if new == Status.CANCELLED:
        changes["outcome"] = Outcome.CANCELLED
    elif new == Status.DONE:
        changes["outcome"] = Outcome.COMPLETED if verb != "settle" else Outcome.UNFINISHED
    elif new < Status.DONE:
        changes["outcome"] = ""
    return changes


@transaction.atomic
def move(task: Task, verb: str, *, by: Actor, **data: Any) -> None:
    """Take a task one step along its line. Every change of status passes here.

    The row is updated only where the old status still stands; otherwise `Stale` is raised.
    """
    old = Status(task.status)
    changes = changes_of(task, verb, clock.now())
    extra = data.pop("columns", {})
    vars(task).update(changes | extra)
    days = turning(task, _nodes(task))
    vars(task).update(days)
    written = changes | extra | days | {"rev": F("rev") + 1}
    if not Task.objects.filter(pk=task.pk, status=old).update(**written):
        raise Stale(task.ref)
    task.rev += 1
    record(task.ref, f"task.{verb}", by=by, old=old.name, new=Status(task.status).name, **data)
    if task.status >= Status.DONE and old < Status.DONE:
        kinds.tell("ended", [task], by)
    elif old >= Status.DONE and task.status < Status.DONE:
        kinds.tell("reopened", [task], by)


@transaction.atomic
def reckon(task: Task) -> None:
    """Write down again the days on which a task turns; called by every act that moves them."""
    days = turning(task, _nodes(task))
    vars(task).update(days)
    Task.objects.filter(pk=task.pk).update(**days)


@transaction.atomic(savepoint=False)
def set_progress(
    task: Task,
    progress: int,
    achieved: Decimal | None = None,
    *,
    by: Actor,
    complete: bool = False,
) -> set[int]:
    """Note how far the task has come. ``complete`` moves it on; below 100 it is reopened.

    Returns who was told that it is completed; they need not be told of the report as well. Raises
    Stale if the task's status changed meanwhile.
    """
    now = clock.now()
    extra: dict[str, Any] = {"progress": progress, "reported_at": now}
    if achieved is not None:
        extra["achieved"] = achieved
    if task.begun_at is None:
        extra["begun_at"] = now
    if complete and task.status == Status.ACTIVE:
        move(task, "complete", by=by, columns=extra)
        return _tell_completed(task, by)
    if not complete and task.status in MOVES["reopen"].source:
        move(task, "reopen", by=by, columns=extra)
    else:
        vars(task).update(extra)
        days = turning(task, _nodes(task))
        vars(task).update(days)
        Task.objects.filter(pk=task.pk).update(**extra, **days)
    return set()


def _tell_completed(task: Task, by: Actor) -> set[int]:
    people = {task.creator_id}
    rows = Part.objects.filter(task=task, role__in=[Role.REVIEWER, Role.ASSESSOR])
    people |= set(rows.exclude(person=None).values_list("person_id", flat=True))
    notify(people, "task.complete", about=task.ref, title=task.title, by=by)
    return people


# ── review and end ───────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def accept(task: Task, *, by: Actor, opinion: str = "") -> None:
    """The result is as asked; the task is done (S3-6)."""
    task = queries.locked(task)
    require_may("accept", task, by)
    move(task, "accept", by=by, opinion=opinion)
    notify(handlers(task), "task.accept", about=task.ref, title=task.title, by=by)


@transaction.atomic
def send_back(task: Task, *, by: Actor, opinion: str, progress: int) -> None:
    """Return the result for more work, with an opinion and the progress that stands."""
    task = queries.locked(task)
    require_may("send_back", task, by)
    if not opinion.strip():
        raise Refused(_("Say what is missing."), "opinion")
    if not 0 <= progress < 100:
        raise Refused(_("Give the progress that stands, from 0 to 99."), "progress")
    columns = {"returns": task.returns + 1, "progress": progress}
    move(task, "send_back", by=by, opinion=opinion, columns=columns)
    notify(handlers(task), "task.send_back", about=task.ref, title=task.title, by=by)


def handlers(task: Task) -> set[int]:
    people = {task.owner_id} if task.owner_id else set()
    return people | {pk for pk in _sharing.column(task=task.pk) if pk}


@statement
def _sharing(task: Any) -> QuerySet[Part, Any]:
    rows = Part.objects.filter(task_id=task, role__in=[Role.OWNER, Role.SHARED])
    return rows.values_list("person_id")


@transaction.atomic
def set_assessed(task: Task, at: dt.datetime | None) -> None:
    """Note when every assessor had scored, or that a score is open again (None).

    From then on a task that is to be assessed may be closed; who keeps the scores records why.
    """
    task.assessed_at = at
    Task.objects.filter(pk=task.pk).update(assessed_at=at)


@transaction.atomic
def close(task: Task, *, by: Actor) -> None:
    """Close a task that is done; from then on it can only be looked at."""
    task = queries.locked(task)
    require_may("close", task, by)
    move(task, "close", by=by)


@transaction.atomic
def cancel(task: Task, *, by: Actor, reason: str) -> int:
    """Cancel a task and everything below it; no more reports are due. Returns how many ended."""
    task = queries.locked(task)
    require_may("cancel", task, by)
    if not reason.strip():
        raise Refused(_("Say why it is cancelled."), "reason")
    family = list(
        Task.objects.select_for_update(of=("self",), no_key=True)
        .filter(below(task.path or ""), status__in=OPEN)
        .order_by("path")
    )
    now = clock.now()
    Task.objects.filter(pk__in=[t.pk for t in family], status__in=OPEN).update(
        status=Status.CANCELLED,
        outcome=Outcome.CANCELLED,
        closed_at=now,
        late_from=None,
        behind_from=None,
        rev=F("rev") + 1,
    )
    record_many(
        [(t.ref, {"old": Status(t.status).name, "root": task.pk}) for t in family],
        "task.cancel",
        by=by,
        reason=reason,
    )
    kinds.tell("ended", family, by)
    notify_many(
        Note([t.owner_id], "task.cancel", t.ref, t.title, by)
        for t in family
        if t.owner_id and t.status >= Status.ISSUED
    )
    return len(family)


@transaction.atomic
def inherit(post: Post, person: Person, *, by: Actor) -> int:
    """The successor in a post takes over the open tasks bound to it. Returns how many."""
    tasks = list(Task.objects.filter(owner_post=post, status__in=OPEN).exclude(owner=person))
    Task.objects.filter(pk__in=[t.pk for t in tasks]).update(owner=person, rev=F("rev") + 1)
    record_many([(t.ref, {"owner": person.pk}) for t in tasks], "task.inherit", by=by)
    return len(tasks)
