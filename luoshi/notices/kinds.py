"""The register of what people may be told. Rooms fill it in their ``apps.py``.

    kinds.register("task.issue", "send", _("%(by)s issued “%(title)s” to you, due %(due)s."))

    kinds.register_reminder("task.due_soon", "clock", _("Due soon"), _("…"), look)

Reminders are queued by `services.remind` and told once a day in one message; ``look`` tells how
what they are about stands at that moment.

The sentence is kept as a msgid and rendered in the reader's language when it is read. It may name
``by``, ``title`` and whatever `services.notify` is given as data.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from luoshi.kit.quotes import inner

if TYPE_CHECKING:
    from luoshi.notices.models import Message, Waiting
    from luoshi.people.models import Person


@dataclass(frozen=True)
class Kind:
    """How one kind of message looks."""

    name: str
    icon: str
    sentence: str | Promise


@dataclass(frozen=True)
class Row:
    """A message as its reader sees it."""

    pk: int
    icon: str
    sentence: str
    about: str
    at: dt.datetime
    unread: bool


FALLBACK_ICON = "message"
_KINDS: dict[str, Kind] = {}


def register(name: str, icon: str, sentence: str | Promise) -> None:
    """Make a kind known. Raises ValueError if another kind already has this name."""
    kind = Kind(name, icon, sentence)
    known = _KINDS.setdefault(name, kind)
    if (known.icon, str(known.sentence)) != (icon, str(sentence)):
        raise ValueError(f"The kind of message {name!r} is registered twice.")


def kind_of(name: str) -> Kind:
    """A registered kind. Raises LookupError for a name no room has registered."""
    try:
        return _KINDS[name]
    except KeyError:
        raise LookupError(f"No room has registered the kind of message {name!r}.") from None


def known(name: str) -> bool:
    return name in _KINDS


def who(by_name: str, for_name: str) -> str:
    """Who acted, and for whom when a secretary acts for a leader."""
    if not for_name:
        return by_name
    return _("%(by)s on behalf of %(leader)s") % {"by": by_name, "leader": for_name}


def sentence_of(name: str, *, title: str, by_name: str, data: Mapping[str, Any]) -> str:
    """The message as a sentence in the language of the reader.

    A kind that no longer exists shows its title. Raises KeyError if the sentence names something
    that was not told.
    """
    if not known(name):
        return title
    given = {key: inner(value) if isinstance(value, str) else value for key, value in data.items()}
    words = {**given, "title": inner(title), "by": who(by_name, str(data.get("for_name", "")))}
    return str(_KINDS[name].sentence) % words


def rows_of(messages: "Iterable[Message]") -> list[Row]:
    """Messages as their reader sees them, in the language of the moment."""
    return [row_of(message) for message in messages]


def row_of(message: "Message") -> Row:
    return Row(
        pk=message.pk,
        icon=kind_of(message.kind).icon if known(message.kind) else FALLBACK_ICON,
        sentence=sentence_of(
            message.kind, title=message.title, by_name=message.by_name, data=message.data
        ),
        about=message.about,
        at=message.at,
        unread=message.read_at is None,
    )


# ── reminders ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Act:
    """A button: its words and where it leads."""

    label: str
    url: str


@dataclass(frozen=True)
class Look:
    """How what a reminder is about stands now.

    ``open``: there is still something to do; ``note`` says what became of it otherwise. ``act``
    leads to doing it, where another one than `register_acts` offers; ``said`` stands in place of
    the sentence of the kind.
    """

    open: bool
    note: str = ""
    due: dt.date | None = None
    act: Act | None = None
    said: str = ""


#: From waiting reminders of one kind, all of one person, to how each stands, by its key.
Looker = Callable[[Sequence["Waiting"], "Person"], Mapping[int, Look]]


@dataclass(frozen=True)
class ReminderKind:
    """How reminders of one kind look; ``heading`` stands above them.

    ``together`` leads to doing all of them at once.
    """

    name: str
    icon: str
    heading: str | Promise
    sentence: str | Promise
    look: Looker
    together: Callable[[], Act] | None = None


@dataclass(frozen=True)
class Reminded:
    """A reminder as its reader sees it."""

    title: str
    sentence: str
    about: str
    look: Look
    act: Act | None = None

    @property
    def parts(self) -> tuple[str, str]:
        kind, _slash, number = self.about.partition("/")
        return kind, number


@dataclass(frozen=True)
class Group:
    """Reminders of one kind in a digest, open ones first."""

    heading: str
    icon: str
    rows: list[Reminded]
    together: Act | None = None

    @property
    def open(self) -> int:
        return sum(row.look.open for row in self.rows)


_REMINDERS: dict[str, ReminderKind] = {}
_GONE = Look(False)

#: From keys of things of one kind to what this person may do with them at a click.
Actor = Callable[[Sequence[int], "Person"], Mapping[int, Act]]
_ACTS: dict[str, Actor] = {}


def register_acts(about_kind: str, find: Actor) -> None:
    """Make known where things of a kind ("task") are acted on; a few statements for all of them."""
    _ACTS[about_kind] = find


def _acts(rows: "Sequence[Waiting]", person: "Person") -> dict[str, Act]:
    """The button of each reference that has one."""
    keys: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        keys[row.about_kind].append(row.about_id)
    return {
        f"{kind}/{pk}": act
        for kind, some in keys.items()
        if kind in _ACTS
        for pk, act in _ACTS[kind](some, person).items()
    }


def register_reminder(
    name: str,
    icon: str,
    heading: str | Promise,
    sentence: str | Promise,
    look: Looker,
    together: Callable[[], Act] | None = None,
) -> None:
    """Make a kind of reminder known; doing it again replaces it."""
    _REMINDERS[name] = ReminderKind(name, icon, heading, sentence, look, together)


def reminder_kind(name: str) -> ReminderKind:
    """A registered kind of reminder. Raises LookupError for a name no room has registered."""
    try:
        return _REMINDERS[name]
    except KeyError:
        raise LookupError(f"No room has registered the reminder {name!r}.") from None


def looks(rows: "Sequence[Waiting]", person: "Person") -> dict[int, Look]:
    """How what each reminder is about stands now; a kind no room knows any more has nothing open.

    A few statements a kind.
    """
    by_kind: dict[str, list[Waiting]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    found: dict[int, Look] = {}
    for name, some in by_kind.items():
        kind = _REMINDERS.get(name)
        told = kind.look(some, person) if kind else {}
        found |= {row.pk: told.get(row.pk, _GONE) for row in some}
    return found


def groups(rows: "Sequence[Waiting]", person: "Person") -> list[Group]:
    """The reminders of a digest by kind, what is still open first."""
    seen = looks(rows, person)
    acts = _acts([row for row in rows if seen[row.pk].open], person)
    by_kind: dict[str, list[Reminded]] = defaultdict(list)
    for row in rows:
        kind, how = _REMINDERS.get(row.kind), seen[row.pk]
        if kind is None:
            continue
        said = how.said or str(kind.sentence) % {**row.data, "title": row.title}
        act = (how.act or acts.get(row.about)) if how.open else None
        by_kind[row.kind].append(Reminded(row.title, said, row.about, how, act))
    return [_group(_REMINDERS[name], some) for name, some in by_kind.items()]


def _group(kind: ReminderKind, rows: list[Reminded]) -> Group:
    rows.sort(key=lambda one: (not one.look.open, one.look.due or dt.date.max))
    together = kind.together() if kind.together else None
    return Group(str(kind.heading), kind.icon, rows, together)
