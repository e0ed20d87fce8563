"""The desk tells the files who may see them: it alone turns a reference into a thing.

It also names the lists whose filters people may keep as views.
"""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.files import kinds
from luoshi.people.kinds import keep_views_of

#: Parameters that make up a view of the task list; the charts have the same without an order.
TASKS = (
    "scope", "unit", "category", "tier", "kind", "status", "health", "urgency", "person", "who",
    "q", "since", "until", "year",
)  # fmt: skip
FEEDBACK = (
    "view", "scope", "task", "month", "unit", "own", "category", "tier", "state", "person", "who",
    "q", "problems", "year",
)  # fmt: skip


class DeskConfig(AppConfig):
    name = "luoshi.desk"
    label = "desk"

    def ready(self) -> None:
        from luoshi.desk import refs  # noqa: PLC0415 — models exist only now

        keep_views_of("task-list", _("Task list"), "task-list", (*TASKS, "sort"))
        keep_views_of("gantt", _("Gantt"), "gantt", TASKS)
        keep_views_of("mosaic", _("Mosaic"), "mosaic", TASKS)
        keep_views_of("feedback", _("Feedback query"), "feedback", FEEDBACK)
        kinds.decide_with(lambda ref, person: refs.resolve(ref, person) is not None)
