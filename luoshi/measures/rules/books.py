"""What a rule-book file holds: programmes, categories, measures — and what is on record already."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.measures.rules import FieldKind
from luoshi.measures.rules.keys import Content, Key, Kind, Known, Table

#: The version of the file format. Older files are upgraded with a note; newer ones are refused.
SCHEMA = 1

PROGRAMME_KEYS = (
    Key("code", Kind.CODE, gettext_lazy("code"), longest=40),
    Key("name", Kind.TEXT, gettext_lazy("name"), longest=100),
    Key("order", Kind.WHOLE, gettext_lazy("order"), default=0),
)
HEAD_KEYS = (
    Key("code", Kind.CODE, gettext_lazy("code"), longest=40),
    Key("since", Kind.DATE, gettext_lazy("in force since")),
    Key("name", Kind.TEXT, gettext_lazy("name"), longest=120),
    Key("document", Kind.TEXT, gettext_lazy("basis document"), default="", longest=200),
    Key("note", Kind.PROSE, gettext_lazy("note"), default="", longest=4000),
)
CATEGORY_KEYS = (
    Key("code", Kind.CODE, gettext_lazy("code"), longest=40),
    Key("name", Kind.TEXT, gettext_lazy("name"), longest=100),
    Key("programme", Kind.CODE, gettext_lazy("programme"), default="", longest=40),
    Key("definition", Kind.PROSE, gettext_lazy("definition"), default="", longest=4000),
    Key("measure", Kind.CODE, gettext_lazy("measure"), default="", longest=40),
    Key("measure_since", Kind.DATE, gettext_lazy("version of the measure"), default=None),
    Key("field", Kind.KNOWN, gettext_lazy("field"), default="", known="fields"),
    Key("unit", Kind.KNOWN, gettext_lazy("private to unit"), default="", known="units"),
    Key("active", Kind.FLAG, gettext_lazy("still in use"), default=True),
    Key("order", Kind.WHOLE, gettext_lazy("order"), default=0),
)
FIELD_KEYS = (
    Key("code", Kind.CODE, gettext_lazy("code"), longest=30),
    Key("name", Kind.TEXT, gettext_lazy("name"), longest=60),
    Key("kind", Kind.CHOICE, gettext_lazy("kind of field"), choices=FieldKind),
    Key("required", Kind.FLAG, gettext_lazy("required"), default=False),
    Key("choices", Kind.TEXTS, gettext_lazy("choices"), default=[], longest=60),
)
#: The paragraph of the document, beside a row of a list.
SOURCE_KEY = Key("source", Kind.TEXT, gettext_lazy("source"), default="", longest=200)

#: A version of a measure: its code and the day it is in force since.
Version = tuple[str, dt.date]


@dataclass(frozen=True)
class MeasureText:
    """Everything one version of a measure says."""

    head: Table
    content: Content
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> Version:
        return self.head["code"], self.head["since"]


@dataclass(frozen=True)
class CategoryText:
    """A category as a file says it; ``data["programme"]`` is always filled in."""

    data: Table
    fields: list[Table]

    @property
    def points_at(self) -> Version | None:
        """The version of the measure it points at, once the file is settled."""
        return (self.data["measure"], self.data["measure_since"]) if self.data["measure"] else None


@dataclass(frozen=True)
class Book:
    """One file, read."""

    file: str = ""
    programmes: list[Table] = field(default_factory=list)
    measures: list[MeasureText] = field(default_factory=list)
    categories: list[CategoryText] = field(default_factory=list)


@dataclass(frozen=True)
class House:
    """What is on record already, as far as a file is judged by it."""

    known: Known = field(default_factory=Known)
    programmes: frozenset[str] = frozenset()
    versions: frozenset[Version] = frozenset()
    #: Versions with issued tasks, as they stand: these do not change any more (CAT-3).
    used: Mapping[Version, MeasureText] = field(default_factory=dict)
    #: Kind of every own field, by code of the category and of the field.
    own_fields: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where it stands, what was found, what is allowed (CAT-4)."""

    file: str
    line: int
    table: str
    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        values = {
            "file": self.file,
            "line": self.line,
            "table": self.table,
            "key": self.key,
            "found": self.found,
            "allowed": self.allowed,
        }
        if self.key and self.table:
            text = _(
                "%(file)s, line %(line)s, %(table)s, key %(key)s: found %(found)s; "
                "allowed: %(allowed)s."
            )
        elif self.key:
            text = _("%(file)s, line %(line)s, key %(key)s: found %(found)s; allowed: %(allowed)s.")
        elif self.table:
            text = _("%(file)s, line %(line)s, %(table)s: found %(found)s; allowed: %(allowed)s.")
        else:
            text = _("%(file)s, line %(line)s: found %(found)s; allowed: %(allowed)s.")
        return text % values
