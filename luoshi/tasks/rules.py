"""What holds for tasks: who may do what, what may be typed, how a task stands. Pure functions.

may(verb, task, facts)      a Verdict for each verb of `lifecycle.PERMITS`
new_task_stands(...)        what is wrong with a task as typed, per field
health, turns_late, ...     how a task stands on a day, from dates and progress
"""

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.measures.rules import Health
from luoshi.tasks.lifecycle import OPEN, PERMITS, Relation, Status


class Standing(Protocol):
    """Columns of a task from which its health is told."""

    @property
    def status(self) -> int: ...

    @property
    def progress(self) -> int: ...

    @property
    def paused(self) -> bool: ...

    @property
    def late_from(self) -> dt.date | None: ...

    @property
    def behind_from(self) -> dt.date | None: ...


@dataclass(frozen=True)
class Facts:
    """What the rules need to know beyond the task itself."""

    relations: frozenset[Relation]
    person_id: int | None = None
    unsigned: bool = False  # this person still has to sign
    open_children: tuple[str, ...] = ()  # titles, a few
    assessed: bool = False
    may_split: bool = True
    levels_left: bool = True
    personal_splits: bool = False
    is_personal: bool = False
    cancel_relations: frozenset[Relation] = frozenset({Relation.CREATOR})
    scored: bool = False  # every assessor has scored
    issues: bool = True  # their posts cover the unit, or the task stands below one of theirs


def _who(relations: frozenset[Relation]) -> str:
    return _(", ").join(str(r.label) for r in sorted(relations, key=list(Relation).index))


def permitted(verb: str, status: int, relations: frozenset[Relation]) -> Verdict:
    """Whether the table lets somebody with these relations try the verb in this status."""
    permit = PERMITS[verb]
    if not permit.relations & relations:
        return denied(_("This can be done only by %(who)s.") % {"who": _who(permit.relations)})
    if status not in permit.statuses:
        return denied(
            _("The task is %(status)s; this cannot be done now.") % {"status": Status(status).label}
        )
    return ALLOWED


def may(verb: str, task: Standing, facts: Facts) -> Verdict:
    """Whether this person may do this to the task as it stands: the table, then the fine print."""
    verdict = permitted(verb, task.status, facts.relations)
    special = _FINE_PRINT.get(verb)
    return special(task, facts) if verdict and special else verdict


def _sign(task: Standing, facts: Facts) -> Verdict:
    if not facts.unsigned:
        return denied(_("You have already answered; nothing is left to sign."))
    return ALLOWED


def _issue(task: Standing, facts: Facts) -> Verdict:
    """Who registered a task may have left the post since (ORG-3)."""
    if not facts.issues:
        return denied(
            _("Your post does not cover the lead unit of this task; the goal office issues it."),
            "issue",
        )
    return ALLOWED


def _correct(task: Standing, facts: Facts) -> Verdict:
    """What was assessed stays as it was when it was assessed (ADR 3)."""
    if facts.scored:
        return denied(_("The task has been assessed; its text and points stay as they were."))
    return ALLOWED


def _break_down(task: Standing, facts: Facts) -> Verdict:
    """S0 任务分解 2: only unit tasks are broken down further, where the measure says so."""
    if not facts.may_split:
        return denied(_("The measure does not let tasks of this kind be broken down."))
    if facts.is_personal and not facts.personal_splits:
        return denied(_("A personal task cannot be broken down any further."))
    if not facts.levels_left:
        return denied(_("The measure does not allow another level below this task."))
    if task.progress >= 100:
        return denied(_("The task is completed; it cannot be broken down any more."))
    return ALLOWED


def _close(task: Standing, facts: Facts) -> Verdict:
    if facts.open_children:
        return denied(
            _("Close its sub-tasks first: %(titles)s.")
            % {"titles": _(", ").join(facts.open_children)}
        )
    if not facts.assessed:
        return denied(_("The task is to be assessed first."))
    return ALLOWED


def _cancel(task: Standing, facts: Facts) -> Verdict:
    if not facts.cancel_relations & facts.relations:
        return denied(
            _("The measure lets a task be cancelled only by %(who)s.")
            % {"who": _who(facts.cancel_relations)}
        )
    return ALLOWED


_FINE_PRINT = {
    "issue": _issue,
    "correct": _correct,
    "sign": _sign,
    "refuse": _sign,
    "break_down": _break_down,
    "close": _close,
    "cancel": _cancel,
}


