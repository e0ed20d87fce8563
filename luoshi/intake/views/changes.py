"""Exported lists that come back from Excel: bring one back, look at its changes, take them over."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.files.queries import open_for_download
from luoshi.intake.forms import ReturnForm
from luoshi.intake.models import WAITING, ChangeList, ChangeState
from luoshi.intake.queries import changes as queries
from luoshi.intake.rules.changes import BY_NAME, Stand, beginning
from luoshi.intake.services import changing
from luoshi.kit.htmx import finish
from luoshi.kit.typed import keys, whole
from luoshi.kit.verdict import Refused
from luoshi.people.models import Person
from luoshi.tasks.lifecycle import Status

#: Rows on a page.
SIZE = 100


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _list(request: HttpRequest, pk: int) -> ChangeList:
    found = queries.lists_of(_person(request)).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such list."))
    return found


def _crumbs(found: ChangeList) -> list[tuple[str, str | None]]:
    return [(_("Change lists"), reverse("intake:change_lists")), (found.name, None)]


@login_required
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The lists this person brought back, and the door for another one."""
    person = _person(request)
    form = ReturnForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            table = changing.bring_back(data["upload"], by=person.actor, key=data["key"])
        except Refused as error:
            form.add_error("upload" if error.field else None, str(error))
        else:
            return redirect("intake:changes", table.pk)
    lists = queries.lists_of(person)[:100]
    status = 422 if form.is_bound else 200
    context = {"form": form, "lists": lists}
    return render(request, "intake/change_lists.html", context, status=status)


@login_required
@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The changes of a list, row by row."""
    found = _list(request, pk)
    return render(request, "intake/changes.html", _context(request, found))


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    """A field with its label, its long texts cut to where they differ."""
    names = ("exported", "now", "wanted")
    texts = beginning([told[name] for name in names])
    left = told["stand"] == Stand.LEFT
    label = BY_NAME[told["name"]].label
    return told | dict(zip(names, texts, strict=True)) | {"label": label, "left": left}


def _context(request: HttpRequest, found: ChangeList, trouble: str = "") -> dict[str, Any]:
    counted = queries.states_counted(found)
    state = request.GET.get("state", "")
    pages = Paginator(queries.rows_shown(found, state), SIZE)
    shown = pages.get_page(whole(request.GET.get("page", "")) or 1)
    rows: list[dict[str, Any]] = [
        {
            "row": row,
            "fields": [_shown(told) for told in row.fields],
            "may_tick": row.state in WAITING,
            "ticked": row.state == ChangeState.CLEAN,
        }
        for row in shown
    ]
    return {
        "table": found,
        "crumbs": _crumbs(found),
        "said": changing.said_of(found),
        "rows": rows,
        "page": shown,
        "states": [(s.value, s.label, counted[s]) for s in ChangeState if counted.get(s)],
        "state": state,
        "total": sum(counted.values()),
        "clean": counted.get(ChangeState.CLEAN, 0),
        "waiting": sum(counted.get(s, 0) for s in WAITING),
        "working": counted.get(ChangeState.CHOSEN, 0),
        "corrects": any(row["row"].task.status >= Status.ISSUED for row in rows),
        "trouble": trouble,
        "touched": Stand.TOUCHED,
    }


@login_required
@require_POST
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Take over the ticked rows, or every clean one."""
    found = _list(request, pk)
    ticked = None if "clean" in request.POST else keys(request.POST.getlist("row"))
    reason = request.POST.get("reason", "").replace("\x00", "")
    try:
        if ticked == []:
            raise Refused(_("Tick the rows to be taken over first."))
        count = changing.take_over(found, ticked, by=_person(request).actor, reason=reason)
    except Refused as refusal:
        context = _context(request, found, str(refusal)) | {"reason": reason}
        return render(request, "intake/changes.html", context, status=422)
    said = ngettext("%(n)s row was ticked.", "%(n)s rows were ticked.", count) % {"n": count}
    left = queries.states_counted(found)
    if left.get(ChangeState.FAILED):
        said = _("Some rows were refused; the reason stands beside them.")
    elif not left.get(ChangeState.CHOSEN):
        said = ngettext("%(n)s row was taken over.", "%(n)s rows were taken over.", count)
        said %= {"n": count}
    return finish(request, reverse("intake:changes", args=[found.pk]), said=said)


@login_required
@require_GET
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbook as it came back."""
    attachment = queries.file_of_list(_list(request, pk))
    if attachment is None:
        raise Http404(_("The file is no longer kept."))
    return cast(HttpResponse, open_for_download(attachment))
