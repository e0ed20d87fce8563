"""Year-end packs: asked for by a person, built by a job, kept until they are built anew.

ask_for_pack(...)    note the wish and have a job build it
build(...)           the job: claim, gather, write, put in the place of the old one
free(pack)           have a pack built again whose worker was lost, or give it up
"""

import contextlib
import datetime as dt
import zipfile
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from luoshi.files.queries import path_of
from luoshi.files.services import Prepared, attach, discard, kept, making
from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM, Actor
from luoshi.kit.jobs import enqueue
from luoshi.kit.once import hold
from luoshi.kit.verdict import require
from luoshi.notices.services import notify
from luoshi.people.models import Unit
from luoshi.reports.models import Pack
from luoshi.reports.queries import packs as queries
from luoshi.reports.queries.pack_index import index
from luoshi.reports.queries.packs import Contents, Piece
from luoshi.reports.rules import packs as rules
from luoshi.reports.rules.packs import PackState
from luoshi.tasks.services.line import person_of
from luoshi.trail.services import record

#: Kinds that are packed tightly already; packing them again takes time and gains nothing.
TIGHT = frozenset(
    {"pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "ofd", "png", "jpeg", "webp"}
)
#: Seconds between two signs of life.
BEAT = dt.timedelta(seconds=1)
_BUILD = "luoshi.reports.jobs.build_pack"


class Superseded(Exception):
    """The pack was asked for again, or taken over, while this job worked on it."""


# ── asked for ────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_for_pack(*, unit: Unit, year: int, by: Actor, key: str | None = None) -> Pack:
    """Have the pack of a unit and year built; one that is being built already is left at work.

    The same ``key`` again changes nothing. Raises NotAllowed.
    """
    hold(key, f"pack-{unit.pk}-{year}")
    person = person_of(by)
    require(rules.may_pack(queries.reaches(person, unit)))
    now = clock.now()
    pack, _made = Pack.objects.get_or_create(
        unit=unit, year=year, defaults={"by": person, "asked_at": now}
    )
    stuck = rules.is_stuck(pack.state, pack.beat, now)
    asked = pack.run > 0 and ((pack.is_under_way and not stuck) or (key and pack.key == key))
    if asked:
        return pack
    Pack.objects.filter(pk=pack.pk).update(
        state=PackState.WAITING,
        run=F("run") + 1,
        tries=0,
        done=0,
        total=0,
        said="",
        by=person,
        asked_at=now,
        beat=None,
        key=key,
    )
    pack.refresh_from_db()
    record(unit.ref, "report.pack", by=by, year=year)
    enqueue(_BUILD, pack.pk, pack.run)
    return pack


# ── built ────────────────────────────────────────────────────────────────────────────────────────


def build(pack_id: int, run: int) -> None:
    """Build a pack. Idempotent: what is built, asked for anew or at work elsewhere is left."""
    pack = _claim(pack_id, run)
    if pack is None:
        return
    with translation.override(settings.LANGUAGE_CODE), contextlib.suppress(Superseded):
        try:
            _build(pack)
        except OSError:
            _fail(pack, _("There was no room for it on the disk. Tell the administrator."))


def _claim(pack_id: int, run: int) -> Pack | None:
    """Take a pack for this job, if nobody works on it; after too many attempts it is given up."""
    now = clock.now()
    free = Q(state=PackState.WAITING) | Q(state=PackState.WORKING, beat__lt=now - rules.SILENT)
    mine = Pack.objects.filter(free, pk=pack_id, run=run)
    if not mine.update(state=PackState.WORKING, beat=now, tries=F("tries") + 1, done=0):
        return None
    pack = Pack.objects.select_related("unit", "by").get(pk=pack_id)
    if pack.tries > rules.TRIES:
        with translation.override(settings.LANGUAGE_CODE):
            _fail(pack, _("It took too long. Build the packs of the units below one by one."))
        return None
    return pack


def _build(pack: Pack) -> None:
    contents = queries.contents_of(pack.unit, pack.year)
    if contents.tasks > rules.MOST_TASKS:
        most = {"most": rules.MOST_TASKS}
        _fail(
            pack, _("It has more than %(most)s tasks. Build the packs of the units below.") % most
        )
        return
    _note(pack, total=len(contents.pieces), done=0)
    with making(f"pack-{pack.pk}-{pack.run}") as file:
        _write(file, contents, pack)
        name = _("%(name)s year-end material.zip") % {"name": contents.folder}
        _publish(pack, kept(file, name, "zip"), contents)


def _note(pack: Pack, **columns: int) -> None:
    """Say how far it has come, which is a sign of life too. Raises Superseded."""
    mine = Pack.objects.filter(pk=pack.pk, run=pack.run, tries=pack.tries, state=PackState.WORKING)
    if not mine.update(beat=clock.now(), **columns):
        raise Superseded


def _write(file: IO[bytes], contents: Contents, pack: Pack) -> None:
    """Evidence first, so that the index can say what was missing."""
    told = clock.now()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for number, piece in enumerate(contents.pieces, start=1):
            _write_piece(archive, contents.folder, piece)
            if clock.now() - told >= BEAT:
                told = clock.now()
                _note(pack, done=number)
        today = clock.today().isoformat()
        name = _("00 Index.docx")
        entry = zipfile.ZipInfo(f"{contents.folder}/{name}", _stamp(clock.now()))
        archive.writestr(entry, index(contents, today), zipfile.ZIP_STORED)
    _note(pack, done=len(contents.pieces))


def _write_piece(archive: zipfile.ZipFile, folder: str, piece: Piece) -> None:
    """One content, streamed from where it is stored."""
    entry = zipfile.ZipInfo(f"{folder}/{piece.place}", _stamp(piece.at))
    entry.compress_type = zipfile.ZIP_STORED if piece.kind in TIGHT else zipfile.ZIP_DEFLATED
    entry.file_size = piece.size
    try:
        source = path_of(piece.sha256).open("rb")
    except FileNotFoundError:
        piece.lost = True
        return
    with source, archive.open(entry, "w") as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)


