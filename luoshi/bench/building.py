"""Building an institution of 1,821 units and 2,000 people with any number of tasks.

build(1_000_000, say)     in an empty, migrated database

Rows go past the services, which would take hours, yet every stored value is worked out with the
rules the services use: days on which a task turns, paths, what is owed, numbers, search entries,
the trail. `luoshi check` finds nothing wrong with it.
"""

import datetime as dt
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from luoshi.bench import shapes
from luoshi.bench.pour import Pouring
from luoshi.bench.shapes import Place, Shape, Shaper
from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM, Actor
from luoshi.kit.tree import segment
from luoshi.measures.models import Category, Measure, Programme
from luoshi.measures.models import Sequence as NumberSequence
from luoshi.measures.queries import read_books
from luoshi.measures.rules import Visibility
from luoshi.measures.rules.numbers import number_of
from luoshi.measures.services import load_books
from luoshi.people.models import (
    Person,
    PersonSpell,
    Post,
    Tenure,
    Unit,
    UnitKind,
    UnitSpell,
)
from luoshi.people.roles import Duty
from luoshi.people.rules import account_of, searchable
from luoshi.reports import queries as reports
from luoshi.reports import rules as report_rules
from luoshi.reports.models import Due, Report
from luoshi.reports.queries import periods
from luoshi.reports.rules import DueKind, ReportKind, ReportStatus
from luoshi.search.models import Entry
from luoshi.search.rules import grams, ts_vector
from luoshi.tasks import rules as task_rules
from luoshi.tasks.lifecycle import Outcome, Status
from luoshi.tasks.models import Counting, Milestone, Part, Role, Task, Tier
from luoshi.trail.models import Event, Head
from luoshi.trail.rules import canonical, event_hash, head_mark

Say = Callable[[str], None]
BEGINNING = dt.date(2015, 1, 1)
PASSWORD = "Falling-snow-863"
OFFICE_NUMBER, PERSON_NUMBER, FILER_NUMBER = "0210000", "0210001", "0210002"


@dataclass(frozen=True)
class House:
    """The institution: places, who heads which unit, categories with their shares."""

    places: list[Place]
    heads: dict[int, tuple[Person, Post]]
    reader: Person
    office: Person
    filer: Person
    categories: list[Category]


# ── units and people ─────────────────────────────────────────────────────────────────────────────


def _units() -> list[Unit]:
    """The root, then departments, then their sections in turn."""
    kinds = [
        UnitKind.objects.create(code=code, name=name, order=order)
        for order, (code, name) in enumerate(
            (("school", "学校"), ("department", "二级学院"), ("section", "科室"))
        )
    ]
    units: list[Unit] = []
    for number in range(shapes.UNITS):
        pk = number + 1
        if number == 0:
            parent, kind, name = None, kinds[0], "江海职业技术学院"
        elif number <= shapes.DEPARTMENTS:
            parent, kind, name = units[0], kinds[1], f"第{number}学院"
        else:
            parent = units[1 + (number - 1) % shapes.DEPARTMENTS]
            kind, name = kinds[2], f"{parent.name}{number // shapes.DEPARTMENTS}科"
        unit = Unit(
            pk=pk,
            code=f"{pk:05}",
            name=name,
            kind=kind,
            parent=parent,
            depth=parent.depth + 1 if parent else 0,
            path=(parent.path or "" if parent else "") + segment(pk),
            pinyin=searchable(name),
            order=pk,
            since=BEGINNING,
        )
        units.append(unit)
    Unit.objects.bulk_create(units, batch_size=500)
    UnitSpell.objects.bulk_create(
        [
            UnitSpell(
                unit=unit,
                name=unit.name,
                kind_name=unit.kind.name,
                parent_name=unit.parent.name if unit.parent else "",
                since=BEGINNING,
            )
            for unit in units
        ],
        batch_size=500,
    )
    return units


