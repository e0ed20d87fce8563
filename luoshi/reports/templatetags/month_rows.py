"""Rows of the page of the month, written in one go: forty of template tags took 20 ms, this 3."""

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from luoshi.files.queries import Row as Evidence
from luoshi.kit.pages import page
from luoshi.kit.templatetags.ui import due_badge, icon, moment, plain
from luoshi.reports.models import Report
from luoshi.reports.queries.month import Line
from luoshi.reports.queries.month_rows import Row
from luoshi.reports.queries.news import Heard, News
from luoshi.reports.rules import ReportKind, period_words
from luoshi.reports.rules.month import Month, RowState

register = template.Library()

#: Reports of sub-tasks and files that a row shows among its news.
MOST_HEARD, MOST_FILES = 8, 12


@register.simple_tag
def month_rows(rows: Iterable[Row], today: dt.date, month: Month | None = None) -> SafeString:
    """Rows to fill in and rows to read; periods are named where they are not that of ``month``."""
    writer = _Rows(today, month.key if month else "")
    return mark_safe("".join(map(writer.row, rows)))  # noqa: S308 — every text is escaped


class _Words:
    """Words that stand in every row, looked up once."""

    def __init__(self) -> None:
        self.progress = escape(_("Progress"))
        self.below = escape(_("from sub-tasks"))
        self.achieved = escape(_("Achieved value"))
        self.clear = escape(_("Clear this row"))
        self.result = escape(pgettext("month row", "Result"))
        self.unchanged = escape(pgettext("month row", "no change"))
        self.no_change = escape(_("No change"))
        self.complete = escape(_("completion report"))
        self.never = escape(_("Nothing has been reported on this task yet."))
        self.why = escape(_("Why has nothing changed?"))
        self.what = escape(_("What has been done since"))
        self.more = escape(_("Problems, help, next step"))
        self.problems = escape(_("Problems"))
        self.help = escape(_("Help needed"))
        self.next = escape(_("Next step"))
        self.choose = escape(_("Choose files"))
        self.required = escape(_("required"))
        self.select = escape(_("Select the row “%(title)s”"))
        self.clear_row = escape(_("Clear the row “%(title)s”"))
        self.percent = escape(_("Progress in percent: %(title)s"))
        self.work = escape(_("Work done: %(title)s"))
        self.evidence = escape(_("Evidence: %(title)s"))
        self.least = escape(_("from %(lowest)s"))
        self.target = escape(_("target %(target)s %(unit)s"))
        self.due = escape(_("to be reported by %(day)s"))
        self.states = {state: escape(str(state.label)) for state in RowState}


