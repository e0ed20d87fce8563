"""Breaking a task down in a table, and copying a sub-task to many units."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock
from luoshi.kit.htmx import finish
from luoshi.kit.once import key_of, new_key
from luoshi.kit.typed import whole
from luoshi.kit.verdict import Refused, require
from luoshi.people.queries import units_open
from luoshi.tasks import queries, rules
from luoshi.tasks.forms import ChildForm, ChildForms, CopyForms, UnitsForm
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.services import issuing, registering
from luoshi.tasks.services.registering import Copy
from luoshi.tasks.views.doors import person, seen


def _splittable(request: HttpRequest, task_id: int) -> Task:
    task = seen(request, task_id)
    require(rules.may("break_down", task, queries.facts_for(task, person(request))))
    return task


@login_required
@require_http_methods(["GET", "POST"])
def break_down(request: HttpRequest, task_id: int) -> HttpResponse:
    """A table of new sub-tasks, a row each; saved as drafts or issued at once."""
    task, who = _splittable(request, task_id), person(request)
    formset = ChildForms(request.POST or None, prefix="child", form_kwargs={"parent": task})
    sent, trouble = request.method == "POST", ""
    if sent and formset.is_valid():
        rows = [form.new_task() for form in formset]
        try:
            children = registering.break_down(
                task,
                rows,
                by=who.actor,
                key=key_of(request.POST.get("key")),
                issue="issue" in request.POST,
            )
        except Refused as refusal:
            trouble = str(refusal)
        else:
            return finish(request, task.get_absolute_url(), said=_said(request, len(children)))
    context = _context(task, formset=formset, trouble=trouble, key=key_of(request.POST.get("key")))
    return render(request, "tasks/break_down.html", context, status=422 if sent else 200)


def _said(request: HttpRequest, n: int) -> str:
    if "issue" in request.POST:
        text = ngettext(
            "%(count)d sub-task has been issued.", "%(count)d sub-tasks have been issued.", n
        )
    else:
        text = ngettext(
            "%(count)d sub-task is kept as a draft.", "%(count)d sub-tasks are kept as drafts.", n
        )
    return text % {"count": n}


def _context(task: Task, *, key: str | None, **more: Any) -> dict[str, Any]:
    return {
        "task": task,
        "children": queries.children_of(task),
        "key": key or new_key(),
        **more,
    }


@login_required
@require_GET
def blank_row(request: HttpRequest, task_id: int) -> HttpResponse:
    """One more empty row of the table, fetched by the page."""
    task = _splittable(request, task_id)
    number = whole(request.GET.get("place", "")[:4]) or 0
    form = ChildForm(prefix=f"child-{number}", parent=task)
    return render(request, "tasks/_child_row.html", {"form": form})


@login_required
@require_POST
def issue_children(request: HttpRequest, task_id: int) -> HttpResponse:
    """Issue all drafts directly below a task."""
    task, who = seen(request, task_id), person(request)
    drafts = list(queries.children_of(task).filter(status=Status.DRAFT))
    if not drafts:
        raise Refused(_("There is no draft below this task."))
    done = issuing.issue_many(drafts, by=who.actor)
    text = ngettext(
        "%(count)d sub-task has been issued.", "%(count)d sub-tasks have been issued.", len(done)
    )
    said = text % {"count": len(done)}
    return finish(request, task.get_absolute_url(), "task-changed", said=said)


@login_required
@require_http_methods(["GET", "POST"])
def copy(request: HttpRequest, task_id: int) -> HttpResponse:
    """Copy a sub-task to many units: first the units, then one table with a row per unit."""
    task, who = seen(request, task_id), person(request)
    if task.parent is None:
        raise Refused(_("Only a sub-task can be copied to other units."))
    require(rules.may("break_down", task.parent, queries.facts_for(task.parent, who)))
    if "copy-TOTAL_FORMS" in request.POST:
        return _copy_rows(request, task)
    open_units = units_open(clock.today()).exclude(pk=task.unit_id).exclude(parent=None)
    units_form = UnitsForm(
        request.POST or None, units=open_units.select_related("kind").order_by("path")
    )
    if request.method == "POST" and units_form.is_valid():
        rows = [
            {"unit": unit, "due": task.due, "standard": task.standard}
            for unit in units_form.cleaned_data["units"]
        ]
        formset = CopyForms(initial=rows, prefix="copy", form_kwargs={"parent": task.parent})
        return render(request, "tasks/copy_rows.html", _context(task, key=None, formset=formset))
    status = 422 if request.method == "POST" else 200
    return render(request, "tasks/copy.html", {"task": task, "form": units_form}, status=status)


def _copy_rows(request: HttpRequest, task: Task) -> HttpResponse:
    formset = CopyForms(request.POST, prefix="copy", form_kwargs={"parent": task.parent})
    trouble = ""
    if formset.is_valid():
        copies = [
            Copy(
                unit_id=data["unit"].pk,
                due=data["due"],
                standard=data["standard"],
                owner_id=data["owner"].pk if data["owner"] else None,
            )
            for data in (form.cleaned_data for form in formset)
        ]
        try:
            made = registering.copy_task(
                task,
                copies,
                by=person(request).actor,
                key=key_of(request.POST.get("key")),
                issue="issue" in request.POST,
            )
        except Refused as refusal:
            trouble = str(refusal)
        else:
            url = reverse("go", args=["task", task.parent_id])
            return finish(request, url, said=_said(request, len(made)))
    context = _context(task, formset=formset, trouble=trouble, key=key_of(request.POST.get("key")))
    return render(request, "tasks/copy_rows.html", context, status=422)
