"""The beginning of an installation: the institution, and who administers it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.kit.verdict import Refused
from luoshi.people import queries
from luoshi.people.models import Person, Unit
from luoshi.people.roles import Duty
from luoshi.people.services import persons, posts, units
from luoshi.people.services.accounts import first_password


@transaction.atomic
def first_administrator(
    *, duty: Duty, number: str, name: str, institution: str = ""
) -> tuple[Person, str | None]:
    """Enter an administrator of the whole institution; somebody known only gets the post.

    Returns the person and the first password: '' where everybody knows it, None where the person
    was known and logs in as before.
    Without any unit the institution itself is opened by the name ``institution``.
    """
    root = queries.root_unit() or _institution(institution)
    person = Person.objects.filter(staff_number__iexact=number).first()
    told: str | None = None
    today = clock.today()
    if person is None:
        first = first_password()
        told = first.told
        person = persons.enter_person(
            staff_number=number,
            name=name,
            main_unit=root,
            entered_on=max(today, root.since),
            first=first,
            by=SYSTEM,
        )
    elif queries.powers_of(person).holds(duty, root.pk):
        raise Refused(_("%(name)s holds this post already.") % {"name": person.name})
    posts.appoint(person=person, unit=root, duty=duty, since=max(today, root.since), by=SYSTEM)
    return person, told


def _institution(name: str) -> Unit:
    if not name:
        raise Refused(_("No institution is entered yet. Give its name with --institution."))
    kind = units.create_unit_kind(code="institution", name=_("institution"), by=SYSTEM)
    since = dt.date(clock.today().year, 1, 1)
    return units.create_unit(name=name, code="00", kind=kind, parent=None, since=since, by=SYSTEM)
