"""Views of lists: kept under a name, replaced, shared with a unit, chosen to open a page (TSK-6).

Only sharing concerns others; that is what the trail keeps.
"""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require, stands
from luoshi.people import rules
from luoshi.people.kinds import pages
from luoshi.people.models import OpeningView, Person, SavedView, Unit
from luoshi.people.queries import viewing
from luoshi.trail.services import record

MOST_VIEWS = 60


@transaction.atomic
def save_view(
    person: Person, *, page: str, name: str, query: str, key: str | None = None
) -> SavedView:
    """Keep the filters of a page under a name. Raises Refused for a name used already."""
    hold(key)
    if key and (there := SavedView.objects.filter(key=key, person=person).first()):
        return there
    if page not in pages():
        raise Refused(_("Views of this page cannot be kept."))
    if person.views.count() >= MOST_VIEWS:
        raise Refused(
            _("You keep %(count)s views; delete one first.") % {"count": MOST_VIEWS}, "name"
        )
    name = _name(person, page, name)
    return SavedView.objects.create(
        person=person,
        page=page,
        name=name,
        query=_query(page, query),
        created_at=clock.now(),
        key=key,
    )


def _name(person: Person, page: str, name: str, but: int = 0) -> str:
    """The name as it is kept. Raises Refused if it is none, or another view's."""
    name = rules.tidy(name)[:40]
    stands(rules.is_name(name), "name")
    others = SavedView.objects.filter(person=person, page=page, name=name).exclude(pk=but)
    if others.exists():
        raise Refused(
            _("You have a view of this name already. Choose another name, or replace that view."),
            "name",
        )
    return name


def _query(page: str, query: str) -> str:
    cleaned = rules.view_query(query, pages()[page].params)
    stands(rules.query_stands(cleaned))
    return cleaned


def _changed(view: SavedView, rev: int, **columns: object) -> None:
    """Write where nobody wrote since the form was shown. Raises Stale otherwise."""
    rows = SavedView.objects.filter(pk=view.pk, rev=rev)
    if not rows.update(rev=F("rev") + 1, **columns):
        raise Stale(view.ref)


@transaction.atomic
def edit_view(view: SavedView, *, name: str, unit: Unit | None, rev: int, by: Actor) -> None:
    """Rename a view, and share it with a unit or with nobody (``unit`` None)."""
    require(rules.may_change_view(own=view.person_id == by.id))
    name = _name(view.person, view.page, name, view.pk)
    if unit is not None and unit.pk != view.unit_id:
        theirs = unit.pk in {one.pk for one in viewing.units_to_share_with(view.person)}
        require(rules.may_share_view(theirs=theirs))
    _changed(view, rev, name=name, unit=unit)
    _tell(view, name, unit, by)


def _tell(view: SavedView, name: str, unit: Unit | None, by: Actor) -> None:
    """Sharing and taking back go into the trail."""
    if unit is None and view.unit_id is not None:
        record(view.ref, "view.withdraw", by=by, name=name, unit=view.unit_id)
    if unit is not None and unit.pk != view.unit_id:
        record(view.ref, "view.share", by=by, name=name, unit=unit.pk, page=view.page)


@transaction.atomic
def replace_view(view: SavedView, *, query: str, rev: int, by: Actor) -> None:
    """Let a view say from now on what the page shows."""
    require(rules.may_change_view(own=view.person_id == by.id))
    _changed(view, rev, query=_query(view.page, query))


@transaction.atomic
def delete_view(view: SavedView, *, by: Actor) -> None:
    """Forget a view; who opened a page with it opens the page as it is."""
    require(rules.may_change_view(own=view.person_id == by.id))
    if view.unit_id is not None:
        record(view.ref, "view.withdraw", by=by, name=view.name, unit=view.unit_id)
    SavedView.objects.filter(pk=view.pk).delete()


@transaction.atomic
def open_with(person: Person, *, page: str, view: SavedView | None) -> None:
    """Open a page with this view from now on, or as it is (None)."""
    hold(f"opening/{person.pk}")
    OpeningView.objects.filter(person=person, page=page).delete()
    if view is not None:
        if not viewing.view_named(person, page, view.pk):
            raise Refused(_("This view is not open to you any more."))
        OpeningView.objects.create(person=person, page=page, view=view)
