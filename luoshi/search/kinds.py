"""What there is to find. A room registers how all its texts are read, for `services.rebuild`:

from luoshi.search import kinds
kinds.register("task", all_task_texts)      # yields Row("task", "17", 17, 2026, "…")
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One text to be found: ``task_id`` is the task it leads to."""

    kind: str
    key: str
    task_id: int | None
    year: int | None
    text: str


_sources: dict[str, Callable[[], Iterable[Row]]] = {}


def register(kind: str, rows: Callable[[], Iterable[Row]]) -> None:
    """Say how all texts of a kind are read."""
    _sources[kind] = rows


def sources() -> dict[str, Callable[[], Iterable[Row]]]:
    """All kinds with the function that reads their texts."""
    return dict(_sources)
