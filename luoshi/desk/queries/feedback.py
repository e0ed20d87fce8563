"""任务反馈查询 (RPT-7): which reports and which dues a reader asks for, and the reports themselves.

Wanted ── what an address asks: scope, filters, view
  tasks_wanted(person, wanted)    the tasks it is about, as far as the person may see them
  reports_listed(person, wanted)  what was reported on them, newest first
What was owed on them stands in `feedback_dues`, the Excel books in `feedback_books`.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from luoshi.desk.queries.paging import Order, Page, count_to, page
from luoshi.files.queries import counts_of
from luoshi.kit.statements import among, statement
from luoshi.kit.typed import whole as number
from luoshi.kit.unindexed import unindexed
from luoshi.people.models import Person
from luoshi.reports.models import Due, Report
from luoshi.reports.rules import DueState, ReportKind, ReportStatus, period_words
from luoshi.search.queries import keys_matching, task_ids_matching
from luoshi.tasks.models import Task, Tier
from luoshi.tasks.queries import (
    SCOPES,
    Filters,
    closed_measures,
    filtered,
    sees_everything,
    tasks_visible_to,
)

SIZE = 50
#: So many tasks are named one by one, so many are gathered first; of more it is asked row by row
#: whether a row is of one of them.
FEW = 600
GATHERED = 5_000
COUNT_KEPT = 30  # seconds
#: Characters of a text that a row shows.
FIRST = 160

#: Whose feedback. "below" is the feedback one level below a task and needs its number.
NAMES: dict[str, Any] = {
    "all": _("Whole institution"),
    "department": _("My department"),
    "received": _("Received by me"),
}
BELOW = "below"

#: Ways to look at it: what was said, and what was owed as counts and as rows.
VIEWS: dict[str, Any] = {
    "reports": _("By report"),
    "units": _("By unit and month"),
    "tasks": _("By task and month"),
    "dues": _("Reports owed one by one"),
}

#: How something owed stands, for the filter; of reports only the first two.
STATES: dict[str, Any] = {
    "on_time": DueState.ON_TIME.label,
    "late": DueState.LATE.label,
    "missing": DueState.MISSING.label,
    "overdue": DueState.OVERDUE.label,
    "waiting": pgettext_lazy("due", "to be reported"),
}
OF_REPORTS = ("on_time", "late")


@dataclass(frozen=True)
class Wanted:
    """What an address asks for; empty means all."""

    year: int
    view: str = "reports"
    scope: str = "all"
    task_id: int | None = None
    month: int | None = None
    unit_id: int | None = None
    own: bool = False  # the unit alone, without its sections
    category_id: int | None = None
    tier: int | None = None
    person_id: int | None = None
    state: str = ""
    words: str = ""
    problems: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether most tasks are asked for: nothing narrows them but what may be seen."""
        return self.scope == "all" and not (self.unit_id or self.category_id or self.tier)

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """First and last day of the month, or of the year."""
        if self.month is None:
            return dt.date(self.year, 1, 1), dt.date(self.year, 12, 31)
        following = dt.date(self.year + self.month // 12, self.month % 12 + 1, 1)
        return dt.date(self.year, self.month, 1), following - dt.timedelta(days=1)


def read(query: Mapping[str, Any], year: int) -> Wanted:
    """What an address asks for; what makes no sense is left out."""

    def text(name: str) -> str:
        return str(query.get(name, "") or "").replace("\0", "")

    view = text("view") if text("view") in VIEWS else "reports"
    scope, task_id = text("scope"), number(text("task"))
    if scope not in NAMES and not (scope == BELOW and task_id):
        scope = "all"
    month = number(text("month"))
    tier = number(text("tier"))
    states = OF_REPORTS if view == "reports" else tuple(STATES)
    return Wanted(
        year=year,
        view=view,
        scope=scope,
        task_id=task_id if scope == BELOW else None,
        month=month if month and 1 <= month <= 12 else None,
        unit_id=number(text("unit")),
        own=text("own") == "1",
        category_id=number(text("category")),
        tier=tier if tier in Tier.values else None,
        person_id=number(text("person")),
        state=text("state") if text("state") in states else "",
        words=text("q")[:100].strip(),
        problems=view == "reports" and text("problems") == "1",
    )


# ── the tasks it is about ────────────────────────────────────────────────────────────────────────


def _received(person: Person) -> Q:
    """Tasks whose reports come to the person: below their own tasks, and those they made."""
    mine = Task.objects.filter(SCOPES["mine"](person)).order_by().values("pk")
    return Q(creator_id=person.pk) | Q(parent_id__in=mine)


def tasks_wanted(person: Person, wanted: Wanted, today: dt.date) -> QuerySet[Task] | None:
    """Tasks of the scope under the filters that concern tasks; None: all there are.

    Month, person, state and words concern reports and dues and are looked at there.
    """
    if wanted.is_wide and _sees_all_reports(person):
        return None
    tasks = tasks_visible_to(person).order_by()
    if wanted.scope == "department":
        tasks = tasks.filter(SCOPES["department"](person))
    elif wanted.scope == "received":
        tasks = tasks.filter(_received(person))
    elif wanted.scope == BELOW:
        tasks = tasks.filter(parent_id=wanted.task_id)
    if wanted.own and wanted.unit_id:
        tasks = tasks.filter(unit_id=wanted.unit_id)
        wanted = replace(wanted, unit_id=None)
    filters = Filters(unit_id=wanted.unit_id, category_id=wanted.category_id, tier=wanted.tier)
    return filtered(tasks, filters, today, person)


def _sees_all_reports(person: Person) -> bool:
    """Whether no report is hidden from the person; nobody reports on a draft."""
    return sees_everything(person) or not closed_measures()


def of_tasks(person: Person, wanted: Wanted, today: dt.date) -> tuple[Q, bool]:
    """The condition that a row hangs on a task asked for, and whether these are few.

    Few tasks are named or gathered, so that their index is read; of many it is asked row by row, so
    that the list is read in its order.
    """
    tasks = tasks_wanted(person, wanted, today)
    if tasks is None:
        return Q(), False
    if not wanted.is_wide:
        keys = list(tasks.values_list("pk", flat=True)[: FEW + 1])
        if len(keys) <= FEW:
            return Q(task_id__in=keys), True
        if tasks[: GATHERED + 1].count() <= GATHERED:
            return Q(task_id__in=tasks.values("pk")), True
    return Q(Exists(tasks.filter(pk=OuterRef("task_id")))), False


@lru_cache(maxsize=1000)
def _period_in(_language: str, key: str) -> str:
    return period_words(key)


def period_said(key: str) -> str:
    """A period in the reader's language; fifty rows name the same few."""
    return _period_in(get_language() or "", key)


def counted(rows: QuerySet[Any], found: Page[Any], asked: str) -> int:
    """How many rows a list of which one page was found has, up to a thousand.

    A list of one page is counted as it stands; of a longer one the count is kept for half a minute
    under ``asked``, which names reader and filters.
    """
    if not (found.previous or found.next):
        return len(found.rows)
    key = f"counted-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
    return cache.get_or_set(key, lambda: count_to(rows), COUNT_KEPT) or 0


# ── reports ──────────────────────────────────────────────────────────────────────────────────────

NEWEST = Order("at", descending=True, parse=dt.datetime.fromisoformat)


@dataclass(frozen=True)
class ReportRow:
    """A report as a line: how far the task came by it, and its first words."""

    pk: int
    task_id: int
    title: str
    unit: str
    unit_full: str
    number: str
    category: str
    owner: str
    by: str
    at: dt.datetime
    kind: str
    period: str
    before: int | None
    progress: int
    body: str
    problems: str
    late: bool
    set_name: str = ""
    evidence: int = 0
    #: What it settled; a further report of a period that was reported on already settles nothing.
    due_id: int | None = None
    help_needed: str = ""
    next_step: str = ""
    #: Says that nothing has changed; the body is why (RPT-5).
    unchanged: bool = False

    @property
    def is_result(self) -> bool:
        return self.kind == ReportKind.RESULT

    @property
    def state(self) -> DueState | None:
        """On time or late, where something was owed."""
        if self.due_id is None:
            return None
        return DueState.LATE if self.late else DueState.ON_TIME

    @property
    def period_said(self) -> str:
        return self.set_name or (period_said(self.period) if self.period else "")


@dataclass(frozen=True)
class Reports:
    """A page of reports, and how many match."""

    rows: list[ReportRow]
    page: Page[Report]
    count: int


def _moments(wanted: Wanted) -> dict[str, dt.datetime]:
    """The days asked for as moments, where the institution is."""
    first, last = wanted.days
    zone = timezone.get_default_timezone()
    return {
        "at__gte": dt.datetime.combine(first, dt.time(), zone),
        "at__lt": dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone),
    }


