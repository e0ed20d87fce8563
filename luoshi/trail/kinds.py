"""What the verbs of the trail mean to a reader. Each room registers its own in ``apps.py``:

    from luoshi.trail import kinds
    kinds.register("task.sign", _("signed for the task"))

A room may also say which of its subjects must have a story; `verify` then misses one that is gone:

    kinds.register_subjects("task", task_ids)
"""

from collections.abc import Callable, Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from luoshi.trail.rules import SUBJECTS, VERBS

#: Tests set this: recording a verb nobody registered is then an error, not a bare word on a page.
strict = False


class UnknownVerb(LookupError):
    """A verb was recorded that no room has registered."""


def register(verb: str, label: str | Promise) -> None:
    """Give a verb ("task.sign") the words a reader sees ("signed for the task")."""
    if verb in VERBS and str(VERBS[verb]) != str(label):
        raise ValueError(f"{verb} is registered twice")
    VERBS[verb] = label


def register_subjects(kind: str, ids: Callable[[], Iterable[int]]) -> None:
    """Say which subjects of a kind exist, so that a story removed as a whole is missed."""
    SUBJECTS[kind] = ids


def verbs() -> list[tuple[str, str]]:
    """All verbs with their words, in order of the verbs; for a filter."""
    return [(verb, str(words)) for verb, words in sorted(VERBS.items())]


def check(verb: str) -> None:
    """Raise UnknownVerb in tests for a verb nobody registered."""
    if strict and verb not in VERBS:
        raise UnknownVerb(f"{verb}: no room has registered this verb (trail.kinds.register)")


register("trail.guard", _("restored the guards of the trail"))
