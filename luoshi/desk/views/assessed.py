"""任务考核查询: three queries over what is assessed (S0; EVA-1)."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from luoshi.desk.queries import assessed as queries
from luoshi.desk.queries import feedback_books, listing
from luoshi.desk.queries.assessed import Wanted
from luoshi.kit import clock
from luoshi.kit.htmx import respond
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person


def _wanted(request: HttpRequest) -> Wanted:
    return queries.read(request.GET, chosen_year(request))


@login_required
@require_GET
def assessments(request: HttpRequest) -> HttpResponse:
    """Tasks that are assessed: of the whole institution, by me, of me."""
    person, today, wanted = cast(Person, request.user), clock.today(), _wanted(request)
    found = queries.listed(
        person,
        wanted,
        today,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {"found": found, "wanted": wanted, "today": today, **_filters(wanted)}
    return respond(request, "desk/assessments.html", "desk/_assessments.html", context)


def _filters(wanted: Wanted) -> dict[str, Any]:
    """What the filter row shows, and the filters in force."""
    choices = listing.choices(clock.today())
    known = {"unit_id": choices["unit_id"], "category_id": choices["category_id"]}
    chips = [
        {"param": {"unit_id": "unit", "category_id": "category", "words": "q"}[chip.name],
         "words": chip.words.strip()}
        for chip in listing.chips(wanted.filters, known)
    ]  # fmt: skip
    if wanted.state:
        chips.append({"param": "state", "words": str(wanted.states[wanted.state])})
    return {
        "scopes": queries.SCOPES,
        "chips": chips,
        "choices": {
            "unit": choices["unit_id"],
            "category": choices["category_id"],
            "state": {name: str(label) for name, label in wanted.states.items()},
        },
    }


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The query as seen, as a workbook."""
    person, today, wanted = cast(Person, request.user), clock.today(), _wanted(request)
    rows = queries.contents(person, wanted, today)
    file = feedback_books.write(_("Task assessment"), queries.columns(), rows)
    title = f"{_('Task assessment')}-{today.isoformat()}.xlsx"
    return FileResponse(file, as_attachment=True, filename=title)
