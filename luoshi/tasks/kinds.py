"""What upper rooms want to hear of, inside the transaction that does it.

``reports`` opens what is owed when tasks are issued; tasks itself never learns of reports. Rooms
register in their ``apps.py``: ``kinds.hear("issued", open_dues_of)``.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from luoshi.kit.actor import Actor

if TYPE_CHECKING:
    from luoshi.tasks.models import Task


class Handler(Protocol):
    """What an upper room does when it hears of tasks."""

    def __call__(self, tasks: "Sequence[Task]", *, by: Actor) -> object: ...


#: issued: tasks became ACTIVE or ISSUED · ended: done, closed or cancelled · reopened: active
#: again after done · due_changed: the working due date or the rhythm moved · counted: a further
#: set was added or its result date moved.
EVENTS = frozenset({"issued", "ended", "reopened", "due_changed", "counted"})

_handlers: dict[str, list[Handler]] = defaultdict(list)


def hear(event: str, handler: Handler) -> None:
    """Call ``handler(tasks, by=by)`` whenever ``event`` happens. KeyError for an unknown one."""
    if event not in EVENTS:
        raise KeyError(event)
    if handler not in _handlers[event]:
        _handlers[event].append(handler)


def tell(event: str, tasks: "Sequence[Task]", by: Actor) -> None:
    """Let every room that wants to know do its part, in the same transaction."""
    if tasks:
        for handler in _handlers[event]:
            handler(tasks, by=by)
