"""Accounts, for the security administrator: locks, first passwords, switching off."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock
from luoshi.kit.typed import whole
from luoshi.people import queries, rules
from luoshi.people.models import Person
from luoshi.people.queries import accounts as account_queries
from luoshi.people.roles import Power
from luoshi.people.services import accounts
from luoshi.people.views.pages import done, must, next_url, person_of


def _must(request: HttpRequest, person: Person | None = None) -> None:
    powers = queries.powers_of(person_of(request))
    if person is None:
        reaches = powers.has(Power.EDIT_ACCOUNTS)
    else:
        reaches = powers.over_unit(Power.EDIT_ACCOUNTS, person.main_unit.path)
    must(rules.may_edit_accounts(reaches), Power.EDIT_ACCOUNTS)


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Accounts that need somebody: locked, switched off, never used; or those searched for."""
    _must(request)
    words, state = request.GET.get("q", "")[:60], request.GET.get("state", "")
    today = clock.today()
    context = {
        "rows": account_queries.accounts_listed(today, words=words, state=state),
        "figures": account_queries.account_figures(today),
        "words": words,
        "state": state,
        "most": account_queries.MOST_ACCOUNTS,
    }
    return render(request, "people/accounts.html", context)


def _person(pk: int) -> Person:
    return get_object_or_404(Person.objects.select_related("main_unit"), pk=pk)


def _back(request: HttpRequest) -> str:
    return next_url(request, reverse("people:accounts"))


@login_required
@require_POST
def unlock(request: HttpRequest, person_id: int) -> HttpResponse:
    """Lift the lock of an account."""
    person = _person(person_id)
    _must(request, person)
    accounts.unlock_account(person, by=person_of(request).actor)
    return done(request, _back(request), _("%(name)s can log in again.") % {"name": person.name})


@login_required
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, person_id: int) -> HttpResponse:
    """Set the first password again, after a question; a random one is shown once."""
    person = _person(person_id)
    _must(request, person)
    if request.method == "GET":
        return render(request, "people/form.html", _question(request, person))
    told = accounts.reset_password(person, by=person_of(request).actor)
    if not told:
        said = _("%(name)s logs in with the initial password again and then chooses a new one.")
        return done(request, _back(request), said % {"name": person.name})
    context = {"person": person, "told": told, "url": _back(request)}
    return render(request, "people/first_password.html", context)


def _question(request: HttpRequest, person: Person) -> dict[str, Any]:
    words = {"name": person.name, "account": person.account}
    return {
        "form": Form(),
        "title": _("Reset the password of %(name)s") % words,
        "note": _(
            "The present password of %(account)s ends at once, on every device. %(name)s logs in "
            "with the first password and then chooses a new one."
        )
        % words,
        "button": _("Reset the password"),
        "danger": True,
        "back": _back(request),
    }


@login_required
@require_POST
def switch(request: HttpRequest, person_id: int) -> HttpResponse:
    """Switch an account off, or on again."""
    person = _person(person_id)
    _must(request, person)
    active = request.POST.get("active") == "1"
    rev = whole(request.POST.get("rev"))
    accounts.switch_account(
        person,
        active=active,
        by=person_of(request).actor,
        rev=-1 if rev is None else rev,
    )
    said = _("The account is switched on.") if active else _("The account is switched off.")
    messages.success(request, said)
    return done(request, _back(request))
