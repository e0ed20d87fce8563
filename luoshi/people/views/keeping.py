"""Favourites, drafts, and the lists pickers ask for."""

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit.htmx import wants_part
from luoshi.kit.verdict import Refused
from luoshi.people import queries
from luoshi.people.forms import numbers, text_of
from luoshi.people.services import keeping
from luoshi.people.views.pages import done, next_url, person_of

SHOWN = 12  # matches in a picker
MOST_KEYS = 200


@login_required
@require_POST
def favourite(request: HttpRequest) -> HttpResponse:
    """Star a page or take the star away."""
    person, url = person_of(request), request.POST.get("url", "")
    starred = keeping.toggle_favourite(person, url=url, title=request.POST.get("title", ""))
    if wants_part(request):
        return HttpResponse(status=204, headers={"HX-Trigger": "inbox-changed"})
    if request.headers.get("X-Requested-With") == "fetch":
        return JsonResponse({"starred": starred})
    said = (
        _("The page is among your services now.")
        if starred
        else _("The page is no longer among your services.")
    )
    return done(request, next_url(request, url), said)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """Keep what stands in a form (POST form, data), give it back (GET form), forget it (drop)."""
    person = person_of(request)
    if request.method == "GET":
        kept = queries.draft_for(person, request.GET.get("form", ""))
        return JsonResponse({"data": kept}) if kept else HttpResponse(status=204)
    form = request.POST.get("form", "")
    if "drop" in request.POST:
        keeping.drop_draft(person, form)
        return HttpResponse(status=204)
    data = _fields(request.POST.get("data", ""))
    saved = keeping.save_draft(person, form=form, data=data)
    return JsonResponse({"saved_at": timezone.localtime(saved).isoformat(timespec="seconds")})


def _fields(text: str) -> dict[str, list[str]]:
    """Name → values, out of the JSON a form sends about itself."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(_("The draft could not be read.")) from error
    if not isinstance(raw, dict):
        raise Refused(_("The draft could not be read."))
    return {
        _text(name): [_text(v) for v in (values if isinstance(values, list) else [values])]
        for name, values in raw.items()
    }


def _text(value: object) -> str:
    """A value as text; halves of characters, which JSON can name and no database keeps, go."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


@login_required
@require_GET
def pick(request: HttpRequest) -> HttpResponse:
    """People found by what is typed; those of the own unit first."""
    person, words = person_of(request), request.GET.get("q", "")[:60]
    near = queries.main_unit_path(person)
    people = (
        queries.people_by_ids(_keys(request))
        if "keys" in request.GET
        else queries.people_matching(words, SHOWN + 1, near=near)
    )
    options = [(p.pk, text_of(p), p.name, f"{p.main_unit.label} {p.staff_number}") for p in people]
    return _options(request, options, words)


@login_required
@require_GET
def pick_units(request: HttpRequest) -> HttpResponse:
    """Open units found by what is typed; the own unit and those below it first."""
    person, words = person_of(request), request.GET.get("q", "")[:60]
    near = queries.main_unit_path(person)
    units = (
        queries.units_by_ids(_keys(request))
        if "keys" in request.GET
        else queries.units_matching(words, SHOWN + 1, near=near)
    )
    options = [(u.pk, text_of(u), u.name, f"{u.kind} {u.code}") for u in units]
    return _options(request, options, words)


def _keys(request: HttpRequest) -> list[int]:
    """Keys of things chosen earlier, whose names a draft needs again."""
    return numbers(request.GET["keys"].split(","))[:MOST_KEYS]


def _options(
    request: HttpRequest, options: list[tuple[int, str, str, str]], words: str
) -> HttpResponse:
    most = MOST_KEYS if "keys" in request.GET else SHOWN
    context = {"options": options[:most], "more": len(options) > most, "words": words}
    return render(request, "people/_pick_options.html", context)
