"""Units and people out of tables in the browser: choose, look at what would happen, import."""

import io
import json
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit.verdict import Refused
from luoshi.people import queries
from luoshi.people.forms import entry
from luoshi.people.kinds import (
    DUTY_WORDS,
    PERSON_COLUMNS,
    PERSON_EXAMPLES,
    UNIT_COLUMNS,
    UNIT_EXAMPLES,
)
from luoshi.people.readers import Row, Table, read_table
from luoshi.people.services import importing, keeping
from luoshi.people.services.tables import ImportResult
from luoshi.people.views.pages import must_edit, person_of

_IMPORTS = {"units": importing.import_units, "people": importing.import_people}
_COLUMNS = {"units": UNIT_COLUMNS, "people": PERSON_COLUMNS}
_EXAMPLES: dict[str, Sequence[Sequence[str]]] = {
    "units": UNIT_EXAMPLES,
    "people": PERSON_EXAMPLES,
}
SHOWN = 500  # rows of errors and of changes on the page


def _known(kind: str) -> str:
    if kind not in _IMPORTS:
        raise Http404
    return kind


def _place(kind: str) -> str:
    """Where the checked table waits until it is imported: a draft of this person."""
    return reverse("people:import", args=[kind])


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, kind: str) -> HttpResponse:
    """Choose a file; it is checked at once and nothing is written."""
    kind = _known(kind)
    must_edit(request, None)
    if request.method == "GET":
        return render(request, "people/import.html", _page(kind, entry.UploadForm()))
    form = entry.UploadForm(request.POST, request.FILES)
    result = _checked(request, kind, form) if form.is_valid() else None
    context = _page(kind, form) | {"result": result, "shown": SHOWN}
    return render(request, "people/import.html", context, status=422 if form.errors else 200)


def _page(kind: str, form: Any) -> dict[str, Any]:
    columns = _COLUMNS[kind]
    return {
        "kind": kind,
        "form": form,
        "columns": [(names[0], _ours(names[1:])) for names in columns.values()],
        "tabs": [
            {"url": reverse("people:import", args=[k]), "label": label, "active": k == kind}
            for k, label in (("units", pgettext("organisation", "Units")), ("people", _("People")))
        ],
        "duties": "、".join(DUTY_WORDS),
    }


def _ours(names: Sequence[str]) -> list[str]:
    """Some of the further headings a column may carry, in the language of the tables."""
    return [name for name in names if not name.isascii()][:4]


def _checked(request: HttpRequest, kind: str, form: Any) -> ImportResult | None:
    """The dry run; what was read waits in a draft for the button “import”."""
    person = person_of(request)
    try:
        table = read_table(form.cleaned_data["file"], _COLUMNS[kind])
        result = _IMPORTS[kind](table, by=person.actor, dry_run=True)
        keeping.save_table(person, form=_place(kind), text=_packed(table))
    except Refused as refusal:
        form.add_error("file", str(refusal))
        return None
    return result


def _packed(table: Table) -> str:
    data = {
        "rows": [[row.number, dict(row.cells)] for row in table.rows],
        "places": dict(table.places),
        "unknown": list(table.unknown),
        "head_row": table.head_row,
    }
    return json.dumps(data, ensure_ascii=False)


def _unpacked(data: dict[str, Any]) -> Table:
    rows = [Row(number, cells) for number, cells in data["rows"]]
    return Table(rows, data["places"], data["unknown"], data["head_row"])


@login_required
@require_POST
def apply(request: HttpRequest, kind: str) -> HttpResponse:
    """Import what was checked: every row, or only those without an error."""
    kind = _known(kind)
    must_edit(request, None)
    person = person_of(request)
    kept = queries.draft_for(person, _place(kind))
    form = entry.UploadForm()
    context = _page(kind, form) | {"shown": SHOWN}
    if kept is None:
        context["gone"] = True
        return render(request, "people/import.html", context, status=409)
    keeping.drop_draft(person, _place(kind))
    partly = "partly" in request.POST
    result = _IMPORTS[kind](_unpacked(kept), by=person.actor, partly=partly)
    return render(request, "people/import.html", context | {"result": result})


@login_required
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty table with the headings, text cells and a sheet of examples."""
    kind = _known(kind)
    headings = [names[0] for names in _COLUMNS[kind].values()]
    name = {"units": "units", "people": "people"}[kind]
    response = HttpResponse(
        _workbook(headings, _EXAMPLES[kind], list(DUTY_WORDS) if kind == "people" else []),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = f'attachment; filename="luoshi-{name}.xlsx"'
    return response


def _workbook(
    headings: Sequence[str], examples: Sequence[Sequence[str]], duties: Sequence[str]
) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    head = book.add_format({"bold": True, "bg_color": "#e6f4ff", "border": 1})
    text = book.add_format({"num_format": "@"})
    for title, rows in (("填写", []), ("示例", examples)):
        sheet = book.add_worksheet(title)
        sheet.set_column(0, len(headings) - 1, 16, text)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, headings, head)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, row, text)
        if duties and not rows and "岗位" in headings:
            column = headings.index("岗位")
            sheet.data_validation(
                1, column, 5000, column, {"validate": "list", "source": list(duties)[:12]}
            )
    book.close()
    return target.getvalue()
