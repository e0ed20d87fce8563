"""Tasks with assessors, and scores; states are reached through services only."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from luoshi.assessment import services
from luoshi.assessment.models import Assessment
from luoshi.people.models import Person
from luoshi.reports.tests.factories import tell
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import issued, make_set


def judged(
    people: SimpleNamespace,
    *assessors: Person,
    switches: dict[str, Any] | None = None,
    points: str | None = "20",
    **more: Any,
) -> Task:
    """A task of the section under way, answered for by Li, to be assessed by these people."""
    category = more.pop("category", None) or make_set(needs_evidence=False, **(switches or {}))
    named = assessors or (people.wang, people.sun)
    return issued(
        category,
        people.chen,
        people.section.pk,
        owner_id=people.li.pk,
        assessors=tuple(one.pk for one in named),
        points=Decimal(points) if points else None,
        **more,
    )


def done(people: SimpleNamespace, *assessors: Person, **more: Any) -> Task:
    """The same, completed by a report of 100 %."""
    task = judged(people, *assessors, **more)
    tell(task, people.li, 100, uploads=[])
    task.refresh_from_db()
    return task


def give(task: Task, by: Person, points: str | int, **more: Any) -> Assessment:
    """A score with a comment."""
    typed = {"comment": "完成较好", **more}
    return services.score(task=task, by=by.actor, points=Decimal(points), **typed)
