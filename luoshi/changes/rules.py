"""What holds for changes of issued tasks. Today: the transfer (任务转交, S0; TSK-4, CHG-3).

    may_ask(task, facts, gone, open_one)       a Verdict for the button and for the guard
    may_answer, may_withdraw                   of a transfer that waits
    taker_stands                               whether this person can take the task

Pure functions: no database, no clock.
"""

import datetime as dt
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.tasks import rules as tasks
from luoshi.tasks.lifecycle import PERMITS, Relation, Status
from luoshi.tasks.rules import Facts

#: Characters a reason may have.
TEXT_LENGTH = 2_000


class ChangeKind(TextChoices):
    """What is asked for."""

    TRANSFER = "transfer", gettext_lazy("transfer")


class ChangeState(TextChoices):
    """How far it has come; everything but ASKED is final."""

    ASKED = "asked", pgettext_lazy("change", "waiting for an answer")
    ACCEPTED = "accepted", pgettext_lazy("change", "accepted")
    DECLINED = "declined", pgettext_lazy("change", "declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("change", "withdrawn")


class Gone(TextChoices):
    """Why the responsible person cannot hand a task over themselves; empty: they can."""

    NO = "", ""
    LEFT = "left", gettext_lazy("has left the institution")
    MOVED = "moved", gettext_lazy("has moved to another unit")
    POST = "post", gettext_lazy("no longer holds the post the task belongs to")


class Waiting(Protocol):
    """A change, as far as the rules look at it."""

    state: str
    giver_id: int | None
    taker_id: int | None
    asked_by_id: int


class Present(Protocol):
    """A person, as far as the rules look at them."""

    pk: int
    name: str

    def present_on(self, day: dt.date) -> bool: ...


def may_ask(task: tasks.Standing, facts: Facts, gone: str, waits: bool) -> Verdict:
    """Whether this person may ask for a transfer of the task now.

    The responsible person hands their own task over. The head of the unit and the office do it
    only for somebody who left or moved on. ``waits``: a transfer of the task waits already.
    """
    verdict = tasks.may("transfer", task, facts)
    if not verdict:
        return verdict
    if Relation.OWNER not in facts.relations and not gone:
        return denied(
            _(
                "The responsible person hands the task over. The head does it only for "
                "somebody who has left or moved to another post."
            )
        )
    if waits:
        return denied(_("A transfer of this task waits for an answer already."))
    return ALLOWED


def may_answer(change: Waiting, person_id: int, status: int) -> Verdict:
    """Whether this person may accept or decline."""
    if change.state != ChangeState.ASKED:
        return denied(
            _("This transfer is %(state)s already.") % {"state": ChangeState(change.state).label}
        )
    if person_id != change.taker_id:
        return denied(_("Only the person the task is handed to can answer."))
    if status not in PERMITS["transfer"].statuses:
        return denied(
            _("The task is %(status)s; it cannot be handed over any more.")
            % {"status": Status(status).label}
        )
    return ALLOWED


def may_withdraw(change: Waiting, person_id: int, owner_id: int | None) -> Verdict:
    """Whether this person may take the request back: who asked, or whose task it is or was."""
    if change.state != ChangeState.ASKED:
        return denied(
            _("This transfer is %(state)s already.") % {"state": ChangeState(change.state).label}
        )
    if person_id not in (change.asked_by_id, change.giver_id, owner_id):
        return denied(_("Only who asked for the transfer, or whose task it is, can withdraw it."))
    return ALLOWED


def taker_stands(
    taker: Present, owner_id: int | None, today: dt.date, *, assesses: bool = False
) -> Verdict:
    """Anybody who is here may take a task; not the one who has it, and nobody who assesses it."""
    if not taker.present_on(today):
        return denied(_("%(person)s has left; choose somebody else.") % {"person": taker.name})
    if taker.pk == owner_id:
        return denied(_("%(person)s is the responsible person already.") % {"person": taker.name})
    if assesses:
        return denied(
            _("%(person)s assesses this task and cannot answer for it as well.")
            % {"person": taker.name}
        )
    return ALLOWED


def reason_stands(reason: str) -> Verdict:
    """A transfer is asked for, and declined, with a reason."""
    if not reason.strip():
        return denied(_("Give the reason."))
    if len(reason) > TEXT_LENGTH:
        return denied(_("Say it in fewer words."))
    return ALLOWED
