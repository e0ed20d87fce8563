"""What the doors of this room share: fetching what a person may see, and short acts in a dialog."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from luoshi.kit.htmx import finish, respond
from luoshi.kit.verdict import Refused, require
from luoshi.people.models import Person
from luoshi.tasks import queries
from luoshi.tasks.models import Task


def person(request: HttpRequest) -> Person:
    """Who is logged in."""
    assert isinstance(request.user, Person)
    return request.user


def seen(request: HttpRequest, task_id: int) -> Task:
    """The task, if this person may see it; otherwise it does not exist for them."""
    return get_object_or_404(queries.for_page(person(request), task_id), pk=task_id)


@dataclass(frozen=True)
class Act:
    """A short act in a dialog: one form, one service."""

    verb: str
    title: Any
    button: Any
    said: Any
    do: Callable[[Task, Person, dict[str, Any]], object]
    form: Callable[..., forms.Form] = forms.Form
    note: Callable[[Task], str] = lambda task: ""
    danger: bool = False
    to: Callable[[Task], str] = lambda task: reverse("go", args=["task", task.pk])


def _for_leader(leader: Person) -> str:
    return _("You act for %(leader)s; both names go on record.") % {"leader": leader.name}


def door(act: Act) -> Callable[..., HttpResponse]:
    """The view of a short act: GET shows its form, POST does it."""

    @login_required
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, task_id: int) -> HttpResponse:
        task, who = seen(request, task_id), person(request)
        verdict, leader = queries.principal(task, who, act.verb, queries.facts_for(task, who))
        require(verdict)
        if leader:
            who.act_for(leader)
        form = act.form(request.POST or None)
        sent = request.method == "POST"
        if sent and (form.is_valid() or not form.fields):
            target = act.to(task)
            try:
                act.do(task, who, getattr(form, "cleaned_data", {}))
            except Refused as refusal:
                form.add_error(
                    refusal.field if refusal.field in form.fields else None, str(refusal)
                )
            else:
                return finish(request, target, "task-changed", "inbox-changed", said=str(act.said))
        note = _for_leader(leader) if leader else act.note(task)
        context = {"act": act, "task": task, "form": form, "note": note}
        return respond(
            request, "tasks/act.html", "tasks/_act.html", context, status=422 if sent else 200
        )

    view.__name__ = act.verb
    return view
