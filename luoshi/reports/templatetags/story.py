"""The story of a task, written in one go: sixteen reports of template tags took 5 ms, this 1 ms."""

from collections.abc import Sequence
from html import escape

from django import template
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from luoshi.files.queries import Row
from luoshi.files.templatetags.evidence import evidence_list
from luoshi.kit.pages import page
from luoshi.kit.templatetags.ui import act, moment, plain
from luoshi.reports.models import Report
from luoshi.reports.queries import DueRow, Entry, Panel, Version
from luoshi.reports.queries.passages import Passage
from luoshi.reports.rules import ReportKind, period_words

register = template.Library()


@register.simple_tag
def story(panel: Panel) -> SafeString:
    """Reports of a task with their earlier versions, and the periods nobody reported on."""
    lines = _Story(panel)
    return mark_safe("".join(map(lines.line, panel.story)))  # noqa: S308 — every text is escaped


@register.simple_tag
def report_words(
    report: Report, evidence: Sequence[Row], quotes: Sequence[Passage] = ()
) -> SafeString:
    """What a report says: value, texts, quotations, evidence."""
    return mark_safe(_words(report, evidence, quotes))  # noqa: S308 — every text is escaped


class _Story:
    """Writes one story."""

    def __init__(self, panel: Panel) -> None:
        self._task = panel.task
        self._settled = {row.due.filed_by_id: row.due.pk for row in reversed(panel.dues)}

    def line(self, entry: Entry | DueRow) -> str:
        return self._gap(entry) if isinstance(entry, DueRow) else self._report(entry)

    def _gap(self, row: DueRow) -> str:
        words = _("%(period)s: not reported (was due on %(day)s)") % {
            "period": period_words(row.due.period),
            "day": row.due.due_on.isoformat(),
        }
        return f'<li class="story-gap">{self._why(row.due.pk, "why", words)}</li>'

    def _why(self, due_id: int, css: str, words: str) -> str:
        url = page("reports:why_due", self._task.pk, due_id)
        return (
            f'<a class="{css}" href="{url}" hx-get="{url}" hx-target="#dialog">{escape(words)}</a>'
        )

    def _report(self, entry: Entry) -> str:
        report = entry.report
        left = {"rows": entry.passed_over}
        return (
            f'<li class="story-entry" id="report-{report.pk}">{self._head(entry)}'
            f"{_words(report, entry.evidence, entry.quotes)}"
            f"{render_to_string('reports/_left_out.html', left) if entry.passed_over else ''}"
            f"{_earlier(entry.earlier)}{_reason(report)}</li>"
        )

    def _head(self, entry: Entry) -> str:
        report = entry.report
        done = " is-done" if report.progress == 100 else ""
        is_result = report.kind == ReportKind.RESULT
        share = escape(_("Result")) if is_result else f"{report.progress}%"
        told = [f'<b class="story-progress{done}">{share}</b>']
        if report.unchanged:
            words = escape(pgettext("month row", "no change"))
            told.append(f'<span class="story-unchanged">{words}</span>')
        told.append(f"<span>{escape(report.by.name)}</span>")
        told += [f'<span class="grey">{one}</span>' for one in _facts(report)]
        if report.late:
            told.append(self._late(report))
        if entry.may_amend is not None:
            url = page("reports:amend", report.task_id, report.pk)
            button = act({}, entry.may_amend, url, _("Amend"), kind="quiet", small=True)
            told.append(f'<span class="story-act">{button}</span>')
        return f'<div class="story-head">{"".join(told)}</div>'

    def _late(self, report: Report) -> str:
        words = pgettext("due", "late")
        due_id = self._settled.get(report.pk)
        if due_id is None:
            return f'<span class="story-late">{escape(words)}</span>'
        return self._why(due_id, "why story-late", words)


def _facts(report: Report) -> list[str]:
    """When and for what a report was filed."""
    facts: list[str] = [moment(report.at)]
    if report.kind == ReportKind.RESULT and report.counting:
        facts.append(escape(report.counting.category.name))
    elif report.kind == ReportKind.COMPLETION:
        facts.append(escape(_("completion report")))
    if report.period:
        facts.append(escape(_("for %(period)s") % {"period": period_words(report.period)}))
    if report.copied:
        facts.append(escape(_("copied %(share)s %%") % {"share": report.copied}))
    return facts


def _earlier(versions: Sequence[Version]) -> str:
    if not versions:
        return ""
    count = len(versions)
    words = ngettext("%(n)s earlier version", "%(n)s earlier versions", count) % {"n": count}
    return (
        f'<details class="story-earlier"><summary>{escape(words)}</summary>'
        f"{''.join(map(_version, versions))}</details>"
    )


def _version(version: Version) -> str:
    report = version.report
    return (
        f'<div class="story-version" id="report-{report.pk}"><p class="grey small">'
        f"{report.progress}% · {escape(report.by.name)} · {moment(report.at)}</p>"
        f"{_words(report, version.evidence, version.quotes)}</div>"
    )


def _reason(report: Report) -> str:
    if not report.reason:
        return ""
    words = _("Why it was amended: %(reason)s") % {"reason": report.reason}
    return f'<p class="grey small">{escape(words)}</p>'


def _words(report: Report, evidence: Sequence[Row], quotes: Sequence[Passage]) -> str:
    parts = [_achieved(report)]
    if report.body:
        parts.append(_prose(report.body))
    if report.problems:
        parts += [_sub(_("Problems")), _prose(report.problems)]
    if report.help_needed:
        parts += [_sub(_("Help needed")), _prose(report.help_needed)]
    if report.next_step:
        parts += [_sub(_("Next step")), _prose(report.next_step)]
    if quotes:
        quoted = render_to_string("reports/_quotes.html", {"quotes": quotes})
        parts += [_sub(_("Quoted from sub-tasks")), quoted]
    if evidence:
        parts.append(evidence_list(evidence))
    return "".join(parts)


def _sub(words: str) -> str:
    return f'<p class="report-sub">{escape(words)}</p>'


def _prose(text: str) -> str:
    return f'<div class="prose">{plain(text)}</div>'


def _achieved(report: Report) -> str:
    """The value achieved, in the unit of the task and beside its target."""
    if report.achieved is None:
        return ""
    task = report.task
    unit = f" {escape(task.target_unit)}" if task.target_unit else ""
    target = ""
    if task.target_value is not None:
        words = _("(target %(target)s)") % {"target": localize(task.target_value.normalize())}
        target = f' <span class="grey">{escape(words)}</span>'
    value = escape(str(localize(report.achieved.normalize())))
    return (
        f'<p class="story-achieved">{escape(_("Achieved value"))} <b>{value}</b>{unit}{target}</p>'
    )
