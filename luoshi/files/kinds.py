"""Who may see a file: whoever may see a thing it hangs on or is cited by.

Files do not know those things. The desk, which does, registers its answer in its ``apps.py``:

    kinds.decide_with(may_see_ref)        # (reference, person) → bool
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from luoshi.people.models import Person

Decide = Callable[[str, "Person"], bool]
_decide: list[Decide] = []


def decide_with(decide: Decide) -> None:
    """Set the answer to "may this person see what this reference names?"."""
    _decide[:] = [decide]


def may_see(abouts: list[str], person: "Person") -> bool:
    """Whether one of the things may be seen. Nobody sees anything while nobody can decide."""
    return any(decide(about, person) for decide in _decide for about in abouts)
