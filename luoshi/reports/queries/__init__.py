"""What was said about tasks, what is still owed, and what a reporter may draw on.

ground_for(task)                 what the rules need to know of a task's reports
story_of(task), panel(...)       the story of a task: reports, their versions, what is missing
latest_of(tasks)                 the newest report of each task
children_news(task, person)      what sub-tasks reported last, with their evidence (RPT-3)
dues_of(task), due_rows(person)  what is owed, and how it stands
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from luoshi.files.queries import Row, attachments_of, attachments_of_all
from luoshi.kit import clock
from luoshi.kit.statements import statement
from luoshi.kit.verdict import Verdict
from luoshi.measures.models import Measure
from luoshi.people.models import Person
from luoshi.reports import rules
from luoshi.reports.models import Due, PassedOver, Report
from luoshi.reports.queries.passages import Passage, passed_over_of, quotations_of
from luoshi.reports.rules import DueKind, DueState, ReportKind, ReportStatus
from luoshi.search.kinds import Row as TextRow
from luoshi.tasks.lifecycle import PERMITS, Status
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.queries import SCOPES, measure_for, tasks_visible_to, visible_among
from luoshi.tasks.rules import Facts, may

#: Days before a period begins from which its report is shown as coming.
AHEAD = 7
#: No report's period stays open longer than this after its day (grace included), in days.
LONGEST = 200


def day_of(moment: dt.datetime) -> dt.date:
    """The day of a moment where the institution is."""
    return timezone.localtime(moment).date()


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


def reports_visible_to(person: Person) -> QuerySet[Report]:
    """Reports on tasks this person may see."""
    return Report.objects.filter(task__in=tasks_visible_to(person).order_by().values("pk"))


def on_progress() -> QuerySet[Report]:
    """Reports that count and move progress, newest first."""
    return Report.objects.filter(status=ReportStatus.FILED).exclude(kind=ReportKind.RESULT)


def policy_of(task: Task) -> Measure:
    """The switches that govern reporting on a task; the defaults where no measure does."""
    return measure_for(task) or Measure()


@dataclass(frozen=True)
class Ground:
    """What the rules need to know of a task's reports: the newest that counts, the one before."""

    latest: Report | None = None
    before: Report | None = None


def ground_for(task: Task) -> Ground:
    """The newest two reports on progress that count; one query."""
    return Ground(*_newest_two.instances(task=task.pk))


@statement
def _newest_two(task: Any) -> QuerySet[Report]:
    return on_progress().filter(task_id=task)[:2]


def result_for(counting: Counting) -> Report | None:
    """The result reported for a further set, if it was."""
    rows = Report.objects.filter(
        counting=counting, kind=ReportKind.RESULT, status=ReportStatus.FILED
    )
    return rows.first()


def latest_of(task_ids: Iterable[int]) -> dict[int, Report]:
    """The newest report on progress of each task that has one; one query."""
    return {report.task_id: report for report in _newest_of.instances(tasks=list(task_ids))}


@statement
def _newest_of(tasks: Any) -> QuerySet[Report]:
    newest = on_progress().filter(task=OuterRef("pk")).values("pk")[:1]
    rows = Task.objects.filter(pk__in=tasks).order_by()
    found = Report.objects.filter(pk__in=rows.values(newest=Subquery(newest)))
    return found.select_related("by")


def reports_on(task: Task) -> list[Report]:
    """Every report on a task with its earlier versions, newest first."""
    return _on_task.instances(task=task.pk)


@statement
def _on_task(task: Any) -> QuerySet[Report]:
    """All columns of the reports, of who wrote them and what they count in only the names."""
    columns = [field.name for field in Report._meta.concrete_fields]
    rows = Report.objects.filter(task_id=task).select_related("by", "counting__category")
    return rows.only(*columns, "by__name", "counting__category__name")


def texts() -> Iterator[TextRow]:
    """The words of every report that counts, for the search."""
    rows = Report.objects.filter(status=ReportStatus.FILED).values_list(
        "pk", "task_id", "task__year", "body", "problems", "help_needed", "next_step"
    )
    for pk, task_id, year, *words in rows.order_by("pk").iterator(1000):
        yield TextRow("report", str(pk), task_id, year, "\n".join(filter(None, words)))


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────


def evidence_of(report_ids: Iterable[int]) -> dict[int, list[Row]]:
    """Files sent with, kept or cited by each report."""
    return attachments_of("report", list(report_ids))


