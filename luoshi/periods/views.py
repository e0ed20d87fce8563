"""The calendar: which days are worked. Open to those who keep it (Power EDIT_CALENDAR)."""

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock, gate
from luoshi.kit.htmx import finish, respond
from luoshi.kit.typed import whole
from luoshi.kit.verdict import ALLOWED, Verdict, denied, require
from luoshi.kit.year import chosen_year
from luoshi.periods import queries, services
from luoshi.periods.forms import DayForm

POWER = "edit_calendar"


def may_edit(user: Any) -> Verdict:
    """Whether somebody keeps the calendar."""
    if gate.holds(user, POWER):
        return ALLOWED
    reason = _("The calendar is kept by the goal office and the system administrator.")
    return denied(reason, POWER)


@login_required
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """One month, or the whole year as twelve small ones."""
    require(may_edit(request.user))
    year = chosen_year(request)
    today = clock.today()
    month = whole(request.GET.get("month")) or 0
    if not 1 <= month <= 12:
        month = 0
    context = {
        "year": year,
        "years": [year - 1, year, year + 1],
        "month": month,
        "months": range(1, 13),
        "weeks": queries.month_of(year, month) if month else [],
        "whole": [] if month else list(enumerate(queries.year_of(year), start=1)),
        "weekdays": _weekdays(),
        "days": queries.days_of(year),
        "lacking": queries.lacks_makeup_days(year),
        "to_complete": queries.year_to_complete(today),
        "may_edit": ALLOWED,
        "today": today,
    }
    return respond(request, "periods/calendar.html", "periods/_calendar.html", context)


def _weekdays() -> list[str]:
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]


@login_required
@require_http_methods(["GET", "POST"])
def set_day(request: HttpRequest, date: str) -> HttpResponse:
    """Say what one day is, or let it be as its weekday again."""
    require(may_edit(request.user))
    day = _day(date)
    known = next((row for row in queries.days_of(day.year) if row.date == day), None)
    initial = {"kind": known.kind, "name": known.name} if known else {"kind": ""}
    form = DayForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        actor = request.user.actor  # type: ignore[union-attr]
        if form.cleaned_data["kind"]:
            services.set_day(by=actor, date=day, **form.cleaned_data)
        else:
            services.clear_day(by=actor, date=day)
        said = _("%(day)s has been set.") % {"day": day.isoformat()}
        return finish(request, _month_url(day), "task-changed", said=said)
    context = {"form": form, "day": day, "back": _month_url(day)}
    status = 422 if form.is_bound else 200
    return respond(request, "periods/day.html", "periods/_day.html", context, status=status)


@login_required
@require_POST
def seed(request: HttpRequest, year: int) -> HttpResponse:
    """Enter the public holidays of a year as published; what was set by hand stays."""
    require(may_edit(request.user))
    made = services.seed_year(year, by=request.user.actor)  # type: ignore[union-attr]
    said = ngettext("%(n)d day was entered.", "%(n)d days were entered.", made) % {"n": made}
    if not made:
        said = _("The public holidays of %(year)d are entered already.") % {"year": year}
    return finish(request, f"{reverse('periods:calendar')}?year={year}", "task-changed", said=said)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Http404(_("There is no such day.")) from None


def _month_url(day: dt.date) -> str:
    return f"{reverse('periods:calendar')}?year={day.year}&month={day.month}"
