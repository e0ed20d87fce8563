"""Units: the directory everybody sees, and opening, changing, moving and closing them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.kit import clock
from luoshi.people import queries, rules
from luoshi.people.forms import entry
from luoshi.people.models import Field, Post, Unit, UnitKind
from luoshi.people.queries import trees
from luoshi.people.services import posts, units
from luoshi.people.views.pages import (
    form_of,
    form_page,
    may_edit,
    must_edit,
    person_of,
    story_for,
)

MOST_FOUND = 50


def _unit(pk: int) -> Unit:
    return get_object_or_404(Unit.objects.select_related("parent", "kind"), pk=pk)


def _page_of(unit: Unit) -> str:
    return reverse("people:unit", args=[unit.pk])


@login_required
@require_GET
def directory(request: HttpRequest, unit_id: int | None = None) -> HttpResponse:
    """The organisation: units at the left, the chosen one with its posts and people at the right.

    Without a unit: what the search found, or the person's own unit.
    """
    today, words = clock.today(), request.GET.get("q", "")[:60]
    unit = _unit(unit_id or person_of(request).main_unit_id)
    whole = "whole" in request.GET
    context: dict[str, Any] = {
        "unit": unit,
        "lines": trees.tree_lines(unit, today),
        "words": words,
        "today": today,
        "may_edit": may_edit(request, unit),
        "whole": whole,
    }
    if words:
        found = queries.with_posts(queries.people_found(words), today)
        context["found_people"] = queries.with_phones(found[:MOST_FOUND], person_of(request))
        context["found_units"] = queries.units_matching(words, MOST_FOUND)
    else:
        context |= _about(unit, whole=whole)
        context["story"] = story_for(request, unit.ref, unit)
        context["people"] = queries.with_phones(context["people"], person_of(request))
    return render(request, "people/directory.html", context)


def _about(unit: Unit, *, whole: bool) -> dict[str, Any]:
    """What the right side says of a unit."""
    today = clock.today()
    return {
        "posts": queries.posts_in(unit, today),
        "people": list(queries.people_in(unit, today, below_too=whole)[:501]),
        "leaders": queries.leaders_of(unit, today),
        "spells": queries.spells_of(unit),
        "aliases": list(unit.aliases.values_list("name", flat=True)),
    }


@login_required
@require_GET
def units_page(request: HttpRequest) -> HttpResponse:
    """All units in one table, for those who keep them; with what is missing."""
    must_edit(request, None)
    today, closed_too = clock.today(), "closed" in request.GET
    lines = trees.unit_lines(today, closed_too=closed_too)
    context = {
        "lines": lines,
        "headless": queries.empty_head_posts(today),
        "closed_too": closed_too,
        "may_create": may_edit(request, queries.root_unit()),
        "kinds": queries.unit_kinds(),
        "fields": queries.fields_known(),
        "today": today,
    }
    return render(request, "people/units.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Open a unit, below the one named in ``parent``."""
    parent = Unit.objects.filter(pk=_number(request.GET.get("parent"))).first()
    must_edit(request, parent)
    form = form_of(request, entry.UnitForm, parent=parent, since=entry.new_day())
    return form_page(
        request,
        form,
        units.create_unit,
        title=_("Open a unit"),
        button=_("Open it"),
        url=_page_of,
        said=_("The unit is open."),
        by=person_of(request).actor,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Rename, move or otherwise change a unit from a day on."""
    unit = _unit(unit_id)
    must_edit(request, unit)
    form = form_of(request, entry.UnitEditForm, **entry.unit_initial(unit))
    return form_page(
        request,
        form,
        units.edit_unit,
        title=_("Change “%(name)s”") % {"name": unit.name},
        button=_("Save"),
        url=_page_of(unit),
        said=_("The unit is changed."),
        row=unit,
        unit=unit,
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Close a unit that is empty."""
    unit = _unit(unit_id)
    must_edit(request, unit)
    verdict = rules.may_close_unit(
        is_root=unit.parent_id is None,
        until=unit.until,
        facts=queries.unit_facts(unit, clock.today()),
    )
    form = form_of(request, entry.CloseForm, rev=unit.rev, until=entry.new_day())
    return form_page(
        request,
        form,
        units.close_unit,
        title=_("Close “%(name)s”") % {"name": unit.name},
        button=_("Close the unit"),
        note=str(verdict.reason) or _("Nobody can be entered into it after this day."),
        url=_page_of(unit),
        said=_("The unit is closed."),
        row=unit,
        danger=True,
        unit=unit,
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Take the closing of a unit back."""
    unit = _unit(unit_id)
    must_edit(request, unit)
    return form_page(
        request,
        form_of(request, entry.ReopenForm, rev=unit.rev),
        units.reopen_unit,
        title=_("Open “%(name)s” again") % {"name": unit.name},
        button=_("Open it again"),
        note=_("The unit goes on as if it had not been closed."),
        url=_page_of(unit),
        said=_("The unit is open."),
        row=unit,
        unit=unit,
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def create_post(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Set up a post in a unit; who sits in it comes next."""
    unit = _unit(unit_id)
    must_edit(request, unit)
    return form_page(
        request,
        form_of(request, entry.PostForm),
        posts.create_post,
        title=_("Set up a post in “%(name)s”") % {"name": unit.name},
        button=_("Set up"),
        url=_page_of(unit),
        said=_("The post is set up."),
        unit=unit,
        by=person_of(request).actor,
    )


def _post(pk: int) -> Post:
    return get_object_or_404(Post.objects.select_related("unit", "field"), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def rename_post(request: HttpRequest, post_id: int) -> HttpResponse:
    """Give a post another title."""
    post = _post(post_id)
    must_edit(request, post.unit)
    return form_page(
        request,
        form_of(request, entry.PostTitleForm, title=post.title),
        posts.rename_post,
        title=_("Rename the post “%(name)s”") % {"name": post.title},
        button=_("Save"),
        url=_page_of(post.unit),
        said=_("The post is renamed."),
        post=post,
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def seat(request: HttpRequest, post_id: int) -> HttpResponse:
    """Put somebody into a post."""
    post = _post(post_id)
    must_edit(request, post.unit)
    return form_page(
        request,
        form_of(request, entry.SeatPersonForm, since=entry.new_day()),
        posts.seat_person,
        title=_("Put somebody into “%(name)s”") % {"name": post.title},
        button=_("Save"),
        url=_page_of(post.unit),
        said=_("The post is filled."),
        post=post,
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def create_kind(request: HttpRequest) -> HttpResponse:
    """Add a kind of unit."""
    must_edit(request, None)
    return form_page(
        request,
        form_of(request, entry.KindForm, order=UnitKind.objects.count() * 10 + 10),
        units.create_unit_kind,
        title=_("Add a kind of unit"),
        button=_("Add"),
        url=reverse("people:units"),
        said=_("The kind is added."),
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def create_field(request: HttpRequest) -> HttpResponse:
    """Add a field of responsibility."""
    must_edit(request, None)
    return form_page(
        request,
        form_of(request, entry.KindForm, order=Field.objects.count() * 10 + 10),
        units.create_field,
        title=_("Add a field of responsibility"),
        button=_("Add"),
        url=reverse("people:units"),
        said=_("The field is added."),
        by=person_of(request).actor,
    )
