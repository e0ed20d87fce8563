"""Tasks as people may see them, and what the rules need to know of them.

tasks_visible_to(person) · may_see(person, task)      who sees what (§19.5)
scope(name, person)                                   the lists of S0 and S3-12.2
Filters, filtered(...)                                combined filters of a list (TSK-6)
facts_for(task, person), facts_for_all(...)           relations of a person to tasks
with_health(tasks, today)                             the SQL twin of `rules.health`
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from luoshi.kit import clock
from luoshi.kit.statements import among, statement
from luoshi.kit.tree import last_below
from luoshi.kit.typed import whole
from luoshi.kit.unindexed import unindexed
from luoshi.kit.verdict import Stale, Verdict
from luoshi.measures.models import Category, Measure
from luoshi.measures.rules import CancelBy, Health, OnSilence, SplitKind, Visibility
from luoshi.people.models import Person, Unit
from luoshi.people.queries import leaders_served, powers_of, units_led_by
from luoshi.people.roles import Duty, Power
from luoshi.search.kinds import Row as TextRow
from luoshi.search.queries import are_many, few_task_ids, task_ids_matching
from luoshi.tasks.lifecycle import HIDDEN, Relation, Status
from luoshi.tasks.models import Counting, Kind, Part, Role, Task
from luoshi.tasks.rules import Facts, NewTask, Requirements, may

# ── who may see what ─────────────────────────────────────────────────────────────────────────────


def posts_held(person: Person) -> list[int]:
    """Keys of the posts the person sits in today."""
    return [h.post_id for h in powers_of(person).holdings]


@statement
def _units_between(starts: Any, ends: Any) -> QuerySet[Unit, Any]:
    where = Q()
    for start, end in zip(starts, ends, strict=True):
        where |= Q(path__gte=start, path__lte=end)
    return Unit.objects.filter(where).order_by().values_list("pk")


def _tree_ids(paths: Iterable[str]) -> list[int]:
    """Primary keys of all units at or below the paths."""
    starts = [path for path in paths if path]
    if not starts:
        return []
    return _units_between.column(starts=starts, ends=[last_below(path) for path in starts])


def sees_everything(person: Person) -> bool:
    """Whether the person sees the tasks of the whole institution, drafts included."""
    return any(len(path) <= 5 for path in powers_of(person).reach(Power.SEE))


@statement
def _closed_rows() -> QuerySet[Measure, Any]:
    rows = Measure.objects.exclude(visibility=Visibility.EVERYONE).order_by()
    return rows.values_list("pk", "visibility")


def _closed() -> dict[int, str]:
    """Measures whose tasks not everybody may see, and who may."""
    return dict(_closed_rows())


def closed_measures() -> list[int]:
    """Measures whose tasks not everybody may see."""
    return list(_closed())


def _complete() -> Q:
    """Not among the drafts of an import that is not complete yet."""
    return unindexed(status__gte=Status.DRAFT)


def _own(person: Person) -> Q:
    return unindexed(creator_id=person.pk) & _complete()


def _own_or_issued(person: Person) -> Q:
    """Drafts are seen by who registered them only."""
    return _own(person) | unindexed(status__gte=Status.ISSUED)


#: Duties that lead whatever lies below their post's unit.
_DECIDING = (Duty.TOP_LEADER, Duty.IN_CHARGE)
#: Parts that make somebody a leader of a task.
_LEADERS = (Role.IN_CHARGE, Role.RESPONSIBLE, Role.INSTRUCTING)


@statement
def _awaited_rows(person: Any, posts: Any, people: Any, units: Any) -> QuerySet[Any, Any]:
    own = Task.objects.filter(Q(owner_id=person) | Q(among("owner_post_id", posts))).order_by()
    below = Task.objects.filter(
        parent_id__in=own.values("pk"), status__range=(Status.DRAFT, Status.PROPOSED)
    )
    return below.order_by().values_list("pk").union(_proposed(people, units), all=True)


@statement
def _proposed_rows(people: Any, units: Any) -> QuerySet[Any, Any]:
    return _proposed(people, units)


def _proposed(people: Any, units: Any) -> QuerySet[Any, Any]:
    named = Part.objects.filter(among("person_id", people), role__in=_LEADERS)
    decides = Q(pk__in=named.order_by().values("task_id")) | Q(among("unit_id", units))
    return Task.objects.filter(decides, status=Status.PROPOSED).order_by().values_list("pk")


def _led(person: Person) -> tuple[list[int], list[int]]:
    """Keys of the leaders a person decides for, themselves first, and of the units led."""
    leaders = [person, *leaders_served(person)]
    held = [holding for one in leaders for holding in powers_of(one).holdings]
    paths = {holding.path for holding in held if holding.duty in _DECIDING}
    return [one.pk for one in leaders], _tree_ids(paths)


def proposed_to(person: Person) -> list[int]:
    """Keys of tasks that wait for this person's approval, or for that of a leader they serve."""
    people, units = _led(person)
    return _proposed_rows.column(people=people, units=units)


