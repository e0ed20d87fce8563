"""Before any page: is the session fresh, is the first password changed, which language."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.address import address_of
from luoshi.kit.errors import told
from luoshi.kit.htmx import wants_part
from luoshi.kit.verdict import Refused
from luoshi.people.models import Person
from luoshi.people.services.keeping import SECRET, drop_draft, save_draft

Answer = Callable[[HttpRequest], HttpResponse]

SEEN = "seen"  # session key: seconds of the last work
SEEN_EVERY = 60  # seconds; the session is written no oftener
#: Requests a page makes by itself carry this header (or ``?poll=1``) and keep nobody logged in.
POLL = "X-Poll"
#: Cookie with the path of a form that arrived too late; site.js puts its content back.
LATE = "late"
#: Pages that somebody who must change the first password may open.
OPEN_PAGES = ("people:password", "people:logout", "people:language")


class NetworkMiddleware:
    """Serves pages only to the networks that are named, where any are (SYS-5; S0 三).

    ``/healthz`` answers everybody: it tells nothing about people or tasks.
    """

    def __init__(self, get_response: Answer) -> None:
        if not settings.NETWORKS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.networks = [ip_network(text, strict=False) for text in settings.NETWORKS]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz" or self._is_inside(address_of(request)):
            return self.get_response(request)
        said = _(
            "This system is open inside the institution's network only. From outside, connect "
            "through the VPN first."
        )
        return told(request, said, 403)

    def _is_inside(self, address: str | None) -> bool:
        try:
            place = ip_address(address or "")
        except ValueError:
            return False
        return any(place in network for network in self.networks)


class AccountMiddleware:
    """Ends idle sessions, asks for a new first password, sends htmx to the log-in page whole."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        early = self._before(request)
        if early is not None:
            return early
        answer = self.get_response(request)
        if answer.status_code == 302 and not request.user.is_authenticated and _is_login(answer):
            return to_login(request)
        _forget_draft(request, answer)
        _keep_to_the_reader(request, answer)
        return answer

    def _before(self, request: HttpRequest) -> HttpResponse | None:
        person = request.user
        if not isinstance(person, Person):
            return None
        if _idle(request):
            # What a page asks by itself ends nothing, so that what is sent next can still be kept.
            return to_login(request) if _by_itself(request) else _log_out(request, person)
        if person.must_change_password and not _may_open(request.path):
            return go(request, f"{reverse('people:password')}?{_next(request)}")
        return None


def _idle_sentence() -> str:
    return _(
        "You were logged out after %(minutes)s minutes without work. Your drafts are kept."
    ) % {"minutes": settings.IDLE_MINUTES}


def _idle(request: HttpRequest) -> bool:
    """Whether the session lay idle too long; notes that it is in use otherwise."""
    now = clock.now().timestamp()
    seen = request.session.get(SEEN)
    if seen is not None and now - seen > settings.IDLE_MINUTES * 60:
        return True
    if seen is None or (not _polled(request) and not 0 <= now - seen < SEEN_EVERY):
        request.session[SEEN] = now
    return False


def _polled(request: HttpRequest) -> bool:
    return POLL in request.headers or "poll" in request.GET


def _fetched(request: HttpRequest) -> bool:
    """Whether a script of ours asks for data: pickers, drafts."""
    return request.headers.get("X-Requested-With") == "fetch"


def _by_itself(request: HttpRequest) -> bool:
    return _polled(request) or _fetched(request)


def _log_out(request: HttpRequest, person: Person) -> HttpResponse | None:
    """End the session; what was sent too late waits for the next log-in."""
    kept = _keep_what_came(request, person)
    logout(request)
    messages.info(request, _idle_sentence())
    if request.path == resolve_url(settings.LOGIN_URL):
        return None
    response = to_login(request)
    if kept:
        response.set_cookie(LATE, quote(request.path, safe=""), max_age=24 * 3600, samesite="Lax")
    return response


def _keep_what_came(request: HttpRequest, person: Person) -> bool:
    """Keep a form that arrived too late as a draft. Whether there was one."""
    own = {reverse(name) for name in ("people:draft", "people:logout", "people:login")}
    if request.method != "POST" or request.path in own:
        return False
    data = {name: values for name, values in request.POST.lists() if name not in SECRET}
    if not data:
        return False
    try:
        save_draft(person, form=request.path, data=data)
    except Refused:
        return False
    return True


def _forget_draft(request: HttpRequest, answer: HttpResponse) -> None:
    """A form that was taken needs its draft no more; site.js names it in ``draft_of``."""
    if request.method != "POST" or answer.status_code not in {204, 302}:
        return
    form = "" if request.path == reverse("people:draft") else request.POST.get("draft_of", "")
    if form and isinstance(request.user, Person):
        drop_draft(request.user, form)


def _keep_to_the_reader(request: HttpRequest, answer: HttpResponse) -> None:
    """Pages of somebody logged in are stored nowhere; what says itself how to keep it, keeps that.

    The back button then asks again: after a log-out nothing is left to be seen. What was typed in
    a long form comes back from its draft.
    """
    if request.user.is_authenticated and not answer.has_header("Cache-Control"):
        answer["Cache-Control"] = "private, no-store"


def _may_open(path: str) -> bool:
    quick = (settings.STATIC_URL, "/healthz")
    return path in {reverse(name) for name in OPEN_PAGES} or path.startswith(quick)


def _is_login(answer: HttpResponse) -> bool:
    """Whether a page sends somebody unknown to the log-in page, to come back afterwards."""
    place = urlsplit(answer.headers.get("Location", ""))
    return place.path == resolve_url(settings.LOGIN_URL) and place.query.startswith("next=")


def _next(request: HttpRequest) -> str:
    """``next=`` for the page the person is on: not the address of a part or of a form's target."""
    place = request.get_full_path()
    if wants_part(request):
        place = request.headers.get("HX-Current-URL", "")
    elif request.method not in {"GET", "HEAD"}:
        place = request.headers.get("Referer", "") or place
    ours = url_has_allowed_host_and_scheme(place, allowed_hosts={request.get_host()})
    parts = urlsplit(place)
    here = parts._replace(scheme="", netloc="", fragment="").geturl() if ours else "/"
    return urlencode({"next": here or "/"})


def to_login(request: HttpRequest) -> HttpResponse:
    """To the log-in page, and back afterwards."""
    return go(request, f"{resolve_url(settings.LOGIN_URL)}?{_next(request)}")


def go(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect of the whole page, for htmx too; for a script that asks for data, a plain 401."""
    if _fetched(request):
        return HttpResponse(status=401)
    if wants_part(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)
