"""What lies in a person's inbox. A message is seen by its addressee and by nobody else."""

from dataclasses import dataclass

from django.db.models import Count, F, Max, QuerySet

from luoshi.notices.models import DIGEST, Message, Question, Waiting
from luoshi.people.models import Person
from luoshi.people.queries import everybody_with, powers_of
from luoshi.people.roles import Power

PAGE = 30


@dataclass(frozen=True)
class Inbox:
    """One page of an inbox; ``after`` fetches the next one, empty at the end.

    `kinds.rows_of` turns messages into what their reader sees.
    """

    messages: list[Message]
    after: str


def messages_of(person_id: int) -> QuerySet[Message]:
    return Message.objects.filter(person_id=person_id)


def unread_count(person_id: int) -> int:
    return messages_of(person_id).filter(read_at=None).count()


def unread(person_id: int) -> tuple[int, int]:
    """How many are unread, and the newest of them (0 if there is none)."""
    found = messages_of(person_id).filter(read_at=None).aggregate(n=Count("pk"), newest=Max("pk"))
    return found["n"], found["newest"] or 0


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
    messages = found[:PAGE]
    return Inbox(
        messages=messages,
        after=_mark(messages[-1]) if len(found) > PAGE else "",
    )


def _mark(message: Message) -> str:
    return f"{'u' if message.read_at is None else 'r'}{message.pk}"


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


# ── questions about the system ───────────────────────────────────────────────────────────────────


def questions_visible_to(person: Person) -> QuerySet[Question]:
    """One's own questions; all of them for those who answer. Open ones first, then the newest."""
    rows = Question.objects.select_related("by", "by__main_unit", "answered_by")
    if not powers_of(person).has(Power.ANSWER):
        rows = rows.filter(by=person)
    return rows.order_by(F("answered_at").asc(nulls_first=True), "-pk")


def helpers() -> list[Person]:
    """Whom to ask about the system, with unit and telephone (S0 四)."""
    return everybody_with(Power.ANSWER)


# ── reminders ────────────────────────────────────────────────────────────────────────────────────


def digests_of(person_id: int) -> QuerySet[Message]:
    """The daily messages with reminders, newest first."""
    return messages_of(person_id).filter(kind=DIGEST).order_by("-pk")


def reminders_in(message: Message) -> list[Waiting]:
    """What a daily message tells."""
    return list(Waiting.objects.filter(digest=message))
