"""What upper rooms want to hear of, inside the transaction that does it.

A lower room keeps a `Hearing` of the events it tells of; upper rooms register in their ``apps.py``,
and the lower one never learns of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from luoshi.kit.actor import Actor

Thing = TypeVar("Thing")
Heard = TypeVar("Heard", contravariant=True)


class Handler(Protocol[Heard]):
    """What an upper room does when it hears of things."""

    def __call__(self, things: Sequence[Heard], /, *, by: Actor) -> object: ...


class Hearing(Generic[Thing]):
    """Who wants to hear of which event that happens to things of one kind."""

    def __init__(self, events: Iterable[str]) -> None:
        self._events = frozenset(events)
        self._handlers: dict[str, list[Handler[Thing]]] = defaultdict(list)

    def hear(self, event: str, handler: Handler[Thing]) -> None:
        """Call ``handler(things, by=by)`` whenever it happens. KeyError for an unknown event."""
        if event not in self._events:
            raise KeyError(event)
        if handler not in self._handlers[event]:
            self._handlers[event].append(handler)

    def tell(self, event: str, things: Sequence[Thing], by: Actor) -> None:
        """Let every room that wants to know do its part, in the same transaction."""
        if things:
            for handler in self._handlers[event]:
                handler(things, by=by)
