"""Views people keep of lists (TSK-6): their own, and those shared with their units."""

from django.db.models import Q, QuerySet
from django.urls import reverse

from luoshi.kit.tree import ancestors_in
from luoshi.people.kinds import pages
from luoshi.people.models import OpeningView, Person, SavedView, Unit
from luoshi.people.queries import powers_of, units_led_by
from luoshi.people.roles import LEADING, Power


def _places(person: Person) -> set[int]:
    """Units the person belongs to: the main unit, those of their posts, and all above these."""
    main = person.main_unit
    found = {main.pk, *ancestors_in(main.path or "")}
    for held in powers_of(person).holdings:
        found |= {held.unit_id, *ancestors_in(held.path)}
    return found


def _shared(person: Person) -> Q:
    """What is shared with a unit is open to everybody in it and below it, and to its leaders."""
    return Q(unit_id__in=_places(person))


def views_of(person: Person, page: str) -> QuerySet[SavedView]:
    """The person's own views of a page, by name."""
    return SavedView.objects.filter(person=person, page=page).select_related("unit")


def views_shared_with(person: Person, page: str) -> QuerySet[SavedView]:
    """Views of a page that others share with the person's units."""
    rows = SavedView.objects.filter(_shared(person), page=page).exclude(person=person)
    return rows.select_related("person", "unit")


def views_open_to(person: Person) -> QuerySet[SavedView]:
    """All views the person may open."""
    return SavedView.objects.filter(Q(person=person) | _shared(person))


def view_named(person: Person, page: str, pk: int | None) -> SavedView | None:
    """The view an address names, if it is one of this page and open to the person."""
    if not pk:
        return None
    return views_open_to(person).filter(page=page, pk=pk).select_related("person").first()


def opening_view(person: Person, page: str) -> SavedView | None:
    """The view with which a page opens for the person, as long as it is open to them."""
    chosen = OpeningView.objects.filter(person=person, page=page).values_list("view_id", flat=True)
    pk = chosen.first()
    return view_named(person, page, pk) if pk else None


def address_of(view: SavedView) -> str:
    """The address that shows a view."""
    start = reverse(pages()[view.page].url_name)
    return f"{start}?{view.query}{'&' if view.query else ''}saved={view.pk}"


def units_to_share_with(person: Person) -> list[Unit]:
    """Units the person may share a view with: the own, those above it, those they lead.

    The institution as a whole is for who leads it or looks after all its tasks.
    """
    main = person.main_unit
    led = {unit.pk for unit in units_led_by(person, duties=LEADING)}
    above = {*ancestors_in(main.path or ""), main.pk}
    units = Unit.objects.filter(pk__in=above | led).order_by("path")
    whole = any(len(path) <= 5 for path in powers_of(person).reach(Power.SEE))
    return [unit for unit in units if unit.parent_id is not None or whole or unit.pk in led]
