"""Tasks that want a diagnosis, and diagnoses of them; states are reached through services only."""

from types import SimpleNamespace
from typing import Any

from luoshi.improvement import services
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.rules import NewAction, Paper
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import issued, make_set


def asked_task(people: SimpleNamespace, **more: Any) -> Task:
    """A task of the section, answered for by Li, made by Chen, whose measure asks in December."""
    switches = {k: more.pop(k) for k in list(more) if k in SWITCHES}
    category = more.pop("category", None) or make_set(
        **{"diagnose_in": "12", "needs_evidence": False, **switches}
    )
    owner = more.pop("owner_id", people.li.pk)
    unit = more.pop("unit_id", people.section.pk)
    return issued(category, people.chen, unit, owner_id=owner, **more)


SWITCHES = {
    "diagnose_in",
    "needs_cause",
    "needs_action_owner",
    "needs_action_date",
    "visibility",
    "remind_before",
    "assessment",
}


def paper(**more: Any) -> Paper:
    """A diagnosis like S0's: problem and action."""
    plain = {
        "problem": "设备到货晚，进度落后一个月。",
        "actions": (NewAction("每周催货，倒排工期。"),),
    }
    return Paper(**{**plain, **more})


def diagnose(task: Task, by: Person, **more: Any) -> Diagnosis:
    """File a diagnosis."""
    said = {k: more.pop(k) for k in list(more) if k in {"problem", "actions", "cause", "effect"}}
    return services.file_diagnosis(task, paper(**said), by=by.actor, **more)
