"""Signing for tasks and refusing them; each addressee answers for itself (S3-3.1)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused, Stale
from luoshi.measures.models import Measure
from luoshi.measures.rules import OnSilence
from luoshi.notices.services import notify
from luoshi.periods.queries import workdays_between
from luoshi.tasks import kinds, queries
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.services.line import handlers, move, person_of, require_may
from luoshi.trail.services import record


def _own_parts(task: Task, by: Actor) -> list[Part]:
    return queries.unsigned_parts(task, person_of(by))


@transaction.atomic
def sign(task: Task, *, by: Actor) -> None:
    """Sign for a task; the lead's signature starts the work (S3-3.1)."""
    task = queries.locked(task)
    require_may("sign", task, by)
    parts = _own_parts(task, by)
    keys = [part.pk for part in parts]
    changed = Part.objects.filter(pk__in=keys, signed_at=None, refused_at=None).update(
        signed_at=clock.now(), signed_by_id=by.id
    )
    if not changed:
        raise Stale(task.ref)
    if task.status == Status.ISSUED and any(part.role == Role.LEAD for part in parts):
        move(task, "sign", by=by)
    else:
        record(task.ref, "task.sign", by=by)
    notify([task.creator_id], "task.sign", about=task.ref, title=task.title, by=by)


@transaction.atomic
def refuse(task: Task, *, by: Actor, reason: str) -> None:
    """Refuse a task with a reason; the lead's refusal sends it back to its creator."""
    task = queries.locked(task)
    require_may("refuse", task, by)
    if not reason.strip():
        raise Refused(_("Say why you refuse."), "reason")
    parts = _own_parts(task, by)
    Part.objects.filter(pk__in=[part.pk for part in parts]).update(
        refused_at=clock.now(), reason=reason
    )
    if any(part.role == Role.LEAD for part in parts):
        columns = {"refusals": task.refusals + 1, "refusal": reason}
        move(task, "refuse", by=by, reason=reason, columns=columns)
        kinds.tell("ended", [task], by)
    else:
        record(task.ref, "task.refuse", by=by, reason=reason)
    notify([task.creator_id], "task.refuse", about=task.ref, title=task.title, by=by)


@transaction.atomic
def settle_silence(task: Task, *, by: Actor) -> bool:
    """Nobody signed in time: what that means is the measure's word. Returns whether it was due.

    ``accepted`` counts as signed by all; ``ask`` reminds the creator, once.
    """
    task = queries.locked(task)
    measure = task.measure
    if task.status != Status.ISSUED or measure is None or not _silent_too_long(task, measure):
        return False
    if measure.on_silence == OnSilence.ACCEPTED:
        rows = Part.objects.filter(task=task, must_sign=True, signed_at=None, refused_at=None)
        rows.update(signed_at=clock.now())
        move(task, "sign", by=by, silence=True)
        notify(handlers(task), "task.silence", about=task.ref, title=task.title, by=by)
    else:
        key = f"{task.ref}/{task.refusals}"
        notify([task.creator_id], "task.unsigned", about=task.ref, title=task.title, by=by, key=key)
    return True


def _silent_too_long(task: Task, measure: Measure) -> bool:
    """Whether the days to sign are over, counted from the day after issue."""
    if measure.sign_days is None or task.issued_at is None:
        return False
    issued, today = timezone.localtime(task.issued_at).date(), clock.today()
    if not measure.working_days:
        return (today - issued).days > measure.sign_days
    return workdays_between(issued, today) > measure.sign_days
