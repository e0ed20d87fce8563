"""Storing files, hanging them on things, quoting them, and filling their readable pages (RPT-6).

    prepared = [prepare(upload) for upload in uploads]      # slow part: no database, no transaction
    attach("report/5", prepared, by=actor)                  # quick part, inside the caller's one

`attach` takes raw uploads too. A content written to the disk whose transaction is rolled back stays
behind as an orphan: harmless, found again by its hash, and listed by `queries.storage_faults`.
"""

import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.files import queries, readers, rules
from luoshi.files.models import Attachment, Blob, Citation, Page, PageState, Picture
from luoshi.files.readers import Reading, UnreadableError
from luoshi.kit import clock, ref
from luoshi.kit.actor import Actor
from luoshi.kit.jobs import enqueue
from luoshi.kit.verdict import Refused, stands
from luoshi.trail.services import record

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]
else:
    Upload = UploadedFile

FIELD = "evidence"
AT_ONCE = 2 * 1024 * 1024  # bytes: larger documents, packed or unpacked, become pages in a job
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Content:
    """A content that lies on the disk: its hash, its size in bytes, its kind."""

    sha256: str
    size: int
    kind: str


@dataclass(frozen=True)
class Readable:
    """What is known about the page of a document so far."""

    state: PageState
    reading: Reading | None = None
    said: str = ""


@dataclass(frozen=True)
class Prepared:
    """An upload that was looked at, judged and laid on the disk, and is on no list yet."""

    content: Content
    name: str
    readable: Readable | None = None
    pictures: tuple[tuple[int, Content], ...] = ()


# ------------------------------------------------------------------ the disk


def _lay_down(stream: IO[bytes], kind: str) -> Content:
    """Write a content to its place, whole or not at all; it may lie there already."""
    incoming = Path(settings.MEDIA_ROOT) / ".incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as target:
        try:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
            _move_in(Path(target.name), queries.path_of(digest.hexdigest()), size)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(target.name)
    return Content(digest.hexdigest(), size, kind)


