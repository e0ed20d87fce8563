"""What a rule book may say: keys, sections made of keys, and what is wrong with a value.

    Section ── Key(name, kind, default, bounds)      one per switch
       │
       └ standing(data) → Fault                      what does not fit together
         explain(data)  → Sentence                   what the switch makes the system do (CAT-5)

A key is declared once; the file reader, the writer, the form and the plain-words page know it from
here. Data of a section are a plain dict (``many``: a list of dicts) with every key present; a list
key holds a list, a number or date that is not set is None, a text that is not set is "".
"""

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from luoshi.measures.rules import Health, colours, numbers

Text = str | Promise
Table = dict[str, Any]
#: Data of one section: a table, or a list of tables.
Data = Table | list[Table]
#: Data of all sections of a measure, by name of section.
Content = dict[str, Data]

#: Default of a key that must be there.
REQUIRED = object()


class Kind(StrEnum):
    """The type of a key."""

    TEXT = "text"
    PROSE = "prose"  # text of several lines
    CODE = "code"
    FLAG = "flag"
    WHOLE = "whole"
    DATE = "date"
    CHOICE = "choice"
    KNOWN = "known"  # the code of something the institution has: a body, a field, a unit
    COLOUR = "colour"
    PATTERN = "pattern"
    NUMBERS = "numbers"  # whole numbers, growing
    YEAR_DAYS = "year_days"  # days of a year, "03-31", growing
    TEXTS = "texts"


class Wrong(ValueError):
    """A value that cannot stand; the text says what is allowed."""


@dataclass(frozen=True)
class Key:
    """One key of a file, one field of a form, one switch of a measure."""

    name: str
    kind: Kind
    label: Text = ""
    help: Text = ""
    default: Any = REQUIRED
    lowest: int = 0
    highest: int = 999
    longest: int = 0
    choices: type[TextChoices] | None = None
    known: str = ""  # which of the institution's things: "bodies", "fields", "units"

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def fallback(self) -> Any:
        """What holds when the key is left out; a list is a new one each time."""
        return list(self.default) if isinstance(self.default, list) else self.default


@dataclass(frozen=True)
class Fault:
    """Something that does not fit together: the key it is best mended at, and what may stand there.

    ``row`` is the position in a section of many tables.
    """

    key: str
    found: str
    allowed: str
    row: int | None = None


class Stage(StrEnum):
    """Headings of the plain-words page, in the order in which a task lives through them."""

    SETTING_UP = "setting_up"
    ISSUING = "issuing"
    BREAKING_DOWN = "breaking_down"
    REPORTING = "reporting"
    WATCHING = "watching"
    CHANGING = "changing"
    FINISHING = "finishing"
    DIAGNOSING = "diagnosing"
    CLOSING = "closing"
    SEEING = "seeing"


@dataclass(frozen=True)
class Sentence:
    """One thing the measure makes the system do, and the ``section.key`` it comes from."""

    stage: Stage
    text: str
    settings: tuple[str, ...]
    colour: str = ""


@dataclass(frozen=True)
class Known:
    """What the institution has and a file may name: code → name, per kind of thing."""

    bodies: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> Mapping[str, str]:
        names: Mapping[str, str] = getattr(self, kind)
        return names


def no_faults(data: Any, content: Content) -> Iterator[Fault]:
    """A section whose keys do not depend on each other or on other sections."""
    return iter(())


def by_position(rows: list[Table]) -> list[str]:
    """Rows are known by their places."""
    return [str(place) for place in range(1, len(rows) + 1)]


def as_it_is(data: Any) -> Any:
    """Data whose order means something."""
    return data


@dataclass(frozen=True)
class Section:
    """A group of settings: one table of the file, one part of the form, one paragraph in words.

    ``many`` sections are lists of tables; in ``ordered`` ones the place of a row means something.
    ``required`` ones must stand in a file, so that nobody is governed by an unwritten
    rule. ``row_names`` names rows for their paragraphs; ``normal`` puts data into the one order in
    which they are kept, where order means nothing. ``needs`` names the other sections that
    ``faults`` looks at. ``store`` says where it is kept (see `kinds`), and is not looked at here.
    """

    name: str
    title: Text
    keys: tuple[Key, ...]
    explain: Callable[[Any, Content, Known], Iterator[Sentence]]
    many: bool = False
    ordered: bool = False
    required: bool = False
    faults: Callable[[Any, Content], Iterator[Fault]] = no_faults
    needs: tuple[str, ...] = ()
    row_names: Callable[[list[Table]], list[str]] = by_position
    normal: Callable[[Any], Any] = as_it_is
    help: Text = ""
    store: Any = None

    def empty(self) -> Data:
        """What holds when the section is left out."""
        return [] if self.many else {key.name: key.fallback() for key in self.keys}

    def key(self, name: str) -> Key:
        return next(key for key in self.keys if key.name == name)

    def settings(self, data: Data) -> tuple[str, ...]:
        """Names under which a source paragraph may be kept."""
        if isinstance(data, list):
            return tuple(f"{self.name}.{name}" for name in self.row_names(data))
        return tuple(f"{self.name}.{key.name}" for key in self.keys)