def documents_of(task_ids: Iterable[int]) -> dict[int, list[Row]]:
    """Process documents of each task, with or without a report (RPT-6)."""
    return attachments_of("task", list(task_ids))


def evidence_and_documents(
    report_ids: Iterable[int], task_ids: Iterable[int]
) -> tuple[dict[int, list[Row]], dict[int, list[Row]]]:
    """Both at once: evidence by report, process documents by task."""
    found = attachments_of_all({"report": list(report_ids), "task": list(task_ids)})
    return found["report"], found["task"]


@dataclass(frozen=True)
class News:
    """What a sub-task reported last."""

    task: Task
    report: Report | None
    evidence: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)

    @property
    def done_on(self) -> dt.date | None:
        """The day on which the sub-task was completed."""
        return day_of(self.task.completed_at) if self.task.completed_at else None


def children_news(task: Task, person: Person) -> list[News]:
    """Sub-tasks the person may see, the one that reported last first, with what they hold."""
    if not task.children_count:
        return []
    children = Task.objects.filter(parent=task).exclude(status=Status.CANCELLED)
    rows = list(children.select_related("unit", "owner").order_by("pk"))
    return news_of(visible_among(rows, person))


def news_of(tasks: Sequence[Task]) -> list[News]:
    """The newest report of each task with its evidence; three queries."""
    latest = latest_of(task.pk for task in tasks)
    evidence, documents = evidence_and_documents(
        [report.pk for report in latest.values()], [task.pk for task in tasks]
    )
    rows = [_news(task, latest.get(task.pk), evidence, documents) for task in tasks]
    return sorted(rows, key=lambda row: -row.report.at.timestamp() if row.report else 0)


def _news(
    task: Task,
    report: Report | None,
    evidence: dict[int, list[Row]],
    documents: dict[int, list[Row]],
) -> News:
    pieces = evidence.get(report.pk, []) if report else []
    known = {piece.pk for piece in pieces}
    rest = [piece for piece in documents.get(task.pk, []) if piece.pk not in known]
    return News(task, report, pieces, rest)


@dataclass(frozen=True)
class Known:
    """What a reporter knows before writing: the right-hand side of the page."""

    last: Report | None
    last_evidence: list[Row]
    children: list[News]
    unused: list[Row]
    used: list[Row]

    @property
    def citable(self) -> dict[int, Row]:
        """Everything that may be cited, by key."""
        pieces = [*self.unused, *self.used, *self.last_evidence]
        for child in self.children:
            pieces += [*child.evidence, *child.documents]
        return {piece.pk: piece for piece in pieces}


def known_before(
    task: Task, person: Person, last: Report | None, children: list[News] | None = None
) -> Known:
    """What may be read and cited before reporting: own, the task's, the sub-tasks' (RPT-3).

    ``children``: what the sub-tasks reported last, where it is known or not wanted.
    """
    ids = Report.objects.filter(task=task).order_by().values_list("pk", flat=True)
    evidence, hung = evidence_and_documents(ids, [task.pk])
    used = {piece.pk: piece for pieces in evidence.values() for piece in pieces}
    documents = hung[task.pk]
    last_pieces = evidence.get(last.pk, []) if last else []
    return Known(
        last=last,
        last_evidence=last_pieces,
        children=children_news(task, person) if children is None else children,
        unused=[piece for piece in documents if piece.pk not in used],
        used=[p for p in used.values() if p.pk not in {piece.pk for piece in last_pieces}],
    )


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class DueRow:
    """Something owed, and how it stands."""

    due: Due
    state: DueState

    @property
    def is_gap(self) -> bool:
        return True

    @property
    def is_asked(self) -> bool:
        """Whether the report of this period can be given now or soon."""
        return self.due.kind == DueKind.PERIOD and self.state in WAITING

    @property
    def label(self) -> str:
        return str(self.state.label)


def dues_of(task: Task, today: dt.date) -> list[DueRow]:
    """Everything owed on a task and how it stands, in order of time."""
    policy = policy_of(task)
    return [_due_row(due, policy, today) for due in _owed.instances(task=task.pk)]


@statement
def _owed(task: Any) -> QuerySet[Due]:
    return Due.objects.filter(task_id=task).select_related("counting__category")


