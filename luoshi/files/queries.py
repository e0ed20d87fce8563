"""What hangs on what, and how it is handed out. Whether somebody may see it: `views`, `kinds`."""

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _

from luoshi.files import rules
from luoshi.files.models import Attachment, Blob, Citation, Page, PageState, Picture
from luoshi.files.rules import Kind
from luoshi.kit import ref
from luoshi.kit.statements import statement

_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Browsers refuse to start their PDF viewer in a sandbox; the viewer is one of its own.
_PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"


@dataclass(frozen=True)
class Row:
    """A piece of evidence as lists show it. ``source``: the thing it was cited from, or empty."""

    pk: int
    name: str
    size: int
    kind: Kind
    by_name: str
    at: dt.datetime
    about: str
    page_state: str
    has_thumbnail: bool
    source: str = ""
    cited_by: str = ""

    @property
    def is_cited(self) -> bool:
        return bool(self.source)

    @property
    def source_kind(self) -> str:
        return self.source.partition("/")[0]

    @property
    def source_id(self) -> str:
        return self.source.partition("/")[2]

    @property
    def is_readable(self) -> bool:
        """Whether it opens as a page of its own."""
        return bool(self.page_state) and self.page_state != PageState.NONE

    @property
    def opens(self) -> bool:
        """Whether a click shows it, rather than downloading it."""
        return self.kind.shown or self.is_readable


# ------------------------------------------------------------------ lists


def attachments_of(about_kind: str, about_ids: Iterable[int]) -> dict[int, list[Row]]:
    """Evidence of many things of a kind: own first, then cited, each in order of time.

    Every asked number is a key. Two statements however many things.
    """
    return attachments_of_all({about_kind: about_ids})[about_kind]


def attachments_of_all(wanted: Mapping[str, Iterable[int]]) -> dict[str, dict[int, list[Row]]]:
    """The same for things of several kinds at once; still two statements."""
    found: dict[str, dict[int, list[Row]]] = {
        kind: {number: [] for number in numbers} for kind, numbers in wanted.items()
    }
    asked = {kind: list(numbers) for kind, numbers in found.items() if numbers}
    if not asked:
        return found
    for own in _own.instances(**asked):
        found[own.about_kind][own.about_id].append(_row(own))
    for citation in _cited.instances(**asked):
        found[citation.about_kind][citation.about_id].append(_cited_row(citation))
    return found


def _about(wanted: Mapping[str, Any]) -> Q:
    about = Q()
    for kind, numbers in wanted.items():
        about |= Q(about_kind=kind, about_id__in=numbers)
    return about


@statement
def _own(**wanted: Any) -> QuerySet[Attachment]:
    return _with_page(Attachment.objects.filter(_about(wanted)), "blob")


@statement
def _cited(**wanted: Any) -> QuerySet[Citation]:
    rows = Citation.objects.filter(_about(wanted)).select_related("attachment")
    return _with_page(rows, "attachment__blob")


def counts_of(about_kind: str, about_ids: Iterable[int]) -> dict[int, int]:
    """How many pieces of evidence, own and cited, many things of a kind have; two statements."""
    numbers = list(about_ids)
    found: dict[int, int] = dict.fromkeys(numbers, 0)
    if numbers:
        for counted in (_attached, _quoted):
            for about_id, n in counted(kind=about_kind, keys=numbers):
                found[about_id] += n
    return found


@statement
def _attached(kind: Any, keys: Any) -> QuerySet[Attachment, Any]:
    rows = Attachment.objects.filter(about_kind=kind, about_id__in=keys).order_by()
    return rows.values_list("about_id").annotate(n=Count("pk"))


@statement
def _quoted(kind: Any, keys: Any) -> QuerySet[Citation, Any]:
    rows = Citation.objects.filter(about_kind=kind, about_id__in=keys).order_by()
    return rows.values_list("about_id").annotate(n=Count("pk"))


def _with_page(rows: QuerySet[Any], blob: str) -> QuerySet[Any]:
    """Rows with what a list needs of their contents, without the text of the pages."""
    thumbnails = Picture.objects.filter(blob=OuterRef(f"{blob}_id"), number=0)
    annotated: QuerySet[Any] = rows.annotate(
        kind=F(f"{blob}__kind"),
        size=F(f"{blob}__size"),
        page_state=F(f"{blob}__page__state"),
        thumbnail=Exists(thumbnails),
    )
    return annotated.order_by("pk")


