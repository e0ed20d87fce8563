"""Every write to diagnosis and improvement.

file_diagnosis    what is wrong and what will be done, for one period
amend_diagnosis   a new version; the old one stays readable
"""

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.improvement import queries, rules
from luoshi.improvement.models import Action, Diagnosis
from luoshi.improvement.rules import DiagnosisStatus, Paper, Period
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require
from luoshi.measures.models import Measure
from luoshi.notices.services import notify
from luoshi.people.models import Person
from luoshi.people.services.keeping import drop_draft
from luoshi.search.services import put, remove
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for, locked, measure_for
from luoshi.tasks.services.line import handlers, id_of, person_of
from luoshi.trail.services import record

# ── writing ──────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def file_diagnosis(
    task: Task,
    paper: Paper,
    *,
    by: Actor,
    period: str = "",
    key: str | None = None,
    draft: str = "",
) -> Diagnosis:
    """File problem and improvement of a task for a period; the one that is next due, if none is
    named (S0 任务诊断与改进, IMP-1).

    The same ``key`` again returns what it made; ``draft`` is the form whose draft is done with.
    Raises NotAllowed, Refused, Stale (somebody it is shared with was faster); then nothing is
    written.
    """
    task = locked(task)
    if known := _of_key(key, task):
        return known
    person, today = person_of(by), clock.today()
    done = set(
        Diagnosis.objects.filter(task=task, status=DiagnosisStatus.FILED).values_list(
            "period", flat=True
        )
    )
    if period and period in done:
        raise Stale(task.ref)
    periods = queries.periods_of(task)
    open_ones = rules.period_for(periods, done, today)
    require(rules.may_write(task, facts_for(task, person), bool(periods), bool(open_ones)))
    chosen = _chosen(period, open_ones)
    _refuse_faulty(paper, task)
    row = _write(task, paper, chosen, by=by, key=key, late=today > chosen.due_on)
    record(task.ref, "diagnosis.file", by=by, diagnosis=row.pk, period=row.period, late=row.late)
    _finish(row, person, paper, draft)
    notify(handlers(task), "diagnosis.file", about=task.ref, title=task.title, by=by)
    return row


def _of_key(key: str | None, task: Task) -> Diagnosis | None:
    """What this form made before (double click)."""
    hold(key)
    row = Diagnosis.objects.filter(key=key).first() if key else None
    if row and row.task_id != task.pk:
        raise Stale(task.ref)
    return row


def _chosen(period: str, open_ones: tuple[Period, ...]) -> Period:
    if not period:
        return open_ones[0]
    found = next((one for one in open_ones if one.key == period), None)
    if found is None:
        raise Refused(_("No diagnosis is asked for this period."), "period")
    return found


def _refuse_faulty(paper: Paper, task: Task) -> None:
    """Raise Refused for the first thing missing, too long, or naming somebody who left."""
    for fault in rules.faults(paper, measure_for(task) or Measure()):
        raise Refused(fault.reason, fault.field)
    today = clock.today()
    for person in Person.objects.filter(pk__in=[a.owner_id for a in paper.said if a.owner_id]):
        if not person.present_on(today):
            raise Refused(
                _("%(person)s has left; choose somebody else.") % {"person": person.name},
                "actions",
            )


def _write(
    task: Task,
    paper: Paper,
    period: Period,
    *,
    by: Actor,
    key: str | None,
    late: bool,
    amends: Diagnosis | None = None,
    reason: str = "",
) -> Diagnosis:
    row = Diagnosis.objects.create(
        task=task,
        year=period.year,
        period=period.key,
        due_on=period.due_on,
        by_id=id_of(by),
        at=clock.now(),
        late=late,
        amends=amends,
        reason=reason,
        key=key,
        **paper.texts,
    )
    Action.objects.bulk_create(
        Action(
            diagnosis=row,
            text=action.text.strip(),
            owner_id=action.owner_id,
            date=action.date,
            order=place,
        )
        for place, action in enumerate(paper.said)
    )
    return row


def _finish(row: Diagnosis, person: Person, paper: Paper, draft: str) -> None:
    put("diagnosis", row.pk, row.task_id, row.task.year, paper.words)
    if draft:
        drop_draft(person, draft)


@transaction.atomic
def amend_diagnosis(
    diagnosis: Diagnosis,
    paper: Paper,
    *,
    by: Actor,
    reason: str = "",
    key: str | None = None,
    draft: str = "",
) -> Diagnosis:
    """Replace a diagnosis by a new version; period and lateness stay, the old one stays readable.

    Raises NotAllowed, Refused, Stale.
    """
    task = locked(diagnosis.task)
    if known := _of_key(key, task):
        return known
    old = Diagnosis.objects.get(pk=diagnosis.pk)
    if old.status == DiagnosisStatus.AMENDED:
        raise Stale(task.ref)
    person = person_of(by)
    require(rules.may_amend(task, facts_for(task, person), old))
    _refuse_faulty(paper, task)
    if len(reason) > rules.TEXT_LENGTH:
        raise Refused(_("Say it in fewer words."), "reason")
    if not Diagnosis.objects.filter(pk=old.pk, status=DiagnosisStatus.FILED).update(
        status=DiagnosisStatus.AMENDED
    ):
        raise Stale(task.ref)
    period = rules.period_of(old.period) or Period(old.year, 12)
    row = _write(
        task, paper, period, by=by, key=key, late=old.late, amends=old, reason=reason.strip()
    )
    remove("diagnosis", old.pk)
    record(task.ref, "diagnosis.amend", by=by, diagnosis=row.pk, amends=old.pk, period=row.period)
    _finish(row, person, paper, draft)
    return row
