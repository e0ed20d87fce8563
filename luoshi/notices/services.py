"""Telling people things, and noting that they have read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from luoshi.kit import clock, ref
from luoshi.kit.actor import Actor
from luoshi.notices import kinds
from luoshi.notices.models import Message
from luoshi.trail.rules import plain

_TITLE = 300
_CHUNK = 1000


@dataclass(frozen=True)
class Note:
    """One thing to tell some people. ``key``: whoever heard of (kind, key) is not told again."""

    people_ids: Sequence[int]
    kind: str
    about: str
    title: str
    by: Actor
    key: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def notify(
    people_ids: Iterable[int],
    kind: str,
    *,
    about: str,
    title: str,
    by: Actor,
    key: str = "",
    **data: Any,
) -> int:
    """Tell people about ``about`` ("task/17"); nobody is told what they did themselves.

    ``data`` holds texts, figures and days for the kind's sentence. Returns how many were meant.
    Raises LookupError for a kind nobody registered, KeyError if its sentence lacks a word.
    """
    return notify_many([Note(tuple(people_ids), kind, about, title, by, key, data)])


@transaction.atomic
def notify_many(notes: Iterable[Note]) -> int:
    """Tell many things at once, in a few statements. Returns how many messages were meant."""
    messages = [message for note in notes for message in _messages(note)]
    keyed = [message for message in messages if message.key is not None]
    plain = [message for message in messages if message.key is None]
    Message.objects.bulk_create(plain, batch_size=_CHUNK)
    Message.objects.bulk_create(keyed, batch_size=_CHUNK, ignore_conflicts=True)
    return len(messages)


def _messages(note: Note) -> list[Message]:
    kinds.kind_of(note.kind)
    about_kind, about_id = ref.split(note.about)
    told = note.data | ({"for_name": note.by.for_name} if note.by.for_name else {})
    data = {name: plain(value) for name, value in told.items()}
    kinds.sentence_of(note.kind, title=note.title, by_name=note.by.name, data=data)
    now = clock.now()
    return [
        Message(
            person_id=person_id,
            kind=note.kind,
            about_kind=about_kind,
            about_id=about_id,
            title=note.title[:_TITLE],
            data=data,
            by_id=note.by.id,
            by_name=note.by.name[:60],
            key=note.key or None,
            at=now,
        )
        for person_id in dict.fromkeys(note.people_ids)
        if person_id != note.by.id
    ]


@transaction.atomic
def mark_read(message_ids: Iterable[int], *, by: Actor) -> int:
    """Note that the addressee has read these; others' messages stay as they are."""
    ids = list(message_ids)
    now = clock.now()
    return Message.objects.filter(pk__in=ids, person_id=by.id or 0, read_at=None).update(
        read_at=now
    )


@transaction.atomic
def mark_all_read(*, by: Actor, up_to: int | None = None) -> int:
    """Note that everything is read, up to the newest message the reader had on the screen."""
    rows = Message.objects.filter(person_id=by.id or 0, read_at=None)
    if up_to is not None:
        rows = rows.filter(pk__lte=up_to)
    return rows.update(read_at=clock.now())