def _stamp(moment: dt.datetime) -> tuple[int, int, int, int, int, int]:
    local = timezone.localtime(moment)
    year = max(local.year, 1980)
    return (year, local.month, local.day, local.hour, local.minute, local.second)


@transaction.atomic
def _publish(pack: Pack, prepared: Prepared, contents: Contents) -> None:
    """Put the new file in the place of the old one."""
    held = Pack.objects.select_for_update(of=("self",)).select_related("attachment__blob")
    row = held.get(pk=pack.pk)
    if (row.run, row.tries, row.state) != (pack.run, pack.tries, PackState.WORKING):
        raise Superseded
    by = pack.by.actor
    old = row.attachment
    (new,) = attach(pack.ref, [prepared], by=by)
    Pack.objects.filter(pk=pack.pk).update(
        state=PackState.READY,
        attachment=new,
        built_at=clock.now(),
        tasks=contents.tasks,
        files=sum(not piece.lost for piece in contents.pieces),
    )
    if old and old.pk != new.pk:
        discard(old, by=by)
    notify(
        [pack.by_id],
        "report.pack",
        about=pack.ref,
        title=pack.unit.name,
        by=SYSTEM,
        key=f"{pack.ref}/{pack.run}",
        year=str(pack.year),
    )


@transaction.atomic
def _fail(pack: Pack, said: str) -> None:
    """Give up; the pack that was there before stays."""
    Pack.objects.filter(pk=pack.pk, run=pack.run, state=PackState.WORKING).update(
        state=PackState.FAILED, said=said[:300]
    )


@transaction.atomic
def free(pack: Pack) -> None:
    """Have a pack built whose job or worker was lost."""
    enqueue(_BUILD, pack.pk, pack.run)


def free_left() -> int:
    """Have all packs built that nobody works on though somebody waits; how many there were."""
    rows = queries.left_behind(clock.now() - 4 * rules.SILENT)
    for pack in rows:
        free(pack)
    return len(rows)
