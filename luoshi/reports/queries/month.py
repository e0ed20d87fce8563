"""The page of the month (RPT-5): what a person still has to report, and what they know about it.

page(person, month, today)      every row of a month; the number of statements is always the same
rows_named(person, names)       rows by the names their fields carry in the form
open_count(person, today)       how many rows wait, for the menu
unchanged_in_a_row(task_ids)    how often "no change" was said last, without anything else between
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from luoshi.files.queries import Row
from luoshi.kit.pages import page as address_of
from luoshi.kit.statements import statement
from luoshi.kit.typed import whole
from luoshi.kit.verdict import ALLOWED, Verdict
from luoshi.measures.models import Measure
from luoshi.measures.rules import CompletedBy
from luoshi.people.models import Person
from luoshi.people.queries import drafts_of
from luoshi.reports import rules
from luoshi.reports.models import Due, Report
from luoshi.reports.queries import (
    evidence_of,
    latest_of,
    on_progress,
    policy_of,
    waiting_dues,
)
from luoshi.reports.queries.news import News, news_for
from luoshi.reports.rules import DueKind
from luoshi.reports.rules import month as months
from luoshi.reports.rules.month import Month, RowState
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import SCOPES, answered_by, facts_for_all, posts_held
from luoshi.tasks.rules import Facts

#: Rows that can be filled in at once; the later ones follow when these are reported.
MOST = 100
#: Statuses in which a report of a period, or a result, can still be asked for.
_RESULTS = (Status.ACTIVE, Status.SUBMITTED, Status.DONE)


# ── a row ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Line:
    """One row: a report owed, what is known about it, and whether it can be given now."""

    due: Due
    state: RowState
    policy: Measure
    may_file: Verdict = ALLOWED
    asked: bool = False
    #: The newest report of any kind that counts here; its key is the row's ``rev``.
    latest: Report | None = None
    #: The newest report that told of work, where the newest says "no change".
    told: Report | None = None
    times: int = 0
    news: News = field(default_factory=News)
    #: Files of the report shown, by which the same can be cited again.
    last_evidence: list[Row] = field(default_factory=list)
    draft: Mapping[str, list[str]] = field(default_factory=dict)
    overdue: bool = False
    #: Asked for now, but on the page of the present month, not on this one.
    elsewhere: bool = False

    @property
    def task(self) -> Task:
        return self.due.task

    @property
    def is_result(self) -> bool:
        return self.due.kind == DueKind.RESULT

    @property
    def name(self) -> str:
        """What the names of its fields begin with: the task, or the set the result is for."""
        return f"s{self.due.counting_id}" if self.is_result else f"t{self.due.task_id}"

    @property
    def ident(self) -> str:
        """Its mark in the page; a row that is only read stands for one period."""
        return self.name if self.asked else f"d{self.due.pk}"

    @property
    def set_name(self) -> str:
        return self.due.counting.category.name if self.due.counting else ""

    @property
    def open(self) -> bool:
        """Whether it can be filled in."""
        return self.asked and bool(self.may_file)

    @property
    def filed(self) -> Report | None:
        return self.due.filed_by

    @property
    def rolled_up(self) -> bool:
        """Whether progress is not typed here."""
        return self.is_result or rules.is_rolled_up(self.task, self.policy)

    @property
    def by_report(self) -> bool:
        """Whether a completion report ends the task, rather than 100 %."""
        return self.policy.completed_by == CompletedBy.REPORT and not self.is_result

    @property
    def lowest(self) -> int:
        """From where progress may be typed, in percent."""
        return rules.floor(self.policy, self.latest, self.task.progress)

    @property
    def progress(self) -> int:
        """What stands in the field before anything is typed."""
        return min(self.latest.progress, self.task.progress) if self.latest else self.task.progress

    @property
    def may_unchanged(self) -> Verdict:
        return months.unchanged_stands(self.times, self.policy.unchanged_at_most)

    @property
    def unchanged_words(self) -> str:
        return months.unchanged_words(self.times, self.policy.unchanged_at_most)

    @property
    def shown(self) -> Report | None:
        """The report whose words stand in grey: the last that told of work."""
        return self.told or self.latest

    @property
    def citable(self) -> list[Row]:
        """What can be cited by a tick: new evidence first, then that of the last report."""
        new = self.news.evidence
        known = {piece.pk for piece in new}
        return new + [piece for piece in self.last_evidence if piece.pk not in known]


# ── which rows ───────────────────────────────────────────────────────────────────────────────────

_WITH = (
    "task__measure",
    "task__category__measure",
    "task__unit",
    "task__owner",
    "counting__category",
    "counting__measure",
    "filed_by__by",
)


def _dues_of(person: Person) -> QuerySet[Due]:
    return _dues(person.pk, posts_held(person))


def _dues(person: Any, posts: Any) -> QuerySet[Due]:
    """What is owed on tasks this person answers for."""
    mine = Task.objects.filter(answered_by(person, posts), status__gte=Status.ISSUED).order_by()
    return Due.objects.filter(task__in=mine.values("pk"), void=False).select_related(*_WITH)


@statement
def _dues_in(person: Any, posts: Any, first: Any, last: Any, today: Any) -> QuerySet[Due]:
    """Those of a month, and those from before that can still be settled."""
    before = _still(today) & Q(due_on__lt=first)
    rows = _dues(person, posts).filter(Q(due_on__range=(first, last)) | before)
    return rows.order_by("due_on", "task__unit__path", "pk")


def _still(today: Any) -> Q:
    """What a report of today could settle or has settled, whichever month it was due in."""
    return Q(kind=DueKind.PERIOD, closes_on__gte=today) | Q(kind=DueKind.RESULT, filed_on=None)


def _asked(dues: Sequence[Due], today: dt.date) -> set[int]:
    """Keys of the dues that a report of today settles: one of each task, and every open result."""
    periods: dict[int, list[Due]] = defaultdict(list)
    found = set()
    for due in dues:
        if due.kind == DueKind.PERIOD:
            periods[due.task_id].append(due)
        elif due.filed_on is None and due.task.status in _RESULTS and not due.task.paused:
            found.add(due.pk)
    for rows in periods.values():
        late_report = policy_of(rows[0].task).late_report
        if asked := months.asked_now(today, rows, late_report):
            found.add(asked.pk)
    return found


def _lines(dues: Sequence[Due], asked: set[int], person: Person, today: dt.date) -> list[Line]:
    """Rows of dues, with what the rules say of those that are asked for."""
    tasks = {due.task_id: due.task for due in dues if due.pk in asked}
    facts = facts_for_all(list(tasks.values()), person) if tasks else {}
    latest = latest_of(tasks) if tasks else {}
    lines = []
    for due in dues:
        policy = _policy(due)
        line = Line(due, RowState.EMPTY, policy, asked=due.pk in asked)
        if line.asked:
            line.may_file = _verdict(line, facts[due.task_id], latest.get(due.task_id))
            line.latest = None if line.is_result else latest.get(due.task_id)
            line.told = latest.get(due.task_id) if line.is_result else None
        line.overdue = due.filed_on is None and due.due_on < today
        line.state = months.state_of(due, today, asked=line.asked, held=not line.may_file)
        lines.append(line)
    return lines


def _policy(due: Due) -> Measure:
    if due.counting and due.counting.measure:
        return due.counting.measure
    return policy_of(due.task)


def _verdict(line: Line, facts: Facts, latest: Report | None) -> Verdict:
    if line.is_result:
        return rules.may_file_result(line.task, facts, None)
    return rules.may_file(line.task, facts, latest, line.policy)


@dataclass(frozen=True)
class Page:
    """The rows of a month: those to fill in first, then those that can only be read."""

    month: Month
    today: dt.date
    lines: list[Line]
    more: int = 0

    @property
    def is_present(self) -> bool:
        return self.today in self.month

    @property
    def open(self) -> list[Line]:
        return [line for line in self.lines if line.open]

    @property
    def read(self) -> list[Line]:
        return [line for line in self.lines if not line.open]

    @property
    def filed(self) -> int:
        return sum(line.state == RowState.FILED for line in self.lines)

    @property
    def missing(self) -> int:
        return sum(line.state == RowState.MISSING for line in self.lines)


def page(person: Person, month: Month, today: dt.date) -> Page:
    """Everything owed in a month; in the present one also what is overdue from before.

    A month that is over is only read.
    """
    present = today in month
    dues: list[Due] = _dues_in.instances(
        person=person.pk,
        posts=posts_held(person),
        first=month.first,
        last=month.last,
        today=today,
    )
    asked = _asked(dues, today)
    shown = [due for due in dues if due.due_on in month or (present and due.pk in asked)]
    if today > month.last:
        lines = _lines(shown, set(), person, today)
        for line in lines:
            line.elsewhere = line.due.pk in asked
    else:
        lines = _lines(shown, asked, person, today)
    opened = [line for line in lines if line.open]
    know(opened[:MOST], person)
    rest = [line for line in lines if not line.open]
    return Page(month, today, opened[:MOST] + rest, max(0, len(opened) - MOST))


def rows_named(person: Person, names: Sequence[str], today: dt.date) -> dict[str, Line]:
    """Rows by name, for tasks of this person; a row nobody waits for any more is there, too.

    Somebody else may have been faster: then the row shows the report owed last.
    """
    tasks = {pk for name in names if name[:1] == "t" and (pk := whole(name[1:])) is not None}
    sets = {pk for name in names if name[:1] == "s" and (pk := whole(name[1:])) is not None}
    if not tasks and not sets:
        return {}
    since = today - dt.timedelta(days=LOOKED_BACK)
    rows = _dues_of(person).filter(
        Q(kind=DueKind.PERIOD, task__in=tasks, closes_on__gte=since)
        | Q(kind=DueKind.RESULT, counting__in=sets)
    )
    dues = list(rows.order_by("due_on", "pk"))
    asked = _asked(dues, today)
    chosen: dict[str, Due] = {}
    for due in dues:
        name = f"s{due.counting_id}" if due.kind == DueKind.RESULT else f"t{due.task_id}"
        known = chosen.get(name)
        if known is None or due.pk in asked or (known.pk not in asked and due.since <= today):
            chosen[name] = due
    lines = _lines(list(chosen.values()), {due.pk for due in chosen.values()}, person, today)
    for line in lines:
        line.asked = line.due.pk in asked
        line.state = months.state_of(line.due, today, asked=line.asked, held=not line.may_file)
    return {line.name: line for line in lines if line.name in names}


def still_asked(person: Person, filed: Mapping[str, int], today: dt.date) -> list[Line]:
    """Of tasks just reported on (name → the due that was shown), what they owe next."""
    tasks = [int(name[1:]) for name in filed if name.startswith("t")]
    if not tasks:
        return []
    rows = _dues_of(person).filter(task__in=tasks, kind=DueKind.PERIOD, closes_on__gte=today)
    dues = list(rows.order_by("due_on", "pk"))
    asked = _asked(dues, today) - set(filed.values())
    lines = _lines([due for due in dues if due.pk in asked], asked, person, today)
    opened = [line for line in lines if line.open]
    know(opened, person)
    return opened


#: Days back from which a row is still found by its name.
LOOKED_BACK = 62


def open_count(person: Person, today: dt.date) -> int:
    """How many rows of the present month wait for this person; one statement."""
    mine = Task.objects.filter(SCOPES["mine"](person), paused=False).order_by()
    last = months.month_of(today).last
    active = mine.filter(status=Status.ACTIVE).values("pk")
    open_to_result = mine.filter(status__in=_RESULTS).values("pk")
    rows = waiting_dues(today, (last - today).days).filter(
        Q(kind=DueKind.PERIOD, since__lte=today, task__in=active)
        | Q(kind=DueKind.RESULT, task__in=open_to_result)
    )
    return rows.order_by().values("task_id", "counting_id").distinct().count()


# ── what is known ────────────────────────────────────────────────────────────────────────────────


def unchanged_in_a_row(task_ids: Iterable[int]) -> dict[int, int]:
    """How many of the newest reports of each task say "no change"; one query."""
    later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    told_since = on_progress().filter(later, task=OuterRef("task"), unchanged=False)
    rows = (
        on_progress()
        .filter(task__in=list(task_ids), unchanged=True)
        .filter(~Exists(told_since))
        .order_by()
        .values("task_id")
        .annotate(n=Count("pk"))
    )
    return {row["task_id"]: row["n"] for row in rows}


def last_told(task_ids: Iterable[int]) -> dict[int, Report]:
    """The newest report of each task that tells of work, not of no change; one query."""
    newest = on_progress().filter(task=OuterRef("pk"), unchanged=False).values("pk")[:1]
    tasks = Task.objects.filter(pk__in=list(task_ids)).order_by()
    rows = Report.objects.filter(pk__in=tasks.values(newest=Subquery(newest)))
    return {report.task_id: report for report in rows.select_related("by")}


def know(lines: Sequence[Line], person: Person) -> None:
    """Put beside each row what is known: texts before, news since, evidence, the draft."""
    if not lines:
        return
    tasks = {line.due.task_id: line.task for line in lines}
    still = [line.due.task_id for line in lines if _says_no_change(line)]
    times = unchanged_in_a_row(still) if still else {}
    told = last_told(still) if still else {}
    since = {line.due.task_id: line.shown.at if line.shown else None for line in lines}
    news = news_for(list(tasks.values()), person, since=since)
    drafts = drafts_for(person, [path_of(line) for line in lines])
    for line in lines:
        pk = line.due.task_id
        line.news = news[pk]
        line.draft = drafts.get(path_of(line), {})
        if not line.is_result and _says_no_change(line):
            line.times, line.told = times.get(pk, 0), told.get(pk)
    shown = [line.shown.pk for line in lines if line.shown]
    evidence = evidence_of(shown) if shown else {}
    for line in lines:
        line.last_evidence = evidence.get(line.shown.pk, []) if line.shown else []


def _says_no_change(line: Line) -> bool:
    return line.latest is not None and line.latest.unchanged


def path_of(line: Line) -> str:
    """The form that keeps the row's draft: that of the single report, which shows it, too."""
    if line.is_result:
        return address_of("reports:result", line.due.task_id, line.due.counting_id or 0)
    return address_of("reports:submit", line.due.task_id)


def drafts_for(person: Person, forms: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Unsent forms by path: field → values; one query."""
    rows = drafts_of(person).filter(form__in=forms).order_by()
    return {draft.form: _fields(draft.data) for draft in rows}


def _fields(text: str) -> dict[str, list[str]]:
    data: Any = json.loads(text)
    return {str(k): [str(v) for v in values] for k, values in data.items()}