def content_faults(
    sections: Sequence[Section], content: Content
) -> Iterator[tuple[Section, Fault]]:
    """Everything that does not fit together in a measure; what could not be read is left out."""
    for section in sections:
        if not content.keys() >= {section.name, *section.needs}:
            continue
        for fault in section.faults(content[section.name], content):
            yield section, fault


# ── reading one value ────────────────────────────────────────────────────────────────────────────


def describe(value: Any) -> str:
    """What was found, in the reader's words."""
    if value is True or value is False:
        return _("the truth value %(value)s") % {"value": "true" if value else "false"}
    if isinstance(value, str):
        return (
            _("the text “%(value)s”") % {"value": shorten(value)} if value else _("an empty text")
        )
    if isinstance(value, dict):
        return _("a table")
    if isinstance(value, list):
        return _("a list")
    if isinstance(value, dt.datetime):
        return _("the date with time %(value)s") % {"value": value.isoformat(" ")}
    if isinstance(value, dt.date):
        return _("the date %(value)s") % {"value": value.isoformat()}
    if isinstance(value, dt.time):
        return _("the time %(value)s") % {"value": value.isoformat()}
    return _("the number %(value)s") % {"value": value}


def shorten(text: str, longest: int = 60) -> str:
    """A text for a message: no control characters, not too long."""
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def allowed(key: Key, known: Known) -> str:
    """What may stand at a key, as one phrase."""
    return _ALLOWED[key.kind](key, known)


def clean(key: Key, value: Any, known: Known) -> Any:
    """The value of a key as the measure keeps it, or `Wrong` saying what is allowed."""
    return _CLEAN[key.kind](key, value, known)


def _wrong(key: Key, known: Known) -> Wrong:
    return Wrong(allowed(key, known))


def _text(key: Key, value: Any, known: Known) -> str:
    stands = isinstance(value, str) and len(value) <= key.longest
    if not stands or (key.required and not value.strip()) or _controls(value, key.kind):
        raise _wrong(key, known)
    return str(value)


def _controls(text: str, kind: Kind) -> bool:
    spaces = "\n\t" if kind == Kind.PROSE else ""
    return any((ord(c) < 32 and c not in spaces) or 0xD800 <= ord(c) < 0xE000 for c in text)


def _code(key: Key, value: Any, known: Known) -> str:
    if not isinstance(value, str) or len(value) > key.longest or not re.fullmatch(CODE, value):
        raise _wrong(key, known)
    return value


#: Codes are written into addresses and file names.
CODE = r"[A-Za-z0-9][A-Za-z0-9_-]*"


def _flag(key: Key, value: Any, known: Known) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, known)
    return value


