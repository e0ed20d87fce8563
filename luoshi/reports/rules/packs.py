"""Year-end packs: who may have one, when one at work is given up, how files are called in it.

Pure functions: no database, no clock. Names stand on Windows, macOS and Linux alike.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Collection

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from luoshi.kit.verdict import ALLOWED, Verdict, denied

#: A job is killed after two minutes; one that gave no sign for longer is not at work any more.
SILENT = dt.timedelta(minutes=3)
#: Attempts after which building is given up.
TRIES = 3
#: Tasks of one pack at most.
MOST_TASKS = 2_000
#: Characters of a folder, of a file.
FOLDER, FILE = 40, 80

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


class PackState(TextChoices):
    """How far a pack has come."""

    WAITING = "waiting", pgettext_lazy("pack", "waiting for its turn")
    WORKING = "working", pgettext_lazy("pack", "being put together")
    READY = "ready", pgettext_lazy("pack", "ready")
    FAILED = "failed", pgettext_lazy("pack", "could not be made")


def may_pack(reaches: bool) -> Verdict:
    """Whether somebody may have the pack of a unit: its head, its leaders, the offices."""
    if reaches:
        return ALLOWED
    return denied(
        _("Only those who see all tasks of the unit have its year-end pack: its head and offices.")
    )


def is_stuck(state: str, beat: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a pack at work was left: its worker was killed."""
    return state == PackState.WORKING and (beat is None or now - beat > SILENT)


def safe(name: str, most: int) -> str:
    """A name for a file or folder: nothing hidden, nothing a system forbids, cut to a length.

    The ending of a file is kept when the name is cut.
    """
    name = unicodedata.normalize("NFC", name)
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    name = re.sub(r"\s+", " ", _FORBIDDEN.sub("_", name)).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not (dot and stem and 0 < len(suffix) <= 10 and " " not in suffix):
        stem, suffix = name, ""
    ending = f".{suffix}" if suffix else ""
    stem = stem[: most - len(ending)].rstrip(" .(（") or "_"
    return f"_{stem}{ending}" if _RESERVED.match(stem + ending) else stem + ending


def unique(name: str, taken: Collection[str]) -> str:
    """The name, or the name with a number where it is taken; case does not tell names apart."""
    known = {one.casefold() for one in taken}
    if name.casefold() not in known:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not (dot and stem and 0 < len(suffix) <= 10):
        stem, suffix = name, ""
    number = 2
    while True:
        other = f"{stem}({number})" + (f".{suffix}" if suffix else "")
        if other.casefold() not in known:
            return other
        number += 1
