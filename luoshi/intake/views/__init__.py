"""The pages of the import: list, upload, columns, check result, names, rows, publish, undo."""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.files.queries import open_for_download
from luoshi.intake import queries
from luoshi.intake.forms import NameForm, RevForm, RowForm, TableForm, UploadForm
from luoshi.intake.models import ImportBatch, RowState, State
from luoshi.intake.rules import permits
from luoshi.intake.services import checking, marking, publishing, settling, staging
from luoshi.kit import typed
from luoshi.kit.htmx import finish, respond
from luoshi.kit.typed import keys
from luoshi.kit.verdict import Refused, require
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_NAMES = 100


def _person(request: HttpRequest) -> Person:
    """Who asks, if they may import at all; else the sentence who can."""
    person = cast(Person, request.user)
    require(permits.may_import(power=powers_of(person).has(Power.IMPORT)))
    return person


def _batch(request: HttpRequest, pk: int) -> ImportBatch:
    batch = queries.batches_visible_to(_person(request)).filter(pk=pk).first()
    if batch is None:
        raise Http404(_("There is no such import."))
    return batch


def _rev(request: HttpRequest) -> int:
    form = RevForm(request.POST)
    return int(form.cleaned_data["rev"]) if form.is_valid() else -1


def _crumbs(found: ImportBatch | None = None) -> list[tuple[str, str | None]]:
    """The way back: the list, then the table."""
    way: list[tuple[str, str | None]] = [(_("Import task tables"), reverse("intake:index"))]
    return [*way, (found.name, _to(found))] if found else way


def _to(batch: ImportBatch) -> str:
    return reverse("intake:batch", args=[batch.pk])


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All imports of the office, newest first."""
    batches = queries.batches_visible_to(_person(request))[:200]
    return render(request, "intake/index.html", {"batches": batches})


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file and where its tasks go."""
    person = _person(request)
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        year=chosen_year(request),
        categories=queries.categories_for(person),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            batch = staging.upload_table(data.pop("upload"), by=person.actor, **data)
        except Refused as error:
            form.add_error(
                "upload" if error.field in ("file", "evidence") else error.field, str(error)
            )
        else:
            return redirect("intake:batch", batch.pk)
    status = 422 if form.is_bound else 200
    return render(request, "intake/upload.html", {"form": form, "crumbs": _crumbs()}, status=status)


@login_required
@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """An empty table with the usual columns."""
    _person(request)
    return _workbook(marking.blank_template(), _("Task table"))


