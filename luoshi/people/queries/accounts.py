"""Accounts: who logs in by what, which are locked, and whom a demonstration offers."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.db.models import Count, Q

from luoshi.kit import clock
from luoshi.people import kinds, rules
from luoshi.people.models import Person, Tenure
from luoshi.people.queries import matching, people_present, sitting, tenures_on
from luoshi.people.roles import Duty


def person_by_account(typed: str, prefix: str) -> Person | None:
    """The person who logs in with what was typed: account or bare staff number, any case."""
    meant = rules.accounts_meant(typed, prefix)
    if not meant:
        return None
    where = Q(staff_number__iexact=meant[0])
    for account in meant:
        where |= Q(account__iexact=account)
    return Person.objects.filter(where).select_related("main_unit").order_by("pk").first()


@dataclass(frozen=True)
class Wait:
    """An account or an address that takes no attempt before ``until``."""

    until: dt.datetime
    whole_account: bool


def wait_for(account: str, address: str | None) -> Wait | None:
    """Whether too many wrong passwords were tried for this account, or from this address.

    An account is not shut to an address from which it was entered before; so nobody can be kept
    out of it for good.
    """
    if AccessLog.objects.filter(username=account, ip_address=address).exists():
        return None
    now = clock.machine_now()
    for brake, whole, tried in (
        (rules.OF_ACCOUNT, True, AccessFailureLog.objects.filter(username=account)),
        (rules.OF_ADDRESS, False, AccessFailureLog.objects.filter(ip_address=address)),
    ):
        recent = tried.filter(attempt_time__gt=now - brake.within).order_by("-attempt_time")
        times = list(recent.values_list("attempt_time", flat=True)[: brake.most])
        if until := rules.opens_at(times, brake, now):
            return Wait(until, whole)
    return None


def _shut_accounts() -> set[str]:
    """Accounts that too many wrong passwords from several addresses shut for a while."""
    since = clock.machine_now() - rules.OF_ACCOUNT.within
    tried = AccessFailureLog.objects.filter(attempt_time__gt=since).values("username")
    shut = tried.annotate(n=Count("pk")).filter(n__gte=rules.OF_ACCOUNT.most).order_by()
    return {name for name in shut.values_list("username", flat=True) if name}


MOST_ACCOUNTS = 200
STATES = ("locked", "first", "off")


@dataclass(frozen=True)
class AccountRow:
    """An account on the page of the security administrator."""

    person: Person
    locked: bool


def _locked_accounts() -> set[str]:
    """Accounts that too many wrong passwords locked, and whose lock has not run out."""
    since = clock.now() - dt.timedelta(hours=settings.AXES_COOLOFF_TIME)
    attempts = AccessAttempt.objects.filter(
        attempt_time__gte=since, failures_since_start__gte=settings.AXES_FAILURE_LIMIT
    )
    names = {name for name in attempts.values_list("username", flat=True) if name}
    return names | _shut_accounts()


def locked_account(account: str) -> bool:
    return account in _locked_accounts()


def accounts_listed(day: dt.date, *, words: str = "", state: str = "") -> list[AccountRow]:
    """Accounts searched for, or in a state: locked, first (password not changed yet), off."""
    locked = _locked_accounts()
    people = Person.objects.filter(Q(left_on=None) | Q(left_on__gte=day))
    if words:
        people = people.filter(matching(words))
    if state == "locked" or not (words or state):
        people = people.filter(account__in=locked)
    elif state == "first":
        people = people.filter(must_change_password=True, is_active=True)
    elif state == "off":
        people = people.filter(is_active=False)
    rows = people.select_related("main_unit").order_by("staff_number")[:MOST_ACCOUNTS]
    return [AccountRow(person, person.account in locked) for person in rows]


def account_figures(day: dt.date) -> dict[str, int]:
    """How many accounts there are, and in each state."""
    people = Person.objects.filter(Q(left_on=None) | Q(left_on__gte=day))
    figures: dict[str, int] = people.aggregate(
        all=Count("pk"),
        first=Count("pk", filter=Q(must_change_password=True, is_active=True)),
        off=Count("pk", filter=Q(is_active=False)),
    )
    return {**figures, "locked": people.filter(account__in=_locked_accounts()).count()}


# ── bodies ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Guest:
    """Somebody visitors may enter as, and in which role."""

    person: Person
    role: str


#: Roles offered on the log-in page of a demonstration, in this order.
DEMO_DUTIES = (
    Duty.GOAL_OFFICE,
    Duty.TOP_LEADER,
    Duty.IN_CHARGE,
    Duty.HEAD,
    Duty.SECTION_HEAD,
    Duty.SUPERVISION,
    Duty.SYSTEM_ADMIN,
    Duty.SECURITY_ADMIN,
    Duty.AUDIT_ADMIN,
)


def demo_people(day: dt.date | None = None) -> list[Guest]:
    """Whom a demonstration offers: those it named, otherwise one person for each role."""
    day = day or clock.today()
    named = kinds.guests()
    people = {p.staff_number: p for p in people_present(day).filter(staff_number__in=named)}
    chosen = [Guest(people[n], str(role)) for n, role in named.items() if n in people]
    return chosen or _one_for_each_role(day)


def _one_for_each_role(day: dt.date) -> list[Guest]:
    """One person for each role, nobody twice, and somebody without a post."""
    first: dict[str, list[Person]] = defaultdict(list)
    for tenure in tenures_on(day).filter(post__duty__in=DEMO_DUTIES):
        first[tenure.post.duty].append(tenure.person)
    shown: list[Guest] = []
    for duty in DEMO_DUTIES:
        known = {guest.person.pk for guest in shown}
        person = next((p for p in first[duty] if p.pk not in known), None)
        if person:
            shown.append(Guest(person, str(duty.label)))
    held = Tenure.objects.filter(sitting(day)).exclude(post__duty=Duty.MEMBER).values("person")
    teacher = people_present(day).exclude(pk__in=held).order_by("-main_unit__depth", "pk").first()
    if teacher:
        shown.append(Guest(teacher, str(Duty.MEMBER.label)))
    return shown
