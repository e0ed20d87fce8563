"""The trail for audit administrators: search, pages, and a workbook of what was found."""

import io
from collections.abc import Iterator
from typing import Any, cast

import xlsxwriter
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from luoshi.desk.queries import audit, story
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.verdict import ALLOWED, Verdict, denied, require
from luoshi.people.models import Person
from luoshi.people.queries import holds
from luoshi.people.roles import Power
from luoshi.trail import kinds
from luoshi.trail import queries as trail

MOST_LINES = 50_000  # lines of one workbook


def may_read(person: Person) -> Verdict:
    """Whether somebody searches the trail of the whole institution."""
    if holds(person, Power.READ_TRAIL):
        return ALLOWED
    return denied(
        _(
            "The trail of the institution is searched by the audit administrator alone. "
            "What happened to a task stands on its own page."
        ),
        Power.READ_TRAIL.value,
    )


@login_required
@require_GET
def trail_search(request: HttpRequest) -> HttpResponse:
    require(may_read(cast(Person, request.user)))
    wanted = audit.filter_from(request.GET)
    page = trail.find(wanted, before=audit.cursor(request.GET.get("before", "")))
    total, more = trail.count_found(wanted)
    context = {
        "page": page,
        "rows": [
            (line, subject, story.details(line))
            for line, subject in zip(page.lines, story.subjects(page.lines), strict=True)
        ],
        "about": story.about_chip(wanted.about),
        "total": total + more,
        "wanted": wanted,
        "verbs": kinds.verbs(),
        "asked": request.GET.urlencode(),
    }
    return respond(request, "desk/trail.html", "desk/trail.html", context)


@login_required
@require_GET
def trail_export(request: HttpRequest) -> HttpResponse:
    """What the filter finds, as a workbook."""
    require(may_read(cast(Person, request.user)))
    lines = trail.all_found(audit.filter_from(request.GET), most=MOST_LINES)
    name = f"{_('Trail')}-{clock.today().isoformat()}.xlsx"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(_workbook(audit.sheet_rows(lines)), content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def _workbook(rows: Iterator[list[str]]) -> bytes:
    """Cells as text only: nothing in a trail may become a formula."""
    target = io.BytesIO()
    options: dict[str, Any] = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet(_("Trail"))
    head = book.add_format({"bold": True, "bottom": 1})
    titles = [
        _("Time"),
        _("Person"),
        _("On behalf of"),
        _("Act"),
        _("About"),
        _("No."),
        pgettext("trail", "Details"),
    ]
    sheet.write_row(0, 0, titles, head)
    sheet.freeze_panes(1, 0)
    for column, width in enumerate((19, 12, 12, 24, 16, 6, 80)):
        sheet.set_column(column, column, width)
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text[:32_000])
    book.close()
    return target.getvalue()
