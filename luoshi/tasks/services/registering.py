"""Drafts: registering tasks one by one and by the thousand, editing, breaking down, copying."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.tree import plant_many
from luoshi.kit.verdict import Refused, Stale, Verdict, denied, require
from luoshi.measures.models import Category, Measure
from luoshi.measures.rules import FieldKind, Gate
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.search.services import put_many, remove_many
from luoshi.tasks import queries, rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import (
    Counting,
    Kind,
    Milestone,
    OwnValue,
    Part,
    Role,
    Task,
    Tier,
)
from luoshi.tasks.rules import Fault, NewTask
from luoshi.tasks.services.issuing import issue_many
from luoshi.tasks.services.line import id_of, person_of, require_may
from luoshi.trail.services import record, record_many


def may_register(person: Person) -> Verdict:
    """Whether a person may register tasks at all."""
    if powers_of(person).has(Power.REGISTER):
        return Verdict(True)
    return denied(_("Only heads, leaders and the goal office register tasks."))


@dataclass(frozen=True)
class _Known:
    """Rows the new tasks refer to, fetched once."""

    categories: dict[int, Category]
    units: dict[int, Unit]
    people: dict[int, Person]


def _known(rows: Sequence[NewTask]) -> _Known:
    sets = {row.category_id for row in rows}
    sets |= {pk for row in rows for pk, _day in row.further_sets}
    categories = Category.objects.select_related("measure").in_bulk(sets)
    units = {row.unit_id for row in rows} | {pk for row in rows for pk in row.cooperating}
    people: set[int | None] = set()
    for row in rows:
        people |= {row.owner_id, row.reviewer_id, row.in_charge_id}
        people |= {row.responsible_id, row.instructing_id}
        people |= {*row.owners, *row.participants, *row.assessors}
    return _Known(categories, Unit.objects.in_bulk(units), Person.objects.in_bulk(people - {None}))


def faults_of(
    rows: Sequence[NewTask], today: dt.date, parent: Task | None = None
) -> dict[int, list[Fault]]:
    """What is wrong with new tasks as typed, by position; empty means all of them stand."""
    known = _known(rows)
    found: dict[int, list[Fault]] = {}
    for place, row in enumerate(rows):
        above = rows[row.parent_index] if row.parent_index is not None else parent
        if faults := list(_faults(row, above, known, today)):
            found[place] = faults
    return found


def _faults(
    row: NewTask, above: NewTask | Task | None, known: _Known, today: dt.date
) -> list[Fault]:
    category = known.categories.get(row.category_id)
    measure = category.measure if category else None
    unit, owner = known.units.get(row.unit_id), known.people.get(row.owner_id or 0)
    faults = []
    if category is None or not category.active:
        faults.append(Fault("category", _("Choose a category that is in use.")))
    if unit is None:
        faults.append(Fault("unit", _("Choose the lead unit.")))
    faults += rules.addressee_faults(
        unit_open=unit is None or unit.open_on(today),
        unit_name=unit.name if unit else "",
        owner_present=owner is None or owner.present_on(today),
        owner_name=owner.name if owner else "",
    )
    faults += rules.typed_faults(
        row,
        parent_due=above.due if above else None,
        within=measure is None or measure.child_due_within,
        secret=row.secret,
    )
    if measure and row.kind == Kind.PERSONAL and row.assessors and not measure.personal_assessed:
        faults.append(Fault("assessors", _("The measure does not let personal tasks be assessed.")))
    return faults


def _gate(gate: str, chosen: bool | None) -> bool:
    """A gate as it stands for one task: the measure's word, or the choice it leaves open."""
    return gate == Gate.ALWAYS or (gate == Gate.CHOOSE and bool(chosen))


def _gates(row: NewTask, measure: Measure | None) -> dict[str, Any]:
    if measure is None:
        return {}
    personal = row.kind == Kind.PERSONAL
    assessed = _gate(measure.assessment, row.needs_assessment)
    return {
        "needs_approval": _gate(measure.approval, row.needs_approval),
        "needs_sign_off": _gate(measure.sign_off, row.needs_sign_off),
        "needs_review": _gate(measure.review, row.needs_review),
        "needs_assessment": assessed and (measure.personal_assessed or not personal),
        "rhythm": row.rhythm or measure.rhythm,
        "report_day": row.report_day or measure.report_day,
        "public": row.public or measure.public,
    }


_COPIED = (
    "title",
    "category_id",
    "year",
    "unit_id",
    "kind",
    "details",
    "standard",
    "points",
    "weight",
    "urgency",
    "origin",
    "origin_document",
    "target_value",
    "target_unit",
    "start",
    "due",
    "owner_id",
    "number",
    "batch",
    "key",
)


