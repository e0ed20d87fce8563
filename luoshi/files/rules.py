"""What may be stored, judged by content and never by name (RPT-6).

The facts come in a `Look`; reading it off the file is `readers.look_at`.
"""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from luoshi.kit.verdict import ALLOWED, Verdict, denied

HEAD = 64 * 1024  # bytes of a content that are looked at
NAME_LENGTH = 200
MAX_MEMBERS = 10_000
MAX_UNPACKED = 200 * 1024 * 1024  # bytes
MAX_RATIO = 100
RATIO_COUNTS_FROM = 1024 * 1024  # bytes unpacked; below, a high ratio harms nobody

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Kind:
    """A kind of content that is accepted. ``shown``: a browser may open it inside the page."""

    code: str
    label: str | Promise
    mime: str
    suffixes: tuple[str, ...]
    icon: str = "file"
    shown: bool = False
    picture: bool = False


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_PICTURE_SUFFIXES = ("jpg", "jpeg", "png", "gif", "webp", "bmp", "heic", "heif", "jfif")


def _picture(code: str, label: str | Promise, *, shown: bool = True) -> Kind:
    return Kind(code, label, f"image/{code}", _PICTURE_SUFFIXES, "photo", shown, picture=True)


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("pdf", _("a PDF document"), "application/pdf", ("pdf",), "file-type-pdf", True),
        Kind(
            "docx",
            _("a Word document"),
            _OOXML + "wordprocessingml.document",
            ("docx", "dotx"),
            "file-type-doc",
        ),
        Kind(
            "xlsx",
            _("an Excel workbook"),
            _OOXML + "spreadsheetml.sheet",
            ("xlsx", "xltx"),
            "file-spreadsheet",
        ),
        Kind(
            "pptx",
            _("a PowerPoint presentation"),
            _OOXML + "presentationml.presentation",
            ("pptx", "ppsx", "potx"),
            "file-description",
        ),
        Kind(
            "doc",
            _("a Word 97–2003 document"),
            "application/msword",
            ("doc", "dot", "wps", "wpt"),
            "file-type-doc",
        ),
        Kind(
            "xls",
            _("an Excel 97–2003 workbook"),
            "application/vnd.ms-excel",
            ("xls", "xlt", "et", "ett"),
            "file-spreadsheet",
        ),
        Kind(
            "ppt",
            _("a PowerPoint 97–2003 presentation"),
            "application/vnd.ms-powerpoint",
            ("ppt", "pps", "pot", "dps", "dpt"),
            "file-description",
        ),
        Kind("ofd", _("an OFD document"), "application/ofd", ("ofd",), "file-text"),
        Kind("odt", _("an OpenDocument text"), _ODF + "text", ("odt",), "file-text"),
        Kind(
            "ods",
            _("an OpenDocument spreadsheet"),
            _ODF + "spreadsheet",
            ("ods",),
            "file-spreadsheet",
        ),
        Kind(
            "odp",
            _("an OpenDocument presentation"),
            _ODF + "presentation",
            ("odp",),
            "file-description",
        ),
        Kind("text", _("plain text"), "text/plain", ("txt", "csv", "md"), "file-text"),
        _picture("png", _("a PNG picture")),
        _picture("jpeg", _("a JPEG picture")),
        _picture("gif", _("a GIF picture")),
        _picture("webp", _("a WebP picture")),
        _picture("bmp", _("a BMP picture")),
        _picture("heic", _("a HEIC picture"), shown=False),
    )
}

#: Kinds the house makes itself and hands out; nobody can upload them.
MADE: dict[str, Kind] = {
    "zip": Kind("zip", _("a packed folder"), "application/zip", ("zip",), "file-zip"),
}

# What is recognised only to say so when it is refused.
FOREIGN: dict[str, str | Promise] = {
    "program": _("a program"),
    "script": _("a script"),
    "web": _("a web page"),
    "svg": _("an SVG drawing"),
    "archive": _("a compressed archive"),
    "media": _("a sound or film"),
    "rtf": _("an RTF document"),
    "unknown": _("of a kind that is not known"),
}

# Sentences about a document's readable page; pages store the key.
SAID: dict[str, str | Promise] = {
    "damaged": _("The document is damaged, so it cannot be shown here. The original is kept."),
    "entities": _(
        "The document contains definitions no word processor writes, so it is not shown here. "
        "The original is kept."
    ),
    "too_big": _("The document is too long to be shown here. The original is kept."),
    "too_slow": _("Preparing the document took too long. The original is kept."),
    "no_reader": _("Documents in this old format can only be downloaded here."),
    "protected": _("The document is protected by a password. The original is kept."),
}


