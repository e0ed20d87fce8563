"""People out of a table (ORG-4)."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people import queries, rules
from luoshi.people.kinds import PERSON_COLUMNS, duty_of
from luoshi.people.models import Field, Person, PersonSpell, Unit
from luoshi.people.readers import Row, Table
from luoshi.people.roles import Duty, Power
from luoshi.people.services import persons, posts
from luoshi.people.services.accounts import first_password
from luoshi.people.services.tables import ImportResult, ImportTable, split_list
from luoshi.trail.services import record_many

CHUNK = 250  # people written in one transaction


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


class PersonTable(ImportTable):
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
        """What a row asks for; None where something is wrong. Every fault of the row is told."""
        before = len(self.errors)
        single = self.once(row, "staff_number", seen)
        self.named(row)
        self.too_long(row, self.LIMITS)
        known = single and self._number_stands(row)
        person = self._known(row) if known else None
        self._mail_stands(row)
        unit = self._unit(row, "unit", row.get("unit"))
        if unit is not None:
            self._reaches(row, unit, person)
        entered = self.date(row, "entered_on")
        post = self._post(row, unit, person)
        if unit is None or len(self.errors) > before:
            return None
        kept = "assessment_type" in self.table.places and row.get("assessment_type")
        return _PersonPlan(
            row, unit, person, self._changes(row, person), kept or None, entered, post
        )

    def _known(self, row: Row) -> Person | None:
        """The person of this staff number, if there is one who can be changed."""
        number = row.get("staff_number")
        person = self.people.get(number.upper())
        if person is None:
            account = rules.account_of(number, settings.ACCOUNT_PREFIX)
            other = self.accounts.get(account.upper())
            if other:
                reason = _("The staff number %(number)s belongs to %(name)s already.")
                self.fault(row, "staff_number", reason % {"number": number, "name": other.name})
        elif person.left_on is not None:
            reason = _("%(name)s left on %(day)s. Take them back on their page first.")
            day = person.left_on.isoformat()
            self.fault(row, "staff_number", reason % {"name": person.name, "day": day})
        return person

    def _number_stands(self, row: Row) -> bool:
        if re.fullmatch(r"[0-9A-Za-z._-]+", row.get("staff_number")):
            return True
        self.fault(row, "staff_number", _("A staff number consists of digits and Latin letters."))
        return False

    def _mail_stands(self, row: Row) -> None:
        try:
            validate_email(row.get("email") or "nobody@example.org")
        except ValidationError:
            self.fault(row, "email", _("This is not an e-mail address."))

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

    def _reaches(self, row: Row, unit: Unit, person: Person | None) -> None:
        places = [unit, *([person.main_unit] if person else [])]
        if not all(self.powers.over_unit(Power.EDIT_PEOPLE, place.path) for place in places):
            self.fault(row, "unit", str(rules.may_edit_unit(False).reason))

    def _post(self, row: Row, unit: Unit | None, person: Person | None) -> _PostPlan | None:
        """The post a row gives, without the units in which the person holds it already."""
        word = row.get("duty")
        if not word:
            return None
        duty = duty_of(word)
        if duty is None or duty == Duty.SECRETARY:
            self.fault(row, "duty", _("This is no duty we know. See the list in the template."))
        names = split_list(row.get("post_units"))
        found = [self._unit(row, "post_units", name) for name in names] or [unit]
        field_name = row.get("field")
        if field_name and field_name not in self.fields:
            self.fault(row, "field", _("No field of responsibility is called so."))
            return None
        if duty is None or None in found:
            return None
        where = [u for u in cast(list[Unit], found) if self._new(person, duty, u)]
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
