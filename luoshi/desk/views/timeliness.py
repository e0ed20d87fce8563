"""及时与诊改 (EVA-11): figures of units made of results alone, and the rows behind each."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from luoshi.assessment.rules import KeptKind
from luoshi.desk.queries import feedback_books
from luoshi.desk.queries import timeliness as queries
from luoshi.desk.queries.timeliness import Wanted
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person
from luoshi.reports.rules import period_words


def _wanted(request: HttpRequest) -> Wanted:
    return queries.read(request.GET, chosen_year(request), clock.today())


@login_required
@require_GET
def timeliness(request: HttpRequest) -> HttpResponse:
    """Units and what they reported in time and diagnosed."""
    wanted, today = _wanted(request), clock.today()
    told = queries.table(cast(Person, request.user), wanted, today)
    context = {
        "table": told,
        "wanted": wanted,
        "today": today,
        "months": {str(n): _("month %(n)s") % {"n": n} for n in range(1, 13)},
    }
    return respond(request, "desk/timeliness.html", "desk/_timeliness.html", context)


@login_required
@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The rows behind a figure."""
    wanted = _wanted(request)
    periods = queries.periods_asked(wanted) if wanted.kind == KeptKind.DIAGNOSES else []
    asked = request.GET.get("period", "")
    period = next((one for one in periods if one.key == asked), periods[-1] if periods else None)
    found = queries.rows(
        cast(Person, request.user),
        wanted,
        period,
        period_words,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    scope = queries.scope_of(cast(Person, request.user), wanted.unit_id)
    context = {
        "found": found,
        "wanted": wanted,
        "kind": queries.KINDS[wanted.kind],
        "state": queries.STATE_WORDS.get(wanted.state, ""),
        "unit": scope.chosen,
        "back": "?" + urlencode(wanted.query),
        "tabs": _tabs(request, periods, period) if len(periods) > 1 else [],
    }
    return respond(request, "desk/timeliness_rows.html", "desk/_timeliness_rows.html", context)


def _tabs(request: HttpRequest, periods: Any, chosen: Any) -> list[dict[str, Any]]:
    """One tab for each period of the year."""
    kept = request.GET.copy()
    for name in ("period", "after", "before"):
        kept.pop(name, None)
    return [
        {
            "url": f"?{kept.urlencode()}&period={period.key}",
            "label": period.words,
            "active": period == chosen,
            "count": None,
        }
        for period in periods
    ]


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The table as seen, as a workbook."""
    wanted = _wanted(request)
    told = queries.table(cast(Person, request.user), wanted, clock.today())
    name = _("Timeliness and diagnosis")
    file = feedback_books.write(name, queries.columns(), queries.contents(told))
    title = f"{name}-{wanted.year}-{(told.day or wanted.day).isoformat()}.xlsx"
    return FileResponse(file, as_attachment=True, filename=title)