def _awaited_keys(person: Person) -> list[int]:
    """Not issued yet, but theirs to act on: drafts below tasks of theirs, and what they decide on.

    The successor of who broke a task down goes on with its drafts; a leader sees what waits for
    their approval.
    """
    people, units = _led(person)
    return _awaited_rows.column(
        person=person.pk, posts=posts_held(person), people=people, units=units
    )


def _awaited(person: Person) -> Q:
    """The same as a condition; mostly there is nothing, and the lists need not ask."""
    keys = _awaited_keys(person)
    return Q(pk__in=keys) if keys else Q()


def tasks_visible_to(person: Person) -> QuerySet[Task]:
    """Tasks this person may see; what is not in it does not exist for them (404).

    Drafts are seen by who registered them, by the responsible person of the task above, and by
    whoever sees everything; what waits for approval also by who decides.
    """
    if sees_everything(person):
        return Task.objects.filter(_complete())
    closed = _closed()
    if not closed:
        return Task.objects.filter(_own_or_issued(person) | _awaited(person))
    own, issued = _own(person), unindexed(status__gte=Status.ISSUED)
    open_to_all = ~Q(measure_id__in=closed)
    involved = _involving.holds("id", **_involvement(person, closed))
    return Task.objects.filter(own | (issued & (open_to_all | involved)) | _awaited(person))


def visible_one(person: Person, pk: int) -> QuerySet[Task]:
    """The task of that key, if the person may see it: `tasks_visible_to` for a single one.

    Most tasks are seen by everybody; that is told from three columns.
    """
    if _is_plainly_seen(person, pk):
        return Task.objects.filter(pk=pk)
    return tasks_visible_to(person).filter(pk=pk)


def _is_plainly_seen(person: Person, pk: int) -> bool:
    """Whether creator, status and measure alone say that the person sees the task."""
    if whole(pk) is None:  # larger than any key
        return False
    return any(
        _is_plain((creator, status, measure), person, None)
        for _pk, creator, status, measure in _seen_by(keys=[pk])
    )


def visible_among(tasks: Sequence[Task], person: Person) -> list[Task]:
    """Those of some tasks already read that the person may see."""
    told = {task.pk: (task.creator_id, task.status, task.measure_id) for task in tasks}
    seen = keys_seen(told, person)
    return [task for task in tasks if task.pk in seen]


def visible_keys(keys: Sequence[int], person: Person) -> set[int]:
    """Those of some keys that are tasks the person may see; three columns of each are read."""
    return keys_seen({pk: tuple(columns) for pk, *columns in _seen_by(keys=keys)}, person)


@statement
def _seen_by(keys: Any) -> QuerySet[Task, Any]:
    rows = Task.objects.filter(pk__in=keys).order_by()
    return rows.values_list("pk", "creator_id", "status", "measure_id")


def keys_seen(told: Mapping[int, tuple[int, int, int | None]], person: Person) -> set[int]:
    """Keys of the tasks the person may see, told creator, status and measure of each.

    The union of arms is asked only for tasks of closed measures.
    """
    if not told or sees_everything(person):
        return {pk for pk, columns in told.items() if columns[1] >= Status.DRAFT}
    closed = _closed()
    seen = {pk for pk, columns in told.items() if _is_plain(columns, person, closed)}
    doubtful = [pk for pk in told.keys() - seen if told[pk][1] >= Status.ISSUED]
    if doubtful:
        seen |= set(_involved.column(keys=doubtful, **_involvement(person, closed)))
    if any(told[pk][1] in (Status.DRAFT, Status.PROPOSED) for pk in told.keys() - seen):
        seen |= told.keys() & set(_awaited_keys(person))
    return seen


def _is_plain(
    told: tuple[int, int, int | None], person: Person, closed: Mapping[int, str] | None
) -> bool:
    """Whether creator, status and measure alone say that the person sees a task."""
    creator_id, status, measure_id = told
    if creator_id == person.pk:
        return status >= Status.DRAFT
    if status < Status.ISSUED:
        return False
    return measure_id not in (_closed() if closed is None else closed)


