"""How a no reaches the reader: a page for a browser, one plain sentence for htmx.

NotAllowed → 403    Refused → 422    Stale → 409    anything else → 500
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from luoshi.kit import gate
from luoshi.kit.htmx import wants_part
from luoshi.kit.verdict import NotAllowed, Refused, Stale

Answer = Callable[[HttpRequest], HttpResponse]


class SentenceMiddleware:
    """Turns what a service refuses into an answer a person can read."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.method in {"GET", "HEAD"}:
            return told(
                request,
                _("There is nothing to see here; this address only takes what a form sends."),
                405,
            )
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refused):
            return told(request, str(error), 422)
        if isinstance(error, Stale):
            return told(request, str(error), 409)
        if isinstance(error, NotAllowed):
            return refused(request, error)
        return None


def _sentence(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def told(request: HttpRequest, reason: str, status: int, **more: Any) -> HttpResponse:
    """The sentence alone for htmx, the error page for a browser."""
    if wants_part(request):
        return _sentence(reason, status)
    context = {"reason": reason, "back": _page_before(request), **more}
    html = render_to_string(f"errors/{status}.html", context, request=request)
    return HttpResponse(html, status=status)


def _page_before(request: HttpRequest) -> str:
    """The page of ours the reader came from; home if it is not known."""
    before = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(before, allowed_hosts={request.get_host()})
    return before if ours and before else "/"


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403: no power to enter, or a sentence of a rule."""
    if isinstance(exception, PermissionDenied) and str(exception):
        return refused(request, exception)
    return refused(request, PermissionDenied(_("This page is not open to you.")))


def refused(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """403 with the people who can do it, or who know who can; htmx names them in the sentence."""
    power = getattr(error, "power", "")
    if not wants_part(request):
        return told(request, str(error), 403, helpers=gate.helpers(power), holders=bool(power))
    names = "、".join(str(person) for person in gate.helpers(power)) if power else ""
    if not names:
        return told(request, str(error), 403)
    said = _("%(reason)s You can ask %(names)s.") % {"reason": error, "names": names}
    return told(request, said, 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: mostly a form that stood open over a new log-in."""
    text = _("This page was open too long, or you logged in again. Reload it and send once more.")
    return told(request, text, 403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: nothing here, or nothing here for you; the two look alike on purpose."""
    text = _("There is nothing at this address, or it is not open to you.")
    if isinstance(exception, Http404) and exception.args and _is_sentence(exception.args[0]):
        text = str(exception.args[0])
    return told(request, text, 404)


def _is_sentence(word: Any) -> bool:
    """Whether a 404 carries words of ours rather than Django's own (a resolver's dict, a model)."""
    return isinstance(word, str) and not word.startswith("No ") and word.endswith(("。", "."))


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: a name we are not called by, or a request nobody can read.

    In both languages and without the shell: neither name nor person of the reader is known.
    """
    host = isinstance(exception, DisallowedHost)
    if request.headers.get("HX-Request") and not host:
        return _sentence(_("This could not be read; nothing was saved. Try again."), 400)
    return HttpResponse(render_to_string("errors/400.html", {"host": host}), status=400)


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: needs neither the database nor the person."""
    text = _("Something went wrong on our side. Nothing was saved; try again.")
    if request.headers.get("HX-Request"):
        return _sentence(text, 500)
    try:
        page = str(render_to_string("errors/500.html"))
    except Exception:  # noqa: BLE001 — the page that says something is broken must not break
        page = f'<!doctype html><meta charset="utf-8"><title>{text}</title><p>{text}</p>'
    return HttpResponse(page, status=500)