def _move_in(source: Path, place: Path, size: int) -> None:
    """Give a written file its place, unless the same content lies there."""
    if place.exists() and place.stat().st_size == size:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    os.chmod(source, 0o640)
    os.replace(source, place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# ------------------------------------------------------------------ preparing


def prepare(upload: Upload) -> Prepared:
    """Judge an upload by its content and lay it on the disk; no database is written.

    Raises Refused with a sentence that names the file and says what is accepted.
    """
    stream = cast(IO[bytes], upload.file)
    name = str(upload.name or "")
    look = readers.look_at(stream)
    stands(rules.check_upload(look, name, settings.UPLOAD_LIMIT), FIELD)
    kind = rules.KINDS[rules.kind_of(look)]
    try:
        content = _lay_down(stream, kind.code)
        readable, pictures = _read(content, kind, look)
    except OSError as error:
        raise Refused(
            _("“%(name)s” could not be stored. Try again; if it stays so, tell the administrator.")
            % {"name": rules.clean_name(name)},
            FIELD,
        ) from error
    return Prepared(content, rules.clean_name(name, kind), readable, pictures)


@contextlib.contextmanager
def making(place: str) -> Iterator[IO[bytes]]:
    """A file to be written by the house itself ("pack-5"); then `kept` lays it down.

    Written again from the beginning if an earlier attempt was cut off; gone when the block ends.
    """
    incoming = Path(settings.MEDIA_ROOT) / ".incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / place
    try:
        with path.open("w+b") as target:
            yield target
    finally:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def kept(made: IO[bytes], name: str, kind: str) -> Prepared:
    """Lay down what the house made, inside `making`; ``kind`` is a key of `rules.MADE`.

    It takes its place by being moved, not copied. Raises OSError if the disk is full.
    """
    made.flush()
    os.fsync(made.fileno())
    made.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := made.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    sha256 = digest.hexdigest()
    _move_in(Path(made.name), queries.path_of(sha256), size)
    return Prepared(Content(sha256, size, kind), rules.clean_name(name, rules.MADE[kind]))


@transaction.atomic
def discard(attachment: Attachment, *, by: Actor) -> None:
    """Take off a file the house made, and its content with it where nothing else shows it.

    Raises Refused for what people gave, which is only ever detached.
    """
    blob = attachment.blob
    if blob.kind not in rules.MADE:
        raise Refused(_("“%(name)s” was given by people and stays.") % {"name": attachment.name})
    detach([attachment.pk], attachment.about, by=by)
    if not Attachment.objects.filter(blob=blob).exists():
        path = queries.path_of(blob.sha256)
        blob.delete()
        transaction.on_commit(lambda: path.unlink(missing_ok=True))


def prepared_again(sha256: str, name: str) -> Prepared | None:
    """A content that was prepared before and still lies on the disk; None if it does not."""
    place = queries.path_of(sha256)
    if not place.exists():
        return None
    with place.open("rb") as stream:
        return prepare(UploadedFile(stream, name, size=place.stat().st_size))


def _read(
    content: Content, kind: rules.Kind, look: rules.Look
) -> tuple[Readable | None, tuple[tuple[int, Content], ...]]:
    """The page of a document, the thumbnail of a picture: what the kind has of its own."""
    if kind.picture and kind.shown:
        small = readers.thumbnail(queries.path_of(content.sha256))
        return None, ((0, _lay_down(io.BytesIO(small), "webp")),) if small else ()
    if kind.code not in {"docx", "doc"} or queries.has_page(content.sha256):
        return None, ()
    if kind.code == "doc":
        if readers.soffice() is None:
            return Readable(PageState.NONE, said="no_reader"), ()
        return Readable(PageState.WAITING), ()
    if max(look.size, readers.word_xml_size(look.members or ())) > AT_ONCE:
        return Readable(PageState.WAITING), ()
    return _readable(readers.read_word, queries.path_of(content.sha256))


def _readable(
    reader: Callable[[Path], Reading], path: Path
) -> tuple[Readable, tuple[tuple[int, Content], ...]]:
    try:
        reading = reader(path)
    except UnreadableError as error:
        return Readable(PageState.FAILED, said=error.said), ()
    except OSError:
        return Readable(PageState.FAILED, said="damaged"), ()
    return Readable(PageState.READY, reading), _lay_pictures(reading)


def _lay_pictures(reading: Reading) -> tuple[tuple[int, Content], ...]:
    pictures = []
    for number, picture in enumerate(reading.pictures, 1):
        look = rules.Look(picture[: rules.HEAD], len(picture))
        pictures.append((number, _lay_down(io.BytesIO(picture), rules.kind_of(look))))
    return tuple(pictures)


# ------------------------------------------------------------------ hanging


def attach(about: str, uploads: Sequence[Upload | Prepared], *, by: Actor) -> list[Attachment]:
    """Hang files on a thing ("report/5"). The same file under the same name hangs there once.

    Raises Refused for a file that is not accepted; then none is attached.
    """
    prepared = [one if isinstance(one, Prepared) else prepare(one) for one in uploads]
    return _attach(about, prepared, by)


@transaction.atomic(savepoint=False)
def _attach(about: str, prepared: Sequence[Prepared], by: Actor) -> list[Attachment]:
    attachments, fresh = [], []
    for one in prepared:
        attachment, created = _hang(about, one, by)
        attachments.append(attachment)
        if created:
            fresh.append({"name": one.name, "sha256": one.content.sha256})
    if fresh:
        record(about, "files.attach", by=by, files=fresh)
    return attachments


def _hang(about: str, prepared: Prepared, by: Actor) -> tuple[Attachment, bool]:
    kind, number = ref.split(about)
    blob = _blob(prepared.content)
    _write_page(blob, prepared)
    return Attachment.objects.get_or_create(
        about_kind=kind,
        about_id=number,
        blob=blob,
        name=prepared.name,
        defaults={"by_id": by.id, "by_name": by.name[:60], "at": clock.now()},
    )


def _blob(content: Content) -> Blob:
    """The row of a content. Two who upload the same at the same moment share one row."""
    blob, _created = Blob.objects.get_or_create(
        sha256=content.sha256,
        defaults={"size": content.size, "kind": content.kind, "at": clock.now()},
    )
    return blob


def _write_page(blob: Blob, prepared: Prepared) -> None:
    _write_pictures(blob, prepared.pictures)
    readable = prepared.readable
    if readable is None:
        return
    _page, created = Page.objects.get_or_create(
        blob=blob, defaults={"state": readable.state, "at": clock.now(), **_words(readable)}
    )
    if created and readable.state == PageState.WAITING:
        enqueue("luoshi.files.jobs.prepare_page", blob.pk)


def _words(readable: Readable) -> dict[str, str | int]:
    """The columns of a page."""
    reading = readable.reading
    if reading is None:
        return {"said": readable.said}
    return {"html": reading.html, "text": reading.text, "left_out": reading.left_out}


def _write_pictures(blob: Blob, pictures: Sequence[tuple[int, Content]]) -> None:
    for number, content in pictures:
        Picture.objects.get_or_create(
            blob=blob, number=number, defaults={"picture": _blob(content)}
        )


def fill_page(blob: Blob, reader: Callable[[Path], Reading]) -> bool:
    """Make the page that waits to be made; whether this call made it. Reads before it writes."""
    readable, pictures = _readable(reader, queries.path_of(blob.sha256))
    with transaction.atomic():
        filled = Page.objects.filter(blob=blob, state=PageState.WAITING).update(
            state=readable.state, at=clock.now(), **_words(readable)
        )
        if filled:
            _write_pictures(blob, pictures)
    return bool(filled)


@transaction.atomic
def prepare_again() -> int:
    """Ask once more for every page that waits, and for old documents if they can now be read."""
    if readers.soffice():
        Page.objects.filter(state=PageState.NONE, blob__kind="doc").update(
            state=PageState.WAITING, said="", at=clock.now()
        )
    waiting = list(Page.objects.filter(state=PageState.WAITING).values_list("blob_id", flat=True))
    for blob_id in waiting:
        enqueue("luoshi.files.jobs.prepare_page", blob_id)
    return len(waiting)


# ------------------------------------------------------------------ quoting, taking away


@transaction.atomic
def cite(attachment_ids: Iterable[int], about: str, *, by: Actor) -> list[Citation]:
    """Quote attachments of other things as evidence. Those hanging on the thing itself are left.

    Whether ``by`` may see them is for the caller to check. Raises Refused if one is gone.
    """
    kind, number = ref.split(about)
    ids = list(dict.fromkeys(attachment_ids))
    found = {row.pk: row for row in Attachment.objects.filter(pk__in=ids)}
    if len(found) < len(ids):
        raise Refused(_("Evidence you cited is no longer there. Choose again."), FIELD)
    citations, fresh = [], []
    for attachment in (found[pk] for pk in ids if found[pk].about != about):
        citation, created = Citation.objects.get_or_create(
            attachment=attachment,
            about_kind=kind,
            about_id=number,
            defaults={"by_id": by.id, "by_name": by.name[:60], "at": clock.now()},
        )
        citations.append(citation)
        if created:
            fresh.append({"name": attachment.name, "from": attachment.about})
    if fresh:
        record(about, "files.cite", by=by, files=fresh)
    return citations


@transaction.atomic
def detach(attachment_ids: Iterable[int], about: str, *, by: Actor) -> int:
    """Take attachments, or quotations of them, off a thing; how many were taken.

    The content stays stored, and the trail says what hung there. Raises Refused for an attachment
    that is quoted elsewhere: the quotation would lose its evidence.
    """
    kind, number = ref.split(about)
    ids = list(attachment_ids)
    quotations = Citation.objects.filter(
        attachment_id__in=ids, about_kind=kind, about_id=number
    ).select_related("attachment")
    own = Attachment.objects.filter(pk__in=ids, about_kind=kind, about_id=number)
    quoted = own.filter(citations__isnull=False).first()
    if quoted:
        raise Refused(
            _("“%(name)s” is cited as evidence elsewhere and stays.") % {"name": quoted.name}, FIELD
        )
    names = [row.attachment.name for row in quotations] + [row.name for row in own]
    if not names:
        return 0
    quotations.delete()
    own.delete()
    record(about, "files.detach", by=by, files=names)
    return len(names)
