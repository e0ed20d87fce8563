"""The inbox. Reading a message marks it read and leads to what it is about."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit import clock
from luoshi.kit.address import is_page
from luoshi.kit.htmx import finish, respond
from luoshi.kit.once import key_of, new_key
from luoshi.kit.verdict import NotAllowed, Refused
from luoshi.notices import kinds, queries, services
from luoshi.notices.forms import AnswerForm, QuestionForm
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power


def _reader(request: HttpRequest) -> Person:
    return cast(Person, request.user)


@login_required
@never_cache
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    reader = _reader(request)
    unread_only = request.GET.get("show") == "unread"
    after = request.GET.get("after", "")
    found = queries.inbox(reader.pk, unread_only=unread_only, after=after)
    unread, newest = queries.unread(reader.pk)
    context = {
        "inbox": found,
        "rows": kinds.rows_of(found.messages),
        "unread": unread,
        "newest": newest,
        "unread_only": unread_only,
        "further": bool(after),
    }
    return respond(request, "notices/inbox.html", "notices/_inbox.html", context)


@login_required
@require_GET
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one message read and go to its subject."""
    reader = _reader(request)
    message = get_object_or_404(queries.messages_of(reader.pk), pk=pk)
    if message.read_at is None:
        services.mark_read([message.pk], by=reader.actor)
    return redirect("go", message.about_kind, message.about_id)


@login_required
@never_cache
@require_GET
def reminders(request: HttpRequest, day: int | None = None) -> HttpResponse:
    """The reminders of a day (20261125), by kind, and how each stands now; the newest without one.

    Another day than the newest is told nothing of where nothing was told.
    """
    reader = _reader(request)
    digests = queries.digests_of(reader.pk)
    message = digests.first() if day is None else get_object_or_404(digests, about_id=day)
    groups: list[kinds.Group] = []
    if message:
        services.mark_read([message.pk], by=reader.actor)
        groups = kinds.groups(queries.reminders_in(message), reader)
    context = {
        "message": message,
        "groups": groups,
        "open": sum(group.open for group in groups),
        "total": sum(len(group.rows) for group in groups),
        "earlier": digests.exclude(pk=message.pk)[:10] if message else [],
        "today": clock.today(),
    }
    return respond(request, "notices/reminders.html", "notices/_reminders.html", context)


@login_required
@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Mark everything read up to the newest message that was on the screen."""
    newest = request.POST.get("newest", "")
    up_to = int(newest) if newest.isascii() and newest.isdigit() and len(newest) < 19 else None
    marked = services.mark_all_read(by=_reader(request).actor, up_to=up_to)
    said = ngettext(
        "%(count)s message marked as read.", "%(count)s messages marked as read.", marked
    ) % {"count": marked}
    return finish(
        request,
        reverse("notices:inbox"),
        "inbox-changed",
        said=said if marked else _("There was nothing unread."),
    )


# ── help ─────────────────────────────────────────────────────────────────────────────────────────

QUESTIONS = 50


@login_required
@require_http_methods(["GET", "POST"])
def help_page(request: HttpRequest) -> HttpResponse:
    """Whom to ask, the keys, and a question with its answer (SYS-5; S0 四)."""
    reader = _reader(request)
    form = QuestionForm(request.POST or None, initial={"key": new_key(), "page": _from(request)})
    if form.is_valid():
        try:
            services.ask_question(
                text=form.cleaned_data["text"],
                page=form.cleaned_data["page"],
                by=reader.actor,
                key=key_of(form.cleaned_data["key"]),
            )
        except Refused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            said = _("Your question has been sent; the answer comes as a message.")
            return finish(request, reverse("notices:help"), said=said)
    return _help(request, reader, form, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a question; only those who help with the system."""
    reader = _reader(request)
    if not powers_of(reader).has(Power.ANSWER):
        reason = _("Questions are answered by those who look after the system.")
        raise NotAllowed(reason, Power.ANSWER.value)
    question = get_object_or_404(queries.questions_visible_to(reader), pk=pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        services.answer_question(question, text=form.cleaned_data["answer"], by=reader.actor)
        return finish(request, reverse("notices:help"), said=_("Your answer has been sent."))
    asked = QuestionForm(initial={"key": new_key()})
    return _help(request, reader, asked, status=422, failed=(question.pk, form))


def _help(
    request: HttpRequest,
    reader: Person,
    form: QuestionForm,
    status: int,
    failed: tuple[int, AnswerForm] | None = None,
) -> HttpResponse:
    may_answer = powers_of(reader).has(Power.ANSWER)
    rows = list(queries.questions_visible_to(reader)[:QUESTIONS])
    context = {
        "form": form,
        "helpers": queries.helpers(),
        "may_answer": may_answer,
        "questions": [
            (
                row,
                failed[1]
                if failed and failed[0] == row.pk
                else AnswerForm(auto_id=f"a{row.pk}-%s"),
            )
            for row in rows
        ],
    }
    return respond(request, "notices/help.html", "notices/_help.html", context, status=status)


def _from(request: HttpRequest) -> str:
    """The page of ours from which help was called."""
    page = request.GET.get("from", "")
    return page[:300] if is_page(page) else ""