def _people(units: Sequence[Unit]) -> list[Person]:
    """Person n sits in unit n; those beyond the units in the departments."""
    locked = make_password(None)
    people = []
    for number in range(shapes.PEOPLE):
        unit = units[number] if number < len(units) else units[1 + number % shapes.DEPARTMENTS]
        staff_number = f"{210000 + number:07}"
        name = shapes.person_name(number)
        people.append(
            Person(
                account=account_of(staff_number, "T"),
                staff_number=staff_number,
                name=name,
                main_unit=unit,
                pinyin=searchable(name),
                entered_on=BEGINNING,
                must_change_password=False,
                password=locked,
            )
        )
    for known, staff in zip(people, (OFFICE_NUMBER, PERSON_NUMBER, FILER_NUMBER), strict=False):
        assert known.staff_number == staff
        known.set_password(PASSWORD)
    Person.objects.bulk_create(people, batch_size=500)
    PersonSpell.objects.bulk_create(
        [PersonSpell(person=p, unit=p.main_unit, since=BEGINNING) for p in people], batch_size=500
    )
    return people


def _posts(units: Sequence[Unit], people: Sequence[Person]) -> dict[int, tuple[Person, Post]]:
    """Everybody who sits in a unit heads it; the head of the root is the goal office."""
    duties = {0: Duty.GOAL_OFFICE, 1: Duty.HEAD}
    posts = [
        Post(
            unit=unit,
            duty=duties.get(unit.depth, Duty.SECTION_HEAD),
            title=f"{unit.name}负责人",
        )
        for unit in units
    ]
    Post.objects.bulk_create(posts, batch_size=500)
    pairs = list(zip(people, posts, strict=False))
    Tenure.objects.bulk_create(
        [Tenure(post=post, person=person, since=BEGINNING) for person, post in pairs],
        batch_size=500,
    )
    return {post.unit_id: (person, post) for person, post in pairs}


def _categories() -> list[Category]:
    """The two sets of S0 that have rules, and one whose tasks only those involved may see."""
    name = "S0.toml"
    text = (files("luoshi.measures") / "library" / name).read_bytes()
    books, problems = read_books([(name, text)])
    assert not problems, problems
    load_books(books=books, by=SYSTEM)
    closed = Measure.objects.create(
        code="instructions",
        since=BEGINNING,
        name="领导批示件办理办法",
        visibility=Visibility.INVOLVED,
        rhythm="monthly",
        report_day=28,
        number_pattern="批〔{year}〕{n:03}号",
    )
    Category.objects.create(
        programme=Programme.objects.earliest("pk"),
        code="instructions",
        name="领导批示",
        measure=closed,
        order=90,
    )
    codes = ("863", "quality", "instructions")
    found = {c.code: c for c in Category.objects.select_related("measure")}
    Measure.objects.filter(categories__code__in=codes).update(in_use_since=BEGINNING)
    return [found[code] for code in codes]


@transaction.atomic
def furnish() -> House:
    """Units, people, posts and rules."""
    units = _units()
    people = _people(units)
    heads = _posts(units, people)
    sections: dict[int, list[int]] = {}
    for unit in units[1 + shapes.DEPARTMENTS :]:
        sections.setdefault(unit.parent_id or 0, []).append(unit.pk)
    places = [
        Place(unit.pk, tuple(sections[unit.pk])) for unit in units[1 : 1 + shapes.DEPARTMENTS]
    ]
    return House(places, heads, people[1], people[0], people[2], _categories())


# ── tasks and what hangs on them ─────────────────────────────────────────────────────────────────


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 1, 0, tzinfo=dt.UTC)


@lru_cache(maxsize=200_000)
def _turning(
    start: dt.date, due: dt.date, progress: int, nodes: tuple[dt.date, ...]
) -> tuple[dt.date | None, dt.date | None]:
    return task_rules.turns_late(due), task_rules.turns_behind(start, due, progress, nodes)


@lru_cache(maxsize=200_000)
def _grams(text: str) -> tuple[str, ...]:
    return tuple(grams(text))


#: What rows of each table bring; the rest is the same for all.
_TASK = (
    "id", "parent_id", "path", "depth", "number", "title", "category_id", "measure_id", "year",
    "tier", "details", "standard", "unit_id", "owner_id", "owner_post_id", "creator_id", "start",
    "due", "original_due", "scoring_due", "status", "outcome", "rhythm", "report_day", "progress",
    "children_count", "late_from", "behind_from", "issued_at", "accepted_at", "begun_at",
    "reported_at", "completed_at", "closed_at", "created_at",
)  # fmt: skip
_DUE = (
    "task_id", "kind", "period", "counting_id", "since", "until", "due_on", "closes_on",
    "filed_by_id", "filed_on", "void",
)  # fmt: skip
_EVENT = (
    "about_kind", "about_id", "seq", "verb", "by_id", "by_name", "at", "data", "prev", "hash",
)  # fmt: skip


