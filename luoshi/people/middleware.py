"""Before any page: is the session fresh, is the first password changed, which language."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.htmx import wants_part
from luoshi.kit.verdict import Refused
from luoshi.people.models import Person
from luoshi.people.services.keeping import save_draft

Answer = Callable[[HttpRequest], HttpResponse]

SEEN = "seen"  # session key: seconds of the last work
SEEN_EVERY = 60  # seconds; the session is written no oftener
#: Requests a page makes by itself carry this header (or ``?poll=1``) and keep nobody logged in.
POLL = "X-Poll"
#: Pages that somebody who must change the first password may open.
OPEN_PAGES = ("people:password", "people:logout", "people:language")


class AccountMiddleware:
    """Ends idle sessions, asks for a new first password, sends htmx to the log-in page whole."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._before(request) or self.get_response(request)
        if answer.status_code == 302 and not request.user.is_authenticated and _is_login(answer):
            return to_login(request)
        return answer

    def _before(self, request: HttpRequest) -> HttpResponse | None:
        person = request.user
        if not isinstance(person, Person):
            return None
        if _idle(request):
            _keep_what_came(request, person)
            logout(request)
            messages.info(request, _idle_sentence())
            return None if request.path == resolve_url(settings.LOGIN_URL) else to_login(request)
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
    polled = POLL in request.headers or "poll" in request.GET
    if seen is None or (not polled and not 0 <= now - seen < SEEN_EVERY):
        request.session[SEEN] = now
    return False


def _keep_what_came(request: HttpRequest, person: Person) -> None:
    """Keep a form that arrived too late as a draft, to be restored after the next log-in."""
    if request.method != "POST" or request.path == reverse("people:draft"):
        return
    data = {name: values for name, values in request.POST.lists() if name}
    if not data:
        return
    try:
        save_draft(person, form=request.path, data=data)
    except Refused:
        return


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
    if wants_part(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=401)
    return HttpResponseRedirect(url)
