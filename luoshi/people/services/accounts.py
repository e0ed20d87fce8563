"""Passwords, locks and switching accounts off (ORG-5)."""

import datetime as dt
import secrets
from dataclasses import dataclass
from functools import lru_cache

from axes.models import AccessFailureLog, AccessLog
from axes.utils import reset as forget_failures
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.hashers import FirstPasswordHasher
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.people import queries, rules
from luoshi.people.models import Person
from luoshi.people.roles import Power
from luoshi.trail.services import record

#: Letters and digits nobody mistakes for one another on paper.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
FIRST_LENGTH = 12


@dataclass(frozen=True)
class FirstPassword:
    """A first password: as it is told (empty where everybody knows it), and as it is stored.

    A ``lasting`` one need not be changed (demonstration).
    """

    told: str
    stored: str
    lasting: bool = False


def first_password() -> FirstPassword:
    """The institution-wide initial password, or a random one for this account alone.

    The random one is 59 bits of chance, so that a slow hash would protect nothing; that keeps an
    import of thousands quick. Both must be changed at the first log-in.
    """
    if settings.INITIAL_PASSWORD:
        return FirstPassword("", _hash_of(settings.INITIAL_PASSWORD))
    told = "".join(secrets.choice(_LETTERS) for _i in range(FIRST_LENGTH))
    return FirstPassword(told, make_password(told, hasher=FirstPasswordHasher.algorithm))


@lru_cache(maxsize=4)
def _hash_of(password: str) -> str:
    """The stored form of the institution-wide password; the same for all who still have it."""
    return make_password(password)


def _may_edit_account(person: Person, by: Actor) -> None:
    powers = queries.powers_of_actor(by)
    reaches = powers.over_unit(Power.EDIT_ACCOUNTS, queries.main_unit_path(person))
    require(rules.may_edit_accounts(reaches))


def _forget_failures(person: Person) -> None:
    """Lift every lock of the account, of one address or of all."""
    forget_failures(username=person.account)
    AccessFailureLog.objects.filter(username=person.account).delete()


@transaction.atomic
def forget_old_log_ins() -> int:
    """Drop wrong passwords older than a month and log-ins older than a year; how many."""
    now = clock.machine_now()
    failed = AccessFailureLog.objects.filter(attempt_time__lt=now - dt.timedelta(days=31))
    entered = AccessLog.objects.filter(attempt_time__lt=now - dt.timedelta(days=366))
    return int(failed.delete()[0]) + int(entered.delete()[0])


@transaction.atomic
def change_password(person: Person, *, old: str, new: str, by: Actor) -> None:
    """Change one's own password; the new one obeys the password rules and differs from the old."""
    if by.id != person.pk:
        raise NotAllowed(_("Everybody changes only their own password."))
    if not person.check_password(old):
        raise Refused(_("The present password is not right."), "old")
    if old == new:
        raise Refused(_("The new password is the same as the present one."), "new")
    try:
        validate_password(new, person)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "new") from error
    person.set_password(new)
    person.must_change_password = False
    Person.objects.filter(pk=person.pk).update(
        password=person.password, must_change_password=False, rev=F("rev") + 1
    )
    record(person.ref, "person.change_password", by=by)


@transaction.atomic
def set_password(person: Person, *, password: str, by: Actor) -> None:
    """Give a password that need not be changed (demonstration, first administrator)."""
    _may_edit_account(person, by)
    person.set_password(password)
    person.must_change_password = False
    Person.objects.filter(pk=person.pk).update(
        password=person.password, must_change_password=False, rev=F("rev") + 1
    )
    record(person.ref, "person.set_password", by=by)


@transaction.atomic
def reset_password(person: Person, *, by: Actor) -> str:
    """Set the first password again and lift a lock. Returns it if it is a random one, else ''."""
    _may_edit_account(person, by)
    first = first_password()
    Person.objects.filter(pk=person.pk).update(
        password=first.stored, must_change_password=True, rev=F("rev") + 1
    )
    person.password, person.must_change_password = first.stored, True
    _forget_failures(person)
    record(person.ref, "person.reset_password", by=by)
    return first.told


@transaction.atomic
def unlock_account(person: Person, *, by: Actor) -> None:
    """Lift the lock that five wrong passwords put on an account."""
    _may_edit_account(person, by)
    _forget_failures(person)
    record(person.ref, "person.unlock", by=by)


@transaction.atomic
def switch_account(person: Person, *, active: bool, by: Actor, rev: int) -> None:
    """Switch an account off or on again; nobody switches off their own."""
    _may_edit_account(person, by)
    if by.id == person.pk:
        raise NotAllowed(_("Nobody switches off their own account."))
    rows = Person.objects.filter(pk=person.pk, rev=rev)
    if not rows.update(is_active=active, rev=F("rev") + 1):
        raise Stale(person.ref)
    person.is_active, person.rev = active, rev + 1
    record(person.ref, "person.switch_on" if active else "person.switch_off", by=by)


@transaction.atomic
def note_log_in(person: Person) -> None:
    """Keep in the trail that somebody logged in."""
    record(person.ref, "person.log_in", by=person.actor)
