"""Batches whose check or publishing died with its worker."""

from django.utils.translation import gettext as _

from luoshi.intake.models import ImportBatch, State

_BACK_TO = {
    State.CHECKING: State.STAGED,
    State.PUBLISHING: State.FAILED,
    State.UNDOING: State.PUBLISHED,
}


def free_batch(batch: ImportBatch) -> None:
    """Let the clerk try again; nothing was imported, because publishing is one transaction."""
    ImportBatch.objects.filter(pk=batch.pk, state=batch.state).update(
        state=_BACK_TO[State(batch.state)],
        failure=_("The work was interrupted and nothing was changed. Try again."),
        working_since=None,
    )
