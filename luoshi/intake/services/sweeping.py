"""Hidden drafts that belong to no row of their import: what an attempt that failed left behind."""

import logging

from django.db import transaction

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch
from luoshi.kit.actor import SYSTEM, Actor
from luoshi.tasks.services.hidden import throw_away

log = logging.getLogger(__name__)
STEP = 100


def sweep(batch: ImportBatch, *, by: Actor) -> int:
    """Delete them, some at a time; how many there were. Nobody ever saw them, or sees them now."""
    number = 0
    while True:
        with transaction.atomic():
            queries.locked(batch)
            left = queries.left_behind(batch, STEP)
            if left:
                throw_away(left, by=by)
        number += len(left)
        if len(left) < STEP:
            return number


def sweep_if_possible(batch: ImportBatch, *, by: Actor) -> None:
    """Delete them now, or leave it to `sweep_all`: nothing hangs on it."""
    try:
        sweep(batch, by=by)
    except Exception:
        log.exception("Hidden drafts of import %s are still there; they are tried again.", batch.pk)


def sweep_all() -> None:
    """Delete what attempts that failed or died left behind, of any import."""
    for batch in queries.with_hidden_drafts():
        sweep_if_possible(batch, by=SYSTEM)
