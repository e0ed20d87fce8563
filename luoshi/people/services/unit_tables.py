"""Units out of a table (ORG-4)."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people import queries, rules
from luoshi.people.kinds import UNIT_COLUMNS
from luoshi.people.models import Unit, UnitKind
from luoshi.people.readers import Row, Table
from luoshi.people.roles import Power
from luoshi.people.services import units
from luoshi.people.services.tables import ImportResult, ImportTable, split_list


@dataclass
class _UnitPlan:
    row: Row
    unit: Unit | None
    changes: dict[str, Any]
    aliases: list[str] | None = None
    since: dt.date | None = None


class UnitTable(ImportTable):
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
        before = len(self.errors)
        single = self.once(row, "code", seen)
        self.named(row)
        self.too_long(row, self.LIMITS)
        since = self.date(row, "since")
        if not single:
            return None
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
        if len(self.errors) > before:
            return None
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
