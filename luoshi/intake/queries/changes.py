"""Lists that came back: whose they are, their rows, and what tasks say now beside them."""

from collections.abc import Iterable
from functools import cache
from hmac import HMAC
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from luoshi.files.models import Attachment
from luoshi.intake.models import WAITING, ChangeList, ChangeRow, ChangeState
from luoshi.intake.rules.changes import Field, Shape
from luoshi.people.models import Person
from luoshi.tasks.models import Task
from luoshi.tasks.queries import tasks_visible_to

#: Keys asked for at a time.
_CHUNK = 500
_SELECTED = ("unit", "owner", "category__measure", "measure", "parent")


def mark_of(pk: int) -> str:
    """What stands in a row of an export for its task; a number changed by a slip is noticed."""
    seal = _seal(settings.SECRET_KEY).copy()
    seal.update(str(pk).encode())
    return f"{pk}-{seal.hexdigest()[:8]}"


@cache
def _seal(_secret: str) -> HMAC:
    """The beginning of every mark; an export makes ten thousand."""
    return salted_hmac("luoshi.intake.changes", "")


def task_marked(text: str) -> int | None:
    """The key of the task a mark stands for; None for what is no mark of ours."""
    number = text.strip().partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    return int(number) if constant_time_compare(mark_of(int(number)), text.strip()) else None


def lists_of(person: Person) -> QuerySet[ChangeList]:
    """The lists a person brought back, newest first."""
    return ChangeList.objects.filter(by=person)


def list_with_key(key: str | None) -> ChangeList | None:
    """The list an upload made before (double click)."""
    return ChangeList.objects.filter(key=key).first() if key else None


def tasks_now(person: Person, keys: Iterable[int]) -> dict[int, Task]:
    """Tasks by key as they are now, as far as the person sees them."""
    wanted = list(keys)
    found: dict[int, Task] = {}
    visible = tasks_visible_to(person).select_related(*_SELECTED).order_by()
    for start in range(0, len(wanted), _CHUNK):
        rows = visible.filter(pk__in=wanted[start : start + _CHUNK])
        found |= {task.pk: task for task in rows}
    return found


def value_now(task: Task, field: Field) -> Any:
    """What a field of a task says, as it is compared: people and units by their names."""
    if field.shape == Shape.PERSON:
        return task.owner.name if task.owner else ""
    if field.shape == Shape.UNIT:
        return task.unit.name
    return getattr(task, field.name)


def states_counted(table: ChangeList) -> dict[str, int]:
    """Rows per state."""
    return dict(table.rows.order_by().values_list("state").annotate(n=Count("pk")))


def rows_shown(table: ChangeList, state: str = "") -> QuerySet[ChangeRow]:
    """Rows with their tasks, in the order of the table."""
    rows = table.rows.select_related("task").order_by("row")
    return rows.filter(state=state) if state in ChangeState.values else rows


def rows_waiting(table: ChangeList, keys: Iterable[int] | None) -> QuerySet[ChangeRow]:
    """Rows that may be ticked: those of these keys, or all that are clean (None)."""
    if keys is None:
        return table.rows.filter(state=ChangeState.CLEAN)
    return table.rows.filter(pk__in=list(keys), state__in=WAITING)


def row_locked(pk: int) -> ChangeRow:
    """A row as it stands now, held until the transaction ends."""
    rows = ChangeRow.objects.select_for_update(of=("self",)).select_related("table")
    return rows.get(pk=pk)


def file_of_list(table: ChangeList) -> Attachment | None:
    """The file as it came back."""
    files = Attachment.objects.filter(about_kind="change_list", about_id=table.pk)
    return files.select_related("blob").first()
