"""Reading what people upload: its looks, the readable page of a Word file, thumbnails (RPT-6).

Nothing here touches the database. Everything read is hostile until proven otherwise: containers are
measured before they are opened, XML is refused if it declares entities, no address is ever fetched,
and what comes out of a document passes the sanitiser.
"""

import contextlib
import io
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import mammoth
import nh3
from PIL import Image, ImageOps

from luoshi.files import rules
from luoshi.files.rules import Look, Member

MAX_WORD_XML = 12 * 1024 * 1024  # bytes of XML a readable page is made of
MAX_PIXELS = 60_000_000
THUMBNAIL = 320  # pixels at most, either way
SOFFICE_SECONDS = 90


class UnreadableError(Exception):
    """The document cannot become a page. ``said`` is a key of `rules.SAID`."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True)
class Reading:
    """A document as a page: sanitised HTML, its plain text, its pictures from number 1 on."""

    html: str
    text: str
    pictures: list[bytes] = field(default_factory=list)
    left_out: int = 0


# ------------------------------------------------------------------ looks


def look_at(stream: IO[bytes]) -> Look:
    """What the content shows of itself. The stream must be seekable; it is left at its start."""
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(0)
    head = stream.read(rules.HEAD)
    members: tuple[Member, ...] | None = None
    streams: frozenset[str] | None = None
    broken = crowded = False
    if head.startswith(b"PK\x03\x04"):
        crowded = _directory_too_long(stream, size)
        if not crowded:
            try:
                members = _members(stream)
            except (zipfile.BadZipFile, ValueError, struct.error, OSError, UnicodeError):
                members, broken = (), True
    elif head.startswith(rules.OLE):
        try:
            streams = _streams(stream, size)
        except (struct.error, ValueError, IndexError):
            streams, broken = frozenset(), True
    stream.seek(0)
    return Look(head, size, members, streams, broken, crowded)


def _directory_too_long(stream: IO[bytes], size: int) -> bool:
    """Whether listing the zip would itself be an attack (zip64, or a directory of megabytes)."""
    tail_size = min(size, 65_557)
    stream.seek(size - tail_size)
    tail = stream.read(tail_size)
    place = len(tail) - 22
    if not (tail[place : place + 4] == b"PK\x05\x06" and tail.endswith(b"\0\0")):
        place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < 22:
        return False  # no zip after all: zipfile will say so
    (length,) = struct.unpack_from("<I", tail, place + 12)
    return tail[place - 20 : place - 16] == b"PK\x06\x07" or length > rules.MAX_MEMBERS * 400


def _members(stream: IO[bytes]) -> tuple[Member, ...]:
    with zipfile.ZipFile(stream) as archive:
        return tuple(
            Member(
                info.orig_filename,
                info.file_size,
                info.compress_size,
                info.compress_type,
                bool(info.flag_bits & 1),
            )
            for info in archive.infolist()
        )


def _streams(stream: IO[bytes], size: int) -> frozenset[str]:
    """The names in the directory of an OLE container, read along its sector chain."""
    stream.seek(0)
    header = stream.read(512)
    sector = 1 << struct.unpack_from("<H", header, 30)[0]
    if sector not in {512, 4096}:
        raise ValueError("no sector size of an OLE container")
    table_sectors = [n for n in struct.unpack_from("<109I", header, 76) if n < 0xFFFFFFFA]
    (at,) = struct.unpack_from("<I", header, 48)
    names: set[str] = set()
    seen: set[int] = set()
    per_table = sector // 4
    while at < 0xFFFFFFFA and at not in seen and len(seen) < 2000:
        seen.add(at)
        content = _sector(stream, at, sector, size)
        names.update(_entry_names(content))
        table = _sector(stream, table_sectors[at // per_table], sector, size)
        (at,) = struct.unpack_from("<I", table, at % per_table * 4)
    return frozenset(names)


def _sector(stream: IO[bytes], number: int, sector: int, size: int) -> bytes:
    place = (number + 1) * sector
    if place >= size:
        raise ValueError("a sector beyond the end")
    stream.seek(place)
    return stream.read(sector).ljust(sector, b"\0")


def _entry_names(content: bytes) -> Iterator[str]:
    for start in range(0, len(content), 128):
        (length,) = struct.unpack_from("<H", content, start + 64)
        if 2 <= length <= 64 and content[start + 66] in {1, 2, 5}:
            yield content[start : start + length - 2].decode("utf-16-le", "replace")


# ------------------------------------------------------------------ Word documents


_STYLES = "\n".join(
    [
        *(
            f"p[style-name='{name} {level}'] => h{min(level + 1, 6)}:fresh"
            for level in range(1, 7)
            for name in ("heading", "标题")
        ),
        *(f"p.Heading{level} => h{min(level + 1, 6)}:fresh" for level in range(1, 7)),
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='标题'] => h1:fresh",
        "p[style-name='Subtitle'] => h2:fresh",
        "p[style-name='副标题'] => h2:fresh",
        "p[style-name='Quote'] => blockquote > p:fresh",
        "p[style-name='引用'] => blockquote > p:fresh",
        "u => u",
        "strike => s",
        "comment-reference =>",
    ]
)
_TAGS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "td", "th"),
    *("strong", "em", "u", "s", "sup", "sub", "br", "a", "img"),
}
_PREFIX = "doc-"
_PICTURE_URL = re.compile(r"picture/[1-9][0-9]{0,5}/")
_LINK = re.compile(r"(https?://|mailto:|#doc-)", re.IGNORECASE)
_SPAN = re.compile(r"[1-9][0-9]{0,2}")


def word_xml_size(members: tuple[Member, ...]) -> int:
    """Bytes of XML in a Word container: what decides how long a page takes."""
    return sum(m.size for m in members if m.name.lower().endswith((".xml", ".rels")))


def read_word(path: Path) -> Reading:
    """A .docx as a readable page. Raises UnreadableError with what to say."""
    with path.open("rb") as stream:
        look = look_at(stream)
        if look.members is None or not rules.check_members(look.members, ""):
            raise UnreadableError("damaged")
        if word_xml_size(look.members) > MAX_WORD_XML:
            raise UnreadableError("too_big")
        try:
            _refuse_entities(stream)
            return _convert(stream)
        except UnreadableError:
            raise
        except (RecursionError, MemoryError):
            raise UnreadableError("too_big") from None
        except Exception:  # noqa: BLE001  mammoth raises whatever a broken part makes it stumble on
            raise UnreadableError("damaged") from None


def _refuse_entities(stream: IO[bytes]) -> None:
    """Refuse XML with a document type: only that can declare entities, and no Word writes one."""

    def refuse(*_: Any) -> None:
        raise UnreadableError("entities")

    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if not info.filename.lower().endswith((".xml", ".rels")):
                continue
            parser = expat.ParserCreate()
            parser.StartDoctypeDeclHandler = refuse
            with archive.open(info) as part:
                parser.ParseFile(part)


def _convert(stream: IO[bytes]) -> Reading:
    pictures: list[bytes] = []
    left_out = 0

    def keep(image: Any) -> dict[str, str]:
        nonlocal left_out
        with image.open() as source:
            content = source.read()
        kind = rules.KINDS.get(rules.kind_of(Look(content[: rules.HEAD], len(content))))
        if kind is None or not (kind.picture and kind.shown):
            left_out += 1
            return {"alt": "", "src": ""}
        pictures.append(content)
        return {"src": f"picture/{len(pictures)}/"}

    def keep_or_leave(image: Any) -> dict[str, str]:
        nonlocal left_out
        try:
            return keep(image)
        except (ValueError, KeyError, OSError, zipfile.BadZipFile):  # outside, missing or broken
            left_out += 1
            return {"alt": "", "src": ""}

    result = mammoth.convert_to_html(
        stream,
        style_map=_STYLES,
        id_prefix=_PREFIX,
        include_embedded_style_map=False,
        external_file_access=False,
        convert_image=mammoth.images.img_element(keep_or_leave),
    )
    html = sanitise(result.value)
    return Reading(html, text_in(html), pictures, left_out)


def sanitise(html: str) -> str:
    """Only what a readable page needs: no scripts, no styles, no foreign addresses of pictures."""
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes={
            "a": {"href", "id"},
            "img": {"src", "alt"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
            "li": {"id"},
            "p": {"id"},
        },
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        url_relative="pass_through",
        link_rel="noopener noreferrer nofollow",
    )
    return re.sub(r"<img(?![^>]*\ssrc=)[^>]*>", "", cleaned)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value an attribute may keep, or None."""
    fits = {
        "href": _LINK.match,
        "src": _PICTURE_URL.fullmatch,
        "id": re.compile(r"doc-[\w.-]{1,200}").fullmatch,
        "colspan": _SPAN.fullmatch,
        "rowspan": _SPAN.fullmatch,
    }.get(name)
    return value if fits is None or fits(value) else None


