"""How views answer: whole page for a browser, the part for htmx (ARCHITECTURE §12)."""

import json
from typing import Any, Protocol, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


class _Htmx(Protocol):
    boosted: bool

    def __bool__(self) -> bool: ...


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; boosted links count as a browser."""
    htmx = cast(_Htmx, getattr(request, "htmx", None))
    return bool(htmx) and not htmx.boosted


def respond(
    request: HttpRequest,
    page: str,
    partial: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render ``partial`` for htmx and ``page`` for everybody else."""
    response = render(request, partial if wants_part(request) else page, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def finish(request: HttpRequest, url: str, *events: str, said: str = "") -> HttpResponse:
    """Answer a successful write: events for htmx (204), a redirect for a browser.

    ``events`` are of the four that exist: task-changed, inbox-changed, toast, close-dialog.
    ``said`` is the sentence shown to the person.
    """
    if not wants_part(request):
        if said:
            messages.success(request, said)
        return HttpResponseRedirect(url)
    triggers: dict[str, Any] = dict.fromkeys(events, True)
    triggers.setdefault("close-dialog", True)
    if said:
        triggers["toast"] = said
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps(triggers)
    patch_vary_headers(response, ("HX-Request",))
    return response
