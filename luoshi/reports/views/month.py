"""月末一页清: all reports of a month on one page, filed at once, each for itself (RPT-5)."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from luoshi.files.forms import keep, kept_of
from luoshi.kit import clock
from luoshi.kit.once import SentBefore, new_key
from luoshi.kit.typed import keys, whole
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.people.models import Person
from luoshi.people.services.keeping import drop_draft
from luoshi.reports import rules
from luoshi.reports.forms import TEXTS, RowForm, Sheet
from luoshi.reports.models import Report
from luoshi.reports.queries import month as read
from luoshi.reports.queries import quoting
from luoshi.reports.queries.month import Line
from luoshi.reports.queries.month_rows import Errors, Row, Typed
from luoshi.reports.rules import month as months
from luoshi.reports.rules.month import RowState
from luoshi.reports.services.month import file_row
from luoshi.tasks.queries import facts_for, visible_one
from luoshi.tasks.rules import may

log = logging.getLogger(__name__)
#: Rows that one request may file.
MOST_ROWS = 200
#: What a script of ours says when it wants the rows alone.
_FETCH = "fetch"
_KEY = re.compile(r"([ts][0-9]{1,18})-key")


# ── a row as it stands in the form ───────────────────────────────────────────────────────────────


def _fresh(line: Line) -> Typed:
    """The fields before anything is typed."""
    progress = "" if line.rolled_up else str(line.progress)
    rev = line.latest.pk if line.latest else 0
    return Typed(progress=progress, was=progress, rev=0 if line.is_result else rev)


def _drafted(line: Line, draft: Mapping[str, Sequence[str]]) -> Typed:
    """The fields with what was typed earlier."""
    typed = _fresh(line)
    if not draft:
        return typed
    for name in (*TEXTS, "achieved"):
        setattr(typed, name, "".join(draft.get(name, [])[:1]))
    if not line.rolled_up and (progress := "".join(draft.get("progress", [])[:1])):
        typed.progress = progress
    typed.complete = bool(draft.get("complete"))
    typed.unchanged = bool(draft.get("unchanged")) and not line.is_result
    shown = {piece.pk for piece in line.citable}
    typed.cited = shown & set(keys(draft.get("cited", ())))
    typed.kept = kept_of(draft.get("evidence-kept"))
    return typed


def _as_typed(form: RowForm) -> Typed:
    """The fields as they were sent."""
    texts = {name: form.raw(name) for name in (*TEXTS, "achieved", "progress", "was", "key")}
    return Typed(
        **texts,
        complete=bool(form.raw("complete")),
        unchanged=form.says_unchanged,
        cited=form.chosen,
        kept=kept_of(form["evidence"].value()),
        rev=whole(form.raw("rev")) or 0,
    )


def _row(line: Line, late: Mapping[str, Sequence[str]] | None = None) -> Row:
    """A row to look at; ``late``: what was sent for it after the log-out."""
    if not line.open:
        return Row(line, Typed(key=""), line.state, report=line.filed)
    typed = _drafted(line, late or line.draft)
    state = line.state
    if typed.unchanged:
        state = RowState.UNCHANGED
    elif typed.anything:
        state = RowState.TYPED
    return Row(line, typed, state, unsaved=bool(late) and typed.anything)


# ── look ─────────────────────────────────────────────────────────────────────────────────────────


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def month_page(request: HttpRequest) -> HttpResponse:
    """The page of the month; sent, every row that was filled in is filed for itself."""
    person = _person(request)
    if request.method == "POST":
        return _file(request, person)
    return render(request, "reports/month.html", _context(request, person))


def _context(
    request: HttpRequest, person: Person, answered: Mapping[str, list[Row]] | None = None
) -> dict[str, Any]:
    today = clock.today()
    wanted = months.month_typed(request.GET.get("month", "")) or months.month_of(today)
    page = read.page(person, wanted, today)
    late = _late(request, person) if page.open else {}
    rows = [_row(line, late.get(line.name)) for line in page.lines]
    if answered:
        rows = _with(rows, answered)
    return {
        "page": page,
        "month": page.month,
        "rows": rows,
        "open_rows": [row for row in rows if row.open],
        "read_rows": [row for row in rows if not row.open],
        "previous": page.month.plus(-1),
        "next": page.month.plus(1),
        "present": months.month_of(today),
        "today": today,
        "may_go_on": page.month.first <= today,
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """What the script of the page says; %name% is put in there."""
    return {
        **{state.value: str(state.label) for state in RowState},
        "tally": _(
            "to fill in %%empty%%, filled in %%typed%%, no change %%unchanged%%, "
            "to be mended %%fault%%"
        )
        % (),
        "counted": _("to report %(open)s, reported %(filed)s, not reported %(missing)s")
        % {"open": "%open%", "filed": "%filed%", "missing": "%missing%"},
        "sending": _("Filing %%n%% rows …") % (),
        "nothing": _("Nothing was filled in, so nothing was filed."),
        "saved": _("Draft saved"),
        "unsaved": _("Draft not saved: no connection"),
        "loggedout": _(
            "You were logged out. What you typed stands here and in your drafts: log in again in "
            "another window, then go on."
        ),
        "offline": _("No connection to the server. Nothing was sent; try again."),
        "broken": _("Something went wrong on our side. What you typed is still here; try again."),
        "receiving": _("Receiving %%name%% …") % (),
        "again": _("Try again"),
        "why": _("Why has nothing changed?"),
        "what": _("What has been done since"),
        "selected": _("%%n%% rows selected") % (),
        "reason": _("Write the reason first."),
        "limited": _("%%n%% rows cannot say “no change” any more; write what has been done there.")
        % (),
        "lost": _("You do not answer for this task any more; the row was not filed."),
    }


def _with(rows: Sequence[Row], answered: Mapping[str, list[Row]]) -> list[Row]:
    """The rows of the page, where rows that were sent stand as they were answered."""
    told = {row.ident: row for rows in answered.values() for row in rows}
    known = {row.ident for row in rows}
    fresh = [row for ident, row in told.items() if ident not in known and row.open]
    return fresh + [told.get(row.ident, row) for row in rows]


def _late(request: HttpRequest, person: Person) -> dict[str, dict[str, list[str]]]:
    """What was sent after the log-out, by row; kept by `AccountMiddleware` under this address."""
    kept = read.drafts_for(person, [request.path]).get(request.path, {})
    found: dict[str, dict[str, list[str]]] = {}
    for name, values in kept.items():
        row, dash, rest = name.partition("-")
        if dash:
            found.setdefault(row, {})[rest] = values
    return found


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


# ── file ─────────────────────────────────────────────────────────────────────────────────────────


def _file(request: HttpRequest, person: Person) -> HttpResponse:
    """File what was sent, row by row; what cannot stand comes back as it was typed."""
    names = _names(request)
    lines = read.rows_named(person, names, clock.today())
    forms = {name: _form(request, person, line) for name, line in lines.items()}
    answered: dict[str, list[Row]] = {}
    for name in names:
        if name in forms and forms[name].touched:
            answered[name] = [_file_one(person, lines[name], forms[name])]
    _look_again(person, answered)
    filed = [row for rows in answered.values() for row in rows if row.report]
    failed = [row for rows in answered.values() for row in rows if row.errors]
    if filed:
        drop_draft(person, request.path)
    lost = _lost(request, [name for name in names if name not in lines])
    said = _said(len(filed), len(failed) + len(lost))
    if request.headers.get("X-Requested-With") == _FETCH:
        rows = [row for rows in answered.values() for row in rows]
        context: dict[str, Any] = {"rows": rows, "said": said, "failed": failed, "lost": lost}
        context |= {"today": clock.today()}
        return render(request, "reports/_month_answer.html", context)
    if not failed and not lost:
        (messages.success if filed else messages.info)(request, said)
        return HttpResponseRedirect(reverse("reports:month"))
    shown = _context(request, person, answered)
    shown |= {"said": said, "failed": failed, "lost": lost}
    return render(request, "reports/month.html", shown, status=422)


def _lost(request: HttpRequest, names: Sequence[str]) -> list[dict[str, str]]:
    """Rows whose task is no longer this person's, with what was typed for them."""
    typed = ((name, request.POST.get(f"{name}-body", "").strip()) for name in names)
    return [{"name": name, "body": body} for name, body in typed if body]