def _due_row(due: Due, policy: Measure, today: dt.date) -> DueRow:
    return DueRow(due, rules.due_state(due, today, grace=policy.grace_days))


def waiting_dues(today: dt.date, ahead: int = AHEAD) -> QuerySet[Due]:
    """Dues that can still be settled and are due within ``ahead`` days or overdue; of all tasks.

    Reads the index of open dues; periods missed for good are not among them.
    """
    return dues_waiting_until(today, today + dt.timedelta(days=ahead))


def dues_waiting_until(today: Any, until: Any) -> QuerySet[Due]:
    """`waiting_dues` by the last day on which they are due; takes places of a statement."""
    return Due.objects.filter(filed_on=None, void=False, closes_on__gte=today, due_on__lte=until)


def due_rows(person: Person, today: dt.date, ahead: int = 31) -> list[DueRow]:
    """What this person still has to report on their tasks, the most pressing first (SEE-1).

    One query. A period that was missed for good is not asked for any more.
    """
    mine = Task.objects.filter(SCOPES["mine"](person), paused=False).order_by()
    active = mine.filter(status=Status.ACTIVE).values("pk")
    open_to_result = mine.filter(status__range=(Status.ACTIVE, Status.DONE)).values("pk")
    rows = (
        waiting_dues(today, ahead)
        .filter(
            Q(kind=DueKind.PERIOD, task__in=active)
            | Q(kind=DueKind.RESULT, task__in=open_to_result)
        )
        .select_related(
            "task__measure", "task__category__measure", "task__unit", "counting__category"
        )
        .order_by("due_on", "pk")
    )
    return [_due_row(due, policy_of(due.task), today) for due in rows]


WAITING = frozenset({DueState.COMING, DueState.OPEN, DueState.OVERDUE})


# ── the story of a task ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Version:
    """An earlier version of a report."""

    report: Report
    evidence: list[Row]
    quotes: list[Passage] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One report in the story, with the versions it replaced, the newest of them first."""

    report: Report
    evidence: list[Row]
    earlier: list[Version]
    #: None where amending is not for this reader, or not of this report.
    may_amend: Verdict | None = None
    #: Passages of sub-tasks' reports it quotes, and problems told there that it leaves out (RPT-3).
    quotes: list[Passage] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)

    @property
    def is_gap(self) -> bool:
        return False


def story_of(task: Task, today: dt.date) -> list[Entry | DueRow]:
    """Reports newest first, and between them the periods nobody reported on."""
    reports = reports_on(task)
    return _story(reports, dues_of(task, today), evidence_of(report.pk for report in reports))


def _story(
    reports: Sequence[Report], dues: Sequence[DueRow], pieces: Mapping[int, Sequence[Row]]
) -> list[Entry | DueRow]:
    own = {report.ref for report in reports}
    evidence = {
        pk: [replace(row, source="") if row.source in own else row for row in rows]
        for pk, rows in pieces.items()
    }
    by_pk = {report.pk: report for report in reports}
    entries = [
        Entry(report, evidence.get(report.pk, []), _earlier(report, by_pk, evidence))
        for report in reports
        if report.status != ReportStatus.AMENDED
    ]
    gaps = [row for row in dues if row.state == DueState.MISSING]
    dated: list[tuple[dt.date, int, Entry | DueRow]] = [
        (day_of(_first(entry).at), entry.report.pk, entry) for entry in entries
    ]
    dated += [(row.due.until, 0, row) for row in gaps]
    return [one for _day, _pk, one in sorted(dated, key=lambda d: d[:2], reverse=True)]


def _first(entry: Entry) -> Report:
    """The report as it was first filed: an amendment keeps its place in the story."""
    return entry.earlier[-1].report if entry.earlier else entry.report


def _earlier(
    report: Report, by_pk: dict[int, Report], evidence: dict[int, list[Row]]
) -> list[Version]:
    versions = []
    while report.amends_id and report.amends_id in by_pk:
        report = by_pk[report.amends_id]
        versions.append(Version(report, evidence.get(report.pk, [])))
    return versions


@dataclass(frozen=True)
class Result:
    """A further set a task counts in, the result reported for it, and whether it may be."""

    counting: Counting
    report: Report | None
    may_file: Verdict

    @property
    def name(self) -> str:
        return self.counting.category.name

    @property
    def given_on(self) -> dt.date | None:
        return day_of(self.report.at) if self.report else None


@dataclass(frozen=True)
class Panel:
    """The public face of this room on a task's page (ARCHITECTURE §19.17)."""

    task: Task
    story: list[Entry | DueRow]
    dues: list[DueRow]
    results: list[Result]
    documents: list[Row]
    newest: Report | None
    may_file: Verdict
    may_attach: Verdict

    @property
    def next_due(self) -> DueRow | None:
        """The period owed next or overdue now; results have lines of their own."""
        return next((row for row in self.dues if row.is_asked), None)

    @property
    def tally(self) -> dict[str, int]:
        """How many periods were reported on time, late, not at all."""
        counted = (DueState.ON_TIME, DueState.LATE, DueState.MISSING)
        return {state.value: sum(row.state == state for row in self.dues) for state in counted}


