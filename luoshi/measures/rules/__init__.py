"""Kinds that a measure chooses among. A new kind is a member here, a function, a test and a line
in the manual; values are data (ARCHITECTURE §9)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Gate(TextChoices):
    """Whether a stop is on the line: never, always, or chosen when the task is registered."""

    NEVER = "never", _("never")
    ALWAYS = "always", _("always")
    CHOOSE = "choose", _("chosen per task")


class OnSilence(TextChoices):
    """What it means when nobody signs in time."""

    NOTHING = "nothing", _("nothing; it stays open")
    ASK = "ask", _("the sender confirms")
    ACCEPTED = "accepted", _("counts as signed")


class SplitKind(TextChoices):
    """Which tasks may be broken down."""

    NONE = "none", _("no task")
    UNIT = "unit", _("unit tasks only")
    ALL = "all", _("unit and personal tasks")


class RollUp(TextChoices):
    """Where the progress of a task with children comes from."""

    MANUAL = "manual", _("summed up by hand")
    MEAN = "mean", _("weighted mean of the children")
    MINIMUM = "minimum", _("the slowest child")


class Rhythm(TextChoices):
    """How often a task must be reported on, at least."""

    NONE = "none", _("not at fixed times")
    WEEKLY = "weekly", _("every week")
    MONTHLY = "monthly", _("every month")
    BIMONTHLY = "bimonthly", _("every two months")
    QUARTERLY = "quarterly", _("every quarter")
    HALF_YEARLY = "half_yearly", _("every half year")
    AFTER_ISSUE = "after_issue", _("fixed days after issue")
    OWN_DATES = "own_dates", _("own dates")


class LateReport(TextChoices):
    """Which period a report counts for that comes after the reporting day (RPT-1)."""

    LATE = "late", _("late for its own month")
    NEXT = "next", _("for the next period")


class ProgressRule(TextChoices):
    """Whether progress may go back."""

    FORWARD = "forward", _("forward only")
    FREE = "free", _("free")


class CompletedBy(TextChoices):
    """What completes a task."""

    PROGRESS = "progress", _("a report of 100 %")
    REPORT = "report", _("a completion report")


class Average(TextChoices):
    """How the points of several assessors become one figure (EVA-1)."""

    MEAN = "mean", _("mean of all")
    TRIMMED = "trimmed", _("mean without the highest and the lowest")
    MEDIAN = "median", _("the middle one")
    LOWEST = "lowest", _("the lowest")
    HIGHEST = "highest", _("the highest")


class Before(TextChoices):
    """Until when an extension may be asked."""

    NEVER = "never", _("may not be asked")
    BEFORE = "before", _("before the due date only")
    ANY = "any", _("at any time")


class CancelBy(TextChoices):
    """Who may cancel a task."""

    CREATOR = "creator", _("its creator")
    OFFICE = "office", _("the office")
    BOTH = "both", _("its creator or the office")


class Visibility(TextChoices):
    """Who may see the tasks of a measure."""

    EVERYONE = "everyone", _("everyone")
    SUBTREE = "subtree", _("units and those above them")
    INVOLVED = "involved", _("those involved only")


class Purpose(TextChoices):
    """What an approval chain is for."""

    ISSUE = "issue", _("before issue")
    REPORT = "report", _("reports")
    EXTEND = "extend", _("extensions")


class Mode(TextChoices):
    """How a step closes: the first to decide, or all of them (或签 / 会签)."""

    ANY = "any", _("any one")
    ALL = "all", _("all of them")


class FieldKind(TextChoices):
    """Type of a category's own field."""

    TEXT = "text", pgettext_lazy("kind of field", "text")
    NUMBER = "number", pgettext_lazy("kind of field", "number")
    DATE = "date", pgettext_lazy("kind of field", "date")
    CHOICE = "choice", pgettext_lazy("kind of field", "choice")
    PERSON = "person", pgettext_lazy("kind of field", "person")


class Health(TextChoices):
    """The fixed words for how a task stands; a measure chooses label and colour (SEE-2)."""

    IDLE = "idle", pgettext_lazy("health", "not started")
    MOVING = "moving", pgettext_lazy("health", "under way")
    STALLED = "stalled", pgettext_lazy("health", "due and nothing reported")
    LATE = "late", pgettext_lazy("health", "overdue")
    DONE = "done", pgettext_lazy("health", "completed")
    SUSPENDED = "suspended", pgettext_lazy("health", "suspended")
    CANCELLED = "cancelled", pgettext_lazy("health", "cancelled")


class Urgency(TextChoices):
    """How pressing a matter is; a measure may allow fewer days for a pressing one."""

    NORMAL = "normal", pgettext_lazy("urgency", "normal")
    URGENT = "urgent", pgettext_lazy("urgency", "urgent")
    TOP = "top", pgettext_lazy("urgency", "very urgent")


def listed(text: str) -> tuple[int, ...]:
    """Whole numbers kept in a column as "7,3,1"; empty where nothing is kept."""
    parts = (part.strip() for part in text.split(","))
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit())
