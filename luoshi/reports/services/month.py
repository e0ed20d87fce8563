"""Filing rows of the page of the month (RPT-5): each in a transaction of its own."""

from collections.abc import Mapping
from typing import Any

from luoshi.kit.once import SentBefore
from luoshi.people.models import Person
from luoshi.reports.models import Report
from luoshi.reports.queries.month import Line, path_of
from luoshi.reports.rules import ReportKind
from luoshi.reports.rules.copying import LETTERS
from luoshi.reports.services import submit_report


def file_row(
    line: Line, typed: Mapping[str, Any], *, person: Person, kind: str, rev: int | None
) -> Report:
    """File one row as its reporter typed it; the draft of the row goes with it.

    The same key again returns the report it made; the same key with another text is another thing
    and raises SentBefore. Raises NotAllowed, Refused, Stale as `submit_report` does; nothing is
    written then, and no other row is touched.
    """
    report = submit_report(
        task=line.task,
        by=person.actor,
        person=person,
        kind=ReportKind.RESULT if line.is_result else kind,
        counting=line.due.counting if line.is_result else None,
        rev=rev,
        draft=path_of(line),
        **typed,
    )
    if not _says(report, typed):
        raise SentBefore
    return report


def _says(report: Report, typed: Mapping[str, Any]) -> bool:
    """Whether a report says what was typed; one found by its key may say something else."""
    known = (name for name in LETTERS.values() if name in typed)
    texts = all(getattr(report, name) == typed[name].strip() for name in known)
    same = texts and report.unchanged == typed.get("unchanged", False)
    progress = typed.get("progress")
    return same and (progress is None or report.progress == progress)
