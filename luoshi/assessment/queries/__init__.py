"""Scores and results as people may see them, and what waits to be scored.

panel(task, facts, person)       the assessment of a task as its page shows it
receipt_of(task)                 a result with what went into it
waiting_for(person, today)       tasks this person has to score now
told_of(tasks, person)           how the assessment of many tasks stands, for lists
with_standing(tasks, standing)   the same as a condition in the database
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from luoshi.assessment import rules
from luoshi.assessment.models import Assessment, Count, Result
from luoshi.assessment.rules import ResultState, ScoreState, Standing
from luoshi.kit import clock
from luoshi.kit.verdict import Verdict
from luoshi.measures.models import Measure
from luoshi.people.models import Person
from luoshi.reports import queries as reports
from luoshi.reports.models import Report
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.queries import is_office_of
from luoshi.tasks.rules import Facts

#: A score that counts, or did until something moved.
LIVE = (ScoreState.STANDS, ScoreState.STALE)


def policy_of(task: Task) -> Measure:
    """The switches that govern the assessment of a task; the defaults where no measure does."""
    return reports.policy_of(task)


def most_of(task: Task) -> Decimal:
    """The most points an assessor can give."""
    return rules.out_of(task.points)


def most_words(task: Task) -> str:
    """The same as people write it."""
    return rules.plain(most_of(task))


# ── one task ─────────────────────────────────────────────────────────────────────────────────────


def assessor_ids(task: Task) -> set[int]:
    """Keys of the people named to assess a task."""
    rows = Part.objects.filter(task=task, role=Role.ASSESSOR)
    return {pk for pk in rows.values_list("person_id", flat=True) if pk}


def assessors_of(task: Task) -> list[Person]:
    """The people named to assess a task, in their order."""
    rows = Part.objects.filter(task=task, role=Role.ASSESSOR, person__isnull=False)
    parts = rows.select_related("person__main_unit")
    return [part.person for part in parts if part.person is not None]


def scored_by(task: Task) -> dict[int, str]:
    """Who has a score of a task that stands or is stale: key and name."""
    rows = Assessment.objects.filter(task=task, state__in=LIVE).order_by()
    return dict(rows.values_list("assessor_id", "assessor__name"))


def newest_report_id(task: Task) -> int:
    """Key of the newest report on a task, of any kind; 0 for none."""
    newest = Report.objects.filter(task=task).order_by("-pk").values_list("pk", flat=True)
    return newest.first() or 0


def score_to_renew(task: Task, person: Person) -> Assessment | None:
    """The score of this assessor that a new one takes the place of: live, or returned."""
    rows = Assessment.objects.filter(task=task, assessor=person, amended_by=None)
    return rows.order_by("-pk").first()


def newest_reports(tasks: Sequence[Task]) -> dict[int, int]:
    """Key of the newest report on each of some tasks."""
    rows = Report.objects.filter(task_id__in=[task.pk for task in tasks]).order_by()
    return dict(rows.values_list("task_id").annotate(newest=Max("pk")))


def scores_to_renew(tasks: Sequence[Task], person: Person) -> dict[int, Assessment]:
    """The same as `score_to_renew` for each of some tasks."""
    keys = [task.pk for task in tasks]
    rows = Assessment.objects.filter(task_id__in=keys, assessor=person, amended_by=None)
    return {row.task_id: row for row in rows.order_by("pk")}


def result_of(task: Task) -> Result | None:
    """The result that counts, or waits to be renewed."""
    rows = Result.objects.filter(task=task).exclude(state=ResultState.REPLACED)
    return rows.prefetch_related("counts").first()


@dataclass(frozen=True)
class Said:
    """One score, with those it replaced, the newest of them first."""

    score: Assessment
    earlier: list[Assessment]
    counted: bool = True
    may_return: Verdict | None = None

    @property
    def points(self) -> str:
        return rules.plain(self.score.points)

    @property
    def stands(self) -> bool:
        return self.score.state == ScoreState.STANDS


@dataclass(frozen=True)
class Seat:
    """An assessor of a task and what they gave, as far as the reader may know."""

    person: Person
    has_scored: bool
    said: Said | None = None
    is_stale: bool = False
    own: bool = False


@dataclass(frozen=True)
class Panel:
    """The public face of this room on a task's page (ARCHITECTURE §19.17)."""

    task: Task
    is_assessed: Verdict
    standing: Standing
    seats: list[Seat]
    result: Result | None
    out_of: Decimal
    may_assess: Verdict
    may_name: Verdict
    is_assessor: bool
    own: Assessment | None
    sees: bool

    @property
    def shown(self) -> bool:
        """Whether the page has something to say about assessment."""
        return bool(self.is_assessed) or bool(self.seats)

    @property
    def scored(self) -> int:
        return sum(seat.has_scored for seat in self.seats)

    @property
    def points(self) -> str:
        return rules.plain(self.result.points) if self.result and self.sees_result else ""

    @property
    def most(self) -> str:
        return rules.plain(self.out_of)

    @property
    def sees_result(self) -> bool:
        """Whoever sees the task sees the result, an assessor after giving their own score."""
        return self.result is not None and (self.sees or not self.is_assessor)

    @property
    def is_stale(self) -> bool:
        return self.result is not None and self.result.state == ResultState.STALE

    @property
    def to_do(self) -> bool:
        """Whether this person has a score to give now."""
        standing = self.own is not None and self.own.state == ScoreState.STANDS
        return bool(self.may_assess) and not standing