def _default_tier(row: NewTask, parent: Task | None) -> int:
    if row.kind == Kind.PERSONAL:
        return Tier.PERSON
    return Tier.UNIT if parent or row.parent_index is not None else Tier.INSTITUTION


def _built(row: NewTask, parent: Task | None, known: _Known, by: Actor, now: dt.datetime) -> Task:
    category = known.categories[row.category_id]
    measure = category.measure
    if parent and parent.category_id == row.category_id and parent.measure_id:
        measure = parent.measure  # a child takes its parent's version (§19.15)
    task = Task(
        **{name: getattr(row, name) for name in _COPIED},
        **_gates(row, measure),
        measure=measure if parent and parent.measure_id else None,
        tier=row.tier or _default_tier(row, parent),
        creator_id=id_of(by),
        created_at=now,
        original_due=None,
    )
    task.unit, task.category = known.units[row.unit_id], category
    return task


def _parts(task: Task, row: NewTask) -> list[Part]:
    people: list[tuple[Role, Sequence[int | None]]] = [
        (Role.OWNER, [pk for pk in row.owners if pk != row.owner_id]),
        (Role.REVIEWER, [row.reviewer_id]),
        (Role.IN_CHARGE, [row.in_charge_id]),
        (Role.RESPONSIBLE, [row.responsible_id]),
        (Role.INSTRUCTING, [row.instructing_id]),
        (Role.PARTICIPANT, row.participants),
        (Role.ASSESSOR, row.assessors),
    ]
    parts = [Part(task=task, role=Role.LEAD, unit_id=row.unit_id, year=row.year)]
    others = dict.fromkeys(pk for pk in row.cooperating if pk != row.unit_id)
    parts += [
        Part(task=task, role=Role.COOPERATING, unit_id=pk, year=row.year, order=place)
        for place, pk in enumerate(others)
    ]
    return parts + [
        Part(task=task, role=role, person_id=pk, year=row.year, order=place)
        for role, keys in people
        for place, pk in enumerate(dict.fromkeys(keys))
        if pk
    ]


def _countings(task: Task, row: NewTask, known: _Known) -> list[Counting]:
    home = Counting(
        task=task, category_id=row.category_id, year=row.year, home=True, points=row.points
    )
    return [home] + [
        Counting(
            task=task,
            category_id=pk,
            measure=known.categories[pk].measure,
            year=row.year,
            result_due=day,
        )
        for pk, day in dict(row.further_sets).items()
        if pk != row.category_id
    ]


def _own_values(task: Task, row: NewTask, category: Category) -> list[OwnValue]:
    if not row.own_values:
        return []
    fields = {f.pk: f for f in category.own_fields.all()}
    values = []
    for pk, text in row.own_values:
        if pk in fields and text:
            value = OwnValue(task=task, field=fields[pk], text=text)
            _type_value(value, text)
            values.append(value)
    return values


def _type_value(value: OwnValue, text: str) -> None:
    """Keep the typed twin of an own field's text. Raises Refused where it does not fit."""
    try:
        if value.field.kind == FieldKind.NUMBER:
            value.number = Decimal(text)
        elif value.field.kind == FieldKind.DATE:
            value.date = dt.date.fromisoformat(text)
        elif value.field.kind == FieldKind.PERSON:
            value.person = Person.objects.get(pk=int(text))
    except (ArithmeticError, ValueError, Person.DoesNotExist) as error:
        raise Refused(
            _("“%(value)s” does not fit the field “%(field)s”.")
            % {"value": text, "field": value.field.name}
        ) from error


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
    if parent is None:
        require(may_register(person_of(by)))
    today, now = clock.today(), clock.now()
    for place, faults in faults_of(rows, today, parent).items():
        raise Refused(
            _("“%(title)s”: %(reason)s")
            % {"title": rows[place].title[:40], "reason": faults[0].reason},
            faults[0].field,
        )
    known = _known(rows)
    tasks = _insert(rows, parent, known, by, now)
    _insert_what_hangs_on(tasks, rows, known)
    record_many([(t.ref, {"title": t.title, "batch": t.batch}) for t in tasks], verb, by=by)
    put_many([("task", t.pk, t.pk, t.year, queries.search_text(t)) for t in tasks])
    return tasks


def _made_before(rows: Sequence[NewTask]) -> list[Task]:
    keys = [row.key for row in rows if row.key]
    hold(*keys[:1])  # rows of one form come together
    return list(Task.objects.filter(key__in=keys)) if keys else []


