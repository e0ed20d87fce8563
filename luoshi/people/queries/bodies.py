"""Bodies that decide: members, meetings, decisions."""

import datetime as dt

from django.db.models import Count, Q, QuerySet

from luoshi.kit import clock
from luoshi.people.models import Body, Meeting, Person, Seat
from luoshi.people.queries import sitting


def bodies(day: dt.date | None = None) -> QuerySet[Body]:
    """Bodies with their office and how many meetings they held."""
    return Body.objects.select_related("office").annotate(meeting_count=Count("meetings"))


def seats_of(body: Body, day: dt.date) -> QuerySet[Seat]:
    """Members of a body on a day."""
    return body.seats.filter(sitting(day)).select_related("person__main_unit", "unit")


def past_seats_of(body: Body, day: dt.date) -> QuerySet[Seat]:
    """Members whose time is over, or has not begun."""
    return body.seats.exclude(sitting(day)).select_related("person__main_unit", "unit")


def meetings_of(body: Body) -> QuerySet[Meeting]:
    """Meetings of a body, newest first, with their decisions."""
    return body.meetings.prefetch_related("decisions")


def sits_in(person: Person, body: Body, day: dt.date | None = None) -> bool:
    """Whether a person is a member, themselves or through their office."""
    return (
        seats_of(body, day or clock.today())
        .filter(Q(person=person) | Q(unit=person.main_unit_id))
        .exists()
    )


# ── what a person keeps ────────────────────────────────────────────────────────────────────
