"""Doors of diagnosis and improvement: write, amend, look."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.improvement import queries, rules, services
from luoshi.improvement.forms import (
    DiagnosisForm,
    action_forms,
    initial_of,
    paper_of,
    rows_of_draft,
)
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.rules import DiagnosisStatus, Paper, Period
from luoshi.kit import clock
from luoshi.kit.htmx import finish, respond
from luoshi.kit.verdict import Refused, Stale, require
from luoshi.measures.models import Measure
from luoshi.people.models import Person
from luoshi.people.queries import draft_for
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for, measure_for, visible_one


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _seen(request: HttpRequest, task_id: int) -> Task:
    """The task, if this person may see it; otherwise it does not exist for them."""
    tasks = visible_one(_person(request), task_id)
    return get_object_or_404(
        tasks.select_related("unit", "owner", "measure", "category__measure"), pk=task_id
    )


@login_required
@require_GET
def panel(request: HttpRequest, task_id: int) -> HttpResponse:
    """What was written about a task, newest first, with earlier versions."""
    task = _seen(request, task_id)
    context = {
        "task": task,
        "improvement": queries.panel(task, _person(request)),
        "today": clock.today(),
    }
    return respond(request, "improvement/panel.html", "improvement/_panel.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, task_id: int) -> HttpResponse:
    """Write the diagnosis of a task (S0 任务诊断与改进)."""
    task, person = _seen(request, task_id), _person(request)
    periods = queries.periods_of(task)
    known = queries.diagnosed([task]) if periods else {}
    done = {row.period for row in queries.of_task(task) if row.status == DiagnosisStatus.FILED}
    left = rules.period_for(periods, done, clock.today())
    if request.method == "GET":
        require(rules.may_write(task, facts_for(task, person), bool(periods), bool(left)))

    def save(form: DiagnosisForm, paper: Paper) -> Diagnosis:
        return services.file_diagnosis(
            task,
            paper,
            by=person.actor,
            period=form.cleaned_data.get("period") or request.POST.get("only", ""),
            key=form.cleaned_data["key"],
            draft=request.path,
        )

    return _write(request, task, save, periods=left, shown=known.get(task.pk))


@login_required
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, task_id: int, diagnosis_id: int) -> HttpResponse:
    """Write a new version of a diagnosis."""
    task, person = _seen(request, task_id), _person(request)
    rows = queries.in_full(Diagnosis.objects.filter(task=task))
    old = get_object_or_404(rows, pk=diagnosis_id)
    if request.method == "GET":
        require(rules.may_amend(task, facts_for(task, person), old))

    def save(form: DiagnosisForm, paper: Paper) -> Diagnosis:
        return services.amend_diagnosis(
            old,
            paper,
            by=person.actor,
            reason=form.cleaned_data["reason"],
            key=form.cleaned_data["key"],
            draft=request.path,
        )

    return _write(request, task, save, old=old)


def _write(
    request: HttpRequest,
    task: Task,
    save: Callable[[DiagnosisForm, Paper], Diagnosis],
    *,
    periods: tuple[Period, ...] = (),
    old: Diagnosis | None = None,
    shown: Diagnosis | None = None,
) -> HttpResponse:
    """Show the page, or file what was typed, which is never lost."""
    person, sent = _person(request), request.method == "POST"
    texts, rows = initial_of(old) if old else ({}, [])
    policy = measure_for(task) or Measure()
    typed = request.POST if sent else None
    form = DiagnosisForm(typed, policy=policy, periods=periods, amending=bool(old), initial=texts)
    kept = None if sent else rows_of_draft(draft_for(person, request.path))
    actions = action_forms(typed, rows, kept)
    status, newest = (422 if sent else 200), shown
    if sent and _stand(form, actions):
        try:
            done = save(form, paper_of(form, actions))
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        except Stale:
            status, newest = 409, _newest(task)
            form.add_error(None, _faster(newest))
        else:
            said = _("The diagnosis has been filed.")
            if done.late:
                said = _("The diagnosis has been filed, late.")
            return finish(request, task.get_absolute_url(), "task-changed", said=said)
    last = queries.before(task, person)
    context = {
        "task": task,
        "form": form,
        "actions": actions,
        "old": old,
        "shown": None if old else newest,
        "last_year": last,
        "period": periods[0] if len(periods) == 1 else None,
        "policy": policy,
        "today": clock.today(),
        "action": request.path,
    }
    return respond(
        request, "improvement/write.html", "improvement/_write.html", context, status=status
    )


def _stand(form: DiagnosisForm, actions: Any) -> bool:
    """Whether what was typed can be read; both are asked, so that both say what is wrong."""
    form_stands, rows_stand = form.is_valid(), actions.is_valid()
    if not rows_stand:
        for error in actions.non_form_errors():
            form.add_error(None, error)
    return form_stands and rows_stand


def _newest(task: Task) -> Diagnosis | None:
    return queries.diagnosed([task]).get(task.pk)


def _faster(newest: Diagnosis | None) -> str:
    return _(
        "%(name)s filed the diagnosis while you were writing. Yours is not filed: compare it with "
        "what stands at the right, and amend that one if something is missing."
    ) % {"name": newest.by.name if newest else ""}
