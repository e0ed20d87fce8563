"""Entering, changing, transferring people, and letting them go (ORG-2)."""

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require, stands
from luoshi.people import queries, rules
from luoshi.people.models import Person, PersonSpell, Seat, Tenure, Unit
from luoshi.people.roles import Power
from luoshi.people.services.accounts import FirstPassword, first_password
from luoshi.trail.services import record

PLAIN = ("staff_number", "name", "phone", "email", "reading")


def _may_edit(by: Actor, *units: Unit) -> None:
    powers = queries.powers_of_actor(by)
    require(rules.may_edit_unit(all(powers.over_unit(Power.EDIT_PEOPLE, u.path) for u in units)))


@transaction.atomic
def enter_person(
    *,
    staff_number: str,
    name: str,
    main_unit: Unit,
    entered_on: dt.date,
    by: Actor,
    phone: str = "",
    email: str = "",
    reading: str = "",
    assessment_type: str = "",
    first: FirstPassword | None = None,
    key: str | None = None,
) -> Person:
    """Enter somebody, with an account and a first password (``first``; drawn if not given)."""
    hold(key)
    if key and (there := Person.objects.filter(key=key).first()):
        return there
    _may_edit(by, main_unit)
    first = first or first_password()
    name, staff_number = rules.tidy(name), staff_number.strip()
    stands(rules.is_name(name), "name")
    _number_is_free(staff_number)
    _unit_stands(main_unit, entered_on, "main_unit")
    person = Person(
        account=rules.account_of(staff_number, settings.ACCOUNT_PREFIX),
        staff_number=staff_number,
        name=name,
        phone=phone,
        email=email,
        reading=reading,
        pinyin=rules.searchable(name, reading),
        main_unit=main_unit,
        assessment_type=assessment_type,
        entered_on=entered_on,
        password=first.stored,
        must_change_password=not first.lasting,
        key=key,
    )
    person.save()
    _write_spell(person, entered_on)
    record(
        person.ref,
        "person.enter",
        by=by,
        name=name,
        number=staff_number,
        unit=main_unit.name,
        since=entered_on.isoformat(),
    )
    return person


def _number_is_free(number: str, but: int = 0) -> None:
    account = rules.account_of(number, settings.ACCOUNT_PREFIX)
    others = Person.objects.exclude(pk=but)
    other = (
        others.filter(staff_number__iexact=number).first()
        or others.filter(account__iexact=account).first()
    )
    if other:
        raise Refused(
            _("The staff number %(number)s belongs to %(name)s already.")
            % {"number": number, "name": other.name},
            "staff_number",
        )


def _unit_stands(unit: Unit, day: dt.date, field: str) -> None:
    verdict = rules.unit_open_stands(name=unit.name, since=unit.since, until=unit.until, day=day)
    stands(verdict, field)


def _write_spell(person: Person, since: dt.date) -> None:
    PersonSpell.objects.create(
        person=person,
        unit=person.main_unit,
        assessment_type=person.assessment_type,
        since=since,
    )


def _claim(person: Person, rev: int) -> None:
    if not Person.objects.filter(pk=person.pk, rev=rev).update(rev=F("rev") + 1):
        raise Stale(person.ref)
    person.rev = rev + 1


@transaction.atomic
def edit_person(person: Person, *, by: Actor, rev: int, **changes: str) -> Person:
    """Correct what is known of somebody: name, number, phone, e-mail, reading of the name.

    A new staff number is a new account. Raises Stale if somebody was faster.
    """
    person = Person.objects.select_related("main_unit").get(pk=person.pk)
    _may_edit(by, person.main_unit)
    changed = _changed(person, changes)
    if "name" in changed:
        stands(rules.is_name(changed["name"]), "name")
    if "staff_number" in changed:
        _number_is_free(changed["staff_number"], but=person.pk)
    _claim(person, rev)
    before = {name: getattr(person, name) for name in changed}
    for name, value in changed.items():
        setattr(person, name, value)
    person.account = rules.account_of(person.staff_number, settings.ACCOUNT_PREFIX)
    person.pinyin = rules.searchable(person.name, person.reading)
    if changed:
        Person.objects.filter(pk=person.pk).update(
            **changed, account=person.account, pinyin=person.pinyin
        )
        record(person.ref, "person.edit", by=by, before=before, after=changed)
    return person


