"""One way to write a character, whatever keyboard or program it came from."""

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_BLANKS = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "／", "－", "–", "…", "……"})
_LEFT_OUT = re.compile(r"^[〔\[(【（]?\s*\S{0,8}(?:略|隐去)\s*[〕\])】）]?$|^[*＊×xX]{2,}$")

#: What a spreadsheet shows where a formula failed.
FORMULA_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)


def cleaned(text: str) -> str:
    """A cell's text without invisible characters, its line breaks kept, edges trimmed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n")
    text = _CONTROL.sub("", text).replace("\u3000", " ").replace("\xa0", " ")
    text = text.encode("utf-8", "ignore").decode("utf-8")
    return "\n".join(line.strip() for line in text.split("\n")).strip()


def folded(text: str) -> str:
    """Half-width, lower case, without any space: for comparing, never for showing."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def one_line(text: str) -> str:
    """The text on one line; between two CJK characters a line break leaves no space."""
    joined = re.sub(r"(?<=[^\x00-\xff])\s*\n\s*(?=[^\x00-\xff])", "", text)
    return _SPACE.sub(" ", joined).strip()


def is_blank(text: str) -> bool:
    """Whether a cell says nothing: empty, or a dash as offices write it."""
    return text.strip() in _BLANKS


def is_left_out(text: str) -> bool:
    """Whether a name was blacked out: 〔姓名略〕, ***."""
    return bool(_LEFT_OUT.match(text.strip()))


def chinese_number(text: str) -> int | None:
    """一 → 1, 十二 → 12, 二十 → 20, 三十一 → 31; None when it is not such a number below 100."""
    if not text or len(text) > 3 or any(c not in _DIGITS and c != "十" for c in text):
        return None
    if "十" not in text:
        return _DIGITS[text] if len(text) == 1 else None
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return None
    return _DIGITS.get(tens, 1) * 10 + (_DIGITS[ones] if ones else 0)
