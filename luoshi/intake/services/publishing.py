"""From a checked batch to drafts: all of them or none; and back, while they are untouched.

SQLite has one writer, so no transaction lasts longer than a fraction of a second: drafts are
written `STEP` at a time, hidden from everybody, and shown by one update (`tasks.services.hidden`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import connection, transaction
from django.utils.translation import gettext as _

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, ImportRow, RowState, State
from luoshi.intake.rules import permits
from luoshi.intake.rules.drafts import levels_of, new_tasks
from luoshi.intake.rules.stored import row_from
from luoshi.intake.services.checking import AT_ONCE, into_of
from luoshi.intake.services.staging import claim, require_import
from luoshi.intake.services.sweeping import sweep, sweep_if_possible
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.jobs import enqueue
from luoshi.kit.verdict import NotAllowed, Refused, require
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.rules import NewTask
from luoshi.tasks.services.building import Known, known_of, refuse_faults
from luoshi.tasks.services.hidden import hide_drafts, show_drafts, write_hidden
from luoshi.tasks.services.line import person_of
from luoshi.tasks.services.registering import may_register
from luoshi.trail.services import record

log = logging.getLogger(__name__)
#: Drafts written in one transaction.
STEP = 100
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
    """Create the drafts of a claimed batch, all of them or none, and say why not.

    They are written in short steps, hidden, and shown in one. Whoever comes after somebody who died
    goes on where they stopped; whoever comes second finds the batch published and does nothing.
    Returns whether it is.
    """
    person = Person.objects.get(pk=batch.published_by_id or batch.by_id)
    try:
        sweep(batch, by=person.actor)
        _write(batch, person.actor)
        return _show(batch, person.actor)
    except (NotAllowed, Refused) as error:
        _fail(batch, str(error))
    except Exception:
        log.exception("Import %s failed; nothing of it was imported.", batch.pk)
        _fail(batch, _("The system failed while importing; nothing was imported. Try again."))
    sweep_if_possible(batch, by=person.actor)
    return False


def _write(batch: ImportBatch, by: Actor) -> None:
    """Write the rows that have no draft yet, level by level and some at a time."""
    rows = list(batch.rows.filter(state__in=_TAKEN).order_by("table", "row"))
    new = new_tasks(
        [(row.table, row_from(row.row, row.kind, row.parsed)) for row in rows], into_of(batch)
    )
    person = person_of(by)
    require(may_register(person))
    refuse_faults(new, person=person)
    levels = levels_of([row.parent_index for row in new])
    if sum(map(len, levels)) < len(new):
        raise Refused(_("The numbering of the tasks goes round in a circle."))
    work = _Work(batch, rows, new, known_of(new), by)
    for level in levels:
        for start in range(0, len(level), STEP):
            work.step(level[start : start + STEP])


@dataclass
class _Work:
    """What the steps of writing a batch share. ``made``: drafts by the place of their row."""

    batch: ImportBatch
    rows: list[ImportRow]
    new: list[NewTask]
    known: Known
    by: Actor
    made: dict[int, Task] = field(default_factory=dict)

    def step(self, places: Sequence[int]) -> None:
        """Write the drafts of some rows, except those an earlier worker wrote. One transaction."""
        with transaction.atomic():
            if queries.locked(self.batch).state != State.PUBLISHING:
                return
            self._take_over(places)
            todo = [place for place in places if place not in self.made]
            above = [self._parent(place) for place in todo]
            rows = [replace(self.new[place], parent_index=None) for place in todo]
            for place, task in zip(
                todo, write_hidden(rows, above, self.known, by=self.by), strict=True
            ):
                self.made[place] = self.rows[place].task = task
            _note_tasks([self.rows[place] for place in todo])
            ImportBatch.objects.filter(pk=self.batch.pk).update(
                done=len(self.made), working_since=clock.now()
            )

    def _take_over(self, places: Sequence[int]) -> None:
        """Know the drafts of rows that were written before."""
        keys = {self.rows[place].pk: place for place in places}
        found = self.batch.rows.filter(pk__in=keys, task__isnull=False).select_related("task")
        self.made |= {keys[row.pk]: row.task for row in found if row.task}

    def _parent(self, place: int) -> Task | None:
        above = self.new[place].parent_index
        return None if above is None else self.made[above]


def _note_tasks(rows: Sequence[ImportRow]) -> None:
    """Keep with each row the draft it became."""
    table = connection.ops.quote_name(ImportRow._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET task_id = %s WHERE id = %s",
            [(row.task_id, row.pk) for row in rows],
        )


@transaction.atomic
def _show(batch: ImportBatch, by: Actor) -> bool:
    """The one step everybody sees: hidden drafts become drafts. Whether the batch is published."""
    held = queries.locked(batch)
    if held.state != State.PUBLISHING:
        return bool(held.state == State.PUBLISHED)
    number = show_drafts(held.pk)
    ImportBatch.objects.filter(pk=batch.pk).update(
        state=State.PUBLISHED,
        published_at=clock.now(),
        working_since=None,
        tasks=number,
        done=batch.lines,
    )
    record(batch.ref, "import.publish", by=by, tasks=number, file=batch.name)
    return True


@transaction.atomic
def _fail(batch: ImportBatch, sentence: str) -> None:
    """Give the batch back; what was written of it belongs to no row any more (see `sweep`)."""
    if queries.locked(batch).state == State.PUBLISHING:
        batch.rows.filter(task__isnull=False).update(task=None)
        ImportBatch.objects.filter(pk=batch.pk).update(
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
    """Throw the drafts of a claimed batch away, all of them or none, and say why not.

    One short step takes them out of sight; then they are deleted some at a time.
    """
    try:
        with transaction.atomic():
            held = queries.locked(batch)
            if held.state != State.UNDOING:
                return bool(held.state == State.UNDONE)
            _may_undo(held, published=True)
            number = hide_drafts(held.pk)
            held.rows.filter(task__isnull=False).update(task=None)
            ImportBatch.objects.filter(pk=held.pk).update(state=State.UNDONE, working_since=None)
            record(held.ref, "import.undo", by=by, tasks=number)
    except (NotAllowed, Refused) as error:
        _give_back(batch, str(error))
        return False
    except Exception:
        log.exception("Undoing import %s failed; all its tasks are still there.", batch.pk)
        _give_back(batch, _("The system failed; all tasks are still there. Try again."))
        return False
    sweep_if_possible(batch, by=by)
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
