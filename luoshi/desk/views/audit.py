"""The trail for audit administrators: search, pages, and a workbook of what was found."""

from collections.abc import Iterable
from typing import IO, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from luoshi.desk.queries import audit, story
from luoshi.kit import clock
from luoshi.kit.books import writing
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
def trail_export(request: HttpRequest) -> FileResponse:
    """What the filter finds, as a workbook."""
    require(may_read(cast(Person, request.user)))
    lines = trail.all_found(audit.filter_from(request.GET), most=MOST_LINES)
    name = f"{_('Trail')}-{clock.today().isoformat()}.xlsx"
    file = _workbook(audit.sheet_rows(lines))
    return FileResponse(file, as_attachment=True, filename=name)


def _workbook(rows: Iterable[list[str]]) -> IO[bytes]:
    """Cells as text only: nothing in a trail may become a formula."""
    titles = (
        (_("Time"), 19),
        (_("Person"), 12),
        (_("On behalf of"), 12),
        (_("Act"), 24),
        (_("About"), 16),
        (_("No."), 6),
        (pgettext("trail", "Details"), 80),
    )
    with writing() as book:
        sheet = book.sheet(_("Trail"), titles, fixed=0)
        for row in rows:
            sheet.line(row)
        return book.file()
