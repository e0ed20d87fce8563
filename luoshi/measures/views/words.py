"""A measure in plain words: as a page, and as a Word document (★ CAT-5)."""

import io
from urllib.parse import quote

import docx
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from luoshi.measures import queries
from luoshi.measures.models import Measure
from luoshi.measures.views.measures import crumbs_of, tabs_of

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _chapters(measure: Measure) -> list[queries.Chapter]:
    return queries.chapters(queries.text_of(measure), queries.known_things())


@login_required
@require_GET
def explain(request: HttpRequest, measure_id: int) -> HttpResponse:
    """What this measure makes the system do, from set-up to close."""
    measure = get_object_or_404(Measure, pk=measure_id)
    context = {
        "measure": measure,
        "chapters": _chapters(measure),
        "categories": queries.categories_pointing_at([measure]),
        "crumbs": crumbs_of(measure, _("In plain words")),
        "tabs": tabs_of(measure, "explain"),
    }
    return render(request, "measures/explain.html", context)


@login_required
@require_GET
def explain_docx(request: HttpRequest, measure_id: int) -> HttpResponse:
    """The same as a Word document."""
    measure = get_object_or_404(Measure, pk=measure_id)
    response = HttpResponse(_paper(measure), content_type=WORD)
    name = quote(_("%(name)s, in plain words.docx") % {"name": measure.name})
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


def _paper(measure: Measure) -> bytes:
    paper = docx.Document()
    _set_font(paper, "SimSun")
    paper.add_heading(measure.name, level=0)
    for line in _introduction(measure):
        paper.add_paragraph(line)
    for chapter in _chapters(measure):
        paper.add_heading(chapter.title, level=1)
        for said in chapter.said:
            _sentence(paper, said)
    held = io.BytesIO()
    paper.save(held)
    return held.getvalue()


def _introduction(measure: Measure) -> list[str]:
    lines = [_("In force since %(day)s.") % {"day": measure.since.isoformat()}]
    if measure.document:
        lines.append(_("Document: %(document)s") % {"document": measure.document})
    names = [category.name for category in queries.categories_pointing_at([measure])]
    if names:
        lines.append(_("Followed by: %(names)s") % {"names": _(", ").join(names)})
    if measure.note:
        lines.append(measure.note)
    return lines


def _set_font(paper: docx.document.Document, name: str) -> None:
    """One Chinese font for every style; Word keeps it apart from the Latin one."""
    for style_name in ("Normal", "Title", "Heading 1", "List Bullet"):
        style = paper.styles[style_name]
        style.font.name = name
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
    paper.styles["Normal"].font.size = Pt(12)
    paper.styles["Title"].font.size = Pt(20)
    paper.styles["Heading 1"].font.size = Pt(14)


def _sentence(paper: docx.document.Document, said: queries.Said) -> None:
    paragraph = paper.add_paragraph(said.text, style="List Bullet")
    for source in said.sources:
        run = paragraph.add_run("\n" + _("Source: %(source)s") % {"source": source})
        run.font.size = Pt(9)
        run.font.color.rgb = RGBColor(0x59, 0x59, 0x59)