@statement
def _involving(**involvement: Any) -> Any:
    """Keys of tasks of closed measures a person has to do with, as a union of indexed arms."""
    first, *others = _arms(**involvement)
    return first.union(*others, all=True)


@statement
def _involved(keys: Any, **involvement: Any) -> Any:
    """Those of some keys the person has to do with."""
    first, *others = [
        arm.filter(among("id" if arm.model is Task else "task_id", keys))
        for arm in _arms(**involvement)
    ]
    return first.union(*others, all=True)


def _involvement(person: Person, closed: Mapping[int, str]) -> dict[str, Any]:
    """What makes somebody see tasks of closed measures, as `_arms` takes it."""
    led = _tree_ids(set(powers_of(person).reach(Power.SEE)))
    subtree = [pk for pk, visibility in closed.items() if visibility == Visibility.SUBTREE]
    return {
        "person": person.pk,
        "posts": posts_held(person),
        "closed": list(closed) if led else [],
        "led": led,
        "subtree": subtree,
        "own": _tree_ids([person.main_unit.path or ""]) if subtree else [],
    }


def _arms(
    person: Any, posts: Any, closed: Any, led: Any, subtree: Any, own: Any
) -> list[QuerySet[Any, Any]]:
    """What makes somebody see tasks of closed measures, each told by an index; takes places.

    ``led`` and ``own`` are units: those below which the person leads, and those of their own
    branch, which see what is closed to all but it. The arms over units read two indexes made for
    them: tasks by measure and unit, and further units (the part of the lead unit says what the
    task says).
    """
    ids = Task.objects.order_by().values_list("pk", flat=True)
    parts = Part.objects.order_by().values_list("task_id", flat=True)
    arms: list[QuerySet[Any, Any]] = [
        ids.filter(owner_id=person),
        parts.filter(person_id=person),
    ]
    above = Task.objects.order_by().values("pk")
    arms.append(ids.filter(parent_id__in=above.filter(owner_id=person)))
    if posts:
        arms.append(ids.filter(among("owner_post_id", posts)))
        arms.append(ids.filter(parent_id__in=above.filter(among("owner_post_id", posts))))
    if led:
        arms.append(ids.filter(among("measure_id", closed), among("unit_id", led)))
        arms.append(parts.filter(among("unit_id", led)).exclude(role=Role.LEAD))
    if subtree:
        arms.append(ids.filter(among("unit_id", own), among("measure_id", subtree)))
    return arms


def _seen_of_set(person: Person, category_id: int) -> Q | None:
    """A set whose tasks are all closed, as far as the person has to do with it; None for others.

    Changes nothing about what is seen; it spares going through the rest of the set.
    """
    closed = _closed()
    if not closed or sees_everything(person):
        return None
    of_set = Task.objects.filter(category_id=category_id, measure=OuterRef("pk"))
    others = Counting.objects.filter(category_id=category_id, home=False)
    if Measure.objects.exclude(pk__in=closed).filter(Exists(of_set)).exists() or others.exists():
        return None
    own = Task.objects.order_by().filter(creator_id=person.pk, category_id=category_id)
    first, *rest = _arms(**_involvement(person, closed))
    with_them = first.union(*rest, own.values_list("pk", flat=True), all=True)
    keys = set(with_them[: _FEW + 1])
    few = Q(pk__in=with_them if len(keys) > _FEW else keys) | _awaited(person)
    return unindexed(category_id=category_id) & few


def may_see(person: Person, task: Task) -> bool:
    """Whether a person may see one task; equal to being in `tasks_visible_to` (tested)."""
    return tasks_visible_to(person).filter(pk=task.pk).exists()


#: What a task must bring along for the rules to tell what may be done.
_FOR_ACTS = ("measure", "category__measure", "unit")


def locked(task: Task) -> Task:
    """The task as it stands now, held until the transaction ends.

    PostgreSQL locks the row. SQLite ignores the lock and does not need it: with IMMEDIATE
    transactions there is one writer at a time. Raises Stale where it was thrown away meanwhile.
    """
    found: Task | None = next(iter(_held.instances(pk=task.pk)), None)
    if found is None:
        raise Stale(task.ref)
    return found


@statement
def _held(pk: Any) -> QuerySet[Task]:
    rows = Task.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=pk, status__gte=Status.DRAFT).select_related(*_FOR_ACTS)