class Builder:
    """Writes tasks and all that hangs on them."""

    def __init__(self, house: House, pouring: Pouring, today: dt.date) -> None:
        self._house = house
        self._today = today
        self._now = clock.now()
        self._dice = random.Random(2026)
        self._numbers: dict[tuple[int, int], int] = {}
        self._entries = self._reports_made = self._countings_made = self._owned = self._monthly = 0
        self._postgresql = connection.vendor == "postgresql"
        self._spans: dict[Any, list[Any]] = {}
        self._office = house.office.actor
        self._prepare(pouring)

    def _prepare(self, pouring: Pouring) -> None:
        self._tasks = pouring.table(Task, _TASK, {"kind": "unit"})
        self._parts = pouring.table(
            Part, ("task_id", "role", "person_id", "unit_id", "year"), {"must_sign": False}
        )
        self._countings = pouring.table(
            Counting, ("id", "task_id", "category_id", "measure_id", "year", "home", "result_due")
        )
        self._milestones = pouring.table(Milestone, ("task_id", "name", "due", "order"))
        self._dues = pouring.table(Due, _DUE)
        self._reports = pouring.table(
            Report,
            ("id", "task_id", "period", "progress", "body", "by_id", "at", "late"),
            {"kind": ReportKind.PROGRESS.value, "status": ReportStatus.FILED.value},
        )
        self._events = pouring.table(Event, _EVENT, {"for_name": ""})
        self._heads = pouring.table(Head, ("about_kind", "about_id", "seq", "hash", "mark"))
        self._found: list[tuple[int, str]] = []
        self._entry_table = pouring.table(
            Entry,
            ("id", "kind", "key", "task_id", "year"),
            unknown=("grams",) if self._postgresql else (),
        )
        self._sequences = pouring.table(NumberSequence, ("category_id", "year", "last"))

    @property
    def counts(self) -> dict[str, int]:
        tables = (self._tasks, self._parts, self._countings, self._dues, self._reports)
        return {table.name: table.count for table in tables}

    def family(self, number: int, family: Sequence[Shape]) -> None:
        category = self._house.categories[_share(number)]
        for shape in family:
            self._task(shape, category)

    # one task

    def _task(self, shape: Shape, category: Category) -> None:
        draft = shape.status == Status.DRAFT
        number = "" if draft else self._number(category, shape.year)
        nodes = self._nodes(shape)
        owner, post = self._owner(shape)
        measure = category.measure
        assert measure is not None
        issued = None if draft else _noon(shape.start)
        done = _noon(shape.ended) if shape.ended and shape.status != Status.CANCELLED else None
        reported = self._owe(shape, measure, owner)
        details, standard = self._pick(shapes.DETAILS), self._pick(shapes.STANDARDS)
        self._tasks.add(
            (
                shape.pk, shape.parent, shape.path, shape.depth, number, shape.title, category.pk,
                measure.pk, shape.year, int(Tier.UNIT if shape.parent else Tier.INSTITUTION),
                details, standard, shape.unit, owner.pk, post, self._creator(shape).pk, shape.start,
                shape.due, shape.due if issued else None, shape.due if issued else None,
                int(shape.status), _outcome(shape), shape.rhythm, measure.report_day,
                shape.progress, shape.children, *self._turns(shape, nodes), issued, issued,
                reported, reported, done,
                _noon(shape.ended) if shape.ended and shape.status >= Status.CLOSED else None,
                _noon(shape.start),
            )
        )  # fmt: skip
        self._parts.add((shape.pk, Role.LEAD.value, None, shape.unit, shape.year))
        self._parts.add((shape.pk, Role.PARTICIPANT.value, self._anybody(), None, shape.year))
        self._count(shape, category)
        self._tell(shape, number)
        text = (number, shape.title, details, standard)
        self._find("task", shape.pk, shape, text)

    def _pick(self, texts: Sequence[str]) -> str:
        return self._dice.choice(texts)

    def _turns(self, shape: Shape, nodes: tuple[dt.date, ...]) -> tuple[Any, Any]:
        if not task_rules.is_running(shape.status, shape.progress, paused=False):
            return None, None
        return _turning(shape.start, shape.due, shape.progress, nodes)

    def _number(self, category: Category, year: int) -> str:
        n = self._numbers.get((category.pk, year), 0) + 1
        self._numbers[category.pk, year] = n
        assert category.measure is not None
        return number_of(category.measure.number_pattern, year, n)

    def _nodes(self, shape: Shape) -> tuple[dt.date, ...]:
        """Every fifth task with sub-tasks under way has two milestones."""
        if shape.depth != 1 or shape.pk % 5 or shape.status != Status.ACTIVE:
            return ()
        days = (shape.start + dt.timedelta(days=90), shape.start + dt.timedelta(days=210))
        for order, day in enumerate(days):
            self._milestones.add((shape.pk, ("中期检查", "总结验收")[order], day, order))
        return days

    def _owner(self, shape: Shape) -> tuple[Person, int | None]:
        """The reader has the first tasks under way, who files a month the next; else the head."""
        free = shape.status == Status.ACTIVE and shape.year == self._today.year
        if free and shape.parent and self._owned < shapes.OWNED:
            self._owned += 1
            return self._house.reader, None
        if free and not shape.children and shape.parent and self._monthly < shapes.MONTHLY:
            self._monthly += 1
            shape.rhythm = "monthly"
            return self._house.filer, None
        person, post = self._house.heads[shape.unit]
        return person, post.pk if shape.pk % 2 else None

    def _creator(self, shape: Shape) -> Person:
        """The goal office registers what stands at the top; the department breaks it down."""
        if shape.parent is None:
            return self._house.office
        return self._house.heads[shape.department][0]

    def _anybody(self) -> int:
        return self._house.office.pk + self._dice.randrange(2, shapes.PEOPLE)

    def _count(self, shape: Shape, category: Category) -> None:
        """The home set, and for some tasks a further one with a result owed."""
        self._countings_made += 1
        self._countings.add(
            (self._countings_made, shape.pk, category.pk, None, shape.year, True, None)
        )
        further = self._house.categories[1]
        if shape.pk % 20 or category.pk == further.pk or shape.status != Status.ACTIVE:
            return
        self._countings_made += 1
        pk, day = self._countings_made, dt.date(shape.year, 12, 31)
        self._countings.add((pk, shape.pk, further.pk, further.measure_id, shape.year, False, day))
        self._dues.add(
            (shape.pk, DueKind.RESULT.value, str(pk), pk, min(shape.start, day), day, day,
             report_rules.NEVER, None, None, False)
        )  # fmt: skip

    # what is owed and what was said

    def _owe(self, shape: Shape, measure: Measure, owner: Person) -> dt.datetime | None:
        """Dues with the reports that settle them. Returns when the last report came."""
        if shape.rhythm == "none" or shape.status in {Status.DRAFT, Status.CANCELLED}:
            return self._free_reports(shape, owner)
        last = None
        left = shape.reports
        for span, closes in self._periods(shape, measure):
            day = min(span.due_on, span.until) - dt.timedelta(days=2)
            over = shape.ended is not None and closes >= shape.ended
            filed = None
            if left and shape.start <= day <= (shape.ended or self._today):
                left -= 1
                last = _noon(day)
                filed = self._report(shape, owner, last, span.key, left)
            self._dues.add(
                (shape.pk, DueKind.PERIOD.value, span.key, None, span.since, span.until,
                 span.due_on, closes, filed, day if filed else None, over and not filed)
            )  # fmt: skip
        return last

    def _periods(self, shape: Shape, measure: Measure) -> list[Any]:
        """Periods with the day each closes, worked out once for tasks alike."""
        horizon = (shape.ended or self._today) + dt.timedelta(days=reports.AHEAD)
        key = (measure.pk, shape.rhythm, shape.start, horizon)
        if key not in self._spans:
            task = Task(
                rhythm=shape.rhythm,
                report_day=measure.report_day,
                start=shape.start,
                issued_at=_noon(shape.start),
            )
            self._spans[key] = [
                (span, report_rules.closes_on(span, measure.grace_days, measure.late_report))
                for span in periods.spans_of(task, horizon)
            ]
        return self._spans[key]

    def _free_reports(self, shape: Shape, owner: Person) -> dt.datetime | None:
        last = None
        for left in range(shape.reports - 1, -1, -1):
            days = min(30 * (shape.reports - left), max((self._today - shape.start).days, 0))
            last = _noon(shape.start + dt.timedelta(days=days))
            self._report(shape, owner, last, "", left)
        return last

    def _report(self, shape: Shape, owner: Person, at: dt.datetime, period: str, left: int) -> int:
        self._reports_made += 1
        pk = self._reports_made
        body = self._pick(shapes.REPORT_TEXTS)
        progress = max(shape.progress - 5 * left, 0)
        self._reports.add((pk, shape.pk, period, progress, body, owner.pk, at, False))
        self._find("report", pk, shape, (body,))
        return pk

    # trail and search

    def _tell(self, shape: Shape, number: str) -> None:
        """The story so far: registered, and for a share of the tasks issued."""
        data = canonical({"title": shape.title, "batch": None})
        said = self._event(shape.pk, 1, "task.register", self._office, data, "")
        seq = 1
        if shape.pk % 4 == 0 and number:
            data = canonical({"number": number, "new": Status(shape.status).name})
            seq, said = 2, self._event(shape.pk, 2, "task.issue", self._office, data, said)
        mark = head_mark(
            settings.SEAL_KEY, about_kind="task", about_id=shape.pk, seq=seq, hash=said
        )
        self._heads.add(("task", shape.pk, seq, said, mark))

    def _event(self, pk: int, seq: int, verb: str, by: Actor, data: str, prev: str) -> str:
        said = event_hash(
            prev=prev, about_kind="task", about_id=pk, seq=seq, verb=verb, by_id=by.id,
            by_name=by.name, for_id=None, for_name="", at=self._now, data=data,
        )  # fmt: skip
        self._events.add(("task", pk, seq, verb, by.id, by.name, self._now, data, prev, said))
        return said

    def _find(self, kind: str, pk: int, shape: Shape, texts: Sequence[str]) -> None:
        """The search entry: grams of each text by itself, as line ends part them anyway."""
        self._entries += 1
        number, *rest = texts if kind == "task" else ("", *texts)
        cut = [*grams(number)] if number else []
        for text in rest:
            cut += _grams(text)
        row = (self._entries, kind, str(pk), shape.pk, shape.year)
        if self._postgresql:
            self._entry_table.add((*row, ts_vector(cut)))
            return
        self._entry_table.add(row)
        self._found.append((self._entries, " ".join(cut)))
        if len(self._found) >= 20_000:
            self.flush_grams()

    def flush_grams(self) -> None:
        rows, self._found = self._found, []
        if rows:
            connection.connection.executemany(
                "INSERT INTO search_grams (rowid, grams) VALUES (?, ?)", rows
            )

    def finish(self) -> None:
        """What is known only at the end: the last number of each set."""
        self.flush_grams()
        for (category, year), last in self._numbers.items():
            self._sequences.add((category, year, last))


