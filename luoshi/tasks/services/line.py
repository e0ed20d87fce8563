"""Moves along the line. Every change of status passes through `move` or its plural twins."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.tree import below
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.measures.models import Deadline, Measure, NodeTemplate
from luoshi.measures.rules import OnSilence
from luoshi.measures.services import mark_used, take_numbers
from luoshi.notices.services import Note, notify, notify_many
from luoshi.people.models import Person, Post
from luoshi.people.queries import head_posts
from luoshi.periods.queries import add_workdays, workdays_between
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
    """The person acting."""
    return Person.objects.select_related("main_unit").get(pk=id_of(by))


def require_may(verb: str, task: Task, by: Actor) -> rules.Facts:
    """The facts for this person and task, if the rules let them do it."""
    facts = queries.facts_for(task, person_of(by))
    require(rules.may(verb, task, facts))
    return facts


# ── one step ─────────────────────────────────────────────────────────────────────────────────────


def _turning(task: Task, nodes: Sequence[dt.date]) -> dict[str, Any]:
    """The days on which a task turns late and behind, or nothing while its clock stands."""
    if not rules.is_running(task.status, task.progress, task.paused):
        return {"late_from": None, "behind_from": None}
    return {
        "late_from": rules.turns_late(task.due),
        "behind_from": rules.turns_behind(task.start, task.due, task.progress, nodes),
    }


def _nodes(task: Task) -> list[dt.date]:
    rows = Milestone.objects.filter(task=task, done_on=None)
    return list(rows.values_list("due", flat=True))


def _changes_of(task: Task, verb: str, now: dt.datetime) -> dict[str, Any]:
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
    changes = _changes_of(task, verb, clock.now())
    extra = data.pop("columns", {})
    vars(task).update(changes | extra)
    turning = _turning(task, _nodes(task))
    vars(task).update(turning)
    written = changes | extra | turning | {"rev": F("rev") + 1}
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
    turning = _turning(task, _nodes(task))
    vars(task).update(turning)
    Task.objects.filter(pk=task.pk).update(**turning)


@transaction.atomic
def set_progress(
    task: Task,
    progress: int,
    achieved: Decimal | None = None,
    *,
    by: Actor,
    complete: bool = False,
) -> None:
    """Note how far the task has come. ``complete`` moves it on; below 100 it is reopened.

    Raises Stale if the task's status changed meanwhile.
    """
    now = clock.now()
    extra: dict[str, Any] = {"progress": progress, "reported_at": now}
    if achieved is not None:
        extra["achieved"] = achieved
    if task.begun_at is None:
        extra["begun_at"] = now
    if complete and task.status == Status.ACTIVE:
        move(task, "complete", by=by, columns=extra)
        _tell_completed(task, by)
    elif not complete and task.status in MOVES["reopen"].source:
        move(task, "reopen", by=by, columns=extra)
    else:
        vars(task).update(extra)
        turning = _turning(task, _nodes(task))
        vars(task).update(turning)
        Task.objects.filter(pk=task.pk).update(**extra, **turning)


def _tell_completed(task: Task, by: Actor) -> None:
    people = {task.creator_id}
    rows = Part.objects.filter(task=task, role__in=[Role.REVIEWER, Role.ASSESSOR])
    people |= set(rows.exclude(person=None).values_list("person_id", flat=True))
    notify(people, "task.complete", about=task.ref, title=task.title, by=by)


# ── issue ────────────────────────────────────────────────────────────────────────────────────────


def issue_faults(tasks: Sequence[Task], today: dt.date) -> dict[int, list[rules.Fault]]:
    """What keeps drafts from being issued, by task; owners not named default to the unit's head."""
    found: dict[int, list[rules.Fault]] = {}
    parents = Task.objects.in_bulk([t.parent_id for t in tasks if t.parent_id])
    for task in tasks:
        measure = queries.measure_for(task)
        faults = []
        if measure is None:
            faults.append(
                rules.Fault(
                    "category",
                    _("The rules of “%(category)s” are not announced yet; it can hold drafts only.")
                    % {"category": task.category.name},
                )
            )
        faults += rules.issue_faults(task, queries.requirements(measure))
        parent = parents.get(task.parent_id or 0)
        within = measure is None or measure.child_due_within
        faults += rules.typed_faults(task, parent_due=parent.due if parent else None, within=within)
        faults += rules.addressee_faults(
            unit_open=task.unit.open_on(today),
            unit_name=task.unit.name,
            owner_present=task.owner is None or task.owner.present_on(today),
            owner_name=task.owner.name if task.owner else "",
        )
        if faults:
            found[task.pk] = faults
    return found