def hidden_drafts(batch: int | None = None) -> QuerySet[Task]:
    """Drafts of an import (of any, if none is given) that nobody sees yet, or any more."""
    hidden = Task.objects.filter(status=HIDDEN)
    return hidden if batch is None else hidden.filter(batch=batch)


# ── scopes and filters ───────────────────────────────────────────────────────────────────────────


def answered_by(person: Any, posts: Any) -> Q:
    """Tasks a person answers for or shares in, by the person's key and those of the posts held.

    A union of indexed arms: PostgreSQL would read a million rows for the same as OR.
    """
    return Q(pk__in=_answered_keys(person, posts))


def _answered_keys(person: Any, posts: Any) -> QuerySet[Task, Any]:
    ids = Task.objects.order_by().values("pk")
    further = Part.objects.filter(person_id=person, role__in=[Role.OWNER, Role.SHARED])
    arms: list[QuerySet[Any, Any]] = [further.order_by().values("task_id")]
    if posts:
        arms.append(ids.filter(among("owner_post_id", posts)))
    return ids.filter(owner_id=person).union(*arms, all=True)


_answered = statement(_answered_keys)


def _mine(person: Person) -> Q:
    return _answered.holds("id", person=person.pk, posts=posts_held(person))


def _as(person: Person, *roles: Role) -> Q:
    rows = Part.objects.filter(person_id=person.pk, role__in=roles)
    return Q(pk__in=rows.order_by().values("task_id"))


def _department(person: Person) -> Q:
    return Q(unit_id__in=_tree_ids([person.main_unit.path or ""]))


def _subordinates(person: Person) -> Q:
    paths = [unit.path or "" for unit in units_led_by(person)]
    return Q(unit_id__in=_tree_ids(paths)) & ~Q(owner_id=person.pk)


#: Named functions from a person to tasks: whole institution, own main unit, self (S0), S3-12.2.
SCOPES: dict[str, Callable[[Person], Q]] = {
    "all": lambda person: Q(),
    "department": _department,
    "mine": _mine,
    "created": lambda person: Q(creator_id=person.pk),
    "subordinates": _subordinates,
    "instructed": lambda person: _as(person, Role.INSTRUCTING),
    "shared": lambda person: _as(person, Role.SHARED),
    "followed": lambda person: _as(person, Role.FOLLOWER),
    "assessing": lambda person: _as(person, Role.ASSESSOR),
}


def scope(name: str, person: Person) -> QuerySet[Task]:
    """Tasks of a named scope that the person may see. Raises KeyError for an unknown name."""
    where = SCOPES[name](person)
    involved = name in _INVOLVED or (name == "department" and _leads_own_unit(person))
    if involved and not sees_everything(person):
        return Task.objects.filter(_own_or_issued(person) | _awaited(person)).filter(where)
    return tasks_visible_to(person).filter(where)


#: Scopes of tasks that are seen because the person takes part in them; asking again is needless.
_INVOLVED = frozenset({"mine", "created", "instructed", "shared", "followed", "assessing"})


def _leads_own_unit(person: Person) -> bool:
    path = person.main_unit.path or "-"
    return any(path.startswith(led) for led in powers_of(person).reach(Power.SEE))


@dataclass(frozen=True)
class Filters:
    """Combined filters of a task list (TSK-6); empty means all."""

    year: int | None = None
    unit_id: int | None = None
    person_id: int | None = None
    tier: int | None = None
    kind: str = ""
    category_id: int | None = None
    status: int | None = None
    health: str = ""
    urgency: str = ""
    words: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


def filtered(
    tasks: QuerySet[Task], wanted: Filters, today: dt.date, person: Person | None = None
) -> QuerySet[Task]:
    """Narrow a list; statistics by set read Counting, so further sets count too (§19.2).

    With the person who looks, sets they see little of are read more quickly.
    """
    plain = {
        "year": wanted.year,
        "tier": wanted.tier,
        "kind": wanted.kind or None,
        "status": wanted.status,
        "urgency": wanted.urgency or None,
        "due__gte": wanted.since,
        "due__lte": wanted.until,
    }
    tasks = tasks.filter(**{key: value for key, value in plain.items() if value is not None})
    if wanted.status and wanted.status < Status.ISSUED and person and not sees_everything(person):
        tasks = tasks.filter(Q(creator_id=person.pk) | _awaited(person))  # no others are seen
    if wanted.unit_id:
        path = Unit.objects.filter(pk=wanted.unit_id).values_list("path", flat=True).first()
        tasks = tasks.filter(unit_id__in=_tree_ids([path or "-"]))
    if wanted.person_id is not None:
        tasks = tasks.filter(owner_id=wanted.person_id)
    if wanted.category_id:
        little = _seen_of_set(person, wanted.category_id) if person else None
        tasks = tasks.filter(little or _counts_in(wanted.category_id, wanted.year))
    if wanted.health:
        health = Health(wanted.health)
        many = health not in _LATE or _are_many(Task.objects.filter(late_from__lte=today))
        tasks = tasks.filter(health_is(health, today, many=many))
    if wanted.words.strip():
        tasks = tasks.filter(_holding(wanted.words))
    return tasks


