"""What upper rooms want to hear of, inside the transaction that does it.

``reports`` opens what is owed when tasks are issued; tasks itself never learns of reports. Rooms
register in their ``apps.py``: ``kinds.hear("issued", open_dues_of)``.
"""

from typing import TYPE_CHECKING

from luoshi.kit.hearing import Hearing

if TYPE_CHECKING:
    from luoshi.tasks.models import Task

#: issued: tasks became ACTIVE or ISSUED · ended: done, closed or cancelled · reopened: active
#: again after done · due_changed: the working due date or the rhythm moved · counted: a further
#: set was added or its result date moved.
EVENTS = frozenset({"issued", "ended", "reopened", "due_changed", "counted"})

_hearing: "Hearing[Task]" = Hearing(EVENTS)
hear, tell = _hearing.hear, _hearing.tell
