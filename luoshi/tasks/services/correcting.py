"""Correcting an issued task: what was written wrong, by who issued it, with a reason, on record.

A due date moves by an extension and a responsible person changes by a transfer; neither is a
correction (ADR 3).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused, Stale, require
from luoshi.measures.rules import Urgency
from luoshi.notices.services import notify
from luoshi.search.services import put_many
from luoshi.tasks import queries, rules
from luoshi.tasks.models import Counting, Part, Role, Task
from luoshi.tasks.services.line import handlers, require_may
from luoshi.trail.services import record


@transaction.atomic
def correct(
    task: Task, values: Mapping[str, Any], *, by: Actor, rev: int, reason: str, origin: str = ""
) -> Task:
    """Write other values into fields of `rules.CORRECTED`; whoever works on the task is told.

    Raises NotAllowed, Stale if the task was changed since ``rev``, or Refused naming the field.
    Without a difference nothing is written.
    """
    task = queries.locked(task)
    require_may("correct", task, by)
    if task.rev != rev:
        raise Stale(task.ref)
    require(rules.correctable(values))
    changed = {
        name: [_short(getattr(task, name)), _short(value)]
        for name, value in values.items()
        if getattr(task, name) != value
    }
    if not changed:
        return task
    for name, value in values.items():
        setattr(task, name, value)
    _refuse(task, reason)
    task.rev = rev + 1
    task.save(update_fields=[*values, "rev"])
    if "points" in changed:
        Counting.objects.filter(task=task, home=True).update(points=task.points)
    told = {"from": origin} if origin else {}
    record(task.ref, "task.correct", by=by, changed=changed, reason=reason, **told)
    put_many([("task", task.pk, task.pk, task.year, queries.search_text(task))])
    notify(_concerned(task), "task.correct", about=task.ref, title=task.title, by=by, reason=reason)
    return task


def _refuse(task: Task, reason: str) -> None:
    """Raise Refused where what is typed cannot stand."""
    if task.urgency not in Urgency.values:
        raise Refused(str(rules.unknown_urgency()), "urgency")
    faults = rules.correction_faults(task, queries.requirements(queries.measure_for(task)), reason)
    for fault in faults:
        raise Refused(fault.reason, fault.field)


def _concerned(task: Task) -> set[int]:
    """Whoever works on the task, and who assesses it."""
    rows = Part.objects.filter(task=task, role=Role.ASSESSOR).exclude(person=None)
    return handlers(task) | {pk for pk in rows.values_list("person_id", flat=True) if pk}


def _short(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return "" if value is None else str(value)[:80]
