"""结果反馈: one page per further set and year — who gave the final result, who not, by when."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.typed import whole
from luoshi.kit.verdict import require
from luoshi.kit.year import chosen_year
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.reports.forms import DatesForm
from luoshi.reports.queries import results as queries
from luoshi.reports.queries.result_books import workbook
from luoshi.reports.rules.results import ResultState, may_date
from luoshi.tasks.services.taking_part import date_results


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _may_date(person: Person) -> Any:
    return may_date(powers_of(person).has(Power.REGISTER))


@login_required
@require_GET
def sets(request: HttpRequest) -> HttpResponse:
    """Sets of the year that tasks of other sets count in too."""
    year = chosen_year(request)
    context = {"year": year, "sets": queries.sets_in(year, _person(request))}
    return respond(request, "reports/sets.html", "reports/_sets.html", context)


@login_required
@require_GET
def set_results(request: HttpRequest, category_id: int) -> HttpResponse:
    """The tasks of a further set and how their final results stand."""
    return _page(request, _set(category_id), DatesForm())


def _set(category_id: int) -> Category:
    return get_object_or_404(Category.objects.select_related("programme"), pk=category_id)


def _page(
    request: HttpRequest, category: Category, form: DatesForm, status: int = 200
) -> HttpResponse:
    person, year, today = _person(request), chosen_year(request), clock.today()
    wanted = queries.read(request.GET)
    since = whole(request.GET.get("after")) or whole(request.GET.get("before")) or 0
    tally = queries.tally_of(category, year, person, today)
    unit = Unit.objects.filter(pk=wanted.unit_id).first() if wanted.unit_id else None
    context = {
        "category": category,
        "year": year,
        "crumbs": [
            (_("Final results"), f"{reverse('reports:sets')}?year={year}"),
            (category.name, None),
        ],
        "today": today,
        "wanted": wanted,
        "unit": unit,
        "found": queries.results_in(category, year, person, wanted, today, since=since),
        "tabs": _tabs(request, wanted.state, tally),
        "total": sum(tally.values()),
        "units": queries.units_in(category, year, person),
        "may_date": _may_date(person),
        "form": form,
    }
    page = ("reports/set_results.html", "reports/_set_results.html")
    return respond(request, *page, context, status=status)


def _tabs(request: HttpRequest, chosen: str, tally: dict[ResultState, int]) -> list[dict[str, Any]]:
    """All, and each state, with how many stand so; the rest of the address is kept."""
    states = [("", _("All"), sum(tally.values()))]
    states += [(state.value, str(state.label), count) for state, count in tally.items()]
    tabs = []
    for value, label, count in states:
        params = request.GET.copy()
        for name in ("state", "after", "before"):
            params.pop(name, None)
        if value:
            params["state"] = value
        url = f"?{params.urlencode()}"
        tabs.append({"url": url, "label": label, "active": value == chosen, "count": count})
    return tabs


@login_required
@require_POST
def date_set(request: HttpRequest, category_id: int) -> HttpResponse:
    """Set the day of the final results for the tasks of a set (S0-2: told separately)."""
    category, person = _set(category_id), _person(request)
    require(_may_date(person))
    form = DatesForm(request.POST)
    if not form.is_valid():
        return _page(request, category, form, 422)
    year = chosen_year(request)
    rows = queries.waiting_in(category, year, person, dated_too=form.cleaned_data["dated_too"])
    done, left = date_results(rows, form.cleaned_data["result_due"], by=person.actor)
    messages.success(request, _said(done, left))
    return redirect(f"{reverse('reports:set_results', args=[category.pk])}?year={year}")


def _said(done: int, left: int) -> str:
    said = _("The day holds for %(done)s tasks.") % {"done": done}
    if left:
        said += _("%(left)s tasks are looked after by others and were left as they are.") % {
            "left": left
        }
    return said


@login_required
@require_GET
def export_results(request: HttpRequest, category_id: int) -> FileResponse:
    """The same as an Excel workbook."""
    category, year, today = _set(category_id), chosen_year(request), clock.today()
    wanted = queries.read(request.GET)
    lines = queries.exported(category, year, _person(request), wanted, today)
    name = _("Final results %(set)s %(year)s.xlsx") % {"set": category.name, "year": year}
    response = FileResponse(workbook(lines), as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response
