"""Registering and editing drafts, and issuing many at once."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit.htmx import finish, respond
from luoshi.kit.typed import keys, whole
from luoshi.kit.verdict import Refused, Stale, require
from luoshi.kit.year import chosen_year
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power
from luoshi.tasks import queries, rules
from luoshi.tasks.forms import CorrectForm, DraftForms, TaskForm, initial_of
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Role, Task
from luoshi.tasks.services import correcting, issuing, registering
from luoshi.tasks.views.doors import person, seen


def _categories(who: Person) -> Any:
    """Categories in use that this person may register in: all common ones and their unit's own."""
    own = Category.objects.filter(active=True, unit=who.main_unit)
    return (Category.objects.filter(active=True, unit=None) | own).select_related(
        "programme", "measure"
    )


def _chosen(request: HttpRequest) -> Category | None:
    pk = request.POST.get("category") or request.GET.get("category") or ""
    found: Category | None = _categories(person(request)).filter(pk=whole(pk)).first()
    return found


@login_required
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register one task as a draft, or register and issue it in one go."""
    who = person(request)
    require(registering.may_register(who))
    category = _chosen(request)
    form = TaskForm(
        request.POST or None,
        categories=_categories(who),
        category=category,
        initial={"year": chosen_year(request), "category": category, "unit": _own_unit(who)},
    )

    def save() -> Task:
        issue = "issue" in request.POST
        return registering.register(form.new_task(), by=who.actor, issue=issue)

    return _answer(request, form, save, {"heading": _("Register a task")})


def _own_unit(who: Person) -> Unit | None:
    """The only unit a person with one post registers for; None where they choose."""
    paths = powers_of(who).reach(Power.REGISTER)
    return (
        Unit.objects.filter(path=paths[0]).first()
        if len(paths) == 1 and len(paths[0]) > 5
        else None
    )


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, task_id: int) -> HttpResponse:
    """Change a draft."""
    task, who = seen(request, task_id), person(request)
    require(rules.may("edit", task, queries.facts_for(task, who)))
    category = _chosen(request) or task.category
    own = dict(task.own_values.values_list("field_id", "text"))
    form = TaskForm(
        request.POST or None,
        categories=_categories(who),
        category=category,
        parent=task.parent,
        initial=initial_of(task, queries.parts_of([task])[task.pk], own),
    )

    def save() -> Task:
        rev = form.cleaned_data["rev"]
        return registering.edit(
            task,
            form.new_task(),
            by=who.actor,
            rev=-1 if rev is None else rev,  # a form that does not say is stale
            issue="issue" in request.POST,
        )

    return _answer(request, form, save, {"heading": _("Change the draft"), "task": task})


def _answer(
    request: HttpRequest, form: TaskForm, save: Callable[[], Task], context: dict[str, Any]
) -> HttpResponse:
    """Save what stands, issue it if asked; otherwise show the form with what was typed."""
    sent = request.method == "POST"
    if sent and form.is_valid():
        try:
            task = save()
            said = _("The draft has been saved.")
            if "issue" in request.POST:
                said = _("The task has been issued.")
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        except Stale:
            _go_on_from(form, context["task"])
            return render(request, "tasks/register.html", {"form": form, **context}, status=409)
        else:
            return finish(request, reverse("go", args=["task", task.pk]), said=said)
    status = 422 if sent else 200
    return render(request, "tasks/register.html", {"form": form, **context}, status=status)


def _go_on_from(form: TaskForm, task: Task) -> None:
    """Somebody was faster: what was typed stays; the next save goes on from the row as it is."""
    form.add_error(
        None,
        _(
            "Somebody else changed this meanwhile. Nothing of yours is saved yet: compare "
            "what stands here with the page, then save again."
        ),
    )
    data = cast(QueryDict, form.data).copy()
    data[form.add_prefix("rev")] = str(
        Task.objects.filter(pk=task.pk).values_list("rev", flat=True).first()
    )
    form.data = data


_CORRECT = {
    "verb": "correct",
    "title": gettext_lazy("Correct the task"),
    "button": gettext_lazy("Correct"),
}


@login_required
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, task_id: int) -> HttpResponse:
    """Correct what was written wrong in an issued task."""
    task, who = seen(request, task_id), person(request)
    require(rules.may("correct", task, queries.facts_for(task, who)))
    stands = {name: getattr(task, name) for name in (*rules.CORRECTED, "rev")}
    form = CorrectForm(request.POST or None, initial=stands)
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in rules.CORRECTED}
        rev = form.cleaned_data["rev"]
        try:
            correcting.correct(
                task,
                values,
                by=who.actor,
                rev=-1 if rev is None else rev,  # a form that does not say is stale
                reason=form.cleaned_data["reason"],
            )
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            url = reverse("go", args=["task", task.pk])
            return finish(request, url, "task-changed", said=_("The task has been corrected."))
    note = _("The due date and the responsible person are changed by acts of their own.")
    context = {"act": _CORRECT, "task": task, "form": form, "note": note}
    status = 422 if form.is_bound else 200
    return respond(request, "tasks/act.html", "tasks/_act.html", context, status=status)


@login_required
@require_GET
def category_fields(request: HttpRequest) -> HttpResponse:
    """The fields a category adds to the form, fetched when it is chosen."""
    form = TaskForm(categories=_categories(person(request)), category=_chosen(request))
    return render(request, "tasks/_category_fields.html", {"form": form})


@login_required
@require_POST
def issue_many(request: HttpRequest) -> HttpResponse:
    """Issue the drafts ticked in a list: all of them or none."""
    who = person(request)
    ticked = keys(request.POST.getlist("task"))
    if not ticked:
        raise Refused(_("Tick the drafts to be issued first."))
    tasks = list(queries.tasks_visible_to(who).filter(pk__in=ticked))
    done = issuing.issue_many(tasks, by=who.actor)
    said = ngettext(
        "%(count)d task has been issued.", "%(count)d tasks have been issued.", len(done)
    ) % {"count": len(done)}
    return finish(request, reverse("task-list"), "task-changed", said=said)


#: Drafts completed in one table at most.
MOST_DRAFTS = 100


def _ticked(request: HttpRequest) -> list[Task]:
    """Drafts named in the address or the form, as far as this person may change them."""
    who = person(request)
    named = [*request.GET.getlist("task"), *request.POST.getlist("task")]
    ticked = keys(named)[:MOST_DRAFTS]
    rows = queries.tasks_visible_to(who).filter(pk__in=ticked, status=Status.DRAFT)
    tasks = list(rows.select_related("unit", "owner", "category__measure", "measure", "parent"))
    facts = queries.facts_for_all(tasks, who)
    return [task for task in tasks if rules.may("edit", task, facts[task.pk])]


@login_required
@require_http_methods(["GET", "POST"])
def complete_drafts(request: HttpRequest) -> HttpResponse:
    """Many drafts in one table: what an imported table did not say is filled in here."""
    if "draft-TOTAL_FORMS" in request.POST:
        return _completed(request)
    tasks = _ticked(request)
    if not tasks:
        raise Refused(_("Tick the drafts to be completed first."))
    parts = queries.parts_of(tasks)
    rows = [
        {
            "task": task.pk,
            "rev": task.rev,
            "title": task.title,
            "unit": task.unit,
            "owner": task.owner,
            "due": task.due,
            "details": task.details,
            "standard": task.standard,
            "assessors": [p.person for p in parts[task.pk] if p.role == Role.ASSESSOR],
        }
        for task in tasks
    ]
    formset = DraftForms(initial=rows, prefix="draft")
    return render(request, "tasks/drafts.html", {"formset": formset})


def _completed(request: HttpRequest) -> HttpResponse:
    formset, trouble = DraftForms(request.POST, prefix="draft"), ""
    if formset.is_valid():
        forms = {form.cleaned_data["task"]: form for form in formset}
        found = queries.tasks_visible_to(person(request)).filter(pk__in=forms)
        rows = [
            (task, form.changed(queries.as_typed(task)), form.cleaned_data["rev"])
            for task, form in ((task, forms[task.pk]) for task in found.order_by("path"))
        ]
        try:
            done = registering.edit_many(
                rows, by=person(request).actor, issue="issue" in request.POST
            )
        except Refused as refusal:
            trouble = str(refusal)
        else:
            said = ngettext(
                "%(count)d draft has been saved.", "%(count)d drafts have been saved.", len(done)
            )
            if "issue" in request.POST:
                said = ngettext(
                    "%(count)d task has been issued.",
                    "%(count)d tasks have been issued.",
                    len(done),
                )
            url = f"{reverse('task-list')}?scope=created"
            return finish(request, url, said=said % {"count": len(done)})
    context = {"formset": formset, "trouble": trouble}
    return render(request, "tasks/drafts.html", context, status=422)
