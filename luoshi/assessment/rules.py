"""What holds for assessments: who may score when, which points stand, what becomes of several.

    may_assess, may_return, may_name     a Verdict for the button and for the guard
    points_stand, comment_stands         what is wrong with a score as typed
    result_of                            several scores, one result (EVA-1)
    standing_of                          how the assessment of a task stands
    Tally, percent                       timeliness and diagnosis of a unit, from results (EVA-11)

Pure functions: no database, no clock. S0 is the notice on goal tasks.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.measures.rules import Average, Gate
from luoshi.tasks import rules as tasks
from luoshi.tasks.lifecycle import Relation, Status
from luoshi.tasks.rules import Facts

#: Points of a task that has none of its own.
HUNDRED = Decimal(100)
#: Below this share of the points a score needs its reason.
PASS = Decimal("0.6")
#: From this day (month, day) of its year on, a task may be assessed unfinished.
YEAR_END = (12, 1)
CENT = Decimal("0.01")
#: Characters of a comment or reason.
TEXT_LENGTH = 2_000


class ScoreState(TextChoices):
    """How one score stands. Only one of an assessor's scores of a task stands or is stale."""

    STANDS = "stands", pgettext_lazy("score", "stands")
    STALE = "stale", pgettext_lazy("score", "to be looked at again")
    CORRECTED = "corrected", pgettext_lazy("score", "corrected since")
    RETURNED = "returned", pgettext_lazy("score", "returned to the assessor")


class ResultState(TextChoices):
    """How a result stands: it counts, waits for a score to be renewed, or was replaced."""

    STANDS = "stands", pgettext_lazy("result", "stands")
    STALE = "stale", pgettext_lazy("result", "to be renewed")
    REPLACED = "replaced", pgettext_lazy("result", "replaced")


class Standing(TextChoices):
    """How the assessment of a task stands, as lists show and filter it."""

    OPEN = "open", pgettext_lazy("assessment", "not scored yet")
    PARTLY = "partly", pgettext_lazy("assessment", "partly scored")
    SCORED = "scored", pgettext_lazy("assessment", "scored")
    STALE = "stale", pgettext_lazy("assessment", "to be looked at again")


class KeptKind(TextChoices):
    """What timeliness is counted of."""

    REPORTS = "reports", pgettext_lazy("timeliness", "reports")
    DIAGNOSES = "diagnoses", pgettext_lazy("timeliness", "diagnoses")


class Assessed(tasks.Standing, Protocol):
    """A task, as far as these rules look at it."""

    @property
    def year(self) -> int: ...
    @property
    def due(self) -> dt.date | None: ...
    @property
    def needs_assessment(self) -> bool: ...


class Policy(Protocol):
    """Switches of a measure that govern assessment."""

    @property
    def assessment(self) -> str: ...
    @property
    def personal_assessed(self) -> bool: ...


# ── who may, and when ────────────────────────────────────────────────────────────────────────────


def is_assessed(task: Assessed, facts: Facts, policy: Policy) -> Verdict:
    """Whether a task is assessed at all (S0 任务分解 2: personal tasks are not)."""
    if facts.is_personal and not policy.personal_assessed:
        return denied(_("Personal tasks are not assessed under this measure."))
    if not task.needs_assessment:
        return denied(_("This task was registered without an assessment."))
    return ALLOWED


def opens_on(task: Assessed) -> dt.date:
    """The day from which a task is assessed even unfinished: overdue, or at the end of its year."""
    year_end = dt.date(task.year, *YEAR_END)
    late = tasks.turns_late(task.due)
    return min(late, year_end) if late else year_end


def may_assess(
    task: Assessed, facts: Facts, policy: Policy, today: dt.date, *, returned: bool = False
) -> Verdict:
    """Whether this person may score the task on this day.

    A task that is done may be scored at once, an unfinished one when it is overdue or from
    1 December of its year. Of a closed task only a score that was ``returned`` is given anew.
    """
    if verdict := tasks.may("assess", task, facts):
        verdict = is_assessed(task, facts, policy)
    if not verdict:
        return verdict
    if Relation.OWNER in facts.relations:
        return denied(_("You answer for this task; only others can assess it."))
    if task.status == Status.CLOSED and not returned:
        return denied(_("The task is closed; its result stands."))
    if task.status < Status.DONE and today < opens_on(task):
        return denied(
            _("The task is not finished; it can be assessed when it is done, or from %(day)s on.")
            % {"day": opens_on(task).isoformat()}
        )
    return ALLOWED


def may_return(task: Assessed, facts: Facts, state: str) -> Verdict:
    """Whether the office may give a score back to its assessor (退回重评)."""
    verdict = tasks.may("return_score", task, facts)
    if verdict and state not in (ScoreState.STANDS, ScoreState.STALE):
        return denied(_("This score does not count any more; nothing is to be returned."))
    return verdict


def may_name(task: Assessed, facts: Facts, policy: Policy) -> Verdict:
    """Whether this person may name the assessors of a task that is under way."""
    verdict = tasks.may("name_assessors", task, facts)
    if not verdict:
        return verdict
    if policy.assessment == Gate.NEVER:
        return denied(_("The measure does not let tasks be assessed."))
    if facts.is_personal and not policy.personal_assessed:
        return denied(_("Personal tasks are not assessed under this measure."))
    return ALLOWED


def sees_scores(relations: frozenset[Relation], *, own_stands: bool, complete: bool) -> bool:
    """Whether this person sees what others gave.

    An assessor after giving their own, the office at any time, everybody else who sees the task
    when all have scored.
    """
    if Relation.ASSESSOR in relations:
        return own_stands
    return complete or Relation.OFFICE in relations


