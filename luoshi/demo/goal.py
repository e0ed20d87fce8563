"""A task of the demonstration, with how it comes along and what has been said about it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from luoshi.demo.days import ONE_DAY
from luoshi.demo.pace import Pace
from luoshi.people.models import Person, Unit
from luoshi.reports.models import Report
from luoshi.tasks.models import Kind, Task


@dataclass(eq=False)
class Goal:
    """``pace`` is set where nobody below works on it; otherwise it follows what they said."""

    text: Mapping[str, Any]
    task: Task
    owner: Person
    unit: Unit
    parent: "Goal | None" = None
    pace: Pace | None = None
    children: "list[Goal]" = field(default_factory=list)
    planned: int = 0  # children still to come
    said: int = 0  # progress reported so far
    reports: int = 0
    newest: Report | None = None
    over: bool = False  # goes beyond its target

    @property
    def is_personal(self) -> bool:
        return bool(self.task.kind == Kind.PERSONAL)

    @property
    def is_top(self) -> bool:
        return self.parent is None

    @property
    def due(self) -> dt.date:
        assert self.task.due is not None
        return self.task.due

    @property
    def issued(self) -> dt.date:
        assert self.task.issued_at is not None
        return timezone.localtime(self.task.issued_at).date()

    def on(self, day: dt.date) -> int:
        """How far it is on a day: its own pace, or the mean of what was said below it."""
        if self.pace is not None:
            return self.pace.on(day)
        if not self.children:
            return 5 if self.planned and day > self.issued + 20 * ONE_DAY else 0
        mean = sum(child.said for child in self.children) / (len(self.children) + self.planned)
        return 100 if mean == 100 else min(95, round(mean / 5) * 5)
