"""年终材料: the year-end pack of a unit — asked for, watched, downloaded."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.once import key_of, new_key
from luoshi.kit.verdict import require
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.reports.queries import packs as queries
from luoshi.reports.rules.packs import is_stuck, may_pack
from luoshi.reports.services.packs import ask_for_pack


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _unit(request: HttpRequest, unit_id: int) -> Unit:
    """The unit, if this person sees all its tasks. Raises NotAllowed otherwise."""
    unit = get_object_or_404(Unit, pk=unit_id)
    require(may_pack(queries.reaches(_person(request), unit)))
    return unit


@login_required
@require_GET
def packs(request: HttpRequest) -> HttpResponse:
    """Units whose pack this person may have."""
    person, year = _person(request), chosen_year(request)
    require(may_pack(powers_of(person).has(Power.SEE)))
    words = request.GET.get("q", "").strip()[:60]
    lines = queries.pack_lines(person, year, clock.today(), words)
    context = {"year": year, "lines": lines, "words": words, "most": queries.MOST_UNITS}
    return respond(request, "reports/packs.html", "reports/_packs.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def pack(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The pack of a unit: what it holds and lacks; POST has it built."""
    unit, year = _unit(request, unit_id), chosen_year(request)
    if request.method == "POST":
        key = key_of(request.POST.get("key"))
        ask_for_pack(unit=unit, year=year, by=_person(request).actor, key=key)
        return redirect(f"{reverse('reports:pack', args=[unit.pk])}?year={year}")
    context = _work(unit, year) | {
        "overview": queries.overview_of(unit, year),
        "key": new_key(),
        "crumbs": [
            (_("Year-end material"), f"{reverse('reports:packs')}?year={year}"),
            (unit.name, None),
        ],
    }
    return respond(request, "reports/pack.html", "reports/_pack.html", context)


@login_required
@require_GET
def pack_progress(request: HttpRequest, unit_id: int) -> HttpResponse:
    """How far the pack has come; the page asks again and again while it is being built."""
    unit, year = _unit(request, unit_id), chosen_year(request)
    return respond(request, "reports/pack.html", "reports/_pack_work.html", _work(unit, year))


def _work(unit: Unit, year: int) -> dict[str, Any]:
    found = queries.pack_of(unit, year)
    return {
        "unit": unit,
        "year": year,
        "pack": found,
        "stuck": bool(found and is_stuck(found.state, found.beat, clock.now())),
        "newer": queries.newer_reports(found) if found and not found.is_under_way else 0,
        "overview": None,
        "key": new_key(),
        "crumbs": [],
    }
