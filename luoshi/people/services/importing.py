"""Units and people out of tables: check first, then write; again later as an update (ORG-4).

result = import_people(file, by=actor, dry_run=True)     nothing is written
result = import_people(file, by=actor)                   all rows, or none if one has an error
result = import_people(file, by=actor, partly=True)      the rows without an error
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.people import queries, rules
from luoshi.people.kinds import PERSON_COLUMNS, REQUIRED, UNIT_COLUMNS, duty_of
from luoshi.people.models import Field, Person, PersonSpell, Unit, UnitKind
from luoshi.people.readers import Row, Table, as_date, read_table
from luoshi.people.roles import Duty, Power
from luoshi.people.services import persons, posts, units
from luoshi.people.services.accounts import first_password
from luoshi.trail.services import record_many

CHUNK = 250  # people written in one transaction
Source = BinaryIO | Path | Table


@dataclass(frozen=True)
class RowError:
    """Why a row stays out, and the cell to blame."""

    row: int
    cell: str
    heading: str
    value: str
    reason: str


@dataclass
class ImportResult:
    """What an import did, or would do."""

    kind: str
    dry_run: bool
    total: int = 0
    created: int = 0
    changed: int = 0
    same: int = 0
    posts: int = 0
    errors: list[RowError] = field(default_factory=list)
    unknown: Sequence[str] = ()
    passwords: list[tuple[str, str, str]] = field(default_factory=list)
    changes: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def rows_in_error(self) -> int:
        return len({error.row for error in self.errors})

    @property
    def good(self) -> int:
        return self.created + self.changed

    @property
    def wrote(self) -> bool:
        return not self.dry_run and self.good > 0


def import_units(
    source: Source, *, by: Actor, dry_run: bool = False, partly: bool = False
) -> ImportResult:
    """Create and update units from a table; rows are matched by code."""
    table = _open(source, "units")
    return _UnitImport(table, by).run(dry_run=dry_run, partly=partly)


def import_people(
    source: Source, *, by: Actor, dry_run: bool = False, partly: bool = False
) -> ImportResult:
    """Enter and update people from a table; rows are matched by staff number."""
    table = _open(source, "people")
    return _PersonImport(table, by).run(dry_run=dry_run, partly=partly)


def _open(source: Source, kind: str) -> Table:
    columns = UNIT_COLUMNS if kind == "units" else PERSON_COLUMNS
    if isinstance(source, Table):
        table = source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            table = read_table(file, columns)
    else:
        table = read_table(source, columns)
    missing = [columns[name][0] for name in REQUIRED[kind] if name not in table.places]
    if missing:
        raise Refused(
            _("The table has no column %(names)s.") % {"names": "、".join(missing)}, "file"
        )
    return table


class _Import:
    """What both imports do: check every row, then write the good ones."""

    kind = ""
    columns: Mapping[str, Sequence[str]] = {}

    def __init__(self, table: Table, by: Actor) -> None:
        self.table, self.by = table, by
        self.today = clock.today()
        self.powers = queries.powers_of_actor(by)
        require(rules.may_edit_unit(self.powers.has(Power.EDIT_PEOPLE)))
        self.errors: list[RowError] = []

    def run(self, *, dry_run: bool, partly: bool) -> ImportResult:
        result = ImportResult(
            self.kind, dry_run, total=len(self.table.rows), unknown=self.table.unknown
        )
        result.errors = self.errors
        self.check(result)
        stays_out = bool(self.errors) and not partly
        if dry_run or stays_out:
            result.dry_run = True
            return result
        self.write(result)
        return result

    def check(self, result: ImportResult) -> None:
        raise NotImplementedError

    def write(self, result: ImportResult) -> None:
        raise NotImplementedError

    def fault(self, row: Row, column: str, reason: str) -> None:
        self.errors.append(
            RowError(
                row.number,
                self.table.address(row.number, column),
                self.columns[column][0],
                row.get(column)[:60],
                str(reason),
            )
        )

    def too_long(self, row: Row, limits: Mapping[str, int]) -> bool:
        before = len(self.errors)
        for column, limit in limits.items():
            if len(row.get(column)) > limit:
                reason = _("At most %(limit)s characters fit here; these are %(count)s.")
                self.fault(row, column, reason % {"limit": limit, "count": len(row.get(column))})
        return len(self.errors) > before

    def date(self, row: Row, column: str) -> dt.date | None:
        text = row.get(column)
        if not text:
            return None
        day = as_date(text)
        if day is None:
            self.fault(row, column, _("This is not a date. Write it as 2026-04-18."))
        return day

    def named(self, row: Row) -> bool:
        if not row.get("name"):
            self.fault(row, "name", _("The name is missing."))
        elif not (verdict := rules.is_name(row.get("name"))):
            self.fault(row, "name", str(verdict.reason))
        else:
            return True
        return False

    def once(self, row: Row, column: str, seen: dict[str, int]) -> bool:
        """Whether the value identifies one row of the file only."""
        value = row.get(column).upper()
        if not value:
            self.fault(row, column, _("This cell must not be empty."))
            return False
        if value in seen:
            reason = _("The same value stands in row %(row)s already.") % {"row": seen[value]}
            self.fault(row, column, reason)
            return False
        seen[value] = row.number
        return True


# ── units ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class _UnitPlan:
    row: Row
    unit: Unit | None
    changes: dict[str, Any]
    aliases: list[str] | None = None
    since: dt.date | None = None


class _UnitImport(_Import):
    kind, columns = "units", UNIT_COLUMNS
    LIMITS = {"code": 30, "name": 100, "short_name": 40, "kind": 60, "assessment_type": 40}

    def __init__(self, table: Table, by: Actor) -> None:
        super().__init__(table, by)
        known = Unit.objects.select_related("parent", "kind")
        self.units = {unit.code.upper(): unit for unit in known}
        self.ids = {unit.pk: unit for unit in self.units.values()}
        self.names = queries.unit_names()
        self.kinds = {kind.name: kind for kind in UnitKind.objects.all()}
        self.plans: list[_UnitPlan] = []
        self.in_file: dict[str, str] = {}

    def check(self, result: ImportResult) -> None:
        for row in self.table.rows:
            if row.get("name") and row.get("code"):
                self.in_file.setdefault(row.get("name"), row.get("code").upper())
        codes = {row.get("code").upper() for row in self.table.rows}
        seen: dict[str, int] = {}
        for row in self.table.rows:
            before = len(self.errors)
            plan = self._plan(row, codes, seen)
            if plan and len(self.errors) == before:
                self.plans.append(plan)
        self.plans = self._parents_first()
        for plan in self.plans:
            self._count(plan, result)

    def _count(self, plan: _UnitPlan, result: ImportResult) -> None:
        if plan.unit is None:
            result.created += 1
            result.changes.append((plan.row.number, plan.row.get("name"), _("new")))
        elif plan.changes or plan.aliases is not None:
            result.changed += 1
            what = "、".join(UNIT_COLUMNS[name][0] for name in plan.changes) or _("other names")
            result.changes.append((plan.row.number, plan.row.get("name"), what))
        else:
            result.same += 1

    def _plan(self, row: Row, codes: set[str], seen: dict[str, int]) -> _UnitPlan | None:
        if not self.once(row, "code", seen) or not self.named(row):
            return None
        if self.too_long(row, self.LIMITS):
            return None
        since = self.date(row, "since")
        unit = self.units.get(row.get("code").upper())
        if unit is not None and unit.until is not None:
            self.fault(row, "code", _("This unit is closed. Open it again first."))
            return None
        parent = self._parent_code(row, codes, unit)
        changes = self._changes(row, unit, parent)
        if parent is not None:
            changes["parent"] = parent
        if not self._reaches(unit, parent):
            self.fault(row, "code", str(rules.may_edit_unit(False).reason))
        return _UnitPlan(row, unit, changes, self._aliases(row, unit), since)

    def _changes(self, row: Row, unit: Unit | None, parent: str | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for column in ("name", "short_name", "assessment_type"):
            value = row.get(column)
            if column in self.table.places and value and getattr(unit, column, None) != value:
                found[column] = value
        if (kind := row.get("kind")) and (unit is None or unit.kind.name != kind):
            found["kind"] = kind
        elif not kind and unit is None:
            self.fault(row, "kind", _("The kind of the unit is missing."))
        order = row.get("order")
        if order:
            if not re.fullmatch(r"[0-9]{1,6}", order):
                self.fault(row, "order", _("The order is a whole number."))
            elif unit is None or unit.order != int(order):
                found["order"] = int(order)
        return found

    def _parent_code(self, row: Row, codes: set[str], unit: Unit | None) -> str | None:
        """Code of the parent if it is (or becomes) another one; faults what is not found."""
        text = row.get("parent")
        if not text:
            if unit is None and (self.units or len(codes) > 1) and not self._may_be_root(row):
                self.fault(row, "parent", _("The unit above is missing."))
            return None
        code = text.upper()
        if code not in codes and code not in self.units:
            known = self.in_file.get(text) or self._code_by_name(text)
            if known is None:
                reason = _("No open unit of this code or name is known.")
                self.fault(row, "parent", reason)
                return None
            code = known
        if code == row.get("code").upper():
            self.fault(row, "parent", _("A unit cannot be moved below itself."))
            return None
        there = unit.parent if unit else None
        return None if there is not None and there.code.upper() == code else code

    def _may_be_root(self, row: Row) -> bool:
        """The first unit of an empty institution is the institution itself."""
        if self.units:
            return False
        without = [r for r in self.table.rows if not r.get("parent")]
        return bool(without) and without[0] is row

    def _code_by_name(self, name: str) -> str | None:
        pk = self.names.get(name)
        return self.ids[pk].code.upper() if pk else None

    def _reaches(self, unit: Unit | None, parent: str | None) -> bool:
        """Whether the actor's power covers the unit and where it goes."""
        places = [unit] if unit else []
        if parent and parent in self.units:
            places.append(self.units[parent])
        if not places:
            return True
        return all(self.powers.over_unit(Power.EDIT_PEOPLE, place.path) for place in places)

    def _aliases(self, row: Row, unit: Unit | None) -> list[str] | None:
        """Further names to add to those there are; None if nothing changes."""
        wanted = split_list(row.get("aliases"))
        have = list(unit.aliases.values_list("name", flat=True)) if unit and wanted else []
        more = [name for name in wanted if name not in have]
        return [*have, *more] if more else None

    def _parents_first(self) -> list[_UnitPlan]:
        """Plans in an order in which each parent exists; those in a circle are faulted."""
        waiting = {plan.row.get("code").upper(): plan for plan in self.plans}
        placed: list[_UnitPlan] = []
        while waiting:
            ready = [
                code
                for code, plan in waiting.items()
                if plan.unit is not None or plan.changes.get("parent") not in waiting
            ]
            if not ready:
                break
            placed += [waiting.pop(code) for code in ready]
        for plan in waiting.values():
            self.fault(plan.row, "parent", _("These units stand below one another in a circle."))
        return [plan for plan in placed if self._parent_will_exist(plan, placed)]

    def _parent_will_exist(self, plan: _UnitPlan, placed: Sequence[_UnitPlan]) -> bool:
        code = plan.changes.get("parent")
        coming = {other.row.get("code").upper() for other in placed}
        if code is None or code in self.units or code in coming:
            return True
        self.fault(plan.row, "parent", _("The row of the unit above has an error."))
        return False

    def write(self, result: ImportResult) -> None:
        for plan in self.plans:
            try:
                self._write(plan)
            except (Refused, NotAllowed, Stale) as error:
                field_name = getattr(error, "field", None) or "code"
                column = field_name if field_name in self.columns else "code"
                self.fault(plan.row, column, str(error))
                if plan.unit is None:
                    result.created -= 1
                else:
                    result.changed -= 1

    def _write(self, plan: _UnitPlan) -> None:
        changes = dict(plan.changes)
        if "kind" in changes:
            changes["kind"] = self._kind(changes["kind"])
        if "parent" in changes:
            changes["parent"] = self.units[changes["parent"]]
        if plan.unit is None:
            changes.setdefault("parent", None)
            code = plan.row.get("code")
            since = plan.since or dt.date(self.today.year, 1, 1)
            parent = changes["parent"]
            if parent is not None and plan.since is None:
                since = max(since, parent.since)
            self.units[code.upper()] = units.create_unit(
                code=code, since=since, aliases=plan.aliases or (), by=self.by, **changes
            )
        elif changes or plan.aliases is not None:
            plan.unit.refresh_from_db()
            self.units[plan.row.get("code").upper()] = units.edit_unit(
                plan.unit, by=self.by, rev=plan.unit.rev, aliases=plan.aliases, **changes
            )

    def _kind(self, name: str) -> UnitKind:
        """A kind by its name; a new name is a new kind (the kinds are data)."""
        if name not in self.kinds:
            code = f"k{len(self.kinds) + 1}"
            while UnitKind.objects.filter(code=code).exists():
                code += "x"
            self.kinds[name] = units.create_unit_kind(code=code, name=name, by=self.by)
        return self.kinds[name]


