"""Batches whose check or publishing died with its worker."""

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, State

_BACK_TO = {
    State.CHECKING: State.STAGED,
    State.PUBLISHING: State.FAILED,
    State.UNDOING: State.PUBLISHED,
}


@transaction.atomic
def free_batch(batch: ImportBatch) -> None:
    """Let the clerk try again; nothing was imported, because nothing of it was shown yet."""
    if queries.locked(batch).state != batch.state:
        return
    if batch.state == State.PUBLISHING:
        batch.rows.filter(task__isnull=False).update(task=None)
    ImportBatch.objects.filter(pk=batch.pk).update(
        state=_BACK_TO[State(batch.state)],
        failure=_("The work was interrupted and nothing was changed. Try again."),
        working_since=None,
    )
