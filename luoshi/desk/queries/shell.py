"""What the frame of every page needs to know."""

from typing import Any, NamedTuple

from django.db.models import Max, Min, QuerySet

from luoshi.kit import clock
from luoshi.kit.statements import statement
from luoshi.people.models import Favourite, Person, Unit
from luoshi.tasks.models import Task

MOST_FAVOURITES = 40


def institution_name() -> str:
    """Name of the institution: the root of the units."""
    name = Unit.objects.filter(parent=None).order_by("pk").values_list("name", flat=True).first()
    return name or ""


def years() -> list[int]:
    """Years from the first task to the last, the present and the next one included."""
    present = clock.today().year
    ends = Task.objects.aggregate(first=Min("year"), last=Max("year"))
    first = min(ends["first"] or present, present)
    return list(range(max(first, present - 10), max(ends["last"] or present, present) + 1))


@statement
def _starred(person: Any, url: Any) -> QuerySet[Favourite, Any]:
    return Favourite.objects.filter(person_id=person, url=url).order_by().values_list("pk")


def is_favourite(person: Person, url: str) -> bool:
    return bool(_starred(person=person.pk, url=url))


class Starred(NamedTuple):
    """A page the person starred."""

    url: str
    title: str


@statement
def _favourites(person: Any) -> QuerySet[Favourite, Any]:
    return Favourite.objects.filter(person_id=person).values_list("url", "title")[:MOST_FAVOURITES]


def favourites(person: Person) -> list[Starred]:
    """Pages the person starred, in their order."""
    return [Starred(*row) for row in _favourites(person=person.pk)]
