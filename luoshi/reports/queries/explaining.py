"""Why something owed counts as on time, late or not reported (★ SUP-8)."""

import datetime as dt
from dataclasses import dataclass

from luoshi.measures.models import Measure
from luoshi.measures.queries import Said, said_about
from luoshi.reports import rules
from luoshi.reports.models import Due
from luoshi.reports.queries import policy_of
from luoshi.reports.rules import DueKind, DueState
from luoshi.tasks.models import Task

#: The settings of a measure that decide about lateness.
_DECISIVE = ("reporting.rhythm", "reporting.report_day", "reporting.grace_days",
             "reporting.late_report")  # fmt: skip
_OF_RESULTS = ("reporting.result_only", "reporting.grace_days")


@dataclass(frozen=True)
class DueExplained:
    """What was owed, by when, what came, and what the rule says about it."""

    due: Due
    state: DueState
    words: rules.DueWords
    on_time_until: dt.date
    measure: Measure | None
    said: list[Said]

    @property
    def is_result(self) -> bool:
        return self.due.kind == DueKind.RESULT

    @property
    def is_open_for_good(self) -> bool:
        """Whether it stays owed until it comes."""
        return self.due.closes_on >= rules.NEVER

    @property
    def label(self) -> str:
        return str(self.state.label)


def explain_due(due: Due, today: dt.date) -> DueExplained:
    """The due with the sentences behind its mark. The task comes with its measure."""
    policy = policy_of(due.task)
    state = rules.due_state(due, today, grace=policy.grace_days)
    measure = policy if policy.pk else None
    about = _OF_RESULTS if due.kind == DueKind.RESULT else _DECISIVE
    return DueExplained(
        due=due,
        state=state,
        words=rules.due_words(due, state, policy.grace_days),
        on_time_until=rules.on_time_until(due.due_on, policy.grace_days),
        measure=measure,
        said=said_about(measure, about) if measure else [],
    )


def due_of(task: Task, due_id: int) -> Due | None:
    """Something owed on a task, with the report that settled it and the measure of the task."""
    rows = Due.objects.filter(task=task, pk=due_id)
    return rows.select_related(
        "task__measure", "task__category__measure", "counting__category", "filed_by__by"
    ).first()
