"""Count once a night how timely every unit is, for houses in which it takes seconds (EVA-11)."""

import datetime as dt

from django.db import transaction

from luoshi.assessment.models import Kept
from luoshi.assessment.queries import timeliness
from luoshi.assessment.rules import KeptKind
from luoshi.kit import clock


def keep() -> int:
    """Count this year, and until March the last one. Returns how many rows are kept."""
    today = clock.today()
    years = [today.year] if today.month > 3 else [today.year, today.year - 1]
    return sum(_keep(year, today) for year in years)


def _keep(year: int, day: dt.date) -> int:
    """One year. Counted outside the transaction, which then only replaces some rows."""
    counted = {
        KeptKind.REPORTS: timeliness.report_tallies(timeliness.dues_of_year(year), day),
        KeptKind.DIAGNOSES: timeliness.diagnosis_tallies(lambda tasks: tasks, year, day),
    }
    rows = [
        Kept(
            kind=kind,
            year=year,
            month=month,
            unit_id=unit_id,
            on_time=told.on_time,
            late=told.late,
            missing=told.missing,
            day=day,
        )
        for kind, tallies in counted.items()
        for (unit_id, month), told in tallies.items()
    ]
    with transaction.atomic():
        Kept.objects.filter(year=year).delete()
        Kept.objects.bulk_create(rows, batch_size=1000)
    return len(rows)
