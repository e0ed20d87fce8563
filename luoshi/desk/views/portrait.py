"""The page of a task, and the sentence behind its colour."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from luoshi.desk.queries import portrait as queries
from luoshi.desk.queries import why as reasons
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.people.models import Person
from luoshi.tasks.queries import for_page, one_for_page


@login_required
@require_GET
def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """任务画像 (TSK-7)."""
    person, today = cast(Person, request.user), clock.today()
    row = one_for_page(person, task_id)
    if row is None:
        raise Http404
    told = queries.portrait(row, person, today)
    context = {"portrait": told, "task": row, "reports": told.reports, "today": today}
    return respond(request, "desk/task.html", "desk/_task.html", context)


@login_required
@require_GET
def why(request: HttpRequest, task_id: int) -> HttpResponse:
    """Why a task shows the colour it shows: rule, dates, what ends it (SUP-8)."""
    person, today = cast(Person, request.user), clock.today()
    row = get_object_or_404(for_page(person, task_id), pk=task_id)
    context = {"task": row, "why": reasons.why(row, today), "today": today}
    return respond(request, "desk/why.html", "desk/_why.html", context)
