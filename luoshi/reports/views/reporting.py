"""Doors of reporting: file, amend, the result for a set, sub-tasks' reports, process documents."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock
from luoshi.kit.htmx import finish, respond
from luoshi.kit.once import SentBefore
from luoshi.kit.typed import whole
from luoshi.kit.verdict import NotAllowed, Refused, Stale, Verdict, require
from luoshi.measures.models import Measure
from luoshi.people.models import Person
from luoshi.people.queries import draft_for
from luoshi.reports import queries, rules, services
from luoshi.reports.forms import TEXTS, DocumentForm, ReportForm, Sheet
from luoshi.reports.models import Report
from luoshi.reports.queries import quoting
from luoshi.reports.queries.news import OLDER, news_for
from luoshi.reports.queries.passages import Passage, marks_of, quotations_of
from luoshi.reports.rules import ReportKind
from luoshi.reports.rules.copying import Mark, copied_words, copying_stands, shortened
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.queries import facts_for, one_for_acts
from luoshi.tasks.rules import may
from luoshi.tasks.services import taking_part


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _acting(request: HttpRequest) -> dict[str, Any]:
    """Who acts, and the draft of this form, which is done with when the act is."""
    person = _person(request)
    return {"by": person.actor, "person": person, "draft": request.path}


def _seen(request: HttpRequest, task_id: int) -> Task:
    """The task, if this person may see it; otherwise it does not exist for them."""
    task = one_for_acts(_person(request), task_id)
    if task is None:
        raise Http404
    return task


# ── write a report ───────────────────────────────────────────────────────────────────────────────


@login_required
@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest, task_id: int) -> HttpResponse:
    """Report progress on a task (RPT-1)."""
    task = _seen(request, task_id)
    policy, last = queries.policy_of(task), queries.ground_for(task).latest
    if request.method == "GET":
        facts = facts_for(task, _person(request))
        require(rules.may_file(task, facts, last, policy))
    sheet = Sheet(
        task,
        policy,
        rules.floor(policy, last, task.progress),
        last,
        below=_below(request, task, last),
    )

    def save(form: ReportForm) -> Report:
        return services.submit_report(
            task=task,
            **_acting(request),
            kind=form.kind,
            rev=form.cleaned_data["rev"],
            **form.typed(),
        )

    return _write(request, sheet, save, queries.ground_for)


@login_required
@require_http_methods(["GET", "POST"])
def result(request: HttpRequest, task_id: int, counting_id: int) -> HttpResponse:
    """Report the final result for a further set (CAT-1)."""
    task = _seen(request, task_id)
    counting = get_object_or_404(
        Counting.objects.select_related("category", "measure"),
        pk=counting_id,
        task=task,
        home=False,
    )
    given = queries.result_for(counting)
    if request.method == "GET":
        require(rules.may_file_result(task, facts_for(task, _person(request)), given))
    policy = counting.measure or queries.policy_of(task)
    shown = queries.ground_for(task).latest
    sheet = Sheet(task, policy, last=given, result=True, below=_below(request, task, shown))

    def save(form: ReportForm) -> Report:
        return services.submit_report(
            task=task,
            **_acting(request),
            kind=form.kind,
            counting=counting,
            rev=form.cleaned_data["rev"],
            **form.typed(),
        )

    return _write(
        request,
        sheet,
        save,
        lambda _task: queries.Ground(queries.result_for(counting)),
        counting=counting,
        shown=shown,
    )


@login_required
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, task_id: int, report_id: int) -> HttpResponse:
    """Write a new version of the newest report (S0 3.2)."""
    task = _seen(request, task_id)
    report = get_object_or_404(
        Report.objects.select_related("by", "counting__category", "counting__measure"),
        pk=report_id,
        task=task,
    )
    counting = report.counting
    ground = queries.ground_for(task)
    if request.method == "GET":
        latest = queries.result_for(counting) if counting else ground.latest
        require(rules.may_amend(task, facts_for(task, _person(request)), report, latest))
    policy = (counting.measure if counting else None) or queries.policy_of(task)
    pieces = queries.evidence_of([report.pk])[report.pk]
    shown = ground.latest if counting else ground.before
    kept = marks_of(report)
    sheet = Sheet(
        task,
        policy,
        rules.floor(policy, ground.before),
        ground.latest,
        report,
        result=counting is not None,
        pieces=len(pieces),
        below=_below(request, task, shown),
        quotes=tuple(map(str, kept)),
    )

    def save(form: ReportForm) -> Report:
        typed = form.typed() | {
            "removed": form.cleaned_data["removed"],
            "reason": form.cleaned_data["reason"],
        }
        kind = form.kind if sheet.by_report else ""
        return services.amend_report(report=report, kind=kind, **_acting(request), **typed)

    return _write(
        request,
        sheet,
        save,
        queries.ground_for,
        counting=counting,
        pieces=pieces,
        shown=shown,
        kept=kept,
    )


def _write(
    request: HttpRequest,
    sheet: Sheet,
    save: Callable[[ReportForm], Report],
    newest: Callable[[Task], queries.Ground],
    **context: Any,
) -> HttpResponse:
    """Show the page of a report, or file it; what was typed is never lost."""
    sent = request.method == "POST"
    form = ReportForm(request.POST if sent else None, request.FILES if sent else None, sheet=sheet)
    status, said = 200, ""
    if not sent:
        form.initial["evidence"] = _files_of_draft(request)
    else:
        status = 422
        if form.is_valid():
            try:
                report = save(form)
            except SentBefore as refusal:
                status, said = 409, str(refusal)
            except Refused as refusal:
                form.refuse(refusal)
            except NotAllowed as refusal:
                form.add_error(None, str(refusal))
                status = 403
            except Stale:
                status = 409
            else:
                return finish(
                    request,
                    sheet.task.get_absolute_url(),
                    "task-changed",
                    "inbox-changed",
                    said=_said(report),
                )
    if status == 409:
        form = _answering_to_newest(request, sheet, newest, said)
        context["shown"] = form.sheet.last
    page = _page(request, form, **context)
    return respond(request, "reports/submit.html", "reports/_submit.html", page, status=status)


def _files_of_draft(request: HttpRequest) -> list[str]:
    """Slips of files received on the page of the month for this report, which is not filed yet."""
    draft = draft_for(_person(request), request.path) or {}
    return [str(slip) for slip in draft.get("evidence-kept", ())]


def _answering_to_newest(
    request: HttpRequest, sheet: Sheet, newest: Callable[[Task], queries.Ground], said: str = ""
) -> ReportForm:
    """The form as typed, after somebody else was faster: it says so and shows what came.

    ``said`` stands in place of that where it was the reporter's own earlier report.
    """
    task = Task.objects.select_related("measure", "category__measure").get(pk=sheet.task.pk)
    last = newest(task).latest
    lowest = rules.floor(sheet.policy, last, task.progress)
    fresh = replace(sheet, task=task, lowest=lowest, last=last)
    form = ReportForm(request.POST, request.FILES, sheet=fresh)
    form.is_valid()
    form.renew(last)
    name = last.by.name if last else ""
    form.add_error(
        None,
        said
        or _(
            "%(name)s reported on this task while you were writing. Yours is not filed yet: "
            "look at the report at the right, change yours if need be, and file it again."
        )
        % {"name": name},
    )
    return form


def _said(report: Report) -> str:
    """What was done, and how much of it is copied."""
    done = _done(report)
    if not report.copied:
        return done
    return _("%(done)s %(share)s %% of it is copied from sub-tasks.") % {
        "done": done,
        "share": report.copied,
    }


def _done(report: Report) -> str:
    if report.kind == ReportKind.RESULT:
        return _("The result has been reported.")
    if report.amends_id:
        return _("The report has been amended; it now says %(progress)s %%.") % {
            "progress": report.progress
        }
    return _("Your report has been filed: %(progress)s %%.") % {"progress": report.progress}


def _page(request: HttpRequest, form: ReportForm, **context: Any) -> dict[str, Any]:
    """What stands on the page: the form at the left, what is known at the right."""
    sheet, today = form.sheet, clock.today()
    waiting = [] if sheet.old or sheet.result else _waiting(sheet.task, today)
    shown = context.pop("shown", sheet.last)
    person = _person(request)
    known = queries.known_before(sheet.task, person, shown, children=[])
    kept = {piece.pk for piece in context.get("pieces", [])}
    return {
        "task": sheet.task,
        "sheet": sheet,
        "form": form,
        **_from_below(person, form, shown, context.pop("kept", ())),
        "known": replace(known, used=[row for row in known.used if row.pk not in kept]),
        "waiting": waiting,
        "counting": None,
        "pieces": [],
        "today": today,
        "action": _action(request, sheet),
        "back": reverse("go", args=["task", sheet.task.pk]),
    } | context


def _below(request: HttpRequest, task: Task, last: Report | None) -> quoting.Below | None:
    """What was said on sub-tasks, the problems since the last report; None where there are none."""
    if not task.children_count:
        return None
    return quoting.below(task, _person(request), last.at if last else None)


def _from_below(
    person: Person, form: ReportForm, shown: Report | None, kept: Sequence[Mark]
) -> dict[str, Any]:
    """What the page shows of sub-tasks: their reports, what is quoted, copied and left out."""
    sheet = form.sheet
    if not sheet.quotes_below:
        return {"news": None}
    task, since = sheet.task, shown.at if shown else None
    texts = [str(form[name].value() or "") for name in TEXTS]
    seen = quoting.look(
        task, person, texts, since=since, quotes=form.marks, kept=kept, known=sheet.below
    )
    news = news_for([task], person, since={task.pk: since}, older=OLDER)[task.pk]
    quoted = quotations_of([heard.report.pk for heard in news.told], person)
    left = {problem.name for problem in seen.passed_over}
    return {
        "news": news,
        "quoted_there": quoted,
        "passages": seen.passages,
        "copying": seen.copying,
        "copied_words": copied_words(seen.copying, sheet.policy.copied_at_most),
        "irrelevant": form.ticked("irrelevant"),
        "problems": [{"problem": one, "left": one.name in left} for one in sheet.problems],
    }


def _action(request: HttpRequest, sheet: Sheet) -> str:
    """Where the form is sent: an amendment always goes to the version that counts now."""
    if sheet.old and sheet.last and sheet.last.pk != sheet.old.pk and not sheet.result:
        return reverse("reports:amend", args=[sheet.task.pk, sheet.last.pk])
    return request.path


def _waiting(task: Task, today: dt.date) -> list[queries.DueRow]:
    """The period asked for now, if one is."""
    return [row for row in queries.dues_of(task, today) if row.is_asked][:1]


# ── while typing ─────────────────────────────────────────────────────────────────────────────────


@login_required
@require_POST
def look(request: HttpRequest, task_id: int) -> HttpResponse:
    """How a report as typed stands: what it quotes, copies and leaves out. Writes nothing."""
    task, person = _seen(request, task_id), _person(request)
    last, kept, policy = _answered(request, task)
    texts = [request.POST.get(name, "")[: rules.TEXT_LENGTH] for name in TEXTS]
    marks = request.POST.get("quotes", "")[:4000].split()
    since = last.at if last else None
    seen = quoting.look(task, person, texts, since=since, quotes=marks, kept=kept)
    limit = policy.copied_at_most
    return JsonResponse(
        {
            "words": copied_words(seen.copying, limit),
            "over": bool(seen.copying and not copying_stands(seen.copying, limit)),
            "passages": [shortened(text, 120) for text in _passages(seen)],
            "quotes": [_card(passage) for passage in seen.passages],
            "left": [problem.name for problem in seen.passed_over],
        }
    )


def _passages(seen: quoting.Look) -> Sequence[str]:
    return seen.copying.passages[:40] if seen.copying else ()


def _answered(request: HttpRequest, task: Task) -> tuple[Report | None, Sequence[Mark], Measure]:
    """The report before the one being written, what that one quoted before, and its rules."""
    old = Report.objects.filter(pk=whole(request.POST.get("old")) or 0, task=task)
    report = old.select_related("counting__measure").first()
    counting = _counting_of(request, task, report)
    ground = queries.ground_for(task)
    last = ground.before if report and not counting else ground.latest
    policy = (counting.measure if counting else None) or queries.policy_of(task)
    return last, marks_of(report) if report else (), policy


def _counting_of(request: HttpRequest, task: Task, report: Report | None) -> Counting | None:
    """The further set the report is a result for, if it is one."""
    if report:
        return report.counting
    pk = whole(request.POST.get("counting"))
    if pk is None:
        return None
    return Counting.objects.select_related("measure").filter(pk=pk, task=task, home=False).first()


def _card(passage: Passage) -> dict[str, str]:
    """A quotation as the script shows it."""
    source, task = passage.source, passage.task
    unit = f"{task.unit.label} · " if task.unit else ""
    day = queries.day_of(source.at).isoformat()
    return {
        "mark": str(passage.mark),
        "text": passage.text,
        "source": f"{unit}{task.title} · {source.by.name} · {day}",
        "url": reverse("go", args=["report", source.pk]),
        "note": _("The source was amended since; what stands here is the version quoted.")
        if passage.is_amended
        else "",
        "newest": reverse("go", args=["report", passage.newest.pk]) if passage.newest else "",
    }


# ── read ─────────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_GET
def reports(request: HttpRequest, task_id: int) -> HttpResponse:
    """The story of a task; the panel of the task page refreshes itself from here."""
    task = _seen(request, task_id)
    person = _person(request)
    found = queries.panel(task, facts_for(task, person), person)
    context = {"task": task, "reports": found, "today": clock.today()}
    return respond(request, "reports/reports.html", "reports/_panel.html", context)


@login_required
@require_GET
def children(request: HttpRequest, task_id: int) -> HttpResponse:
    """What the sub-tasks reported last, with their evidence (S0 3.3)."""
    task = _seen(request, task_id)
    person = _person(request)
    policy, last = queries.policy_of(task), queries.ground_for(task).latest
    news = queries.children_news(task, person)
    said = [child.report for child in news if child.report]
    quoting_ones = [report.pk for report in said if report.copied is not None]
    context = {
        "task": task,
        "news": news,
        "quoted_there": quotations_of(quoting_ones, person) if quoting_ones else {},
        "may_file": rules.may_file(task, facts_for(task, person), last, policy),
        "today": clock.today(),
    }
    return respond(request, "reports/children.html", "reports/_children.html", context)


# ── process documents ────────────────────────────────────────────────────────────────────────────


@login_required
@require_http_methods(["GET", "POST"])
def add_document(request: HttpRequest, task_id: int) -> HttpResponse:
    """Keep process documents on a task at any time, with or without a report (RPT-6)."""
    task = _seen(request, task_id)
    verdict: Verdict = may("attach", task, facts_for(task, _person(request)))
    require(verdict)
    sent = request.method == "POST"
    form = DocumentForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        taking_part.add_document(task, form.cleaned_data["evidence"], by=_person(request).actor)
        return finish(
            request, task.get_absolute_url(), "task-changed", said=_("The files have been added.")
        )
    context = {"task": task, "form": form}
    return respond(
        request,
        "reports/document.html",
        "reports/_document.html",
        context,
        status=422 if sent else 200,
    )