class _Text(HTMLParser):
    """Text of sanitised HTML; blocks end lines, cells are set apart."""

    _BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "blockquote", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._BLOCKS:
            self.parts.append("\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_endtag(tag)


def text_in(html: str) -> str:
    """The plain text of a page, a line for each paragraph."""
    parser = _Text()
    parser.feed(html)
    lines = (" ".join(line.split()) for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line)


# ------------------------------------------------------------------ old Word documents


def soffice() -> str | None:
    """Where LibreOffice is, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def read_old_word(path: Path) -> Reading:
    """A .doc as a readable page, through LibreOffice. Raises UnreadableError."""
    program = soffice()
    if program is None:
        raise UnreadableError("no_reader")
    with tempfile.TemporaryDirectory(prefix="luoshi-doc-") as folder:
        source = Path(folder) / "source.doc"
        shutil.copyfile(path, source)
        command = [
            program,
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--norestore",
            "--convert-to",
            "docx",
            "--outdir",
            f"{folder}/out",
            str(source),
        ]
        _run(command, folder)
        made = Path(folder) / "out" / "source.docx"
        if not made.exists():
            raise UnreadableError("protected")
        return read_word(made)


def _run(command: list[str], folder: str) -> None:
    """Run the office program, and end it with all its children when its time is up."""
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(  # noqa: S603  fixed words and paths of our own
            command, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        raise UnreadableError("no_reader") from None
    try:
        if process.wait(SOFFICE_SECONDS):
            raise UnreadableError("damaged")
    except subprocess.TimeoutExpired:
        raise UnreadableError("too_slow") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# ------------------------------------------------------------------ pictures


def thumbnail(path: Path) -> bytes | None:
    """A small WebP of a picture, or None where there is none to make (too large, damaged)."""
    try:
        with Image.open(path, formats=("PNG", "JPEG", "GIF", "WEBP", "BMP")) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (THUMBNAIL * 2, THUMBNAIL * 2))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((THUMBNAIL, THUMBNAIL))
            out = io.BytesIO()
            small.convert("RGBA" if "A" in small.getbands() else "RGB").save(
                out, "WEBP", quality=78
            )
            return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