def _with_owners(tasks: Sequence[Task], today: dt.date) -> None:
    """Give tasks without a named person to the head of their unit, by post."""
    heads = head_posts({t.unit_id for t in tasks if t.owner_id is None}, today)
    for task in tasks:
        if task.owner_id is None and (found := heads.get(task.unit_id)):
            post, person = found
            task.owner, task.owner_post = person, post


def _number_all(tasks: Sequence[Task]) -> None:
    """Numbers are given once, at first issue, without gaps within a category and year."""
    groups: dict[tuple[int, int], list[Task]] = {}
    for task in tasks:
        if not task.number:
            groups.setdefault((task.category_id, task.year), []).append(task)
    for (_category, year), members in groups.items():
        numbers = take_numbers(members[0].category, year, len(members))
        for task, number in zip(members, numbers, strict=True):
            task.number = number


@transaction.atomic
def issue_many(tasks: Sequence[Task], *, by: Actor) -> list[Task]:
    """Issue drafts: all of them or none (TSK-2).

    Raises NotAllowed, or Refused naming the first task that is not ready and why.
    """
    keys = [task.pk for task in tasks]
    held = list(
        Task.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=keys)
        .select_related("unit", "owner", "category__measure", "measure")
        .order_by("path")
    )
    facts = queries.facts_for_all(held, person_of(by))
    for task in held:
        require(rules.may("issue", task, facts[task.pk]))
    today, now = clock.today(), clock.now()
    _with_owners(held, today)
    _with_dates(held, today)
    _refuse_unready(held, today)
    _number_all(held)
    nodes = _with_nodes(held, today)
    for task in held:
        _prepare_issue(task, today, now, nodes.get(task.pk, []))
    Task.objects.bulk_update(held, _ISSUE_COLUMNS, batch_size=200)
    _ask_signatures(held)
    for measure in _measures_of(held):
        mark_used(measure)
    record_many(
        [(t.ref, {"number": t.number, "new": Status(t.status).name}) for t in held],
        "task.issue",
        by=by,
    )
    running = [t for t in held if t.status >= Status.ISSUED]
    _tell_issued(running, by)
    kinds.tell("issued", running, by)
    return held


_ISSUE_COLUMNS = [
    "due",
    "status",
    "number",
    "measure",
    "owner",
    "owner_post",
    "start",
    "original_due",
    "scoring_due",
    "issued_at",
    "accepted_at",
    "late_from",
    "behind_from",
    "rev",
    "outcome",
]


def _measures_of(tasks: Iterable[Task]) -> list[Measure]:
    return list({t.measure_id: t.measure for t in tasks if t.measure}.values())


def _refuse_unready(tasks: Sequence[Task], today: dt.date) -> None:
    faults = issue_faults(tasks, today)
    for task in tasks:
        if task.pk in faults:
            raise Refused(
                _("“%(title)s” cannot be issued yet: %(reason)s")
                % {"title": task.title, "reason": faults[task.pk][0].reason}
            )


def _with_dates(tasks: Sequence[Task], today: dt.date) -> None:
    """Drafts without a due date get the days their measure allows for their urgency."""
    open_ended = [(t, m) for t in tasks if t.due is None and (m := queries.measure_for(t))]
    rows = Deadline.objects.filter(measure__in={m.pk for _task, m in open_ended})
    allowed = {(row.measure_id, row.urgency): row.days for row in rows}
    for task, measure in open_ended:
        days = allowed.get((measure.pk, task.urgency))
        if days is not None:
            task.due = _days_later(measure, today, days)


