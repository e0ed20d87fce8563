"""What lies in a person's inbox. A message is seen by its addressee and by nobody else."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from luoshi.notices import kinds
from luoshi.notices.models import Channel, DeliveryState, Message

PAGE = 30
FALLBACK_ICON = "message"


@dataclass(frozen=True)
class Row:
    """A message as its reader sees it."""

    pk: int
    icon: str
    sentence: str
    about: str
    at: dt.datetime
    unread: bool


@dataclass(frozen=True)
class Inbox:
    """One page of an inbox; ``after`` fetches the next one, empty at the end."""

    rows: list[Row]
    after: str
    newest: int


def messages_of(person_id: int) -> QuerySet[Message]:
    return Message.objects.filter(person_id=person_id)


def unread_count(person_id: int) -> int:
    return messages_of(person_id).filter(read_at=None).count()


def inbox(person_id: int, *, unread_only: bool = False, after: str = "") -> Inbox:
    """A page of the inbox: unread first, each newest first. Two statements at most.

    ``after`` is "u<pk>" or "r<pk>": the last row seen, among the unread or the read.
    """
    part, pk = _place(after)
    found: list[Message] = []
    if part == "u":
        found += _newest(messages_of(person_id).filter(read_at=None), pk, PAGE + 1)
        pk = None
    if not unread_only and len(found) <= PAGE:
        read = messages_of(person_id).filter(read_at__isnull=False)
        found += _newest(read, pk, PAGE + 1 - len(found))
    rows = [_row(message) for message in found[:PAGE]]
    more = len(found) > PAGE
    last = rows[-1] if rows else None
    return Inbox(
        rows=rows,
        after=f"{'u' if last.unread else 'r'}{last.pk}" if more and last else "",
        newest=max((row.pk for row in rows), default=0),
    )


def popups_for(person_id: int) -> list[Row]:
    """What interrupts this person until confirmed, oldest first, three at a time."""
    rows = messages_of(person_id).filter(
        deliveries__channel=Channel.POPUP, deliveries__state=DeliveryState.WAITING
    )
    return [_row(message) for message in rows.order_by("pk")[:3]]


def _place(after: str) -> tuple[str, int | None]:
    """Where a page begins; anything unreadable means the beginning."""
    part, number = after[:1], after[1:]
    if part in {"u", "r"} and number.isascii() and number.isdigit() and len(number) < 19:
        return part, int(number)
    return "u", None


def _newest(rows: QuerySet[Message], before: int | None, limit: int) -> list[Message]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def _row(message: Message) -> Row:
    known = kinds.known(message.kind)
    return Row(
        pk=message.pk,
        icon=kinds.kind_of(message.kind).icon if known else FALLBACK_ICON,
        sentence=kinds.sentence_of(
            message.kind, title=message.title, by_name=message.by_name, data=message.data
        ),
        about=message.about,
        at=message.at,
        unread=message.read_at is None,
    )
