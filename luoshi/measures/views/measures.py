"""Measures: lists, one version, editing it, a new version, two versions side by side."""

import datetime as dt
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import key_of, new_key
from luoshi.kit.typed import whole
from luoshi.kit.verdict import Refused, Stale, first_denied, require
from luoshi.measures import queries, services
from luoshi.measures.forms import MeasureSheet, VersionForm
from luoshi.measures.kinds import sections
from luoshi.measures.models import Measure
from luoshi.measures.rules.books import HEAD_KEYS, MeasureText
from luoshi.people.models import Person


def actor_of(request: HttpRequest) -> Actor:
    """The person at the keyboard, acting."""
    return cast(Person, request.user).actor


def rev_of(request: HttpRequest) -> int:
    """The state of the row the form was made from; nonsense is the state of no row."""
    rev = whole(request.POST.get("rev"))
    return -1 if rev is None else rev


def crumbs_of(measure: Measure, *more: str) -> list[tuple[str, str | None]]:
    """Where a page of a measure stands."""
    crumbs: list[tuple[str, str | None]] = [(_("Measures"), reverse("measures:index"))]
    crumbs.append((measure.name, reverse("measures:page", args=[measure.pk]) if more else None))
    return [*crumbs, *((label, None) for label in more)]


def tabs_of(measure: Measure, here: str) -> list[dict[str, Any]]:
    """The three ways to read a version."""
    labels = {"page": _("Settings"), "explain": _("In plain words"), "compare": _("Versions")}
    return [
        {
            "url": reverse(f"measures:{name}", args=[measure.pk]),
            "label": label,
            "active": name == here,
            "count": None,
        }
        for name, label in labels.items()
    ]


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Programmes with their categories, and all versions of all measures."""
    context = {
        "programmes": queries.programmes_listed(),
        "measures": queries.measures_listed(),
        "may_edit": queries.may_edit(actor_of(request)),
    }
    return render(request, "measures/index.html", context)


@login_required
@require_GET
def page(request: HttpRequest, measure_id: int) -> HttpResponse:
    """Everything a version says, section by section, with its sources."""
    measure = get_object_or_404(Measure, pk=measure_id)
    may_edit = queries.may_edit(actor_of(request))
    context = {
        "measure": measure,
        "groups": queries.groups(queries.text_of(measure), queries.known_things()),
        "categories": queries.categories_pointing_at([measure]),
        "may_edit": may_edit,
        "may_change": first_denied([may_edit, queries.may_change(measure)]),
        "may_remove": first_denied([may_edit, queries.may_remove(measure)]),
        "crumbs": crumbs_of(measure),
        "tabs": tabs_of(measure, "page"),
    }
    return render(request, "measures/page.html", context)


def _blank() -> MeasureText:
    head = {key.name: None if key.required else key.fallback() for key in HEAD_KEYS}
    return MeasureText(head, {section.name: section.empty() for section in sections()})


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Write a new measure."""
    require(queries.may_edit(actor_of(request)))
    sheet = MeasureSheet(request.POST or None, _blank(), fixed=False)
    key = key_of(request.POST.get("key")) or new_key()
    if request.method == "POST" and sheet.is_valid():
        try:
            measure = services.create_measure(
                text=sheet.measure_text(), by=actor_of(request), key=key
            )
        except Refused as refused:
            sheet.head.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("The measure is written down."))
            return HttpResponseRedirect(reverse("measures:page", args=[measure.pk]))
    key = key_of(request.POST.get("key")) or new_key()  # a fresh one after SentBefore
    context = {"sheet": sheet, "key": key, "title": _("New measure")}
    return render(request, "measures/edit.html", context, status=_status(request))


#: What was typed stays on the page; the next save goes on from the row as it is.
_SOMEBODY_WAS_FASTER = gettext_lazy(
    "Somebody else changed this meanwhile. Nothing of yours is saved yet: compare "
    "what stands here with the page, then save again."
)


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, measure_id: int) -> HttpResponse:
    """Change a version that no task was issued under yet."""
    measure = get_object_or_404(Measure, pk=measure_id)
    by = actor_of(request)
    require(first_denied([queries.may_edit(by), queries.may_change(measure)]))
    sheet = MeasureSheet(request.POST or None, queries.text_of(measure), fixed=True)
    status, rev = _status(request), request.POST.get("rev", str(measure.rev))
    if request.method == "POST" and sheet.is_valid():
        try:
            changed = services.edit_measure(
                measure=measure, rev=rev_of(request), text=sheet.measure_text(), by=by
            )
        except Refused as refused:
            sheet.head.add_error(None, str(refused))
        except Stale:
            status, rev = 409, str(Measure.objects.get(pk=measure.pk).rev)
            sheet.head.add_error(None, _SOMEBODY_WAS_FASTER)
        else:
            said = _("Saved.") if changed else _("Nothing was changed.")
            messages.success(request, said)
            return HttpResponseRedirect(reverse("measures:page", args=[measure.pk]))
    context = {
        "measure": measure,
        "sheet": sheet,
        "rev": rev,
        "title": _("Edit “%(name)s”") % {"name": measure.name},
        "crumbs": crumbs_of(measure, _("Edit")),
    }
    return render(request, "measures/edit.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def new_version(request: HttpRequest, measure_id: int) -> HttpResponse:
    """Copy a version into a later one, and let categories follow it."""
    measure = get_object_or_404(Measure, pk=measure_id)
    by = actor_of(request)
    require(queries.may_edit(by))
    year = max(clock.today().year, measure.since.year) + 1
    initial = {
        "name": measure.name,
        "since": dt.date(year, 1, 1),
        "categories": list(queries.categories_pointing_at([measure])),
        "key": new_key(),
    }
    form = VersionForm(request.POST or None, initial=initial, measure=measure)
    if form.is_valid():
        try:
            new = services.new_version(measure=measure, by=by, **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("The new version says the same so far; change it now."))
            return HttpResponseRedirect(reverse("measures:edit", args=[new.pk]))
    context = {
        "measure": measure,
        "form": form,
        "crumbs": crumbs_of(measure, _("New version")),
    }
    return render(request, "measures/new_version.html", context, status=_status(request))


@login_required
@require_POST
def remove(request: HttpRequest, measure_id: int) -> HttpResponse:
    """Take back a version that nothing follows."""
    measure = get_object_or_404(Measure, pk=measure_id)
    services.remove_measure(measure=measure, by=actor_of(request))
    messages.success(request, _("The version is removed."))
    return HttpResponseRedirect(reverse("measures:index"))


@login_required
@require_GET
def compare(request: HttpRequest, measure_id: int) -> HttpResponse:
    """What this version says differently from another of the same code."""
    measure = get_object_or_404(Measure, pk=measure_id)
    versions = list(queries.versions_of(measure))
    others = [other for other in versions if other.pk != measure.pk]
    wanted = request.GET.get("with", "")
    earlier = [other for other in others if other.since < measure.since]
    other = next((o for o in others if str(o.pk) == wanted), None) or next(
        iter(earlier or others), None
    )
    context = {
        "measure": measure,
        "versions": versions,
        "others": others,
        "other": other,
        "crumbs": crumbs_of(measure, _("Versions")),
        "tabs": tabs_of(measure, "compare"),
        "differences": _between(other, measure) if other else [],
        "older_first": other is None or other.since < measure.since,
    }
    return render(request, "measures/compare.html", context)


def _between(other: Measure, measure: Measure) -> list[queries.Difference]:
    return queries.differences(
        queries.text_of(other), queries.text_of(measure), queries.known_things()
    )