def _days_later(measure: Measure, day: dt.date, days: int) -> dt.date:
    """A day some days later, counted as the measure counts them."""
    return add_workdays(day, days) if measure.working_days else day + dt.timedelta(days=days)


def _with_nodes(tasks: Sequence[Task], today: dt.date) -> dict[int, list[dt.date]]:
    """Due dates of the milestones of each task; tasks without any get those of their measure."""
    found: dict[int, list[dt.date]] = defaultdict(list)
    rows = Milestone.objects.filter(task__in=tasks)
    for task_id, due, done in rows.values_list("task_id", "due", "done_on"):
        found[task_id] += [] if done else [due]
    templates: dict[int, list[NodeTemplate]] = defaultdict(list)
    measures = {m.pk: m for t in tasks if (m := queries.measure_for(t))}
    for node in NodeTemplate.objects.filter(measure__in=measures):
        templates[node.measure_id].append(node)
    made = [
        Milestone(
            task=task,
            name=node.name,
            due=min(_days_later(measure, today, node.days), task.due or dt.date.max),
            order=node.order,
        )
        for task in tasks
        if task.pk not in found and (measure := queries.measure_for(task))
        for node in templates[measure.pk]
    ]
    Milestone.objects.bulk_create(made)
    for milestone in made:
        found[milestone.task_id].append(milestone.due)
    return found


def _prepare_issue(task: Task, today: dt.date, now: dt.datetime, nodes: Sequence[dt.date]) -> None:
    """Fix the measure and the dates of a draft and move it on, in memory."""
    task.measure = queries.measure_for(task)
    task.start = task.start or min(today, task.due or today)
    task.original_due = task.original_due or task.due
    task.scoring_due = task.due
    vars(task).update(_changes_of(task, "issue", now))
    vars(task).update(_turning(task, nodes))
    task.rev += 1


def _ask_signatures(tasks: Sequence[Task]) -> None:
    keys = [t.pk for t in tasks if t.needs_sign_off]
    if keys:
        Part.objects.filter(
            task_id__in=keys, role__in=[Role.LEAD, Role.COOPERATING, Role.PARTICIPANT]
        ).update(must_sign=True, signed_at=None, signed_by=None, refused_at=None, reason="")


def _tell_issued(tasks: Sequence[Task], by: Actor) -> None:
    parts = queries.parts_of(tasks)
    heads = head_posts(
        {p.unit_id for t in tasks for p in parts.get(t.pk, []) if p.unit_id}, clock.today()
    )
    rows = []
    for task in tasks:
        people = {task.owner_id} if task.owner_id else set()
        for part in parts.get(task.pk, []):
            if part.person_id and part.role != Role.FOLLOWER:
                people.add(part.person_id)
            elif part.unit_id in heads:
                people.add(heads[part.unit_id][1].pk)
        rows.append(Note(sorted(people), "task.issue", task.ref, task.title, by))
    notify_many(rows)


@transaction.atomic
def approve(task: Task, *, by: Actor, opinion: str = "") -> None:
    """Let a task that waits for approval be issued."""
    task = queries.locked(task)
    require_may("approve", task, by)
    move(task, "approve", by=by, opinion=opinion)
    _ask_signatures([task])
    _tell_issued([task], by)
    kinds.tell("issued", [task], by)


@transaction.atomic
def reject(task: Task, *, by: Actor, opinion: str) -> None:
    """Return a task that waits for approval to its creator, with an opinion."""
    task = queries.locked(task)
    require_may("reject", task, by)
    if not opinion.strip():
        raise Refused(_("Say why it is returned."), "opinion")
    move(task, "reject", by=by, opinion=opinion, columns={"refusal": opinion})
    notify([task.creator_id], "task.reject", about=task.ref, title=task.title, by=by)