def _holding(words: str) -> Q:
    """Tasks whose texts hold the words."""
    few = few_task_ids(words, _FEW)
    if few is not None:
        return Q(pk__in=few)
    told = unindexed if are_many(words, _MANY) else Q
    return told(pk__in=task_ids_matching(words))


#: So few keys are fetched and named one by one: the database then knows that they are few.
_FEW = 1_000
#: More rows than these are not gathered and sorted; the list is read in its order instead.
_MANY = 5_000
_LATE = frozenset({Health.STALLED, Health.LATE})


def _are_many(rows: QuerySet[Any]) -> bool:
    """Whether a condition leaves more rows than one gathers; told by its index."""
    return rows.order_by()[: _MANY + 1].count() > _MANY


def _counts_in(category_id: int, year: int | None) -> Q:
    """Tasks that count in a set, further sets included (§19.2).

    The home set is also a column of the task; with many tasks it is told from there, row by row.
    """
    rows = Counting.objects.filter(category_id=category_id)
    if year:
        rows = rows.filter(year=year)
    rows = rows.order_by()
    closed = Category.objects.filter(pk=category_id, measure__in=_closed()).exists()
    if closed or not _are_many(rows):
        return Q(pk__in=rows.values("task_id"))
    further = rows.filter(home=False).values("task_id")
    return unindexed(category_id=category_id) | Q(pk__in=further)


def health_is(health: Health, today: Any, *, many: bool = False) -> Q:
    """The SQL twin of `rules.health` as a condition on indexed columns.

    ``many``: it leaves so many rows that a list had better be read in its order.
    """
    where = unindexed if many else Q
    live = Q(status__lt=Status.DONE, progress__lt=100)  # as the index `task_open` says it
    late = Q(late_from__isnull=False) & where(late_from__lte=today)
    in_time = Q(late_from__isnull=True) | where(late_from__gt=today)
    conditions = {
        Health.CANCELLED: Q(status=Status.CANCELLED),
        Health.DONE: (where(progress__gte=100) | where(status__gte=Status.DONE))
        & ~Q(status=Status.CANCELLED),
        Health.SUSPENDED: live & Q(paused=True),
        Health.STALLED: live & Q(paused=False, progress=0) & late,
        Health.IDLE: live & Q(paused=False, progress=0) & in_time,
        Health.LATE: live & Q(paused=False) & where(progress__gt=0) & late,
        Health.MOVING: live & Q(paused=False) & where(progress__gt=0) & in_time,
    }
    return conditions[health]


def with_health(tasks: QuerySet[Task], today: dt.date) -> QuerySet[Task]:
    """Tasks with the column ``health_now``, told by the database for grouping."""
    branches = [
        When(health_is(health, today), then=Value(health.value))
        for health in (
            Health.CANCELLED,
            Health.DONE,
            Health.SUSPENDED,
            Health.STALLED,
            Health.IDLE,
            Health.LATE,
            Health.MOVING,
        )
    ]
    return tasks.annotate(health_now=Case(*branches, output_field=CharField()))


# ── what the rules need to know ──────────────────────────────────────────────────────────────────

_PART_RELATIONS = {
    Role.OWNER: Relation.HANDLER,
    Role.SHARED: Relation.HANDLER,
    Role.REVIEWER: Relation.REVIEWER,
    Role.ASSESSOR: Relation.ASSESSOR,
    Role.IN_CHARGE: Relation.LEADER,
    Role.RESPONSIBLE: Relation.LEADER,
    Role.INSTRUCTING: Relation.LEADER,
}

_CANCEL_BY = {
    CancelBy.CREATOR: frozenset({Relation.CREATOR}),
    CancelBy.OFFICE: frozenset({Relation.OFFICE}),
    CancelBy.BOTH: frozenset({Relation.CREATOR, Relation.OFFICE}),
}


