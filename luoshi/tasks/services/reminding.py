"""Reminding those who answer for a task that it is soon due.

responsible_for(tasks)      who answers for each at present
remind_due()                queues reminders ``remind_before`` days before the working due date
look(rows, person)          how what was reminded of stands now
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Q, QuerySet

from luoshi.kit import clock
from luoshi.kit.dates import told_on
from luoshi.measures.models import Measure
from luoshi.measures.rules import listed
from luoshi.notices.kinds import Look
from luoshi.notices.models import Waiting
from luoshi.notices.services import Reminder, remind
from luoshi.people.models import Person
from luoshi.people.queries import heads_of_all, people_present, tenures_on
from luoshi.periods.queries import work_calendar
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Role, Task

DUE_SOON = "task.due_soon"
RUNNING = (Status.ISSUED, Status.ACTIVE)
#: Tasks looked at in one go, and reminded of in one transaction.
CHUNK = 500


def responsible_for(tasks: Sequence[Task], day: dt.date | None = None) -> dict[int, list[int]]:
    """Who answers for each task on a day: keys of people, the first responsible one in front.

    Who sits in the post the task is bound to, else its owner; further responsible people and those
    it is shared with. Where nobody of them is there, the heads of the lead unit. Four statements.
    """
    day = day or clock.today()
    keys = [task.pk for task in tasks]
    named: dict[int, list[int]] = defaultdict(list)
    holders: dict[int, list[int]] = defaultdict(list)
    posts = {task.owner_post_id for task in tasks if task.owner_post_id}
    for tenure in tenures_on(day).filter(post_id__in=posts):
        holders[tenure.post_id].append(tenure.person_id)
    for task in tasks:
        named[task.pk] += holders.get(task.owner_post_id or 0) or [task.owner_id or 0]
    further = Part.objects.filter(task_id__in=keys, role__in=[Role.OWNER, Role.SHARED])
    for task_id, person_id in further.order_by("pk").values_list("task_id", "person_id"):
        named[task_id].append(person_id)
    wanted = {pk for people in named.values() for pk in people if pk}
    there = set(people_present(day).filter(pk__in=wanted).values_list("pk", flat=True))
    found = {pk: [one for one in dict.fromkeys(named[pk]) if one in there] for pk in keys}
    return _with_heads(tasks, found, day)


def _with_heads(
    tasks: Sequence[Task], found: dict[int, list[int]], day: dt.date
) -> dict[int, list[int]]:
    lacking = [task for task in tasks if not found[task.pk]]
    heads = heads_of_all({task.unit_id for task in lacking}, day) if lacking else {}
    for task in lacking:
        found[task.pk] = [person.pk for person in heads.get(task.unit_id, [])]
    return found


def governed_by(measures: Iterable[int], prefix: str = "") -> Q:
    """Tasks under one of these measures: fixed at issue, before that their category's."""
    own = Q(**{f"{prefix}measure__in": list(measures)})
    through = {f"{prefix}measure": None, f"{prefix}category__measure__in": list(measures)}
    return own | Q(**through)


def settings_of(column: str) -> dict[tuple[int, ...], list[int]]:
    """Measures by the numbers they keep in a column of reminders."""
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for pk, text in Measure.objects.exclude(**{column: ""}).values_list("pk", column):
        found[listed(text)].append(pk)
    return found


def chunks(rows: QuerySet[Task]) -> Iterator[list[Task]]:
    """Tasks piece by piece, by key."""
    last = 0
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield some
        last = some[-1].pk


# ── soon due ─────────────────────────────────────────────────────────────────────────────────────


def remind_due() -> int:
    """Queue today's reminders of tasks soon due; how many rows were meant. Idempotent.

    Who is reminded of (task, due date, days before) is not reminded of it again.
    """
    today = clock.today()
    days = told_on(today, work_calendar())
    if not days:
        return 0
    return sum(
        remind(_due_soon(some, before, days, today))
        for before, measures in settings_of("remind_before").items()
        for some in chunks(_coming(measures, before, days, today))
    )


def _coming(
    measures: Sequence[int], before: Sequence[int], days: Sequence[dt.date], today: dt.date
) -> QuerySet[Task]:
    wanted = {day + dt.timedelta(days=n) for day in days for n in before}
    rows = Task.objects.filter(status__in=RUNNING, paused=False, due__in=wanted, due__gte=today)
    return rows.filter(governed_by(measures))


def _due_soon(
    tasks: Sequence[Task], before: Sequence[int], days: Sequence[dt.date], today: dt.date
) -> Iterator[Reminder]:
    people = responsible_for(tasks, today)
    for task in tasks:
        left = _nearest(task, before, days)
        if left is not None and task.due:
            due = task.due.isoformat()
            key = f"{task.pk}/{due}/{left}"
            yield Reminder(people[task.pk], DUE_SOON, task.ref, task.title, key, {"due": due})


def _nearest(task: Task, before: Sequence[int], days: Sequence[dt.date]) -> int | None:
    """The fewest days before the due date whose reminder is given now; none up to the issue."""
    assert task.due is not None
    issued = clock.day_of(task.issued_at) if task.issued_at else dt.date.min
    planned = {n: task.due - dt.timedelta(days=n) for n in before}
    return min((n for n, day in planned.items() if day in days and issued < day), default=None)


def look(rows: Sequence[Waiting], person: Person) -> Mapping[int, Look]:
    """Whether each task still runs towards the date that was told."""
    tasks = Task.objects.in_bulk({row.about_id for row in rows})
    return {row.pk: _look(tasks.get(row.about_id), row) for row in rows}


def _look(task: Task | None, row: Waiting) -> Look:
    if task is None or task.due is None:
        return Look(False)
    running = task.status in RUNNING and not task.paused
    same = task.due.isoformat() == row.data.get("due")
    return Look(running and same, str(Status(task.status).label), due=task.due)
