"""Drafts: registering tasks one by one and by the thousand, editing, breaking down, copying."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.quotes import inner
from luoshi.kit.tree import plant_many
from luoshi.kit.verdict import Refused, Stale, Verdict, denied, require
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.search.services import put_many
from luoshi.tasks import queries, rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import (
    Role,
    Task,
)
from luoshi.tasks.rules import NewTask
from luoshi.tasks.services.building import (
    COPIED,
    Known,
    built,
    count_children,
    faults_of,
    gates,
    insert_what_hangs_on,
    known_of,
    note_registered,
    refuse_faults,
)
from luoshi.tasks.services.hidden import throw_away
from luoshi.tasks.services.issuing import issue_many
from luoshi.tasks.services.line import person_of, require_may
from luoshi.trail.services import record


def may_register(person: Person) -> Verdict:
    """Whether a person may register tasks at all; where, `building.reach_faults` tells."""
    if powers_of(person).has(Power.REGISTER):
        return Verdict(True)
    reason = _("Only heads, leaders and the goal office register tasks.")
    return denied(reason, Power.REGISTER.value)


@transaction.atomic
def register_many(
    rows: Sequence[NewTask], *, by: Actor, parent: Task | None = None, verb: str = "task.register"
) -> list[Task]:
    """Register drafts: all of them or none.

    Below ``parent`` where one is given (see `break_down`). A key that was used before returns the
    task it made (double click). Raises NotAllowed, or Refused with the first fault.
    """
    if not rows:
        return []
    if done := _made_before(rows):
        return done
    registrar = person_of(by) if parent is None else None
    if registrar:
        require(may_register(registrar))
    refuse_faults(rows, parent, registrar)
    known = known_of(rows)
    tasks = _insert(rows, parent, known, by, clock.now())
    note_registered(tasks, rows, known, verb, by)
    return tasks


def _made_before(rows: Sequence[NewTask]) -> list[Task]:
    keys = [row.key for row in rows if row.key]
    hold(*keys[:1])  # rows of one form come together
    return list(Task.objects.filter(key__in=keys)) if keys else []


def _insert(
    rows: Sequence[NewTask], parent: Task | None, known: Known, by: Actor, now: dt.datetime
) -> list[Task]:
    """Insert level by level, so that every parent has its key before its children."""
    made: dict[int, Task] = {}
    waiting = dict(enumerate(rows))
    while waiting:
        level = {
            place: row
            for place, row in waiting.items()
            if row.parent_index is None or row.parent_index in made
        }
        if not level:
            raise Refused(_("The numbering of the tasks goes round in a circle."))
        for place, row in level.items():
            above = made[row.parent_index] if row.parent_index is not None else parent
            made[place] = built(row, above, known, by, now)
            del waiting[place]
        new = [made[place] for place in level]
        Task.objects.bulk_create(new, batch_size=500)
        plant_many(new)
    count_children(list(made.values()), parent)
    return [made[place] for place in range(len(rows))]


@transaction.atomic
def register(new: NewTask, *, by: Actor, issue: bool = False) -> Task:
    """Register one draft (TSK-1), and issue it in the same breath if asked.

    Raises NotAllowed or Refused; then nothing is written.
    """
    return _issued(register_many([new], by=by), by, issue)[0]


def _issued(tasks: list[Task], by: Actor, issue: bool) -> list[Task]:
    """Issue what is still a draft, if asked."""
    drafts = [task for task in tasks if task.status == Status.DRAFT]
    if not issue or not drafts:
        return tasks
    done = {task.pk: task for task in issue_many(drafts, by=by)}
    return [done.get(task.pk, task) for task in tasks]


#: Columns `edit` may change; everything else about a draft hangs on it and is replaced.
_EDITED = (*(name for name in COPIED if name not in {"number", "batch", "key"}), "tier")


@transaction.atomic
def edit(
    task: Task, new: NewTask, *, by: Actor, rev: int, issue: bool = False, origin: str = ""
) -> Task:
    """Replace the content of a draft, and issue it if asked. Stale if saved since ``rev``.

    ``origin``: where the change comes from, if not from the page of the draft; for the trail.
    """
    task = queries.locked(task)
    require_may("edit", task, by)
    if task.rev != rev:
        raise Stale(task.ref)
    new = replace(new, number=task.number, batch=task.batch, key=task.key)
    moved = (new.unit_id, new.category_id) != (task.unit_id, task.category_id)
    mover = person_of(by) if moved and task.parent_id is None else None
    for faults in faults_of([new], clock.today(), task.parent, mover).values():
        raise Refused(faults[0].reason, faults[0].field)
    known = known_of([new])
    fresh = built(new, task.parent, known, by, task.created_at)
    changed = _changed(task, fresh)
    for name in (*_EDITED, *gates(new, fresh.measure or fresh.category.measure)):
        setattr(task, name, getattr(fresh, name))
    task.rev = rev + 1
    task.save()
    _replace_what_hangs_on(task, new, known)
    told = {"from": origin} if origin else {}
    record(task.ref, "task.edit", by=by, changed=changed, **told)
    put_many([("task", task.pk, task.pk, task.year, queries.search_text(task))])
    return _issued([task], by, issue)[0]


def _changed(old: Task, fresh: Task) -> dict[str, list[str]]:
    """Before and after of every column that differs; long text shortened."""
    return {
        name: [str(getattr(old, name))[:80], str(getattr(fresh, name))[:80]]
        for name in _EDITED
        if getattr(old, name) != getattr(fresh, name)
    }


def _replace_what_hangs_on(task: Task, new: NewTask, known: Known) -> None:
    task.parts.exclude(role__in=[Role.FOLLOWER, Role.ADMITTED]).delete()
    task.countings.all().delete()
    task.milestones.all().delete()
    task.own_values.all().delete()
    insert_what_hangs_on([task], [new], known)


@transaction.atomic
def edit_many(
    rows: Sequence[tuple[Task, NewTask, int]], *, by: Actor, issue: bool = False
) -> list[Task]:
    """Replace many drafts (draft, content, rev), all or none, and issue them if asked.

    Raises NotAllowed, Stale, or Refused naming the draft.
    """
    done = []
    for task, new, rev in rows:
        try:
            done.append(edit(task, new, by=by, rev=rev))
        except Refused as refusal:
            raise Refused(
                _("“%(title)s”: %(reason)s")
                % {"title": inner(new.title[:40]), "reason": str(refusal)}
            ) from refusal
    return _issued(done, by, issue)


@transaction.atomic
def discard_drafts(tasks: Sequence[Task], *, by: Actor) -> int:
    """Throw drafts away. Raises NotAllowed if one of them is no draft any more."""
    held = list(
        Task.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[t.pk for t in tasks], status__gte=Status.DRAFT)
        .select_related("unit", "category__measure", "measure")
        .order_by("-path")
    )
    facts = queries.facts_for_all(held, person_of(by))
    for task in held:
        require(rules.may("discard", task, facts[task.pk]))
    _forget_children(held)
    throw_away(held, by=by)
    return len(held)


def _forget_children(drafts: Sequence[Task]) -> None:
    """Take drafts off the count of the parents that stay."""
    gone = {task.pk for task in drafts}
    counts = Counter(t.parent_id for t in drafts if t.parent_id and t.parent_id not in gone)
    for pk, n in counts.items():
        Task.objects.filter(pk=pk).update(children_count=F("children_count") - n)


@transaction.atomic
def break_down(
    task: Task,
    rows: Sequence[NewTask],
    *,
    by: Actor,
    key: str | None = None,
    issue: bool = False,
) -> list[Task]:
    """Add sub-tasks, as drafts or issued; only the responsible person may (S0 任务分解 1–6).

    Raises NotAllowed or Refused; nothing is written unless all rows stand.
    """
    task = queries.locked(task)
    require_may("break_down", task, by)
    if key:
        rows = [replace(row, key=f"{key}-{place}") for place, row in enumerate(rows)]
        if done := _made_before(rows):
            return done
    children = register_many(rows, by=by, parent=task, verb="task.add")
    if task.split_at is None:
        Task.objects.filter(pk=task.pk).update(split_at=clock.now())
    record(task.ref, "task.break_down", by=by, children=[child.pk for child in children])
    return _issued(children, by, issue)


@dataclass(frozen=True)
class Copy:
    """One unit that gets a copy of a task, with what differs for it."""

    unit_id: int
    due: dt.date | None
    standard: str
    details: str = ""
    owner_id: int | None = None


@transaction.atomic
def copy_task(
    task: Task,
    to: Sequence[Copy],
    *,
    by: Actor,
    key: str | None = None,
    issue: bool = False,
) -> list[Task]:
    """Copy a sub-task to further units, each with its own standard and due date (S0 任务分解 7)."""
    parent = task.parent
    if parent is None:
        raise Refused(_("Only a sub-task can be copied to other units."))
    if not to:
        raise Refused(_("Choose at least one unit."), "units")
    pattern = queries.as_new(task)
    rows = [
        replace(
            pattern,
            unit_id=copy.unit_id,
            due=copy.due,
            standard=copy.standard,
            details=copy.details or pattern.details,
            owner_id=copy.owner_id,
        )
        for copy in to
    ]
    return break_down(parent, rows, by=by, key=key, issue=issue)
