"""What a report takes over from sub-tasks' reports, and what it leaves out (RPT-3).

below(task, person, since)    what was said below: texts to copy from, new problems
look(task, person, texts, …)  a report as it stands, measured against it: while typing and at filing
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from luoshi.people.models import Person
from luoshi.reports.models import Quotation, Report
from luoshi.reports.queries.news import children_of
from luoshi.reports.queries.passages import PROBLEMS, READABLE, Passage, passages_of
from luoshi.reports.rules import ReportStatus
from luoshi.reports.rules.copying import (
    LETTERS,
    Copying,
    Mark,
    Problem,
    measure,
    passed_over,
    says_nothing,
)
from luoshi.tasks.models import Task

#: Reports of sub-tasks, earlier versions included, that a text is compared with; newest first.
COMPARED = 400


# ── what filing looks at ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Below:
    """What was said on sub-tasks: texts one may have copied from, problems told since.

    ``free``: texts of the task itself and of its sub-tasks' titles; they are nobody's words.
    """

    texts: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    free: list[str] = field(default_factory=list)


def below(task: Task, person: Person, since: dt.datetime | None) -> Below:
    """Reports on sub-tasks the person may see; the problems of those that came after ``since``.

    At most four statements; none for a task without sub-tasks.
    """
    if not task.children_count:
        return Below()
    children = children_of([task.pk], person).get(task.pk, [])
    by_key = {child.pk: child for child in children}
    rows = Report.objects.filter(task__in=by_key, status__in=READABLE).select_related("by")
    reports = list(rows[:COMPARED])
    for report in reports:
        report.task = by_key[report.task_id]
    fresh = [row for row in reports if row.status == ReportStatus.FILED and _is_new(row, since)]
    return Below(
        texts=[text for report in reports for text in texts_of(report).values()],
        problems=problems_of(fresh, quoted_problems(fresh)),
        free=[
            *(task.title, task.details, task.standard),
            *(child.title for child in children),
        ],
    )


def _is_new(report: Report, since: dt.datetime | None) -> bool:
    return since is None or report.at > since


def texts_of(report: Report) -> dict[str, str]:
    """What a report says, by the letter of each text; empty ones are left out."""
    found = {letter: getattr(report, name) for letter, name in LETTERS.items()}
    return {letter: text for letter, text in found.items() if text}


def quoted_problems(reports: Sequence[Report]) -> dict[int, list[Quotation]]:
    """Problems these reports took over from further below, by report."""
    found: dict[int, list[Quotation]] = defaultdict(list)
    keys = [report.pk for report in reports if report.copied is not None]
    if keys:
        rows = Quotation.objects.filter(report__in=keys, letter__in=PROBLEMS)
        for row in rows.select_related("source__task__unit", "source__by"):
            found[row.report_id].append(row)
    return found


@dataclass(frozen=True)
class Told:
    """Where a problem was told: the report, and the passage that takes it over."""

    report: Report
    mark: Mark


def problems_of(
    reports: Sequence[Report], taken: Mapping[int, Sequence[Quotation]]
) -> list[Problem]:
    """Problems and requests for help that reports tell, also those they quote from below."""
    found: dict[str, Problem] = {}
    for report in reports:
        passages = [(Mark(report.pk, x, 0, len(t)), t, report) for x, t in texts_of(report).items()]
        passages += [(row.mark, row.text, row.source) for row in taken.get(report.pk, ())]
        for mark, text, source in passages:
            if mark.letter in PROBLEMS and not says_nothing(text):
                found.setdefault(mark.problem, Problem(mark.problem, text, Told(source, mark)))
    return list(found.values())


# ── a report as it stands ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Look:
    """A report looked at: what it quotes, how much is copied, which problems it passes over.

    ``copying`` is None where there is nothing below to copy from.
    """

    passages: Sequence[Passage] = ()
    copying: Copying | None = None
    passed_over: Sequence[Problem] = ()


def look(
    task: Task,
    person: Person,
    texts: Collection[str],
    *,
    since: dt.datetime | None,
    quotes: Sequence[str] = (),
    kept: Iterable[Mark] = (),
    known: Below | None = None,
) -> Look:
    """Measure a report as typed; at most eight statements, none for a task without sub-tasks.

    ``quotes`` are marks as typed, ``kept`` those of the version it amends; ``since``: from when on
    problems of sub-tasks are news; ``known``: what was said below, where it is at hand.
    """
    if not task.children_count and not quotes:
        return Look()
    passages = passages_of(quotes, task, person, kept)
    known = known or below(task, person, since)
    words = [text for text in texts if text]
    copying = measure(words, [one.text for one in passages], known.texts, known.free)
    quoted = {one.mark.problem for one in passages}
    return Look(passages, copying, passed_over(known.problems, words, quoted))
