"""Chairs, and who sits in them, from when until when (ORG-2)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require, stands
from luoshi.people import queries, rules
from luoshi.people.models import Field, Person, Post, Tenure, Unit
from luoshi.people.roles import Duty, Power
from luoshi.trail.services import record


def _may_edit(by: Actor, unit: Unit) -> None:
    powers = queries.powers_of_actor(by)
    require(rules.may_edit_unit(powers.over_unit(Power.EDIT_PEOPLE, unit.path)))


@transaction.atomic
def create_post(
    *,
    unit: Unit,
    duty: Duty,
    by: Actor,
    title: str = "",
    field: Field | None = None,
    serves: Post | None = None,
    order: int = 0,
    key: str | None = None,
) -> Post:
    """Set up a chair in a unit. A secretary's names the leader's post it ``serves``."""
    hold(key)
    if key and (there := Post.objects.filter(key=key).first()):
        return there
    _may_edit(by, unit)
    _post_stands(duty, serves)
    if unit.until is not None:
        raise Refused(
            _("“%(name)s” was closed on %(day)s. Choose an open unit.")
            % {"name": unit.name, "day": unit.until.isoformat()},
            "unit",
        )
    title = rules.tidy(title) or _default_title(unit, duty, field)
    post = Post.objects.create(
        unit=unit, duty=duty, field=field, title=title, serves=serves, order=order, key=key
    )
    record(unit.ref, "post.create", by=by, post=post.pk, title=title, duty=duty.value)
    return post


def _post_stands(duty: Duty, serves: Post | None) -> None:
    if duty == Duty.SECRETARY and serves is None:
        raise Refused(_("Choose the leader's post this secretary serves."), "serves")
    if serves is not None and duty != Duty.SECRETARY:
        raise Refused(_("Only a secretary serves another post."), "serves")


def _default_title(unit: Unit, duty: Duty, field: Field | None) -> str:
    words = {"unit": unit.label, "duty": duty.label, "field": field.name if field else ""}
    if field:
        return (_("%(unit)s %(duty)s (%(field)s)") % words)[:80]
    return (_("%(unit)s %(duty)s") % words)[:80]


@transaction.atomic
def rename_post(post: Post, *, title: str, by: Actor) -> Post:
    """Give a chair another title."""
    _may_edit(by, post.unit)
    title = rules.tidy(title)
    stands(rules.is_name(title), "title")
    if title != post.title:
        record(post.unit.ref, "post.rename", by=by, old=post.title, new=title)
        Post.objects.filter(pk=post.pk).update(title=title)
        post.title = title
    return post


@transaction.atomic
def seat_person(
    *,
    post: Post,
    person: Person,
    since: dt.date,
    by: Actor,
    until: dt.date | None = None,
    key: str | None = None,
) -> Tenure:
    """Put somebody into a post from a day on; both days count."""
    hold(key)
    if key and (there := Tenure.objects.filter(key=key).first()):
        return there
    _may_edit(by, post.unit)
    require(rules.may_seat(themselves=by.id == person.pk))
    person = Person.objects.select_for_update().get(pk=person.pk)
    _seating_stands(post, person, since, until)
    tenure = Tenure.objects.create(post=post, person=person, since=since, until=until, key=key)
    queries.forget_powers(person)
    record(
        person.ref,
        "post.seat",
        by=by,
        post=post.pk,
        title=post.title,
        unit=post.unit.name,
        since=since.isoformat(),
        until=until.isoformat() if until else "",
    )
    return tenure


def _seating_stands(post: Post, person: Person, since: dt.date, until: dt.date | None) -> None:
    stands(rules.dates_stand(since, until), "until")
    present = rules.person_present_stands(
        name=person.name,
        entered=person.entered_on,
        left=person.left_on,
        active=person.is_active,
        day=since,
    )
    stands(present, "person")
    unit = post.unit
    open_unit = rules.unit_open_stands(
        name=unit.name, since=unit.since, until=unit.until, day=since
    )
    stands(open_unit, "since")
    others = post.tenures.filter(person=person).values_list("since", "until")
    stands(rules.tenure_stands(since, until, others), "person")
    held = {h.duty for h in queries.powers_of(person, since).holdings}
    stands(rules.duty_stands(Duty(post.duty), held), "person")


@transaction.atomic
def unseat_person(tenure: Tenure, *, until: dt.date, by: Actor) -> Tenure:
    """End somebody's time in a post; ``until`` is the last day. Only a running one ends."""
    tenure = Tenure.objects.select_related("post__unit", "person").get(pk=tenure.pk)
    _may_edit(by, tenure.post.unit)
    stands(rules.dates_stand(tenure.since, until), "until")
    rows = Tenure.objects.filter(pk=tenure.pk, until=tenure.until)
    if not rows.update(until=until):
        raise Stale(tenure.person.ref)
    tenure.until = until
    queries.forget_powers(tenure.person)
    record(
        tenure.person.ref,
        "post.unseat",
        by=by,
        post=tenure.post_id,
        title=tenure.post.title,
        unit=tenure.post.unit.name,
        until=until.isoformat(),
    )
    return tenure


@transaction.atomic
def appoint(
    *,
    person: Person,
    unit: Unit,
    duty: Duty,
    since: dt.date,
    by: Actor,
    title: str = "",
    field: Field | None = None,
    serves: Post | None = None,
    until: dt.date | None = None,
    key: str | None = None,
) -> Tenure:
    """Seat somebody in the vacant post of that duty in the unit; set one up where there is none."""
    hold(key)
    if key and (there := Tenure.objects.filter(key=key).first()):
        return there
    _may_edit(by, unit)
    title = rules.tidy(title)
    post = _vacant_post(unit, duty, field, title, since) or create_post(
        unit=unit, duty=duty, field=field, title=title, serves=serves, by=by
    )
    return seat_person(post=post, person=person, since=since, until=until, by=by, key=key)


def _vacant_post(
    unit: Unit, duty: Duty, field: Field | None, title: str, day: dt.date
) -> Post | None:
    if duty in {Duty.SECRETARY, Duty.MEMBER}:
        return None
    posts = Post.objects.filter(unit=unit, duty=duty, field=field)
    if title:
        posts = posts.filter(title=title)
    taken = Tenure.objects.exclude(until__lt=day).values("post")
    return posts.exclude(pk__in=taken).first()