@dataclass(frozen=True)
class Member:
    """An entry of a zip container; sizes in bytes."""

    name: str
    size: int
    packed: int
    method: int = 8
    locked: bool = False


@dataclass(frozen=True)
class Look:
    """What a content shows of itself.

    ``members`` are a zip container's, ``streams`` an OLE container's; None where it is no such
    container. ``crowded``: the directory of the zip is too long to be read at all.
    """

    head: bytes
    size: int
    members: tuple[Member, ...] | None = None
    streams: frozenset[str] | None = None
    broken: bool = False
    crowded: bool = False


def kind_named(code: str) -> Kind:
    """The kind a stored content has. Raises KeyError for a code that is none."""
    return KINDS[code] if code in KINDS else MADE[code]


def place_of(sha256: str) -> str:
    """Where a content lies below ``MEDIA_ROOT``."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


# ------------------------------------------------------------------ names


_SPACE = re.compile(r"\s+")


def suffix_of(name: str) -> str:
    """The ending of a name, lower case, without the dot; empty if there is none."""
    stem, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot and stem and len(suffix) <= 10 and " " not in suffix else ""


def clean_name(name: str, kind: Kind | None = None) -> str:
    """A name fit for a list and a disk: no folders, no hidden characters, at most NAME_LENGTH.

    The ending is kept when the name is cut, and given when the name has none.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = _SPACE.sub(" ", name)
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    suffix = suffix_of(name)
    stem = name[: -len(suffix) - 1] if suffix else name
    if not suffix and kind:
        suffix = kind.suffixes[0]
    ending = f".{suffix}" if suffix else ""
    return (stem[: NAME_LENGTH - len(ending)].rstrip(" .") or "_") + ending


# ------------------------------------------------------------------ kinds


_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
_SHORTCUT = b"L\x00\x00\x00\x01\x14\x02\x00"
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"MSCF")
_MEDIA = (b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"FLV", b"\xff\xfb")
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_MARKUP = re.compile(r"<[a-zA-Z!?/]")


def kind_of(look: Look) -> str:
    """What a content really is: a key of KINDS or of FOREIGN."""
    head = look.head
    if head.startswith((*_PROGRAMS, _SHORTCUT)):
        return "program"
    if look.members is not None or look.crowded:
        return _kind_of_zip(look)
    if head.startswith(OLE):
        return _kind_of_ole(look.streams or frozenset())
    if head.lstrip(b"\xef\xbb\xbf\x00\t\r\n ").startswith(b"%PDF-"):
        return "pdf"
    return _kind_of_picture(head) or _kind_of_rest(head)


def _kind_of_picture(head: bytes) -> str:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM") and head[6:10] == bytes(4) and head[14:15] in b"\x0c\x28\x38\x6c\x7c":
        return "bmp"
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in _HEIC else "media"
    return ""


def _kind_of_rest(head: bytes) -> str:
    if head.startswith((*_ARCHIVES, b"PK\x03\x04", b"PK\x05\x06")):
        return "archive"
    if head.startswith(_MEDIA) or (head.startswith(b"RIFF") and head[8:12] != b"WEBP"):
        return "media"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    text = as_text(head)
    return "unknown" if text is None else _kind_of_text(text)


def _kind_of_text(text: str) -> str:
    start = text.lstrip("\ufeff\x1a \t\r\n\f")
    if start.startswith("#!") or start[:5].lower() == "<?php":
        return "script"
    if _MARKUP.match(start):
        return "svg" if "<svg" in start[:4096].lower() else "web"
    if start[:20].lower().startswith(("mime-version:", "from: <saved by")):
        return "web"
    return "text"


def as_text(head: bytes) -> str | None:
    """The beginning of a content as text, or None where it is none. It may end inside a letter."""
    names = ["utf-8-sig", "gb18030"]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        names = ["utf-16"]
    for name in names:
        try:
            text = codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            continue
        odd = any(c < " " and c not in "\t\r\n\f\x1a" for c in text)
        return None if odd else text
    return None


def _kind_of_zip(look: Look) -> str:
    names = {member.name for member in look.members or ()}
    if "[Content_Types].xml" in names:
        for folder, code in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
            if any(name.startswith(folder) for name in names):
                return code
    if "OFD.xml" in names:
        return "ofd"
    if look.head[30:38] == b"mimetype":
        said = look.head[38:110]
        for code in ("odt", "ods", "odp"):
            if said.startswith(KINDS[code].mime.encode()):
                return code
    return "archive"


