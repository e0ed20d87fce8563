"""What is stored for speed, worked out again and compared (ARCHITECTURE §5; `luoshi check`).

differences()      every stored value that is not what its rule says, room by room

Each room is read once, in chunks, by the key; nothing is written. The trail has its own proof
(`luoshi trail verify`), which is asked here too.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, models
from django.db.models import Count
from django.utils.translation import gettext as _

from luoshi.assessment import queries as assessing
from luoshi.assessment.models import Count as Counted
from luoshi.assessment.models import Result
from luoshi.assessment.rules import ResultState, ScoreState, result_of
from luoshi.kit import clock
from luoshi.kit.tree import Tree, segment
from luoshi.people.models import Unit
from luoshi.reports import rules as owed_rules
from luoshi.reports.models import Due
from luoshi.reports.queries import AHEAD, policy_of
from luoshi.reports.queries.periods import report_days, spans_of
from luoshi.reports.rules import DueKind
from luoshi.search.kinds import Row, sources
from luoshi.search.models import Entry
from luoshi.search.rules import grams, ts_vector
from luoshi.tasks import rules
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting, Milestone, Part, Task
from luoshi.trail.queries import faults

CHUNK = 2_000


@dataclass(frozen=True)
class Difference:
    """A stored value that is not what its rule says."""

    about: str
    what: str
    stored: Any
    expected: Any

    @property
    def sentence(self) -> str:
        values = {
            "about": self.about,
            "what": self.what,
            "stored": self.stored,
            "expected": self.expected,
        }
        return _("%(about)s: %(what)s is %(stored)s, it should be %(expected)s.") % values


def differences(say: Callable[[str], None] = lambda _words: None) -> Iterator[Difference]:
    """Every difference, room by room; ``say`` hears what is being read."""
    today = clock.today()
    checks: Sequence[tuple[str, Callable[[], Iterable[Difference]]]] = (
        (_("units"), lambda: _trees(Unit)),
        (_("tasks themselves"), _tasks),
        (_("what hangs on tasks"), _hanging),
        (_("reports owed"), lambda: _dues(today)),
        (_("results of assessments"), _results),
        (_("search entries"), _entries),
        (_("trail"), _trail),
    )
    for name, check in checks:
        say(name)
        yield from check()


def _chunks(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows by key in chunks, each its own statement."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _compare(about: str, row: Any, expected: dict[str, Any]) -> Iterator[Difference]:
    for name, value in expected.items():
        stored = getattr(row, name)
        if stored != value:
            yield Difference(about, name, stored, value)


# ── trees and tasks ──────────────────────────────────────────────────────────────────────────────


def _trees(model: type[Tree]) -> Iterator[Difference]:
    """Paths and depths, from the parents."""
    kind = model._meta.model_name
    rows = model._default_manager.only("path", "depth", "parent_id")
    for chunk in _chunks(rows):
        parents = model._default_manager.only("path", "depth").in_bulk(
            {row.parent_id for row in chunk if row.parent_id}
        )
        for row in chunk:
            yield from _compare(f"{kind}/{row.pk}", row, _place(row, parents.get(row.parent_id)))


def _place(row: Tree, parent: Tree | None) -> dict[str, Any]:
    return {
        "path": (parent.path or "" if parent else "") + segment(row.pk),
        "depth": parent.depth + 1 if parent else 0,
    }


_TASK = (
    "path", "depth", "parent_id", "children_count", "status", "progress", "paused", "start", "due",
    "late_from", "behind_from",
)  # fmt: skip


def _tasks() -> Iterator[Difference]:
    """Places in the tree, number of children, the days on which a task turns."""
    for chunk in _chunks(Task.objects.only(*_TASK)):
        keys = [task.pk for task in chunk]
        parents = Task.objects.only("path", "depth").in_bulk(
            {task.parent_id for task in chunk if task.parent_id}
        )
        below = Task.objects.filter(parent_id__in=keys).order_by().values_list("parent_id")
        children = dict(below.annotate(n=Count("pk")))
        nodes = _open_nodes(keys)
        for task in chunk:
            expected = _place(task, parents.get(task.parent_id or 0))
            expected["children_count"] = children.get(task.pk, 0)
            expected |= _turning(task, nodes.get(task.pk, ()))
            yield from _compare(task.ref, task, expected)


def _open_nodes(keys: Sequence[int]) -> dict[int, list[dt.date]]:
    found: dict[int, list[dt.date]] = defaultdict(list)
    rows = Milestone.objects.filter(task_id__in=keys, done_on=None)
    for task_id, due in rows.values_list("task_id", "due"):
        found[task_id].append(due)
    return found


def _turning(task: Task, nodes: Sequence[dt.date]) -> dict[str, Any]:
    if not rules.is_running(task.status, task.progress, task.paused):
        return {"late_from": None, "behind_from": None}
    return {
        "late_from": rules.turns_late(task.due),
        "behind_from": rules.turns_behind(task.start, task.due, task.progress, nodes),
    }


def _hanging() -> Iterator[Difference]:
    """The year of parts and sets is that of the task; every task has one home set, its own."""
    for model in (Part, Counting):
        kind = model._meta.model_name
        strangers = model._default_manager.exclude(year=models.F("task__year"))
        for pk, stored, year in strangers.values_list("pk", "year", "task__year"):
            yield Difference(f"{kind}/{pk}", "year", stored, year)
    home = Counting.objects.filter(home=True)
    for pk, stored, category in home.exclude(category=models.F("task__category")).values_list(
        "pk", "category_id", "task__category_id"
    ):
        yield Difference(f"counting/{pk}", "category", stored, category)
    homeless = Task.objects.exclude(pk__in=home.values("task_id")).order_by("pk")
    for pk in homeless.values_list("pk", flat=True):
        yield Difference(f"task/{pk}", "home", None, "category")


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────

_RUNNING = (Status.ISSUED, Status.ACTIVE)


def _dues(today: dt.date) -> Iterator[Difference]:
    """Every period of a task under way is owed, with its dates; nothing is asked of ended tasks."""
    horizon = today + dt.timedelta(days=AHEAD - 1)  # the job of tonight opens the day after
    tasks = Task.objects.exclude(issued_at=None).select_related("measure", "category__measure")
    for chunk in _chunks(tasks):
        stored: dict[int, dict[str, Due]] = defaultdict(dict)
        rows = Due.objects.filter(task_id__in=[t.pk for t in chunk], kind=DueKind.PERIOD)
        for due in rows:
            stored[due.task_id][due.period] = due
        days = report_days(chunk)
        for task in chunk:
            spans = spans_of(task, horizon, days.get(policy_of(task).pk))
            yield from _owed(task, spans, stored.get(task.pk, {}), today)


def _owed(
    task: Task, spans: Sequence[Any], stored: dict[str, Due], today: dt.date
) -> Iterator[Difference]:
    running = task.status in _RUNNING
    policy = policy_of(task)
    known = {span.key: span for span in spans}
    for key, due in stored.items():
        if due.filed_on or due.void or due.closes_on < today:
            continue  # settled, taken back, or missed under the dates of its time
        if not running and task.status != Status.DRAFT:
            yield Difference(f"due/{due.pk}", "void", False, True)
        if running and key in known:
            yield from _compare(f"due/{due.pk}", due, _dates(known[key], policy))
    if running and not task.paused:
        for key in known.keys() - stored.keys():
            if known[key].due_on >= today:
                yield Difference(task.ref, "due", None, key)


def _dates(span: Any, policy: Any) -> dict[str, dt.date]:
    return {
        "since": span.since,
        "until": span.until,
        "due_on": span.due_on,
        "closes_on": owed_rules.closes_on(span, policy.grace_days, policy.late_report),
    }


# ── assessments ──────────────────────────────────────────────────────────────────────────────────


def _results() -> Iterator[Difference]:
    """Every result is what its scores make by its rule; a result that stands opens its task."""
    for chunk in _chunks(Result.objects.exclude(state=ResultState.REPLACED).select_related("task")):
        counts: dict[int, list[Counted]] = defaultdict(list)
        rows = Counted.objects.filter(result__in=[result.pk for result in chunk])
        for row in rows.select_related("assessment").order_by("assessment__assessor_id"):
            counts[row.result_id].append(row)
        for result in chunk:
            yield from _result(result, counts[result.pk])
    closed_in = Result.objects.filter(state=ResultState.STANDS).order_by().values("task_id")
    rowless = Task.objects.exclude(assessed_at=None).exclude(pk__in=closed_in).order_by("pk")
    for task in rowless.only("assessed_at"):
        yield Difference(task.ref, "assessed_at", task.assessed_at, None)


def _result(result: Result, counts: Sequence[Counted]) -> Iterator[Difference]:
    about = f"result/{result.pk}"
    outcome = result_of([row.assessment.points for row in counts], result.rule) if counts else None
    yield from _compare(about, result, {"points": outcome.points if outcome else None})
    for row, counted in zip(counts, outcome.counted if outcome else (), strict=True):
        yield from _compare(f"{about}/{row.assessment_id}", row, {"counted": counted})
    if result.state != ResultState.STANDS:
        return
    if any(row.assessment.state != ScoreState.STANDS for row in counts):
        yield Difference(about, "state", result.state, ResultState.STALE)
    named = assessing.assessor_ids(result.task)
    if named != {row.assessment.assessor_id for row in counts}:
        yield Difference(about, _("assessors"), len(counts), len(named))
    yield from _compare(result.task.ref, result.task, {"assessed_at": result.at})


# ── search and trail ─────────────────────────────────────────────────────────────────────────────


def _entries() -> Iterator[Difference]:
    """Every text is found by its words, and nothing is found that is not there any more."""
    for kind, read in sources().items():
        rows, count = iter(read()), 0
        while chunk := list(islice(rows, CHUNK)):
            count += len(chunk)
            yield from _entries_of(kind, [Row(*row) for row in chunk])
        stored = Entry.objects.filter(kind=kind).count()
        if stored != count:
            yield Difference(f"search/{kind}", _("number of entries"), stored, count)


def _entries_of(kind: str, rows: Sequence[Row]) -> Iterator[Difference]:
    expected = {row.key: row for row in rows}
    stored = _stored_grams(kind, list(expected))
    for key, row in expected.items():
        about = f"{kind}/{key}"
        if key not in stored:
            yield Difference(about, _("search entry"), None, key)
            continue
        task_id, year, same = stored[key]
        if (task_id, year) != (row.task_id, row.year):
            yield Difference(about, "task, year", (task_id, year), (row.task_id, row.year))
        if not same(row.text):
            yield Difference(about, _("search entry"), _("of an older text"), _("of this text"))


def _stored_grams(kind: str, keys: list[str]) -> dict[str, tuple[Any, Any, Callable[[str], bool]]]:
    """Task, year and a comparison of the grams, by key."""
    marks = ", ".join(["%s"] * len(keys))
    if connection.vendor == "postgresql":
        sql = "SELECT key, task_id, year, grams::text FROM search_entry e"
    else:
        sql = (
            "SELECT key, task_id, year, g.grams FROM search_entry e "
            "JOIN search_grams g ON g.rowid = e.id"
        )
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} WHERE e.kind = %s AND e.key IN ({marks})", [kind, *keys])
        found = cursor.fetchall()
    same = _same_vector if connection.vendor == "postgresql" else _same_words
    return {key: (task_id, year, same(told)) for key, task_id, year, told in found}


def _same_words(stored: str) -> Callable[[str], bool]:
    return lambda text: " ".join(grams(text)) == stored


def _same_vector(stored: str) -> Callable[[str], bool]:
    return lambda text: sorted(ts_vector(grams(text)).split()) == sorted(stored.split())


def _trail() -> Iterator[Difference]:
    for fault in faults():
        yield Difference(fault.about, _("trail"), fault.sentence, _("whole"))
