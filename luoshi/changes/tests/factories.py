"""Transfers of the tests; states are reached through services only."""

from typing import Any

from luoshi.changes import services
from luoshi.changes.models import Change
from luoshi.people.models import Person
from luoshi.tasks.models import Task


def asked(task: Task, by: Person, to: Person, **more: Any) -> Change:
    """A transfer that waits for an answer."""
    reason = more.pop("reason", "岗位变动")
    return services.ask_transfer([task], to, reason, by=by.actor, **more)[0]
