"""From what was typed to rows: what is wrong with it, the task, and everything that hangs on it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.quotes import inner
from luoshi.kit.verdict import Refused
from luoshi.measures.models import Category, Measure
from luoshi.measures.rules import FieldKind, Gate
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.search.services import put_many
from luoshi.tasks import queries, rules
from luoshi.tasks.models import Counting, Kind, Milestone, OwnValue, Part, Role, Task, Tier
from luoshi.tasks.rules import Fault, NewTask
from luoshi.tasks.services.line import id_of
from luoshi.trail.services import record_many


@dataclass(frozen=True)
class Known:
    """Rows the new tasks refer to, fetched once."""

    categories: dict[int, Category]
    units: dict[int, Unit]
    people: dict[int, Person]

    def category(self, row: NewTask) -> Category | None:
        return self.categories.get(row.category_id)


def known_of(rows: Sequence[NewTask]) -> Known:
    sets = {row.category_id for row in rows}
    sets |= {pk for row in rows for pk, _day in row.further_sets}
    categories = Category.objects.select_related("measure", "unit").in_bulk(sets)
    units = {row.unit_id for row in rows} | {pk for row in rows for pk in row.cooperating}
    people: set[int | None] = set()
    for row in rows:
        people |= {row.owner_id, row.reviewer_id, row.in_charge_id}
        people |= {row.responsible_id, row.instructing_id}
        people |= {*row.owners, *row.participants, *row.assessors}
    return Known(categories, Unit.objects.in_bulk(units), Person.objects.in_bulk(people - {None}))


def faults_of(
    rows: Sequence[NewTask],
    today: dt.date,
    parent: Task | None = None,
    person: Person | None = None,
) -> dict[int, list[Fault]]:
    """What is wrong with new tasks as typed, by position; empty means all of them stand.

    With the person who registers them: also what lies outside the reach of their posts.
    """
    known = known_of(rows)
    found: dict[int, list[Fault]] = {}
    for place, row in enumerate(rows):
        above = rows[row.parent_index] if row.parent_index is not None else parent
        faults = _faults(row, above, known, today)
        if person is not None:
            faults += reach_faults(person, known.units.get(row.unit_id), known.category(row))
        if faults:
            found[place] = faults
    return found


def reach_faults(person: Person, unit: Unit | None, category: Category | None) -> list[Fault]:
    """Where a unit or a category lies outside what the person's posts cover (ORG-3)."""
    if unit is None or category is None:
        return []
    powers = powers_of(person)
    return list(
        rules.reach_faults(
            unit_name=unit.name,
            unit_covered=powers.over_unit(Power.REGISTER, unit.path, category.field_id),
            category_name=category.name,
            category_unit=category.unit.name if category.unit else "",
            category_covered=category.unit_id in {None, person.main_unit_id}
            or powers.over_unit(Power.REGISTER, category.unit.path if category.unit else ""),
        )
    )


def refuse_faults(
    rows: Sequence[NewTask], parent: Task | None = None, person: Person | None = None
) -> None:
    """Raise Refused with the first fault of new tasks, naming the one it belongs to."""
    for place, faults in faults_of(rows, clock.today(), parent, person).items():
        raise Refused(
            _("“%(title)s”: %(reason)s")
            % {"title": inner(rows[place].title[:40]), "reason": faults[0].reason},
            faults[0].field,
        )


def _faults(
    row: NewTask, above: NewTask | Task | None, known: Known, today: dt.date
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


def gates(row: NewTask, measure: Measure | None) -> dict[str, Any]:
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


COPIED = (
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


def built(row: NewTask, parent: Task | None, known: Known, by: Actor, now: dt.datetime) -> Task:
    category = known.categories[row.category_id]
    measure = category.measure
    if parent and parent.category_id == row.category_id and parent.measure_id:
        measure = parent.measure  # a child takes its parent's version (§19.15)
    task = Task(
        **{name: getattr(row, name) for name in COPIED},
        **gates(row, measure),
        measure=measure if parent and parent.measure_id else None,
        tier=row.tier or _default_tier(row, parent),
        creator_id=id_of(by),
        created_at=now,
        original_due=None,
    )
    task.unit, task.category, task.parent = known.units[row.unit_id], category, parent
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


def _countings(task: Task, row: NewTask, known: Known) -> list[Counting]:
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


def count_children(tasks: Sequence[Task], parent: Task | None) -> None:
    counts: dict[int, int] = {}
    for task in tasks:
        if task.parent_id:
            counts[task.parent_id] = counts.get(task.parent_id, 0) + 1
    for pk, n in counts.items():
        Task.objects.filter(pk=pk).update(children_count=F("children_count") + n)
    for task in [*tasks, *([parent] if parent else [])]:
        task.children_count += counts.get(task.pk, 0)


def insert_what_hangs_on(tasks: Sequence[Task], rows: Sequence[NewTask], known: Known) -> None:
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


def note_registered(
    tasks: Sequence[Task], rows: Sequence[NewTask], known: Known, verb: str, by: Actor
) -> None:
    """Write what hangs on tasks just inserted, tell the trail, and make them findable."""
    insert_what_hangs_on(tasks, rows, known)
    record_many([(t.ref, {"title": t.title, "batch": t.batch}) for t in tasks], verb, by=by)
    put_many([("task", t.pk, t.pk, t.year, queries.search_text(t)) for t in tasks])
