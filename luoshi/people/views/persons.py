"""People: their page, entering, changing, transferring, leaving, posts."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.kit import clock
from luoshi.people import queries, rules
from luoshi.people.forms import entry
from luoshi.people.models import Person, Tenure, Unit
from luoshi.people.queries import accounts as account_queries
from luoshi.people.roles import Duty, Power
from luoshi.people.services import accounts, persons, posts
from luoshi.people.views.pages import (
    done,
    form_of,
    form_page,
    may_edit,
    must_edit,
    person_of,
    story_for,
)


def _person(pk: int) -> Person:
    return get_object_or_404(Person.objects.select_related("main_unit"), pk=pk)


def _page_of(person: Person) -> str:
    return reverse("people:person", args=[person.pk])


@login_required
@require_GET
def show(request: HttpRequest, person_id: int) -> HttpResponse:
    """Who somebody is: unit, posts now and before, where they belonged."""
    person, today = _person(person_id), clock.today()
    queries.with_phones([person], person_of(request))
    powers = queries.powers_of(person_of(request))
    context = {
        "person": person,
        "tenures": queries.posts_of(person),
        "spells": queries.spells_of_person(person),
        "may_edit": may_edit(request, person.main_unit),
        "may_account": rules.may_edit_accounts(
            powers.over_unit(Power.EDIT_ACCOUNTS, person.main_unit.path)
        ),
        "lock": account_queries.locked_account(person.account),
        "powers": [p.label for p in Power if queries.powers_of(person).has(p)],
        "today": today,
        "here": person.present_on(today),
        "story": story_for(request, person.ref, person.main_unit),
    }
    return render(request, "people/person.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Enter somebody into a unit. A random first password is shown once, on the page after."""
    unit = Unit.objects.filter(pk=_number(request.GET.get("unit"))).first()
    must_edit(request, unit)
    form = form_of(request, entry.NewPersonForm, main_unit=unit, entered_on=entry.new_day())
    first = accounts.first_password() if request.method == "POST" else None
    if request.method == "POST" and form.carry_out(
        persons.enter_person, by=person_of(request).actor, first=first
    ):
        person = form.done
        if first and first.told and person.password == first.stored:
            context = {"person": person, "told": first.told, "url": _page_of(person)}
            return render(request, "people/first_password.html", context)
        return done(request, _page_of(person), _("The person is entered."))
    context = {
        "form": form,
        "title": _("Enter a person"),
        "button": _("Enter"),
        "back": reverse("people:unit", args=[unit.pk]) if unit else reverse("people:directory"),
    }
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _change(
    request: HttpRequest,
    person: Person,
    kind: Any,
    act: Any,
    initial: dict[str, Any],
    /,
    **more: Any,
) -> HttpResponse:
    """One of the forms about a person."""
    must_edit(request, person.main_unit)
    return form_page(
        request,
        form_of(request, kind, **initial),
        act,
        url=_page_of(person),
        row=person,
        person=person,
        by=person_of(request).actor,
        **more,
    )


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, person_id: int) -> HttpResponse:
    """Correct name, number, phone, e-mail, reading of the name."""
    person = _person(person_id)
    return _change(
        request,
        person,
        entry.PersonEditForm,
        persons.edit_person,
        entry.person_initial(person),
        title=_("Change %(name)s") % {"name": person.name},
        button=_("Save"),
        said=_("The person is changed."),
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer(request: HttpRequest, person_id: int) -> HttpResponse:
    """Move somebody to another unit from a day on."""
    person = _person(person_id)
    initial = {
        "rev": person.rev,
        "on": entry.new_day(),
        "assessment_type": person.assessment_type,
        "end_posts": True,
    }
    return _change(
        request,
        person,
        entry.TransferForm,
        persons.transfer_person,
        initial,
        title=_("Transfer %(name)s") % {"name": person.name},
        button=_("Transfer"),
        note=_("Now in “%(unit)s”.") % {"unit": person.main_unit.name},
        said=_("The transfer is recorded."),
    )


@login_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, person_id: int) -> HttpResponse:
    """Record that somebody leaves."""
    person = _person(person_id)
    return _change(
        request,
        person,
        entry.LeaveForm,
        persons.let_leave,
        {"rev": person.rev, "left_on": entry.new_day()},
        title=_("%(name)s leaves") % {"name": person.name},
        button=_("Record the leaving"),
        note=_("Posts and seats end with this day, and the account is closed."),
        said=_("The leaving is recorded."),
        danger=True,
    )


@login_required
@require_http_methods(["GET", "POST"])
def readmit(request: HttpRequest, person_id: int) -> HttpResponse:
    """Take somebody back who left."""
    person = _person(person_id)
    return _change(
        request,
        person,
        entry.ReadmitForm,
        persons.readmit_person,
        {"rev": person.rev, "on": entry.new_day(), "unit": person.main_unit},
        title=_("Take %(name)s back") % {"name": person.name},
        button=_("Take back"),
        said=_("The person is back; fill the posts again."),
    )


@login_required
@require_http_methods(["GET", "POST"])
def appoint(request: HttpRequest, person_id: int) -> HttpResponse:
    """Give somebody a post: a vacant one of that duty, or a new one."""
    person = _person(person_id)
    must_edit(request, None)
    initial = {"unit": person.main_unit, "duty": Duty.MEMBER, "since": entry.new_day()}
    return form_page(
        request,
        form_of(request, entry.AppointForm, **initial),
        posts.appoint,
        title=_("A post for %(name)s") % {"name": person.name},
        button=_("Save"),
        url=_page_of(person),
        said=_("The post is filled."),
        person=person,
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def unseat(request: HttpRequest, tenure_id: int) -> HttpResponse:
    """End somebody's time in a post."""
    tenure = get_object_or_404(
        Tenure.objects.select_related("post__unit", "person__main_unit"), pk=tenure_id
    )
    must_edit(request, tenure.post.unit)
    return form_page(
        request,
        form_of(request, entry.EndForm, until=entry.new_day()),
        posts.unseat_person,
        title=_("End the time of %(name)s as “%(title)s”")
        % {"name": tenure.person.name, "title": tenure.post.title},
        button=_("End it"),
        url=_page_of(tenure.person),
        said=_("The time in the post is ended."),
        tenure=tenure,
        by=person_of(request).actor,
    )