def _insert(
    rows: Sequence[NewTask], parent: Task | None, known: _Known, by: Actor, now: dt.datetime
) -> list[Task]:
    """Insert level by level, so that every parent has its key before its children."""
    built: dict[int, Task] = {}
    waiting = dict(enumerate(rows))
    while waiting:
        level = {
            place: row
            for place, row in waiting.items()
            if row.parent_index is None or row.parent_index in built
        }
        if not level:
            raise Refused(_("The numbering of the tasks goes round in a circle."))
        for place, row in level.items():
            above = built[row.parent_index] if row.parent_index is not None else parent
            task = _built(row, above, known, by, now)
            task.parent = above
            built[place] = task
            del waiting[place]
        new = [built[place] for place in level]
        Task.objects.bulk_create(new, batch_size=500)
        plant_many(new)
    _count_children(list(built.values()), parent)
    return [built[place] for place in range(len(rows))]


def _count_children(tasks: Sequence[Task], parent: Task | None) -> None:
    counts: dict[int, int] = {}
    for task in tasks:
        if task.parent_id:
            counts[task.parent_id] = counts.get(task.parent_id, 0) + 1
    for pk, n in counts.items():
        Task.objects.filter(pk=pk).update(children_count=F("children_count") + n)
    for task in [*tasks, *([parent] if parent else [])]:
        task.children_count += counts.get(task.pk, 0)


def _insert_what_hangs_on(tasks: Sequence[Task], rows: Sequence[NewTask], known: _Known) -> None:
    pairs = list(zip(tasks, rows, strict=True))
    Part.objects.bulk_create((p for t, r in pairs for p in _parts(t, r)), batch_size=500)
    Counting.objects.bulk_create(
        (c for t, r in pairs for c in _countings(t, r, known)), batch_size=500
    )
    Milestone.objects.bulk_create(
        Milestone(task=t, name=name, due=due, order=place)
        for t, r in pairs
        for place, (name, due) in enumerate(r.milestones)
    )
    OwnValue.objects.bulk_create(
        v for t, r in pairs for v in _own_values(t, r, known.categories[r.category_id])
    )


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
_EDITED = (*(name for name in _COPIED if name not in {"number", "batch", "key"}), "tier")


@transaction.atomic
def edit(task: Task, new: NewTask, *, by: Actor, rev: int, issue: bool = False) -> Task:
    """Replace the content of a draft, and issue it if asked. Stale if saved since ``rev``."""
    task = queries.locked(task)
    require_may("edit", task, by)
    if task.rev != rev:
        raise Stale(task.ref)
    new = replace(new, number=task.number, batch=task.batch, key=task.key)
    for faults in faults_of([new], clock.today(), task.parent).values():
        raise Refused(faults[0].reason, faults[0].field)
    known = _known([new])
    fresh = _built(new, task.parent, known, by, task.created_at)
    changed = _changed(task, fresh)
    for name in (*_EDITED, *_gates(new, fresh.measure or fresh.category.measure)):
        setattr(task, name, getattr(fresh, name))
    task.rev = rev + 1
    task.save()
    _replace_what_hangs_on(task, new, known)
    record(task.ref, "task.edit", by=by, changed=changed)
    put_many([("task", task.pk, task.pk, task.year, queries.search_text(task))])
    return _issued([task], by, issue)[0]


def _changed(old: Task, fresh: Task) -> dict[str, list[str]]:
    """Before and after of every column that differs; long text shortened."""
    return {
        name: [str(getattr(old, name))[:80], str(getattr(fresh, name))[:80]]
        for name in _EDITED
        if getattr(old, name) != getattr(fresh, name)
    }


def _replace_what_hangs_on(task: Task, new: NewTask, known: _Known) -> None:
    task.parts.exclude(role__in=[Role.FOLLOWER, Role.ADMITTED]).delete()
    task.countings.all().delete()
    task.milestones.all().delete()
    task.own_values.all().delete()
    _insert_what_hangs_on([task], [new], known)


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
                _("“%(title)s”: %(reason)s") % {"title": new.title[:40], "reason": str(refusal)}
            ) from refusal
    return _issued(done, by, issue)


@transaction.atomic
def discard_drafts(tasks: Sequence[Task], *, by: Actor) -> int:
    """Throw drafts away. Raises NotAllowed if one of them is no draft any more."""
    held = list(
        Task.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[t.pk for t in tasks])
        .select_related("unit", "category__measure", "measure")
        .order_by("-path")
    )
    facts = queries.facts_for_all(held, person_of(by))
    for task in held:
        require(rules.may("discard", task, facts[task.pk]))
    keys = [task.pk for task in held]
    _forget_children(held)
    record_many([(t.ref, {"title": t.title}) for t in held], "task.discard", by=by)
    remove_many("task", keys)
    for depth in sorted({task.depth for task in held}, reverse=True):
        Task.objects.filter(pk__in=keys, depth=depth).delete()
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