# ── what may be typed ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NewTask:
    """A task as somebody wants it registered; ids are primary keys."""

    title: str
    category_id: int
    year: int
    unit_id: int
    kind: str = "unit"
    tier: int | None = None
    details: str = ""
    standard: str = ""
    points: Decimal | None = None
    weight: Decimal | None = None
    urgency: str = "normal"
    origin: str = "annual"
    origin_document: str = ""
    target_value: Decimal | None = None
    target_unit: str = ""
    start: dt.date | None = None
    due: dt.date | None = None
    owner_id: int | None = None
    owners: tuple[int, ...] = ()  # further responsible people
    cooperating: tuple[int, ...] = ()
    participants: tuple[int, ...] = ()
    assessors: tuple[int, ...] = ()
    reviewer_id: int | None = None
    in_charge_id: int | None = None
    responsible_id: int | None = None
    instructing_id: int | None = None
    further_sets: tuple[tuple[int, dt.date | None], ...] = ()
    milestones: tuple[tuple[str, dt.date], ...] = ()
    needs_approval: bool | None = None
    needs_sign_off: bool | None = None
    needs_review: bool | None = None
    needs_assessment: bool | None = None
    rhythm: str | None = None
    report_day: int | None = None
    public: bool = False
    secret: bool = False
    own_values: tuple[tuple[int, str], ...] = ()
    parent_index: int | None = None  # in register_many: position of the parent among the rows
    number: str = ""
    batch: int | None = None
    key: str | None = None


