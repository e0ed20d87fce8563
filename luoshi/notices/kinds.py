"""The register of what people may be told. Rooms fill it in their ``apps.py``.

    kinds.register("task.issue", "send", _("%(by)s issued “%(title)s” to you, due %(due)s."))

The sentence is kept as a msgid and rendered in the reader's language when it is read. It may name
``by``, ``title`` and whatever `services.notify` is given as data.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from luoshi.notices.models import Message


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
    words = {**data, "title": title, "by": who(by_name, str(data.get("for_name", "")))}
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