def panel(task: Task, facts: Facts, person: Person, today: dt.date | None = None) -> Panel:
    """Everything the panel of reports shows on a task's page; five queries at any length."""
    today = today or clock.today()
    policy = policy_of(task)
    reports = reports_on(task)
    for report in reports:
        report.task = task
    dues = dues_of(task, today)
    newest = next((r for r in reports if _counts(r)), None)
    evidence, documents = evidence_and_documents([r.pk for r in reports], [task.pk])
    return Panel(
        task=task,
        story=_with_quotes(
            _with_amending(_story(reports, dues, evidence), task, facts, newest), person
        ),
        dues=dues,
        results=_results(task, facts, reports),
        documents=documents[task.pk],
        newest=newest,
        may_file=rules.may_file(task, facts, newest, policy),
        may_attach=may("attach", task, facts),
    )


def _with_quotes(story: list[Entry | DueRow], person: Person) -> list[Entry | DueRow]:
    """Add what reports quote from sub-tasks and leave out; nothing is asked where there is none."""
    entries = [one for one in story if isinstance(one, Entry)]
    versions = [entry.report for entry in entries]
    versions += [version.report for entry in entries for version in entry.earlier]
    keys = [report.pk for report in versions if report.copied is not None]
    if not keys:
        return story
    quotes, left = quotations_of(keys, person), passed_over_of(keys, person)
    return [_quoting(one, quotes, left) for one in story]


def _quoting(
    one: Entry | DueRow,
    quotes: Mapping[int, list[Passage]],
    left: Mapping[int, list[PassedOver]],
) -> Entry | DueRow:
    if isinstance(one, DueRow):
        return one
    pk = one.report.pk
    earlier = [replace(v, quotes=quotes.get(v.report.pk, [])) for v in one.earlier]
    return replace(one, quotes=quotes.get(pk, []), passed_over=left.get(pk, []), earlier=earlier)


def _with_amending(
    story: list[Entry | DueRow], task: Task, facts: Facts, newest: Report | None
) -> list[Entry | DueRow]:
    """Say at the newest report, and at results, whether the reader may amend them."""
    if not PERMITS["amend"].relations & facts.relations:
        return story
    return [_amendable(one, task, facts, newest) for one in story]


def _amendable(
    one: Entry | DueRow, task: Task, facts: Facts, newest: Report | None
) -> Entry | DueRow:
    if isinstance(one, DueRow):
        return one
    report = one.report
    latest = report if report.kind == ReportKind.RESULT else newest
    if latest is None or latest.pk != report.pk:
        return one
    return replace(one, may_amend=rules.may_amend(task, facts, report, latest))


def _counts(report: Report) -> bool:
    return report.status == ReportStatus.FILED and report.kind != ReportKind.RESULT


def results_of(task: Task, facts: Facts) -> list[Result]:
    """Further sets of a task and the results reported for them."""
    return _results(task, facts, reports_on(task))


@statement
def _further_sets(task: Any) -> QuerySet[Counting]:
    rows = Counting.objects.filter(task_id=task, home=False).select_related("category", "measure")
    return rows.order_by("result_due", "pk")


def _results(task: Task, facts: Facts, reports: Sequence[Report]) -> list[Result]:
    given: dict[Any, Report] = {
        report.counting_id: report
        for report in reversed(reports)
        if report.kind == ReportKind.RESULT and report.status == ReportStatus.FILED
    }
    return [
        Result(row, given.get(row.pk), rules.may_file_result(task, facts, given.get(row.pk)))
        for row in _further_sets.instances(task=task.pk)
    ]
