"""Diagnosis and improvement taken out: as an Excel book, and as a Word report by unit."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm

from luoshi.desk.queries.diagnoses import Row, Wanted, all_ids, rows_of
from luoshi.desk.queries.feedback_books import write
from luoshi.desk.queries.listing import MOST_EXPORTED
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.rules import Period
from luoshi.kit import papers
from luoshi.kit.papers import clean
from luoshi.kit.verdict import Refused
from luoshi.people.models import Person

PIECE = 500
#: Tasks in one Word report; more are a book, not a report.
MOST_IN_WORD = 300


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────


def book(person: Person, wanted: Wanted, today: dt.date) -> IO[bytes]:
    """The list as seen, as a workbook: one row a task."""
    columns = [
        (_("Number"), 14),
        (_("Task"), 40),
        (_("Category"), 20),
        (_("Lead unit"), 20),
        (_("Responsible person"), 12),
        (_("Problem"), 50),
        (_("Cause"), 40),
        (_("Effect of earlier improvements"), 40),
        (_("Improvement actions"), 60),
        (_("State"), 12),
        (_("Filed by"), 12),
        (_("Filed at"), 17),
    ]
    ids = all_ids(person, wanted, today, MOST_EXPORTED)
    pieces = (ids[start : start + PIECE] for start in range(0, len(ids), PIECE))
    rows = (_cells(row) for piece in pieces for row in rows_of(piece, wanted.period, today))
    return write(_("Diagnosis and improvement"), columns, rows)


def _cells(row: Row) -> list[Any]:
    task, said = row.task, row.diagnosis
    return [
        task.number,
        task.title,
        task.category.name,
        task.unit.name,
        task.owner.name if task.owner else "",
        said.problem if said else "",
        said.cause if said else "",
        said.effect if said else "",
        "\n".join(_action_lines(said)) if said else "",
        str(row.state.label),
        said.by.name if said else "",
        said.at if said else None,
    ]


def _action_lines(said: Diagnosis) -> Iterator[str]:
    for place, action in enumerate(said.actions.all(), start=1):
        more = [action.owner.name] if action.owner else []
        if action.date:
            more.append(action.date.isoformat())
        told = _(" (%(more)s)") % {"more": _(", ").join(more)} if more else ""
        yield f"{place}. {action.text}{told}"


# ── Word ─────────────────────────────────────────────────────────────────────────────────────────


def report(person: Person, wanted: Wanted, today: dt.date, institution: str) -> IO[bytes]:
    """The list as a report: unit by unit, each task with problem, cause and improvement.

    Raises Refused for more tasks than a report holds.
    """
    ids = all_ids(person, wanted, today, MOST_IN_WORD + 1)
    if len(ids) > MOST_IN_WORD:
        raise Refused(
            _(
                "A Word report holds %(most)s tasks at most. Choose one unit, tick some tasks, or "
                "export to Excel."
            )
            % {"most": MOST_IN_WORD}
        )
    if not ids:
        raise Refused(_("There is nothing to export under these filters."))
    rows = sorted(rows_of(ids, wanted.period, today), key=lambda row: row.task.unit.path or "")
    paper = _Paper(wanted.period, institution, today)
    paper.head(rows)
    for unit, own in groupby(rows, key=lambda row: row.task.unit):
        paper.unit(unit.name, list(own))
    return paper.file()


class _Paper:
    """A Word document in the house's plain layout."""

    def __init__(self, period: Period, institution: str, today: dt.date) -> None:
        self._period, self._institution, self._today = period, institution, today
        sizes = {"Normal": 11, "Title": 20, "Heading 1": 15, "Heading 2": 12}
        self._doc = papers.new_paper(sizes, margin=2.5)

    def head(self, rows: Sequence[Row]) -> None:
        title = self._doc.add_heading(
            _("Diagnosis and improvement of tasks, %(period)s") % {"period": self._period.words},
            level=0,
        )
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        written = sum(row.diagnosis is not None for row in rows)
        line = self._doc.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        told = _("%(institution)s · drawn up on %(day)s · %(written)s of %(all)s tasks written")
        line.add_run(
            told
            % {
                "institution": self._institution,
                "day": self._today.isoformat(),
                "written": written,
                "all": len(rows),
            }
        )

    def unit(self, name: str, rows: Sequence[Row]) -> None:
        self._doc.add_heading(clean(name), level=1)
        written = [row for row in rows if row.diagnosis]
        for place, row in enumerate(written, start=1):
            self._task(place, row)
        missing = [row for row in rows if row.diagnosis is None]
        if missing:
            self._missing(missing)

    def _task(self, place: int, row: Row) -> None:
        said, task = row.diagnosis, row.task
        assert said is not None
        number = f"（{task.number}）" if task.number else ""
        self._doc.add_heading(clean(f"{place}. {task.title}{number}"), level=2)
        table = self._doc.add_table(rows=0, cols=2)
        table.style = "Table Grid"
        filed = timezone.localtime(said.at).strftime("%Y-%m-%d")
        owner = task.owner.name if task.owner else ""
        self._line(table, _("Responsible person"), [f"{owner}    {task.category.name}"])
        self._line(table, _("Problem"), [said.problem])
        if said.cause:
            self._line(table, _("Cause"), [said.cause])
        if said.effect:
            self._line(table, _("Effect of earlier improvements"), [said.effect])
        self._line(table, _("Improvement actions"), list(_action_lines(said)))
        late = f"    {row.state.label}" if said.late else ""
        self._line(table, _("Filed"), [f"{said.by.name}    {filed}{late}"])
        self._doc.add_paragraph()

    def _line(self, table: Any, label: str, texts: Iterable[str]) -> None:
        """One line of a task's table: a grey label, and paragraphs."""
        cells = table.add_row().cells
        cells[0].width, cells[1].width = Cm(3), Cm(13)
        run = cells[0].paragraphs[0].add_run(label)
        run.bold = True
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F2F4F7")):
            shade.set(qn(f"w:{name}"), value)
        cells[0]._tc.get_or_add_tcPr().append(shade)
        first, *rest = [line for text in texts for line in clean(text).split("\n")] or [""]
        cells[1].paragraphs[0].add_run(first)
        for line in rest:
            cells[1].add_paragraph(line)

    def _missing(self, rows: Sequence[Row]) -> None:
        words = ngettext("Not written: %(n)d task", "Not written: %(n)d tasks", len(rows)) % {
            "n": len(rows)
        }
        self._doc.add_paragraph().add_run(words).bold = True
        for row in rows:
            owner = f"（{row.task.owner.name}）" if row.task.owner else ""
            self._doc.add_paragraph(clean(f"{row.task.title}{owner}"), style="List Bullet")

    def file(self) -> IO[bytes]:
        return papers.held(self._doc)
