"""Telling people things, and noting that they have read them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit import clock, ref
from luoshi.kit.actor import Actor
from luoshi.kit.address import is_page
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale
from luoshi.notices import kinds
from luoshi.notices.models import DIGEST, Message, Question, Waiting
from luoshi.people.models import Person
from luoshi.people.queries import everybody_with
from luoshi.people.roles import Power
from luoshi.periods.queries import is_workday
from luoshi.trail.rules import digest, plain
from luoshi.trail.services import record

_TITLE = 300
_CHUNK = 1000
#: Characters of a question or an answer.
MOST_SAID = 2000


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


def notify_many(notes: Iterable[Note]) -> int:
    """Tell many things at once, in a few statements. Returns how many messages were meant."""
    messages = [message for note in notes for message in _messages(note)]
    if messages:
        _write(messages)
    return len(messages)


@transaction.atomic(savepoint=False)
def _write(messages: Sequence[Message]) -> None:
    keyed = [message for message in messages if message.key is not None]
    plain = [message for message in messages if message.key is None]
    Message.objects.bulk_create(plain, batch_size=_CHUNK)
    Message.objects.bulk_create(keyed, batch_size=_CHUNK, ignore_conflicts=True)


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


# ── reminders ────────────────────────────────────────────────────────────────────────────────────

#: What was told is forgotten after so many days; nothing is reminded of twice within them.
KEPT = dt.timedelta(days=200)
#: Titles that stand in the message itself; the page lists all.
NAMED = 3


@dataclass(frozen=True)
class Reminder:
    """One thing to remind some people of. Whoever was reminded of (kind, key) is not again."""

    people_ids: Sequence[int]
    kind: str
    about: str
    title: str
    key: str
    data: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def remind(reminders: Iterable[Reminder]) -> int:
    """Queue reminders for the digest of the day; how many rows were meant, new or not.

    Raises LookupError for a kind nobody registered, KeyError if its sentence lacks a word.
    """
    rows = [row for reminder in reminders for row in _waiting(reminder)]
    Waiting.objects.bulk_create(rows, batch_size=_CHUNK, ignore_conflicts=True)
    return len(rows)


def _waiting(reminder: Reminder) -> list[Waiting]:
    kind = kinds.reminder_kind(reminder.kind)
    about_kind, about_id = ref.split(reminder.about)
    data = {name: plain(value) for name, value in reminder.data.items()}
    _said = str(kind.sentence) % {**data, "title": reminder.title}  # a missing word shows at once
    now = clock.now()
    return [
        Waiting(
            person_id=person_id,
            kind=reminder.kind,
            about_kind=about_kind,
            about_id=about_id,
            title=reminder.title[:_TITLE],
            data=data,
            key=reminder.key,
            at=now,
        )
        for person_id in dict.fromkeys(reminder.people_ids)
    ]


def send_digests() -> int:
    """Tell everybody what waits for them: one message a person and day, a transaction each.

    Nobody is told anything on a day off. What is settled by now is not told. Idempotent: what was
    told waits no longer, and what comes later on the same day joins the message of the day. Returns
    how many people were told something.
    """
    today = clock.today()
    if not is_workday(today):
        return 0
    Waiting.objects.filter(digest__at__lt=clock.now() - KEPT).delete()
    waiting = Waiting.objects.filter(digest=None).order_by("person_id")
    people = list(waiting.values_list("person_id", flat=True).distinct())
    return sum(_digest(person_id, today) for person_id in people)


@transaction.atomic
def _digest(person_id: int, today: dt.date) -> bool:
    """One person's message of the day; whether there was anything to tell."""
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    rows = list(Waiting.objects.filter(person=person, digest=None))
    seen = kinds.looks(rows, person) if person.present_on(today) else {}
    told = [row for row in rows if row.pk in seen and seen[row.pk].open]
    Waiting.objects.filter(pk__in={row.pk for row in rows} - {row.pk for row in told}).delete()
    if not told:
        return False
    now = clock.now()
    message, _made = Message.objects.get_or_create(
        person=person,
        kind=DIGEST,
        key=today.isoformat(),
        defaults={
            "about_kind": "reminders",
            "about_id": int(f"{today:%Y%m%d}"),
            "by_name": "",
            "at": now,
        },
    )
    Waiting.objects.filter(pk__in=[row.pk for row in told]).update(digest=message)
    titles = list(message.reminders.values_list("title", flat=True))
    names = list(dict.fromkeys(titles))
    shown = "；".join(names[:NAMED]) + ("……" if len(names) > NAMED else "")
    Message.objects.filter(pk=message.pk).update(
        title=shown[:_TITLE], data={"count": len(titles)}, at=now, read_at=None
    )
    return True


# ── questions about the system ───────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_question(*, text: str, page: str = "", by: Actor, key: str | None = None) -> Question:
    """Ask those who help with the system; all of them are told (SYS-5).

    ``page`` is the page of ours on which the question came up; anything else is left out. Raises
    Refused for an empty text or one that is too long. The same ``key`` again returns the question
    it asked.
    """
    hold(key)
    known = Question.objects.filter(key=key).first() if key else None
    if known:
        return known
    said = _said(text, "text")
    page = page[:300] if is_page(page) else ""
    question = Question.objects.create(
        by_id=by.id or 0, text=said, page=page, at=clock.now(), key=key
    )
    record(question.ref, "question.ask", by=by, body=digest(said))
    helpers = [person.pk for person in everybody_with(Power.ANSWER)]
    notify(helpers, "question.ask", about=question.ref, title=_first_line(said), by=by)
    return question


@transaction.atomic
def answer_question(question: Question, *, text: str, by: Actor) -> None:
    """Answer a question; who asked is told. Raises Stale if somebody has answered meanwhile."""
    said = _said(text, "answer")
    rows = Question.objects.filter(pk=question.pk, answered_at=None)
    if not rows.update(answer=said, answered_by=by.id, answered_at=clock.now()):
        raise Stale(question.ref)
    record(question.ref, "question.answer", by=by, body=digest(said))
    title = _first_line(question.text)
    notify([question.by_id], "question.answer", about=question.ref, title=title, by=by)


def _said(text: str, field_name: str) -> str:
    said = text.strip()
    if not said:
        raise Refused(_("Write something first."), field_name)
    if len(said) > MOST_SAID:
        raise Refused(
            _("Write at most %(most)s characters; these are %(count)s.")
            % {"most": MOST_SAID, "count": len(said)},
            field_name,
        )
    return said


def _first_line(text: str) -> str:
    return text.splitlines()[0][:60]
