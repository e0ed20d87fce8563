"""A list that comes back from Excel: which fields may change, and what each cell says against them.

Three values stand beside each other: as exported, as it is now, as the table says. Pure functions
on texts of cells.

    same        the table says what was exported, or what already stands
    change      only the table differs
    touched     the field was changed here since the export, to something else
"""

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from luoshi.intake.rules.dates import DateKind, understand
from luoshi.intake.rules.text import FORMULA_ERRORS, cleaned, folded, is_blank, one_line
from luoshi.measures.rules import Urgency

#: The sheet that remembers what was exported, and the first cell that says so.
MEMORY_SHEET = "_luoshi"
MARK = "luoshi task list 1"
#: A cell of a workbook holds no longer text; what is longer does not come back.
LONGEST_CELL = 32_000


class Shape(StrEnum):
    """How a field is written in a cell."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    URGENCY = "urgency"
    PERSON = "person"
    UNIT = "unit"


@dataclass(frozen=True)
class Field:
    """A field that may come back: its column of a task, how it is called, how it is written."""

    name: str
    label: Any
    shape: Shape


#: In the order of the export. All of these may change in a draft; `tasks.rules.CORRECTED` later.
FIELDS: tuple[Field, ...] = (
    Field("title", gettext_lazy("Title"), Shape.LINE),
    Field("unit_id", gettext_lazy("Lead unit"), Shape.UNIT),
    Field("owner_id", gettext_lazy("Responsible person"), Shape.PERSON),
    Field("start", gettext_lazy("Start"), Shape.DAY),
    Field("due", gettext_lazy("Due date"), Shape.DAY),
    Field("points", gettext_lazy("Points"), Shape.NUMBER),
    Field("weight", gettext_lazy("Weight"), Shape.NUMBER),
    Field("urgency", gettext_lazy("Urgency"), Shape.URGENCY),
    Field("details", gettext_lazy("Details"), Shape.TEXT),
    Field("standard", gettext_lazy("Assessment standard"), Shape.TEXT),
)
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}


class Stand(TextChoices):
    """How one field of a row stands."""

    CHANGE = "change", pgettext_lazy("changed field", "to be changed")
    TOUCHED = "touched", pgettext_lazy("changed field", "changed here since the export")
    LEFT = "left", pgettext_lazy("changed field", "stays as it is")


class Unread(ValueError):
    """A cell that cannot be taken over; its text is for the reader."""

    @property
    def reason(self) -> str:
        return str(self)


def read(field: Field, text: str, year: int) -> Any:
    """What a cell says: a text, a number, a day, an urgency; a name stays a text.

    Raises Unread with the sentence why not.
    """
    if text.strip().upper() in FORMULA_ERRORS:
        raise Unread(_("The cell holds an error of Excel; type the value."))
    return _READ[field.shape](text, year)


def _line(text: str, _year: int) -> str:
    return one_line(cleaned(text))


def _text(text: str, _year: int) -> str:
    return cleaned(text)


def _number(text: str, _year: int) -> Decimal | None:
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "")
    plain = plain.removesuffix("分")
    if is_blank(plain):
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 1_000_000:
        raise Unread(_("“%(text)s” is no number.") % {"text": text.strip()[:40]})
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        number = number.quantize(Decimal("0.01"))
    return number


def _day(text: str, year: int) -> dt.date | None:
    if is_blank(text):
        return None
    phrase = understand(text, year)
    if phrase.kind != DateKind.BY or phrase.until is None or phrase.note:
        raise Unread(
            _("“%(text)s” is no day; write it as 2026-09-30.") % {"text": text.strip()[:40]}
        )
    return phrase.until


def _urgency(text: str, _year: int) -> str:
    said = folded(text)
    for urgency in Urgency:
        if said in {folded(str(urgency.label)), urgency.value}:
            return urgency.value
    if not said:
        return Urgency.NORMAL.value
    words = _(", ").join(str(urgency.label) for urgency in Urgency)
    raise Unread(_("The urgency is one of: %(words)s.") % {"words": words})


def _name(text: str, _year: int) -> str:
    said = one_line(cleaned(text))
    return "" if is_blank(said) else said


_READ = {
    Shape.LINE: _line,
    Shape.TEXT: _text,
    Shape.NUMBER: _number,
    Shape.DAY: _day,
    Shape.URGENCY: _urgency,
    Shape.PERSON: _name,
    Shape.UNIT: _name,
}


def written(field: Field, value: Any) -> str:
    """A value as the list of changes shows it."""
    if value is None or value == "":
        return ""
    if field.shape == Shape.NUMBER:
        return format(Decimal(value).normalize(), "f")
    if field.shape == Shape.DAY:
        return str(value.isoformat())
    if field.shape == Shape.URGENCY:
        return str(Urgency(value).label)
    return str(value)


def alike(field: Field, one: Any, other: Any) -> bool:
    """Whether two values of a field say the same; spaces in names say nothing."""
    if field.shape in (Shape.PERSON, Shape.UNIT):
        return folded(str(one or "")) == folded(str(other or ""))
    return bool(one == other or (one in (None, "") and other in (None, "")))


def stand_of(field: Field, exported: Any, now: Any, wanted: Any) -> Stand | None:
    """How a field stands; None where there is nothing to do."""
    if alike(field, wanted, exported) or alike(field, wanted, now):
        return None
    return Stand.CHANGE if alike(field, now, exported) else Stand.TOUCHED


def beginning(texts: Sequence[str], length: int = 160, before: int = 24) -> list[str]:
    """Texts shortened so that what tells them apart is seen, however far down it begins."""
    if all(len(text) <= length for text in texts):
        return list(texts)
    shortest = min(map(len, texts))
    letters = enumerate(zip(*texts, strict=False))
    same = next((place for place, few in letters if len(set(few)) > 1), shortest)
    start = max(0, same - before) if same > length // 2 else 0
    front = "…" if start else ""
    return [
        (front if text[start:] else "")
        + text[start : start + length]
        + ("…" if len(text) > start + length else "")
        for text in texts
    ]
