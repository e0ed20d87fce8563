"""What upper rooms want to hear of, inside the transaction that does it.

Assessments hear when the ground under a score moved; reports itself never learns of them. Rooms
register in their ``apps.py``: ``kinds.hear("amended", look_again)``.
"""

from typing import TYPE_CHECKING

from luoshi.kit.hearing import Hearing

if TYPE_CHECKING:
    from luoshi.tasks.models import Task

#: filed: a new report, on progress or for a further set · amended: a newer version of one.
EVENTS = frozenset({"filed", "amended"})

_hearing: "Hearing[Task]" = Hearing(EVENTS)
hear, tell = _hearing.hear, _hearing.tell
