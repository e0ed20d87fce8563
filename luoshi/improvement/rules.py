"""What holds for diagnosis and improvement (任务诊断与改进: S0; IMP-1).

    Period, periods_of, period_for   what a measure asks for in a year, and what one written now is
    may_write, may_amend             a Verdict for the button and for the guard
    faults                           what is missing or too long
    state_of, reminder_days          how something owed stands; when people are reminded

Pure functions: no database, no clock.
"""

import calendar
import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from luoshi.kit.verdict import Verdict, denied
from luoshi.tasks import rules as tasks
from luoshi.tasks.lifecycle import PERMITS
from luoshi.tasks.rules import Facts, Fault

#: Characters a text may have, and improvement actions a diagnosis.
TEXT_LENGTH = 10_000
MOST_ACTIONS = 20
#: From this day of the month in which it is due a diagnosis is asked for on the desk; reminders
#: begin on the second.
ASKED_FROM, REMINDED_FROM = 1, 15
#: Days after the due date during which the desk still asks for it.
ASKED_FOR = 90


class DiagnosisStatus(TextChoices):
    """A diagnosis counts when filed; amending writes a new row and leaves the old one AMENDED."""

    FILED = "filed", pgettext_lazy("diagnosis", "filed")
    AMENDED = "amended", pgettext_lazy("diagnosis", "amended since")


