"""How the final result of a task for a further set stands on a day (CAT-1)."""

import datetime as dt
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from luoshi.kit.verdict import ALLOWED, Verdict, denied


class ResultState(TextChoices):
    """Given in time or late; or not yet: with time left, overdue, or without a day."""

    OVERDUE = "overdue", pgettext_lazy("result", "overdue")
    OPEN = "open", pgettext_lazy("result", "to be given")
    UNDATED = "undated", pgettext_lazy("result", "no day set")
    GIVEN_LATE = "given_late", pgettext_lazy("result", "given late")
    GIVEN = "given", pgettext_lazy("result", "given in time")


class Given(Protocol):
    """A result, as far as this looks at it."""

    late: bool


def result_state(result_due: dt.date | None, report: Given | None, today: dt.date) -> ResultState:
    """How a result stands; ``result_due`` is the last day on which it is in time."""
    if report is not None:
        return ResultState.GIVEN_LATE if report.late else ResultState.GIVEN
    if result_due is None:
        return ResultState.UNDATED
    return ResultState.OVERDUE if today > result_due else ResultState.OPEN


def may_date(registers: bool) -> Verdict:
    """Whether somebody may set the day of the results; of each task it is asked again."""
    if registers:
        return ALLOWED
    return denied(_("Only offices and leaders who register tasks set the day of final results."))