def panel(task: Task, facts: Facts, person: Person, today: dt.date | None = None) -> Panel:
    """Everything the panel of assessment shows; three queries, none where nothing is assessed."""
    today = today or clock.today()
    policy = policy_of(task)
    assessed = rules.is_assessed(task, facts, policy)
    asks = bool(assessed) or Relation.ASSESSOR in facts.relations
    named = assessors_of(task) if asks else []
    scores = _scores(task) if asks else []
    result = result_of(task) if asks else None
    own = _own(scores, person)
    sees = rules.sees_scores(
        facts.relations,
        own_stands=own is not None and own.state == ScoreState.STANDS,
        complete=result is not None,
    )
    returned = own is not None and own.state == ScoreState.RETURNED
    return Panel(
        task=task,
        is_assessed=assessed,
        standing=_standing(named, scores),
        seats=_seats(task, facts, person, named, scores, result, sees),
        result=result,
        out_of=rules.out_of(task.points),
        may_assess=rules.may_assess(task, facts, policy, today, returned=returned),
        may_name=rules.may_name(task, facts, policy),
        is_assessor=Relation.ASSESSOR in facts.relations,
        own=own,
        sees=sees,
    )


def _scores(task: Task) -> list[Assessment]:
    """Every score of a task with those it replaced, oldest first."""
    return list(Assessment.objects.filter(task=task).select_related("assessor__main_unit"))


def _own(scores: Sequence[Assessment], person: Person) -> Assessment | None:
    """The newest score of this assessor, whatever became of it."""
    return next((one for one in reversed(scores) if one.assessor_id == person.pk), None)


def _standing(named: Sequence[Person], scores: Sequence[Assessment]) -> Standing:
    keys = {person.pk for person in named}
    states = [one.state for one in scores if one.assessor_id in keys]
    return rules.standing_of(
        named=len(keys),
        standing=states.count(ScoreState.STANDS),
        stale=states.count(ScoreState.STALE),
    )


def _seats(
    task: Task,
    facts: Facts,
    person: Person,
    named: Sequence[Person],
    scores: Sequence[Assessment],
    result: Result | None,
    sees: bool,
) -> list[Seat]:
    by_person: dict[int, list[Assessment]] = defaultdict(list)
    for one in scores:
        by_person[one.assessor_id].append(one)
    left_out = {
        count.assessment_id
        for count in (result.counts.all() if result else ())
        if not count.counted
    }
    seats = []
    for assessor in named:
        given = by_person[assessor.pk]
        newest = given[-1] if given else None
        own = assessor.pk == person.pk
        said = None
        if newest is not None and (own or sees):
            verdict = rules.may_return(task, facts, newest.state)
            said = Said(newest, given[-2::-1], newest.pk not in left_out, verdict or None)
        seats.append(
            Seat(
                assessor,
                newest is not None and newest.state == ScoreState.STANDS,
                said,
                newest is not None and newest.state == ScoreState.STALE,
                own,
            )
        )
    return seats


# ── what waits ───────────────────────────────────────────────────────────────────────────────────


def to_assess(person: Person) -> QuerySet[Task]:
    """Tasks on which this person is named as an assessor."""
    return _named(person.pk)


def _named(person: Any) -> QuerySet[Task]:
    parts = Part.objects.filter(person_id=person, role=Role.ASSESSOR).order_by()
    return Task.objects.filter(pk__in=parts.values("task_id"), needs_assessment=True)


def year_over(today: dt.date) -> int:
    """The last year whose unfinished tasks are assessed by now."""
    return today.year if (today.month, today.day) >= rules.YEAR_END else today.year - 1


def waiting(person: Any, today: Any, year: Any) -> QuerySet[Task]:
    """Tasks somebody (by key) has to score now, for the first time or again; takes places.

    The SQL twin of `rules.may_assess`: done, overdue, or of a year that is over (`year_over`).
    """
    mine = Assessment.objects.filter(task=OuterRef("pk"), assessor_id=person)
    given = mine.filter(state=ScoreState.STANDS)
    returned = mine.filter(state=ScoreState.RETURNED, amended_by=None)
    opens = Q(status=Status.DONE) | (
        Q(status__in=[Status.ACTIVE, Status.SUBMITTED]) & (Q(due__lt=today) | Q(year__lte=year))
    )
    own = Q(owner_id__isnull=False, owner_id=person)
    return (
        _named(person)
        .exclude(own)
        .filter(opens & ~Exists(given) | Q(status=Status.CLOSED) & Exists(returned))
    )


