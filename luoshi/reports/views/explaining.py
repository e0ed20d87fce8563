"""Why a report owed counts as on time, late or missing (★ SUP-8)."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.people.models import Person
from luoshi.reports.queries import explaining
from luoshi.tasks.queries import visible_one


@login_required
@require_GET
def why_due(request: HttpRequest, task_id: int, due_id: int) -> HttpResponse:
    """The mark of one thing owed in words: rule and version, days, what ends it."""
    seen = visible_one(cast(Person, request.user), task_id)
    task = get_object_or_404(seen, pk=task_id)
    due = explaining.due_of(task, due_id)
    if due is None:
        raise Http404
    context = {"told": explaining.explain_due(due, clock.today()), "task": due.task}
    return respond(request, "reports/why.html", "reports/_why.html", context)
