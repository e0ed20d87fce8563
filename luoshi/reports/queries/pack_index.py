"""The index of a year-end pack as a Word document: every task by set, and where its evidence is."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from luoshi.kit import papers
from luoshi.kit.papers import clean
from luoshi.measures.models import Category
from luoshi.reports.models import Quotation, Report
from luoshi.reports.queries.packs import Contents, Entry, Piece, Result
from luoshi.reports.rules.packs import FOLDER, safe
from luoshi.tasks.models import Task

_GREY = RGBColor(0x59, 0x61, 0x6B)


def index(contents: Contents, made_on: str) -> bytes:
    """The document; ``made_on`` is the day as it is printed."""
    paper = _Paper()
    paper.title(contents, made_on)
    for number, (category, entries) in enumerate(contents.sets, start=1):
        paper.set_of(number, category, entries)
    for category, results in contents.further:
        paper.further(category, results)
    return paper.bytes()


def _number(value: Any) -> str:
    return f"{value.normalize():f}" if value is not None else ""


def _day(moment: Any) -> str:
    return timezone.localtime(moment).date().isoformat()


class _Paper:
    """A Word document in the house's plain layout."""

    def __init__(self) -> None:
        sizes = {"Normal": 10.5, "Title": 20, "Heading 1": 15, "Heading 2": 12}
        self._paper = papers.new_paper(sizes, margin=2.2)
        page = self._paper.sections[0]
        self._number_pages(page.footer.paragraphs[0])

    def bytes(self) -> bytes:
        return papers.held(self._paper).getvalue()

    @staticmethod
    def _number_pages(line: Any) -> None:
        """The number of each page at its foot."""
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        field.append(line.add_run("1")._r)
        line._p.append(field)

    # ── the front ──

    def title(self, contents: Contents, made_on: str) -> None:
        words = _("%(unit)s: results and evidence of %(year)s") % {
            "unit": contents.unit.name,
            "year": contents.year,
        }
        self._paper.add_heading(clean(words), level=0).alignment = WD_ALIGN_PARAGRAPH.CENTER
        told = _("%(tasks)s tasks, %(files)s files; drawn up on %(day)s from the reports filed.")
        line = self._paper.add_paragraph(
            told % {"tasks": contents.tasks, "files": len(contents.pieces), "day": made_on}
        )
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if not contents.tasks:
            self._paper.add_paragraph(_("The unit led no task this year."))

    # ── a set ──

    def set_of(self, number: int, category: Category, entries: Sequence[Entry]) -> None:
        self._paper.add_heading(clean(f"{number:02} {category.name}"), level=1)
        self._table(
            [
                _("No."),
                _("Number"),
                _("Task"),
                _("Responsible person"),
                _("Progress"),
                _("Evidence"),
            ],
            [
                [
                    f"{number}.{place}",
                    entry.task.number,
                    entry.task.title,
                    entry.task.owner.name if entry.task.owner else "",
                    f"{entry.task.progress}%",
                    str(len(entry.pieces)),
                ]
                for place, entry in enumerate(entries, start=1)
            ],
            [1.2, 2.6, 7.4, 2.2, 1.6, 1.4],
        )
        for place, entry in enumerate(entries, start=1):
            self._entry(f"{number}.{place}", entry)

    def _entry(self, place: str, entry: Entry) -> None:
        task, report = entry.task, entry.report
        self._paper.add_heading(clean(f"{place} {task.title}"), level=2)
        owner = f" · {task.owner.name}" if task.owner else ""
        due = task.due.isoformat() if task.due else ""
        facts = [
            (_("Number"), task.number),
            (_("Lead unit"), f"{task.unit.name}{owner}"),
            (_("Due date"), due),
            (_("Progress"), f"{task.progress}%"),
            (_("Achieved value"), self._achieved(entry)),
            (_("Assessment standard"), task.standard),
        ]
        self._facts([(label, text) for label, text in facts if text])
        self._label(_("What was done"))
        self._said(report, entry.quotes)
        for result in entry.results:
            self._result(result)
        self._evidence(task, entry.pieces)

    def _achieved(self, entry: Entry) -> str:
        task = entry.task
        if task.achieved is None:
            return ""
        told = {"value": _number(task.achieved), "unit": task.target_unit}
        if task.target_value is None:
            return f"{told['value']} {told['unit']}".strip()
        told["target"] = _number(task.target_value)
        return _("%(value)s %(unit)s (target %(target)s %(unit)s)") % told

    def _said(self, report: Report | None, quotes: Sequence[Quotation] = ()) -> None:
        if report is None:
            self._grey(_("Nothing was reported on this task."))
            return
        self._text(report.body or _("(no text)"))
        for one in quotes:
            unit = one.source.task.unit.label if one.source.task.unit else ""
            told = _("%(unit)s, %(day)s") % {"unit": unit, "day": _day(one.source.at)}
            self._quote(_("Quoted: %(text)s (%(source)s)") % {"text": one.text, "source": told})
        self._grey(
            _("Report of %(day)s by %(name)s") % {"day": _day(report.at), "name": report.by.name}
        )

    def _result(self, result: Result) -> None:
        label = _("Final result for the overlapping set “%(set)s”") % {
            "set": result.counting.category.name
        }
        self._label(f"【{label}】")
        if result.report is None:
            self._grey(_("Not given yet."))
            return
        self._said(result.report)

    def _evidence(self, task: Task, pieces: Sequence[Piece]) -> None:
        count = ngettext("Evidence (%(n)s file)", "Evidence (%(n)s files)", len(pieces)) % {
            "n": len(pieces)
        }
        self._label(count)
        if not pieces:
            self._grey(_("No evidence was filed."))
        for number, piece in enumerate(pieces, start=1):
            line = self._paper.add_paragraph()
            line.paragraph_format.left_indent = Cm(0.6)
            line.paragraph_format.space_after = Pt(0)
            line.add_run(f"{number}. ")
            if piece.lost:
                line.add_run(clean(f"{piece.name} "))
                line.add_run(_("(the file is missing from the store)")).font.color.rgb = _GREY
                continue
            self._link(line, piece.place, piece.name)
            folder = piece.place.split("/")[-2]
            if not folder.startswith(safe(f"{task.number} {task.title}".strip(), FOLDER)):
                told = _("(lies with “%(folder)s”)") % {"folder": folder}
                line.add_run(clean(told)).font.color.rgb = _GREY

    # ── a further set ──

    def further(self, category: Category, results: Sequence[Result]) -> None:
        words = _("%(set)s: overlapping tasks, final results only") % {"set": category.name}
        self._paper.add_heading(clean(words), level=1)
        self._table(
            [_("Number"), _("Task"), _("Result due on"), _("Result given on"), _("Final result")],
            [
                [
                    result.task.number,
                    result.task.title,
                    result.counting.result_due.isoformat() if result.counting.result_due else "",
                    _day(result.report.at) if result.report else _("not given"),
                    result.report.body if result.report else "",
                ]
                for result in results
            ],
            [2.4, 4.6, 2.2, 2.2, 5.0],
        )

    # ── pieces of a page ──

    def _label(self, words: str) -> None:
        line = self._paper.add_paragraph()
        line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(6), Pt(2)
        line.paragraph_format.keep_with_next = True
        line.add_run(clean(words)).bold = True

    def _text(self, text: str) -> None:
        for part in clean(text).split("\n"):
            line = self._paper.add_paragraph(part)
            line.paragraph_format.space_after = Pt(2)

    def _quote(self, text: str) -> None:
        line = self._paper.add_paragraph(clean(text))
        line.paragraph_format.left_indent = Cm(0.8)
        line.paragraph_format.space_after = Pt(2)
        for run in line.runs:
            run.font.color.rgb = _GREY

    def _grey(self, words: str) -> None:
        line = self._paper.add_paragraph()
        line.paragraph_format.space_after = Pt(2)
        run = line.add_run(clean(words))
        run.font.color.rgb, run.font.size = _GREY, Pt(9)

    def _facts(self, rows: Iterable[tuple[str, str]]) -> None:
        table = self._paper.add_table(rows=0, cols=2)
        table.style = "Table Grid"
        for label, text in rows:
            cells = table.add_row().cells
            cells[0].width, cells[1].width = Cm(3), Cm(13.4)
            self._head(cells[0], label)
            cells[1].paragraphs[0].add_run(clean(text))

    def _table(
        self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]
    ) -> None:
        table = self._paper.add_table(rows=1, cols=len(heads))
        table.style = "Table Grid"
        for cell, head, width in zip(table.rows[0].cells, heads, widths, strict=True):
            cell.width = Cm(width)
            self._head(cell, head)
        repeat = OxmlElement("w:tblHeader")
        repeat.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        for row in rows:
            for cell, text, width in zip(table.add_row().cells, row, widths, strict=True):
                cell.width = Cm(width)
                cell.paragraphs[0].add_run(clean(text))
        self._paper.add_paragraph().paragraph_format.space_after = Pt(0)

    def _head(self, cell: Any, label: str) -> None:
        cell.paragraphs[0].add_run(label).bold = True
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F2F4F7")):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)

    def _link(self, line: Any, place: str, name: str) -> None:
        """The name of a file, which a click opens where the pack lies unpacked."""
        key = line.part.relate_to(quote(place), RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), key)
        run = line.add_run(clean(name))
        run.font.color.rgb = RGBColor(0x1A, 0x56, 0xB0)
        link.append(run._r)
        line._p.append(link)