class _Rows:
    """Writes rows."""

    def __init__(self, today: dt.date, month: str) -> None:
        self._today, self._month, self._words = today, month, _Words()

    def row(self, row: Row) -> str:
        return self._open(row) if row.open else self._read(row)

    # ── a row to fill in ─────────────────────────────────────────────────────────────────────

    def _open(self, row: Row) -> str:
        line, typed, name = row.line, row.typed, row.line.name
        unsaved = " data-unsaved" if row.unsaved else ""
        return (
            f'<li class="month-row" id="row-{row.ident}" data-row="{name}" data-for="{name}" '
            f'data-state="{row.state}" data-path="{row.draft}" data-upload="{row.upload}"{unsaved}>'
            f'<input type="hidden" name="{name}-key" value="{escape(typed.key)}">'
            f'<input type="hidden" name="{name}-rev" value="{typed.rev}">'
            f"{self._state(row)}{self._task(row)}{self._last(line)}{self._news(line)}"
            f'<div class="month-progress" data-label="{self._words.progress}">'
            f"{self._progress(row)}{self._achieved(row)}</div>"
            f"{self._write(row)}{self._evidence(row)}</li>"
        )

    def _state(self, row: Row) -> str:
        words = self._words
        title = {"title": escape(row.line.task.title)}
        return (
            '<div class="month-state"><input type="checkbox" class="form-check-input month-pick" '
            f'data-pick-row aria-label="{words.select % title}">'
            f'<span class="month-word" data-word>{words.states[row.state]}</span>'
            f'<span class="month-due">{due_badge(row.line.due.due_on, None, self._today)}</span>'
            '<button type="button" class="btn-x month-clear" data-clear hidden '
            f'title="{words.clear}" aria-label="{words.clear_row % title}">{icon("x")}</button>'
            "</div>"
        )

    def _task(self, row: Row) -> str:
        line, task = row.line, row.line.task
        if line.is_result:
            about = f'<b class="month-mark">{self._words.result}</b>'
            about += f"<span>{escape(line.set_name)}</span>"
        else:
            about = f"<span>{escape(task.category.name)}</span>"
            if line.due.period != self._month:
                about += f"<span>{escape(period_words(line.due.period))}</span>"
        return (
            f'<div class="month-task"><a href="{page("go", "task", task.pk)}" '
            f'id="title-{row.ident}">{escape(task.title)}</a><p class="month-about">{about}</p>'
            f"{'' if row.open else self._due(row)}</div>"
        )

    def _due(self, row: Row) -> str:
        day = row.line.due.due_on
        if row.report:
            said = self._words.due % {"day": day.isoformat()}
        else:
            said = due_badge(day, None, self._today)
        return f'<p class="month-about">{said}</p>'

    def _last(self, line: Line) -> str:
        """What was reported the last time."""
        shown = line.shown
        if shown is None:
            return f'<div class="month-last"><p class="grey small">{self._words.never}</p></div>'
        if shown.unchanged:
            said = f'<p class="month-said"><b>{self._words.unchanged}</b> {plain(shown.body)}</p>'
        else:
            said = f'<div class="month-said" title="{escape(shown.body)}">{plain(shown.body)}</div>'
        since = f'<p class="month-since">{escape(line.unchanged_words)}</p>' if line.times else ""
        return f'<div class="month-last">{_told(shown)}{said}{since}</div>'

    def _progress(self, row: Row) -> str:
        line, typed, words = row.line, row.typed, self._words
        if line.is_result:
            return '<div class="month-figure"><span class="grey">—</span></div>'
        if line.rolled_up:
            return (
                f'<div class="month-figure"><span class="month-rolled"><b>{line.task.progress}%</b>'
                f'<span class="small grey">{words.below}</span></span></div>'
            )
        ident, errors = f"{line.name}-progress", row.errors["progress"]
        lowest, was = line.lowest, escape(typed.was)
        least = ""
        if lowest:
            least = f'<p class="month-floor">{words.least % {"lowest": lowest}}</p>'
        return (
            f'<div class="month-figure"><label class="visually-hidden" for="{ident}">'
            f"{words.percent % {'title': escape(line.task.title)}}</label>"
            f'<span class="month-percent"><input class="form-control number{_css(errors)}" '
            f'id="{ident}" name="{ident}" type="number" inputmode="numeric" min="{lowest}" '
            f'max="100" step="1" value="{escape(typed.progress)}" data-was="{was}" '
            f'data-column="progress"{_described(ident, errors)}>%</span>'
            f'<input type="hidden" name="{line.name}-was" value="{was}">'
            f"{least}{_error(ident, errors)}</div>"
        )

    def _achieved(self, row: Row) -> str:
        """The value reached, where the task has one to reach."""
        task, words = row.line.task, self._words
        if task.target_value is None:
            return ""
        ident, errors = f"{row.line.name}-achieved", row.errors["achieved"]
        before = "" if task.achieved is None else escape(localize(task.achieved.normalize()))
        target = words.target % {
            "target": escape(localize(task.target_value.normalize())),
            "unit": escape(task.target_unit),
        }
        return (
            f'<div class="month-figure"><label class="month-achieved"><span>{words.achieved}</span>'
            f'<input class="form-control number{_css(errors)}" id="{ident}" name="{ident}" '
            f'inputmode="decimal" value="{escape(row.typed.achieved)}" placeholder="{before}" '
            f'data-column="achieved"{_described(ident, errors)}></label>'
            f'<p class="month-floor">{target}</p>{_error(ident, errors)}</div>'
        )

    def _write(self, row: Row) -> str:
        typed, words = row.typed, self._words
        ident, errors = f"{row.line.name}-body", row.errors["body"]
        asked = words.why if typed.unchanged else words.what
        return (
            f'<div class="month-write">{self._general(row)}'
            f'<label class="visually-hidden" for="{ident}">'
            f"{words.work % {'title': escape(row.line.task.title)}}</label>"
            f'<textarea class="form-control{_css(errors)}" id="{ident}" name="{ident}" rows="2" '
            f'data-column="body" placeholder="{asked}"{_described(ident, errors)}>'
            f"{escape(typed.body)}</textarea>{_error(ident, errors)}"
            f"{''.join(map(_fault, row.errors['complete']))}{_left_out(row)}"
            f'<div class="month-acts">{self._no_change(row)}{self._complete(row)}'
            f"{self._folded(row)}</div></div>"
        )

    def _general(self, row: Row) -> str:
        """What is wrong with the row as a whole, or what somebody else reported meanwhile."""
        if row.other is None:
            ident = f"{row.line.name}-error"
            return "".join(
                f'<p class="field-error" id="{ident}">{escape(said)}</p>' for said in row.general
            )
        return (
            f'<div class="notice notice-warn month-other">{icon("alert-triangle")}<div>'
            f"<p>{escape(' '.join(row.general))}</p>{_told(row.other)}"
            f'<div class="month-said">{plain(row.other.body)}</div></div></div>'
        )

    def _no_change(self, row: Row) -> str:
        line, typed = row.line, row.typed
        if line.is_result:
            return ""
        may = line.may_unchanged
        if not may:
            why = escape(str(may.reason))
            return f'<span class="small grey month-times" data-limited>{why}</span>'
        said, on = escape(line.unchanged_words), " checked" if typed.unchanged else ""
        times = ""
        if said and not line.times:
            hidden = "" if typed.unchanged else " hidden"
            times = f'<span class="small grey month-times" data-times{hidden}>{said}</span>'
        errors = row.errors["unchanged"]
        return (
            f'<label class="month-unchanged" title="{said}"><input type="checkbox" '
            f'class="form-check-input" name="{line.name}-unchanged" value="1" data-unchanged{on}>'
            f"<span>{self._words.no_change}</span></label>{times}"
            f"{_fault(' '.join(errors)) if errors else ''}"
        )

    def _complete(self, row: Row) -> str:
        if not row.line.by_report:
            return ""
        on = " checked" if row.typed.complete else ""
        return (
            '<label class="month-unchanged"><input type="checkbox" class="form-check-input" '
            f'name="{row.line.name}-complete" value="on"{on}>'
            f"<span>{self._words.complete}</span></label>"
        )

    def _folded(self, row: Row) -> str:
        words, typed = self._words, row.typed
        fields = (
            ("problems", words.problems, typed.problems),
            ("help_needed", words.help, typed.help_needed),
            ("next_step", words.next, typed.next_step),
        )
        texts = (
            _text(f"{row.line.name}-{name}", label, value, row.errors[name])
            for name, label, value in fields
        )
        opened = " open" if row.folded_open else ""
        return (
            f'<details class="month-more"{opened}><summary>{words.more}</summary>'
            f'<div class="month-folded">{"".join(texts)}</div></details>'
        )

    def _evidence(self, row: Row) -> str:
        line, words = row.line, self._words
        ident, errors = f"{line.name}-evidence", row.errors["evidence"]
        faults = [*errors, *row.errors["cited"]]
        must = f'<span class="month-must">{words.required}</span>'
        return (
            f'<div class="month-evidence{" has-error" if faults else ""}">'
            f'<label class="month-file btn btn-sm">{icon("paperclip")}<span>{words.choose}</span>'
            f'<input type="file" name="{ident}" multiple data-file '
            f'aria-label="{words.evidence % {"title": escape(line.task.title)}}"'
            f"{_described(ident, errors)}></label>{must if line.policy.needs_evidence else ''}"
            f'<ul class="month-kept" data-kept>{"".join(_kept(ident, row.typed.kept))}</ul>'
            f"{_citable(line, row.typed.cited)}"
            f'<p class="field-error" id="{ident}-error" data-file-error'
            f"{'' if faults else ' hidden'}>{escape(' '.join(faults))}</p></div>"
        )

    # ── news ─────────────────────────────────────────────────────────────────────────────────

    def _news(self, line: Line) -> str:
        """What came from below since, folded."""
        news = line.news
        if not news:
            return ""
        evidence = news.evidence
        heard = "".join(map(self._heard, news.fresh[:MOST_HEARD]))
        if len(news.fresh) > MOST_HEARD:
            heard += (
                f'<p class="small"><a href="{page("reports:children", line.task.pk)}" '
                f'target="_blank">{escape(_("All reports of sub-tasks"))}</a></p>'
            )
        if evidence:
            heard += f'<ul class="month-files">{"".join(map(_file, evidence[:MOST_FILES]))}</ul>'
        return (
            f'<details class="month-news"><summary>{icon("bell")}{_counted(news, evidence)}'
            f'</summary><div class="month-news-body">{heard}</div></details>'
        )

    def _heard(self, heard: Heard) -> str:
        report, task = heard.report, heard.task
        problems = ""
        if report.problems:
            told = plain(Truncator(report.problems).chars(200))
            problems = f'<p class="month-said"><b>{self._words.problems}</b> {told}</p>'
        return (
            f'<div class="month-heard"><p class="month-about"><b>{report.progress}%</b>'
            f'<a href="{page("go", "task", task.pk)}" target="_blank">{escape(task.title)}</a>'
            f"<span>{escape(report.by.name)}</span></p>"
            f'<div class="month-said">{plain(Truncator(report.body).chars(300))}</div>'
            f"{problems}</div>"
        )

    # ── a row to read ────────────────────────────────────────────────────────────────────────

    def _read(self, row: Row) -> str:
        return (
            f'<li class="month-row is-read" id="row-{row.ident}" data-for="{row.line.name}" '
            f'data-state="{row.state}"><div class="month-state"><span class="month-word">'
            f"{self._words.states[row.state]}</span></div>{self._task(row)}"
            f'<div class="month-given">{self._given(row)}</div></li>'
        )

    def _given(self, row: Row) -> str:
        if row.report:
            return self._filed(row.report)
        if row.line.elsewhere:
            link = f'<a href="{page("reports:month")}">{escape(_("to the present month"))}</a>'
            return f'<p class="grey">{escape(_("It can still be reported."))} {link}</p>'
        if row.state == RowState.HELD:
            said = str(row.line.may_file.reason)
        elif row.state == RowState.MISSING:
            said = _(
                "The time for this report is over; what you report now counts for the next period."
            )
        else:
            said = _("Not to be reported yet.")
        return f'<p class="grey">{escape(said)}</p>'

    def _filed(self, report: Report) -> str:
        is_result = report.kind == ReportKind.RESULT
        share = escape(_("Result")) if is_result else f"{report.progress}%"
        mark = f'<b class="month-mark">{self._words.unchanged}</b>' if report.unchanged else ""
        late = ""
        if report.late:
            late = f'<span class="story-late">{escape(pgettext("due", "late"))}</span>'
        return (
            f'<p class="month-about"><b>{share}</b>{mark}<span>{escape(report.by.name)}</span>'
            f"{moment(report.at)}{late}</p>"
            f'<div class="month-said">{plain(report.body)}</div>'
        )


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _css(errors: Sequence[str]) -> str:
    return " is-invalid" if errors else ""


