"""Asking somebody to take tasks over, and answering (任务转交)."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.changes import queries, rules, services
from luoshi.changes.forms import AnswerForm, AskForm, AskManyForm
from luoshi.changes.models import Change
from luoshi.kit import clock
from luoshi.kit.htmx import finish, respond
from luoshi.kit.typed import keys
from luoshi.kit.verdict import Refused, require
from luoshi.people.models import Person
from luoshi.tasks.queries import for_page

EVENTS = ("task-changed", "inbox-changed")


def person_of(request: HttpRequest) -> Person:
    """Who is logged in."""
    assert isinstance(request.user, Person)
    return request.user


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, task_id: int) -> HttpResponse:
    """Ask somebody to take over one task."""
    person = person_of(request)
    task = get_object_or_404(for_page(person, task_id), pk=task_id)
    require(queries.may_ask(task, person, queries.waiting_on(task)))
    sent = request.method == "POST"
    form = AskForm(request.POST if sent else None)
    if sent and form.carry_out(services.ask_transfer, tasks=[task], by=person.actor):
        return finish(request, task.get_absolute_url(), *EVENTS, said=_asked(form.done))
    context = {"form": form, "task": task, "note": _note(task, person)}
    return respond(
        request, "changes/ask.html", "changes/_ask.html", context, status=422 if sent else 200
    )


def _note(task: Any, person: Person) -> str:
    """What happens, or why the head may do it."""
    away = queries.gone(task) if task.owner_id != person.pk else rules.Gone.NO
    if away and task.owner:
        return _("%(person)s %(gone)s; you hand the task over in their place.") % {
            "person": task.owner.name,
            "gone": away.label,
        }
    return _(
        "The receiver accepts or declines. Until then the task stays where it is, "
        "and reports go on."
    )


def _asked(changes: Sequence[Change]) -> str:
    taken = [change for change in changes if change.state == rules.ChangeState.ACCEPTED]
    if taken:
        return ngettext(
            "You are the responsible person of the task now.",
            "You are the responsible person of %(n)d tasks now.",
            len(taken),
        ) % {"n": len(taken)}
    name = changes[0].taker.name if changes and changes[0].taker else ""
    return ngettext(
        "%(person)s has been asked to take over the task.",
        "%(person)s has been asked to take over %(n)d tasks.",
        len(changes),
    ) % {"person": name, "n": len(changes)}


@login_required
@require_http_methods(["GET", "POST"])
def ask_many(request: HttpRequest) -> HttpResponse:
    """Hand over several tasks at once: on a change of post, all of them."""
    person = person_of(request)
    own, left = queries.transferable(person), queries.left_behind(person)
    known = {task.pk for task in (*own, *left)}
    sent = request.method == "POST"
    form = AskManyForm(request.POST if sent else None, keys=known)
    if sent and form.carry_out(services.ask_transfer, by=person.actor):
        return finish(request, reverse("changes:index") + "?show=asked", said=_asked(form.done))
    ticked = set(keys(request.POST.getlist("tasks") or request.GET.getlist("tasks")))
    context = {
        "form": form,
        "groups": [
            (_("My tasks"), own),
            (_("Tasks of people who left or moved on"), left),
        ],
        "empty": not known,
        "ticked": ticked,
        "today": clock.today(),
    }
    return render(request, "changes/ask_many.html", context, status=422 if sent else 200)


# ── answering ────────────────────────────────────────────────────────────────────────────────────


def _answered(changes: Sequence[Change], verb: str, opinion: str, by: Person) -> str:
    """Accept or decline; the sentence that says so. Raises Refused for any other verb."""
    if verb == "accept":
        services.accept_transfer(changes, by=by.actor, opinion=opinion)
        return ngettext(
            "You are the responsible person of the task now.",
            "You are the responsible person of %(n)d tasks now.",
            len(changes),
        ) % {"n": len(changes)}
    if verb != "decline":
        raise Refused(_("Choose whether you accept or decline."))
    services.decline_transfer(changes, by=by.actor, opinion=opinion)
    return ngettext(
        "The transfer has been declined; the task stays where it was.",
        "%(n)d transfers have been declined; the tasks stay where they were.",
        len(changes),
    ) % {"n": len(changes)}


@login_required
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or decline one transfer."""
    person = person_of(request)
    change = get_object_or_404(queries.to_answer_or_answered(person), pk=pk)
    sent = request.method == "POST"
    form = AnswerForm(request.POST if sent else None)
    if sent and form.is_valid():
        verb, opinion = request.POST.get("answer", ""), form.cleaned_data["opinion"]
        try:
            said = _answered([change], verb, opinion, person)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return finish(request, reverse("changes:index"), *EVENTS, said=said)
    context = {
        "change": change,
        "form": form,
        "may": rules.may_answer(change, person.pk, change.task.status),
        "today": clock.today(),
    }
    return respond(
        request, "changes/answer.html", "changes/_answer.html", context, status=422 if sent else 200
    )


@login_required
@require_POST
def answer_many(request: HttpRequest) -> HttpResponse:
    """Accept or decline the ticked transfers: all of them or none."""
    person = person_of(request)
    ticked, form = keys(request.POST.getlist("change")), AnswerForm(request.POST)
    if form.is_valid() and not ticked:
        form.add_error(None, _("Tick the transfers to be answered first."))
    if form.is_valid():
        changes = list(queries.to_answer_or_answered(person).filter(pk__in=ticked))
        verb, opinion = request.POST.get("answer", ""), form.cleaned_data["opinion"]
        try:
            said = _answered(changes, verb, opinion, person)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return finish(request, reverse("changes:index"), *EVENTS, said=said)
    return _listed(request, "waiting", form, set(ticked))


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what nobody has answered."""
    person = person_of(request)
    change = get_object_or_404(queries.given_by(person), pk=pk)
    if request.method == "POST":
        services.withdraw_transfer(change, by=person.actor)
        said = _("The transfer has been withdrawn.")
        return finish(request, change.task.get_absolute_url(), *EVENTS, said=said)
    require(rules.may_withdraw(change, person.pk, change.task.owner_id))
    return respond(request, "changes/withdraw.html", "changes/_withdraw.html", {"change": change})


# ── my transfers ─────────────────────────────────────────────────────────────────────────────────

_LISTS = {
    "waiting": queries.to_answer,
    "asked": queries.asked_by,
    "answered": queries.taken_by,
}


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Transfers that wait for me, that I asked for, that I answered."""
    show = request.GET.get("show", "waiting")
    return _listed(request, show if show in _LISTS else "waiting", AnswerForm(), set())


def _listed(request: HttpRequest, show: str, form: AnswerForm, ticked: set[int]) -> HttpResponse:
    person = person_of(request)
    labels = {
        "waiting": _("Waiting for me"),
        "asked": _("Asked by me"),
        "answered": pgettext("transfers", "Answered by me"),
    }
    rows = list(_LISTS[show](person)[: queries.MOST + 1])
    tabs = [
        {
            "url": f"{reverse('changes:index')}?show={name}",
            "label": label,
            "active": name == show,
            "count": None,
        }
        for name, label in labels.items()
    ]
    context = {
        "rows": rows[: queries.MOST],
        "more": len(rows) > queries.MOST,
        "show": show,
        "tabs": tabs,
        "form": form,
        "ticked": ticked,
        "today": clock.today(),
    }
    return respond(
        request,
        "changes/index.html",
        "changes/_index.html",
        context,
        status=422 if form.errors else 200,
    )
