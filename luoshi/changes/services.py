"""Every write to changes of tasks.

ask_transfer                       one or several tasks to one person
accept_transfer, decline_transfer  by that person; several at once
withdraw_transfer                  by who asked
void_transfers                     the task ended meanwhile
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from luoshi.changes import queries, rules
from luoshi.changes.models import Change
from luoshi.changes.rules import ChangeKind, ChangeState
from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM, Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require, stands
from luoshi.notices.services import Note, notify_many
from luoshi.people.models import Person
from luoshi.people.services.keeping import pass_on_drafts
from luoshi.tasks.lifecycle import PERMITS
from luoshi.tasks.models import Role, Task
from luoshi.tasks.queries import locked
from luoshi.tasks.services.handing_over import dismiss, hand_over
from luoshi.tasks.services.line import id_of, person_of
from luoshi.tasks.services.taking_part import admit
from luoshi.trail.services import record

#: More messages of one act than these are told to somebody as one.
FEW = 3


class _Heard(NamedTuple):
    """Who hears of which transfer."""

    person_id: int | None
    change: Change
    kind: str


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_transfer(
    tasks: Sequence[Task], to: Person, reason: str, *, by: Actor, key: str | None = None
) -> list[Change]:
    """Ask somebody to take over tasks: all of them are asked for, or none (TSK-4).

    By the responsible person; by the head of the unit or the office for somebody who left or moved
    on. Whoever hands a task to themselves has it at once. The same ``key`` again returns what it
    made. Raises NotAllowed, Refused.
    """
    hold(key)
    if known := _of_key(key):
        return known
    if not tasks:
        raise Refused(_("Tick the tasks to be handed over first."), "task")
    if len(tasks) > queries.MOST_TASKS:
        raise Refused(
            _("Hand over %(most)s tasks at most at once.") % {"most": queries.MOST_TASKS}, "task"
        )
    stands(rules.reason_stands(reason), "reason")
    person = person_of(by)
    made = [
        _ask(locked(task), to, reason.strip(), person, by, key)
        for task in sorted(tasks, key=lambda task: task.pk)
    ]
    if to.pk == by.id:
        for change in made:
            _take(change, by)
        _tell_answer(made, "accept", by)
    else:
        told = [heard for change in made for heard in _asked(change, by)]
        _tell(told, "change.ask_many", by)
    return made


def _of_key(key: str | None) -> list[Change]:
    """What this form made before (double click)."""
    if not key:
        return []
    return list(queries.transfers().filter(key__startswith=f"{key}-").order_by("pk"))


def _ask(task: Task, to: Person, reason: str, person: Person, by: Actor, key: str | None) -> Change:
    require(queries.may_ask(task, person, queries.waiting_on(task)))
    _refuse_taker(task, to, "to")
    new = admit(task, [to.pk], Role.ADMITTED, by=by)
    change = Change.objects.create(
        kind=ChangeKind.TRANSFER,
        task=task,
        giver_id=task.owner_id or person.pk,
        taker=to,
        reason=reason,
        asked_by_id=id_of(by),
        asked_at=clock.now(),
        admitted=bool(new),
        key=f"{key}-{task.pk}" if key else None,
    )
    record(task.ref, "change.ask_transfer", by=by, change=change.pk, to=to.pk, reason=change.reason)
    return change


def _refuse_taker(task: Task, taker: Person, field: str | None = None) -> None:
    """Raise Refused where this person cannot take the task."""
    assesses = queries.assesses(taker, task)
    stands(rules.taker_stands(taker, task.owner_id, clock.today(), assesses=assesses), field)


def _asked(change: Change, by: Actor) -> Iterable[_Heard]:
    """The taker is asked; the giver hears of it where somebody else asked."""
    own = change.giver_id == by.id
    yield _Heard(change.taker_id, change, "change.ask_transfer" if own else "change.ask_for_other")
    if not own:
        yield _Heard(change.giver_id, change, "change.asked_for_you")


# ── answering ────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def accept_transfer(changes: Sequence[Change], *, by: Actor, opinion: str = "") -> int:
    """Take the tasks over: everything open goes with them. Returns how many.

    What was accepted before (double click) is passed by. Raises NotAllowed, Refused, Stale; then
    nothing is written.
    """
    _refuse_long(opinion)
    taken = [
        change
        for change in sorted(changes, key=lambda row: row.pk)
        if _take(change, by, opinion.strip())
    ]
    _tell_answer(taken, "accept", by)
    return len(taken)


def _take(change: Change, by: Actor, opinion: str = "") -> bool:
    """Take one task over. False if this person has done so already."""
    task, change = _held(change)
    if change.state == ChangeState.ACCEPTED and change.taker_id == by.id:
        return False
    giver, taker = change.giver, person_of(by)
    require(rules.may_answer(change, taker.pk, task.status))
    if giver is None or task.owner_id != giver.pk:
        raise Refused(
            _("“%(title)s” has another responsible person by now; this transfer has no object.")
            % {"title": task.title}
        )
    _refuse_taker(task, taker)
    _decide(change, ChangeState.ACCEPTED, by, opinion)
    hand_over(task, taker, by=by)
    pass_on_drafts(giver, taker, front=forms_of(task))
    record(task.ref, "change.accept_transfer", by=by, change=change.pk)
    return True


def forms_of(task: Task) -> str:
    """Path below which the forms of a task lie; drafts are kept by the path of their form."""
    return reverse("tasks:edit", args=[task.pk]).removesuffix("edit/")


@transaction.atomic
def decline_transfer(changes: Sequence[Change], *, by: Actor, opinion: str) -> int:
    """Do not take the tasks over, with the reason; they stay where they are. Returns how many."""
    stands(rules.reason_stands(opinion), "opinion")
    declined = [
        change
        for change in sorted(changes, key=lambda row: row.pk)
        if _decline(change, by, opinion.strip())
    ]
    _tell_answer(declined, "decline", by)
    return len(declined)


def _decline(change: Change, by: Actor, opinion: str) -> bool:
    task, change = _held(change)
    if change.state == ChangeState.DECLINED and change.taker_id == by.id:
        return False
    require(rules.may_answer(change, id_of(by), task.status))
    _decide(change, ChangeState.DECLINED, by, opinion)
    _send_out(change, by)
    record(task.ref, "change.decline_transfer", by=by, change=change.pk, reason=opinion)
    return True


@transaction.atomic
def withdraw_transfer(change: Change, *, by: Actor) -> None:
    """Take the request back while nobody has answered."""
    task, change = _held(change)
    if change.state == ChangeState.WITHDRAWN:
        return
    require(rules.may_withdraw(change, id_of(by), task.owner_id))
    _decide(change, ChangeState.WITHDRAWN, by)
    _send_out(change, by)
    record(task.ref, "change.withdraw_transfer", by=by, change=change.pk)
    _tell([_Heard(change.taker_id, change, "change.withdraw_transfer")], "", by)


def void_transfers(tasks: Sequence[Task], *, by: Actor) -> None:
    """The tasks ended: what nobody has answered yet is off, unless it can still be handed over."""
    rows = queries.transfers().filter(task__in=[task.pk for task in tasks], state=ChangeState.ASKED)
    for change in rows.exclude(task__status__in=PERMITS["transfer"].statuses):
        _decide(change, ChangeState.WITHDRAWN, SYSTEM)
        record(change.task.ref, "change.withdraw_transfer", by=by, change=change.pk)


def _held(change: Change) -> tuple[Task, Change]:
    """Task and change as they stand now, held until the transaction ends."""
    task = locked(change.task)
    return task, queries.transfers().get(pk=change.pk)


def _decide(change: Change, state: ChangeState, by: Actor, opinion: str = "") -> None:
    """Raises Stale where somebody else was faster."""
    decided = {
        "state": state,
        "decided_by_id": by.id,
        "decided_at": clock.now(),
        "opinion": opinion,
    }
    if not Change.objects.filter(pk=change.pk, state=ChangeState.ASKED).update(**decided):
        raise Stale(change.task.ref)
    vars(change).update(decided)


def _send_out(change: Change, by: Actor) -> None:
    """Whoever saw the task only because they were asked does not see it any more."""
    if change.admitted and change.taker_id:
        dismiss(change.task, change.taker_id, Role.ADMITTED, by=by)


def _refuse_long(opinion: str) -> None:
    if len(opinion) > rules.TEXT_LENGTH:
        raise Refused(_("Say it in fewer words."), "opinion")


# ── telling ──────────────────────────────────────────────────────────────────────────────────────


def _tell_answer(changes: Sequence[Change], verb: str, by: Actor) -> None:
    """The one whose task it is or was, who asked, and, of what was accepted, the creator hear."""
    told = []
    for row in queries.transfers().filter(pk__in=[c.pk for c in changes]).select_related("task"):
        people = {row.giver_id, row.asked_by_id}
        if verb == "accept":
            people.add(row.task.creator_id)
        told += [_Heard(pk, row, f"change.{verb}_transfer") for pk in people]
    _tell(told, f"change.{verb}_many", by)


def _tell(told: Iterable[_Heard], together: str, by: Actor) -> None:
    """A message each; of more than a few to the same person one message for all of them."""
    by_person: dict[int, list[_Heard]] = defaultdict(list)
    for heard in told:
        if heard.person_id:
            by_person[heard.person_id].append(heard)
    notes: list[Note] = []
    for person_id, rows in by_person.items():
        if len(rows) > FEW and together:
            first = rows[0].change
            words = {"n": len(rows), "opinion": first.opinion}
            notes.append(Note([person_id], together, first.ref, first.task.title, by, data=words))
        else:
            notes += [_note(heard, person_id, by) for heard in rows]
    notify_many(notes)


def _note(heard: _Heard, person_id: int, by: Actor) -> Note:
    change = heard.change
    words = {
        "giver": change.giver.name if change.giver else "",
        "taker": change.taker.name if change.taker else "",
        "opinion": change.opinion,
    }
    return Note([person_id], heard.kind, change.task.ref, change.task.title, by, data=words)
