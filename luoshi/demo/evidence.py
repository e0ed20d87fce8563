"""Small real files that stand behind reports; each content is stored once."""

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import docx
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from luoshi.demo.texts import read
from luoshi.files.services import Prepared, prepare


class Evidence:
    """The contents, ready to be hung under any name."""

    def __init__(self) -> None:
        self._contents: dict[str, Prepared] = {}
        for base, sheet in read("papers")["paper"].items():
            self._contents[base] = _prepared(base, sheet)

    def named(self, base: str, name: str) -> Prepared:
        """The content of a kind of paper under a name; ``base`` as in words.toml."""
        return replace(self._contents[base], name=name)

    @property
    def kinds(self) -> int:
        """How many different contents there are."""
        return len({one.content.sha256 for one in self._contents.values()})


def _prepared(base: str, sheet: Mapping[str, object]) -> Prepared:
    make = _MAKERS[base.rpartition(".")[2]]
    return prepare(SimpleUploadedFile(base, make(dict(sheet))))


# ── makers ───────────────────────────────────────────────────────────────────────────────────────


def _document(sheet: Mapping[str, object]) -> bytes:
    """A Word file: a heading, paragraphs, and a table where there is one."""
    paper = docx.Document()
    paper.add_heading(str(sheet["heading"]), level=1)
    for paragraph in _lines(sheet, "text"):
        paper.add_paragraph(paragraph)
    rows = _rows(sheet)
    if rows:
        table = paper.add_table(rows=0, cols=len(rows[0]))
        table.style = "Table Grid"
        for row in rows:
            cells = table.add_row().cells
            for cell, value in zip(cells, row, strict=True):
                cell.text = str(value)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _workbook(sheet: Mapping[str, object]) -> bytes:
    """An Excel file: a title row, a head, rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("汇总")
        bold = book.add_format({"bold": True, "border": 1, "align": "center"})
        plain = book.add_format({"border": 1})
        rows = _rows(sheet)
        page.merge_range(0, 0, 0, len(rows[0]) - 1, str(sheet["heading"]), bold)
        page.set_column(0, len(rows[0]) - 1, 16)
        for place, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                page.write(place, column, value, bold if place == 1 else plain)
    return out.getvalue()


def _portable(sheet: Mapping[str, object]) -> bytes:
    """A PDF of one page in the reader's own Chinese type; nothing is embedded."""
    lines = [str(sheet["heading"]), "", *_lines(sheet, "text")]
    shown = "".join(
        f"<{line.encode('utf-16-be').hex()}> Tj 0 -28 Td\n" if line else "0 -14 Td\n"
        for line in lines
    )
    content = f"BT /F1 15 Tf 72 760 Td\n{shown}ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H "
        b"/DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo "
        b"<< /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 7 0 R /DW 1000 >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] "
        b"/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    return _bound(parts)


def _bound(parts: list[bytes]) -> bytes:
    """Objects of a PDF with the table that says where each begins."""
    out, starts = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size = len(parts) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        % (
            size,
            table,
            size,
        )
        + b"startxref\n%d\n%%%%EOF\n" % len(out)
    )


def _picture(sheet: Mapping[str, object]) -> bytes:
    """A drawing: a hall with benches, or bars that grow."""
    image = Image.new("RGB", (800, 520), "#eef2f6")
    pen = ImageDraw.Draw(image)
    (_bars if sheet["drawing"] == "bars" else _hall)(pen)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _bars(pen: ImageDraw.ImageDraw) -> None:
    pen.line([(70, 40), (70, 460), (760, 460)], fill="#595959", width=3)
    for place, share in enumerate((18, 27, 35, 46, 58, 63, 77, 84)):
        left = 100 + place * 82
        pen.rectangle([left, 460 - share * 4.6, left + 46, 458], fill="#1890ff")
    pen.line([(100, 400), (740, 80)], fill="#d46b08", width=3)


def _hall(pen: ImageDraw.ImageDraw) -> None:
    luck = random.Random(7)
    pen.rectangle([0, 0, 800, 200], fill="#d8e2ec")
    pen.polygon([(0, 520), (800, 520), (640, 200), (160, 200)], fill="#c3cbd3")
    for place in range(6):
        pen.rectangle([60 + place * 120, 40, 140 + place * 120, 150], fill="#f7fbff")
    for row in range(4):
        size = 26 + row * 14
        for seat in range(5):
            x, y = 180 + seat * (95 + row * 14) - row * 40, 235 + row * 66
            pen.rectangle([x, y, x + size * 2, y + size], fill="#7a8a99")
            if luck.random() < 0.7:
                pen.ellipse([x + size * 0.6, y - size, x + size * 1.4, y - 2], fill="#e3b98f")


def _lines(sheet: Mapping[str, object], name: str) -> list[str]:
    value = sheet.get(name, [])
    assert isinstance(value, list)
    return [str(line) for line in value]


def _rows(sheet: Mapping[str, object]) -> list[list[object]]:
    value = sheet.get("rows", [])
    assert isinstance(value, list)
    return [list(row) for row in value]


_MAKERS: Mapping[str, Callable[[Mapping[str, object]], bytes]] = {
    "docx": _document,
    "xlsx": _workbook,
    "pdf": _portable,
    "png": _picture,
}
