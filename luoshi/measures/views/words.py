"""A measure in plain words: as a page, and as a Word document (★ CAT-5)."""

from urllib.parse import quote

import docx
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from docx.shared import Pt, RGBColor

from luoshi.kit import papers
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


_SIZES = {"Normal": 12, "Title": 20, "Heading 1": 14, "List Bullet": None}


def _paper(measure: Measure) -> bytes:
    paper = papers.new_paper(_SIZES)
    paper.add_heading(measure.name, level=0)
    for line in _introduction(measure):
        paper.add_paragraph(line)
    for chapter in _chapters(measure):
        paper.add_heading(chapter.title, level=1)
        for said in chapter.said:
            _sentence(paper, said)
    return papers.held(paper).getvalue()


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


def _sentence(paper: docx.document.Document, said: queries.Said) -> None:
    paragraph = paper.add_paragraph(said.text, style="List Bullet")
    for source in said.sources:
        run = paragraph.add_run("\n" + _("Source: %(source)s") % {"source": source})
        run.font.size = Pt(9)
        run.font.color.rgb = RGBColor(0x59, 0x59, 0x59)
