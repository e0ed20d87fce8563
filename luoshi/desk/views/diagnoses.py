"""任务诊断与改进查询: the list, and what can be taken out of it (S0; IMP-1)."""

from dataclasses import replace
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from luoshi.desk.queries import diagnoses as queries
from luoshi.desk.queries import diagnosis_papers as papers
from luoshi.desk.queries import listing, shell
from luoshi.desk.queries.diagnoses import Wanted
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.verdict import Refused
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person


def wanted_of(request: HttpRequest) -> Wanted:
    """What the address asks for; a typed name stands for a person."""
    wanted = queries.read(request.GET, chosen_year(request))
    if wanted.filters.person_id is None and (typed := request.GET.get("who", "").strip()):
        found = listing.person_named(None, typed)
        key = found.pk if found else 0
        wanted = replace(wanted, filters=replace(wanted.filters, person_id=key))
    return wanted


@login_required
@require_GET
def diagnoses(request: HttpRequest) -> HttpResponse:
    """Every task to be diagnosed at three scopes, with what was written."""
    person, today, wanted = cast(Person, request.user), clock.today(), wanted_of(request)
    found = queries.listed(
        person,
        replace(wanted, ticked=()),
        today,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    named = listing.person_named(wanted.filters.person_id)
    person_name = named.name if named else request.GET.get("who", "").strip()
    choices = queries.choices(today)
    context = {
        "found": found,
        "wanted": wanted,
        "choices": choices,
        "scopes": queries.SCOPES,
        "person_name": person_name,
        "chips": _chips(wanted, choices, person_name),
        "today": today,
    }
    return respond(request, "desk/diagnoses.html", "desk/_diagnoses.html", context)


def _chips(wanted: Wanted, choices: Any, person_name: str) -> list[dict[str, str]]:
    """Filters in force: words, and the parameter that goes with each."""
    filters = wanted.filters
    values = {
        "unit": filters.unit_id,
        "category": filters.category_id,
        "tier": filters.tier,
        "kind": filters.kind,
        "state": wanted.state,
    }
    found = [
        {"param": name, "words": str(choices[name].get(str(value), value)).strip()}
        for name, value in values.items()
        if value
    ]
    found += [{"param": "person", "words": person_name}] if person_name else []
    found += [{"param": "q", "words": filters.words}] if filters.words else []
    return found


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The list as seen, as an Excel book."""
    person, today, wanted = cast(Person, request.user), clock.today(), wanted_of(request)
    return _file(papers.book(person, wanted, today), wanted, "xlsx")


@login_required
@require_GET
def paper(request: HttpRequest) -> HttpResponseBase:
    """The list, or what was ticked in it, as a Word report by unit."""
    person, today, wanted = cast(Person, request.user), clock.today(), wanted_of(request)
    institution = shell.institution_name()
    try:
        return _file(papers.report(person, wanted, today, institution), wanted, "docx")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(f"{reverse('diagnoses')}?{request.GET.urlencode()}")


def _file(file: Any, wanted: Wanted, kind: str) -> FileResponse:
    title = f"{_('Diagnosis and improvement')}-{wanted.period.words}.{kind}"
    return FileResponse(file, as_attachment=True, filename=title)
