"""Gantt and mosaic: the same selection as the task list, on one screen."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from luoshi.desk.queries import charts as queries
from luoshi.desk.queries import listing, portrait
from luoshi.desk.views.listing import filter_context, views_of, wanted_of
from luoshi.desk.views.viewing import opens_with, view_context
from luoshi.kit import clock
from luoshi.measures.queries import lights_of
from luoshi.people.models import Person
from luoshi.reports.queries import latest_of
from luoshi.tasks import rules
from luoshi.tasks.models import Task
from luoshi.tasks.queries import for_page


def _selected(request: HttpRequest) -> QuerySet[Task]:
    """The list's selection."""
    name, wanted = wanted_of(request)
    return listing.matching(cast(Person, request.user), name, wanted, clock.today())


def _context(request: HttpRequest, here: str) -> dict[str, Any]:
    name, wanted = wanted_of(request)
    lights = lights_of(None)
    return {
        **view_context(request, here),
        "tabs": views_of(request, here),
        "legend": [lights[str(health)] for health in queries.LEGEND],
        **filter_context(request, name, wanted),
    }


@login_required
@require_GET
def gantt(request: HttpRequest) -> HttpResponse:
    """The frame of the Gantt; its rows come in one further answer."""
    if there := opens_with(request, "gantt"):
        return there
    data_url = f"{reverse('gantt_data')}?{request.GET.urlencode()}"
    context = _context(request, "gantt") | {"data_url": data_url}
    return render(request, "desk/gantt.html", context)


@gzip_page
@login_required
@require_GET
def gantt_data(request: HttpRequest) -> HttpResponse:
    """All rows of the Gantt, column by column."""
    selected = _selected(request)
    told = queries.gantt(queries.drawn(selected), clock.today())
    if not told.get("too_many"):
        told["left_out"] = queries.left_out(selected).sentence
    return JsonResponse(told, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


@login_required
@require_GET
def brief(request: HttpRequest, task_id: int) -> HttpResponse:
    """A task in the side panel: state, last report, details."""
    person, today = cast(Person, request.user), clock.today()
    task = get_object_or_404(for_page(person, task_id), pk=task_id)
    context = {
        "task": task,
        "light": portrait.light_of(task, today),
        "expected": rules.expected(task.start, task.due, today),
        "report": latest_of([task.pk]).get(task.pk),
        "today": today,
    }
    return render(request, "desk/_brief.html", context)


@login_required
@require_GET
def mosaic(request: HttpRequest) -> HttpResponse:
    """All tasks by unit on one screen, one cell each; the same numbers as a table below."""
    if there := opens_with(request, "mosaic"):
        return there
    selected = _selected(request)
    fields, too_many = queries.mosaic(queries.drawn(selected), clock.today())
    data = [
        [where.name, [[c.pk, c.title, str(c.health), c.progress] for c in where.cells]]
        for where in fields
    ]
    context = _context(request, "mosaic")
    lights = lights_of(None)
    context |= {
        "fields": fields,
        "data": {
            "fields": data,
            "colours": {key: light.colour for key, light in lights.items()},
            "words": {key: str(light.label) for key, light in lights.items()},
            "url": reverse("task", args=[0]),
        },
        "total": sum(len(where.cells) for where in fields),
        "too_many": too_many,
        "left_out": "" if too_many else queries.left_out(selected).sentence,
        "most": queries.MOST,
    }
    return render(request, "desk/mosaic.html", context)
