"""What upper rooms want to hear of, inside the transaction that does it.

Assessments hear when the ground under a score moved; reports itself never learns of them. Rooms
register in their ``apps.py``: ``kinds.hear("amended", look_again)``.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from luoshi.kit.actor import Actor

if TYPE_CHECKING:
    from luoshi.tasks.models import Task


class Handler(Protocol):
    """What an upper room does when it hears of reports on tasks."""

    def __call__(self, tasks: "Sequence[Task]", *, by: Actor) -> object: ...


#: filed: a new report, on progress or for a further set · amended: a newer version of one.
EVENTS = frozenset({"filed", "amended"})

_handlers: dict[str, list[Handler]] = defaultdict(list)


def hear(event: str, handler: Handler) -> None:
    """Call ``handler(tasks, by=by)`` whenever ``event`` happens. KeyError for an unknown one."""
    if event not in EVENTS:
        raise KeyError(event)
    if handler not in _handlers[event]:
        _handlers[event].append(handler)


def tell(event: str, tasks: "Sequence[Task]", by: Actor) -> None:
    """Let every room that wants to know do its part, in the same transaction."""
    for handler in _handlers[event]:
        handler(tasks, by=by)
