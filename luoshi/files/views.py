"""Handing files out, to whoever may see a thing they hang on or are cited by."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from luoshi.files import kinds, queries, rules
from luoshi.files.models import Attachment
from luoshi.kit.htmx import respond
from luoshi.people.models import Person


def _seen(request: HttpRequest, pk: int) -> Attachment:
    """The attachment, if this person may see it; otherwise there is none."""
    found = queries.attachment(pk)
    person = cast(Person, request.user)
    if found is None or not kinds.may_see(queries.abouts_of(found), person):
        raise Http404(_("There is no such file, or it belongs to something you may not see."))
    return found


@login_required
@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as a page: a document to read, a picture to look at; others open as they are."""
    attachment = _seen(request, pk)
    row = queries.row_of(attachment)
    readable = queries.page_of(attachment.blob)
    if readable is None and not row.kind.picture:
        return redirect("files:show" if row.kind.shown else "files:download", pk)
    said = rules.SAID.get(readable.said, "") if readable else ""
    context = {
        "row": row,
        "readable": readable,
        "said": said,
        "about_kind": attachment.about_kind,
        "about_id": attachment.about_id,
    }
    return respond(request, "files/page.html", "files/_page.html", context)


@login_required
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let the browser show it where it can do so safely; a download otherwise."""
    return queries.open_for_download(_seen(request, pk), inline=True)


@login_required
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    return queries.open_for_download(_seen(request, pk))


@login_required
@require_GET
def picture(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """A picture out of the document, or the thumbnail (0) of a picture."""
    return queries.open_picture(_seen(request, pk).blob, number)