def _is_whole(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _whole(key: Key, value: Any, known: Known) -> int:
    if not _is_whole(value, key.lowest, key.highest):
        raise _wrong(key, known)
    return int(value)


def _date(key: Key, value: Any, known: Known) -> dt.date:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise _wrong(key, known)
    if not 2000 <= value.year <= 2100:
        raise _wrong(key, known)
    return value


def _choice(key: Key, value: Any, known: Known) -> str:
    assert key.choices is not None
    if not isinstance(value, str) or value not in key.choices.values:
        raise _wrong(key, known)
    return value


def _known(key: Key, value: Any, known: Known) -> str:
    if not isinstance(value, str) or value not in known.of(key.known):
        raise _wrong(key, known)
    return value


def _colour(key: Key, value: Any, known: Known) -> str:
    if not isinstance(value, str) or not colours.is_colour(value.lower()):
        raise _wrong(key, known)
    return value.lower()


def _pattern(key: Key, value: Any, known: Known) -> str:
    if not isinstance(value, str) or not numbers.pattern_stands(value):
        raise _wrong(key, known)
    return value


def _numbers(key: Key, value: Any, known: Known) -> list[int]:
    fits = isinstance(value, list) and all(_is_whole(v, key.lowest, key.highest) for v in value)
    if not fits or any(a >= b for a, b in pairwise(value)):
        raise _wrong(key, known)
    return list(value)


def is_year_day(text: Any) -> bool:
    """Whether this is a day of every year, as ``03-31`` (29 February is not)."""
    if not isinstance(text, str) or not re.fullmatch(r"\d\d-\d\d", text):
        return False
    try:
        dt.date(2001, int(text[:2]), int(text[3:]))
    except ValueError:
        return False
    return True


def _year_days(key: Key, value: Any, known: Known) -> list[str]:
    fits = isinstance(value, list) and all(is_year_day(v) for v in value)
    if not fits or any(a >= b for a, b in pairwise(value)):
        raise _wrong(key, known)
    return list(value)


def _texts(key: Key, value: Any, known: Known) -> list[str]:
    fits = isinstance(value, list) and all(
        isinstance(v, str)
        and v.strip() == v
        and 0 < len(v) <= key.longest
        and not _controls(v, Kind.TEXT)
        for v in value
    )
    if not fits or len(set(value)) < len(value):
        raise _wrong(key, known)
    return list(value)


_CLEAN: dict[Kind, Callable[[Key, Any, Known], Any]] = {
    Kind.TEXT: _text,
    Kind.PROSE: _text,
    Kind.CODE: _code,
    Kind.FLAG: _flag,
    Kind.WHOLE: _whole,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
    Kind.KNOWN: _known,
    Kind.COLOUR: _colour,
    Kind.PATTERN: _pattern,
    Kind.NUMBERS: _numbers,
    Kind.YEAR_DAYS: _year_days,
    Kind.TEXTS: _texts,
}


def _texts_allowed(key: Key, known: Known) -> str:
    return _("a list of different texts of at most %(longest)s characters each") % {
        "longest": key.longest
    }


def _text_allowed(key: Key, known: Known) -> str:
    if key.required:
        return _("a text of 1 to %(longest)s characters on one line") % {"longest": key.longest}
    return _("a text of at most %(longest)s characters") % {"longest": key.longest}


def _choice_allowed(key: Key, known: Known) -> str:
    assert key.choices is not None
    return _(", ").join(
        _("“%(value)s” (%(label)s)") % {"value": value, "label": label}
        for value, label in key.choices.choices
    )


def _known_allowed(key: Key, known: Known) -> str:
    names = known.of(key.known)
    if not names:
        return _NONE_YET[key.known]()
    shown = [
        _("“%(value)s” (%(label)s)") % {"value": code, "label": name}
        for code, name in list(names.items())[:12]
    ]
    return _(", ").join(shown + ["…"] * (len(names) > 12))


_NONE_YET: dict[str, Callable[[], str]] = {
    "bodies": lambda: _("the code of a body; no body has been set up yet"),
    "fields": lambda: _("the code of a field of responsibility; none has been set up yet"),
    "units": lambda: _("the code of a unit; no unit has been set up yet"),
}

_ALLOWED: dict[Kind, Callable[[Key, Known], str]] = {
    Kind.TEXT: _text_allowed,
    Kind.PROSE: _text_allowed,
    Kind.CODE: lambda key, known: (
        _("a code of at most %(longest)s letters a–z, digits, “-” and “_”, without blanks")
        % {"longest": key.longest}
    ),
    Kind.FLAG: lambda key, known: _("true or false, without quotation marks"),
    Kind.WHOLE: lambda key, known: (
        _("a whole number from %(lowest)s to %(highest)s")
        % {"lowest": key.lowest, "highest": key.highest}
    ),
    Kind.DATE: lambda key, known: _(
        "a date such as 2026-01-01 without quotation marks, between 2000 and 2100"
    ),
    Kind.CHOICE: _choice_allowed,
    Kind.KNOWN: _known_allowed,
    Kind.COLOUR: lambda key, known: _('a colour such as "#1890ff": # and six digits 0–9, a–f'),
    Kind.PATTERN: lambda key, known: _(
        "a text with {year} once and {n} or {n:03} once and no other braces, such as "
        "“督〔{year}〕{n}号”"
    ),
    Kind.NUMBERS: lambda key, known: (
        _("a list of whole numbers from %(lowest)s to %(highest)s, each greater than the last")
        % {"lowest": key.lowest, "highest": key.highest}
    ),
    Kind.YEAR_DAYS: lambda key, known: _(
        'a list of days such as ["03-31", "12-15"], each later in the year than the last'
    ),
    Kind.TEXTS: _texts_allowed,
}


def near(name: str, names: Sequence[str]) -> str:
    """The known name somebody may have meant, or ""."""
    return next(iter(difflib.get_close_matches(name, names, 1, 0.7)), "")


#: Lights a measure has that names none (DESIGN: colour is a word too): fill and ink.
DEFAULT_LIGHTS: dict[Health, tuple[str, str]] = {
    Health.IDLE: ("#bfbfbf", "#595959"),
    Health.MOVING: ("#1890ff", "#0958d9"),
    Health.STALLED: ("#f5222d", "#a8071a"),
    Health.DONE: ("#95de64", "#237804"),
    Health.LATE: ("#d46b08", "#ad4e00"),
    Health.SUSPENDED: ("#b37feb", "#531dab"),
    Health.CANCELLED: ("#8c8c8c", "#595959"),
}
