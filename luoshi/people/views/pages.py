"""What the views of this room share: who asks, who may, and one page for every form."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from luoshi.kit.htmx import respond, wants_part
from luoshi.kit.ref import split
from luoshi.kit.verdict import NotAllowed, Verdict
from luoshi.people import queries, rules
from luoshi.people.forms import HouseForm, RevForm
from luoshi.people.models import Person, Unit
from luoshi.people.roles import Power
from luoshi.trail.queries import Line, events_about

STORY = 40  # newest events shown on a page


def person_of(request: HttpRequest) -> Person:
    """Who asks; only for views behind `login_required`."""
    return cast(Person, request.user)


def may_edit(request: HttpRequest, unit: Unit | None) -> Verdict:
    """Whether the person may change this unit and its people (any unit, if none is given)."""
    powers = queries.powers_of(person_of(request))
    if unit is None:
        return rules.may_edit_unit(powers.has(Power.EDIT_PEOPLE))
    return rules.may_edit_unit(powers.over_unit(Power.EDIT_PEOPLE, unit.path))


def story_for(request: HttpRequest, ref: str, unit: Unit) -> list[Line]:
    """What is recorded about a unit or person, for those who keep them or read the trail."""
    reads = queries.powers_of(person_of(request)).has(Power.READ_TRAIL)
    if not (reads or may_edit(request, unit)):
        return []
    return events_about(*split(ref), limit=STORY)


def must(verdict: Verdict, power: Power) -> None:
    """Go on if the rule says yes; otherwise refuse; the page names who can."""
    if not verdict:
        raise NotAllowed(verdict.reason, power.value)


def must_edit(request: HttpRequest, unit: Unit | None) -> None:
    must(may_edit(request, unit), Power.EDIT_PEOPLE)


def form_page(
    request: HttpRequest,
    form: Any,
    act: Callable[..., Any],
    *,
    title: str,
    button: str,
    url: str | Callable[[Any], str],
    said: str,
    note: str = "",
    row: Any = None,
    danger: bool = False,
    **more: Any,
) -> HttpResponse:
    """Show a form, or do what it asks and go to ``url``. In a dialog and as a page alike."""
    if request.method == "POST" and form.carry_out(act, **more):
        there = url(form.done) if callable(url) else url
        return done(request, there, said)
    status = 200
    if form.errors:
        status = 422
    if isinstance(form, RevForm) and form.stale and row is not None:
        row.refresh_from_db(fields=["rev"])
        form.show_rev(row.rev)
        status = 409
    context = {
        "form": form,
        "title": title,
        "button": button,
        "note": note,
        "danger": danger,
        "back": url if isinstance(url, str) else reverse("people:directory"),
    }
    if wants_part(request) and status == 409:
        status = 422
    return respond(request, "people/form.html", "people/_form.html", context, status)


def form_of(request: HttpRequest, kind: type[HouseForm], /, **initial: Any) -> HouseForm:
    """The form filled from the request when it was sent, with its first values when not."""
    return kind(request.POST) if request.method == "POST" else kind(initial=initial)


def done(request: HttpRequest, url: str, said: str = "") -> HttpResponse:
    """After a write: say it and show the page anew, from a dialog too."""
    if said:
        messages.success(request, said)
    if wants_part(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


def next_url(request: HttpRequest, default: str = "/") -> str:
    """Where to go afterwards: ``next`` if it is a page of ours."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if ours else default
