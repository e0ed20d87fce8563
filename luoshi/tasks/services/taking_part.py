"""Who takes part in a task, in which sets it counts, what is said about it."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from luoshi.files.services import Prepared, Upload, attach
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale
from luoshi.measures.models import Category
from luoshi.notices.services import notify
from luoshi.people.models import Person
from luoshi.tasks import kinds, queries
from luoshi.tasks.models import (
    Counting,
    Milestone,
    Part,
    Remark,
    RemarkKind,
    Role,
    Task,
)
from luoshi.tasks.rules import may
from luoshi.tasks.services.line import id_of, person_of, reckon, require_may
from luoshi.trail.rules import digest
from luoshi.trail.services import record, record_many


@transaction.atomic
def admit(task: Task, people: Iterable[int], role: Role, *, by: Actor) -> list[int]:
    """Let people see a task, as what ``role`` says (§19.5). Returns who is new."""
    known = set(Part.objects.filter(task=task, role=role).values_list("person_id", flat=True))
    new = [pk for pk in dict.fromkeys(people) if pk not in known]
    Part.objects.bulk_create(Part(task=task, role=role, person_id=pk, year=task.year) for pk in new)
    if new:
        record(task.ref, "task.admit", by=by, role=role.value, people=new)
    return new


@transaction.atomic
def set_assessors(task: Task, people: Sequence[int], *, by: Actor) -> tuple[list[int], list[int]]:
    """Name these people, and nobody else, assessors of a task. Returns who is new and who left."""
    rows = Part.objects.filter(task=task, role=Role.ASSESSOR)
    known = list(rows.values_list("person_id", flat=True))
    gone = [pk for pk in known if pk and pk not in people]
    rows.filter(person_id__in=gone).delete()
    new = admit(task, people, Role.ASSESSOR, by=by)
    if people and not task.needs_assessment:
        task.needs_assessment = True
        Task.objects.filter(pk=task.pk).update(needs_assessment=True)
    return new, gone


@transaction.atomic
def share(task: Task, people: Sequence[Person], *, by: Actor) -> None:
    """Let others handle a task too; whoever acts first has done it (TSK-4, S3-3.3)."""
    task = queries.locked(task)
    require_may("share", task, by)
    today = clock.today()
    for person in people:
        if not person.present_on(today):
            raise Refused(
                _("%(person)s has left; choose somebody else.") % {"person": person.name}, "people"
            )
    new = admit(task, [p.pk for p in people if p.pk != task.owner_id], Role.SHARED, by=by)
    notify(new, "task.share", about=task.ref, title=task.title, by=by)


@transaction.atomic
def follow(task: Task, *, by: Actor, on: bool) -> None:
    """Follow a task, or stop following it."""
    hold(f"{task.ref}/{by.id}")
    require_may("follow", task, by)
    rows = Part.objects.filter(task=task, role=Role.FOLLOWER, person_id=id_of(by))
    if on and not rows.exists():
        Part.objects.create(task=task, role=Role.FOLLOWER, person_id=id_of(by), year=task.year)
        record(task.ref, "task.follow", by=by)
    elif not on and rows.delete()[0]:
        record(task.ref, "task.unfollow", by=by)


@transaction.atomic
def count_in(
    task: Task, category: Category, *, by: Actor, result_due: dt.date | None = None
) -> Counting:
    """Let a task count in a further set, or move the date of its result there (CAT-1)."""
    task = queries.locked(task)
    require_may("count_in", task, by)
    if category.pk == task.category_id:
        raise Refused(_("This is the task's own set already."), "category")
    row, made = Counting.objects.update_or_create(
        task=task,
        category=category,
        defaults={
            "measure": category.measure,
            "year": task.year,
            "result_due": result_due,
        },
    )
    record(task.ref, "task.count_in", by=by, category=category.pk, result_due=result_due, new=made)
    kinds.tell("counted", [task], by)
    return row


def date_results(
    countings: Sequence[Counting], result_due: dt.date, *, by: Actor
) -> tuple[int, int]:
    """Set the day by which results of a further set are due, for many tasks (S0-2: told later).

    Where this person may not, nothing changes. Returns how many were set and how many were left.
    Goes by pieces, each a transaction of its own; doing it again changes nothing more.
    """
    done = 0
    for start in range(0, len(countings), CHUNK):
        done += _date_some([row.pk for row in countings[start : start + CHUNK]], result_due, by)
    return done, len(countings) - done


#: Tasks whose results are dated in one transaction.
CHUNK = 200


@transaction.atomic
def _date_some(keys: Sequence[int], result_due: dt.date, by: Actor) -> int:
    person = person_of(by)
    further = Counting.objects.filter(pk__in=keys, home=False)
    tasks = list(
        Task.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=further.values("task"))
        .select_related("unit", "measure", "category__measure")
        .order_by("pk")
    )
    facts = queries.facts_for_all(tasks, person)
    mine = {task.pk: task for task in tasks if may("count_in", task, facts[task.pk])}
    rows = [row for row in further.order_by("pk") if row.task_id in mine]
    moved = [row for row in rows if row.result_due != result_due]
    Counting.objects.filter(pk__in=[row.pk for row in moved]).update(result_due=result_due)
    record_many(
        [(mine[row.task_id].ref, {"category": row.category_id}) for row in moved],
        "task.count_in",
        by=by,
        result_due=result_due,
        new=False,
    )
    kinds.tell("counted", [mine[row.task_id] for row in moved], by)
    return len(rows)


@transaction.atomic
def set_milestones(
    task: Task, rows: Sequence[tuple[str, dt.date, dt.date | None]], *, by: Actor, rev: int
) -> None:
    """Replace the milestones of a task: name, due date, day reached. Raises Stale, Refused."""
    task = queries.locked(task)
    require_may("set_milestones", task, by)
    if task.rev != rev:
        raise Stale(task.ref)
    for name, due, _done in rows:
        if not name.strip():
            raise Refused(_("Give every milestone a name."), "milestones")
        if task.due and due > task.due:
            raise Refused(
                _("The milestone “%(name)s” lies after the due date %(due)s.")
                % {"name": name, "due": task.due.isoformat()},
                "milestones",
            )
    task.milestones.all().delete()
    Milestone.objects.bulk_create(
        Milestone(task=task, name=name.strip(), due=due, done_on=done, order=place)
        for place, (name, due, done) in enumerate(rows)
    )
    Task.objects.filter(pk=task.pk).update(rev=F("rev") + 1)
    reckon(task)
    record(task.ref, "task.set_milestones", by=by, count=len(rows))


@transaction.atomic
def add_document(task: Task, uploads: Sequence[Upload | Prepared], *, by: Actor) -> None:
    """Keep a process document on a task at any time, with or without a report (RPT-6)."""
    task = queries.locked(task)
    require_may("attach", task, by)
    if not uploads:
        raise Refused(_("Choose a file first."), "uploads")
    attach(task.ref, uploads, by=by)


@transaction.atomic
def remark(
    task: Task,
    text: str,
    *,
    by: Actor,
    kind: RemarkKind = RemarkKind.COMMENT,
    reply_to: Remark | None = None,
    key: str | None = None,
) -> Remark:
    """Say something about a task: a comment, or a leader's instruction (MSG-2)."""
    hold(key)
    if key and (done := Remark.objects.filter(key=key).first()):
        return done
    verb = "instruct" if kind == RemarkKind.INSTRUCTION else "comment"
    require_may(verb, task, by)
    if not text.strip():
        raise Refused(_("Write something first."), "text")
    row = Remark.objects.create(
        task=task,
        kind=kind,
        by_id=by.for_id or id_of(by),
        reply_to=reply_to,
        text=text.strip(),
        at=clock.now(),
        key=key,
    )
    record(task.ref, f"task.{verb}", by=by, remark=row.pk, text=digest(text))
    people = {task.owner_id, task.creator_id, reply_to.by_id if reply_to else None} - {None}
    notify([pk for pk in people if pk], f"task.{verb}", about=task.ref, title=task.title, by=by)
    return row
