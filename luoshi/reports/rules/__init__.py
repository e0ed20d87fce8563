"""What holds for reports: who may report, which figures stand, which period a report counts for.

    may_file, may_amend, may_file_result     a Verdict for the button and for the guard
    progress_stands, kind_stands, faults     what is wrong with a report as typed
    which_period, due_state                  what is owed and how it stands

Pure functions: no database, no clock. S0 is the notice on goal tasks, S0 3.1 its 任务反馈 1).
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from luoshi.kit.dates import ONE_DAY, in_month
from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.measures.rules import CompletedBy, LateReport, ProgressRule, RollUp
from luoshi.tasks import rules as tasks
from luoshi.tasks.lifecycle import PERMITS, Status
from luoshi.tasks.rules import Facts, Fault

#: Characters a text of a report may have.
TEXT_LENGTH = 20_000
#: The achieved value stays below this (16 digits, 4 of them decimals).
ACHIEVED_BELOW = Decimal(10) ** 12


class ReportKind(TextChoices):
    """Progress on the way, completion at the end, or the result for a further set."""

    PROGRESS = "progress", gettext_lazy("progress report")
    COMPLETION = "completion", gettext_lazy("completion report")
    RESULT = "result", gettext_lazy("result report")


class ReportStatus(TextChoices):
    """A report counts when filed; amending writes a new row and leaves the old one AMENDED."""

    PENDING = "pending", gettext_lazy("awaiting approval")
    FILED = "filed", gettext_lazy("filed")
    RETURNED = "returned", gettext_lazy("returned")
    AMENDED = "amended", gettext_lazy("amended since")


class DueKind(TextChoices):
    """What is owed: a report of a period, or the result for a further set."""

    PERIOD = "period", gettext_lazy("report of a period")
    RESULT = "result", gettext_lazy("result for a further set")


class DueState(TextChoices):
    """How something owed stands on a day."""

    COMING = "coming", pgettext_lazy("due", "to come")
    OPEN = "open", pgettext_lazy("due", "to be reported")
    OVERDUE = "overdue", pgettext_lazy("due", "overdue")
    ON_TIME = "on_time", pgettext_lazy("due", "on time")
    LATE = "late", pgettext_lazy("due", "late")
    MISSING = "missing", pgettext_lazy("due", "not reported")
    VOID = "void", pgettext_lazy("due", "no longer owed")


class Policy(Protocol):
    """Switches of a measure that govern reporting."""

    @property
    def needs_text(self) -> bool: ...
    @property
    def needs_evidence(self) -> bool: ...
    @property
    def progress_rule(self) -> str: ...
    @property
    def completed_by(self) -> str: ...
    @property
    def grace_days(self) -> int: ...
    @property
    def late_report(self) -> str: ...
    @property
    def roll_up(self) -> str: ...


class Said(Protocol):
    """A report, as far as the rules look at it."""

    pk: int
    kind: str
    status: str
    progress: int


class Reported(tasks.Standing, Protocol):
    """A task, as far as the rules look at it."""

    children_count: int


class Span(Protocol):
    """A period of a rhythm: first and last day, and the day by which its report is due."""

    @property
    def key(self) -> str: ...
    @property
    def since(self) -> dt.date: ...
    @property
    def until(self) -> dt.date: ...
    @property
    def due_on(self) -> dt.date: ...


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


def ends_reporting(task: Reported, latest: Said | None, policy: Policy) -> bool:
    """Whether the newest report was the last one (S0 3.1; RPT-1 on completion reports).

    A task sent back for more work stands below 100 % and is reported on again.
    """
    if latest is None or (task.status == Status.ACTIVE and task.progress < 100):
        return False
    return completes(latest.kind, latest.progress, policy)


def may_file(task: Reported, facts: Facts, latest: Said | None, policy: Policy) -> Verdict:
    """Whether this person may report on the task now; 100 % ended it (S0 3.1)."""
    concerned = bool(PERMITS["report"].relations & facts.relations)
    if concerned and task.status < Status.CLOSED and ends_reporting(task, latest, policy):
        return denied(
            _(
                "The newest report says the task is completed, which ends reporting. "
                "To report on something new, amend that report to below 100 %% first."
            )
            % ()
        )
    if concerned and task.paused:
        return denied(_("The task is suspended; reporting goes on when it is resumed."))
    return tasks.may("report", task, facts)


def may_amend(task: Reported, facts: Facts, report: Said, latest: Said | None) -> Verdict:
    """Whether this person may amend this report: only the newest one (S0 3.2)."""
    if report.status != ReportStatus.FILED:
        return denied(_("This is an earlier version. Amend the version that counts."))
    if latest is None or report.pk != latest.pk:
        return denied(_("Only the newest report can be amended."))
    return tasks.may("amend", task, facts)


def may_file_result(task: Reported, facts: Facts, latest: Said | None) -> Verdict:
    """Whether this person may report the result for a further set (CAT-1): until the task closes.

    ``latest`` is the result already reported for this set, if there is one.
    """
    if not PERMITS["report"].relations & facts.relations:
        return tasks.permitted("report", task.status, facts.relations)
    if task.status not in PERMITS["amend"].statuses:
        return denied(
            _("The task is %(status)s; its result cannot be reported now.")
            % {"status": Status(task.status).label}
        )
    if latest is not None:
        return denied(_("The result for this set has been reported already. Amend that report."))
    return ALLOWED


# ── what may be typed ────────────────────────────────────────────────────────────────────────────


def is_rolled_up(task: Reported, policy: Policy) -> bool:
    """Whether the progress comes from the children, so that a report does not set it."""
    return policy.roll_up != RollUp.MANUAL and task.children_count > 0


def floor(policy: Policy, before: Said | None, stands: int = 100) -> int:
    """The lowest progress in percent that stands after the report ``before`` (S0 3.2).

    ``stands`` is what the task was put back to, where it was sent back for more work.
    """
    if policy.progress_rule == ProgressRule.FREE or before is None:
        return 0
    return min(before.progress, stands)


def progress_stands(progress: int, lowest: int) -> Verdict:
    """From ``lowest`` to 100 percent; what goes beyond shows in the achieved value (S0 3.5)."""
    if progress > 100:
        return denied(
            _("Progress ends at 100 %%. What goes beyond the target belongs in the achieved value.")
            % ()
        )
    if progress < 0:
        return denied(_("Progress cannot be less than 0 %%.") % ())
    if progress < lowest:
        return denied(
            _("Progress only goes forward: the report before said %(lowest)s %%.")
            % {"lowest": lowest}
        )
    return ALLOWED


def kind_stands(kind: str, progress: int, policy: Policy) -> Verdict:
    """A completion report is one only where the measure asks for it, and says 100 %."""
    if kind != ReportKind.COMPLETION:
        return ALLOWED
    if policy.completed_by != CompletedBy.REPORT:
        return denied(_("Under this measure a report of 100 %% completes the task.") % ())
    if progress < 100:
        return denied(_("A completion report says 100 %%.") % ())
    return ALLOWED


def completes(kind: str, progress: int, policy: Policy) -> bool:
    """Whether a report completes the task."""
    if policy.completed_by == CompletedBy.REPORT:
        return kind == ReportKind.COMPLETION
    return kind == ReportKind.PROGRESS and progress >= 100


def kind_after(kind: str, progress: int) -> str:
    """The kind of a report amended to this progress: below 100 % it no longer completes."""
    if kind == ReportKind.COMPLETION and progress < 100:
        return ReportKind.PROGRESS
    return kind


def achieved_stands(achieved: Decimal | None) -> Verdict:
    """Any figure that can be stored; it may exceed the target (S0 3.5)."""
    if achieved is None:
        return ALLOWED
    if not achieved.is_finite() or abs(achieved) >= ACHIEVED_BELOW:
        return denied(_("This figure is too large; give it in a larger unit."))
    if achieved != round(achieved, 4):
        return denied(_("Give the achieved value with four decimals at most."))
    return ALLOWED


def faults(policy: Policy, texts: dict[str, str], evidence: int) -> Iterator[Fault]:
    """What is missing or too long. ``evidence`` counts files sent along, kept and cited."""
    if policy.needs_text and not texts.get("body", "").strip():
        yield Fault("body", _("Write what has been done; this measure asks for a text."))
    for name, text in texts.items():
        if len(text) > TEXT_LENGTH:
            yield Fault(
                name,
                _("The text has %(length)s characters; %(most)s are allowed.")
                % {"length": len(text), "most": TEXT_LENGTH},
            )
    if policy.needs_evidence and evidence == 0:
        yield Fault(
            "evidence",
            _("Add evidence: a file of your own, or one at hand that you cite."),
        )


def unseen(rev: int | None, latest: Said | None) -> bool:
    """Whether a report has come since the person opened the form. ``rev`` 0: there was none."""
    return rev is not None and rev != (latest.pk if latest else 0)


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────

S = TypeVar("S", bound=Span)


def period_words(key: str) -> str:
    """A period as people say it: 2026-03 is 2026年3月, D30 is 下达后第30天."""
    year, _dash, rest = key.partition("-")
    if key.startswith("D") and key[1:].isdigit():
        return _("day %(days)s after issue") % {"days": key[1:]}
    if len(rest) > 2 and not rest[0].isalpha():
        return key
    number = rest.lstrip("BQHW")
    if not (year.isdigit() and number.isdigit()):
        return key
    n = int(number)
    return _words_of(rest[0], n) % {"year": year, "n": n, "first": n * 2 - 1, "last": n * 2}


def _words_of(letter: str, n: int) -> str:
    """How the n-th period of a rhythm is called."""
    if letter == "B":
        return _("%(year)s, months %(first)s and %(last)s")
    if letter == "Q":
        return _("%(year)s, quarter %(n)s")
    if letter == "H":
        return _("%(year)s, second half") if n == 2 else _("%(year)s, first half")
    if letter == "W":
        return _("%(year)s, week %(n)s")
    return _("%(year)s, month %(n)s")


def on_time_until(due_on: dt.date, grace: int) -> dt.date:
    """The last day on which a report is on time."""
    return due_on + dt.timedelta(days=grace)


def closes_on(span: Span, grace: int, late_report: str) -> dt.date:
    """The last day on which a report still counts for this period."""
    last = on_time_until(span.due_on, grace)
    return last if late_report == LateReport.NEXT else max(last, span.until)


#: A result for a further set stays owed until it is given or the task closes.
NEVER = dt.date(9999, 12, 31)


def yearly(days: Sequence[tuple[int, int]], since: dt.date, until: dt.date) -> list[dt.date]:
    """Days of the year (month, day) as dates; the 31st of a short month is its last day."""
    years = range(since.year, until.year + 1)
    dates = (in_month(year, month, day) for year in years for month, day in days)
    return [date for date in dates if since <= date <= until]


def owed(spans: Sequence[S], issued_on: dt.date) -> list[S]:
    """Periods that are owed: not those whose day had passed when the task was issued."""
    return [span for span in spans if span.due_on >= issued_on]


def which_period(
    day: dt.date,
    spans: Sequence[S],
    *,
    grace: int = 0,
    late_report: str = LateReport.LATE,
    filed: Collection[str] = (),
) -> S | None:
    """The period a report of this day counts for (RPT-1).

    ``spans`` in order of time; ``filed`` are keys of periods already reported on. The earliest
    period that is still open and not reported on; if all are, the last one open on that day.
    """
    open_now = [
        span
        for span in spans
        if closes_on(span, grace, late_report) >= day
        and (span.since <= day or late_report == LateReport.NEXT)
    ]
    if late_report == LateReport.NEXT:
        return open_now[0] if open_now else None
    waiting = [span for span in open_now if span.key not in filed]
    if waiting:
        return waiting[0]
    return open_now[-1] if open_now else None


def is_late(day: dt.date, due_on: dt.date, grace: int) -> bool:
    """Whether a report of this day comes after the day it was due, grace included."""
    return day > on_time_until(due_on, grace)


class Owed(Protocol):
    """A row of what is owed."""

    @property
    def since(self) -> dt.date: ...
    @property
    def due_on(self) -> dt.date: ...
    @property
    def closes_on(self) -> dt.date: ...
    @property
    def filed_on(self) -> dt.date | None: ...
    @property
    def void(self) -> bool: ...


def due_state(due: Owed, today: dt.date, *, grace: int) -> DueState:
    """How something owed stands: settled on time or late, to do, overdue, missed for good."""
    if due.filed_on is not None:
        return DueState.LATE if is_late(due.filed_on, due.due_on, grace) else DueState.ON_TIME
    if due.void:
        return DueState.VOID
    if not is_late(today, due.due_on, grace):
        return DueState.COMING if today < due.since else DueState.OPEN
    return DueState.OVERDUE if today <= due.closes_on else DueState.MISSING


@dataclass(frozen=True)
class DueWords:
    """Why a due stands as it does: the sentence, since when, and what ends it."""

    sentence: str
    since: dt.date | None = None
    ends: str = ""


def due_words(due: Owed, state: DueState, grace: int) -> DueWords:
    """The sentences behind the mark of something owed (★ SUP-8)."""
    last = on_time_until(due.due_on, grace)
    values = {
        "last": last.isoformat(),
        "filed": due.filed_on.isoformat() if due.filed_on else "",
        "days": (due.filed_on - last).days if due.filed_on else 0,
        "closes": due.closes_on.isoformat(),
        "since": due.since.isoformat(),
    }
    after, over = last + ONE_DAY, due.closes_on + ONE_DAY if due.closes_on < NEVER else None
    if state == DueState.ON_TIME:
        said = _("It was reported on %(filed)s; a report up to %(last)s is on time.")
        return DueWords(said % values, due.filed_on)
    if state == DueState.LATE:
        said = _("It was reported on %(filed)s, %(days)s days after %(last)s, the last day.")
        return DueWords(
            said % values, due.filed_on, _("It stays: amending the report does not change its day.")
        )
    if state == DueState.MISSING:
        said = _("Nothing was reported up to %(closes)s, when the period closed.")
        return DueWords(said % values, over, _("It stays: this period can no longer be reported."))
    if state == DueState.OVERDUE:
        said = _("It should have been reported by %(last)s and has not been.")
        ends = _("A report up to %(closes)s ends it and counts as late.") % values
        if over is None:
            ends = _("A report ends it and counts as late.")
        return DueWords(said % values, after, ends)
    if state == DueState.VOID:
        return DueWords(_("It was taken back: the task ended or was put off before it was due."))
    said = _("It is to be reported by %(last)s; the period began on %(since)s.")
    if state == DueState.COMING:
        said = _("It is to be reported by %(last)s; the period begins on %(since)s.")
    return DueWords(said % values, due.since, _("Any report on progress settles it."))
