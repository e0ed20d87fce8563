"""Short acts on a task, each a dialog or a page of its own."""

import datetime as dt
from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from luoshi.kit.htmx import finish, respond
from luoshi.kit.typed import whole
from luoshi.kit.verdict import Refused, require
from luoshi.measures.models import Category
from luoshi.tasks import queries, rules
from luoshi.tasks.forms import (
    CountInForm,
    MilestoneForms,
    OpinionForm,
    SendBackForm,
    ShareForm,
)
from luoshi.tasks.models import RemarkKind, Task
from luoshi.tasks.services import issuing, line, registering, signing, taking_part
from luoshi.tasks.views.doors import Act, door, person, seen


def _issue_note(task: Task) -> str:
    return gettext("“%(unit)s” is told at once; from then on reports are due.") % {
        "unit": task.unit.name
    }


def _cancel_note(task: Task) -> str:
    below = task.descendants().filter(status__lt=80).count()
    if not below:
        return gettext("No more reports are due on it. This cannot be undone.")
    return ngettext(
        "Its %(count)d sub-task is cancelled too; no more reports are due. This cannot be undone.",
        "Its %(count)d sub-tasks are cancelled too; no more reports are due. "
        "This cannot be undone.",
        below,
    ) % {"count": below}


issue = door(
    Act(
        "issue",
        _("Issue the task"),
        _("Issue"),
        _("The task has been issued."),
        lambda task, by, _data: issuing.issue_many([task], by=by.actor),
        note=_issue_note,
    )
)
approve = door(
    Act(
        "approve",
        _("Agree to the issue"),
        _("Agree"),
        _("The task has been approved and issued."),
        lambda task, by, data: issuing.approve(task, by=by.actor, opinion=data["text"]),
        form=partial(OpinionForm, required=False),
    )
)
reject = door(
    Act(
        "reject",
        _("Return to the creator"),
        _("Return"),
        _("The task went back to its creator."),
        lambda task, by, data: issuing.reject(task, by=by.actor, opinion=data["text"]),
        form=OpinionForm,
    )
)
sign = door(
    Act(
        "sign",
        _("Sign for the task"),
        _("Sign"),
        _("You have signed for the task."),
        lambda task, by, _data: signing.sign(task, by=by.actor),
    )
)
refuse = door(
    Act(
        "refuse",
        _("Refuse the task"),
        _("Refuse"),
        _("The task went back to its creator."),
        lambda task, by, data: signing.refuse(task, by=by.actor, reason=data["text"]),
        form=partial(OpinionForm, label=_("Reason")),
        danger=True,
    )
)
accept = door(
    Act(
        "accept",
        _("Accept the result"),
        _("Accept"),
        _("The result has been accepted."),
        lambda task, by, data: line.accept(task, by=by.actor, opinion=data["text"]),
        form=partial(OpinionForm, required=False),
    )
)
send_back = door(
    Act(
        "send_back",
        _("Return for more work"),
        _("Return"),
        _("The task went back to the responsible person."),
        lambda task, by, data: line.send_back(
            task, by=by.actor, opinion=data["text"], progress=data["progress"]
        ),
        form=partial(SendBackForm, label=_("What is missing")),
    )
)
close = door(
    Act(
        "close",
        _("Close the task"),
        _("Close the matter"),
        _("The task has been closed."),
        lambda task, by, _data: line.close(task, by=by.actor),
        note=lambda task: gettext("A closed task can only be looked at."),
    )
)
cancel = door(
    Act(
        "cancel",
        _("Cancel the task"),
        _("Cancel the task"),
        _("The task has been cancelled."),
        lambda task, by, data: line.cancel(task, by=by.actor, reason=data["text"]),
        form=partial(OpinionForm, label=_("Reason")),
        note=_cancel_note,
        danger=True,
    )
)
discard = door(
    Act(
        "discard",
        _("Throw the draft away"),
        _("Throw away"),
        _("The draft is gone."),
        lambda task, by, _data: registering.discard_drafts([task], by=by.actor),
        danger=True,
        to=lambda task: (
            reverse("go", args=["task", task.parent_id]) if task.parent_id else reverse("task-list")
        ),
    )
)
share = door(
    Act(
        "share",
        _("Share the task"),
        _("Share"),
        _("The task has been shared."),
        lambda task, by, data: taking_part.share(task, data["people"], by=by.actor),
        form=ShareForm,
        note=lambda task: gettext(
            "Whoever acts first has done it; the others see that it is done."
        ),
    )
)
comment = door(
    Act(
        "comment",
        _("Comment"),
        _("Comment"),
        _("Your comment stands on the task page."),
        lambda task, by, data: taking_part.remark(
            task, data["text"], by=by.actor, key=data["key"] or None
        ),
        form=partial(OpinionForm, label=_("Comment")),
    )
)
instruct = door(
    Act(
        "instruct",
        _("Give an instruction"),
        _("Sign the instruction"),
        _("Your instruction stands at the top of the task page."),
        lambda task, by, data: taking_part.remark(
            task,
            data["text"],
            by=by.actor,
            kind=RemarkKind.INSTRUCTION,
            key=data["key"] or None,
        ),
        form=partial(OpinionForm, label=_("Instruction")),
    )
)


def _sets() -> Any:
    return Category.objects.filter(active=True)


count_in = door(
    Act(
        "count_in",
        _("Count in a further set"),
        _("Count in"),
        _("The task counts in that set too."),
        lambda task, by, data: taking_part.count_in(
            task, data["category"], by=by.actor, result_due=data["result_due"]
        ),
        form=lambda *args: CountInForm(*args, categories=_sets()),
        note=lambda task: gettext(
            "It is reported once; the further set asks for a final result only."
        ),
    )
)


@login_required
@require_POST
def follow(request: HttpRequest, task_id: int) -> HttpResponse:
    """Follow a task, or stop following it."""
    task = seen(request, task_id)
    on = request.POST.get("on") == "1"
    taking_part.follow(task, by=person(request).actor, on=on)
    said = gettext("You follow the task.") if on else gettext("You no longer follow the task.")
    return finish(request, task.get_absolute_url(), "task-changed", said=said)


@login_required
@require_http_methods(["GET", "POST"])
def set_milestones(request: HttpRequest, task_id: int) -> HttpResponse:
    """The milestones of a task as one table."""
    task = seen(request, task_id)
    require(rules.may("set_milestones", task, queries.facts_for(task, person(request))))
    rows = list(task.milestones.values("name", "due", "done_on"))
    formset = MilestoneForms(request.POST or None, initial=rows, prefix="node")
    sent = request.method == "POST"
    if sent and formset.is_valid():
        try:
            rev = whole(request.POST.get("rev"))
            taking_part.set_milestones(
                task, _typed(formset), by=person(request).actor, rev=-1 if rev is None else rev
            )
        except Refused as refusal:
            formset.non_form_errors().append(str(refusal))
        else:
            said = gettext("The milestones have been saved.")
            return finish(request, task.get_absolute_url(), "task-changed", said=said)
    context = {"task": task, "formset": formset}
    return respond(
        request,
        "tasks/milestones.html",
        "tasks/_milestones.html",
        context,
        status=422 if sent else 200,
    )


def _typed(formset: "forms.BaseFormSet[Any]") -> list[tuple[str, dt.date, dt.date | None]]:
    return [
        (form.cleaned_data["name"], form.cleaned_data["due"], form.cleaned_data["done_on"])
        for form in formset
        if form.cleaned_data.get("name") and form not in formset.deleted_forms
    ]