def measure_for(task: Task) -> Measure | None:
    """The measure that governs a task: fixed at issue, before that its category's."""
    return task.measure or task.category.measure


def requirements(measure: Measure | None) -> Requirements:
    """What a measure demands before issue; without one, only a due date."""
    if measure is None:
        return Requirements(details=False, standard=False)
    return Requirements(
        measure.needs_due,
        measure.needs_details,
        measure.needs_standard,
        measure.child_due_within,
    )


@dataclass
class _Gathered:
    """Rows fetched once for many tasks."""

    parts: dict[int, list[Part]] = field(default_factory=lambda: defaultdict(list))
    parents: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    open_children: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    headed: set[int] = field(default_factory=set)


@statement
def _parts_answered_for(tasks: Any, person: Any) -> QuerySet[Part]:
    """Parts of the person and of units in tasks."""
    mine_or_units = Q(person_id=person) | Q(unit__isnull=False)
    return Part.objects.filter(among("task_id", tasks)).filter(mine_or_units)


@statement
def _owners(keys: Any) -> QuerySet[Task, Any]:
    rows = Task.objects.filter(pk__in=keys).order_by()
    return rows.values_list("pk", "owner_id", "owner_post_id")


@statement
def _open_children(parents: Any) -> QuerySet[Task, Any]:
    rows = Task.objects.filter(among("parent_id", parents), status__lt=Status.DONE)
    return rows.values_list("parent_id", "title")[:200]


def _gather(tasks: Sequence[Task], person: Person) -> _Gathered:
    found = _Gathered()
    keys = [task.pk for task in tasks]
    for part in _parts_answered_for.instances(tasks=keys, person=person.pk):
        found.parts[part.task_id].append(part)
    parents = list({task.parent_id for task in tasks if task.parent_id})
    if parents:
        found.parents = {pk: (owner, post) for pk, owner, post in _owners(keys=parents)}
    with_children = [task.pk for task in tasks if task.children_count]
    if with_children:
        for parent_id, title in _open_children(parents=with_children):
            if len(found.open_children[parent_id]) < 3:
                found.open_children[parent_id].append(title)
    found.headed = {h.unit_id for h in powers_of(person).holdings if h.duty == Duty.HEAD}
    return found


def _own_relations(task: Task, person: Person, found: _Gathered) -> Iterator[Relation]:
    """Relations told by the task's own columns and its parent's."""
    posts = {h.post_id for h in powers_of(person).holdings}
    if task.creator_id == person.pk:
        yield Relation.CREATOR
    if task.owner_id == person.pk or task.owner_post_id in posts:
        yield Relation.OWNER
    if task.unit_id in found.headed:
        yield Relation.HEAD
    parent = found.parents.get(task.parent_id or 0)
    if parent and (parent[0] == person.pk or parent[1] in posts):
        yield Relation.SPLITTER


def _office_relations(task: Task, person: Person) -> Iterator[Relation]:
    """Relations told by the person's posts: the office, and leaders above the unit."""
    powers, path = powers_of(person), task.unit.path or ""
    if powers.over_unit(Power.CANCEL, path, task.category.field_id):
        yield Relation.OFFICE
    if any(h.duty in _DECIDING and path.startswith(h.path) for h in powers.holdings):
        yield Relation.LEADER


def is_office_of(task: Task, person: Person) -> bool:
    """Whether a person is the office to a task, told from their posts alone.

    Tasks should come with ``unit`` and ``category`` selected.
    """
    return Relation.OFFICE in set(_office_relations(task, person))


def _part_relations(part: Part) -> Iterator[Relation]:
    """Relations told by one part somebody answers for."""
    if part.person_id and (relation := _PART_RELATIONS.get(Role(part.role))):
        yield relation
    if part.must_sign:
        yield Relation.ADDRESSEE
    yield Relation.INVOLVED


def _relations(task: Task, person: Person, found: _Gathered) -> frozenset[Relation]:
    """Everything a person is to a task."""
    told = {Relation.VIEWER, *_own_relations(task, person, found)}
    if len(told) > 1:
        told.add(Relation.INVOLVED)
    told.update(_office_relations(task, person))
    for part in found.parts[task.pk]:
        if _answers_for(part, person, found.headed, Relation.OWNER in told):
            told.update(_part_relations(part))
    return frozenset(told)


