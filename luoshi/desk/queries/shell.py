"""What the frame of every page needs to know."""

from django.db.models import Max, Min

from luoshi.kit import clock
from luoshi.notices.queries import unread_count
from luoshi.people.models import Favourite, Person, Unit
from luoshi.tasks.models import Task


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


def is_favourite(person: Person, url: str) -> bool:
    return Favourite.objects.filter(person=person, url=url).exists()


def favourites(person: Person) -> list[Favourite]:
    return list(Favourite.objects.filter(person=person)[:40])


def unread(person: Person) -> int:
    return unread_count(person.pk)
