"""Files as people, and attackers, make them."""

import io
import struct
import zipfile
from collections.abc import Iterable

import docx
from django.core.files.uploadedfile import SimpleUploadedFile
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from PIL import Image

_OPEN = "http://schemas.openxmlformats.org/package/2006"
_PART = "application/vnd.openxmlformats"
TYPES = (
    f'<?xml version="1.0"?><Types xmlns="{_OPEN}/content-types">'
    f'<Default Extension="rels" ContentType="{_PART}-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    f'ContentType="{_PART}-officedocument.wordprocessingml.document.main+xml"/></Types>'
).encode()
RELS = (
    f'<?xml version="1.0"?><Relationships xmlns="{_OPEN}/relationships">'
    '<Relationship Id="rId1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
).encode()
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def upload(content: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def png(width: int = 8, height: int = 8, colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer << >>\n%%EOF\n"


def zipped(parts: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def raw_docx(document: bytes, *more: tuple[str, bytes]) -> bytes:
    """A Word container with this main part, and whatever else."""
    parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELS),
        ("word/document.xml", document),
        *more,
    ]
    return zipped(parts)


def body(text: str, head: str = "") -> bytes:
    """A main part with one paragraph; ``head`` stands before the root element."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document {WORD}><w:body><w:p><w:r>'
        f"<w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    ).encode()


def word(text: str = "实训基地一期建设已完成验收。", *, picture: bytes | None = None) -> bytes:
    """A report as an office writes it: heading, paragraph, table with a merged head."""
    document = docx.Document()
    document.add_heading("工作进展", 1)
    document.add_paragraph(text)
    table = document.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "经费(万元)"
    table.cell(1, 0).text = "预算"
    table.cell(1, 1).text = "120"
    if picture:
        document.add_picture(io.BytesIO(picture))
    return _bytes_of(document)


def word_with_link(target: str) -> bytes:
    """A Word document in which 点此 leads to ``target``."""
    document = docx.Document()
    paragraph = document.add_paragraph("请")
    relation = document.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "点此"
    run.append(text)
    link.append(run)
    paragraph._p.append(link)
    return _bytes_of(document)


def word_with_outside_picture(address: str) -> bytes:
    """A Word document whose picture lies elsewhere."""
    document = docx.Document()
    document.add_picture(io.BytesIO(png()))
    relation = document.part.relate_to(address, RELATIONSHIP_TYPE.IMAGE, is_external=True)
    for blip in document.element.iter(qn("a:blip")):
        del blip.attrib[qn("r:embed")]
        blip.set(qn("r:link"), relation)
    return _bytes_of(document)


def _bytes_of(document: "docx.document.Document") -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def ole(*names: str) -> bytes:
    """An OLE container with streams of these names: header, table, directory."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<II", header, 44, 1, 1)
    struct.pack_into("<III", header, 56, 4096, 0xFFFFFFFE, 0)
    struct.pack_into("<II", header, 68, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    entries = [("Root Entry", 5), *((name, 2) for name in names)]
    sectors = -(-len(entries) // 4)
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    directory = b"".join(_entry(name, kind) for name, kind in entries)
    return bytes(header) + table + directory.ljust(sectors * 512, b"\0")


def _entry(name: str, kind: int) -> bytes:
    entry = bytearray(128)
    letters = name.encode("utf-16-le")
    entry[: len(letters)] = letters
    struct.pack_into("<HB", entry, 64, len(letters) + 2, kind)
    struct.pack_into("<III", entry, 68, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return bytes(entry)
