"""Issuing drafts: what they lack, who answers for them, numbers, dates, and who is told."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.quotes import inner
from luoshi.kit.verdict import Refused, Stale, require
from luoshi.measures.models import Deadline, Measure, NodeTemplate
from luoshi.measures.services import mark_used, take_numbers
from luoshi.notices.services import Note, notify, notify_many
from luoshi.people.queries import head_posts
from luoshi.periods.queries import add_workdays
from luoshi.search.services import put_many
from luoshi.tasks import kinds, queries, rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Milestone, Part, Role, Task
from luoshi.tasks.services.line import changes_of, move, person_of, require_may, turning
from luoshi.trail.services import record_many


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
    """Numbers are given once, at first issue, without gaps within a category and year.

    From then on tasks are found by their numbers.
    """
    groups: dict[tuple[int, int], list[Task]] = {}
    for task in tasks:
        if not task.number:
            groups.setdefault((task.category_id, task.year), []).append(task)
    for (_category, year), members in groups.items():
        numbers = take_numbers(members[0].category, year, len(members))
        for task, number in zip(members, numbers, strict=True):
            task.number = number
        put_many([("task", t.pk, t.pk, t.year, queries.search_text(t)) for t in members])


@transaction.atomic
def issue_many(tasks: Sequence[Task], *, by: Actor) -> list[Task]:
    """Issue drafts: all of them or none (TSK-2).

    Raises NotAllowed, Refused naming the first task that is not ready and why, or Stale where one
    was thrown away meanwhile.
    """
    keys = [task.pk for task in tasks]
    held = list(
        Task.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=keys, status__gte=Status.DRAFT)
        .select_related("unit", "owner", "category__measure", "measure")
        .order_by("path")
    )
    if len(held) < len(set(keys)):
        raise Stale(tasks[0].ref)
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
                % {"title": inner(task.title), "reason": faults[task.pk][0].reason}
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
    vars(task).update(changes_of(task, "issue", now))
    vars(task).update(turning(task, nodes))
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