def split_list(text: str) -> list[str]:
    """Several names in one cell, apart by 、 ， ； / or a new line."""
    return [part for part in (p.strip() for p in re.split(r"[、，,；;/\n]+", text)) if part]


# ── people ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class _PostPlan:
    duty: Duty
    units: list[Unit]
    title: str = ""
    field: Field | None = None


@dataclass
class _PersonPlan:
    row: Row
    unit: Unit
    person: Person | None
    changes: dict[str, str]
    assessment_type: str | None = None
    entered_on: dt.date | None = None
    post: _PostPlan | None = None

    @property
    def moves(self) -> bool:
        person = self.person
        return person is not None and (
            person.main_unit_id != self.unit.pk
            or self.assessment_type not in (None, person.assessment_type)
        )


class _PersonImport(_Import):
    kind, columns = "people", PERSON_COLUMNS
    LIMITS = {
        "staff_number": 30,
        "name": 60,
        "phone": 30,
        "email": 254,
        "reading": 100,
        "assessment_type": 40,
        "title": 80,
    }

    def __init__(self, table: Table, by: Actor) -> None:
        super().__init__(table, by)
        self.people = {
            person.staff_number.upper(): person
            for person in Person.objects.select_related("main_unit")
        }
        self.accounts = {p.account.upper(): p for p in self.people.values()}
        self.units = {unit.pk: unit for unit in queries.units_open(self.today)}
        self.codes = {unit.code.upper(): unit for unit in self.units.values()}
        self.names = queries.unit_names(self.today)
        self.shared = queries.unit_names_shared(self.today)
        self.fields = {f.name: f for f in Field.objects.all()}
        self.held = queries.held_on(self.today)
        self.plans: list[_PersonPlan] = []

    def check(self, result: ImportResult) -> None:
        seen: dict[str, int] = {}
        for row in self.table.rows:
            before = len(self.errors)
            plan = self._plan(row, seen)
            if plan is None or len(self.errors) > before:
                continue
            self.plans.append(plan)
            self._count(plan, result)

    def _count(self, plan: _PersonPlan, result: ImportResult) -> None:
        what = [PERSON_COLUMNS[name][0] for name in plan.changes]
        if plan.moves:
            what.append(PERSON_COLUMNS["unit"][0])
        if plan.post:
            what.append(PERSON_COLUMNS["duty"][0])
            result.posts += len(plan.post.units)
        if plan.person is None:
            result.created += 1
            result.changes.append((plan.row.number, plan.row.get("name"), _("new")))
        elif what:
            result.changed += 1
            result.changes.append((plan.row.number, plan.row.get("name"), "、".join(what)))
        else:
            result.same += 1

    def _plan(self, row: Row, seen: dict[str, int]) -> _PersonPlan | None:
        if not self.once(row, "staff_number", seen) or not self.named(row):
            return None
        if self.too_long(row, self.LIMITS) or not self._texts_stand(row):
            return None
        number = row.get("staff_number")
        person = self.people.get(number.upper())
        if person is None:
            account = rules.account_of(number, settings.ACCOUNT_PREFIX)
            other = self.accounts.get(account.upper())
            if other:
                reason = _("The staff number %(number)s belongs to %(name)s already.")
                self.fault(row, "staff_number", reason % {"number": number, "name": other.name})
                return None
        elif person.left_on is not None:
            reason = _("%(name)s left on %(day)s. Take them back on their page first.")
            day = person.left_on.isoformat()
            self.fault(row, "staff_number", reason % {"name": person.name, "day": day})
            return None
        unit = self._unit(row, "unit", row.get("unit"))
        if unit is None or not self._reaches(row, unit, person):
            return None
        entered = self.date(row, "entered_on")
        post = self._post(row, unit, person)
        kept = "assessment_type" in self.table.places and row.get("assessment_type")
        return _PersonPlan(
            row, unit, person, self._changes(row, person), kept or None, entered, post
        )

    def _texts_stand(self, row: Row) -> bool:
        number, email = row.get("staff_number"), row.get("email")
        if not re.fullmatch(r"[0-9A-Za-z._-]+", number):
            self.fault(
                row, "staff_number", _("A staff number consists of digits and Latin letters.")
            )
            return False
        if email:
            try:
                validate_email(email)
            except ValidationError:
                self.fault(row, "email", _("This is not an e-mail address."))
                return False
        return True

    def _changes(self, row: Row, person: Person | None) -> dict[str, str]:
        """Columns whose cell is filled and differs; an empty cell changes nothing."""
        return {
            column: row.get(column)
            for column in ("name", "phone", "email", "reading")
            if row.get(column) and getattr(person, column, "") != row.get(column)
        }

    def _unit(self, row: Row, column: str, text: str) -> Unit | None:
        if not text:
            self.fault(row, column, _("The unit is missing."))
            return None
        unit = self.codes.get(text.upper())
        if unit:
            return unit
        if text in self.shared:
            reason = _("Several units are called so. Write the code of the unit instead.")
            self.fault(row, column, reason)
            return None
        pk = self.names.get(text)
        if pk is None:
            self.fault(row, column, self._unknown_unit(text))
            return None
        return self.units[pk]

    def _unknown_unit(self, text: str) -> str:
        near = queries.units_matching(text, 1, day=self.today)
        if near:
            return _("No open unit is called so. Is it “%(name)s”?") % {"name": near[0].name}
        return _("No open unit of this code or name is known.")

    def _reaches(self, row: Row, unit: Unit, person: Person | None) -> bool:
        places = [unit, *([person.main_unit] if person else [])]
        if all(self.powers.over_unit(Power.EDIT_PEOPLE, place.path) for place in places):
            return True
        self.fault(row, "unit", str(rules.may_edit_unit(False).reason))
        return False

    def _post(self, row: Row, unit: Unit, person: Person | None) -> _PostPlan | None:
        """The post a row gives, without the units in which the person holds it already."""
        word = row.get("duty")
        if not word:
            return None
        duty = duty_of(word)
        if duty is None or duty == Duty.SECRETARY:
            self.fault(row, "duty", _("This is no duty we know. See the list in the template."))
            return None
        names = split_list(row.get("post_units"))
        found = [self._unit(row, "post_units", name) for name in names] or [unit]
        if None in found:
            return None
        where = [u for u in cast(list[Unit], found) if self._new(person, duty, u)]
        field_name = row.get("field")
        if field_name and field_name not in self.fields:
            self.fault(row, "field", _("No field of responsibility is called so."))
            return None
        return (
            _PostPlan(duty, where, row.get("title"), self.fields.get(field_name)) if where else None
        )

    def _new(self, person: Person | None, duty: Duty, unit: Unit) -> bool:
        return person is None or (person.pk, duty.value, unit.pk) not in self.held

    # writing

    def write(self, result: ImportResult) -> None:
        fresh = [plan for plan in self.plans if plan.person is None]
        known = [plan for plan in self.plans if plan.person is not None]
        for start in range(0, len(fresh), CHUNK):
            self._enter(fresh[start : start + CHUNK], result)
        for plan in known:
            self._guard(plan, self._update)
        for plan in self.plans:
            if plan.post:
                self._guard(plan, self._seat)

    def _guard(self, plan: _PersonPlan, act: Callable[[_PersonPlan], None]) -> None:
        try:
            act(plan)
        except (Refused, NotAllowed, Stale) as error:
            column = getattr(error, "field", None) or "staff_number"
            column = {"person": "duty", "since": "duty", "on": "unit"}.get(column, column)
            self.fault(plan.row, column if column in self.columns else "staff_number", str(error))

    def _enter(self, plans: Sequence[_PersonPlan], result: ImportResult) -> None:
        """Enter a chunk of people in one transaction; the hashing is done before it begins."""
        rows = []
        for plan in plans:
            person, told = self._person(plan)
            rows.append(person)
            plan.person = person
            if told:
                result.passwords.append((person.staff_number, person.name, told))
        _enter_many(rows, by=self.by)

    def _person(self, plan: _PersonPlan) -> tuple[Person, str]:
        row, first = plan.row, first_password()
        number = row.get("staff_number")
        person = Person(
            account=rules.account_of(number, settings.ACCOUNT_PREFIX),
            staff_number=number,
            name=row.get("name"),
            phone=row.get("phone"),
            email=row.get("email"),
            reading=row.get("reading"),
            pinyin=rules.searchable(row.get("name"), row.get("reading")),
            main_unit=plan.unit,
            assessment_type=plan.assessment_type or "",
            entered_on=plan.entered_on or self.today,
            password=first.stored,
        )
        return person, first.told

    def _update(self, plan: _PersonPlan) -> None:
        person = cast(Person, plan.person)
        if plan.changes:
            person = persons.edit_person(person, by=self.by, rev=person.rev, **plan.changes)
        if plan.moves:
            persons.transfer_person(
                person,
                unit=plan.unit,
                on=self.today,
                by=self.by,
                rev=person.rev,
                assessment_type=plan.assessment_type,
            )

    def _seat(self, plan: _PersonPlan) -> None:
        person, post = cast(Person, plan.person), cast(_PostPlan, plan.post)
        for unit in post.units:
            posts.appoint(
                person=person,
                unit=unit,
                duty=post.duty,
                title=post.title,
                field=post.field,
                since=max(person.entered_on, unit.since),
                by=self.by,
            )


@transaction.atomic
def _enter_many(people: Sequence[Person], *, by: Actor) -> None:
    Person.objects.bulk_create(people)
    PersonSpell.objects.bulk_create(
        PersonSpell(
            person=person,
            unit=person.main_unit,
            assessment_type=person.assessment_type,
            since=person.entered_on,
        )
        for person in people
    )
    told: Iterator[tuple[str, Mapping[str, Any]]] = (
        (
            person.ref,
            {
                "name": person.name,
                "number": person.staff_number,
                "unit": person.main_unit.name,
                "since": person.entered_on.isoformat(),
            },
        )
        for person in people
    )
    record_many(list(told), "person.enter", by=by)
