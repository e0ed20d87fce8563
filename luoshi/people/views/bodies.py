"""Bodies that decide: members, meetings, decisions."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.kit import clock
from luoshi.kit.verdict import Verdict
from luoshi.people import queries, rules
from luoshi.people.forms import entry
from luoshi.people.models import Body, Meeting, Seat
from luoshi.people.queries import bodies as body_queries
from luoshi.people.roles import Power
from luoshi.people.services import bodies
from luoshi.people.views.pages import form_of, form_page, may_edit, must, must_edit, person_of


def _body(pk: int) -> Body:
    return get_object_or_404(Body.objects.select_related("office"), pk=pk)


def _page_of(body: Body) -> str:
    return reverse("people:body", args=[body.pk])


def _may_run(request: HttpRequest, body: Body) -> Verdict:
    return rules.may_run_body(
        in_office=queries.belongs_to(person_of(request).actor, body.office),
        reaches=bool(may_edit(request, body.office)),
    )


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All bodies, those that ended at the end."""
    context = {
        "bodies": body_queries.bodies(),
        "may_create": may_edit(request, None),
        "today": clock.today(),
    }
    return render(request, "people/bodies.html", context)


@login_required
@require_GET
def show(request: HttpRequest, body_id: int) -> HttpResponse:
    """Members, meetings and decisions of a body."""
    body, today = _body(body_id), clock.today()
    context = {
        "body": body,
        "seats": body_queries.seats_of(body, today),
        "past_seats": body_queries.past_seats_of(body, today),
        "meetings": body_queries.meetings_of(body),
        "may_run": _may_run(request, body),
        "may_edit": may_edit(request, body.office),
        "today": today,
    }
    return render(request, "people/body.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Set up a body."""
    must_edit(request, None)
    return form_page(
        request,
        form_of(request, entry.BodyForm, since=entry.new_day()),
        bodies.create_body,
        title=_("Set up a body"),
        button=_("Set up"),
        url=_page_of,
        said=_("The body is set up; name its members."),
        by=person_of(request).actor,
    )


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, body_id: int) -> HttpResponse:
    """Change a body, or end it by its last day."""
    body = _body(body_id)
    must_edit(request, body.office)
    return form_page(
        request,
        form_of(request, entry.BodyEditForm, **entry.body_initial(body)),
        _edit,
        title=_("Change “%(name)s”") % {"name": body.name},
        button=_("Save"),
        url=_page_of(body),
        said=_("The body is changed."),
        row=body,
        body=body,
        by=person_of(request).actor,
    )


def _edit(*, key: Any = None, **typed: Any) -> Body:
    return bodies.edit_body(typed.pop("body"), **typed)


def _run(request: HttpRequest, body: Body, kind: Any, act: Any, /, **more: Any) -> HttpResponse:
    """One of the forms the secretary office fills in."""
    must(_may_run(request, body), Power.EDIT_PEOPLE)
    initial = {"since": entry.new_day(), "held_on": entry.new_day(), "until": None}
    return form_page(
        request,
        form_of(request, kind, **initial),
        act,
        url=_page_of(body),
        by=person_of(request).actor,
        **more,
    )


@login_required
@require_http_methods(["GET", "POST"])
def add_seat(request: HttpRequest, body_id: int) -> HttpResponse:
    """Make a person or an office a member."""
    body = _body(body_id)
    return _run(
        request,
        body,
        entry.SeatForm,
        bodies.add_seat,
        title=_("A member of “%(name)s”") % {"name": body.name},
        button=_("Add the member"),
        said=_("The member is added."),
        body=body,
    )


@login_required
@require_http_methods(["GET", "POST"])
def end_seat(request: HttpRequest, seat_id: int) -> HttpResponse:
    """End a membership."""
    seat = get_object_or_404(Seat.objects.select_related("body__office"), pk=seat_id)
    return _run(
        request,
        seat.body,
        entry.EndForm,
        bodies.end_seat,
        title=_("End a membership"),
        button=_("End it"),
        said=_("The membership is ended."),
        seat=seat,
    )


@login_required
@require_http_methods(["GET", "POST"])
def hold_meeting(request: HttpRequest, body_id: int) -> HttpResponse:
    """Enter a meeting."""
    body = _body(body_id)
    return _run(
        request,
        body,
        entry.MeetingForm,
        bodies.hold_meeting,
        title=_("A meeting of “%(name)s”") % {"name": body.name},
        button=_("Enter the meeting"),
        said=_("The meeting is entered."),
        body=body,
    )


@login_required
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """Enter what a meeting decided."""
    meeting = get_object_or_404(Meeting.objects.select_related("body__office"), pk=meeting_id)
    return _run(
        request,
        meeting.body,
        entry.DecisionForm,
        bodies.record_decision,
        title=_("A decision of meeting %(number)s") % {"number": meeting.number},
        button=_("Enter the decision"),
        said=_("The decision is entered."),
        meeting=meeting,
    )