def _names(request: HttpRequest) -> list[str]:
    """Names of the rows that were sent."""
    found = (_KEY.fullmatch(name) for name in request.POST)
    return [match.group(1) for match in found if match][:MOST_ROWS]


def _form(request: HttpRequest, person: Person, line: Line) -> RowForm:
    """The row as it was sent; of tasks with sub-tasks it knows what problems those told (RPT-3)."""
    below = None
    if line.task.children_count:
        since = line.told or line.latest
        below = quoting.below(line.task, person, since.at if since else None)
    sheet = Sheet(
        line.task,
        line.policy,
        0 if line.is_result else line.lowest,
        None if line.is_result else line.latest,
        result=line.is_result,
        below=below,
    )
    return RowForm(request.POST, request.FILES, sheet=sheet, prefix=line.name)


def _file_one(person: Person, line: Line, form: RowForm) -> Row:
    """File one row, or say what is wrong with it. Whatever goes wrong here stays in this row."""
    errors: dict[str, list[str]] = {}
    stale = False
    try:
        if form.is_valid():
            rev = form.cleaned_data["rev"]
            report = file_row(line, form.typed(), person=person, kind=form.kind, rev=rev)
            line.due.filed_on = clock.today()
            return Row(line, Typed(), RowState.FILED, report=report)
        errors = {name: [str(one) for one in said] for name, said in form.errors.items()}
        stale = rules.unseen(whole(form.raw("rev")), line.latest)
    except Refused as refusal:
        errors = {refusal.field or "": [str(refusal)]}
        if isinstance(refusal, SentBefore):
            form.data = _renewed(form)
    except NotAllowed as refusal:
        errors = {"": [str(refusal)]}
    except Stale:
        errors, stale = {"": []}, True
    except DatabaseError:
        log.exception("row %s could not be filed", line.name)
        errors = {"": [_("This row could not be saved just now. Nothing is lost; send it again.")]}
    left = form.left_out if "warned" in errors else []
    ticked = form.ticked("irrelevant")
    return Row(
        line,
        _as_typed(form),
        RowState.FAULT,
        Errors(errors),
        stale=stale,
        left_out=left,
        irrelevant=ticked,
    )


