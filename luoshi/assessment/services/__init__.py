"""Every write to scores and results (EVA-1).

score             what an assessor gives: a first score, a correction, a score renewed
return_score      the office gives a score back to its assessor
name_assessors    who scores a task that is under way
look_again        what was scored has moved since: scores wait for another look
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.assessment import queries, rules
from luoshi.assessment.models import Assessment, Count, Result
from luoshi.assessment.rules import ResultState, ScoreState
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import SentBefore, hold
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require, stands
from luoshi.notices.services import Note, notify, notify_many
from luoshi.people.models import Person
from luoshi.people.services.keeping import drop_draft
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for, locked
from luoshi.tasks.services.line import person_of, set_assessed
from luoshi.tasks.services.taking_part import set_assessors
from luoshi.trail.rules import digest
from luoshi.trail.services import record, record_many

# ── score ────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def score(
    *,
    task: Task,
    by: Actor,
    points: Decimal,
    comment: str = "",
    reason: str = "",
    seen: int | None = None,
    own: int | None = None,
    key: str | None = None,
    draft: str = "",
) -> Assessment:
    """Give a task its points, from 0 to those of the task (or 100).

    Where the assessor has a score already the new one takes its place, for a ``reason`` if it
    stood; the one before stays readable. ``seen`` is the newest report the assessor was shown,
    ``own`` their score then (0: none); None does not ask. The same ``key`` again returns the score
    it made. With the last score the result is settled. Raises NotAllowed, Refused, Stale.
    """
    hold(key)
    task = locked(task)
    person = _assessor(by)
    if key and (known := Assessment.objects.filter(key=key).first()):
        return _the_same(known, task, person, points, comment)
    before = queries.score_to_renew(task, person)
    _require_may(task, person, before)
    if _is_outrun(task, before, seen, own):
        raise Stale(task.ref)
    most = rules.out_of(task.points)
    stands(rules.points_stand(points, most), "points")
    stands(rules.comment_stands(comment, points, most), "comment")
    corrects = before is not None and before.state == ScoreState.STANDS
    stands(rules.reason_stands(reason, corrects=corrects), "reason")
    row = _write(task, person, before, points, most, comment, reason, key)
    _record_score(task, row, before, by)
    if draft:
        drop_draft(person, draft)
    settle(task, by=by)
    return row


def _the_same(
    known: Assessment, task: Task, person: Person, points: Decimal, comment: str
) -> Assessment:
    """The score its key made before (double click). Raises SentBefore if something else is said."""
    said = (known.task_id, known.assessor_id, known.points, known.comment)
    if said != (task.pk, person.pk, points, comment.strip()):
        raise SentBefore
    return known


def _assessor(by: Actor) -> Person:
    """Who scores. A secretary scores for nobody. Raises NotAllowed."""
    if by.for_id is not None:
        raise NotAllowed(_("An assessor scores in person; nobody can do it for them."))
    return person_of(by)


def _require_may(task: Task, person: Person, before: Assessment | None) -> None:
    returned = before is not None and before.state == ScoreState.RETURNED
    facts, policy = facts_for(task, person), queries.policy_of(task)
    require(rules.may_assess(task, facts, policy, clock.today(), returned=returned))


def _is_outrun(task: Task, before: Assessment | None, seen: int | None, own: int | None) -> bool:
    """Whether a report, or a score of theirs, came since the assessor opened the form."""
    if own is not None and own != (before.pk if before else 0):
        return True
    return seen is not None and seen != queries.newest_report_id(task)


def _write(
    task: Task,
    person: Person,
    before: Assessment | None,
    points: Decimal,
    most: Decimal,
    comment: str,
    reason: str,
    key: str | None,
) -> Assessment:
    """The row; the score it replaces counts no longer."""
    if before is not None and before.state != ScoreState.RETURNED:
        rows = Assessment.objects.filter(pk=before.pk, state=before.state)
        if not rows.update(state=ScoreState.CORRECTED):
            raise Stale(task.ref)
    return Assessment.objects.create(
        task=task,
        assessor=person,
        points=points,
        out_of=most,
        comment=comment.strip(),
        reason=reason.strip(),
        at=clock.now(),
        amends=before,
        key=key,
    )


def _record_score(task: Task, row: Assessment, before: Assessment | None, by: Actor) -> None:
    """The points go on record with those before; words only as their digest."""
    told: dict[str, Any] = {"assessment": row.pk, "points": row.points, "out_of": row.out_of}
    if row.comment:
        told["comment"] = digest(row.comment)
    verb = "assessment.score"
    if before is not None:
        stood = before.state == ScoreState.STANDS
        verb = "assessment.correct" if stood else "assessment.renew"
        told |= {"amends": before.pk, "before": before.points, "reason": row.reason}
    record(task.ref, verb, by=by, **told)


# ── the result ───────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def settle(task: Task, *, by: Actor) -> Result | None:
    """Freeze the result when every assessor's score stands; open it again while one does not.

    The task is locked by the caller. Returns the result that stands now.
    """
    named = queries.assessor_ids(task)
    rows = Assessment.objects.filter(task=task, state=ScoreState.STANDS, assessor_id__in=named)
    scores = list(rows.order_by("assessor_id"))
    live = queries.result_of(task)
    if not named or len(scores) < len(named):
        if live is not None and live.state == ResultState.STANDS:
            _reopen([task], by)
        return None
    counts = {count.assessment_id for count in live.counts.all()} if live else set()
    if live and live.state == ResultState.STANDS and counts == {one.pk for one in scores}:
        return live
    return _freeze(task, scores, live, by)


def _freeze(task: Task, scores: Sequence[Assessment], live: Result | None, by: Actor) -> Result:
    """Write the result down, in the place of the one before."""
    rule = queries.policy_of(task).average
    outcome = rules.result_of([one.points for one in scores], rule)
    if live is not None:
        Result.objects.filter(pk=live.pk).update(state=ResultState.REPLACED)
    result = Result.objects.create(
        task=task,
        points=outcome.points,
        out_of=rules.out_of(task.points),
        rule=rule,
        at=clock.now(),
        amends=live,
    )
    Count.objects.bulk_create(
        Count(result=result, assessment=one, counted=counted)
        for one, counted in zip(scores, outcome.counted, strict=True)
    )
    set_assessed(task, result.at)
    told: dict[str, Any] = {"result": result.pk, "points": result.points, "out_of": result.out_of}
    if live is not None:
        told |= {"amends": live.pk, "before": live.points}
    record(task.ref, "assessment.result", by=by, rule=rule, **told)
    notify(
        {pk for pk in (task.owner_id, task.creator_id) if pk},
        "assessment.result",
        about=task.ref,
        title=task.title,
        by=by,
        points=rules.plain(result.points),
        out_of=rules.plain(result.out_of),
    )
    return result


def _reopen(tasks: Sequence[Task], by: Actor) -> None:
    """Results wait to be renewed; until then their tasks cannot be closed."""
    found = Result.objects.filter(task__in=tasks, state=ResultState.STANDS)
    open_again = set(found.values_list("task_id", flat=True))
    found.update(state=ResultState.STALE)
    for task in tasks:
        if task.pk in open_again:
            set_assessed(task, None)
            record(task.ref, "assessment.reopen", by=by)


@transaction.atomic
def look_again(tasks: Sequence[Task], *, by: Actor) -> int:
    """What was scored has moved: a report came, was amended, or the task was reopened.

    Scores wait for another look of their assessors, who are told. Returns how many do.
    """
    by_key = {task.pk: task for task in tasks if task.needs_assessment}
    rows = Assessment.objects.filter(task_id__in=by_key, state=ScoreState.STANDS)
    found = list(rows.order_by("pk").values_list("pk", "task_id", "assessor_id")) if by_key else []
    if not found:
        return 0
    Assessment.objects.filter(pk__in=[pk for pk, _task, _who in found]).update(
        state=ScoreState.STALE
    )
    touched = [by_key[pk] for pk in dict.fromkeys(task_id for _pk, task_id, _who in found)]
    scores = {task.ref: [pk for pk, task_id, _ in found if task_id == task.pk] for task in touched}
    record_many(
        [(ref, {"scores": keys}) for ref, keys in scores.items()], "assessment.stale", by=by
    )
    _reopen(touched, by)
    notify_many(
        Note([who], "assessment.stale", by_key[task_id].ref, by_key[task_id].title, by)
        for _pk, task_id, who in found
    )
    return len(found)


# ── the office ───────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def return_score(*, assessment: Assessment, by: Actor, reason: str) -> None:
    """Give a score back to its assessor, who scores anew (退回重评). Raises NotAllowed, Refused."""
    task = locked(assessment.task)
    row = Assessment.objects.get(pk=assessment.pk)
    require(rules.may_return(task, facts_for(task, person_of(by)), row.state))
    if not reason.strip():
        raise Refused(_("Say why the score is returned."), "reason")
    stands(rules.reason_stands(reason, corrects=True), "reason")
    rows = Assessment.objects.filter(pk=row.pk, state=row.state)
    if not rows.update(state=ScoreState.RETURNED, return_reason=reason.strip()):
        raise Stale(task.ref)
    record(
        task.ref,
        "assessment.return_score",
        by=by,
        assessment=row.pk,
        assessor=row.assessor_id,
        points=row.points,
        reason=reason.strip(),
    )
    settle(task, by=by)
    notify(
        [row.assessor_id],
        "assessment.return_score",
        about=task.ref,
        title=task.title,
        by=by,
        reason=reason.strip(),
    )


@transaction.atomic
def name_assessors(*, task: Task, people: Sequence[Person], by: Actor) -> None:
    """Say who assesses a task that is under way; several may (S0 任务分解 5).

    Whoever has scored stays until the score is returned. Raises NotAllowed, Refused.
    """
    task = locked(task)
    policy = queries.policy_of(task)
    require(rules.may_name(task, facts_for(task, person_of(by)), policy))
    today = clock.today()
    for fault in rules.naming_faults(
        owner_id=task.owner_id,
        people=[(one.pk, one.name, one.present_on(today)) for one in people],
        scored=queries.scored_by(task),
    ):
        raise Refused(fault, "people")
    new, gone = set_assessors(task, [one.pk for one in people], by=by)
    if not new and not gone:
        return
    record(task.ref, "assessment.name_assessors", by=by, new=new, gone=gone)
    settle(task, by=by)
    notify(new, "assessment.named", about=task.ref, title=task.title, by=by)
