"""The life of a task: one line, gates that may be left out, moves, and who may try a verb.

    draft ─ proposed? ─ issued? ─ active ─ submitted? ─ done ─ closed        cancelled

A measure may take a stop off the line; it may never add one or change the order (ARCHITECTURE §2).
``docs/lifecycle.md`` and ``docs/permissions.md`` are printed from this file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(IntegerChoices):
    """Where a task stands. Greater is further along; CANCELLED is off the line."""

    DRAFT = 10, pgettext_lazy("task status", "draft")
    PROPOSED = 20, pgettext_lazy("task status", "awaiting approval")
    ISSUED = 30, pgettext_lazy("task status", "to be signed for")
    ACTIVE = 40, pgettext_lazy("task status", "under way")
    SUBMITTED = 50, pgettext_lazy("task status", "under review")
    DONE = 60, pgettext_lazy("task status", "done")
    CLOSED = 70, pgettext_lazy("task status", "closed")
    CANCELLED = 80, pgettext_lazy("task status", "cancelled")


#: Below the line: drafts of an import that is not complete yet, or is being thrown away. They
#: become visible, or vanish, all at once; nobody sees them and no verb finds them.
HIDDEN = 5


class Outcome(TextChoices):
    """How a task ended."""

    COMPLETED = "completed", _("completed")
    UNFINISHED = "unfinished", _("unfinished")
    CANCELLED = "cancelled", pgettext_lazy("task outcome", "cancelled")
    STOPPED = "stopped", _("terminated")
    CARRIED_OVER = "carried_over", _("carried over to next year")


LINE = (
    Status.DRAFT,
    Status.PROPOSED,
    Status.ISSUED,
    Status.ACTIVE,
    Status.SUBMITTED,
    Status.DONE,
    Status.CLOSED,
)

#: Stations a task may do without, and the column of the task that keeps each in.
GATES = {
    Status.PROPOSED: "needs_approval",
    Status.ISSUED: "needs_sign_off",
    Status.SUBMITTED: "needs_review",
}

#: Not over yet: may still be cancelled.
OPEN = frozenset(
    {
        Status.DRAFT,
        Status.PROPOSED,
        Status.ISSUED,
        Status.ACTIVE,
        Status.SUBMITTED,
        Status.DONE,
    }
)


class Gated(Protocol):
    """What the line needs to know of a task."""

    needs_approval: bool
    needs_sign_off: bool
    needs_review: bool


@dataclass(frozen=True)
class Move:
    """A verb's step: from any of ``source`` to ``target``; no target means next on the line."""

    source: frozenset[Status]
    target: Status | None = None


def _from(*source: Status, to: Status | None = None) -> Move:
    return Move(frozenset(source), to)


MOVES: dict[str, Move] = {
    "issue": _from(Status.DRAFT),
    "approve": _from(Status.PROPOSED),
    "reject": _from(Status.PROPOSED, to=Status.DRAFT),
    "sign": _from(Status.ISSUED),
    "refuse": _from(Status.ISSUED, to=Status.DRAFT),
    "complete": _from(Status.ACTIVE),
    "accept": _from(Status.SUBMITTED),
    "send_back": _from(Status.SUBMITTED, to=Status.ACTIVE),
    "reopen": _from(Status.SUBMITTED, Status.DONE, to=Status.ACTIVE),
    "settle": _from(Status.ACTIVE, Status.SUBMITTED, to=Status.DONE),
    "close": _from(Status.DONE),
    "cancel": Move(OPEN, Status.CANCELLED),
}

#: The column stamped when a task reaches a station, also when it passes straight through.
STAMPS = {
    Status.ISSUED: "issued_at",
    Status.ACTIVE: "accepted_at",
    Status.SUBMITTED: "completed_at",  # handing in counts, however long the review takes
    Status.DONE: "completed_at",
    Status.CLOSED: "closed_at",
}


class Relation(TextChoices):
    """What a person is to a task."""

    CREATOR = "creator", _("the creator")
    OWNER = "owner", _("the responsible person")
    HANDLER = "handler", _("people the task is shared with")
    HEAD = "head", _("the head of the lead unit")
    ADDRESSEE = "addressee", _("those it was dispatched to")
    REVIEWER = "reviewer", _("the acceptance reviewer")
    ASSESSOR = "assessor", _("an assessor")
    OFFICE = "office", _("the office")
    SPLITTER = "splitter", _("the responsible person of the parent task")
    LEADER = "leader", _("the leader in charge")
    INVOLVED = "involved", _("anybody taking part")
    VIEWER = "viewer", _("anybody who may see it")


