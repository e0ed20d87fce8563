"""Writing the trail. Always inside the transaction of the change it tells of.

record("task/17", "task.sign", by=actor, old="issued", new="active")
record_many([("task/17", {"unit": 3}), ("task/18", {"unit": 4})], "task.issue", by=actor)
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM, Actor
from luoshi.kit.statements import statement
from luoshi.trail import kinds
from luoshi.trail.models import Event, Head, Seal
from luoshi.trail.queries import end_of, first_unsealed, hashes_between, missing_guards
from luoshi.trail.rules import (
    REFUSE_FUNCTION,
    canonical,
    day_digest,
    event_hash,
    guards,
    head_mark,
    parts_of,
    seal_hash,
)

Subject = tuple[str, int]
_CHUNK = 500  # subjects asked for at a time


def record(about: str, verb: str, /, *, by: Actor, **data: Any) -> None:
    """Note that ``by`` did ``verb`` to ``about`` ("task/17"). Data: see `rules.plain`.

    Long text is given as ``digest(text)``. Needs an open transaction.
    """
    record_many([(about, data)], verb, by=by)


def record_many(
    abouts: Sequence[tuple[str, Mapping[str, Any]]], verb: str, /, *, by: Actor, **common: Any
) -> None:
    """Note one act on many subjects: pairs of a reference and what is special to it.

    A few statements per thousand subjects; all heads are locked in one order.
    """
    assert _connection().in_atomic_block, "record() belongs inside the transaction of the change"
    kinds.check(verb)
    if not abouts:
        return
    rows = [(parts_of(about), canonical({**common, **own})) for about, own in abouts]
    heads = _held({subject for subject, _ in rows})
    at = clock.now()
    events = [_next_event(heads[subject], verb, by, at, data) for subject, data in rows]
    Event.objects.bulk_create(events)
    _move(heads.values())


def _next_event(head: Head, verb: str, by: Actor, at: dt.datetime, data: str) -> Event:
    """The event that follows the head; the head moves on to it (not yet saved)."""
    event = Event(
        about_kind=head.about_kind,
        about_id=head.about_id,
        seq=head.seq + 1,
        verb=verb,
        by_id=by.id,
        by_name=by.name[:100],
        for_id=by.for_id,
        for_name=by.for_name[:100],
        at=at,
        data=data,
        prev=head.hash,
    )
    event.hash = event_hash(
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
    head.seq, head.hash = event.seq, event.hash
    head.mark = mark_of(head)
    return event


def mark_of(head: Head) -> str:
    """The signature of a head as it stands."""
    return head_mark(
        settings.SEAL_KEY,
        about_kind=head.about_kind,
        about_id=head.about_id,
        seq=head.seq,
        hash=head.hash,
    )


def _held(subjects: set[Subject]) -> dict[Subject, Head]:
    """The heads of the subjects, made where missing, locked until the transaction ends."""
    heads = _locked(subjects)
    missing = sorted(subjects - heads.keys())
    if missing:
        # Another transaction may make the same head at this moment: ignore, then lock whose it is.
        Head.objects.bulk_create(
            [Head(about_kind=kind, about_id=pk) for kind, pk in missing], ignore_conflicts=True
        )
        heads |= _locked(set(missing))
    return heads


def _locked(subjects: set[Subject]) -> dict[Subject, Head]:
    found: dict[Subject, Head] = {}
    for kind, group in groupby(sorted(subjects), key=lambda subject: subject[0]):
        ids = [pk for _, pk in group]
        for start in range(0, len(ids), _CHUNK):
            rows = _heads.instances(kind=kind, ids=ids[start : start + _CHUNK])
            found |= {(row.about_kind, row.about_id): row for row in rows}
    return found


@statement
def _heads(kind: Any, ids: Any) -> QuerySet[Head]:
    rows = Head.objects.select_for_update().filter(about_kind=kind, about_id__in=ids)
    return rows.order_by("about_id")


def _move(heads: Any) -> None:
    moved = list(heads)
    if len(moved) == 1:
        head = moved[0]
        Head.objects.filter(pk=head.pk).update(seq=head.seq, hash=head.hash, mark=head.mark)
        return
    for head in moved:
        head.pk = None
    Head.objects.bulk_create(
        moved,
        update_conflicts=True,
        unique_fields=["about_kind", "about_id"],
        update_fields=["seq", "hash", "mark"],
    )


# ---------------------------------------------------------------------------- seals


def seal_day(day: dt.date) -> Seal:
    """Seal all events since the last seal up to the end of ``day``; once only.

    ``day`` is over and the day before it is sealed already, if it had events.
    """
    known = Seal.objects.filter(day=day).first()
    if known:
        return known
    last = Seal.objects.filter(day__lt=day).order_by("day").last()
    hashes = list(hashes_between(end_of(last.day) if last else None, end_of(day)))
    count, events = day_digest(hashes)
    prev = last.hash if last else ""
    fingerprint = seal_hash(settings.SEAL_KEY, prev=prev, day=day, count=count, events=events)
    with transaction.atomic():
        seal, _made = Seal.objects.get_or_create(
            day=day,
            defaults={
                "count": count,
                "first_hash": hashes[0] if hashes else "",
                "last_hash": hashes[-1] if hashes else "",
                "events": events,
                "prev": prev,
                "hash": fingerprint,
            },
        )
    return seal


def seal_until(day: dt.date) -> int:
    """Seal every day not yet sealed up to and including ``day``. Returns how many were sealed."""
    first, made = first_unsealed(), 0
    while first and first <= day:
        seal_day(first)
        first += dt.timedelta(days=1)
        made += 1
    return made


# ---------------------------------------------------------------------------- guards


def install_guards(using: str | None = None) -> list[str]:
    """Put up the triggers that are not there, and say which. Harmless where all stand."""
    connection = connections[using] if using else _connection()
    missing = missing_guards(connection)
    if not missing:
        return []
    made = guards(connection.vendor)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(REFUSE_FUNCTION)
        for name in missing:
            table, statement = made[name]
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
            cursor.execute(statement)
            if on:  # also for a session that plays replica
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    return missing


@transaction.atomic
def restore_guards(*, by: Actor = SYSTEM) -> list[str]:
    """Put up missing guards by hand, and say so in the trail."""
    restored = install_guards()
    if restored:
        record("trail/1", "trail.guard", by=by, restored=restored)
    return restored


def _connection() -> BaseDatabaseWrapper:
    return connections[router.db_for_write(Event)]
