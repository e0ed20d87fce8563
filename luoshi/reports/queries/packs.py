"""What goes into the year-end pack of a unit, and how packs stand (S0-2: reports are the material).

contents_of(unit, year)      the unit's tasks by set with result, text and evidence, and its place
pack_lines(person, year)     units whose pack the person may have, with how it stands
overview_of(unit, year)      what a pack would hold, and what it lacks
stuck(now)                   packs whose worker was lost
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from luoshi.files.models import Attachment, Citation
from luoshi.kit.tree import below
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.people.queries import powers_of, units_open
from luoshi.people.roles import Power
from luoshi.reports.models import Pack, Quotation, Report
from luoshi.reports.queries import latest_of
from luoshi.reports.rules import ReportKind, ReportStatus
from luoshi.reports.rules import packs as rules
from luoshi.reports.rules.packs import PackState
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting, Task

#: Tasks looked at in one statement.
PIECE = 200
#: Units on the page at most.
MOST_UNITS = 300


# ── what goes in ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class Piece:
    """A file of the pack: a content stored once, and the place it has in the pack."""

    sha256: str
    name: str
    size: int
    at: dt.datetime
    kind: str
    place: str = ""
    #: Set while packing: the content was not on the disk any more.
    lost: bool = False


@dataclass
class Result:
    """A task in a further set: when its result is due there, and the result given."""

    task: Task
    counting: Counting
    report: Report | None
    pieces: list[Piece] = field(default_factory=list)


@dataclass
class Entry:
    """A task with what is said of it at the end of the year, and its evidence."""

    task: Task
    report: Report | None
    quotes: list[Quotation] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Contents:
    """All of a pack: entries by set, results by further set, every content once."""

    unit: Unit
    year: int
    sets: list[tuple[Category, list[Entry]]]
    further: list[tuple[Category, list[Result]]]
    pieces: list[Piece]

    @property
    def tasks(self) -> int:
        return sum(len(entries) for _set, entries in self.sets)

    @property
    def folder(self) -> str:
        """The name of the pack, and of the folder everything lies in."""
        return rules.safe(f"{self.unit.name}{self.year}", rules.FOLDER)


def tasks_in(unit: Unit, year: int) -> QuerySet[Task]:
    """Tasks of a year led by a unit or one below it, as far as they were issued and stand."""
    rows = Task.objects.filter(below(unit.path or "-", "unit__path"), year=year)
    live = rows.filter(status__gte=Status.ISSUED).exclude(status=Status.CANCELLED)
    return live.select_related("unit", "owner", "category__programme")


def contents_of(unit: Unit, year: int) -> Contents:
    """Everything a pack holds, with a place for every file; reads in pieces of `PIECE` tasks."""
    rows = tasks_in(unit, year).order_by(
        "category__programme__order", "category__order", "category__code", "path"
    )
    entries: list[Entry] = []
    tasks = list(rows[: rules.MOST_TASKS + 1])
    for start in range(0, len(tasks), PIECE):
        entries += _entries(tasks[start : start + PIECE])
    sets = _by_set(entries)
    further = _by_further_set(entries)
    return Contents(unit, year, sets, further, _place(sets))


def _entries(tasks: Sequence[Task]) -> list[Entry]:
    """Entries of some tasks; a fixed number of statements."""
    keys = [task.pk for task in tasks]
    latest = latest_of(keys)
    told = _told(keys, latest)
    given = {report.counting_id: report for report in told.values()}
    results = _results(keys, given)
    pieces = _pieces(keys, told)
    quotes: dict[int, list[Quotation]] = defaultdict(list)
    chosen = [report.pk for report in latest.values() if report.copied is not None]
    for quote in Quotation.objects.filter(report__in=chosen).select_related("source__task__unit"):
        quotes[quote.report_id].append(quote)
    entries = []
    for task in tasks:
        report = latest.get(task.pk)
        entry = Entry(task, report, quotes.get(report.pk, []) if report else [])
        entry.results = results.get(task.pk, [])
        entry.pieces = pieces.get(task.pk, [])
        for result in entry.results:
            result.task = task
            result.pieces = entry.pieces
        entries.append(entry)
    return entries


def _told(keys: Sequence[int], latest: dict[int, Report]) -> dict[int, Report]:
    """Every report that counts, by key; ``latest`` is given the newest that says something.

    A report of no change stands behind the one that told what had been done (RPT-5).
    """
    rows = Report.objects.filter(task__in=keys, status=ReportStatus.FILED).select_related("by")
    told = {report.pk: report for report in rows.order_by("-at", "-pk")}
    saying: dict[int, Report] = {}
    for report in told.values():
        if report.kind != ReportKind.RESULT and not report.unchanged:
            saying.setdefault(report.task_id, report)
    latest |= saying
    return told


def _results(keys: Sequence[int], given: dict[int | None, Report]) -> dict[int, list[Result]]:
    rows = Counting.objects.filter(task__in=keys, home=False).select_related("category__programme")
    found: dict[int, list[Result]] = defaultdict(list)
    for row in rows.order_by("category__order", "category__code"):
        found[row.task_id].append(Result(row.task, row, given.get(row.pk)))
    return found


def _pieces(keys: Sequence[int], told: dict[int, Report]) -> dict[int, list[Piece]]:
    """Evidence of the reports and process documents, by task, each content once in a task."""
    about = Q(about_kind="task", about_id__in=keys)
    about |= Q(about_kind="report", about_id__in=list(told))
    hung = Attachment.objects.filter(about).select_related("blob").order_by("pk")
    quoted = Citation.objects.filter(about).select_related("attachment__blob").order_by("pk")
    rows = [(row.about_kind, row.about_id, row) for row in hung]
    rows += [(row.about_kind, row.about_id, row.attachment) for row in quoted]
    found: dict[int, dict[str, Piece]] = defaultdict(dict)
    for kind, number, attachment in rows:
        task = number if kind == "task" else told[number].task_id
        blob = attachment.blob
        piece = Piece(blob.sha256, attachment.name, blob.size, attachment.at, blob.kind)
        found[task].setdefault(blob.sha256, piece)
    return {task: list(pieces.values()) for task, pieces in found.items()}


def _by_set(entries: Iterable[Entry]) -> list[tuple[Category, list[Entry]]]:
    found: dict[Category, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.task.category, []).append(entry)
    return list(found.items())


def _by_further_set(entries: Iterable[Entry]) -> list[tuple[Category, list[Result]]]:
    found: dict[Category, list[Result]] = {}
    for entry in entries:
        for result in entry.results:
            found.setdefault(result.counting.category, []).append(result)
    return list(found.items())


def _place(sets: Sequence[tuple[Category, list[Entry]]]) -> list[Piece]:
    """Give every content one place; a task that shows it too points to that place."""
    placed: dict[str, Piece] = {}
    folders: set[str] = set()
    for number, (category, entries) in enumerate(sets, start=1):
        top = rules.unique(rules.safe(f"{number:02} {category.name}", rules.FOLDER), folders)
        folders.add(top)
        inside: set[str] = set()
        for entry in entries:
            name = rules.safe(f"{entry.task.number} {entry.task.title}".strip(), rules.FOLDER)
            own = rules.unique(name, inside)
            inside.add(own)
            _place_in(f"{top}/{own}", entry, placed)
    return list(placed.values())


def _place_in(folder: str, entry: Entry, placed: dict[str, Piece]) -> None:
    taken: set[str] = set()
    for at, piece in enumerate(entry.pieces):
        if known := placed.get(piece.sha256):
            entry.pieces[at] = known
            continue
        name = rules.unique(rules.safe(piece.name, rules.FILE), taken)
        taken.add(name)
        piece.place = f"{folder}/{name}"
        placed[piece.sha256] = piece


# ── how packs stand ──────────────────────────────────────────────────────────────────────────────


def reaches(person: Person, unit: Unit) -> bool:
    """Whether the person sees all tasks of the unit."""
    return powers_of(person).over_unit(Power.SEE, unit.path)


@dataclass(frozen=True)
class PackLine:
    """A unit on the page of packs: its tasks, those without a report, and its pack."""

    unit: Unit
    tasks: int
    silent: int
    pack: Pack | None


def pack_lines(person: Person, year: int, today: dt.date, words: str = "") -> list[PackLine]:
    """Units within reach that lead tasks of the year, units below counted in; three statements."""
    where = Q()
    for path in powers_of(person).reach(Power.SEE):
        where |= below(path)
    if not where:
        return []
    units = list(units_open(today).filter(where).order_by("path"))
    counts = _counts(year)
    packs = {pack.unit_id: pack for pack in Pack.objects.filter(year=year).select_related("by")}
    lines = []
    for unit in units:
        mine = [value for path, value in counts if path.startswith(unit.path or "-")]
        tasks = sum(all_of for all_of, _silent in mine)
        if tasks and words.casefold() in f"{unit.name} {unit.short_name}".casefold():
            silent = sum(silent for _all, silent in mine)
            lines.append(PackLine(unit, tasks, silent, packs.get(unit.pk)))
    return lines[:MOST_UNITS]


def _counts(year: int) -> list[tuple[str, tuple[int, int]]]:
    """Tasks of the year, and those never reported on, by path of the unit that leads them."""
    rows = Task.objects.filter(year=year, status__gte=Status.ISSUED)
    rows = rows.exclude(status=Status.CANCELLED).order_by()
    found = rows.values_list("unit__path").annotate(
        n=Count("pk"), silent=Count("pk", filter=Q(reported_at=None))
    )
    return [(path or "", (n, silent)) for path, n, silent in found]


@dataclass(frozen=True)
class Overview:
    """What a pack would hold: tasks by set, and tasks nobody reported on."""

    sets: list[tuple[str, int]]
    silent: list[Task]
    #: Tasks with a result for a further set still to be given.
    missing_results: int

    @property
    def tasks(self) -> int:
        return sum(count for _name, count in self.sets)


def overview_of(unit: Unit, year: int) -> Overview:
    """What a pack would hold, and what it lacks; three statements."""
    rows = tasks_in(unit, year)
    names = rows.order_by("category__order", "category__code").values_list("category__name")
    sets = [(name, count) for name, count in names.annotate(n=Count("pk"))]
    given = Report.objects.filter(kind=ReportKind.RESULT, status=ReportStatus.FILED).order_by()
    missing = Counting.objects.filter(home=False, task__in=rows.order_by().values("pk")).exclude(
        pk__in=given.filter(counting__isnull=False).values("counting")
    )
    return Overview(
        sets, list(rows.filter(reported_at=None).order_by("path")[:50]), missing.count()
    )


def pack_of(unit: Unit, year: int) -> Pack | None:
    """The pack of a unit and year, if it was ever asked for."""
    rows = Pack.objects.filter(unit=unit, year=year)
    return rows.select_related("by", "attachment__blob", "unit").first()


def newer_reports(pack: Pack) -> int:
    """How many reports came after the pack was built."""
    if pack.built_at is None:
        return 0
    tasks = tasks_in(pack.unit, pack.year).order_by().values("pk")
    return Report.objects.filter(task__in=tasks, at__gt=pack.built_at).count()


def left_behind(before: dt.datetime) -> list[Pack]:
    """Packs that should be at work and gave no sign since then."""
    silent = Q(beat__lt=before) | Q(beat=None, asked_at__lt=before)
    at_work = Pack.objects.filter(state__in=[PackState.WAITING, PackState.WORKING])
    return list(at_work.filter(silent).order_by("pk"))