def _answers_for(part: Part, person: Person, headed: set[int], owner: bool) -> bool:
    """Whether this person answers for a part: themselves, their unit's head, the lead's owner."""
    if part.person_id is not None:
        return part.person_id == person.pk
    return part.unit_id in headed or (owner and part.role == Role.LEAD)


def _is_unsigned(part: Part) -> bool:
    return part.must_sign and part.signed_at is None and part.refused_at is None


def _unsigned(task: Task, person: Person, found: _Gathered, owner: bool) -> bool:
    return any(
        _is_unsigned(part) and _answers_for(part, person, found.headed, owner)
        for part in found.parts[task.pk]
    )


def unsigned_parts(task: Task, person: Person) -> list[Part]:
    """Parts of a task this person may still sign for or refuse."""
    found = _gather([task], person)
    owner = Relation.OWNER in _relations(task, person, found)
    return [
        part
        for part in found.parts[task.pk]
        if _is_unsigned(part) and _answers_for(part, person, found.headed, owner)
    ]


def facts_for_all(tasks: Sequence[Task], person: Person) -> dict[int, Facts]:
    """What the rules need to know of each task for this person: four queries at any number.

    Tasks should come with ``unit``, ``category__measure`` and ``measure`` selected.
    """
    found = _gather(tasks, person)
    return {task.pk: _facts(task, person, found) for task in tasks}


def _facts(task: Task, person: Person, found: _Gathered) -> Facts:
    measure = measure_for(task)
    personal = task.kind == Kind.PERSONAL
    relations = _relations(task, person, found)
    facts = Facts(
        issues=_issues(task, person),
        scored=task.assessed_at is not None,
        relations=relations,
        person_id=person.pk,
        unsigned=_unsigned(task, person, found, Relation.OWNER in relations),
        open_children=tuple(found.open_children[task.pk]),
        assessed=not task.needs_assessment or task.assessed_at is not None,
        is_personal=personal,
    )
    if measure is None:
        return facts
    return replace(
        facts,
        may_split=measure.split != SplitKind.NONE,
        personal_splits=measure.split == SplitKind.ALL,
        levels_left=measure.split_depth is None or task.depth < measure.split_depth,
        cancel_relations=_CANCEL_BY[CancelBy(measure.cancel_by)],
    )


def _issues(task: Task, person: Person) -> bool:
    """Whether the person's posts let them issue a draft; a sub-task goes to any unit."""
    if task.parent_id:
        return True
    return powers_of(person).over_unit(Power.ISSUE, task.unit.path, task.category.field_id)


def facts_for(task: Task, person: Person) -> Facts:
    """What the rules need to know of one task for this person."""
    return facts_for_all([task], person)[task.pk]


#: What a secretary may do for the leader served, as far as the leader may.
FOR_A_LEADER = frozenset({"instruct", "approve", "reject"})


def principal(task: Task, person: Person, verb: str, facts: Facts) -> tuple[Verdict, Person | None]:
    """Whether a person may do this, and the leader for whom they do it, if not for themselves."""
    own = may(verb, task, facts)
    if own or verb not in FOR_A_LEADER:
        return own, None
    for leader in leaders_served(person):
        if verdict := may(verb, task, facts_for(task, leader)):
            return verdict, leader
    return own, None


# ── rows for pages ───────────────────────────────────────────────────────────────────────────────


_ON_PAGE = ("unit", "owner", "creator", "category", "measure")


def for_page(person: Person, pk: int) -> QuerySet[Task]:
    """One task with what its page shows, if the person may see it."""
    return visible_one(person, pk).select_related(*_ON_PAGE)


@statement
def _for_page(pk: Any) -> QuerySet[Task]:
    return Task.objects.filter(pk=pk).select_related(*_ON_PAGE)


def one_for_page(person: Person, pk: int) -> Task | None:
    """The task with what its page shows; None if the person may not see it."""
    if _is_plainly_seen(person, pk):
        return next(iter(_for_page.instances(pk=pk)), None)
    return for_page(person, pk).first()


@statement
def _for_acts(pk: Any) -> QuerySet[Task]:
    return Task.objects.filter(pk=pk).select_related(*_FOR_ACTS)


def one_for_acts(person: Person, pk: int) -> Task | None:
    """The task with what the rules need; None if the person may not see it."""
    if _is_plainly_seen(person, pk):
        return next(iter(_for_acts.instances(pk=pk)), None)
    return visible_one(person, pk).select_related(*_FOR_ACTS).first()


