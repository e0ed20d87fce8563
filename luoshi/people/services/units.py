"""Creating, renaming, moving and closing units, with dates (ORG-1)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit import clock, tree
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require, stands
from luoshi.people import queries, rules
from luoshi.people.models import Field, Unit, UnitAlias, UnitKind, UnitSpell
from luoshi.people.roles import Power
from luoshi.trail.services import record

#: Columns of a unit whose old values history keeps.
DATED = ("name", "kind", "parent", "assessment_type")
PLAIN = ("code", "short_name", "order")


def _may_edit(by: Actor, *units: Unit | None) -> None:
    powers = queries.powers_of_actor(by)
    paths = [unit.path if unit else "" for unit in units]
    require(rules.may_edit_unit(all(powers.over_unit(Power.EDIT_PEOPLE, path) for path in paths)))


@transaction.atomic
def create_unit_kind(*, code: str, name: str, by: Actor, order: int = 0) -> UnitKind:
    """Add a kind of unit; the same code again returns what is there."""
    require(rules.may_edit_unit(queries.powers_of_actor(by).has(Power.EDIT_PEOPLE)))
    kind, created = UnitKind.objects.get_or_create(
        code=code, defaults={"name": rules.tidy(name), "order": order}
    )
    if created:
        record(f"unit_kind/{kind.pk}", "unit.kind", by=by, name=kind.name)
    return kind


@transaction.atomic
def create_field(*, code: str, name: str, by: Actor, order: int = 0) -> Field:
    """Add a field of responsibility; the same code again returns what is there."""
    require(rules.may_edit_unit(queries.powers_of_actor(by).has(Power.EDIT_PEOPLE)))
    field, created = Field.objects.get_or_create(
        code=code, defaults={"name": rules.tidy(name), "order": order}
    )
    if created:
        record(f"field/{field.pk}", "field.create", by=by, name=field.name)
    return field


@transaction.atomic
def create_unit(
    *,
    name: str,
    code: str,
    kind: UnitKind,
    parent: Unit | None,
    since: dt.date,
    by: Actor,
    short_name: str = "",
    assessment_type: str = "",
    order: int = 0,
    aliases: Iterable[str] = (),
    key: str | None = None,
) -> Unit:
    """Open a unit below ``parent`` from ``since`` on. The institution itself has no parent."""
    hold(key)
    if key and (there := Unit.objects.filter(key=key).first()):
        return there
    _may_edit(by, parent)
    name, short_name = rules.tidy(name), rules.tidy(short_name)
    stands(rules.is_name(name), "name")
    _code_is_free(code)
    if parent is None and queries.root_unit() is not None:
        raise Refused(_("Choose the unit it stands below."), "parent")
    if parent is not None:
        _parent_stands(parent, since)
        _name_is_free(name, parent)
    unit = Unit(
        name=name,
        code=code,
        kind=kind,
        parent=parent,
        since=since,
        short_name=short_name,
        assessment_type=assessment_type,
        order=order,
        key=key,
    )
    unit.pinyin = _spelling(unit)
    unit.save()
    tree.plant(unit)
    _write_spell(unit, since)
    _set_aliases(unit, aliases)
    record(unit.ref, "unit.create", by=by, name=name, code=code, since=since.isoformat())
    return unit


def _spelling(unit: Unit) -> str:
    return rules.searchable(unit.name, limit=500) + rules.searchable(unit.short_name, limit=200)


def _parent_stands(parent: Unit, day: dt.date) -> None:
    verdict = rules.unit_open_stands(
        name=parent.name, since=parent.since, until=parent.until, day=day
    )
    stands(verdict, "parent")


def _code_is_free(code: str, but: int = 0) -> None:
    other = Unit.objects.filter(code__iexact=code).exclude(pk=but).first()
    if other:
        raise Refused(
            _("The code %(code)s belongs to “%(name)s” already.")
            % {"code": code, "name": other.name},
            "code",
        )


def _name_is_free(name: str, parent: Unit | None, but: int = 0) -> None:
    """Two open units side by side do not share a name."""
    others = queries.units_open().filter(parent=parent, name=name).exclude(pk=but)
    if others.exists():
        raise Refused(_("There is a unit of this name here already."), "name")


def _write_spell(unit: Unit, since: dt.date) -> UnitSpell:
    return UnitSpell.objects.create(
        unit=unit,
        name=unit.name,
        kind_name=unit.kind.name,
        parent_name=unit.parent.name if unit.parent else "",
        assessment_type=unit.assessment_type,
        since=since,
    )


def _set_aliases(unit: Unit, aliases: Iterable[str]) -> None:
    """Make these, and no others, the further names of the unit."""
    wanted = [name for name in dict.fromkeys(rules.tidy(alias) for alias in aliases) if name]
    unit.aliases.exclude(name__in=wanted).delete()
    have = set(unit.aliases.values_list("name", flat=True))
    taken = UnitAlias.objects.filter(name__in=wanted).exclude(unit=unit).select_related("unit")
    for alias in taken:
        raise Refused(
            _("“%(alias)s” is another name of “%(unit)s” already.")
            % {"alias": alias.name, "unit": alias.unit.name},
            "aliases",
        )
    UnitAlias.objects.bulk_create(
        UnitAlias(unit=unit, name=name) for name in wanted if name not in have
    )


@transaction.atomic
def edit_unit(
    unit: Unit,
    *,
    by: Actor,
    rev: int,
    on: dt.date | None = None,
    aliases: Iterable[str] | None = None,
    **changes: Any,
) -> Unit:
    """Change a unit. Name, kind, place and assessment type change from the day ``on`` (today).

    ``changes`` holds the columns that may change; what is left out stays. History keeps what was.
    Raises Stale if somebody was faster.
    """
    day = on or clock.today()
    unit = Unit.objects.select_related("parent", "kind").get(pk=unit.pk)
    _may_edit(by, unit)
    changed = _changed(unit, changes)
    _unit_change_stands(unit, changed, by=by)
    dated = any(name in changed for name in DATED)
    if dated:
        _day_stands(unit, day)
    _claim(unit, rev)
    before = {name: str(getattr(unit, name) or "") for name in changed}
    _apply(unit, changed)
    if dated:
        _turn_spell(unit, day)
    if aliases is not None:
        _set_aliases(unit, aliases)
    if changed:
        after = {name: str(getattr(unit, name) or "") for name in changed}
        verb = _verb_for(changed)
        record(unit.ref, verb, by=by, before=before, after=after, on=day.isoformat())
    return unit


def _changed(unit: Unit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What really differs from the row, with names tidied."""
    found = {}
    for name, value in changes.items():
        if name not in DATED + PLAIN:
            raise TypeError(name)
        value = rules.tidy(value) if name in {"name", "short_name"} else value
        if getattr(unit, name) != value:
            found[name] = value
    return found


