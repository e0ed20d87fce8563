"""Every sentence said about a row, by a code that can be stored and translated later."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from luoshi.intake.rules.headers import Column


class Level(TextChoices):
    """How much a message weighs."""

    NOTE = "note", _("for information")
    ASK = "ask", _("to be confirmed")
    OPEN = "open", _("a name or a date to be settled")
    ERROR = "error", _("cannot be imported so")


@dataclasses.dataclass(frozen=True)
class Message:
    """Something to say about a row.

    ``code`` names a sentence below, ``values`` fill it; ``field`` is the column meant, so that an
    edit of that column settles it.
    """

    level: Level
    code: str
    field: Column
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.code]) % dict(self.values)


SENTENCES: dict[str, str | Promise] = {
    "no_title": _("This row has no title."),
    "title_long": _(
        "The title has %(size)s characters; the first sentence becomes the title and the whole "
        "text goes into the details."
    ),
    "title_formula": _("“%(text)s” is an error of a formula, not a text."),
    "no_unit": _("No responsible unit is named."),
    "unit_assumed": _("The unit is empty; “%(unit)s” of the row above is assumed."),
    "unit_unknown": _("“%(name)s” is no unit of this institution; it waits among the open names."),
    "unit_closed": _(
        "“%(name)s” is a unit that was closed; say among the open names who took over."
    ),
    "unit_loose": _("“%(name)s” was read as the unit “%(unit)s”."),
    "person_unknown": _("“%(name)s” is not known, or not only one; it waits among the open names."),
    "person_extra": _(
        "Only one responsible person can be named; the others are kept with the details."
    ),
    "date_unclear": _("“%(text)s” is not a clear date; it waits among the open dates."),
    "date_asks": _("“%(text)s” is read as due on %(due)s; please confirm."),
    "date_reversed": _("The start %(start)s is later than the due date %(due)s."),
    "no_due": _("No date is given; it can be set before the task is issued."),
    "points_unread": _("“%(text)s” is no number of points; it is kept with the details."),
    "same_number": _("The number is empty; the row counts under number %(number)s above."),
    "continued": _("The title is merged with the row above; this row is added to that task."),
    "twice": _("The same title stands in row %(row)s already."),
    "task_fault": "%(reason)s",
    "parent_missing": _("There is no row %(number)s above that this row could stand under."),
}


def message(level: Level, code: str, column: Column, **values: Any) -> Message:
    """A message whose code exists; values become texts so that they can be stored."""
    if code not in SENTENCES:
        raise KeyError(code)
    return Message(level, code, column, {k: str(v) for k, v in values.items()})