def waiting_for(person: Person, today: dt.date) -> QuerySet[Task]:
    """Tasks this person has to score now."""
    return waiting(person.pk, today, year_over(today))


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Told:
    """How the assessment of one task stands, as a line of a list shows it."""

    named: int
    scored: int
    standing: Standing
    result: Result | None = None
    own: Assessment | None = None
    receipt: list[tuple[str, str, bool]] = field(default_factory=list)  # name, points, counted

    @property
    def points(self) -> Decimal | None:
        return self.result.points if self.result else None

    @property
    def points_words(self) -> str:
        return rules.plain(self.result.points) if self.result else ""

    @property
    def own_words(self) -> str:
        return rules.plain(self.own.points) if self.own else ""

    @property
    def is_stale(self) -> bool:
        return self.result is not None and self.result.state == ResultState.STALE


def told_of(tasks: Sequence[Task], person: Person) -> dict[int, Told]:
    """How the assessment of each task stands for this reader; four queries at any number.

    Tasks should come with ``unit`` and ``category`` selected.
    """
    keys = [task.pk for task in tasks]
    named: dict[int, set[int]] = defaultdict(set)
    rows = Part.objects.filter(task_id__in=keys, role=Role.ASSESSOR).order_by()
    for task_id, person_id in rows.values_list("task_id", "person_id"):
        named[task_id].add(person_id or 0)
    scores: dict[int, list[Assessment]] = defaultdict(list)
    live = Assessment.objects.filter(task_id__in=keys, state__in=LIVE)
    for one in live.select_related("assessor"):
        scores[one.task_id].append(one)
    left_out, results = _results(keys)
    return {
        task.pk: _told(
            named[task.pk],
            scores[task.pk],
            results.get(task.pk),
            left_out,
            _relations(task, person, named[task.pk]),
            person,
        )
        for task in tasks
    }


def _relations(task: Task, person: Person, named: set[int]) -> frozenset[Relation]:
    """What decides whether somebody sees scores; told without asking the database."""
    told = set()
    if person.pk in named:
        told.add(Relation.ASSESSOR)
    if is_office_of(task, person):
        told.add(Relation.OFFICE)
    return frozenset(told)


def _results(keys: Sequence[int]) -> tuple[set[int], dict[int, Result]]:
    """Scores left out of the results of some tasks, and those results."""
    found = {
        result.task_id: result
        for result in Result.objects.filter(task_id__in=keys).exclude(state=ResultState.REPLACED)
    }
    if not found:
        return set(), {}
    out = Count.objects.filter(result__in=[one.pk for one in found.values()], counted=False)
    return set(out.values_list("assessment_id", flat=True)), found


def _told(
    named: set[int],
    scores: Sequence[Assessment],
    result: Result | None,
    left_out: set[int],
    relations: frozenset[Relation],
    person: Person,
) -> Told:
    held = [one for one in scores if one.assessor_id in named]
    own = next((one for one in held if one.assessor_id == person.pk), None)
    standing = [one for one in held if one.state == ScoreState.STANDS]
    own_stands = own is not None and own.state == ScoreState.STANDS
    sees = rules.sees_scores(relations, own_stands=own_stands, complete=result is not None)
    blind = Relation.ASSESSOR in relations and not sees
    return Told(
        named=len(named),
        scored=len(standing),
        standing=rules.standing_of(
            named=len(named), standing=len(standing), stale=len(held) - len(standing)
        ),
        result=None if blind else result,
        own=own,
        receipt=[
            (one.assessor.name, rules.plain(one.points), one.pk not in left_out)
            for one in (held if sees else ())
        ],
    )


#: More rows than these are not gathered; the list is read in its order instead.
_MANY = 5_000


def _told_by(rows: QuerySet[Assessment] | QuerySet[Result]) -> Q:
    """Tasks with such a row: gathered where they are few, asked one by one where many."""
    plain = rows.order_by()
    if plain[: _MANY + 1].count() > _MANY:
        return Q(Exists(plain.filter(task=OuterRef("pk"))))
    return Q(pk__in=plain.values("task_id"))


def with_standing(tasks: QuerySet[Task], standing: Standing) -> QuerySet[Task]:
    """Tasks whose assessment stands so: the twin of `rules.standing_of` in the database."""
    stale = Assessment.objects.filter(state=ScoreState.STALE)
    if standing == Standing.STALE:
        return tasks.filter(_told_by(stale))
    if standing == Standing.SCORED:
        return tasks.filter(assessed_at__isnull=False)
    given = Assessment.objects.filter(state=ScoreState.STANDS)
    tasks = tasks.filter(assessed_at__isnull=True).exclude(_told_by(stale))
    return tasks.filter(_told_by(given) if standing == Standing.PARTLY else ~_told_by(given))


def scored_by_me(person: Person) -> Q:
    """Tasks this person has scored, and whose score stands or waits for another look."""
    rows = Assessment.objects.filter(assessor=person.pk, state__in=LIVE).order_by()
    return Q(pk__in=rows.values("task_id"))


def assessed(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Those of some tasks that are to be assessed and have been issued."""
    return tasks.filter(needs_assessment=True, status__gte=Status.ISSUED).exclude(
        status=Status.CANCELLED
    )
