"""Logging in and out, one's own password, account page, language."""

import datetime as dt
import unicodedata
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render, resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock
from luoshi.kit.address import address_of
from luoshi.kit.typed import whole
from luoshi.people import queries, rules
from luoshi.people.forms.entry import LoginForm, PasswordForm
from luoshi.people.models import Person
from luoshi.people.queries import accounts as account_queries
from luoshi.people.roles import Power
from luoshi.people.services import accounts, keeping
from luoshi.people.views.pages import done, next_url, person_of

_BACKEND = "luoshi.people.backends.PresentPeopleBackend"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """The log-in page. Wrong five times: locked for a while, and said so."""
    if request.user.is_authenticated and request.method == "GET":
        return HttpResponseRedirect(next_url(request))
    form = LoginForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        person = _authenticated(request, form)
        if person:
            return _enter(request, person)
        status = 429 if getattr(request, "axes_locked_out", False) else 422
    return render(request, "people/login.html", _door(request, form), status=status)


def _door(request: HttpRequest, form: LoginForm) -> dict[str, Any]:
    prefix = settings.ACCOUNT_PREFIX
    example = f"{prefix}0210001" if prefix else "0210001"
    return {
        "form": form,
        "next": next_url(request, ""),
        "example": example,
        "demo": account_queries.demo_people() if settings.DEMO else [],
    }


def _authenticated(request: HttpRequest, form: LoginForm) -> Person | None:
    """The person who may enter; otherwise the form says why not."""
    typed = unicodedata.normalize("NFKC", form.cleaned_data["account"])
    known = account_queries.person_by_account(typed, settings.ACCOUNT_PREFIX)
    account = known.account if known else rules.account_of(typed, settings.ACCOUNT_PREFIX)
    password = form.cleaned_data["password"]
    if wait := account_queries.wait_for(account, address_of(request)):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        form.add_error(None, _wait_sentence(wait))
        return None
    person = authenticate(request, username=account, password=password)
    if isinstance(person, Person):
        return person
    form.add_error(None, _why_not(request, account, password))
    return None


def _why_not(request: HttpRequest, account: str, password: str) -> str:
    if getattr(request, "axes_locked_out", False):
        return _locked_sentence()
    person = account_queries.person_by_account(account, settings.ACCOUNT_PREFIX)
    if person and not person.present_on(clock.today()) and person.check_password(password):
        return _gone_sentence(person)
    failed = AxesProxyHandler.get_failures(request, {"username": account})
    left = settings.AXES_FAILURE_LIMIT - failed
    if 0 < left <= 3:
        return _(
            "Account or password is not right. After %(count)s more wrong attempts the account is "
            "locked for %(minutes)s minutes."
        ) % {"count": left, "minutes": _lock_minutes()}
    return _("Account or password is not right.")


def _wait_sentence(wait: account_queries.Wait) -> str:
    """Why no password is looked at now, and from when on it is again."""
    words = {"time": timezone.localtime(wait.until + dt.timedelta(seconds=59)).strftime("%H:%M")}
    if not wait.whole_account:
        return (
            _("Too many wrong passwords came from this address. Try again after %(time)s.") % words
        )
    names = "、".join(p.name for p in queries.everybody_with(Power.EDIT_ACCOUNTS)[:3])
    return _(
        "Too many wrong passwords were tried for this account. Log in from a computer where you "
        "did before, try again after %(time)s, or ask a security administrator (%(names)s)."
    ) % {**words, "names": names or "—"}


def _lock_minutes() -> int:
    return round(settings.AXES_COOLOFF_TIME * 60)


def _locked_sentence() -> str:
    people = queries.everybody_with(Power.EDIT_ACCOUNTS)[:3]
    words = {"count": settings.AXES_FAILURE_LIMIT, "minutes": _lock_minutes()}
    if not people:
        return (
            _(
                "The password was wrong %(count)s times; the account is locked. Wait %(minutes)s "
                "minutes after the last attempt, then try again."
            )
            % words
        )
    return _(
        "The password was wrong %(count)s times; the account is locked. Wait %(minutes)s minutes "
        "after the last attempt, or ask a security administrator (%(names)s) to unlock it."
    ) % {**words, "names": "、".join(p.name for p in people)}


def _gone_sentence(person: Person) -> str:
    if person.left_on:
        return _("This account ended with %(day)s, when you left. Ask the personnel office.") % {
            "day": person.left_on.isoformat()
        }
    return _("This account is switched off. Ask a security administrator.")


def _enter(request: HttpRequest, person: Person) -> HttpResponse:
    login(request, person, backend=_BACKEND)
    accounts.note_log_in(person)
    if person.must_change_password:
        place = f"{reverse('people:password')}?{urlencode({'next': next_url(request)})}"
        return HttpResponseRedirect(place)
    response = HttpResponseRedirect(next_url(request, resolve_url(settings.LOGIN_REDIRECT_URL)))
    if person.language:
        _speak(response, person.language)
    return response


@require_POST
def demo_login(request: HttpRequest) -> HttpResponse:
    """Enter as one of the people shown on the log-in page; only where DEMO is on."""
    if not settings.DEMO:
        raise Http404
    shown = {guest.person.pk for guest in account_queries.demo_people()}
    person = get_object_or_404(Person, pk=whole(request.POST.get("person")), pk__in=shown)
    return _enter(request, person)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.info(request, _("You are logged out."))
    return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


@login_required
@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; the first one must be changed before anything else."""
    person = person_of(request)
    form = PasswordForm(request.POST or None)
    change = {"person": person, "by": person.actor}
    if request.method == "POST" and form.carry_out(accounts.change_password, **change):
        update_session_auth_hash(request, person)
        url = next_url(request, reverse("people:account"))
        return done(request, url, _("The new password holds from now on."))
    context = {"form": form, "next": next_url(request, ""), "first": person.must_change_password}
    return render(request, "people/password.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """My account: who I am here, my posts, what they let me do, password, language."""
    person = person_of(request)
    powers = queries.powers_of(person)
    context = {
        "person": person,
        "tenures": queries.posts_of(person),
        "powers": [power.label for power in Power if powers.has(power)],
        "favourites": queries.favourites_of(person),
        "languages": settings.LANGUAGES,
        "idle": settings.IDLE_MINUTES,
        "today": clock.today(),
    }
    return render(request, "people/account.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show everything in another language from now on; kept for the person and the browser."""
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES):
        raise Http404
    if request.user.is_authenticated:
        keeping.switch_language(person_of(request), language=code)
    response = HttpResponseRedirect(next_url(request))
    _speak(response, code)
    return response


def _speak(response: HttpResponse, code: str) -> None:
    translation.activate(code)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 24 * 3600, samesite="Lax"
    )