def _unit_change_stands(unit: Unit, changed: Mapping[str, Any], *, by: Actor) -> None:
    parent = changed.get("parent", unit.parent)
    if "parent" in changed:
        if unit.parent_id is None:
            raise Refused(_("The institution itself stands below nothing."), "parent")
        if parent is None:
            raise Refused(_("Choose the unit it stands below."), "parent")
        _may_edit(by, parent)
        place = rules.place_stands(own_path=unit.path or "", parent_path=parent.path or "")
        stands(place, "parent")
        _parent_stands(parent, clock.today())
    if "name" in changed:
        stands(rules.is_name(changed["name"]), "name")
    if "name" in changed or "parent" in changed:
        _name_is_free(changed.get("name", unit.name), parent, but=unit.pk)
    if "code" in changed:
        _code_is_free(changed["code"], but=unit.pk)


def _day_stands(unit: Unit, day: dt.date) -> None:
    """A change takes effect today or earlier, and not before the last one."""
    if day > clock.today():
        raise Refused(_("A change takes effect today or earlier."), "on")
    last = unit.spells.order_by("-since", "-pk").first()
    if last and day < last.since:
        raise Refused(
            _("The last change took effect on %(day)s; this one cannot lie before it.")
            % {"day": last.since.isoformat()},
            "on",
        )


