"""Many drafts in short steps that nobody sees half-done: written hidden, shown in one step.

A table of thousands of rows takes seconds to write, and SQLite has one writer. So its drafts are
written some at a time with the status `lifecycle.HIDDEN`, which no list, page or verb finds, and
then shown by one update; taken back the same way, the other way round.
"""

from collections.abc import Sequence

from django.db import transaction

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.tree import plant_many
from luoshi.search.services import remove_many
from luoshi.tasks.lifecycle import HIDDEN, Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import hidden_drafts
from luoshi.tasks.rules import NewTask
from luoshi.tasks.services.building import Known, built, count_children, note_registered
from luoshi.trail.services import record_many


@transaction.atomic
def write_hidden(
    rows: Sequence[NewTask], above: Sequence[Task | None], known: Known, *, by: Actor
) -> list[Task]:
    """Write drafts nobody sees, each below the hidden one given for it.

    The caller has asked `building.refuse_faults` and whether the person may register.
    """
    now = clock.now()
    tasks = [built(row, parent, known, by, now) for row, parent in zip(rows, above, strict=True)]
    for task in tasks:
        task.status = HIDDEN
    Task.objects.bulk_create(tasks, batch_size=500)
    plant_many(tasks)
    count_children(tasks, None)
    note_registered(tasks, rows, known, "task.register", by)
    return tasks


def show_drafts(batch: int) -> int:
    """Make the hidden drafts of an import drafts like any other; how many there are."""
    return hidden_drafts(batch).update(status=Status.DRAFT)


def hide_drafts(batch: int) -> int:
    """Take the drafts of an import out of everybody's sight; how many there were."""
    return Task.objects.filter(batch=batch, status=Status.DRAFT).update(status=HIDDEN)


@transaction.atomic
def throw_away(tasks: Sequence[Task], *, by: Actor) -> None:
    """Delete drafts that are to vanish, and tell the trail; those below others come first."""
    keys = [task.pk for task in tasks]
    record_many([(t.ref, {"title": t.title}) for t in tasks], "task.discard", by=by)
    remove_many("task", keys)
    for depth in sorted({task.depth for task in tasks}, reverse=True):
        Task.objects.filter(pk__in=keys, depth=depth).delete()