def _changed(person: Person, changes: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, value in changes.items():
        if name not in PLAIN:
            raise TypeError(name)
        value = rules.tidy(value)
        if getattr(person, name) != value:
            found[name] = value
    return found


@transaction.atomic
def transfer_person(
    person: Person,
    *,
    unit: Unit,
    on: dt.date,
    by: Actor,
    rev: int,
    assessment_type: str | None = None,
    end_posts: bool = False,
) -> Person:
    """Move somebody to another unit from ``on`` on; ``end_posts`` ends posts of the old one."""
    person = Person.objects.select_related("main_unit").get(pk=person.pk)
    old = person.main_unit
    _may_edit(by, old, unit)
    if assessment_type is None:
        assessment_type = person.assessment_type
    if unit.pk == old.pk and assessment_type == person.assessment_type:
        raise Refused(
            _("%(name)s belongs to “%(unit)s” already.") % {"name": person.name, "unit": unit.name},
            "unit",
        )
    _present_stands(person, on, "on")
    _unit_stands(unit, on, "unit")
    _turn_spell(person, unit, assessment_type, on)
    _claim(person, rev)
    Person.objects.filter(pk=person.pk).update(main_unit=unit, assessment_type=assessment_type)
    ended = _end_posts(person, on - dt.timedelta(days=1), of=old) if end_posts else []
    record(
        person.ref,
        "person.transfer",
        by=by,
        old=old.name,
        new=unit.name,
        on=on.isoformat(),
        posts_ended=ended,
    )
    return person


def _present_stands(person: Person, day: dt.date, field: str) -> None:
    verdict = rules.person_present_stands(
        name=person.name,
        entered=person.entered_on,
        left=person.left_on,
        active=person.is_active,
        day=day,
    )
    stands(verdict, field)


def _turn_spell(person: Person, unit: Unit, assessment_type: str, on: dt.date) -> None:
    """End the running spell the day before and begin another; the same day corrects it."""
    last = person.spells.order_by("-since", "-pk").first()
    if last and on < last.since:
        raise Refused(
            _("The last transfer took effect on %(day)s; this one cannot lie before it.")
            % {"day": last.since.isoformat()},
            "on",
        )
    if last and last.since == on:
        person.spells.filter(pk=last.pk).delete()
    elif last:
        person.spells.filter(pk=last.pk).update(until=on - dt.timedelta(days=1))
    person.main_unit, person.assessment_type = unit, assessment_type
    _write_spell(person, on)


def _end_posts(person: Person, until: dt.date, *, of: Unit | None = None) -> list[str]:
    """End the person's running posts (of one unit); their titles. Future ones are struck out."""
    running = person.tenures.select_related("post").exclude(until__lte=until)
    if of is not None:
        running = running.filter(post__unit=of)
    titles = [tenure.post.title for tenure in running]
    pks = [tenure.pk for tenure in running]
    future = Tenure.objects.filter(pk__in=pks, since__gt=until)
    future.delete()
    Tenure.objects.filter(pk__in=pks).update(until=until)
    queries.forget_powers(person)
    return titles


@transaction.atomic
def let_leave(person: Person, *, left_on: dt.date, by: Actor, rev: int) -> Person:
    """Record that somebody leaves; ``left_on`` is their last day. Posts and seats end with it."""
    person = Person.objects.select_related("main_unit").get(pk=person.pk)
    _may_edit(by, person.main_unit)
    require(rules.may_leave(left=person.left_on))
    stands(rules.dates_stand(person.entered_on, left_on), "left_on")
    last = person.spells.order_by("-since", "-pk").first()
    if last:
        stands(rules.dates_stand(last.since, left_on), "left_on")
        person.spells.filter(pk=last.pk).update(until=left_on)
    _claim(person, rev)
    ended = _end_posts(person, left_on)
    Seat.objects.filter(person=person, since__gt=left_on).delete()
    Seat.objects.filter(person=person).exclude(until__lte=left_on).update(until=left_on)
    Person.objects.filter(pk=person.pk).update(left_on=left_on)
    person.left_on = left_on
    record(person.ref, "person.leave", by=by, left_on=left_on.isoformat(), posts_ended=ended)
    return person


@transaction.atomic
def readmit_person(person: Person, *, unit: Unit, on: dt.date, by: Actor, rev: int) -> Person:
    """Take somebody back who left; their old posts stay ended."""
    person = Person.objects.select_related("main_unit").get(pk=person.pk)
    _may_edit(by, unit)
    if person.left_on is None:
        raise Refused(_("%(name)s has not left.") % {"name": person.name})
    if on <= person.left_on:
        raise Refused(
            _("%(name)s left on %(day)s; choose a later day.")
            % {"name": person.name, "day": person.left_on.isoformat()},
            "on",
        )
    _unit_stands(unit, on, "unit")
    _claim(person, rev)
    person.main_unit, person.left_on = unit, None
    _write_spell(person, on)
    Person.objects.filter(pk=person.pk).update(main_unit=unit, left_on=None)
    record(person.ref, "person.readmit", by=by, unit=unit.name, on=on.isoformat())
    return person
