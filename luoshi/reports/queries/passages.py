"""Passages of sub-tasks' reports: which may be quoted, what was, how their sources stand since.

passages_of(marks, task, person)  the passages some marks name, as far as they may be quoted
quotations_of(report_ids, …)      what reports quote, each with its source as the reader may see it
passed_over_of(report_ids, …)     problems of sub-tasks that reports leave out
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from luoshi.kit.statements import among, statement
from luoshi.kit.tree import below as under
from luoshi.people.models import Person
from luoshi.reports.models import PassedOver, Quotation, Report
from luoshi.reports.rules import ReportStatus
from luoshi.reports.rules.copying import Mark, mark_of
from luoshi.tasks.models import Task
from luoshi.tasks.queries import visible_keys

#: Texts that tell of a problem.
PROBLEMS = ("p", "h")
#: Reports that can be read and quoted: earlier versions too.
READABLE = (ReportStatus.FILED, ReportStatus.AMENDED)


@dataclass(frozen=True)
class Passage:
    """A passage, with the version of a report it stands in, and how that stands since."""

    mark: Mark
    text: str
    source: Report
    #: The newest version of the source, where it was amended since.
    newest: Report | None = None
    #: Whether the reader may see the task it comes from.
    seen: bool = True

    @property
    def is_amended(self) -> bool:
        return self.source.status == ReportStatus.AMENDED

    @property
    def is_problem(self) -> bool:
        return self.mark.letter in PROBLEMS

    @property
    def task(self) -> Task:
        return self.source.task


def passages_of(
    marks: Iterable[str], task: Task, person: Person, kept: Iterable[Mark] = ()
) -> list[Passage]:
    """The passages of marks as typed, in their order, each once; others are left out.

    Quoted may be what was said on a task further down that the person sees; ``kept`` are passages
    the report quoted before, which stay. Two or three statements.
    """
    wanted = list(dict.fromkeys(filter(None, map(mark_of, marks))))
    if not wanted:
        return []
    rows = Report.objects.filter(
        under(task.path or "", "task__path", including=False),
        pk__in={mark.report for mark in wanted},
        status__in=READABLE,
    ).select_related("by", "task__unit")
    reports = {row.pk: row for row in rows}
    seen = visible_keys([row.task_id for row in reports.values()], person)
    stays = set(kept)
    found = [_passage(mark, reports.get(mark.report)) for mark in wanted]
    passages = [one for one in found if one and (one.source.task_id in seen or one.mark in stays)]
    return _with_standing(passages, seen)


def _passage(mark: Mark, report: Report | None) -> Passage | None:
    if report is None:
        return None
    text = getattr(report, mark.field)
    if mark.until > len(text) or not text[mark.start : mark.until].strip():
        return None
    return Passage(mark, text[mark.start : mark.until], report)


def _with_standing(passages: Sequence[Passage], seen: Iterable[int]) -> list[Passage]:
    """Say of each passage whether its source was amended since, and whether it may be opened."""
    amended = {one.source.task_id for one in passages if one.is_amended}
    newer: dict[int, Report] = {}
    if amended:
        rows = Report.objects.filter(task__in=amended, amends__isnull=False)
        newer = {row.amends_id: row for row in rows if row.amends_id}
    may_open = set(seen)
    return [
        Passage(one.mark, one.text, one.source, _newest(one.source, newer), one.task.pk in may_open)
        for one in passages
    ]


def _newest(report: Report, newer: Mapping[int, Report]) -> Report | None:
    last = None
    while report.pk in newer:
        last = report = newer[report.pk]
    return last


@statement
def _quoted_in(reports: Any) -> QuerySet[Quotation]:
    rows = Quotation.objects.filter(among("report_id", reports))
    return rows.select_related("source__by", "source__task__unit").order_by("report", "order")


@statement
def _passed_over_in(reports: Any) -> QuerySet[PassedOver]:
    rows = PassedOver.objects.filter(among("report_id", reports))
    return rows.select_related("source__task__unit", "source__by")


def quotations_of(report_ids: Iterable[int], person: Person) -> dict[int, list[Passage]]:
    """What each report quotes, in its order; one statement where nothing is quoted, else three."""
    rows = _quoted_in.instances(reports=list(report_ids))
    if not rows:
        return {}
    seen = visible_keys(list({row.source.task_id for row in rows}), person)
    passages = _with_standing([Passage(row.mark, row.text, row.source) for row in rows], seen)
    found: dict[int, list[Passage]] = defaultdict(list)
    for row, passage in zip(rows, passages, strict=True):
        found[row.report_id].append(passage)
    return dict(found)


def marks_of(report: Report) -> list[Mark]:
    """The passages a report quotes."""
    return [row.mark for row in Quotation.objects.filter(report=report)]


def passed_over_of(report_ids: Iterable[int], person: Person) -> dict[int, list[PassedOver]]:
    """Problems reports leave out, as far as the reader may see where they were told."""
    rows = _passed_over_in.instances(reports=list(report_ids))
    if not rows:
        return {}
    seen = visible_keys(list({row.source.task_id for row in rows}), person)
    found: dict[int, list[PassedOver]] = defaultdict(list)
    for row in rows:
        if row.source.task_id in seen:
            found[row.report_id].append(row)
    return dict(found)
