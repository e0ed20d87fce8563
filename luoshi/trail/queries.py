"""Reading the trail: a subject's story, the search of the audit administrator, and the proof."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.statements import statement
from luoshi.trail.models import Event, Head, Seal
from luoshi.trail.rules import (
    SUBJECTS,
    day_digest,
    event_hash,
    guards,
    head_mark,
    label_of,
    must_be_sealed,
    seal_hash,
)


@dataclass(frozen=True)
class Line:
    """One event as a reader sees it."""

    id: int
    about_kind: str
    about_id: int
    seq: int
    verb: str
    by_id: int | None
    by_name: str
    for_name: str
    at: dt.datetime
    data: dict[str, Any]

    @property
    def label(self) -> str:
        return label_of(self.verb)

    @property
    def ref(self) -> str:
        return f"{self.about_kind}/{self.about_id}"


def _line(event: Event) -> Line:
    return Line(
        id=event.pk,
        about_kind=event.about_kind,
        about_id=event.about_id,
        seq=event.seq,
        verb=event.verb,
        by_id=event.by_id,
        by_name=event.by_name,
        for_name=event.for_name,
        at=event.at,
        data=json.loads(event.data),
    )


def events_about(about_kind: str, about_id: int, limit: int = 200) -> list[Line]:
    """The story of one subject, newest first, of its last two hundred events."""
    rows = _newest_about.instances(kind=about_kind, pk=about_id)
    return [_line(event) for event in rows[:limit]]


@statement
def _newest_about(kind: Any, pk: Any) -> QuerySet[Event]:
    rows = Event.objects.filter(about_kind=kind, about_id=pk).order_by("-seq")
    return rows[:200]


# ---------------------------------------------------------------------------- search


@dataclass(frozen=True)
class Filter:
    """What the audit administrator looks for; everything left out does not narrow."""

    verb: str = ""  # whole ("task.sign") or a room ("task.")
    person: str = ""  # part of a name: acting or acted for
    person_id: int | None = None
    about: str = ""  # "task" or "task/17"
    since: dt.date | None = None
    until: dt.date | None = None
    words: str = ""  # each word must occur in the details


@dataclass(frozen=True)
class Page:
    """Some lines, newest first, and where the next page starts (``before=``)."""

    lines: list[Line]
    next: int | None


def _found(wanted: Filter) -> QuerySet[Event]:
    rows = Event.objects.all()
    if wanted.verb:
        room = wanted.verb.endswith(".")
        rows = rows.filter(**{"verb__startswith" if room else "verb": wanted.verb})
    if wanted.person:
        rows = rows.filter(
            Q(by_name__icontains=wanted.person) | Q(for_name__icontains=wanted.person)
        )
    if wanted.person_id:
        rows = rows.filter(Q(by_id=wanted.person_id) | Q(for_id=wanted.person_id))
    if wanted.about:
        kind, _slash, number = wanted.about.partition("/")
        rows = rows.filter(about_kind=kind)
        if number:
            rows = rows.filter(about_id=int(number)) if _is_number(number) else rows.none()
    if wanted.since:
        rows = rows.filter(at__gte=_start_of(wanted.since))
    if wanted.until:
        rows = rows.filter(at__lt=end_of(wanted.until))
    for word in wanted.words.split():
        rows = rows.filter(data__icontains=json.dumps(word, ensure_ascii=False)[1:-1])
    return rows.order_by("-id")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def find(wanted: Filter, before: int | None = None, limit: int = 50) -> Page:
    """One page of what the filter finds; ``before`` is `Page.next` of the page above."""
    rows = _found(wanted)
    if before:
        rows = rows.filter(id__lt=before)
    lines = [_line(event) for event in rows[: limit + 1]]
    more = len(lines) > limit
    return Page(lines[:limit], lines[limit - 1].id if more else None)


def count_found(wanted: Filter, most: int = 1000) -> tuple[int, bool]:
    """How many events the filter finds, and whether there are more than ``most``."""
    found = _found(wanted).order_by()[: most + 1].count()
    return min(found, most), found > most


def all_found(wanted: Filter, most: int = 100_000) -> Iterator[Line]:
    """Everything the filter finds, for a file; at most ``most`` lines, newest first."""
    for event in _found(wanted)[:most].iterator(chunk_size=2000):
        yield _line(event)


# ---------------------------------------------------------------------------- days and seals


def _start_of(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def end_of(day: dt.date) -> dt.datetime:
    """The moment at which a day of the institution is over."""
    return _start_of(day + dt.timedelta(days=1))


def hashes_between(since: dt.datetime | None, until: dt.datetime) -> Iterator[str]:
    """Hashes of the events in ``[since, until)``, in order of writing."""
    rows = Event.objects.filter(at__lt=until)
    if since:
        rows = rows.filter(at__gte=since)
    return rows.order_by("id").values_list("hash", flat=True).iterator(chunk_size=5000)


def first_unsealed() -> dt.date | None:
    """The first day that has no seal; None while there is nothing to seal."""
    last: dt.date | None = Seal.objects.aggregate(last=Max("day"))["last"]
    if last:
        return last + dt.timedelta(days=1)
    first: dt.datetime | None = Event.objects.aggregate(first=Min("at"))["first"]
    return timezone.localtime(first).date() if first else None


# ---------------------------------------------------------------------------- the proof


@dataclass(frozen=True)
class Fault:
    """Something the trail contradicts itself in. ``about`` is a subject, a day or a trigger."""

    kind: str
    about: str
    sentence: str


def missing_guards(connection: BaseDatabaseWrapper | None = None) -> list[str]:
    """Names of triggers absent, altered or switched off. Empty before the first migrate."""
    connection = connection or connections[router.db_for_read(Event)]
    wanted = guards(connection.vendor)
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "JOIN pg_proc p ON p.oid = t.tgfoid WHERE c.relname = ANY(%s) "
                "AND pg_table_is_visible(c.oid) AND t.tgenabled = 'A' AND NOT t.tgisinternal "
                "AND p.proname = 'trail_refuse' AND p.prosrc LIKE %s",
                [["trail_event", "trail_seal", "trail_head"], "BEGIN RAISE EXCEPTION %"],
            )
            standing = {name for (name,) in cursor.fetchall()}
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            standing = {name for name, (_t, sql) in wanted.items() if found.get(name) == sql}
    return [
        name for name, (table, _sql) in wanted.items() if table in tables and name not in standing
    ]


def faults() -> Iterator[Fault]:
    """Everything wrong with the trail: guards, chains, heads, whole subjects, seals.

    Reads the whole trail once (12–18 µs a row); each question is one statement and so sees one
    moment, also while people work.
    """
    lost = _missing_tables()
    if lost:
        for table in lost:
            yield Fault("guard", table, _("The table %(name)s is missing.") % {"name": table})
        return
    for name in missing_guards():
        yield Fault("guard", name, _("The guard %(name)s is missing.") % {"name": name})
    yield from _chain_faults()
    yield from _lost_subjects()
    yield from _number_faults()
    yield from _seal_faults()


def _missing_tables() -> list[str]:
    there = connections[router.db_for_read(Event)].introspection.table_names()
    return [
        model._meta.db_table for model in (Event, Head, Seal) if model._meta.db_table not in there
    ]


def _chain_faults() -> Iterator[Fault]:
    head = Head.objects.filter(about_kind=OuterRef("about_kind"), about_id=OuterRef("about_id"))
    said = head.annotate(
        said=Concat(
            Cast("seq", CharField()), Value(":"), "hash", Value(":"), "mark",
            output_field=CharField(),
        )
    ).values("said")  # fmt: skip
    rows = Event.objects.annotate(head=Subquery(said)).order_by("about_kind", "about_id", "seq")
    last: Event | None = None
    for event in rows.iterator(chunk_size=2000):
        if last and last.about != event.about:
            yield from _head_faults(last)
            last = None
        yield from _event_faults(event, last)
        last = event
    if last:
        yield from _head_faults(last)


def _event_faults(event: Event, last: Event | None) -> Iterator[Fault]:
    """What is wrong with one event, seen after the one before it."""
    place = {"about": event.about, "seq": event.seq}
    expected = last.seq + 1 if last else 1
    if event.seq > expected:
        gone = {"about": event.about, "first": expected, "last": event.seq - 1}
        yield Fault(
            "removed",
            event.about,
            _("%(about)s: events %(first)s to %(last)s are missing.") % gone,
        )
    elif event.seq < expected:
        yield Fault("inserted", event.about, _("%(about)s: event %(seq)s exists twice.") % place)
    elif event.prev != (last.hash if last else ""):
        yield Fault(
            "inserted",
            event.about,
            _("%(about)s: event %(seq)s does not follow the one before it.") % place,
        )
    if event.hash != _hash_of(event):
        yield Fault("changed", event.about, _("%(about)s: event %(seq)s was changed.") % place)


def _hash_of(event: Event) -> str:
    return event_hash(
        prev=event.prev,
        about_kind=event.about_kind,
        about_id=event.about_id,
        seq=event.seq,
        verb=event.verb,
        by_id=event.by_id,
        by_name=event.by_name,
        for_id=event.for_id,
        for_name=event.for_name,
        at=event.at,
        data=event.data,
    )


def _head_faults(last: Event) -> Iterator[Fault]:
    """What the head of a subject says against its last event."""
    said: str | None = getattr(last, "head", None)
    place = {"about": last.about, "seq": last.seq}
    if said is None:
        yield Fault("head", last.about, _("%(about)s: the end of its story is missing.") % place)
        return
    number, hashed, mark = said.split(":")
    seq = int(number)
    signed = head_mark(
        settings.SEAL_KEY,
        about_kind=last.about_kind,
        about_id=last.about_id,
        seq=seq,
        hash=hashed,
    )
    if mark != signed:
        yield Fault(
            "head",
            last.about,
            _("%(about)s: the end of its story is not genuine; events may be missing.") % place,
        )
        return
    if seq > last.seq:
        gone = {"about": last.about, "first": last.seq + 1, "last": seq}
        yield Fault(
            "removed",
            last.about,
            _("%(about)s: the last events, %(first)s to %(last)s, are missing.") % gone,
        )
    elif seq < last.seq:
        extra = {"about": last.about, "first": seq + 1, "last": last.seq}
        yield Fault(
            "inserted",
            last.about,
            _("%(about)s: events %(first)s to %(last)s were put in later.") % extra,
        )
    elif hashed != last.hash:
        yield Fault(
            "changed",
            last.about,
            _("%(about)s: event %(seq)s is not the one its story ended with.") % place,
        )


def _lost_subjects() -> Iterator[Fault]:
    """Subjects whose whole story is gone: a head without events, a living row without a head."""
    told = Event.objects.filter(about_kind=OuterRef("about_kind"), about_id=OuterRef("about_id"))
    empty = Head.objects.filter(~Exists(told)).order_by("about_kind", "about_id")
    for kind, pk in empty.values_list("about_kind", "about_id").iterator(chunk_size=2000):
        yield _lost(kind, pk)
    for kind, ids in SUBJECTS.items():
        living = set(ids())  # before the heads: what is new meanwhile is not missed
        heads = Head.objects.filter(about_kind=kind).values_list("about_id", flat=True)
        for pk in sorted(living - set(heads.iterator(chunk_size=5000))):
            yield _lost(kind, pk)


def _lost(kind: str, pk: int) -> Fault:
    about = f"{kind}/{pk}"
    return Fault("removed", about, _("%(about)s: its whole story is missing.") % {"about": about})


def _number_faults() -> Iterator[Fault]:
    """Numbers of events that were given and are gone.

    SQLite takes back the number of what is rolled back, so that none may be missing. PostgreSQL
    does not, and a gap there means nothing.
    """
    connection = connections[router.db_for_read(Event)]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(id), max(id), "
            "(SELECT seq FROM sqlite_sequence WHERE name = 'trail_event') FROM trail_event"
        )
        count, first, last, given = cursor.fetchone()
    gone = max(last, given or 0) - first + 1 - count if count else 0
    if gone:
        yield Fault(
            "gap",
            "trail",
            _("%(count)s numbers of events were given and are gone: events were removed.")
            % {"count": gone},
        )


def _seal_faults() -> Iterator[Fault]:
    prev: Seal | None = None
    for seal in Seal.objects.order_by("day"):
        yield from _one_seal(seal, prev)
        prev = seal
    wanted = must_be_sealed(timezone.localtime(clock.now()))
    rows = Event.objects.filter(at__lt=end_of(wanted))
    if prev:
        rows = rows.filter(at__gte=end_of(prev.day))
    unsealed = rows.aggregate(first=Min("at"))["first"]
    if unsealed:
        day = timezone.localtime(unsealed).date().isoformat()
        yield Fault(
            "seal",
            day,
            _("%(day)s has no seal: the nightly job did not run, or seals were removed.")
            % {"day": day},
        )


def _one_seal(seal: Seal, prev: Seal | None) -> Iterator[Fault]:
    day = seal.day.isoformat()
    if prev and seal.day != prev.day + dt.timedelta(days=1):
        yield Fault("seal", day, _("The seal before %(day)s is missing.") % {"day": day})
    expected = seal_hash(
        settings.SEAL_KEY,
        prev=prev.hash if prev else "",
        day=seal.day,
        count=seal.count,
        events=seal.events,
    )
    if seal.hash != expected or seal.prev != (prev.hash if prev else ""):
        yield Fault("seal", day, _("The seal of %(day)s is not genuine.") % {"day": day})
    since = end_of(prev.day) if prev else None
    count, events = day_digest(hashes_between(since, end_of(seal.day)))
    if count != seal.count:
        yield Fault(
            "seal",
            day,
            _("%(day)s: %(sealed)s events were sealed, %(found)s are there.")
            % {"day": day, "sealed": seal.count, "found": count},
        )
    elif events != seal.events:
        yield Fault("seal", day, _("%(day)s: the events are not those sealed.") % {"day": day})


def seals(limit: int = 366) -> Iterable[Seal]:
    """The latest seals, newest first."""
    return Seal.objects.order_by("-day")[:limit]