def _row(attachment: Any, facts: Any = None, **more: str) -> Row:
    facts = facts or attachment
    return Row(
        pk=attachment.pk,
        name=attachment.name,
        size=facts.size,
        kind=rules.kind_named(facts.kind),
        by_name=attachment.by_name,
        at=attachment.at,
        about=attachment.about,
        page_state=facts.page_state or "",
        has_thumbnail=facts.thumbnail,
        **more,
    )


def _cited_row(citation: Any) -> Row:
    attachment = citation.attachment
    return _row(attachment, citation, source=attachment.about, cited_by=citation.by_name)


def row_of(attachment: Attachment) -> Row:
    """One attachment as a row."""
    return _row(_with_page(Attachment.objects.filter(pk=attachment.pk), "blob").get())


def attachment(pk: int) -> Attachment | None:
    """An attachment with its content, or None."""
    return Attachment.objects.select_related("blob").filter(pk=pk).first()


def abouts_of(attachment: Attachment) -> list[str]:
    """References of all things that show it: where it hangs, then where it is cited.

    Who may see one of them may see the file.
    """
    cited = Citation.objects.filter(attachment=attachment).values_list("about_kind", "about_id")
    return [attachment.about, *(ref.join(kind, number) for kind, number in cited)]


# ------------------------------------------------------------------ pages


def page_of(blob: Blob) -> Page | None:
    """The readable page of a content, or None for kinds that have none."""
    return Page.objects.filter(blob=blob).first()


def has_page(sha256: str) -> bool:
    return Page.objects.filter(blob__sha256=sha256).exists()


def text_of(blob: Blob) -> str:
    """The text of a document for the search; empty while there is none."""
    return Page.objects.filter(blob=blob).values_list("text", flat=True).first() or ""


def waiting_blob(pk: int) -> Blob | None:
    """A content whose page is still to be made, or None."""
    return Blob.objects.filter(pk=pk, page__state=PageState.WAITING).first()


# ------------------------------------------------------------------ contents


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / rules.place_of(sha256)


def open_for_download(attachment: Attachment, *, inline: bool = False) -> FileResponse:
    """The content under its name, streamed. ``inline`` holds only for kinds a browser may show.

    Raises Http404 with a sentence if the content is gone from the disk.
    """
    kind = rules.kind_named(attachment.blob.kind)
    inline = inline and kind.shown
    response = _handed_out(attachment.blob, name=attachment.name, attached=not inline)
    response["Cache-Control"] = "private, no-cache"
    return response


def open_picture(blob: Blob, number: int) -> FileResponse:
    """A picture of a document, or the thumbnail (0) of a picture. Raises Http404."""
    row = Picture.objects.select_related("picture").filter(blob=blob, number=number).first()
    if row is None:
        raise Http404(_("There is no such picture."))
    response = _handed_out(row.picture, name="", attached=False)
    response["Cache-Control"] = "private, max-age=600"
    return response


def _handed_out(blob: Blob, *, name: str, attached: bool) -> FileResponse:
    kind = rules.kind_named(blob.kind)
    try:
        stream = path_of(blob.sha256).open("rb")
    except FileNotFoundError:
        raise Http404(
            _("The file is missing from the store. Tell the administrator; the trail names it.")
        ) from None
    response = FileResponse(stream, as_attachment=attached, filename=name, content_type=kind.mime)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = _PDF_POLICY if kind.code == "pdf" else _PICTURE_POLICY
    response["ETag"] = f'"{blob.sha256}"'
    return response


# ------------------------------------------------------------------ the store


@dataclass(frozen=True)
class Faults:
    """What is wrong with the store: contents on a list but not on the disk (or of another size),
    and files on the disk that no list knows (harmless: left by acts that were rolled back)."""

    missing: tuple[str, ...]
    orphans: tuple[str, ...]


def storage_faults() -> Faults:
    """Compare lists and disk. Walks the whole store: not for a page."""
    sizes = dict(Blob.objects.values_list("sha256", "size").iterator(2000))
    on_disk: dict[str, int] = {}
    for folder, _folders, names in os.walk(settings.MEDIA_ROOT):
        for name in names:
            place = Path(folder) / name
            on_disk[name] = place.stat().st_size
    missing = sorted(sha for sha, size in sizes.items() if on_disk.get(sha) != size)
    orphans = sorted(name for name in on_disk if name not in sizes)
    return Faults(tuple(missing), tuple(orphans))
