"""Measures and tasks of the tests; states are reached through services only."""

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

from luoshi.measures.models import Category, Measure, Programme
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.rules import NewTask
from luoshi.tasks.services import issuing, registering

YEAR = 2026
_codes = itertools.count(1)

#: A measure like S0's: no gates, monthly by the 28th, forward only, everybody may look.
S0_LIKE: dict[str, Any] = {
    "rhythm": "monthly",
    "report_day": 28,
    "needs_evidence": True,
    "visibility": "everyone",
    "assessment": "always",
}


def make_set(**switches: Any) -> Category:
    """A category with a measure of its own, S0-like except for ``switches``."""
    code = f"set-{next(_codes)}"
    programme, _ = Programme.objects.get_or_create(
        code="goals", defaults={"name": "重点工作目标任务"}
    )
    measure = Measure.objects.create(
        code=code, since=dt.date(2026, 1, 1), **{"name": "目标任务管理办法", **S0_LIKE, **switches}
    )
    return Category.objects.create(programme=programme, code=code, name="核心指标", measure=measure)


def new(category: Category, unit_id: int, **more: Any) -> NewTask:
    """A complete new task, ready to be issued."""
    plain = NewTask(
        title="建成省级示范性虚拟仿真实训基地",
        category_id=category.pk,
        year=YEAR,
        unit_id=unit_id,
        details="完成一期建设并通过验收。",
        standard="通过省级验收得满分。",
        start=dt.date(2026, 1, 5),
        due=dt.date(2026, 12, 20),
    )
    return replace(plain, **more)


def draft(category: Category, by: Person, unit_id: int, **more: Any) -> Task:
    """A registered task."""
    return registering.register(new(category, unit_id, **more), by=by.actor)


def issued(category: Category, by: Person, unit_id: int, **more: Any) -> Task:
    """A task that was registered and issued."""
    task = draft(category, by, unit_id, **more)
    return issuing.issue_many([task], by=by.actor)[0]