def _described(ident: str, errors: Sequence[str]) -> str:
    return f' aria-invalid="true" aria-describedby="{ident}-error"' if errors else ""


def _error(ident: str, errors: Sequence[str]) -> str:
    if not errors:
        return ""
    return f'<p class="field-error" id="{ident}-error">{escape(" ".join(errors))}</p>'


def _fault(said: str) -> str:
    return f'<p class="field-error">{escape(said)}</p>'


def _told(report: Report) -> str:
    return (
        f'<p class="month-about"><b>{report.progress}%</b><span>{escape(report.by.name)}</span>'
        f"{moment(report.at)}</p>"
    )


def _text(ident: str, label: str, value: str, errors: Sequence[str]) -> str:
    return (
        f'<div class="month-field"><label for="{ident}">{label}</label>'
        f'<textarea class="form-control{_css(errors)}" id="{ident}" name="{ident}" rows="1"'
        f"{_described(ident, errors)}>{escape(value)}</textarea>{_error(ident, errors)}</div>"
    )


def _left_out(row: Row) -> str:
    """Problems of sub-tasks that the row does not mention."""
    return render_to_string("reports/_month_left.html", {"row": row}) if row.left_out else ""


def _kept(ident: str, kept: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Files that were received before."""
    for one in kept:
        yield (
            '<li><label class="form-check"><input class="form-check-input" type="checkbox" '
            f'name="{ident}-kept" value="{escape(str(one["slip"]))}" checked>'
            f"<span>{escape(str(one['name']))} "
            f'<span class="grey small">{escape(filesizeformat(one["size"]))}</span></span>'
            "</label></li>"
        )


def _citable(line: Line, cited: set[int]) -> str:
    """Files at hand that can be cited by a tick."""
    pieces = line.citable
    if not pieces:
        return ""
    n = len(pieces)
    words = ngettext("Cite: %(n)s file at hand", "Cite: %(n)s files at hand", n) % {"n": n}
    items = (
        '<li><label class="form-check"><input class="form-check-input" type="checkbox" '
        f'name="{line.name}-cited" value="{piece.pk}"{" checked" if piece.pk in cited else ""}>'
        f"<span>{escape(piece.name)}</span></label></li>"
        for piece in pieces
    )
    return (
        f'<details class="month-cite"{" open" if cited else ""}><summary>{escape(words)}</summary>'
        f'<ul class="month-kept">{"".join(items)}</ul></details>'
    )


def _counted(news: News, evidence: Sequence[Evidence]) -> str:
    """How many reports and files are new."""
    said = []
    if n := len(news.fresh):
        said.append(ngettext("%(n)s sub-task reported", "%(n)s reports of sub-tasks", n) % {"n": n})
    if n := len(evidence):
        said.append(ngettext("%(n)s new file", "%(n)s new files", n) % {"n": n})
    return escape(" · ".join(said))


def _file(piece: Evidence) -> str:
    url = page("files:page" if piece.opens else "files:download", piece.pk)
    return (
        f'<li><a href="{url}" target="_blank">{icon(piece.kind.icon)}{escape(piece.name)}</a></li>'
    )
