"""Batches whose check or publishing died with its worker."""

from django.utils.translation import gettext as _

from luoshi.intake.models import ImportBatch, State


def free_batch(batch: ImportBatch) -> None:
    """Let the clerk try again; nothing was imported, because publishing is one transaction."""
    ImportBatch.objects.filter(pk=batch.pk, state=batch.state).update(
        state=State.FAILED if batch.state == State.PUBLISHING else State.STAGED,
        failure=_("The work was interrupted; nothing was imported. Try again."),
        working_since=None,
    )
