"""Numbers of rows: in a column of their own, glued to a title, or a tree of 1 / 1.1 / 1.1.2."""

import re
import unicodedata
from collections.abc import Sequence

from luoshi.intake.rules.text import chinese_number

_CN = "一二三四五六七八九十"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_MEASURED = "亿万千百元个所座公里平方米吨户人次项条家名台套辆年月日%％度期届"
_GLUED = re.compile(
    rf"""^\s*(?:
        (?P<cn>[{_CN}]{{1,3}})\s*[、.．,，]            # 一、
      | [(（]\s*(?P<bracket>[{_CN}]{{1,3}}|\d{{1,3}})\s*[)）]、?   # （三） (3)
      | 第(?P<nth>[{_CN}]{{1,3}}|\d{{1,3}})[项条]\s*[、:：]?
      | (?P<circled>[{_CIRCLED}])
      | (?P<dotted>\d{{1,3}}(?:[.．]\d{{1,3}}){{1,4}})(?:\s*[、.．]|\s+|(?=[^\d\s.．{_MEASURED}]))
      | (?P<plain>\d{{1,4}})\s*(?:[、)）]|[.．](?!\d)|[,，](?!\d))
    )\s*(?P<rest>\S.*)$""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"^\d{1,4}(?:\.\d{1,3}){0,5}$")


def split_number(title: str) -> tuple[str, str]:
    """ "14.改扩建学校" → ("14", "改扩建学校"); the number is empty where none is glued on."""
    match = _GLUED.match(title)
    if match is None:
        return "", title
    found = {k: v for k, v in match.groupdict().items() if v and k != "rest"}
    (kind, text), rest = next(iter(found.items())), match["rest"].strip()
    if kind == "circled":
        return text, rest
    if kind == "bracket":
        return f"（{text}）", rest
    if kind == "cn":
        return f"{text}、", rest
    return text.replace("．", "."), rest


def tidy_number(text: str) -> str:
    """A number as typed in its own column, in one way: "14." → "14", "1．2" → "1.2"."""
    text = text.strip()
    if text and text[0] in _CIRCLED and len(text) == 1:
        return text
    plain = unicodedata.normalize("NFKC", text).strip().rstrip(".、,:;)").lstrip("(").strip()
    if _PLAIN.match(plain) and not re.match(r"^[(（]", text):
        return plain
    found, rest = split_number(text + " x")
    return found if rest == "x" else text[:30]


def level_of(number: str) -> tuple[int, str]:
    """How deep a number stands among its kind, and its kind: 1.1.2 is the third of "dotted"."""
    if _PLAIN.match(number):
        return number.count(".") + 1, "dotted"
    if number.endswith("、"):
        return 1, "cn"
    if number[:1] == "（":
        inner = number[1:-1]
        return (4, "bracket") if inner.isdigit() else (2, "cn")
    if number and number in _CIRCLED:
        return 5, "circled"
    return 0, ""


def parents(numbers: Sequence[str]) -> list[int | None]:
    """For every row the position of the row it stands under, by dotted numbers alone.

    1.1.2 stands under the nearest 1.1 before it. Where numbers begin anew in the next section of
    the table the nearest one counts. Other styles of numbers make no tree: they may be sections.
    """
    nearest: dict[str, int] = {}
    found: list[int | None] = []
    for index, number in enumerate(numbers):
        level, kind = level_of(number)
        above = number.rpartition(".")[0] if kind == "dotted" and level > 1 else ""
        found.append(_standing(above, nearest))
        if kind == "dotted":
            nearest[number] = index
    return found


def _standing(number: str, nearest: dict[str, int]) -> int | None:
    """Where a number stands, unless one above it began anew since: then it is of a section over."""
    place = nearest.get(number)
    above = number.rpartition(".")[0]
    while place is not None and above:
        if nearest.get(above, -1) > place:
            return None
        above = above.rpartition(".")[0]
    return place


def section_title(text: str) -> str:
    """The name of a section without its number: "四、教育文化" → "教育文化"."""
    return split_number(text)[1] if text else ""


def is_chinese_heading(text: str) -> bool:
    """Whether a line begins like a section: 一、 or （一）."""
    number, _rest = split_number(text)
    return level_of(number)[1] == "cn" and chinese_number(number.strip("、（）")) is not None