def _kind_of_ole(streams: frozenset[str]) -> str:
    if "EncryptedPackage" in streams:
        return "docx"
    for stream, code in (
        ("WordDocument", "doc"),
        ("Workbook", "xls"),
        ("Book", "xls"),
        ("PowerPoint Document", "ppt"),
    ):
        if stream in streams:
            return code
    return "unknown"


# ------------------------------------------------------------------ verdicts


def check_upload(look: Look, name: str, limit: int) -> Verdict:
    """Whether a file may be stored. ``limit`` in bytes. The sentence names the file."""
    shown = clean_name(name)
    if look.size == 0:
        return denied(_("“%(name)s” is empty.") % {"name": shown})
    if look.size > limit:
        words = {"name": shown, "size": megabytes(look.size), "limit": limit // (1024 * 1024)}
        return denied(_("“%(name)s” has %(size)s MB; files may have at most %(limit)s MB.") % words)
    return _safe(look, shown) if (kind_of(look) in KINDS) else _refused(look, shown)


def megabytes(size: int) -> str:
    return f"{size / (1024 * 1024):.1f}"


def _refused(look: Look, name: str) -> Verdict:
    code = kind_of(look)
    if look.crowded:
        return _unsafe(name)
    if look.broken:
        return _damaged(name)
    words = {"name": name, "really": FOREIGN[code]}
    if code == "archive":
        return denied(
            _(
                "“%(name)s” is %(really)s and is not accepted: upload the files in it themselves, "
                "several at once if you like."
            )
            % words
        )
    return denied(
        _(
            "“%(name)s” is %(really)s and is not accepted. Accepted are PDF, Word, Excel, "
            "PowerPoint, WPS, OFD and OpenDocument files, pictures, plain text and CSV."
        )
        % words
    )


def _safe(look: Look, name: str) -> Verdict:
    """An accepted kind, still to be checked for locks, macros, bombs and a lying name."""
    if look.broken:
        return _damaged(name)
    if _locked(look):
        return denied(
            _("“%(name)s” is protected by a password. Take the password off and upload it again.")
            % {"name": name}
        )
    if _has_macros(look):
        return denied(
            _("“%(name)s” contains macros. Save it without macros and upload it again.")
            % {"name": name}
        )
    if look.members is not None:
        unpacks = check_members(look.members, name)
        if not unpacks:
            return unpacks
    return _named_rightly(KINDS[kind_of(look)], name)


def _damaged(name: str) -> Verdict:
    return denied(
        _("“%(name)s” is damaged and cannot be opened. Save it again and upload it.")
        % {"name": name}
    )


def _named_rightly(kind: Kind, name: str) -> Verdict:
    suffix = suffix_of(name)
    if not suffix or suffix in kind.suffixes:
        return ALLOWED
    words = {"name": name, "really": kind.label, "ending": f".{kind.suffixes[0]}"}
    return denied(
        _(
            "“%(name)s” is not what its name says: the content is %(really)s. Give it the ending "
            "%(ending)s, or choose the right file."
        )
        % words
    )


def _locked(look: Look) -> bool:
    return "EncryptedPackage" in (look.streams or ()) or any(
        member.locked for member in look.members or ()
    )


def _has_macros(look: Look) -> bool:
    names = [member.name.lower() for member in look.members or ()]
    return bool({"VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR"} & (look.streams or set())) or any(
        name.endswith("vbaproject.bin") or name.startswith(("xl/macrosheets/", "basic/"))
        for name in names
    )


def check_members(members: Sequence[Member], name: str) -> Verdict:
    """Whether a zip container may be unpacked at all: no bomb, no tricks with paths."""
    if len(members) > MAX_MEMBERS:
        return _unsafe(name)
    unpacked = sum(member.size for member in members)
    packed = sum(member.packed for member in members) or 1
    if unpacked > MAX_UNPACKED:
        return _unsafe(name)
    if unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed:
        return _unsafe(name)
    names = [member.name for member in members]
    if len(set(names)) < len(names) or not all(_plain_path(path) for path in names):
        return _unsafe(name)
    if any(member.method not in {0, 8} for member in members):
        return _unsafe(name)
    return ALLOWED


def _plain_path(path: str) -> bool:
    parts = path.split("/")
    return not (path.startswith("/") or "\\" in path or ":" in parts[0] or ".." in parts)


def _unsafe(name: str) -> Verdict:
    return denied(
        _(
            "“%(name)s” is packed in a way that could harm this system and is not accepted. "
            "Save it again with your office program."
        )
        % {"name": name}
    )
