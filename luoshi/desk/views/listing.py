"""The task list, and what the charts of the same list share with it."""

from dataclasses import replace
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from luoshi.desk.queries import listing as queries
from luoshi.desk.queries import workbooks
from luoshi.desk.views.viewing import opens_with, view_context
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.verdict import Verdict
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.tasks.queries import Filters

#: The parameter of each filter in the address.
PARAMS = {
    "unit_id": "unit",
    "category_id": "category",
    "tier": "tier",
    "kind": "kind",
    "status": "status",
    "health": "health",
    "words": "q",
    "person_id": "person",
    "urgency": "urgency",
}


def wanted_of(request: HttpRequest) -> tuple[str, Filters]:
    """Scope and filters of the address."""
    name = request.GET.get("scope", "")
    wanted = queries.read_filters(request.GET, chosen_year(request))
    if wanted.person_id is None and (typed := request.GET.get("who", "")):
        found = queries.person_named(None, typed)
        wanted = replace(wanted, person_id=found.pk if found else 0)
    return name if name in queries.SCOPES else "all", wanted


def views_of(request: HttpRequest, here: str) -> list[dict[str, Any]]:
    """The same selection as list, Gantt and mosaic: one switch that keeps the filters."""
    params = request.GET.copy()
    for name in ("after", "before", "sort", "saved"):
        params.pop(name, None)
    tail = f"?{params.urlencode()}" if params else ""
    pages = {"task-list": _("List"), "gantt": _("Gantt"), "mosaic": _("Mosaic")}
    return [
        {"url": reverse(name) + tail, "label": label, "active": name == here, "count": None}
        for name, label in pages.items()
    ]


def filter_context(request: HttpRequest, name: str, wanted: Filters) -> dict[str, Any]:
    """What the filter row of list, Gantt and mosaic shows."""
    today = clock.today()
    choices = queries.choices(today)
    person = queries.person_named(wanted.person_id)
    chips = [
        {"param": PARAMS[chip.name], "words": _labelled(chip.label, chip.words.strip())}
        for chip in queries.chips(wanted, choices)
    ]
    named = person.name if person else request.GET.get("who", "").strip()
    if named:
        label = str(queries.FILTER_LABELS["person_id"])
        chips.append({"param": "person", "words": _labelled(label, named)})
    return {
        "scope": name,
        "scope_words": queries.SCOPES[name],
        "scopes": queries.SCOPES,
        "wanted": wanted,
        "choices": {PARAMS[key]: value for key, value in choices.items()},
        "chips": chips,
        "person_name": named,
        "today": today,
    }


def _labelled(label: str, words: str) -> str:
    return pgettext("filter", "%(label)s: %(words)s") % {"label": label, "words": words}


def _in_words(request: HttpRequest, name: str, wanted: Filters) -> str:
    """Scope, year and filters as one sentence, for the exported list."""
    context = filter_context(request, name, wanted)
    year = str(wanted.year) if wanted.year else _("All years")
    parts = [_labelled(_("Scope"), str(context["scope_words"])), _labelled(_("Year"), year)]
    return _("; ").join([*parts, *(str(chip["words"]) for chip in context["chips"])])


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The list as seen, as a workbook: the same scope, filters and order."""
    person, today = cast(Person, request.user), clock.today()
    name, wanted = wanted_of(request)
    found = queries.matching(person, name, wanted, today)
    order = request.GET.get("sort", "due")
    file = workbooks.task_list(
        queries.rows_to_export(found, order, today),
        workbooks.Asked(_in_words(request, name, wanted), person.name, clock.now()),
    )
    title = f"{_('Task list')}-{today.isoformat()}.xlsx"
    return FileResponse(file, as_attachment=True, filename=title)


@login_required
@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """The task list at its scopes with combined filters (TSK-6)."""
    if there := opens_with(request, "task-list"):
        return there
    person = cast(Person, request.user)
    name, wanted = wanted_of(request)
    today = clock.today()
    found = queries.listing(
        queries.matching(person, name, wanted, today),
        today,
        order=request.GET.get("sort", "due"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        asked=f"{person.pk} {name} {wanted}",
    )
    context = {
        "listing": found,
        "tabs": views_of(request, "task-list"),
        "may_register": _may_register(person),
        **view_context(request, "task-list"),
        **filter_context(request, name, wanted),
    }
    return respond(request, "desk/tasks.html", "desk/_tasks.html", context)


def _may_register(person: Person) -> Verdict:
    if powers_of(person).has(Power.REGISTER):
        return Verdict(True)
    return Verdict(False, _("Only heads, leaders and the goal office register tasks."))