def reports_wanted(person: Person, wanted: Wanted, today: dt.date) -> QuerySet[Report]:
    """Reports that count, of the tasks asked for and under the other filters."""
    where, few = of_tasks(person, wanted, today)
    counts = unindexed if few else Q
    rows = Report.objects.filter(counts(status=ReportStatus.FILED), where, **_moments(wanted))
    if wanted.scope == "received":
        rows = rows.exclude(by_id=person.pk)
    if wanted.person_id is not None:
        ids = Report.objects.order_by().values("pk")
        own = ids.filter(by_id=wanted.person_id)
        rows = rows.filter(pk__in=own.union(ids.filter(task__owner_id=wanted.person_id)))
    if wanted.state:
        rows = rows.filter(late=wanted.state == "late")
        rows = rows.filter(Exists(Due.objects.filter(filed_by=OuterRef("pk"))))
    if wanted.problems:
        rows = rows.exclude(problems="", help_needed="")
    if wanted.words:
        said = Q(pk__in=keys_matching(wanted.words, "report"))
        rows = rows.filter(said | Q(task_id__in=task_ids_matching(wanted.words, ["task"])))
    return rows


def reports_listed(
    person: Person, wanted: Wanted, today: dt.date, *, after: str = "", before: str = ""
) -> Reports:
    """One page of reports, newest first: its keys, which an index tells, then its rows."""
    rows = reports_wanted(person, wanted, today)
    found = page(rows.only("at"), NEWEST, size=SIZE, after=after, before=before)
    full = report_rows([report.pk for report in found.rows])
    return Reports(full, found, counted(rows, found, f"{person.pk} {wanted}"))


