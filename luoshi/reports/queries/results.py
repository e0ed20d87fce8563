"""Final results for further sets (CAT-1; S0-2): who has given one, who has not, and by when.

sets_in(year, person)               sets that tasks of the year count in besides their own
results_in(set, year, person, …)    its tasks, one line each, with the result or the day it is due
tally_of(set, year, person, …)      how many stand how
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery

from luoshi.kit.tree import below
from luoshi.kit.typed import whole, words
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.reports.models import Report
from luoshi.reports.queries import day_of
from luoshi.reports.rules import ReportKind, ReportStatus
from luoshi.reports.rules.results import ResultState, result_state
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting
from luoshi.tasks.queries import tasks_visible_to

#: Lines of a page, and of an export at most.
SIZE, MOST_EXPORTED = 50, 20_000


@dataclass(frozen=True)
class Wanted:
    """What of a set is asked for; empty means all."""

    state: str = ""
    unit_id: int | None = None
    words: str = ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.state or self.unit_id or self.words)


def read(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what is none of it is left out."""
    state = query.get("state", "")
    return Wanted(
        state if state in ResultState.values else "",
        whole(query.get("unit")),
        words(query.get("q"), 100),
    )


@dataclass(frozen=True)
class SetLine:
    """A set that tasks of others count in: how many, how many results given, the first day due."""

    category: Category
    tasks: int
    given: int
    undated: int
    first_due: dt.date | None

    @property
    def missing(self) -> int:
        return self.tasks - self.given


def _counted(year: int, person: Person) -> QuerySet[Counting]:
    """Countings in further sets of tasks that were issued and stand, as far as they are seen."""
    seen = tasks_visible_to(person).order_by().values("pk")
    live = Q(task__status__gte=Status.ISSUED) & ~Q(task__status=Status.CANCELLED)
    return Counting.objects.filter(live, year=year, home=False, task__in=seen)


def _results() -> QuerySet[Report]:
    rows = Report.objects.filter(kind=ReportKind.RESULT, status=ReportStatus.FILED)
    return rows.filter(counting__isnull=False).order_by()


def _given() -> Q:
    return Q(pk__in=_results().values("counting"))


def sets_in(year: int, person: Person) -> list[SetLine]:
    """Sets of the year that tasks count in besides their own; two statements."""
    rows = (
        _counted(year, person)
        .order_by()
        .values("category")
        .annotate(
            tasks=Count("pk"),
            told=Count("pk", filter=_given()),
            undated=Count("pk", filter=~_given() & Q(result_due=None)),
            first=Min("result_due"),
        )
    )
    found = {row["category"]: row for row in rows}
    categories = Category.objects.filter(pk__in=found).select_related("programme")
    return [
        SetLine(one, row["tasks"], row["told"], row["undated"], row["first"])
        for one in categories
        for row in [found[one.pk]]
    ]


def countings_in(
    category: Category, year: int, person: Person, wanted: Wanted, today: dt.date
) -> QuerySet[Counting]:
    """Countings of a set that are asked for."""
    rows = _counted(year, person).filter(category=category)
    if wanted.unit_id:
        path = Unit.objects.filter(pk=wanted.unit_id).values_list("path", flat=True).first()
        rows = rows.filter(below(path or "-", "task__unit__path"))
    if wanted.words:
        named = Q(task__title__icontains=wanted.words) | Q(task__number__icontains=wanted.words)
        rows = rows.filter(named | Q(task__owner__name__icontains=wanted.words))
    return rows.filter(_is(wanted.state, today)) if wanted.state else rows


def _is(state: str, today: dt.date) -> Q:
    """The SQL twin of `rules.result_state`."""
    given, late = _given(), Q(pk__in=_results().filter(late=True).values("counting"))
    dated, over = Q(result_due__isnull=False), Q(result_due__lt=today)
    conditions = {
        ResultState.GIVEN: given & ~late,
        ResultState.GIVEN_LATE: given & late,
        ResultState.OVERDUE: ~given & dated & over,
        ResultState.OPEN: ~given & dated & ~over,
        ResultState.UNDATED: ~given & ~dated,
    }
    return conditions[ResultState(state)]


@dataclass(frozen=True)
class ResultLine:
    """A task in a further set, and the result given for it."""

    counting: Counting
    report: Report | None
    state: ResultState

    @property
    def given_on(self) -> dt.date | None:
        return day_of(self.report.at) if self.report else None


@dataclass(frozen=True)
class Results:
    """A page of a set; ``after`` and ``before`` are how many lines stand before the neighbours."""

    lines: list[ResultLine]
    count: int
    since: int
    after: str
    before: str

    @property
    def shown(self) -> str:
        return f"{self.since + 1}–{self.since + len(self.lines)}"


def results_in(
    category: Category,
    year: int,
    person: Person,
    wanted: Wanted,
    today: dt.date,
    *,
    since: int = 0,
    size: int = SIZE,
) -> Results:
    """Lines of a set, those due first at the top, undated ones last; three statements."""
    rows = countings_in(category, year, person, wanted, today)
    count = rows.count()
    since = since if since < count else 0
    lines = lines_of(_ordered(rows)[since : since + size], today)
    return Results(
        lines,
        count,
        since,
        str(since + size) if since + size < count else "",
        str(max(0, since - size)) if since else "",
    )


def _ordered(rows: QuerySet[Counting]) -> QuerySet[Counting]:
    chosen = rows.select_related("task__unit", "task__owner", "task__category")
    return chosen.annotate(
        report_id=Subquery(
            _results().filter(counting=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        )
    ).order_by(F("result_due").asc(nulls_last=True), "task__unit__path", "task__number", "pk")


def lines_of(rows: Iterable[Counting], today: dt.date) -> list[ResultLine]:
    """Lines with their reports; two statements."""
    countings = list(rows)
    keys = [row.report_id for row in countings if row.report_id]  # type: ignore[attr-defined]
    reports = Report.objects.select_related("by").in_bulk(keys)
    lines = []
    for row in countings:
        report = reports.get(row.report_id)  # type: ignore[attr-defined]
        state = result_state(row.result_due, report, today)
        lines.append(ResultLine(row, report, state))
    return lines


def units_in(category: Category, year: int, person: Person) -> list[Unit]:
    """Units that lead a task of the set, for the filter."""
    keys = _counted(year, person).filter(category=category).order_by().values("task__unit")
    return list(Unit.objects.filter(pk__in=keys).order_by("path"))


def waiting_in(category: Category, year: int, person: Person, *, dated_too: bool) -> list[Counting]:
    """Countings whose result is still to be given: those without a day, or all of them."""
    rows = _counted(year, person).filter(~_given(), category=category)
    return list((rows if dated_too else rows.filter(result_due=None)).order_by("pk"))


def tally_of(
    category: Category, year: int, person: Person, today: dt.date
) -> dict[ResultState, int]:
    """How many tasks of a set stand how; one statement."""
    rows = _counted(year, person).filter(category=category).order_by()
    counts = {state.value: Count("pk", filter=_is(state, today)) for state in ResultState}
    found = rows.aggregate(**counts)
    return {state: found[state.value] for state in ResultState}


def exported(
    category: Category, year: int, person: Person, wanted: Wanted, today: dt.date
) -> Sequence[ResultLine]:
    """All lines that are asked for."""
    rows = countings_in(category, year, person, wanted, today)
    return lines_of(_ordered(rows)[:MOST_EXPORTED], today)
