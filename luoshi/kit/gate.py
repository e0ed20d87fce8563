"""Whether a person holds a power, for rooms that do not know people.

The room that does registers itself once: ``gate.answered_by("luoshi.people.queries.holds")``.
"""

from typing import Any

from django.utils.module_loading import import_string

_answerer = ""
_helper = ""


def answered_by(path: str) -> None:
    """Name the function ``(user, power) -> bool`` that knows. Called in ``apps.py``."""
    global _answerer
    _answerer = path


def holds(user: Any, power: str) -> bool:
    """Whether the power is held anywhere; nobody holds anything while no room answers."""
    return bool(_answerer and user.is_authenticated and import_string(_answerer)(user, power))


def helped_by(path: str) -> None:
    """Name the function ``(power) -> people`` that knows who can help. Called in ``apps.py``."""
    global _helper
    _helper = path


def helpers(power: str = "") -> list[Any]:
    """A few people who hold the power; without one, who answers questions about the system."""
    return list(import_string(_helper)(power)) if _helper else []