def children_of(task: Task) -> QuerySet[Task]:
    """Direct sub-tasks in the order they were made."""
    return (
        Task.objects.filter(parent=task)
        .select_related("unit", "owner", "category__measure", "measure")
        .order_by("pk")
    )


@statement
def _parts(tasks: Any) -> QuerySet[Part]:
    rows = Part.objects.filter(among("task_id", tasks))
    return rows.select_related("person", "unit", "signed_by")


def parts_of(tasks: Sequence[Task]) -> dict[int, list[Part]]:
    """Everybody taking part, with names, grouped by task."""
    grouped: dict[int, list[Part]] = defaultdict(list)
    for part in _parts.instances(tasks=[task.pk for task in tasks]):
        grouped[part.task_id].append(part)
    return grouped


def years() -> list[int]:
    """Years that have tasks, newest first, and always the present one."""
    present = clock.today().year
    known = Task.objects.order_by("-year").values_list("year", flat=True).distinct()[:20]
    return sorted({*known, present}, reverse=True)


def lead_first(parts: Iterable[Part]) -> list[Part]:
    """Parts in the order people read them."""
    order = {role: place for place, role in enumerate(Role)}
    return sorted(parts, key=lambda part: (order[Role(part.role)], part.order, part.pk))


#: Columns of a task that a `NewTask` carries as they are.
_PLAIN = (
    "title", "category_id", "year", "unit_id", "kind", "tier", "details", "standard", "points",
    "weight", "urgency", "origin", "origin_document", "target_value", "target_unit", "start", "due",
    "owner_id", "needs_approval", "needs_sign_off", "needs_review", "needs_assessment", "rhythm",
    "report_day", "public", "number", "batch",
)  # fmt: skip


def unsigned_with_limit() -> QuerySet[Task]:
    """Tasks waiting to be signed for whose measure says what silence means."""
    return (
        Task.objects.filter(status=Status.ISSUED, measure__sign_days__isnull=False)
        .exclude(measure__on_silence=OnSilence.NOTHING)
        .select_related("measure")
        .order_by("pk")
    )


def as_typed(task: Task) -> NewTask:
    """A draft as it would be typed anew, with everything that hangs on it."""
    parts = list(Part.objects.filter(task=task))

    def people(role: Role) -> tuple[int, ...]:
        return tuple(p.person_id for p in parts if p.role == role and p.person_id)

    def one(role: Role) -> int | None:
        return next(iter(people(role)), None)

    sets = Counting.objects.filter(task=task, home=False).values_list("category_id", "result_due")
    return NewTask(
        **{name: getattr(task, name) for name in _PLAIN},
        cooperating=tuple(p.unit_id for p in parts if p.role == Role.COOPERATING and p.unit_id),
        owners=people(Role.OWNER),
        participants=people(Role.PARTICIPANT),
        assessors=people(Role.ASSESSOR),
        reviewer_id=one(Role.REVIEWER),
        in_charge_id=one(Role.IN_CHARGE),
        responsible_id=one(Role.RESPONSIBLE),
        instructing_id=one(Role.INSTRUCTING),
        further_sets=tuple(sets),
        milestones=tuple(task.milestones.values_list("name", "due")),
        own_values=tuple(
            (value.field_id, str(value.person_id) if value.person_id else value.text)
            for value in task.own_values.all()
        ),
    )


def as_new(task: Task) -> NewTask:
    """A task as a new one with the same content, for copying it to other units (S0 2.7)."""
    return replace(
        as_typed(task),
        owner_id=None,
        owners=(),
        cooperating=(),
        participants=(),
        further_sets=(),
        milestones=(),
        own_values=(),
        number="",
        batch=None,
    )


# ── for other rooms' registers ───────────────────────────────────────────────────────────────────


def search_text(task: Task) -> str:
    """What a task is found by: number, title, details, standard."""
    return "\n".join(filter(None, [task.number, task.title, task.details, task.standard]))


def texts() -> Iterator[TextRow]:
    """Texts of all tasks, for `luoshi search rebuild`."""
    columns = ("pk", "year", "number", "title", "details", "standard")
    for task in Task.objects.only(*columns).iterator(chunk_size=2000):
        yield TextRow("task", str(task.pk), task.pk, task.year, search_text(task))


def ids() -> Iterator[int]:
    """Keys of all tasks, so that the trail misses a story removed as a whole."""
    return Task.objects.values_list("pk", flat=True).iterator(chunk_size=5000)
