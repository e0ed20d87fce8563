"""任务反馈查询 (RPT-7): the whole institution, a department, received by me, below a task."""

from dataclasses import replace
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from luoshi.desk.queries import feedback as queries
from luoshi.desk.queries import feedback_books as books
from luoshi.desk.queries import feedback_dues as dues
from luoshi.desk.queries import listing
from luoshi.desk.queries.feedback import Wanted
from luoshi.desk.views.viewing import opens_with, view_context
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person
from luoshi.reports.models import Report
from luoshi.reports.queries import evidence_of
from luoshi.reports.queries.passages import quotations_of
from luoshi.reports.rules import ReportStatus
from luoshi.tasks.models import Task, Tier
from luoshi.tasks.queries import visible_one

PAGE = "feedback"


def wanted_of(request: HttpRequest) -> Wanted:
    """What the address asks for; a typed name stands for a person."""
    wanted = queries.read(request.GET, chosen_year(request))
    if wanted.person_id is None and (typed := request.GET.get("who", "").strip()):
        found = listing.person_named(None, typed)
        wanted = replace(wanted, person_id=found.pk if found else 0)
    return wanted


@login_required
@require_GET
def feedback(request: HttpRequest) -> HttpResponse:
    """What was reported, and what was owed: by report, by unit, by task, one by one."""
    if there := opens_with(request, PAGE):
        return there
    person, today, wanted = cast(Person, request.user), clock.today(), wanted_of(request)
    parent = _parent(person, wanted)
    at: dict[str, Any] = {
        "after": request.GET.get("after", ""),
        "before": request.GET.get("before", ""),
    }
    context: dict[str, Any] = {"wanted": wanted, "today": today, "parent": parent}
    if wanted.view == "units":
        context["table"] = dues.by_unit(person, wanted, today)
    elif wanted.view == "tasks":
        context["found"] = dues.by_task(person, wanted, today, **at)
    elif wanted.view == "dues":
        context["found"] = dues.dues_listed(person, wanted, today, **at)
    else:
        context["found"] = queries.reports_listed(person, wanted, today, **at)
    context |= _around(request, wanted, parent) | view_context(request, PAGE)
    return respond(request, "desk/feedback.html", f"desk/_feedback_{wanted.view}.html", context)


def _parent(person: Person, wanted: Wanted) -> Task | None:
    """The task whose sub-tasks' feedback is asked for; one that is not open to the person: 404."""
    if wanted.task_id is None:
        return None
    return get_object_or_404(visible_one(person, wanted.task_id), pk=wanted.task_id)


def _around(request: HttpRequest, wanted: Wanted, parent: Task | None) -> dict[str, Any]:
    """Tabs, scopes and filters, each of which keeps the rest of the address."""
    choices = listing.choices(clock.today())
    known: dict[str, Any] = {
        "unit": choices["unit_id"],
        "month": queries.months(),
        "category": choices["category_id"],
        "tier": {str(value): label for value, label in Tier.choices},
        "state": {
            name: label
            for name, label in queries.STATES.items()
            if wanted.view != "reports" or name in queries.OF_REPORTS
        },
    }
    named = listing.person_named(wanted.person_id)
    person_name = named.name if named else request.GET.get("who", "").strip()
    return {
        "choices": known,
        "person_name": person_name,
        "chips": _chips(wanted, known, person_name),
        "tabs": _tabs(request, wanted),
        "scopes": _scopes(request, wanted, parent),
        "part": f"desk/_feedback_{wanted.view}.html",
    }


def _address(request: HttpRequest, **changes: Any) -> str:
    """This page with some parameters changed, from its first row on."""
    params = request.GET.copy()
    for name in ("after", "before"):
        params.pop(name, None)
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = str(value)
    return f"{reverse(PAGE)}?{params.urlencode()}"


def _tabs(request: HttpRequest, wanted: Wanted) -> list[dict[str, Any]]:
    return [
        {
            "url": _address(request, view=name, saved=None),
            "label": label,
            "active": name == wanted.view,
            "count": None,
        }
        for name, label in queries.VIEWS.items()
    ]


def _scopes(request: HttpRequest, wanted: Wanted, parent: Task | None) -> list[dict[str, Any]]:
    found = [
        {
            "url": _address(request, scope=name, task=None, saved=None),
            "label": label,
            "active": name == wanted.scope,
        }
        for name, label in queries.NAMES.items()
    ]
    if parent:
        label = _("Below “%(title)s”") % {"title": parent.title}
        found.append({"url": _address(request), "label": label, "active": True})
    return found


def _chips(wanted: Wanted, choices: dict[str, Any], person_name: str) -> list[dict[str, Any]]:
    """Filters in force: words, and the parameters that go with each."""
    values = {
        "unit": wanted.unit_id,
        "month": wanted.month,
        "category": wanted.category_id,
        "tier": wanted.tier,
        "state": wanted.state,
    }
    found = []
    for name, value in values.items():
        if value:
            words = str(choices[name].get(str(value), value)).strip()
            if name == "unit" and wanted.own:
                words = _("%(unit)s itself") % {"unit": words}
            found.append({"param": name, "words": words})
    if person_name:
        found.append({"param": "person", "words": person_name})
    if wanted.words:
        found.append({"param": "q", "words": wanted.words})
    if wanted.problems:
        found.append({"param": "problems", "words": _("With problems")})
    return found


@login_required
@require_GET
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """One report in full, beside the list or as a page."""
    person = cast(Person, request.user)
    row = get_object_or_404(Report.objects.select_related("task__unit"), pk=report_id)
    get_object_or_404(visible_one(person, row.task_id), pk=row.task_id)
    (line,) = queries.report_rows([row.pk], in_full=True)
    context = {
        "report": row,
        "line": line,
        "evidence": evidence_of([row.pk])[row.pk],
        "quotes": quotations_of([row.pk], person).get(row.pk, []),
        "is_old": row.status == ReportStatus.AMENDED,
        "newer": Report.objects.filter(amends=row).values_list("pk", flat=True).first(),
    }
    return respond(request, "desk/feedback_report.html", "desk/_feedback_report.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """What the page shows, as a workbook: the same view, filters and order."""
    person, today, wanted = cast(Person, request.user), clock.today(), wanted_of(request)
    _parent(person, wanted)
    file = books.book_of(person, wanted, today)
    title = f"{_('Feedback query')}-{queries.VIEWS[wanted.view]}-{today.isoformat()}.xlsx"
    return FileResponse(file, as_attachment=True, filename=title)
