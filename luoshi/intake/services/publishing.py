"""From a checked batch to drafts: all of them or none; and back, while they are untouched."""

import logging

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, RowState, State
from luoshi.intake.rules import permits
from luoshi.intake.rules.drafts import new_tasks
from luoshi.intake.rules.stored import row_from
from luoshi.intake.services.checking import AT_ONCE, into_of, write_again
from luoshi.intake.services.staging import claim, require_import
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.jobs import enqueue
from luoshi.kit.verdict import NotAllowed, Refused, require
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.services.line import person_of
from luoshi.tasks.services.registering import discard_drafts, register_many
from luoshi.trail.services import record

log = logging.getLogger(__name__)
_TAKEN = (RowState.OK, RowState.WARN, RowState.OPEN, RowState.ERROR)


def counts_of(batch: ImportBatch) -> permits.Counts:
    """What the rule about publishing looks at."""
    return permits.Counts(
        tasks=batch.tasks,
        warnings=batch.warnings,
        errors=batch.errors,
        names=queries.open_names(batch).count(),
    )


def publish_batch(batch: ImportBatch, *, by: Actor, rev: int) -> ImportBatch:
    """Import a checked batch as drafts: small ones at once, large ones by the worker.

    Clicking twice imports once: the second finds the batch taken. Raises NotAllowed, Stale,
    Refused.
    """
    require_import(by)
    batch.refresh_from_db()
    if batch.state in (State.PUBLISHING, State.PUBLISHED):
        return batch
    if batch.tasks <= AT_ONCE:
        return publish_here(batch, by=by, rev=rev)
    with transaction.atomic():
        batch = _claim_for_publishing(batch, by, rev)
        enqueue("luoshi.intake.jobs.publish", batch.pk)
    return batch


def publish_here(batch: ImportBatch, *, by: Actor, rev: int | None = None) -> ImportBatch:
    """Import a batch of any size here and now (the command line waits for it)."""
    require_import(by)
    with transaction.atomic():
        batch = _claim_for_publishing(batch, by, rev)
    publish_now(batch)
    batch.refresh_from_db()
    return batch


def _claim_for_publishing(batch: ImportBatch, by: Actor, rev: int | None) -> ImportBatch:
    held = queries.locked(batch)
    checked = held.state in (State.READY, State.FAILED)
    require(permits.may_publish(counts_of(held), checked=checked))
    return claim(
        held,
        rev,
        state=State.PUBLISHING,
        failure="",
        published_by_id=by.id,
        working_since=clock.now(),
        done=0,
    )


def publish_now(batch: ImportBatch) -> bool:
    """Create the drafts of a claimed batch in one transaction, or none and say why.

    Whoever comes second finds the batch published and does nothing. Returns whether it is.
    """
    person = Person.objects.get(pk=batch.published_by_id or batch.by_id)
    try:
        with transaction.atomic():
            held = queries.locked(batch)
            if held.state != State.PUBLISHING:
                return bool(held.state == State.PUBLISHED)
            _create(held, person.actor)
    except (NotAllowed, Refused) as error:
        _fail(batch, str(error))
        return False
    except Exception:
        log.exception("Import %s failed; nothing of it was imported.", batch.pk)
        _fail(batch, _("The system failed while importing; nothing was imported. Try again."))
        return False
    return True


def _create(batch: ImportBatch, by: Actor) -> None:
    rows = list(batch.rows.filter(state__in=_TAKEN).order_by("table", "row"))
    parsed = [(row.table, row_from(row.row, row.kind, row.parsed)) for row in rows]
    tasks = register_many(new_tasks(parsed, into_of(batch)), by=by)
    for row, task in zip(rows, tasks, strict=True):
        row.task = task
    write_again(rows, ["task"])
    ImportBatch.objects.filter(pk=batch.pk).update(
        state=State.PUBLISHED,
        published_at=clock.now(),
        working_since=None,
        tasks=len(tasks),
        done=batch.lines,
    )
    record(batch.ref, "import.publish", by=by, tasks=len(tasks), file=batch.name)


def _fail(batch: ImportBatch, sentence: str) -> None:
    ImportBatch.objects.filter(pk=batch.pk, state=State.PUBLISHING).update(
        state=State.FAILED, failure=sentence, working_since=None
    )


def undo_batch(batch: ImportBatch, *, by: Actor, rev: int) -> ImportBatch:
    """Throw away every draft of an import: few at once, many by the worker.

    Raises NotAllowed once one of them was issued or worked on, Stale if somebody was faster.
    """
    require_import(by)
    with transaction.atomic():
        held = queries.locked(batch)
        _may_undo(held, published=held.state == State.PUBLISHED)
        batch = claim(held, rev, state=State.UNDOING, failure="", working_since=clock.now())
        if batch.tasks > AT_ONCE:
            enqueue("luoshi.intake.jobs.undo", batch.pk, person_of(by).pk)
    if batch.tasks <= AT_ONCE:
        undo_now(batch, by=by)
        batch.refresh_from_db()
    return batch


def _may_undo(batch: ImportBatch, *, published: bool) -> None:
    made = queries.made_by(batch)
    require(permits.may_undo(published=published, issued=made.issued, changed=made.changed))


def undo_now(batch: ImportBatch, *, by: Actor) -> bool:
    """Discard the drafts of a claimed batch in one transaction, or none and say why."""
    try:
        with transaction.atomic():
            held = queries.locked(batch)
            if held.state != State.UNDOING:
                return bool(held.state == State.UNDONE)
            _may_undo(held, published=True)
            tasks = list(Task.objects.filter(batch=held.pk))
            number = discard_drafts(tasks, by=by) if tasks else 0
            ImportBatch.objects.filter(pk=held.pk).update(state=State.UNDONE, working_since=None)
            record(held.ref, "import.undo", by=by, tasks=number)
    except (NotAllowed, Refused) as error:
        _give_back(batch, str(error))
        return False
    except Exception:
        log.exception("Undoing import %s failed; all its tasks are still there.", batch.pk)
        _give_back(batch, _("The system failed; all tasks are still there. Try again."))
        return False
    return True


def _give_back(batch: ImportBatch, sentence: str) -> None:
    ImportBatch.objects.filter(pk=batch.pk, state=State.UNDOING).update(
        state=State.PUBLISHED, failure=sentence, working_since=None
    )


@transaction.atomic
def drop_batch(batch: ImportBatch, *, by: Actor, rev: int) -> ImportBatch:
    """Give up a table that was not imported; it stays in the list, and its file is kept."""
    require_import(by)
    held = queries.locked(batch)
    require(permits.may_change(is_open=held.is_open, state=str(State(held.state).label)))
    held = claim(held, rev, state=State.DROPPED)
    record(held.ref, "import.drop", by=by)
    return held