# ── sign for or refuse ───────────────────────────────────────────────────────────────────────────


def _own_parts(task: Task, by: Actor) -> list[Part]:
    return queries.unsigned_parts(task, person_of(by))


@transaction.atomic
def sign(task: Task, *, by: Actor) -> None:
    """Sign for a task; the lead's signature starts the work (S3-3.1)."""
    task = queries.locked(task)
    require_may("sign", task, by)
    parts = _own_parts(task, by)
    keys = [part.pk for part in parts]
    changed = Part.objects.filter(pk__in=keys, signed_at=None, refused_at=None).update(
        signed_at=clock.now(), signed_by_id=by.id
    )
    if not changed:
        raise Stale(task.ref)
    if task.status == Status.ISSUED and any(part.role == Role.LEAD for part in parts):
        move(task, "sign", by=by)
    else:
        record(task.ref, "task.sign", by=by)
    notify([task.creator_id], "task.sign", about=task.ref, title=task.title, by=by)


@transaction.atomic
def refuse(task: Task, *, by: Actor, reason: str) -> None:
    """Refuse a task with a reason; the lead's refusal sends it back to its creator."""
    task = queries.locked(task)
    require_may("refuse", task, by)
    if not reason.strip():
        raise Refused(_("Say why you refuse."), "reason")
    parts = _own_parts(task, by)
    Part.objects.filter(pk__in=[part.pk for part in parts]).update(
        refused_at=clock.now(), reason=reason
    )
    if any(part.role == Role.LEAD for part in parts):
        columns = {"refusals": task.refusals + 1, "refusal": reason}
        move(task, "refuse", by=by, reason=reason, columns=columns)
        kinds.tell("ended", [task], by)
    else:
        record(task.ref, "task.refuse", by=by, reason=reason)
    notify([task.creator_id], "task.refuse", about=task.ref, title=task.title, by=by)


@transaction.atomic
def settle_silence(task: Task, *, by: Actor) -> bool:
    """Nobody signed in time: what that means is the measure's word. Returns whether it was due.

    ``accepted`` counts as signed by all; ``ask`` reminds the creator, once.
    """
    task = queries.locked(task)
    measure = task.measure
    if task.status != Status.ISSUED or measure is None or not _silent_too_long(task, measure):
        return False
    if measure.on_silence == OnSilence.ACCEPTED:
        rows = Part.objects.filter(task=task, must_sign=True, signed_at=None, refused_at=None)
        rows.update(signed_at=clock.now())
        move(task, "sign", by=by, silence=True)
        notify(_handlers(task), "task.silence", about=task.ref, title=task.title, by=by)
    else:
        key = f"{task.ref}/{task.refusals}"
        notify([task.creator_id], "task.unsigned", about=task.ref, title=task.title, by=by, key=key)
    return True


def _silent_too_long(task: Task, measure: Measure) -> bool:
    """Whether the days to sign are over, counted from the day after issue."""
    if measure.sign_days is None or task.issued_at is None:
        return False
    issued, today = timezone.localtime(task.issued_at).date(), clock.today()
    if not measure.working_days:
        return (today - issued).days > measure.sign_days
    return workdays_between(issued, today) > measure.sign_days


# ── review and end ───────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def accept(task: Task, *, by: Actor, opinion: str = "") -> None:
    """The result is as asked; the task is done (S3-6)."""
    task = queries.locked(task)
    require_may("accept", task, by)
    move(task, "accept", by=by, opinion=opinion)
    notify(_handlers(task), "task.accept", about=task.ref, title=task.title, by=by)


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
    notify(_handlers(task), "task.send_back", about=task.ref, title=task.title, by=by)


def _handlers(task: Task) -> set[int]:
    people = {task.owner_id} if task.owner_id else set()
    rows = Part.objects.filter(task=task, role__in=[Role.OWNER, Role.SHARED])
    return people | {pk for pk in rows.values_list("person_id", flat=True) if pk}


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
