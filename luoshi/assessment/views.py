"""Doors of assessment: the page on which a task is scored, many in a table, what the office does.

S0 任务考核: whoever scores has the reports before them; so the form stands beside them.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.assessment import queries, rules, services
from luoshi.assessment.forms import (
    AssessorsForm,
    Paper,
    ReturnForm,
    RowForm,
    ScoreForm,
    prefix_of,
)
from luoshi.assessment.models import Assessment
from luoshi.improvement import queries as improvement
from luoshi.kit import clock
from luoshi.kit.htmx import finish, respond
from luoshi.kit.typed import whole
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require
from luoshi.people.models import Person
from luoshi.reports import queries as reports
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for, visible_one
from luoshi.tasks.rules import may

#: Rows of the table at once.
ROWS = 40


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _seen(request: HttpRequest, task_id: int) -> Task:
    """The task, if this person may see it; otherwise it does not exist for them."""
    tasks = visible_one(_person(request), task_id)
    return get_object_or_404(
        tasks.select_related("unit", "owner", "measure", "category__measure"), pk=task_id
    )


def _task_url(task: Task) -> str:
    return reverse("go", args=["task", task.pk])


# ── one task ─────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_http_methods(["GET", "POST"])
def assess(request: HttpRequest, task_id: int) -> HttpResponse:
    """Score a task with its reports, evidence and diagnoses in view (EVA-1)."""
    task, person = _seen(request, task_id), _person(request)
    require(may("assess", task, facts_for(task, person)))
    form = _form(request, task, person)
    status = 200
    if request.method == "POST":
        status = _try(request, form)
        if status == 204:
            return finish(
                request, _after(request, task), "task-changed", "inbox-changed", said=_said(form)
            )
        if status == 409:
            form = _renewed(request, task, person)
    return respond(
        request,
        "assessment/assess.html",
        "assessment/_assess.html",
        _page(task, person, form),
        status=status,
    )


def _form(request: HttpRequest, task: Task, person: Person) -> ScoreForm:
    before = _before(queries.score_to_renew(task, person), request.POST.get("key"))
    paper = Paper(task, queries.newest_report_id(task), before)
    return ScoreForm(request.POST or None, paper=paper)


def _before(score: Assessment | None, key: str | None) -> Assessment | None:
    """The score to renew; of a button pressed twice the one that the first click renewed."""
    return score.amends if score and key and score.key == key else score


def _try(request: HttpRequest, form: ScoreForm) -> int:
    """File a score; the status of the answer, 204 for done."""
    if not form.is_valid():
        return 422
    try:
        services.score(
            task=form.paper.task, by=_person(request).actor, draft=request.path, **form.typed()
        )
    except Refused as refusal:
        form.refuse(refusal)
        return 422
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return 403
    except Stale:
        return 409
    return 204


def _renewed(request: HttpRequest, task: Task, person: Person) -> ScoreForm:
    """The form as typed, after something came meanwhile: it says so and answers to that."""
    fresh = Task.objects.select_related("unit", "owner", "measure", "category__measure")
    form = _form(request, fresh.get(pk=task.pk), person)
    form.is_valid()
    form.renew()
    form.add_error(None, _outrun())
    return form


def _outrun() -> str:
    return _(
        "Something came while you were scoring: look at the newest report and at your own score. "
        "Your points are not filed yet; change them if need be, and file them again."
    )


def _said(form: ScoreForm) -> str:
    words = {"points": rules.plain(form.cleaned_data["points"])}
    if form.paper.corrects:
        return _("The score has been corrected to %(points)s points.") % words
    return _("The score has been filed: %(points)s points.") % words


def _after(request: HttpRequest, task: Task) -> str:
    """Where to go on: the table, if the assessor came from there."""
    return reverse("assessment:many") if request.POST.get("back") == "many" else _task_url(task)


def _page(task: Task, person: Person, form: ScoreForm) -> dict[str, Any]:
    """What stands on the page: the story at the left, the score at the right."""
    facts, today = facts_for(task, person), clock.today()
    return {
        "task": task,
        "form": form,
        "paper": form.paper,
        "panel": queries.panel(task, facts, person, today),
        "reports": reports.panel(task, facts, person, today),
        "improvement": improvement.panel(task, person, facts),
        "news": reports.children_news(task, person),
        "today": today,
        "back": _task_url(task),
    }


@login_required
@require_GET
def scores(request: HttpRequest, task_id: int) -> HttpResponse:
    """The assessment of a task; the panel of the task page refreshes itself from here."""
    task, person = _seen(request, task_id), _person(request)
    found = queries.panel(task, facts_for(task, person), person)
    context = {"task": task, "assessment": found, "today": clock.today()}
    return respond(request, "assessment/scores.html", "assessment/_panel.html", context)


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class Row:
    """A task of the table: what its people said last, and the form."""

    news: reports.News
    form: RowForm

    @property
    def task(self) -> Task:
        return self.news.task


@login_required
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """Every task this person has to score now, in a table; each row is filed by itself."""
    person, today = _person(request), clock.today()
    if request.method == "GET":
        page = _waiting(request, person)
        return _table(request, _rows(list(page), person), today, page=page)
    asked = queries.to_assess(person).filter(pk__in=_asked(request))
    rows = _rows(list(_in_full(asked)), person, request)
    filed, failed = 0, []
    for row in rows:
        if not row.form.touched:
            continue
        if _try_row(row, person):
            filed += 1
        else:
            failed.append(row)
    said = ngettext("%(n)d score has been filed.", "%(n)d scores have been filed.", filed)
    if failed:
        done = said % {"n": filed} if filed else ""
        return _table(request, failed, today, status=422, said=done, failed=len(failed))
    if not filed:
        said = _("No points were typed; nothing was filed.")
    return finish(
        request,
        reverse("assessment:many"),
        "inbox-changed",
        said=said % {"n": filed} if filed else said,
    )


def _asked(request: HttpRequest) -> list[int]:
    """Keys of the rows sent."""
    keys = [whole(text) for text in request.POST.getlist("task")]
    return [key for key in keys if key is not None][:ROWS]


def _in_full(tasks: Any) -> Any:
    return tasks.select_related("unit", "owner", "measure", "category__measure").order_by(
        "due", "pk"
    )


def _waiting(request: HttpRequest, person: Person) -> Page:
    """A page of the tasks that wait for this person's score."""
    pages = Paginator(_in_full(queries.waiting_for(person, clock.today())), ROWS)
    return pages.get_page(request.GET.get("page", "1"))


