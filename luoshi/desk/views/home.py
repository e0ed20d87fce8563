"""工作台, what the frame fetches, and the way from a reference to its page."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from luoshi.desk import refs
from luoshi.desk.context import COUNTS_KEPT, counts_key
from luoshi.desk.queries import home as queries
from luoshi.desk.queries import owed as owing
from luoshi.desk.queries import shell
from luoshi.desk.queries.figures import figures
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.typed import whole
from luoshi.kit.year import KEY, chosen_year
from luoshi.people.models import Person


@login_required
@never_cache
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    person = cast(Person, request.user)
    today = clock.today()
    work = queries.work_list(person, today)
    _keep_counts(person, work)
    context = {
        "work": work,
        "today": today,
        "figures": figures(person, chosen_year(request), today),
        "coming": [] if work.groups else queries.coming(person, today),
        "favourites": shell.favourites(person),
    }
    return respond(request, "desk/home.html", "desk/_work.html", context)


def _keep_counts(person: Person, work: queries.WorkList) -> None:
    """Keep what the frame counts."""
    counts = {"work": work.count, "unread": work.unread, "month": work.month}
    cache.set(counts_key(person.pk), counts, COUNTS_KEPT)


@login_required
@never_cache
@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """The counts of menu and bell: one fragment per person, kept for 30 s (ARCHITECTURE §19.17)."""
    person = cast(Person, request.user)
    if cache.get(counts_key(person.pk)) is None:
        work = queries.work_list(person, clock.today())
        _keep_counts(person, work)
    return render(request, "desk/_counts.html", {"oob": True})


@login_required
@require_GET
def owed(request: HttpRequest) -> HttpResponse:
    """Reports owed: one's own, those of the units one leads, and for the office everybody's."""
    person, today = cast(Person, request.user), clock.today()
    scopes = owing.scopes(person)
    asked = request.GET.get("scope", "")
    scope = asked if asked in scopes else "mine"
    context = {
        "owed": owing.owed(person, scope, today),
        "scope": scope,
        "today": today,
        "tabs": _owed_tabs(scopes, scope) if len(scopes) > 1 else [],
    }
    return respond(request, "desk/owed.html", "desk/_owed.html", context)


def _owed_tabs(scopes: list[str], scope: str) -> list[dict[str, Any]]:
    labels = {"mine": _("My own"), "led": _("Of the units I lead"), "all": _("Whole institution")}
    return [
        {"url": f"?scope={name}", "label": labels[name], "active": name == scope, "count": None}
        for name in scopes
    ]


@login_required
@require_GET
def go(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Lead from a reference to its page; what one may not see is not there."""
    url = refs.resolve(f"{kind}/{pk}", cast(Person, request.user))
    if url is None:
        raise Http404(_("There is nothing at this address, or it is not open to you."))
    return HttpResponseRedirect(url)


@login_required
@require_POST
def year(request: HttpRequest) -> HttpResponse:
    """Keep the chosen year in the session and come back."""
    chosen = whole(request.POST.get("year"))
    if chosen is not None and 1990 <= chosen <= 2100:
        request.session[KEY] = chosen
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    return HttpResponseRedirect(_without_year(target))


def _without_year(target: str) -> str:
    """The address without its own ``year``, which would win over the choice."""
    path, mark, query = target.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("year=")]
    return path + (mark + "&".join(kept) if kept else "")