@dataclass(frozen=True)
class Requirements:
    """What a measure demands of a task before it is issued."""

    due: bool = True
    details: bool = True
    standard: bool = True
    due_within_parent: bool = True


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was typed, and the field it belongs to."""

    field: str
    reason: str


class Typed(Protocol):
    """A task or a form's values, as far as these rules look at them."""

    @property
    def title(self) -> str: ...

    @property
    def details(self) -> str: ...

    @property
    def standard(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def owner_id(self) -> int | None: ...

    @property
    def start(self) -> dt.date | None: ...

    @property
    def due(self) -> dt.date | None: ...

    @property
    def points(self) -> Decimal | None: ...


def dates_stand(start: dt.date | None, due: dt.date | None) -> Verdict:
    """A due date never lies before the start."""
    if start and due and due < start:
        return denied(_("The due date lies before the start; put the later date second."))
    return ALLOWED


def due_within(due: dt.date | None, parent_due: dt.date | None) -> Verdict:
    """A sub-task is due no later than the task it belongs to (TSK-3)."""
    if due and parent_due and due > parent_due:
        return denied(
            _("The parent task is due on %(date)s; choose that day or an earlier one.")
            % {"date": parent_due.isoformat()}
        )
    return ALLOWED


def typed_faults(
    task: Typed, *, parent_due: dt.date | None = None, within: bool = True, secret: bool = False
) -> Iterator[Fault]:
    """What can never stand, not even in a draft."""
    if not task.title.strip():
        yield Fault("title", _("Give the task a title."))
    if len(task.title) > 200:
        yield Fault("title", _("The title may have 200 characters at most."))
    if secret:
        yield Fault(
            "secret",
            _("Secret matters may not be entered here; handle them on the channel for secrets."),
        )
    if not (verdict := dates_stand(task.start, task.due)):
        yield Fault("due", str(verdict.reason))
    if within and not (verdict := due_within(task.due, parent_due)):
        yield Fault("due", str(verdict.reason))
    if task.points is not None and task.points < 0:
        yield Fault("points", _("Points cannot be negative."))
    if task.kind == "personal" and task.owner_id is None:
        yield Fault("owner", _("A personal task needs the person who does it."))


def issue_faults(task: Typed, needs: Requirements) -> Iterator[Fault]:
    """What is missing before a task may be issued (S0 任务分解 6)."""
    if needs.due and task.due is None:
        yield Fault("due", _("Set the due date before issuing."))
    if needs.details and not task.details.strip():
        yield Fault("details", _("Describe the task before issuing."))
    if needs.standard and not task.standard.strip():
        yield Fault("standard", _("Set the assessment standard before issuing."))
    if task.owner_id is None:
        yield Fault("owner", _("Name the responsible person; the lead unit has no head on record."))


def reach_faults(
    *,
    unit_name: str,
    unit_covered: bool,
    category_name: str,
    category_unit: str,
    category_covered: bool,
) -> Iterator[Fault]:
    """A post registers tasks for its own unit and those below it, in its own field (ORG-3)."""
    if not unit_covered:
        yield Fault(
            "unit",
            _("%(unit)s lies outside what your post covers; the goal office registers for it.")
            % {"unit": unit_name},
        )
    if not category_covered:
        yield Fault(
            "category",
            _("%(category)s belongs to %(unit)s alone; choose another category.")
            % {"category": category_name, "unit": category_unit},
        )


#: What a correction may change of an issued task; all else moves by acts of its own.
CORRECTED = ("title", "details", "standard", "points", "weight", "urgency")


def correctable(values: Iterable[str]) -> Verdict:
    """Whether all of these fields may be corrected after issue; if not, the act that moves one."""
    for name in values:
        if name not in CORRECTED:
            return denied(not_corrected(name))
    return ALLOWED


def not_corrected(name: str) -> str:
    """Why a field of an issued task is not corrected, and what moves it instead."""
    known = {
        "due": _("The due date of an issued task is moved by an extension, not by a correction."),
        "start": _("The start of an issued task stays as it was issued."),
        "owner_id": _("The responsible person of an issued task changes by handing it over."),
        "unit_id": _("The lead unit of an issued task stays; cancel it and issue it anew."),
    }
    return known.get(name) or _("This field of an issued task cannot be corrected.")


def unknown_urgency() -> str:
    """What is said of an urgency that does not exist."""
    return _("Choose one of the urgencies of the list.")


def correction_faults(task: Typed, needs: Requirements, reason: str) -> Iterator[Fault]:
    """What keeps a correction from standing: what no task may be, what the measure asks for."""
    if not reason.strip():
        yield Fault("reason", _("Say why it is corrected; the reason goes on record."))
    yield from typed_faults(task, within=False)
    yield from (
        fault for fault in issue_faults(task, needs) if fault.field in ("details", "standard")
    )


def addressee_faults(
    *, unit_open: bool, unit_name: str, owner_present: bool, owner_name: str
) -> Iterator[Fault]:
    """A closed unit or a person who left takes no new task."""
    if not unit_open:
        yield Fault("unit", _("%(unit)s is closed; choose its successor.") % {"unit": unit_name})
    if not owner_present:
        yield Fault(
            "owner", _("%(person)s has left; choose somebody else.") % {"person": owner_name}
        )


# ── how a task stands ────────────────────────────────────────────────────────────────────────────


def health(task: Standing, today: dt.date) -> Health:
    """How a task stands on a day. The same in SQL: `queries.with_health`."""
    if task.status == Status.CANCELLED:
        return Health.CANCELLED
    if task.progress >= 100 or task.status >= Status.DONE:
        return Health.DONE
    if task.paused:
        return Health.SUSPENDED
    late = task.late_from is not None and task.late_from <= today
    if task.progress == 0:
        return Health.STALLED if late else Health.IDLE
    return Health.LATE if late else Health.MOVING


#: Which of the four exact fills of the Gantt a health has (S0 反馈进度查询甘特图).
FILLS = {
    Health.IDLE: "idle",
    Health.SUSPENDED: "idle",
    Health.MOVING: "moving",
    Health.LATE: "moving",
    Health.STALLED: "stalled",
    Health.DONE: "done",
    Health.CANCELLED: "idle",
}


def is_running(status: int, progress: int, paused: bool) -> bool:
    """Whether the clock of a task runs: issued, not finished, not suspended."""
    return Status.ISSUED <= status < Status.DONE and progress < 100 and not paused


def turns_late(due: dt.date | None) -> dt.date | None:
    """The first day on which an unfinished task is overdue: the day after its working due date."""
    return due + dt.timedelta(days=1) if due else None


def expected(start: dt.date | None, due: dt.date | None, day: dt.date) -> int | None:
    """Expected progress in percent on a day, growing evenly from start to due (序时进度)."""
    if start is None or due is None:
        return None
    if day >= due:
        return 100
    if day <= start:
        return 0
    return (day - start).days * 100 // (due - start).days


def turns_behind(
    start: dt.date | None,
    due: dt.date | None,
    progress: int,
    open_nodes: Sequence[dt.date] = (),
) -> dt.date | None:
    """The first day on which progress falls short.

    With milestones: the day after the earliest one still open. Without: the first day on which the
    even line from start to due lies above the progress.
    """
    if progress >= 100:
        return None
    if open_nodes:
        return min(open_nodes) + dt.timedelta(days=1)
    if start is None or due is None or due <= start:
        return turns_late(due)
    length = (due - start).days
    days = math.floor((progress + 1) * length / 100)
    day = start + dt.timedelta(days=days)
    while (line := expected(start, due, day)) is not None and line <= progress:
        day += dt.timedelta(days=1)
    return day


def is_over(status: int) -> bool:
    """Whether nothing more happens to a task."""
    return status not in OPEN


@dataclass(frozen=True)
class Explained:
    """Why a task shows the colour it shows (★ SUP-8)."""

    health: Health
    sentence: str
    since: dt.date | None = None
    ends: str = ""
    details: tuple[str, ...] = field(default=())


def explain(task: Standing, due: dt.date | None, today: dt.date) -> Explained:
    """The sentence behind a colour: why, since when, and what ends it."""
    state = health(task, today)
    due_text = due.isoformat() if due else _("no due date")
    sentences = {
        Health.IDLE: _("Nothing has been reported yet; the task is due on %(due)s."),
        Health.MOVING: _("Progress is %(progress)s %%; the task is due on %(due)s."),
        Health.STALLED: _("The task was due on %(due)s and nothing has been reported."),
        Health.LATE: _("The task was due on %(due)s and stands at %(progress)s %%."),
        Health.DONE: _("The task is completed."),
        Health.SUSPENDED: _("The task is suspended; its clock stands still."),
        Health.CANCELLED: _("The task was cancelled."),
    }
    ends = {
        Health.IDLE: _("The first report above 0 %% turns it blue."),
        Health.MOVING: _("A report of 100 %% completes it."),
        Health.STALLED: _("The first report above 0 %% ends the red."),
        Health.LATE: _("A report of 100 %% ends it."),
        Health.SUSPENDED: _("Resuming the task ends it."),
    }
    values = {"due": due_text, "progress": task.progress}
    late = state in {Health.STALLED, Health.LATE}
    return Explained(
        state,
        sentences[state] % values,
        task.late_from if late else None,
        ends[state] % () if state in ends else "",
    )
