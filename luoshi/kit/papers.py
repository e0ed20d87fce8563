"""Word documents in the house's plain layout: one Chinese font, black on white."""

import io
import re
from collections.abc import Mapping
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

FONT = "SimSun"
#: What Word cannot hold.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text without signs that Word cannot hold."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n"))


def new_paper(sizes: Mapping[str, float | None], margin: float | None = None) -> Any:
    """An empty document: the styles used with their sizes in points (None: as they are).

    ``margin`` in centimetres at both sides makes the page A4; None leaves it as it is. Word keeps
    the Chinese font of a style apart from the Latin one, so both are set.
    """
    paper = docx.Document()
    for name, size in sizes.items():
        style: Any = paper.styles[name]
        style.font.name = FONT
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
        if size is not None:
            style.font.size = Pt(size)
    if margin is not None:
        page = paper.sections[0]
        page.page_width, page.page_height = Cm(21), Cm(29.7)
        page.left_margin = page.right_margin = Cm(margin)
    return paper


def held(paper: Any) -> io.BytesIO:
    """The finished document, ready to be read from its beginning."""
    held = io.BytesIO()
    paper.save(held)
    held.seek(0)
    return held
