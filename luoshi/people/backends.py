"""Who may log in: people who are there, by account and password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from luoshi.kit import clock
from luoshi.kit.statements import statement
from luoshi.people.models import Person
from luoshi.people.queries import accounts as account_queries


@statement
def _with_unit(pk: Any) -> QuerySet[Person]:
    return Person.objects.filter(pk=pk).select_related("main_unit")


class PresentPeopleBackend(ModelBackend):
    """Account or bare staff number, any case; not for those who left or are switched off."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Person | None:
        person = account_queries.person_by_account(username or "", settings.ACCOUNT_PREFIX)
        if person is None:
            Person().set_password(password)  # as long as a wrong password takes
            return None
        if person.check_password(password or "") and self.user_can_authenticate(person):
            return person
        return None

    def user_can_authenticate(self, user: AbstractBaseUser | Any) -> bool:
        return isinstance(user, Person) and user.present_on(clock.today())

    def get_user(self, user_id: int) -> Person | None:
        person: Person | None = next(iter(_with_unit.instances(pk=user_id)), None)
        return person if person and self.user_can_authenticate(person) else None


def answer_unchanged(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What django-axes answers when an account is locked: the log-in page, which says so itself."""
    return response if response is not None else HttpResponse(status=429)
