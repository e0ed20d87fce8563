"""One data set per module, and every request undone after it: hundreds of doors in seconds."""

import datetime as dt
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from luoshi.people.models import Person

DAY = dt.date(2026, 3, 10)


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: Any) -> Iterator[pytest.MonkeyPatch]:
    """The database for a whole module, and the day of its story; all of it is undone at the end."""
    from luoshi.kit import clock

    now = dt.datetime.combine(DAY, dt.time(2), dt.UTC)
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        yield patch
        transaction.set_rollback(True)


class Knocker:
    """Tries addresses as somebody; what the request wrote is taken back."""

    def __init__(self) -> None:
        self.clients: dict[int | None, Client] = {None: Client()}

    def client(self, person: Person | None) -> Client:
        key = person.pk if person else None
        if key not in self.clients:
            self.clients[key] = Client()
            self.clients[key].force_login(person)
        return self.clients[key]

    def __call__(
        self,
        person: Person | None,
        method: str,
        url: str,
        data: dict[str, Any] | None = None,
        after: Callable[[], None] = lambda: None,
        **headers: str,
    ) -> HttpResponse:
        client, point = self.client(person), transaction.savepoint()
        cookies = dict(client.cookies)
        cache.clear()
        try:
            answer = getattr(client, method.lower())(url, data or {}, headers=headers)
            after()
            return answer
        finally:
            transaction.savepoint_rollback(point)
            client.cookies.clear()
            client.cookies.update(cookies)


@pytest.fixture
def knock(once: pytest.MonkeyPatch) -> Knocker:
    return Knocker()


def people_of_all_duties(cast: SimpleNamespace, roles: list[str]) -> dict[str, Person]:
    """One person per role, each with a post for the whole institution."""
    from luoshi.people.roles import Duty
    from luoshi.people.tests.factories import make_person, seat
    from tests.permissions.table import STAFF, UPLOADERS

    found = {STAFF: cast.sun}
    for role in roles:
        if role == STAFF:
            continue
        unit = cast.office if role in UPLOADERS else cast.other
        found[role] = make_person(f"某{role}"[:20], unit)
        seat(found[role], cast.root, Duty(role))
    return found