class State(TextChoices):
    """How the diagnosis of a period stands on a day."""

    COMING = "coming", pgettext_lazy("diagnosis", "not written yet")
    OPEN = "open", pgettext_lazy("diagnosis", "to be written")
    OVERDUE = "overdue", pgettext_lazy("diagnosis", "overdue")
    ON_TIME = "on_time", pgettext_lazy("diagnosis", "on time")
    LATE = "late", pgettext_lazy("diagnosis", "late")


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of a year that ends with a month; a diagnosis of it is due on its last day."""

    year: int
    month: int

    @property
    def key(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def due_on(self) -> dt.date:
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def asked_from(self) -> dt.date:
        return dt.date(self.year, self.month, ASKED_FROM)

    @property
    def words(self) -> str:
        return period_words(self.year, self.month)


def period_words(year: int, month: int) -> str:
    """A period as people say it: 2026年度, 2026年上半年, 2026年3月."""
    if month == 12:
        return _("the year %(year)s") % {"year": year}
    if month == 6:
        return _("the first half of %(year)s") % {"year": year}
    return _("%(year)s, month %(n)s") % {"year": year, "n": month}


def period_of(key: str) -> Period | None:
    """The period of a key like ``2026-12``; None for what is none."""
    year, _dash, month = key.partition("-")
    plain = all(part.isascii() and part.isdigit() for part in (year, month))
    if not plain or len(year) != 4 or not 1 <= int(month) <= 12:
        return None
    return Period(int(year), int(month))


def periods_of(year: int, months: Collection[int]) -> list[Period]:
    """What is asked for a task of that year: one period for each month of its measure."""
    return [Period(year, month) for month in sorted(set(months))]


def period_for(
    periods: Sequence[Period], filed: Collection[str], today: dt.date
) -> tuple[Period, ...]:
    """Periods a diagnosis may be written for now, the one that suggests itself first.

    The next one due (it may be written early), then those that were missed.
    """
    left = [period for period in periods if period.key not in filed]
    coming = [period for period in left if period.due_on >= today]
    missed = [period for period in left if period.due_on < today]
    return (*coming[:1], *reversed(missed))


class Policy(Protocol):
    """Switches of a measure that govern diagnosis."""

    @property
    def needs_cause(self) -> bool: ...
    @property
    def needs_action_owner(self) -> bool: ...
    @property
    def needs_action_date(self) -> bool: ...


class Written(Protocol):
    """A diagnosis, as far as the rules look at it."""

    @property
    def status(self) -> str: ...


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


def may_write(task: tasks.Standing, facts: Facts, asked: bool, left: bool) -> Verdict:
    """Whether this person may write a diagnosis of the task now.

    ``asked``: the measure asks for one. ``left``: one of its periods is not written yet.
    """
    if not PERMITS["diagnose"].relations & facts.relations:
        return tasks.may("diagnose", task, facts)
    if not asked:
        return denied(_("The measure of this task asks for no diagnosis."))
    if not left:
        return denied(_("The diagnosis has been filed already. Amend it if something changed."))
    return tasks.may("diagnose", task, facts)


def may_amend(task: tasks.Standing, facts: Facts, diagnosis: Written) -> Verdict:
    """Whether this person may write a new version of a diagnosis: until the task closes."""
    if diagnosis.status != DiagnosisStatus.FILED:
        return denied(_("This is an earlier version. Amend the version that counts."))
    return tasks.may("diagnose", task, facts)


# ── what may be typed ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NewAction:
    """An improvement action as typed."""

    text: str
    owner_id: int | None = None
    date: dt.date | None = None

    @property
    def is_blank(self) -> bool:
        return not (self.text.strip() or self.owner_id or self.date)


@dataclass(frozen=True)
class Paper:
    """A diagnosis as typed (IMP-1). S0 asks for problem and action only."""

    problem: str
    actions: tuple[NewAction, ...]
    cause: str = ""
    effect: str = ""

    @property
    def texts(self) -> dict[str, str]:
        return {
            "problem": self.problem.strip(),
            "cause": self.cause.strip(),
            "effect": self.effect.strip(),
        }

    @property
    def said(self) -> list[NewAction]:
        """Actions without the rows left blank."""
        return [action for action in self.actions if not action.is_blank]

    @property
    def words(self) -> str:
        """What it is found by."""
        texts = [*self.texts.values(), *(action.text.strip() for action in self.said)]
        return "\n".join(filter(None, texts))


def faults(paper: Paper, policy: Policy) -> Iterator[Fault]:
    """What is missing or too long."""
    texts = paper.texts
    if not texts["problem"]:
        yield Fault("problem", _("Describe the problem."))
    if policy.needs_cause and not texts["cause"]:
        yield Fault("cause", _("Give the cause of the problem; this measure asks for it."))
    for name, text in texts.items():
        if len(text) > TEXT_LENGTH:
            yield Fault(name, _too_long(text))
    yield from _action_faults(paper, policy)


def _too_long(text: str) -> str:
    return _("The text has %(length)s characters; %(most)s are allowed.") % {
        "length": len(text),
        "most": TEXT_LENGTH,
    }


def _action_faults(paper: Paper, policy: Policy) -> Iterator[Fault]:
    said = paper.said
    if not said:
        yield Fault("actions", _("Give at least one improvement action."))
    if len(said) > MOST_ACTIONS:
        yield Fault(
            "actions",
            _("Give %(most)s improvement actions at most.") % {"most": MOST_ACTIONS},
        )
    for place, action in enumerate(said, start=1):
        if not action.text.strip():
            yield Fault("actions", _("Improvement action %(n)s has no text.") % {"n": place})
        if len(action.text) > TEXT_LENGTH:
            yield Fault("actions", _too_long(action.text))
        if policy.needs_action_owner and action.owner_id is None:
            yield Fault(
                "actions",
                _("Name who carries out improvement action %(n)s.") % {"n": place},
            )
        if policy.needs_action_date and action.date is None:
            yield Fault(
                "actions",
                _("Give the day by which improvement action %(n)s is done.") % {"n": place},
            )


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────


def state_of(period: Period, filed_late: bool | None, today: dt.date) -> State:
    """How the diagnosis of a period stands; ``filed_late`` is None where none was filed."""
    if filed_late is not None:
        return State.LATE if filed_late else State.ON_TIME
    if today > period.due_on:
        return State.OVERDUE
    return State.OPEN if today >= period.asked_from else State.COMING


def waiting_periods(today: dt.date, months: Collection[int]) -> list[Period]:
    """Periods the desk asks for on a day: from the month they are due to a while after."""
    return [
        period
        for year in (today.year - 1, today.year)
        for period in periods_of(year, months)
        if period.asked_from <= today <= period.due_on + dt.timedelta(days=ASKED_FOR)
    ]


def reminder_days(period: Period, before: Collection[int]) -> set[dt.date]:
    """Days on which people are reminded of a period; on a day off it is done earlier (`told_on`).

    The 15th of the month in which it is due, and so many days before the due date as the measure
    says.
    """
    wanted = {dt.date(period.year, period.month, REMINDED_FROM)}
    wanted |= {period.due_on - dt.timedelta(days=days) for days in before}
    return {day for day in wanted if day >= period.asked_from}
