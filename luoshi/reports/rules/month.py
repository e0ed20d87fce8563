"""What holds on the page of the month (RPT-5): which reports it asks for, and how a row stands.

    asked_now(day, dues, late_report)   what a report of this day would settle
    unchanged_stands(times, most)       whether "no change" may be said once more
    state_of(...)                       the word at the left of a row

Pure functions: no database, no clock.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from luoshi.kit.dates import add_months, last_of_month
from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.measures.rules import LateReport
from luoshi.reports.rules import TEXT_LENGTH, Owed, Policy
from luoshi.tasks.rules import Fault

D = TypeVar("D", bound=Owed)


class RowState(TextChoices):
    """How a row of the page stands."""

    EMPTY = "empty", pgettext_lazy("month row", "not filled in")
    TYPED = "typed", pgettext_lazy("month row", "filled in")
    UNCHANGED = "unchanged", pgettext_lazy("month row", "no change")
    FAULT = "fault", pgettext_lazy("month row", "to be mended")
    FILED = "filed", pgettext_lazy("month row", "reported")
    MISSING = "missing", pgettext_lazy("month row", "not reported")
    COMING = "coming", pgettext_lazy("month row", "to come")
    HELD = "held", pgettext_lazy("month row", "on hold")


@dataclass(frozen=True)
class Month:
    """A month of the calendar."""

    year: int
    number: int

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.number, 1)

    @property
    def last(self) -> dt.date:
        return last_of_month(self.year, self.number)

    @property
    def key(self) -> str:
        return f"{self.year}-{self.number:02d}"

    def plus(self, months: int) -> "Month":
        return month_of(add_months(self.first, months))

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last


def month_of(day: dt.date) -> Month:
    return Month(day.year, day.month)


def month_typed(text: str) -> Month | None:
    """``2026-11`` as a month; None for anything that is none."""
    year, _dash, number = text.partition("-")
    known = len(year) == 4 and len(number) == 2 and (year + number).isascii()
    if not known or not (year + number).isdigit():
        return None
    if not (1990 <= int(year) <= 2100 and 1 <= int(number) <= 12):
        return None
    return Month(int(year), int(number))


def asked_now(day: dt.date, dues: Sequence[D], late_report: str) -> D | None:
    """What a report of this day would settle and nobody has given yet (RPT-1).

    The twin of `rules.which_period` over the rows that are kept. ``dues``: those of one task of
    the kind PERIOD, in order of time.
    """
    open_now = [
        due
        for due in dues
        if not due.void
        and due.closes_on >= day
        and (due.since <= day or late_report == LateReport.NEXT)
    ]
    if late_report == LateReport.NEXT:
        open_now = open_now[:1]
    return next((due for due in open_now if due.filed_on is None), None)


def unchanged_stands(times: int, most: int | None) -> Verdict:
    """Whether "no change" may be said, having been said ``times`` in a row; None: no limit."""
    if most is None or times < most:
        return ALLOWED
    if most == 0:
        return denied(_("Under this measure every report says what has been done."))
    return denied(
        ngettext(
            "The last report said “no change”, and the measure allows that once only. "
            "Write what has been done.",
            "The last %(times)s reports said “no change”; the measure allows no more than "
            "%(most)s in a row. Write what has been done.",
            most,
        )
        % {"times": times, "most": most}
    )


def unchanged_words(times: int, most: int | None) -> str:
    """How often "no change" has been said in a row, and how often it may be."""
    if times == 0:
        return _("At most %(most)s times in a row.") % {"most": most} if most is not None else ""
    said = ngettext(
        "“No change” %(times)s time in a row so far", "“No change” %(times)s times in a row", times
    ) % {"times": times}
    if most is None:
        return said
    return _("%(said)s; at most %(most)s.") % {"said": said, "most": most}


def faults(policy: Policy, texts: Mapping[str, str], evidence: int) -> Iterator[Fault]:
    """What is wrong with a report of no change: only its reason is asked for, no evidence."""
    if not texts.get("body", "").strip():
        yield Fault("body", _("Say why nothing has changed."))
    for name, text in texts.items():
        if len(text) > TEXT_LENGTH:
            yield Fault(
                name,
                _("The text has %(length)s characters; %(most)s are allowed.")
                % {"length": len(text), "most": TEXT_LENGTH},
            )


def in_short(text: str, most: int = 60) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def state_of(due: Owed, today: dt.date, *, asked: bool, held: bool) -> RowState:
    """How a row stands before anything is typed. ``held``: asked, but not to be given now."""
    if due.filed_on is not None:
        return RowState.FILED
    if asked:
        return RowState.HELD if held else RowState.EMPTY
    if due.closes_on < today:
        return RowState.MISSING
    return RowState.COMING