_COLUMNS = (
    "pk", "task_id", "task__title", "task__unit__short_name", "task__unit__name", "task__number",
    "task__category__name", "task__owner__name", "by__name", "at", "kind", "period", "earlier",
    "progress", "first", "trouble", "late", "counting__category__name",
    "unchanged",
)  # fmt: skip


def _earlier() -> Subquery:
    """The progress said by the report before, of those that count."""
    counts = unindexed(status=ReportStatus.FILED) & ~Q(kind=ReportKind.RESULT)
    older = Report.objects.filter(counts, task=OuterRef("task_id"), at__lte=OuterRef("at")).filter(
        Q(at__lt=OuterRef("at")) | Q(pk__lt=OuterRef("pk"))
    )
    return Subquery(older.order_by("-at", "-pk").values("progress")[:1])


@statement
def _in_short(keys: Any) -> QuerySet[Report, Any]:
    first = {"first": Substr("body", 1, FIRST), "trouble": Substr("problems", 1, FIRST)}
    rows = Report.objects.filter(pk__in=keys).order_by()
    return rows.annotate(earlier=_earlier(), **first).values_list(*_COLUMNS)


@statement
def _in_full(keys: Any) -> QuerySet[Report, Any]:
    whole = {"first": F("body"), "trouble": F("problems")}
    rows = Report.objects.filter(pk__in=keys).order_by().annotate(earlier=_earlier(), **whole)
    return rows.values_list(*_COLUMNS, "help_needed", "next_step")


@statement
def _settled(keys: Any) -> QuerySet[Due, Any]:
    return (
        Due.objects.filter(among("filed_by_id", keys)).order_by().values_list("filed_by_id", "pk")
    )


def report_rows(keys: Sequence[int], *, in_full: bool = False) -> list[ReportRow]:
    """The reports of these keys as lines, in their order; four statements at any number."""
    if not keys:
        return []
    told = _in_full(keys=list(keys)) if in_full else _in_short(keys=list(keys))
    dues: dict[int, int] = dict(_settled(keys=list(keys)))
    evidence = counts_of("report", keys)
    found = {row[0]: _row(row, dues.get(row[0]), evidence[row[0]]) for row in told}
    return [found[key] for key in keys if key in found]


def _row(told: tuple[Any, ...], due_id: int | None, evidence: int) -> ReportRow:
    (pk, task_id, title, short, unit, number, category, owner, by, at, kind, period, earlier,
     progress, first, trouble, late, set_name, unchanged, *more) = told  # fmt: skip
    help_needed, next_step = more or ("", "")
    return ReportRow(
        pk, task_id, title, short or unit, unit, number, category, owner or "", by, at, kind,
        period, earlier, progress, first, trouble, late, set_name or "", evidence, due_id,
        help_needed, next_step, unchanged,
    )  # fmt: skip


# ── what the filters say ─────────────────────────────────────────────────────────────────────────


def months() -> dict[str, str | Promise]:
    """Months of the filter."""
    return {str(n): month_words(n) for n in range(1, 13)}


def month_words(number: int) -> Any:
    return pgettext_lazy("month of a year", "%(n)s") % {"n": number}
