"""Lines of the task list, written in one go: fifty lines of template tags took 12 ms, this 1 ms."""

import datetime as dt
from collections.abc import Sequence
from html import escape

from django import template
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from luoshi.desk.queries.listing import Line, Row
from luoshi.desk.queries.portrait import Child
from luoshi.kit.templatetags.ui import day, due_badge, icon, progress, state_mark
from luoshi.tasks.lifecycle import Status

register = template.Library()


@register.simple_tag
def task_rows(rows: Sequence[Row[Line]], today: dt.date, ticks: bool = False) -> SafeString:
    """The lines of tasks; with ``ticks`` each draft has a box to tick."""
    lines = _Lines(today, ticks)
    return mark_safe("".join(map(lines.line, rows)))  # noqa: S308 — every text is escaped


@register.simple_tag
def child_rows(children: Sequence[Child], may_copy: bool = False) -> SafeString:
    """The lines of sub-tasks on the page of a task; whoever owns the task may copy them."""
    lines = _Children(may_copy)
    return mark_safe("".join(map(lines.line, children)))  # noqa: S308 — every text is escaped


def _state(row: Row[Line]) -> str:
    """The mark of a task, which explains itself; the stage of a draft."""
    if row.is_draft:
        return f'<span class="tag">{escape(str(Status(row.task.status).label))}</span>'
    why, light = f"/tasks/{row.task.pk}/why/", row.light
    return (
        f'<a class="why" href="{why}" hx-get="{why}" hx-target="#dialog">'
        f"{state_mark(light.health, light.label, light.colour)}</a>"
    )


def _why(task_id: int, mark: str) -> str:
    """A further mark of a task that explains itself; keys reach the reasons by the state."""
    why = f"/tasks/{task_id}/why/"
    return (
        f'<a class="why" tabindex="-1" href="{why}" hx-get="{why}" hx-target="#dialog">{mark}</a>'
    )


class _Children:
    """Writes lines of sub-tasks."""

    def __init__(self, may_copy: bool) -> None:
        self._may_copy = may_copy
        words = (
            _("Title"), _("Lead unit"), _("Responsible person"), _("Due date"), _("State"),
            _("Progress"), _("Copy to…"),
        )  # fmt: skip
        self._labels = tuple(map(escape, words))

    def line(self, child: Child) -> str:
        row, task = child.row, child.row.task
        title, unit, person, due, state, share, _copy = self._labels
        owner = escape(task.owner) if task.owner else "—"
        bar = _why(task.pk, progress(task.progress, row.expected, row.light.health))
        return (
            f'<tr><th scope="row" class="title" data-label="{title}">'
            f'<a href="/tasks/{task.pk}/">{escape(task.title)}</a></th>'
            f'<td data-label="{unit}">{escape(task.unit)}</td>'
            f'<td data-label="{person}" class="fit">{owner}</td>'
            f'<td data-label="{due}" class="fit">{day(task.due)}</td>'
            f'<td data-label="{state}" class="fit">{_state(row)}</td>'
            f'<td data-label="{share}">{bar}</td>{self._copy(child)}</tr>'
        )

    def _copy(self, child: Child) -> str:
        if not self._may_copy:
            return ""
        link, task = "", child.row.task
        if child.may_be_copied:
            copy = self._labels[-1]
            link = (
                f'<a class="btn-x" href="/tasks/{task.pk}/copy/" title="{copy}" '
                f'aria-label="{copy} {escape(task.title)}">{icon("copy")}</a>'
            )
        return f'<td class="fit">{link}</td>'


class _Lines:
    """Writes lines; words that stand in every line are looked up once."""

    def __init__(self, today: dt.date, ticks: bool) -> None:
        self._today, self._ticks = today, ticks

    def line(self, row: Row[Line]) -> str:
        return f"<tr>{self._tick(row)}{self._what(row)}{self._who(row)}{self._how(row)}</tr>"

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        """Names of the columns, which a phone shows in front of each value."""
        words = (
            _("Number"), _("Title"), _("Category"), _("Lead unit"), _("Responsible person"),
            _("Due date"), _("State"), _("Progress"), _("Feedback of sub-tasks"),
        )  # fmt: skip
        return tuple(map(escape, words))

    def _tick(self, row: Row[Line]) -> str:
        if not self._ticks:
            return ""
        box = ""
        if row.is_draft:
            title = escape(row.task.title)
            box = f'<input type="checkbox" name="task" value="{row.task.pk}" aria-label="{title}">'
        return f'<td class="fit">{box}</td>'

    def _what(self, row: Row[Line]) -> str:
        number, title, category, *_others, below = self._labels
        task = row.task
        count = ""
        if task.children_count:
            count = (
                f' <a class="count" href="/feedback/?scope=below&amp;task={task.pk}" '
                f'title="{below}">{task.children_count}</a>'
            )
        return (
            f'<td class="fit muted is-spare" data-label="{number}">{escape(task.number)}</td>'
            f'<th scope="row" class="title" data-label="{title}">'
            f'<a href="/tasks/{task.pk}/">{escape(task.title)}</a>{count}</th>'
            f'<td class="clip is-spare" data-label="{category}">{escape(row.category)}</td>'
        )

    def _who(self, row: Row[Line]) -> str:
        unit, person = self._labels[3:5]
        return (
            f'<td class="fit" data-label="{unit}">{escape(row.unit)}</td>'
            f'<td class="fit" data-label="{person}">{escape(row.owner)}</td>'
        )

    def _how(self, row: Row[Line]) -> str:
        due, state, share = self._labels[5:8]
        task = row.task
        badge = self._due(row)
        bar = _why(task.pk, progress(task.progress, row.expected, row.light.health))
        return (
            f'<td class="fit" data-label="{due}">{badge}</td>'
            f'<td class="fit" data-label="{state}">{self._state(row)}</td>'
            f'<td data-label="{share}">{bar}</td>'
        )

    def _due(self, row: Row[Line]) -> str:
        """The due date; days left or over only while they still run, or how it ended."""
        task = row.task
        if task.due is None:
            return ""
        if row.stands_apart:
            return f'<time datetime="{task.due.isoformat()}">{task.due.isoformat()}</time>'
        done = timezone.localtime(task.completed_at).date() if task.completed_at else None
        return _why(task.pk, due_badge(task.due, done, self._today))

    def _state(self, row: Row[Line]) -> str:
        task, light = row.task, row.light
        if row.is_draft or row.is_handed_in:
            return f'<span class="tag">{escape(str(Status(task.status).label))}</span>'
        why = f"/tasks/{task.pk}/why/"
        return (
            f'<a class="state state-{escape(light.health)}" style="--state:{escape(light.colour)}" '
            f'href="{why}" hx-get="{why}" hx-target="#dialog">{escape(str(light.label))}</a>'
        )
