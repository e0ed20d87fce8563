"""What came from below since a task was last reported on (RPT-3, RPT-5).

news_for(tasks, person)     for many tasks at once: new reports of sub-tasks, new evidence

The number of statements does not grow with the tasks.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from luoshi.files.queries import Row
from luoshi.people.models import Person
from luoshi.reports.models import Report
from luoshi.reports.queries import evidence_and_documents, latest_of
from luoshi.reports.rules import ReportStatus
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import visible_among

#: Older reports of sub-tasks that are shown, folded, beside the form of one task.
OLDER = 15
#: New reports of sub-tasks of one task that are shown with all their words.
MOST = 100


@dataclass(frozen=True)
class Heard:
    """A report of a sub-task (``report.task``) with its evidence."""

    report: Report
    evidence: list[Row] = field(default_factory=list)

    @property
    def task(self) -> Task:
        return self.report.task


@dataclass(frozen=True)
class News:
    """What came since: reports of sub-tasks, newest first, and process documents.

    ``since``: when the task itself was last reported on; None if never, then all is news.
    ``silent``: sub-tasks that said nothing since then. ``documents``: of the task itself,
    ``from_below``: of its sub-tasks, each hung on since then. ``older`` only where asked for.
    """

    since: dt.datetime | None = None
    fresh: list[Heard] = field(default_factory=list)
    older: list[Heard] = field(default_factory=list)
    silent: list[Task] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    from_below: list[Row] = field(default_factory=list)

    @property
    def told(self) -> list[Heard]:
        """New and older reports together, newest first."""
        return [*self.fresh, *self.older]

    @property
    def evidence(self) -> list[Row]:
        """All new evidence, each piece once: the task's own, that of reports, other documents."""
        pieces = [*self.documents]
        for heard in self.fresh:
            pieces += heard.evidence
        return list({piece.pk: piece for piece in [*pieces, *self.from_below]}.values())

    def __bool__(self) -> bool:
        return bool(self.fresh or self.documents or self.from_below)


def news_for(
    tasks: Sequence[Task],
    person: Person,
    *,
    since: Mapping[int, dt.datetime | None] | None = None,
    older: int = 0,
) -> dict[int, News]:
    """News of every task by its key, as far as the person may see the sub-tasks.

    ``since`` tells from when things are new, where that is known already or another moment is
    meant; otherwise it is the newest report on the task. ``older``: how many reports from before
    are wanted too, of all tasks together.
    """
    keys = [task.pk for task in tasks]
    if since is None:
        since = {pk: report.at for pk, report in latest_of(keys).items()}
    children = children_of([task.pk for task in tasks if task.children_count], person)
    fresh = _reports_since(children, since)
    past = _reports_before(children, since, older) if older else []
    below = [child.pk for rows in children.values() for child in rows]
    evidence, hung = evidence_and_documents([row.pk for row in [*fresh, *past]], [*keys, *below])
    by_task = _by_parent(fresh, evidence)
    before = _by_parent(past, evidence)
    return {
        pk: _news(since.get(pk), by_task[pk], before[pk], children.get(pk, []), pk, hung)
        for pk in keys
    }


def children_of(keys: Sequence[int], person: Person) -> dict[int, list[Task]]:
    """Sub-tasks by the key of their parent that the person may see, the cancelled left out."""
    if not keys:
        return {}
    rows = Task.objects.filter(parent__in=keys).exclude(status=Status.CANCELLED)
    seen = visible_among(list(rows.select_related("unit", "owner").order_by("pk")), person)
    found: dict[int, list[Task]] = defaultdict(list)
    for task in seen:
        assert task.parent_id is not None
        found[task.parent_id].append(task)
    return dict(found)


def _counting() -> QuerySet[Report]:
    """Reports of any kind that count, newest first, with who wrote them and on what."""
    rows = Report.objects.filter(status=ReportStatus.FILED)
    return rows.select_related("by", "task__unit", "task__owner", "counting__category")


def _reports_since(
    children: Mapping[int, Sequence[Task]], since: Mapping[int, dt.datetime | None]
) -> list[Report]:
    where = Q()
    unbounded: list[int] = []
    for parent, tasks in children.items():
        keys = [task.pk for task in tasks]
        if moment := since.get(parent):
            where |= Q(task__in=keys, at__gt=moment)
        else:
            unbounded += keys
    if unbounded:
        where |= Q(task__in=unbounded)
    return list(_counting().filter(where)) if where else []


def _reports_before(
    children: Mapping[int, Sequence[Task]], since: Mapping[int, dt.datetime | None], most: int
) -> list[Report]:
    where = Q()
    for parent, tasks in children.items():
        if moment := since.get(parent):
            where |= Q(task__in=[task.pk for task in tasks], at__lte=moment)
    return list(_counting().filter(where)[:most]) if where else []


def _by_parent(
    reports: Sequence[Report], evidence: Mapping[int, list[Row]]
) -> dict[int, list[Heard]]:
    found: dict[int, list[Heard]] = defaultdict(list)
    for report in reports:
        parent = report.task.parent_id
        assert parent is not None
        found[parent].append(Heard(report, evidence.get(report.pk, [])))
    return found


def _news(
    since: dt.datetime | None,
    fresh: list[Heard],
    older: list[Heard],
    children: Sequence[Task],
    pk: int,
    hung: Mapping[int, list[Row]],
) -> News:
    spoke = {heard.report.task_id for heard in fresh}
    below = [piece for child in children for piece in hung.get(child.pk, [])]
    return News(
        since=since,
        fresh=fresh,
        older=older,
        silent=[child for child in children if child.pk not in spoke],
        documents=_since(hung.get(pk, []), since),
        from_below=_since(below, since),
    )


def evidence_below(task: Task, person: Person) -> set[int]:
    """Keys of every file on the sub-tasks a person sees, of whichever report; they may be cited."""
    children = [child.pk for child in children_of([task.pk], person).get(task.pk, [])]
    reports = Report.objects.filter(task__in=children).order_by().values_list("pk", flat=True)
    evidence, hung = evidence_and_documents(reports, children)
    return {piece.pk for rows in [*evidence.values(), *hung.values()] for piece in rows}


def _since(pieces: Sequence[Row], since: dt.datetime | None) -> list[Row]:
    return [piece for piece in pieces if since is None or piece.at > since]
