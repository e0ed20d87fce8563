"""Bodies that decide: their members, meetings and decisions (ORG-6)."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require, stands
from luoshi.people import queries, rules
from luoshi.people.models import Body, Decision, Meeting, Person, Seat, Unit
from luoshi.people.roles import Power
from luoshi.trail.services import record


def _may_edit(by: Actor, unit: Unit) -> None:
    powers = queries.powers_of_actor(by)
    require(rules.may_edit_unit(powers.over_unit(Power.EDIT_PEOPLE, unit.path)))


def _may_run(by: Actor, body: Body) -> None:
    reaches = queries.powers_of_actor(by).over_unit(Power.EDIT_PEOPLE, body.office.path)
    require(rules.may_run_body(in_office=queries.belongs_to(by, body.office), reaches=reaches))


@transaction.atomic
def create_body(
    *,
    code: str,
    name: str,
    office: Unit,
    since: dt.date,
    by: Actor,
    until: dt.date | None = None,
    key: str | None = None,
) -> Body:
    """Set up a body; ``office`` is the unit whose people keep its minutes."""
    hold(key)
    if key and (there := Body.objects.filter(key=key).first()):
        return there
    _may_edit(by, office)
    name = rules.tidy(name)
    _body_stands(code, name, office, since, until)
    body = Body.objects.create(
        code=code, name=name, office=office, since=since, until=until, key=key
    )
    record(body.ref, "body.create", by=by, name=name, since=since.isoformat())
    return body


def _body_stands(
    code: str,
    name: str,
    office: Unit,
    since: dt.date,
    until: dt.date | None,
    but: int = 0,
) -> None:
    stands(rules.is_name(name), "name")
    stands(rules.dates_stand(since, until), "until")
    if Body.objects.filter(code__iexact=code).exclude(pk=but).exists():
        raise Refused(_("This code belongs to another body already."), "code")
    if not but:
        opened = rules.unit_open_stands(
            name=office.name, since=office.since, until=office.until, day=since
        )
        stands(opened, "office")


@transaction.atomic
def edit_body(
    body: Body,
    *,
    code: str,
    name: str,
    office: Unit,
    since: dt.date,
    until: dt.date | None,
    by: Actor,
    rev: int,
) -> Body:
    """Change a body's name, office or dates. Raises Stale if somebody was faster."""
    body = Body.objects.select_related("office").get(pk=body.pk)
    _may_edit(by, body.office)
    _may_edit(by, office)
    name = rules.tidy(name)
    _body_stands(code, name, office, since, until, but=body.pk)
    before = {"name": body.name, "office": body.office.name}
    values = {"code": code, "name": name, "office": office, "since": since, "until": until}
    rows = Body.objects.filter(pk=body.pk, rev=rev)
    if not rows.update(**values, rev=F("rev") + 1):
        raise Stale(body.ref)
    record(
        body.ref,
        "body.edit",
        by=by,
        before=before,
        after={"name": name, "office": office.name},
        until=until.isoformat() if until else "",
    )
    body.refresh_from_db()
    return body


@transaction.atomic
def add_seat(
    body: Body,
    *,
    since: dt.date,
    by: Actor,
    person: Person | None = None,
    unit: Unit | None = None,
    title: str = "",
    until: dt.date | None = None,
    key: str | None = None,
) -> Seat:
    """Make a person, or an office as such, a member of the body."""
    hold(key)
    if key and (there := Seat.objects.filter(key=key).first()):
        return there
    _may_run(by, body)
    if (person is None) == (unit is None):
        raise Refused(_("Choose a person or an office, one of the two."), "person")
    stands(rules.dates_stand(since, until), "until")
    _member_stands(body, person, unit, since, until)
    seat = Seat.objects.create(
        body=body,
        person=person,
        unit=unit,
        title=rules.tidy(title),
        since=since,
        until=until,
        order=body.seats.count(),
        key=key,
    )
    member = person.name if person else unit.name if unit else ""
    record(body.ref, "body.seat", by=by, member=member, since=since.isoformat())
    return seat


def _member_stands(
    body: Body,
    person: Person | None,
    unit: Unit | None,
    since: dt.date,
    until: dt.date | None,
) -> None:
    if person is not None:
        present = rules.person_present_stands(
            name=person.name,
            entered=person.entered_on,
            left=person.left_on,
            active=person.is_active,
            day=since,
        )
        stands(present, "person")
    if unit is not None:
        opened = rules.unit_open_stands(
            name=unit.name, since=unit.since, until=unit.until, day=since
        )
        stands(opened, "unit")
    same = body.seats.filter(person=person, unit=unit).values_list("since", "until")
    if not rules.tenure_stands(since, until, same):
        raise Refused(_("This member sits in the body already."), "person" if person else "unit")


@transaction.atomic
def end_seat(seat: Seat, *, until: dt.date, by: Actor) -> Seat:
    """End a membership; ``until`` is the last day."""
    seat = Seat.objects.select_related("body__office", "person", "unit").get(pk=seat.pk)
    _may_run(by, seat.body)
    stands(rules.dates_stand(seat.since, until), "until")
    Seat.objects.filter(pk=seat.pk).update(until=until)
    seat.until = until
    member = seat.person.name if seat.person else seat.unit.name if seat.unit else ""
    record(seat.body.ref, "body.unseat", by=by, member=member, until=until.isoformat())
    return seat


@transaction.atomic
def hold_meeting(
    body: Body,
    *,
    number: str,
    held_on: dt.date,
    by: Actor,
    topic: str = "",
    key: str | None = None,
) -> Meeting:
    """Enter a meeting of the body."""
    hold(key)
    if key and (there := Meeting.objects.filter(key=key).first()):
        return there
    _may_run(by, body)
    number = rules.tidy(number)
    if body.meetings.filter(number=number).exists():
        raise Refused(_("This body has a meeting of this number already."), "number")
    if held_on < body.since or (body.until and held_on > body.until):
        raise Refused(_("The body did not exist on this day."), "held_on")
    meeting = Meeting.objects.create(
        body=body, number=number, held_on=held_on, topic=rules.tidy(topic), key=key
    )
    record(body.ref, "body.meet", by=by, number=number, held_on=held_on.isoformat())
    return meeting


@transaction.atomic
def record_decision(
    meeting: Meeting,
    *,
    number: str,
    text: str,
    by: Actor,
    document: str = "",
    key: str | None = None,
) -> Decision:
    """Enter what a meeting decided, with the number of its document."""
    hold(key)
    if key and (there := Decision.objects.filter(key=key).first()):
        return there
    _may_run(by, meeting.body)
    number = rules.tidy(number)
    if meeting.decisions.filter(number=number).exists():
        raise Refused(_("This meeting has a decision of this number already."), "number")
    decision = Decision.objects.create(
        meeting=meeting, number=number, text=text.strip(), document=rules.tidy(document), key=key
    )
    record(meeting.body.ref, "body.decide", by=by, meeting=meeting.number, number=number)
    return decision