# ── what may be typed ────────────────────────────────────────────────────────────────────────────


def out_of(points: Decimal | None) -> Decimal:
    """The most an assessor can give: the points of the task, or 100 where it has none."""
    return points if points else HUNDRED


def points_stand(points: Decimal, most: Decimal) -> Verdict:
    """From 0 to the points of the task, with two decimals at most."""
    if not points.is_finite() or points < 0:
        return denied(_("Points cannot be negative."))
    if points > most:
        return denied(_("At most %(most)s points can be given.") % {"most": plain(most)})
    if points != points.quantize(CENT):
        return denied(_("Give points with two decimals at most."))
    return ALLOWED


def needs_comment(points: Decimal, most: Decimal) -> bool:
    """Whether so few points need their reason: less than 60 % of what can be had."""
    return points < most * PASS


def comment_stands(comment: str, points: Decimal, most: Decimal) -> Verdict:
    """A poor score is never given without a reason."""
    if len(comment) > TEXT_LENGTH:
        return denied(_("Say it in fewer words."))
    if needs_comment(points, most) and not comment.strip():
        return denied(_("Say why fewer than 60 %% of the points are given.") % ())
    return ALLOWED


def reason_stands(reason: str, *, corrects: bool) -> Verdict:
    """A score that stands is corrected only with its reason."""
    if len(reason) > TEXT_LENGTH:
        return denied(_("Say it in fewer words."))
    if corrects and not reason.strip():
        return denied(_("Say why the score is corrected; the one before stays readable."))
    return ALLOWED


def naming_faults(
    *,
    owner_id: int | None,
    people: Sequence[tuple[int, str, bool]],
    scored: Mapping[int, str],
) -> Iterator[str]:
    """Why these people cannot be the assessors: (key, name, here) of each.

    ``scored`` are those whose score stands, by key with their name.
    """
    if not people:
        yield _("Name at least one assessor.")
    for pk, name, here in people:
        if not here:
            yield _("%(person)s has left; choose somebody else.") % {"person": name}
        if pk == owner_id:
            yield _("%(person)s answers for the task and cannot assess it.") % {"person": name}
    for pk, name in scored.items():
        if pk not in {one[0] for one in people}:
            yield _("%(person)s has scored already; return the score first.") % {"person": name}


# ── several scores, one result ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Outcome:
    """Points of a task, and which of the scores went into them (by their place)."""

    points: Decimal
    counted: tuple[bool, ...]


def rounded(value: Decimal) -> Decimal:
    """To two decimals; half a cent goes up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def result_of(points: Sequence[Decimal], rule: str) -> Outcome:
    """Several scores as one figure, by the rule of the measure.

    TRIMMED leaves out one highest and one lowest score where there are three or more. The middle
    one of an even number is the mean of the two in the middle. ValueError for no score at all.
    """
    if not points:
        raise ValueError("no score")
    order = sorted(range(len(points)), key=lambda place: (points[place], place))
    used = set(_used(order, rule))
    chosen = [points[place] for place in sorted(used)]
    mean = sum(chosen, Decimal(0)) / len(chosen)
    return Outcome(rounded(mean), tuple(place in used for place in range(len(points))))


def _used(order: Sequence[int], rule: str) -> Sequence[int]:
    """Which scores make the result; ``order`` are their places from the lowest to the highest."""
    size = len(order)
    if rule == Average.HIGHEST:
        return order[-1:]
    if rule == Average.LOWEST:
        return order[:1]
    if rule == Average.MEDIAN:
        return order[(size - 1) // 2 : size // 2 + 1]
    if rule == Average.TRIMMED and size >= 3:
        return order[1:-1]
    return order


def plain(value: Decimal) -> str:
    """A figure as people write it: 85, 85.5, 86.25."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def standing_of(*, named: int, standing: int, stale: int) -> Standing:
    """How the assessment of a task stands: its assessors, their scores that stand or are stale."""
    if stale:
        return Standing.STALE
    if standing == 0:
        return Standing.OPEN
    return Standing.SCORED if standing >= named else Standing.PARTLY


# ── timeliness and diagnosis, from results (EVA-11) ──────────────────────────────────────────────


@dataclass(frozen=True)
class Tally:
    """What was owed by a day, and what became of it. Nothing but results counts.

    Owed is what was settled by that day, and what was not though its last day had passed.
    """

    on_time: int = 0
    late: int = 0
    missing: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.on_time + other.on_time, self.late + other.late, self.missing + other.missing
        )

    @property
    def owed(self) -> int:
        return self.on_time + self.late + self.missing

    @property
    def settled(self) -> int:
        """Given at all, in time or not."""
        return self.on_time + self.late

    @property
    def in_time_share(self) -> Decimal | None:
        """Percent given in time, of all that was owed; None where nothing was."""
        return percent(self.on_time, self.owed)

    @property
    def settled_share(self) -> Decimal | None:
        """Percent given at all."""
        return percent(self.settled, self.owed)


def percent(part: int, whole: int) -> Decimal | None:
    """A share in percent to one decimal, half up; None of nothing. 100 only where all is done."""
    if not whole:
        return None
    share = (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Decimal("99.9") if share == 100 and part < whole else share


def day_counted(asked: dt.date | None, year: int, today: dt.date) -> dt.date:
    """The day as at which a year is counted: today at the latest, and never before the year."""
    day = min(asked or today, today)
    return max(day, dt.date(year, 1, 1))