def _workbook(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """A batch as it stands: columns to confirm, work going on, or the result of the check."""
    found = _batch(request, pk)
    if found.state == State.STAGED:
        return redirect("intake:columns", found.pk)
    if found.is_working:
        return respond(
            request,
            "intake/working.html",
            "intake/_working.html",
            {"batch": found, "crumbs": _crumbs()},
        )
    return render(request, "intake/batch.html", _result(request, found))


def _result(
    request: HttpRequest, found: ImportBatch, names: list[NameForm] | None = None
) -> dict[str, Any]:
    """What the result page shows; ``names`` are forms that were sent with mistakes."""
    state = request.GET.get("state", "").replace("\x00", "")
    words = typed.words(request.GET.get("q"), 60)
    page = queries.page_of(
        queries.rows_found(found, state, words),
        request.GET.get("after", ""),
        request.GET.get("before", ""),
    )
    states = queries.states_counted(found)
    is_open = found.is_open
    counts = publishing.counts_of(found)
    return {
        "batch": found,
        "crumbs": _crumbs(),
        "rows": queries.shown_rows(found, page.rows),
        "page": page,
        "states": _states(found, states),
        "state": state,
        "words": words,
        "names": names if names is not None else (_name_forms(found) if is_open else []),
        "open_count": counts.names,
        "settled": queries.names_of(found).filter(settled=True)[:MOST_NAMES],
        "readings": queries.readings(found),
        "may_publish": permits.may_publish(counts, checked=is_open),
        "may_undo": _may_undo(found),
        "publish_label": _publish_label(found),
    }


def _states(found: ImportBatch, counted: dict[str, int]) -> list[tuple[str, str, int]]:
    """Filters by state: value, label, number of rows."""
    done = str(State.PUBLISHED.label)
    return [
        (one.value, done if found.published_at and one == RowState.OK else str(one.label), n)
        for one in RowState
        if (n := counted.get(one, 0))
    ]


def _may_undo(found: ImportBatch) -> Any:
    if found.state != State.PUBLISHED:
        return permits.may_undo(published=False, issued=0, changed=0)
    made = queries.made_by(found)
    return permits.may_undo(published=True, issued=made.issued, changed=made.changed)


def _publish_label(found: ImportBatch) -> str:
    return ngettext("Import %(n)s task as a draft", "Import %(n)s tasks as drafts", found.tasks) % {
        "n": found.tasks
    }


def _name_forms(found: ImportBatch, data: Any = None) -> list[NameForm]:
    units = queries.unit_dictionary()
    names = queries.open_names(found).select_related("batch")[:MOST_NAMES]
    return [NameForm(data, name=name, units=units) for name in names]


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the work has come; when it is over the page is asked to load again."""
    found = _batch(request, pk)
    response = render(request, "intake/_working.html", {"batch": found})
    if not found.is_working:
        response["HX-Redirect"] = _to(found)
    return response


@login_required
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm which tables are used and what their columns mean."""
    found = _batch(request, pk)
    if found.is_working or not found.is_open:
        return redirect("intake:batch", found.pk)
    lines = [queries.first_lines(found, number) for number in range(len(found.mapping))]
    forms = _table_forms(found, lines, request.POST or None)
    wrong = ""
    if request.method == "POST" and all(form.is_valid() for form in forms):
        entries = [form.entry_chosen(rows) for form, rows in zip(forms, lines, strict=True)]
        if _header_moved(found, entries) or "reread" in request.POST:
            forms = _table_forms(found, lines, None, entries)
        else:
            try:
                mapped = staging.map_columns(
                    found, entries, by=_person(request).actor, rev=_rev(request)
                )
                checking.check(mapped, by=_person(request).actor)
                return redirect("intake:batch", found.pk)
            except Refused as error:
                wrong = str(error)
    tables = list(zip(forms, lines, strict=True))
    context = {"batch": found, "tables": tables, "wrong": wrong, "crumbs": _crumbs()}
    return render(request, "intake/columns.html", context, status=422 if wrong else 200)


def _table_forms(
    found: ImportBatch, lines: list[Any], data: Any, entries: list[dict[str, Any]] | None = None
) -> list[TableForm]:
    return [
        TableForm(data, prefix=f"t{number}", entry=entry, lines=len(lines[number]))
        for number, entry in enumerate(entries or found.mapping)
    ]


def _header_moved(found: ImportBatch, entries: list[dict[str, Any]]) -> bool:
    pairs = zip(found.mapping, entries, strict=True)
    return any((a["first"], a["last"]) != (b["first"], b["last"]) for a, b in pairs)


@login_required
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers to the open names and dates of this page."""
    found = _batch(request, pk)
    forms = _name_forms(found, request.POST)
    valid = [form.is_valid() for form in forms]
    if not all(valid):
        return render(request, "intake/batch.html", _result(request, found, forms), status=422)
    answers = [form.answer() for form in forms]
    settling.settle_names(found, answers, by=_person(request).actor, rev=_rev(request))
    given = sum(answer.given for answer in answers)
    said = ngettext("%(n)s answer was saved.", "%(n)s answers were saved.", given) % {"n": given}
    return finish(request, _to(found), said=said)


@login_required
@require_POST
def reopen(request: HttpRequest, pk: int, name_id: int) -> HttpResponse:
    """Take an answer back."""
    found = _batch(request, pk)
    name = queries.name_in(found, name_id)
    if name is None:
        raise Http404(_("There is no such name."))
    settling.reopen_name(name, by=_person(request).actor, rev=_rev(request))
    return finish(request, _to(found), said=_("The answer was taken back."))


@login_required
@require_http_methods(["GET", "POST"])
def row(request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
    """Correct a row, or leave it out."""
    found = _batch(request, pk)
    staged = queries.row_in(found, row_id)
    if staged is None:
        raise Http404(_("There is no such row."))
    form = RowForm(request.POST or None, row=staged, batch=found)
    if request.method == "POST" and form.is_valid():
        try:
            settling.edit_row(
                staged,
                form.changes(),
                by=_person(request).actor,
                rev=form.cleaned_data["rev"],
                leave_out=form.cleaned_data["leave_out"],
            )
            return _reload(request, found, _("The row was saved."))
        except Refused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    shown = queries.shown_rows(found, [staged])[0]
    context = {"batch": found, "form": form, "shown": shown, "cells": _cells(found, staged)}
    context["crumbs"] = _crumbs(found)
    status = 422 if form.is_bound else 200
    return respond(request, "intake/row.html", "intake/_row.html", context, status=status)


def _cells(found: ImportBatch, staged: Any) -> list[tuple[str, str]]:
    """The row as it stands in the file: titles and texts."""
    names = found.mapping[staged.table]["names"]
    return [
        (names[i] if i < len(names) else "", text) for i, text in enumerate(staged.cells) if text
    ]


def _reload(request: HttpRequest, found: ImportBatch, said: str) -> HttpResponse:
    """After a row: back to the same filter of the list."""
    back = request.headers.get("HX-Current-URL", "") or request.META.get("HTTP_REFERER", "")
    state = back.partition("state=")[2].partition("&")[0]
    url = _to(found) + (f"?state={state}" if state in RowState.values else "")
    response = finish(request, url, said=said)
    if response.status_code == 204:
        response["HX-Redirect"] = url
    return response


def _act(
    request: HttpRequest, pk: int, does: Callable[[ImportBatch], object], said: str
) -> HttpResponse:
    found = _batch(request, pk)
    does(found)
    return finish(request, _to(found), said=said)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm the assumptions of one row, or of all rows."""
    ticked = keys(request.POST.getlist("row"))
    return _act(
        request,
        pk,
        lambda found: settling.confirm_rows(
            found, ticked or None, by=_person(request).actor, rev=_rev(request)
        ),
        _("Confirmed."),
    )


@login_required
@require_POST
def leave_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave out every row that cannot be imported."""
    return _act(
        request,
        pk,
        lambda found: settling.leave_out_rows(found, by=_person(request).actor, rev=_rev(request)),
        _("The rows in error were left out."),
    )


@login_required
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Import the batch as drafts."""
    found = publishing.publish_batch(
        _batch(request, pk), by=_person(request).actor, rev=_rev(request)
    )
    said = ""
    if found.state == State.PUBLISHED:
        words = ngettext(
            "%(n)s task was imported as a draft.",
            "%(n)s tasks were imported as drafts.",
            found.tasks,
        )
        said = words % {"n": found.tasks}
    return finish(request, _to(found), said=said)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw away the drafts of an import."""
    return _act(
        request,
        pk,
        lambda found: publishing.undo_batch(found, by=_person(request).actor, rev=_rev(request)),
        "",
    )


@login_required
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a table up."""
    found = _batch(request, pk)
    publishing.drop_batch(found, by=_person(request).actor, rev=_rev(request))
    return finish(request, reverse("intake:index"), said=_("The table was dropped."))


@login_required
@require_GET
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The file with its faults marked."""
    found = _batch(request, pk)
    stem = found.name.rpartition(".")[0] or found.name
    return _workbook(marking.marked_copy(found), _("%(name)s (marked)") % {"name": stem})


@login_required
@require_GET
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was uploaded."""
    attachment = queries.file_of(_batch(request, pk))
    if attachment is None:
        raise Http404(_("The file is no longer kept."))
    return cast(HttpResponse, open_for_download(attachment))