def _share(number: int) -> int:
    """The set of a family: 60 %, 25 %, 15 %."""
    place = (number // 2) % 20
    return 0 if place < 12 else 1 if place < 17 else 2


def _outcome(shape: Shape) -> str:
    if shape.status == Status.CANCELLED:
        return Outcome.CANCELLED.value
    return Outcome.COMPLETED.value if shape.status >= Status.DONE else ""


def build(count: int, say: Say) -> dict[str, int]:
    """Fill an empty, migrated database. Returns how many rows of each table there are."""
    begun = time.monotonic()
    today = timezone.localtime(clock.now()).date()
    house = furnish()
    say(f"{shapes.UNITS:,} units, {shapes.PEOPLE:,} people ({time.monotonic() - begun:.0f} s)")
    with Pouring(connection) as pouring:
        builder = Builder(house, pouring, today)
        done = 0
        told = time.monotonic()
        for number, family in enumerate(Shaper(house.places, today).families(count)):
            builder.family(number, family)
            done += len(family)
            if time.monotonic() - told > 5:
                told = time.monotonic()
                say(f"{done:,} of {count:,} tasks ({told - begun:.0f} s)")
        builder.finish()
        say(f"{done:,} tasks; making the indexes ({time.monotonic() - begun:.0f} s)")
    say(f"built in {time.monotonic() - begun:.0f} s")
    return builder.counts | {"seconds": round(time.monotonic() - begun)}