def _renewed(form: RowForm) -> Any:
    """The same fields with a fresh key: shown again, they can be sent again."""
    data = form.data.copy()  # type: ignore[attr-defined]
    data[form.add_prefix("key")] = new_key()
    return data


def _look_again(person: Person, answered: dict[str, list[Row]]) -> None:
    """Read what failing rows show, what others said meanwhile, and which report is owed next."""
    failed = [rows[0] for rows in answered.values() if rows[0].errors]
    today = clock.today()
    stale = [row for row in failed if row.stale]
    newer = read.rows_named(person, [row.line.name for row in stale], today) if stale else {}
    for row in stale:
        row.line = newer.get(row.line.name, row.line)
        row.other = row.line.latest or row.line.filed
        row.typed.rev = row.other.pk if row.other else 0
        row.errors = Errors({"": [_overtaken(row.other)]})
    read.know([row.line for row in failed], person)
    filed = {name: rows[0].line.due.pk for name, rows in answered.items() if rows[0].report}
    for line in read.still_asked(person, filed, today):
        answered[line.name].append(_row(line))


def _overtaken(other: Report | None) -> str:
    name = other.by.name if other else ""
    return _(
        "%(name)s reported on this task while you were writing. Yours is not filed yet: look at "
        "theirs here, change yours if need be, and file it again; or clear the row."
    ) % {"name": name}


def _said(filed: int, failed: int) -> str:
    """What happened, in a sentence."""
    if not filed and not failed:
        return _("Nothing was filled in, so nothing was filed.")
    parts = []
    if filed:
        parts.append(ngettext("%(n)s report filed.", "%(n)s reports filed.", filed) % {"n": filed})
    if failed:
        parts.append(
            ngettext(
                "%(n)s row is to be mended; what you typed is still there.",
                "%(n)s rows are to be mended; what you typed is still there.",
                failed,
            )
            % {"n": failed}
        )
    return " ".join(parts)


# ── evidence before filing ───────────────────────────────────────────────────────────────────────


@login_required
@require_POST
def keep_evidence(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take files in for a report not filed yet; they are known by slips, which drafts keep."""
    person = _person(request)
    tasks = visible_one(person, task_id).select_related("unit", "measure", "category__measure")
    task = get_object_or_404(tasks, pk=task_id)
    require(may("amend", task, facts_for(task, person)))
    kept, said = [], []
    for file in request.FILES.getlist("evidence"):
        try:
            kept.append(keep(file))
        except Refused as refusal:
            said.append(str(refusal))
    return JsonResponse({"kept": kept, "said": " ".join(said)}, status=200 if kept else 422)
