"""Every write to reports and to what is owed.

submit_report     progress, completion, or the result for a further set
amend_report      a new version of the newest report (S0 3.2)
open_dues         what is owed: opened at issue and by a daily job, taken back at the end
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.files.services import attach, cite
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import NotAllowed, Refused, Stale, require, stands
from luoshi.measures.models import Measure
from luoshi.notices.services import notify
from luoshi.people.models import Person
from luoshi.people.services.keeping import drop_draft
from luoshi.reports import kinds, queries, rules
from luoshi.reports.models import Due, Report
from luoshi.reports.queries.month import unchanged_in_a_row
from luoshi.reports.queries.news import evidence_below
from luoshi.reports.queries.passages import marks_of
from luoshi.reports.rules import DueKind, ReportKind, ReportStatus
from luoshi.reports.rules import month as months
from luoshi.reports.rules.copying import Mark
from luoshi.reports.services import owed, quoting
from luoshi.search.services import put, remove
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting, Task
from luoshi.tasks.queries import facts_for, locked
from luoshi.tasks.rules import Facts
from luoshi.tasks.services.line import handlers, id_of, person_of, set_progress
from luoshi.trail.services import record

# ── a report as typed ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Paper:
    """A report as typed. ``kept`` are files of the version it amends."""

    progress: int | None
    body: str
    problems: str
    help_needed: str
    next_step: str
    achieved: Decimal | None
    uploads: Sequence[Any]
    cited: Sequence[int]
    kept: Sequence[int] = ()
    #: Says that nothing has changed; ``body`` is why (RPT-5).
    unchanged: bool = False
    #: Passages of sub-tasks' reports, as marks; problems of theirs ticked as not relevant (RPT-3).
    quotes: Sequence[str] = ()
    irrelevant: Collection[str] = ()

    @property
    def texts(self) -> dict[str, str]:
        return {
            "body": self.body.strip(),
            "problems": self.problems.strip(),
            "help_needed": self.help_needed.strip(),
            "next_step": self.next_step.strip(),
        }

    @property
    def evidence(self) -> int:
        """How many files stand behind it."""
        return len(self.uploads) + len(set(self.cited) | set(self.kept))

    @property
    def words(self) -> str:
        """What it is found by."""
        return "\n".join(filter(None, self.texts.values()))


def _refuse_faulty(paper: Paper, policy: Measure) -> None:
    """Raise Refused for the first thing missing or too long."""
    stands(rules.achieved_stands(paper.achieved), "achieved")
    found = months.faults if paper.unchanged else rules.faults
    for fault in found(policy, paper.texts, paper.evidence):
        raise Refused(fault.reason, fault.field)


def _progress_of(task: Task, paper: Paper, policy: Measure, lowest: int) -> int:
    """The progress the report gives; that of the sub-tasks where the measure rolls it up."""
    if paper.unchanged or rules.is_rolled_up(task, policy):
        return task.progress
    if paper.progress is None:
        raise Refused(_("Give the progress in percent."), "progress")
    stands(rules.progress_stands(paper.progress, lowest), "progress")
    return paper.progress


def _refuse_uncitable(task: Task, paper: Paper, person: Person) -> None:
    """Only evidence the reporter was shown may be cited (RPT-3)."""
    if paper.cited:
        unknown = set(paper.cited) - queries.known_before(task, person, None).citable.keys()
        if unknown and not unknown <= evidence_below(task, person):
            raise Refused(_("A cited file is not there any more; choose again."), "cited")


# ── submit ───────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def submit_report(
    *,
    task: Task,
    by: Actor,
    progress: int | None = None,
    body: str = "",
    problems: str = "",
    help_needed: str = "",
    next_step: str = "",
    achieved: Decimal | None = None,
    uploads: Sequence[Any] = (),
    cited: Sequence[int] = (),
    kind: str = ReportKind.PROGRESS,
    counting: Counting | None = None,
    unchanged: bool = False,
    quotes: Sequence[str] = (),
    irrelevant: Collection[str] = (),
    key: str | None = None,
    rev: int | None = None,
    person: Person | None = None,
    draft: str = "",
) -> Report:
    """Report on a task. It counts at once (RPT-1, RPT-2).

    ``progress`` in percent; it may be left out where sub-tasks make it up, and for a result.
    ``uploads`` are new files, ``cited`` keys of attachments already there. ``rev`` is the newest
    report the reporter saw (0: none); None does not ask. The same ``key`` again returns the report
    it made. ``person`` is who acts, where the caller has them at hand (two statements less);
    ``draft`` the form whose draft is done with. ``unchanged`` says that nothing has changed since
    the report before, ``body`` being why (RPT-5). ``quotes`` are passages of reports on sub-tasks
    (marks, `rules.copying.Mark`), ``irrelevant`` the names of problems told there that were ticked
    as not relevant (RPT-3). Raises NotAllowed, Refused, Stale; then nothing is written.
    """
    paper = Paper(
        progress,
        body,
        problems,
        help_needed,
        next_step,
        achieved,
        tuple(uploads),
        tuple(cited),
        unchanged=unchanged,
        quotes=tuple(quotes),
        irrelevant=frozenset(irrelevant),
    )
    task = locked(task)
    if known := _of_key(key, task):
        return known
    person = _acting(by, person, draft)
    facts = facts_for(task, person)
    if kind == ReportKind.RESULT:
        report = _submit_result(task, person, facts, paper, counting, by=by, key=key, rev=rev)
    else:
        report = _submit_progress(task, person, facts, paper, kind, by=by, key=key, rev=rev)
    kinds.tell("filed", [task], by)
    return report


def _acting(by: Actor, person: Person | None, draft: str) -> Person:
    """Who acts; the draft of the form they sent goes with the transaction."""
    if person is None or person.pk != by.id:
        person = person_of(by)
    if draft:
        drop_draft(person, draft)
    return person


def _of_key(key: str | None, task: Task) -> Report | None:
    """The report this form made before (double click)."""
    if not key:
        return None
    hold(key)
    report = Report.objects.filter(key=key).first()
    if report and report.task_id != task.pk:
        raise Stale(task.ref)
    return report


def _submit_progress(
    task: Task,
    person: Person,
    facts: Facts,
    paper: Paper,
    kind: str,
    *,
    by: Actor,
    key: str | None,
    rev: int | None,
) -> Report:
    ground, policy = queries.ground_for(task), queries.policy_of(task)
    require(rules.may_file(task, facts, ground.latest, policy))
    if rules.unseen(rev, ground.latest):
        raise Stale(task.ref)
    lowest = rules.floor(policy, ground.latest, task.progress)
    progress = _progress_of(task, paper, policy, lowest)
    stands(rules.kind_stands(kind, progress, policy), "progress")
    if unchanged := paper.unchanged:
        times = unchanged_in_a_row([task.pk]).get(task.pk, 0)
        stands(months.unchanged_stands(times, policy.unchanged_at_most), "unchanged")
    _refuse_faulty(paper, policy)
    _refuse_uncitable(task, paper, person)
    weighed = _weigh(task, person, paper, policy, ground.latest)
    place = owed.place_of(task, policy, clock.today())
    report = _write(
        task,
        paper,
        by=by,
        key=key,
        weighed=weighed,
        kind=kind,
        progress=progress,
        period=place.period,
        late=place.late,
    )
    record(
        task.ref,
        "report.submit",
        by=by,
        report=report.pk,
        progress=progress,
        before=task.progress,
        period=place.period,
        late=place.late,
        **({"unchanged": True} if unchanged else {}),
        **weighed.said,
    )
    owed.settle(place, task, report)
    told = _count(task, report, policy, by)
    if unchanged:
        _tell(task, "report.unchanged", by, reason=months.in_short(paper.body))
    else:
        _tell(task, "report.submit", by, but=told, progress=progress)
    return report


def _submit_result(
    task: Task,
    person: Person,
    facts: Facts,
    paper: Paper,
    counting: Counting | None,
    *,
    by: Actor,
    key: str | None,
    rev: int | None,
) -> Report:
    """Report the final result for a further set; it never moves progress (CAT-1)."""
    counting = _set_of(task, counting)
    latest = queries.result_for(counting)
    if rules.unseen(rev, latest):
        raise Stale(task.ref)
    require(rules.may_file_result(task, facts, latest))
    policy = counting.measure or queries.policy_of(task)
    _refuse_faulty(paper, policy)
    _refuse_uncitable(task, paper, person)
    weighed = _weigh(task, person, paper, policy, queries.ground_for(task).latest)
    today = clock.today()
    late = counting.result_due is not None and today > counting.result_due
    report = _write(
        task,
        paper,
        by=by,
        key=key,
        weighed=weighed,
        kind=ReportKind.RESULT,
        progress=task.progress,
        counting=counting,
        late=late,
    )
    record(
        task.ref,
        "report.result",
        by=by,
        report=report.pk,
        category=counting.category_id,
        late=late,
        **weighed.said,
    )
    Due.objects.filter(
        task=task, kind=DueKind.RESULT, period=str(counting.pk), filed_on=None
    ).update(filed_by=report, filed_on=today, void=False)
    _tell(task, "report.result", by, set=counting.category.name)
    return report


def _set_of(task: Task, counting: Counting | None) -> Counting:
    """The further set of this task. Raises NotAllowed for any other."""
    row = None
    if counting is not None:
        rows = Counting.objects.filter(pk=counting.pk, task=task, home=False)
        row = rows.select_related("category", "measure").first()
    if row is None:
        raise NotAllowed(_("The task does not count in this set."))
    return row


def _weigh(
    task: Task,
    person: Person,
    paper: Paper,
    policy: Measure,
    before: Report | None,
    kept: Sequence[Mark] = (),
) -> quoting.Weighed:
    """What the report takes over from sub-tasks; refused where the measure forbids so much."""
    return quoting.weigh(
        task,
        person,
        paper.texts.values(),
        policy=policy,
        since=before.at if before else None,
        quotes=paper.quotes,
        irrelevant=paper.irrelevant,
        kept=kept,
    )


def _write(
    task: Task, paper: Paper, *, by: Actor, weighed: quoting.Weighed, **columns: Any
) -> Report:
    """The row, its evidence, what it quotes and leaves out, and its words for the search."""
    report = Report.objects.create(
        task=task,
        status=ReportStatus.FILED,
        achieved=paper.achieved,
        by_id=id_of(by),
        at=clock.now(),
        unchanged=paper.unchanged,
        copied=weighed.share,
        **paper.texts,
        **columns,
    )
    quoting.write(report, weighed)
    if paper.uploads:
        attach(report.ref, paper.uploads, by=by)
    if chosen := [*dict.fromkeys([*paper.kept, *paper.cited])]:
        cite(chosen, report.ref, by=by)
    put("report", report.pk, task.pk, task.year, paper.words)
    return report


def _count(task: Task, report: Report, policy: Measure, by: Actor) -> set[int]:
    """Let the task take over what the report says; reaching the end takes back what was owed.

    Returns who was told that the task is completed.
    """
    complete = rules.completes(report.kind, report.progress, policy)
    told = set_progress(task, report.progress, report.achieved, by=by, complete=complete)
    if task.status == Status.SUBMITTED:
        owed.withdraw_dues([task], by=by)
    return told


def _tell(task: Task, kind: str, by: Actor, *, but: Collection[int] = (), **data: Any) -> None:
    """The creator and whoever answers for the parent task hear of it, but for who heard already."""
    people: set[int | None] = {task.creator_id}
    if task.parent_id:
        people |= set(Task.objects.filter(pk=task.parent_id).values_list("owner_id", flat=True))
    tell = [pk for pk in people if pk and pk not in but]
    notify(tell, kind, about=task.ref, title=task.title, by=by, **data)
    if kind != "report.amend":
        _tell_sharers(task, by, people)


def _tell_sharers(task: Task, by: Actor, told: set[int | None]) -> None:
    """Whoever shares the task hears that it is done, and by whom (TSK-4, S3-3.3)."""
    sharing = handlers(task) - told - {by.id}
    notify(sharing, "report.shared", about=task.ref, title=task.title, by=by)


# ── amend ────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def amend_report(
    *,
    report: Report,
    by: Actor,
    progress: int | None = None,
    body: str = "",
    problems: str = "",
    help_needed: str = "",
    next_step: str = "",
    achieved: Decimal | None = None,
    uploads: Sequence[Any] = (),
    cited: Sequence[int] = (),
    removed: Sequence[int] = (),
    kind: str = "",
    reason: str = "",
    quotes: Sequence[str] | None = None,
    irrelevant: Collection[str] = (),
    key: str | None = None,
    person: Person | None = None,
    draft: str = "",
) -> Report:
    """Replace the newest report by a new version; the old one stays readable (S0 3.2; §19.7).

    Its evidence is carried over but for ``removed``; ``quotes`` replace its quotations (None: they
    stay); place in time, period and lateness stay. A version below 100 % of a task that was
    completed reopens it. Raises NotAllowed, Refused, Stale.
    """
    task = locked(report.task)
    if known := _of_key(key, task):
        return known
    old = Report.objects.select_related("counting__measure", "counting__category").get(pk=report.pk)
    if old.status == ReportStatus.AMENDED:
        raise Stale(task.ref)
    person = _acting(by, person, draft)
    facts = facts_for(task, person)
    ground = _ground_of(old, task)
    require(rules.may_amend(task, facts, old, ground.latest))
    pieces = {piece.pk for piece in queries.evidence_of([old.pk]).get(old.pk, [])}
    kept = marks_of(old)
    paper = Paper(
        progress,
        body,
        problems,
        help_needed,
        next_step,
        achieved,
        tuple(uploads),
        tuple(pk for pk in cited if pk not in pieces),
        tuple(sorted(pieces - set(removed))),
        quotes=tuple(map(str, kept) if quotes is None else quotes),
        irrelevant=frozenset(irrelevant),
    )
    new = _write_amended(task, old, ground, paper, person, kind or old.kind, reason, kept, by, key)
    if not Report.objects.filter(pk=old.pk, status=ReportStatus.FILED).update(
        status=ReportStatus.AMENDED
    ):
        raise Stale(task.ref)
    remove("report", old.pk)
    Due.objects.filter(filed_by=old).update(filed_by=new)
    record(
        task.ref,
        "report.amend",
        by=by,
        report=new.pk,
        amends=old.pk,
        progress=new.progress,
        before=old.progress,
    )
    if new.kind != ReportKind.RESULT:
        _count(task, new, queries.policy_of(task), by)
    kinds.tell("amended", [task], by)
    _tell(task, "report.amend", by, progress=new.progress)
    return new


def _ground_of(report: Report, task: Task) -> queries.Ground:
    if report.counting is not None:
        return queries.Ground(queries.result_for(report.counting))
    return queries.ground_for(task)


def _write_amended(
    task: Task,
    old: Report,
    ground: queries.Ground,
    paper: Paper,
    person: Person,
    kind: str,
    reason: str,
    kept: Sequence[Mark],
    by: Actor,
    key: str | None,
) -> Report:
    before = ground.before
    policy = queries.policy_of(task)
    progress = old.progress
    if old.counting is not None:
        policy, kind = old.counting.measure or policy, ReportKind.RESULT
        before = queries.ground_for(task).latest
    else:
        progress = _progress_of(task, paper, policy, rules.floor(policy, ground.before))
        kind = rules.kind_after(kind, progress)
        stands(rules.kind_stands(kind, progress, policy), "progress")
    _refuse_faulty(paper, policy)
    _refuse_uncitable(task, paper, person)
    if len(reason) > rules.TEXT_LENGTH:
        raise Refused(_("Say it in fewer words."), "reason")
    return _write(
        task,
        paper,
        by=by,
        key=key,
        weighed=_weigh(task, person, paper, policy, before, kept),
        kind=kind,
        progress=progress,
        counting=old.counting,
        period=old.period,
        late=old.late,
        amends=old,
        reason=reason.strip(),
    )
