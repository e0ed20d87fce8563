"""The inbox. Reading a message marks it read and leads to what it is about."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from luoshi.kit.htmx import finish, respond
from luoshi.notices import kinds, queries, services
from luoshi.people.models import Person


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
