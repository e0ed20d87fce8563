"""Long work of the import: checking and publishing large tables, and freeing stuck ones."""

import datetime as dt

from luoshi.intake import queries
from luoshi.intake.models import ChangeList, ChangeState, ImportBatch, State
from luoshi.intake.services.changing import take_over_now
from luoshi.intake.services.checking import check_now
from luoshi.intake.services.freeing import free_batch
from luoshi.intake.services.publishing import publish_now, undo_now
from luoshi.intake.services.sweeping import sweep_all
from luoshi.kit import clock
from luoshi.people.models import Person

#: A job is killed after two minutes and done again after five; later than that nobody is at it.
STUCK_AFTER = dt.timedelta(minutes=30)


def check(batch_id: int) -> None:
    """Check a batch. Idempotent: a batch that is not being checked is left alone."""
    batch = ImportBatch.objects.filter(pk=batch_id, state=State.CHECKING).first()
    if batch is not None:
        check_now(batch)


def publish(batch_id: int) -> None:
    """Publish a claimed batch. Idempotent: one that is published already is left alone."""
    batch = ImportBatch.objects.filter(pk=batch_id, state=State.PUBLISHING).first()
    if batch is not None:
        publish_now(batch)


def undo(batch_id: int, person_id: int) -> None:
    """Undo a claimed batch. Idempotent: one that is undone already is left alone."""
    batch = ImportBatch.objects.filter(pk=batch_id, state=State.UNDOING).first()
    if batch is not None:
        undo_now(batch, by=Person.objects.get(pk=person_id).actor)


def take_over(list_id: int) -> None:
    """Take over the ticked rows of an edited list. Idempotent: each row is taken over once."""
    table = ChangeList.objects.filter(pk=list_id).first()
    if table is not None:
        take_over_now(table)


def free_stuck() -> None:
    """Give batches back whose work ended without a word, and delete what failed attempts left."""
    for batch in queries.stuck_before(clock.now() - STUCK_AFTER):
        free_batch(batch)
    sweep_all()
    for table in ChangeList.objects.filter(rows__state=ChangeState.CHOSEN).distinct():
        take_over_now(table)
