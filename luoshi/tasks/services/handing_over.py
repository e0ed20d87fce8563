"""A task passes from one responsible person to another (TSK-4)."""

from django.db import transaction
from django.db.models import F

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.tasks import queries
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.services.taking_part import admit
from luoshi.trail.services import record


@transaction.atomic
def hand_over(task: Task, to: Person, *, by: Actor) -> Task:
    """Make ``to`` the responsible person; whoever asks both of them calls this.

    Everything that goes by the responsible person goes with it: signing for the lead unit,
    reporting, breaking down, the drafts of sub-tasks. What stays: the unit, the dates, what is
    owed, everybody taking part, every report under the name of who wrote it. The one who gives
    the task away still sees it. The task is bound to a post from now on only if the new owner
    sits in that post. Returns the task as it stands now.
    """
    task = queries.locked(task)
    before = task.owner_id
    held = {holding.post_id for holding in powers_of(to, clock.today()).holdings}
    post = task.owner_post_id if task.owner_post_id in held else None
    Task.objects.filter(pk=task.pk).update(owner=to, owner_post=post, rev=F("rev") + 1)
    Part.objects.filter(task=task, person=to, role__in=[Role.OWNER, Role.SHARED]).delete()
    drafts = pass_on_drafts(task, before, to) if before else 0
    if before:
        admit(task, [before], Role.ADMITTED, by=by)
    record(task.ref, "task.hand_over", by=by, owner=to.pk, before=before, drafts=drafts)
    task.owner, task.owner_post_id = to, post
    task.rev += 1
    return task


def pass_on_drafts(task: Task, giver_id: int, taker: Person) -> int:
    """Sub-tasks the giver prepared and did not issue are the taker's from now on; how many."""
    drafts = Task.objects.filter(
        parent=task, creator_id=giver_id, status__in=[Status.DRAFT, Status.PROPOSED]
    )
    return drafts.update(creator=taker, rev=F("rev") + 1)


@transaction.atomic
def dismiss(task: Task, person_id: int, role: Role, *, by: Actor) -> None:
    """Take somebody out of a task again, as what ``role`` says."""
    if Part.objects.filter(task=task, person_id=person_id, role=role).delete()[0]:
        record(task.ref, "task.dismiss", by=by, role=role.value, people=[person_id])