def _rows(tasks: list[Task], person: Person, request: HttpRequest | None = None) -> list[Row]:
    """The rows of the table; reports, evidence and scores are read once for all."""
    news = {one.task.pk: one for one in reports.news_of(tasks)}
    seen, own = queries.newest_reports(tasks), queries.scores_to_renew(tasks, person)
    data = request.POST if request else {}
    rows = []
    for task in tasks:
        before = _before(own.get(task.pk), data.get(f"{prefix_of(task)}-key"))
        paper = Paper(task, seen.get(task.pk, 0), before)
        rows.append(Row(news[task.pk], RowForm(data or None, prefix=prefix_of(task), paper=paper)))
    return rows


def _try_row(row: Row, person: Person) -> bool:
    """File one row; what stands against it is said in its form."""
    form = row.form
    if not form.is_valid():
        return False
    try:
        services.score(task=row.task, by=person.actor, **form.typed())
    except Refused as refusal:
        form.refuse(refusal)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
    except Stale:
        form.renew()
        form.is_valid()
        form.add_error(None, _outrun())
    else:
        return True
    return False


def _table(
    request: HttpRequest,
    rows: list[Row],
    today: dt.date,
    *,
    page: Page | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "rows": rows,
        "page": page,
        "total": page.paginator.count if page else len(rows),
        "today": today,
        **more,
    }
    return respond(request, "assessment/many.html", "assessment/_many.html", context, status=status)


# ── the office ───────────────────────────────────────────────────────────────────────────────────


@login_required
@require_http_methods(["GET", "POST"])
def return_score(request: HttpRequest, task_id: int, assessment_id: int) -> HttpResponse:
    """Give a score back to its assessor, with the reason (退回重评)."""
    task = _seen(request, task_id)
    row = get_object_or_404(
        Assessment.objects.select_related("assessor", "task"), pk=assessment_id, task=task
    )
    require(rules.may_return(task, facts_for(task, _person(request)), row.state))
    form = ReturnForm(request.POST or None)
    sent = request.method == "POST"
    if sent and form.is_valid():
        try:
            services.return_score(
                assessment=row, by=_person(request).actor, reason=form.cleaned_data["reason"]
            )
        except Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            said = _("The score went back to %(name)s.") % {"name": row.assessor.name}
            return finish(request, _task_url(task), "task-changed", said=said)
    context = {"task": task, "row": row, "form": form, "points": rules.plain(row.points)}
    return respond(
        request,
        "assessment/return_score.html",
        "assessment/_return_score.html",
        context,
        status=422 if sent else 200,
    )


@login_required
@require_http_methods(["GET", "POST"])
def name_assessors(request: HttpRequest, task_id: int) -> HttpResponse:
    """Say who assesses a task that is under way (S0 任务分解 5)."""
    task, person = _seen(request, task_id), _person(request)
    policy = queries.policy_of(task)
    require(rules.may_name(task, facts_for(task, person), policy))
    sent = request.method == "POST"
    form = AssessorsForm(
        request.POST if sent else None, named=[] if sent else queries.assessors_of(task)
    )
    if sent and form.is_valid():
        try:
            services.name_assessors(task=task, people=form.cleaned_data["people"], by=person.actor)
        except Refused as refusal:
            form.add_error("people", str(refusal))
        else:
            said = _("The assessors have been named.")
            return finish(request, _task_url(task), "task-changed", said=said)
    return respond(
        request,
        "assessment/name_assessors.html",
        "assessment/_name_assessors.html",
        {"task": task, "form": form},
        status=422 if sent else 200,
    )