def _claim(unit: Unit, rev: int) -> None:
    if not Unit.objects.filter(pk=unit.pk, rev=rev).update(rev=F("rev") + 1):
        raise Stale(unit.ref)
    unit.rev = rev + 1


def _apply(unit: Unit, changed: Mapping[str, Any]) -> None:
    columns = {name: value for name, value in changed.items() if name != "parent"}
    for name, value in columns.items():
        setattr(unit, name, value)
    if columns:
        unit.pinyin = _spelling(unit)
        Unit.objects.filter(pk=unit.pk).update(**columns, pinyin=unit.pinyin)
    if "parent" in changed:
        tree.move_below(unit, changed["parent"])


def _turn_spell(unit: Unit, day: dt.date) -> None:
    """End the running spell the day before and begin another; the same day corrects it."""
    last = unit.spells.order_by("-since", "-pk").first()
    if last and last.since == day:
        unit.spells.filter(pk=last.pk).delete()
    elif last:
        unit.spells.filter(pk=last.pk).update(until=day - dt.timedelta(days=1))
    _write_spell(unit, day)


def _verb_for(changed: Mapping[str, Any]) -> str:
    if "parent" in changed:
        return "unit.move"
    return "unit.rename" if "name" in changed else "unit.edit"


def rename_unit(unit: Unit, *, name: str, on: dt.date, by: Actor, rev: int) -> Unit:
    """Give a unit another name from a day on; before it history shows the old one."""
    return edit_unit(unit, by=by, rev=rev, on=on, name=name)


def move_unit(unit: Unit, *, parent: Unit, on: dt.date, by: Actor, rev: int) -> Unit:
    """Put a unit and all below it under another one from a day on."""
    return edit_unit(unit, by=by, rev=rev, on=on, parent=parent)


@transaction.atomic
def close_unit(unit: Unit, *, until: dt.date, by: Actor, rev: int) -> Unit:
    """Close a unit; ``until`` is its last day. Refused while people, posts or units are open."""
    unit = Unit.objects.select_related("parent", "kind").get(pk=unit.pk)
    _may_edit(by, unit)
    require(
        rules.may_close_unit(
            is_root=unit.parent_id is None,
            until=unit.until,
            facts=queries.unit_facts(unit, until),
        )
    )
    stands(rules.dates_stand(unit.since, until), "until")
    last = unit.spells.order_by("-since", "-pk").first()
    if last:
        stands(rules.dates_stand(last.since, until), "until")
        unit.spells.filter(pk=last.pk).update(until=until)
    _claim(unit, rev)
    Unit.objects.filter(pk=unit.pk).update(until=until)
    unit.until = until
    record(unit.ref, "unit.close", by=by, name=unit.name, until=until.isoformat())
    return unit


@transaction.atomic
def reopen_unit(unit: Unit, *, by: Actor, rev: int) -> Unit:
    """Take a closing back; the unit goes on as if it had not been closed."""
    unit = Unit.objects.select_related("parent", "kind").get(pk=unit.pk)
    _may_edit(by, unit)
    if unit.until is None:
        raise Refused(_("This unit is open."))
    if unit.parent:
        _parent_stands(unit.parent, clock.today())
    _name_is_free(unit.name, unit.parent, but=unit.pk)
    _claim(unit, rev)
    last = unit.spells.order_by("-since", "-pk").first()
    if last:
        unit.spells.filter(pk=last.pk).update(until=None)
    Unit.objects.filter(pk=unit.pk).update(until=None)
    unit.until = None
    record(unit.ref, "unit.reopen", by=by, name=unit.name)
    return unit
