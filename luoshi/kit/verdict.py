"""One answer for guards, buttons and error pages.

Verdict ── ALLOWED | denied(reason)     what a rule says
NotAllowed                              a rule said no; the reader sees its reason (HTTP 403)
Stale                                   somebody was faster; nothing was written (HTTP 409)
Refused                                 what was typed cannot stand (form error; HTTP 422)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Verdict:
    """The answer of a rule: yes, or no with a sentence for the reader.

    ``power``: what somebody must hold to be told yes; refused pages name who does.
    """

    ok: bool
    reason: str | Promise = ""
    power: str = ""

    def __bool__(self) -> bool:
        return self.ok


ALLOWED = Verdict(True)


def denied(reason: str | Promise, power: str = "") -> Verdict:
    """A no, with the sentence that says why and, where it can, what to do."""
    return Verdict(False, reason, str(power))


def first_denied(verdicts: Iterable[Verdict]) -> Verdict:
    """The first no among several answers, or yes."""
    return next((v for v in verdicts if not v), ALLOWED)


class NotAllowed(PermissionDenied):
    """A rule said no. Its text is meant for the reader's eyes.

    ``power`` names what the reader lacks, where it is one power; others may hold it.
    """

    def __init__(self, reason: str | Promise = "", power: str = "") -> None:
        super().__init__(str(reason))
        self.power = power


class Refused(ValueError):
    """What was asked cannot stand as typed. Its text is meant for the reader's eyes.

    ``field`` names the form field it belongs to, if one does.
    """

    def __init__(self, reason: str | Promise, field: str | None = None) -> None:
        super().__init__(str(reason))
        self.field = field


class Stale(Exception):
    """The thing changed since the reader saw it; nothing was written."""

    def __init__(self, ref: str = "") -> None:
        super().__init__(
            _("Somebody else changed this meanwhile. Nothing of yours was saved; look at it again.")
        )
        self.ref = ref


def require(verdict: Verdict) -> None:
    """Go on only if the rule says yes."""
    if not verdict:
        raise NotAllowed(str(verdict.reason), verdict.power)


def stands(verdict: Verdict, field: str | None = None) -> None:
    """Go on only if what was typed can stand."""
    if not verdict:
        raise Refused(verdict.reason, field)