@dataclass(frozen=True)
class Permit:
    """Relations that may try a verb, and the statuses in which it can be tried."""

    relations: frozenset[Relation]
    statuses: frozenset[Status]


def _permit(relations: set[Relation], statuses: set[Status]) -> Permit:
    return Permit(frozenset(relations), frozenset(statuses))


_LIVE = {Status.ISSUED, Status.ACTIVE, Status.SUBMITTED, Status.DONE}
_R = Relation
_DISPATCHERS = {_R.CREATOR, _R.SPLITTER, _R.OFFICE}

#: Who may try a verb at all. Every ``may_<verb>`` starts from it.
PERMITS: dict[str, Permit] = {
    "edit": _permit(_DISPATCHERS, {Status.DRAFT}),
    "correct": _permit(_DISPATCHERS, {Status.ISSUED, Status.ACTIVE}),
    "discard": _permit(_DISPATCHERS, {Status.DRAFT}),
    "issue": _permit(_DISPATCHERS, {Status.DRAFT}),
    "sign": _permit({_R.ADDRESSEE}, {Status.ISSUED, Status.ACTIVE}),
    "refuse": _permit({_R.ADDRESSEE}, {Status.ISSUED}),
    "break_down": _permit({_R.OWNER}, {Status.ACTIVE}),
    "report": _permit({_R.OWNER, _R.HANDLER}, {Status.ACTIVE}),
    "amend": _permit({_R.OWNER, _R.HANDLER}, {Status.ACTIVE, Status.SUBMITTED, Status.DONE}),
    "approve": _permit({_R.LEADER}, {Status.PROPOSED}),
    "reject": _permit({_R.LEADER}, {Status.PROPOSED}),
    "accept": _permit({_R.REVIEWER, _R.CREATOR}, {Status.SUBMITTED}),
    "send_back": _permit({_R.REVIEWER, _R.CREATOR}, {Status.SUBMITTED}),
    "close": _permit({_R.CREATOR, _R.OFFICE}, {Status.DONE}),
    "cancel": _permit({_R.CREATOR, _R.OFFICE}, set(OPEN)),
    "count_in": _permit({_R.CREATOR, _R.OFFICE}, set(OPEN)),
    "share": _permit({_R.OWNER}, {Status.ISSUED, Status.ACTIVE}),
    "transfer": _permit({_R.OWNER, _R.HEAD, _R.OFFICE}, _LIVE),
    "diagnose": _permit({_R.OWNER, _R.HANDLER}, {Status.ACTIVE, Status.SUBMITTED, Status.DONE}),
    "attach": _permit(
        {_R.OWNER, _R.HANDLER, _R.CREATOR, _R.SPLITTER, _R.OFFICE},
        _LIVE | {Status.DRAFT, Status.PROPOSED},
    ),
    "set_milestones": _permit(
        {_R.CREATOR, _R.SPLITTER, _R.OFFICE, _R.OWNER}, {Status.DRAFT, Status.ACTIVE}
    ),
    "assess": _permit({_R.ASSESSOR}, {Status.ACTIVE, Status.SUBMITTED, Status.DONE, Status.CLOSED}),
    "return_score": _permit(
        {_R.OFFICE}, {Status.ACTIVE, Status.SUBMITTED, Status.DONE, Status.CLOSED}
    ),
    "name_assessors": _permit({_R.CREATOR, _R.OFFICE}, _LIVE),
    "instruct": _permit({_R.LEADER}, _LIVE),
    "comment": _permit({_R.INVOLVED, _R.OFFICE, _R.LEADER}, _LIVE),
    "follow": _permit({_R.VIEWER}, _LIVE | {Status.CLOSED}),
}


def stations(task: Gated) -> list[Status]:
    """The line as this task travels it."""
    return [s for s in LINE if s not in GATES or getattr(task, GATES[s])]


def landing(verb: str, old: Status, task: Gated) -> Status | None:
    """Where a verb takes a task that stands at ``old``; None where it takes it nowhere."""
    move = MOVES[verb]
    if old not in move.source:
        return None
    if move.target is not None:
        return move.target
    return next(s for s in stations(task) if s > old)


def stamps(old: Status, new: Status) -> Iterator[str]:
    """Columns to stamp on a move forward: every station reached or passed."""
    passed = (column for s, column in STAMPS.items() if old < s <= new and new in LINE)
    return iter(dict.fromkeys(passed))


def unstamps(old: Status, new: Status) -> Iterator[str]:
    """Columns to clear on a move back; the time of issue is given once and stays."""
    left = (
        column
        for s, column in STAMPS.items()
        if new < s <= old and column != "issued_at" and new in LINE
    )
    return iter(dict.fromkeys(left))
