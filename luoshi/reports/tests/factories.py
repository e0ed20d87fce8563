"""Tasks under way and reports on them; states are reached through services only."""

import datetime as dt
import itertools
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from luoshi.kit import clock
from luoshi.people.models import Person
from luoshi.reports import services
from luoshi.reports.models import Report
from luoshi.tasks.models import Task
from luoshi.tasks.services import registering
from luoshi.tasks.tests.factories import issued, make_set, new

_numbers = itertools.count(1)


def at(monkeypatch: Any, day: str, hour: int = 10) -> None:
    """Let it be ten o'clock on a day, for everything that asks the clock."""
    moment = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour))
    aware = timezone.make_aware(moment, timezone.get_default_timezone())
    monkeypatch.setattr(clock, "now", lambda: aware)


def paper(name: str = "", text: str = "佐证材料") -> SimpleUploadedFile:
    """A small piece of evidence, each of its own content."""
    number = next(_numbers)
    return SimpleUploadedFile(name or f"材料{number}.txt", f"{text}{number}".encode())


def running(people: SimpleNamespace, **more: Any) -> Task:
    """A task of the section, answered for by Li, made by Chen, issued today."""
    switches = {k: more.pop(k) for k in list(more) if k in SWITCHES}
    category = make_set(**switches)
    return issued(category, people.chen, people.section.pk, owner_id=people.li.pk, **more)


SWITCHES = {
    "rhythm",
    "report_day",
    "needs_evidence",
    "needs_text",
    "progress_rule",
    "completed_by",
    "grace_days",
    "late_report",
    "roll_up",
    "review",
    "visibility",
    "result_only",
    "copied_at_most",
}


def tell(task: Task, by: Person, progress: int | None, **more: Any) -> Report:
    """File a report with text and, unless said otherwise, a piece of evidence."""
    typed = {"body": f"已完成 {progress}%", "uploads": [paper()], **more}
    return services.submit_report(task=task, by=by.actor, progress=progress, **typed)


def split(task: Task, by: Person, *owners: tuple[Person, int], **more: Any) -> list[Task]:
    """Break a task down to these people and units, and issue the sub-tasks."""
    rows = [
        new(
            task.category,
            unit_id,
            owner_id=person.pk,
            title=f"{task.title}（{person.name}）",
            **more,
        )
        for person, unit_id in owners
    ]
    return registering.break_down(task, rows, by=by.actor, issue=True)
