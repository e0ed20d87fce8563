"""Lines of the feedback query, written in one go like those of the task list."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from luoshi.desk.queries.feedback import STATES, ReportRow
from luoshi.desk.queries.feedback_dues import Counts, DueRow, Line, Mark, Table, TaskTable
from luoshi.reports.rules import DueState

register = template.Library()


def due_mark(state: DueState, task_id: int, due_id: int, word: str = "") -> str:
    """The mark of something owed: a shape and a word; a click explains it."""
    why = f"/tasks/{task_id}/dues/{due_id}/why/"
    return (
        f'<a class="due-mark due-mark-{state.value}" href="{why}" hx-get="{why}" '
        f'hx-target="#dialog">{word or _state_word(get_language() or "", state)}</a>'
    )


@lru_cache(maxsize=100)
def _state_word(_language: str, state: DueState) -> str:
    return escape(str(state.label))


@lru_cache(maxsize=200)
def _evidence_words(_language: str, n: int) -> str:
    words = ngettext("%(n)d piece of evidence", "%(n)d pieces of evidence", n)
    return escape(words % {"n": n})


@register.simple_tag
def report_lines(rows: Sequence[ReportRow]) -> SafeString:
    """Reports as lines of a table."""
    lines = _Reports()
    return mark_safe("".join(map(lines.line, rows)))  # noqa: S308 — every text is escaped


class _Reports:
    """Writes reports; words that stand in every line are looked up once."""

    def __init__(self) -> None:
        words = (
            _("Report"), _("Lead unit"), _("Reported by"), _("Progress"),
            pgettext("due", "In time"),
        )  # fmt: skip
        self._labels = tuple(map(escape, words))
        self._problems = escape(_("Problems"))
        self._result = escape(_("Result"))
        self._unchanged = escape(pgettext("month row", "no change"))

    def line(self, row: ReportRow) -> str:
        what, unit, who, progress, when = self._labels
        at = timezone.localtime(row.at)
        url = f"/feedback/{row.pk}/"
        period = f"<small>{escape(row.period_said)}</small>" if row.period_said else ""
        return (
            f'<tr><th scope="row" class="said" data-label="{what}">'
            f'<a href="{url}" hx-get="{url}" hx-target="#feedback-side">{escape(row.title)}</a>'
            f"{self._first(row)}</th>"
            f'<td class="fit" data-label="{unit}"><span title="{escape(row.unit_full)}">'
            f"{escape(row.unit)}</span></td>"
            f'<td class="fit" data-label="{who}">{escape(row.by)}'
            f'<small><time datetime="{at.isoformat()}">{at:%m-%d %H:%M}</time></small></td>'
            f'<td class="fit" data-label="{progress}">{self._progress(row)}{period}</td>'
            f'<td class="fit" data-label="{when}">{self._mark(row)}{self._evidence(row)}</td></tr>'
        )

    @staticmethod
    def _evidence(row: ReportRow) -> str:
        if not row.evidence:
            return ""
        return f"<small>{_evidence_words(get_language() or '', row.evidence)}</small>"

    def _first(self, row: ReportRow) -> str:
        first = " ".join(row.body.split())
        found = f'<span class="said-first">{escape(first)}</span>' if first else ""
        if trouble := " ".join(row.problems.split()):
            found += f'<span class="said-trouble"><b>{self._problems}</b> {escape(trouble)}</span>'
        return found

    def _progress(self, row: ReportRow) -> str:
        if row.is_result:
            return f'<span class="tag">{self._result}</span>'
        before = "" if row.before is None else f"{row.before}% "
        arrow = '<i aria-hidden="true">→</i> ' if before else ""
        said = f' <span class="tag">{self._unchanged}</span>' if row.unchanged else ""
        return f'<span class="step">{before}{arrow}<b>{row.progress}%</b></span>{said}'

    @staticmethod
    def _mark(row: ReportRow) -> str:
        if row.state is None or row.due_id is None:
            return ""
        return due_mark(row.state, row.task_id, row.due_id)


@register.simple_tag
def due_lines(rows: Sequence[DueRow]) -> SafeString:
    """What was owed as lines of a table."""
    words = (
        _("Task"), _("Report for"), _("Lead unit"), _("Responsible person"), _("To report by"),
        _("Reported on"), _("State"),
    )  # fmt: skip
    labels = tuple(map(escape, words))
    said = "".join(_due_line(row, labels) for row in rows)
    return mark_safe(said)  # noqa: S308 — every text is escaped


def _day(day: dt.date | None) -> str:
    return f'<time datetime="{day.isoformat()}">{day.isoformat()}</time>' if day else ""


def _due_line(row: DueRow, labels: tuple[str, ...]) -> str:
    title, period, unit, owner, due, filed, state = labels
    given = _day(row.filed_on)
    if row.report_id and given:
        url = f"/feedback/{row.report_id}/"
        given = f'<a href="{url}" hx-get="{url}" hx-target="#dialog">{given}</a>'
    return (
        f'<tr><th scope="row" class="title" data-label="{title}">'
        f'<a href="/tasks/{row.task_id}/">{escape(row.title)}</a></th>'
        f'<td class="fit" data-label="{period}">{escape(row.period)}</td>'
        f'<td data-label="{unit}"><span title="{escape(row.unit_full)}">{escape(row.unit)}</span>'
        f"</td>"
        f'<td class="fit" data-label="{owner}">{escape(row.owner)}</td>'
        f'<td class="fit" data-label="{due}">{_day(row.due_on)}</td>'
        f'<td class="fit" data-label="{filed}">{given or "—"}</td>'
        f'<td class="fit" data-label="{state}">{due_mark(row.state, row.task_id, row.pk)}</td></tr>'
    )


# ── units × months ───────────────────────────────────────────────────────────────────────────────


@register.simple_tag(takes_context=True)
def unit_lines(context: Mapping[str, Any], table: Table) -> SafeString:
    """Units × months; every number leads to the rows it counts."""
    lines = _Units(context["request"].GET, table.months)
    said = "".join(map(lines.line, table.lines)) + lines.foot(table)
    return mark_safe(said)  # noqa: S308 — every text is escaped


class _Units:
    """Writes units; addresses keep the filters of the page."""

    def __init__(self, query: Mapping[str, str], months: Sequence[int]) -> None:
        dropped = ("view", "unit", "own", "month", "state", "after", "before", "saved")
        kept = [(k, v) for k, v in query.items() if k not in dropped and v]
        self._start = "?" + escape(urlencode([*kept, ("view", "")]))
        self._unit = {k: v for k in ("unit", "own") if (v := query.get(k))}
        self._months = months
        self._words = {name: escape(str(label)) for name, label in STATES.items()}
        self._alone = escape(_("the unit itself"))

    def _url(self, view: str, unit: Mapping[str, Any]) -> str:
        """The page with another view of a unit; what follows is appended, a page has hundreds."""
        more = f"&{urlencode(unit)}" if unit else ""
        return f"{self._start}{view}{escape(more)}"

    def line(self, line: Line) -> str:
        unit = {"unit": line.unit_id, **({"own": 1} if line.alone else {})}
        name = escape(line.name)
        if line.alone:
            name += f' <small class="grey">{self._alone}</small>'
        elif line.has_more:
            name = f'<a href="{self._url("units", unit)}">{name}</a>'
        dues = self._url("dues", unit)
        cells = "".join(self._cell(line.cells.get(n), dues, n) for n in self._months)
        total = self._cell(line.total, dues, None)
        return f'<tr><th scope="row">{name}</th>{cells}{total}</tr>'

    def foot(self, table: Table) -> str:
        dues, foot = self._url("dues", self._unit), table.foot
        cells = "".join(self._cell(foot[n], dues, n) for n in self._months)
        label, total = escape(_("Total")), self._cell(table.total, dues, None)
        return f'<tr class="is-sum"><th scope="row">{label}</th>{cells}{total}</tr>'

    def _cell(self, counts: Counts | None, dues: str, month: int | None) -> str:
        if not counts or not any(counts.values()):
            return "<td></td>"
        where = f"{dues}&amp;month={month}" if month else dues
        said = "".join(
            f'<a class="tally-{name}" href="{where}&amp;state={name}">'
            f"<span>{self._words[name]}</span> <b>{n:,}</b></a>"
            for name, n in counts.items()
            if n
        )
        worst = next(name for name in ORDER if counts[name])
        return f'<td class="tally is-{worst}">{said}</td>'


#: From the gravest: the colour of a cell is that of the first state it holds.
ORDER = ("missing", "overdue", "late", "waiting", "on_time")


# ── tasks × months ───────────────────────────────────────────────────────────────────────────────


@register.simple_tag
def task_lines(table: TaskTable) -> SafeString:
    """Tasks × months; every mark explains itself."""
    said = []
    words = {state: escape(str(state.label)) for state in DueState}
    for line in table.lines:
        cells = "".join(f"<td>{_marks(line.cells.get(n, ()), words)}</td>" for n in table.months)
        said.append(
            f'<tr><th scope="row" class="title"><a href="/tasks/{line.pk}/">{escape(line.title)}'
            f'</a></th><td class="fit">{escape(line.unit)}</td>'
            f'<td class="fit">{escape(line.owner)}</td>{cells}</tr>'
        )
    return mark_safe("".join(said))  # noqa: S308 — every text is escaped


def _marks(marks: Sequence[Mark], words: Mapping[DueState, str]) -> str:
    return "".join(due_mark(mark.state, mark.task_id, mark.pk, words[mark.state]) for mark in marks)


@register.simple_tag
def mark_of(mark: Mark) -> SafeString:
    """The mark of one due."""
    said = due_mark(mark.state, mark.task_id, mark.pk)
    return mark_safe(said)  # noqa: S308 — every text is escaped


@register.simple_tag
def tally_words(counts: Counts) -> SafeString:
    """Counts in one line, for the head of the page."""
    total = sum(counts.values())
    said = [ngettext("%(n)s report owed", "%(n)s reports owed", total) % {"n": f"{total:,}"}]
    said += [f"{label} {counts[name]:,}" for name, label in STATES.items() if counts[name]]
    return mark_safe(escape(" · ".join(said)))  # noqa: S308 — escaped


@register.simple_tag
def report_mark(row: ReportRow) -> SafeString | str:
    """The mark of one report, on the page that shows it in full."""
    if row.state is None or row.due_id is None:
        return ""
    return mark_safe(due_mark(row.state, row.task_id, row.due_id))  # noqa: S308


@register.filter
def at(choices: Mapping[str, Any], key: Any) -> Any:
    """What a mapping of choices says for a key."""
    return choices.get(str(key), key)
