"""Date phrases as task tables write them, read into days — or said to be unclear, never guessed."""

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from luoshi.intake.rules.text import chinese_number, folded, is_blank


class DateKind(TextChoices):
    """How a phrase was read."""

    NONE = "none", _("no date")
    BY = "by", _("by that day")
    SPAN = "span", _("from one day to another")
    ALL_YEAR = "all_year", _("the whole year")
    REPEATED = "repeated", _("again and again, until the end of the year")
    STANDING = "standing", _("standing; until the end of the year")
    SEVERAL = "several", _("several dates; the last one is the due date")
    UNCLEAR = "unclear", _("not understood")


@dataclass(frozen=True)
class DatePhrase:
    """What a phrase says: the first and the last day (included), and what it says beside the day.

    ``note`` keeps the words that are no date (投入使用, 动工, 每月28日前); ``asks`` marks a
    reading the clerk should confirm.
    """

    kind: DateKind
    since: dt.date | None = None
    until: dt.date | None = None
    note: str = ""
    asks: bool = False

    @property
    def understood(self) -> bool:
        return self.kind != DateKind.UNCLEAR


UNCLEAR = DatePhrase(DateKind.UNCLEAR)
NONE = DatePhrase(DateKind.NONE)


def _named_year(of: str) -> str:
    """The year before a quarter, half, day or month, in groups named for what follows."""
    return (
        rf"(?:(?P<{of}_y>20\d\d)年|(?P<{of}_w>本年|今年|当年|明年|次年|翌年)"
        rf"|(?P<{of}_d>20\d\d)[-./](?=\d{{1,2}}(?:\D|$)))?"
    )


_PART = r"(?P<part>上旬|中旬|下旬|月底|月末|底|末|中|初)?"
_MOMENT = re.compile(
    rf"""
      (?P<iso>(?P<fy>20\d\d)(?:年|[-./])(?P<fm>\d{{1,2}})(?:月|[-./])(?P<fd>\d{{1,2}})[日号]?)
    | (?P<compact>(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d))
    | {_named_year("q")}(?P<qm>第?(?P<q>[1-4])季度?|[Qq](?P<q2>[1-4])(?!\d))(?P<qpart>底|末)?
    | {_named_year("half")}(?P<half>[上下])半年(?:底|末)?
    | {_named_year("day")}(?P<mm>\d{{1,2}})月(?P<md>\d{{1,2}})[日号]?
    | {_named_year("month")}(?P<nm>\d{{1,2}})月份?{_PART}
    | (?P<ty>20\d\d)[-./](?P<tm>\d{{1,2}})(?![\d%])(?:月份?)?
    | (?<![\d.])(?P<pm>\d{{1,2}})\.(?P<pd>\d{{1,2}})(?=[日号前]|之前|以前)[日号]?
    | (?:(?P<ey>20\d\d)年?|(?P<ew>本年|今年|当年|明年|次年|翌年|全年))?
      (?P<end>年底|年末|年内|年度内|年终|底|末|内|度内|度)(?!\d)
    | (?P<oy>20\d\d)(?:年度?)?(?=$|完成|建成)
    """,
    re.VERBOSE,
)
_WHOLE_YEAR = re.compile(
    r"^(?:贯穿)?(?:20\d\d年?)?(?:全年(?:度)?|整年|年度)(?:推进|实施|开展|坚持|工作|任务)*$"
)
_REPEATED = re.compile(
    r"^(?:每|按|逐)(?:个|两个|双|半)?(?:季度?|月度?|周|年度?|学期|天|日|旬)|^(?:季度|月度|每日|双月)(?!末|底)"
)
_STANDING = re.compile(
    r"^(?:长期|常年|持续|常态化?|经常性?|日常|长效|一直|不间断|始终)(?:坚持|推进|开展|实施|落实|抓好|工作|任务|进行|运行|完善|性|化|有效)*$"
)
_RELATIVE = re.compile(
    r"节前|节后|春节|元旦|国庆|五一|端午|中秋|清明|暑假|寒假|暑期|开学|学期|学年|放假|期末|期初|后\d|内完成|日内|天内|周内|个月内|工作日|适时|尽快|立即|按上级|另行|待定|择机|根据|视情|近期|随时|按时|按要求|及时"
)
_RANGE_DASH = re.compile(r"(?<=[\d年月日号底末旬度])\s*(?:—+|–|~|～|-+|－|至|到)\s*(?=[\d上下第])")
_BEFORE = re.compile(r"^(?:之前|以前|前)")
_TIME_WORD = re.compile(
    r"\d|[一二三四五六七八九十]月|季度|半年|旬|月底|月末|月初|年初|周|日前|号前|年|学期|之后|以后"
)
_PERCENT = re.compile(r"\d+(?:\.\d+)?\s*[%％]")
_CN_MONTH = re.compile(r"[一二三四五六七八九十]{1,3}(?=月|日|号|季度)")
_CLOCK = re.compile(r"(?<=\d)[T\s]*\d{1,2}[:时]\d{2}(?::\d{2})?分?")


@dataclass(frozen=True)
class _Moment:
    """One expression in a phrase: first and last day it covers."""

    first: dt.date
    last: dt.date
    dated: bool  # whether it named its year
    day: bool  # whether it named the day itself or the end of a month, so that "before" is clear


def _last_of(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _months(year: int, first: int, last: int, *, dated: bool, ends: bool) -> _Moment:
    return _Moment(dt.date(year, first, 1), _last_of(year, last), dated, ends)


def _year_in(match: re.Match[str], of: str, year: int) -> tuple[int, bool]:
    plain = match[f"{of}_y"] or match[f"{of}_d"]
    if plain:
        return int(plain), True
    word = match[f"{of}_w"]
    return year + (word in ("明年", "次年", "翌年")), bool(word)


def _moment(match: re.Match[str], year: int) -> _Moment | None:
    """The days an expression covers; None where it names no real day."""
    got = match.groupdict()
    if got["iso"]:
        day = dt.date(int(got["fy"]), int(got["fm"]), int(got["fd"]))
        return _Moment(day, day, True, True)
    if got["compact"]:
        day = dt.date.fromisoformat(got["compact"])
        return _Moment(day, day, True, True)
    if got["qm"]:
        which, dated = _year_in(match, "q", year)
        quarter = int(got["q"] or got["q2"])
        ends = bool(got["qpart"])
        return _months(which, quarter * 3 - 2, quarter * 3, dated=dated, ends=ends)
    if got["half"]:
        which, dated = _year_in(match, "half", year)
        first = 1 if got["half"] == "上" else 7
        return _months(which, first, first + 5, dated=dated, ends=False)
    if got["mm"]:
        which, dated = _year_in(match, "day", year)
        day = dt.date(which, int(got["mm"]), int(got["md"]))
        return _Moment(day, day, dated, True)
    if got["nm"]:
        which, dated = _year_in(match, "month", year)
        return _month_part(which, int(got["nm"]), got["part"] or "", dated=dated)
    if got["ty"]:
        return _months(int(got["ty"]), int(got["tm"]), int(got["tm"]), dated=True, ends=False)
    if got["pm"]:
        day = dt.date(year, int(got["pm"]), int(got["pd"]))
        return _Moment(day, day, False, True)
    if got["end"]:
        return _year_end(got, year)
    return _months(int(got["oy"]), 1, 12, dated=True, ends=True)


def _month_part(year: int, month: int, part: str, *, dated: bool) -> _Moment | None:
    """9月, 9月底, 9月中旬; 月初 and 月中 name no last day."""
    if part in ("初", "中"):
        return None
    tenths = {"上旬": (1, 10), "中旬": (11, 20)}
    if part in tenths:
        first, last = tenths[part]
        return _Moment(dt.date(year, month, first), dt.date(year, month, last), dated, False)
    whole = _months(year, month, month, dated=dated, ends=bool(part) and part != "下旬")
    if part == "下旬":
        return _Moment(whole.first.replace(day=21), whole.last, dated, False)
    return whole


def _year_end(got: dict[str, str | None], year: int) -> _Moment | None:
    """年底, 2026年底, 年内; a lone 底 or 内 is no date."""
    said = got["ey"] or got["ew"]
    if not said and not (got["end"] or "").startswith("年"):
        return None
    which = int(got["ey"]) if got["ey"] else year + (got["ew"] in ("明年", "次年", "翌年"))
    return _months(which, 1, 12, dated=bool(said), ends=True)


def _half_width(text: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", text).split())
    return _CN_MONTH.sub(lambda m: str(chinese_number(m[0]) or m[0]), text)


def _serial(text: str) -> DatePhrase | None:
    """A day as the spreadsheet counts it (46130), where the cell was not formatted as a date."""
    if re.fullmatch(r"\d{5}", text) and 36526 <= int(text) <= 73050:
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
        return DatePhrase(DateKind.BY, None, day, "", asks=True)
    return None


def _wordy(text: str, year: int) -> DatePhrase | None:
    """Phrases that are a word, not a day: 全年, 每季度, 长期."""
    end, begin = dt.date(year, 12, 31), dt.date(year, 1, 1)
    if _WHOLE_YEAR.match(text):
        said = re.search(r"20\d\d", text)
        which = int(said[0]) if said else year
        return DatePhrase(DateKind.ALL_YEAR, dt.date(which, 1, 1), dt.date(which, 12, 31))
    if _REPEATED.match(text):
        if re.match(r"^每年", text):
            inner = understand(text[2:], year) if text[2:] else DatePhrase(DateKind.BY)
            if inner.kind == DateKind.BY and inner.until:
                return DatePhrase(DateKind.REPEATED, None, inner.until, text)
        if re.search(r"学期|学年", text):
            return None
        return DatePhrase(DateKind.REPEATED, begin, end, text)
    if _STANDING.match(text):
        return DatePhrase(DateKind.STANDING, begin, end, text)
    return None


def _range_heads(text: str) -> str:
    """3-5月 → 3月-5月, 2026.3-2026.5 stays; so that both ends read as expressions."""
    text = re.sub(r"(?<![\d.年/-])(\d{1,2})(?:-|至|到|~|—+)(\d{1,2})(?=月)", r"\1月→\2", text)
    text = re.sub(r"(?<=年)(\d{1,2})(?:-|至|到|~|—+)(\d{1,2})(?=月)", r"\1月→\2", text)
    if re.search(r"20\d\d-\d{1,2}(?:-\d{1,2})?(?!\d)", text) and "→" not in text:
        return re.sub(r"(?<=\d)(?:至|到|~|—+)(?=20\d\d)", "→", text)
    return _RANGE_DASH.sub("→", text)


@lru_cache(maxsize=4096)
def understand(text: str, year: int) -> DatePhrase:
    """Read a phrase of a table of that year. Never raises; unclear ones say so."""
    if is_blank(text):
        return NONE
    phrase = _half_width(text)
    if len(phrase) > 120:
        return UNCLEAR
    try:
        return _serial(phrase) or _wordy(phrase.rstrip("。.;"), year) or _dated(phrase, year)
    except (ValueError, OverflowError):
        return UNCLEAR


def _dated(phrase: str, year: int) -> DatePhrase:
    phrase = _range_heads(_CLOCK.sub("", phrase).rstrip("。;；"))
    spans: list[tuple[_Moment, int, int]] = []
    rest, position = "", 0
    for match in _MOMENT.finditer(phrase):
        if not match[0]:
            continue
        moment = _moment(match, year)
        if moment is None:
            if match["end"]:
                continue
            return UNCLEAR
        rest += phrase[position : match.start()] + "\0"
        position = match.end()
        before = _BEFORE.match(phrase[position:])
        if before and not moment.day:
            return UNCLEAR
        if before:
            position += before.end()
        spans.append((moment, match.start(), position))
    rest += phrase[position:]
    if not spans or _unread(rest):
        return UNCLEAR
    return _together(phrase, spans, rest, year)


def _unread(rest: str) -> bool:
    """Whether what is no date still speaks of time."""
    rest = _PERCENT.sub("", rest.replace("\0", " "))
    return bool(_TIME_WORD.search(rest) or _RELATIVE.search(rest))


def _together(
    phrase: str, spans: list[tuple[_Moment, int, int]], rest: str, year: int
) -> DatePhrase:
    """One expression, a range, or several."""
    note = re.sub(
        r"^[,，;、。:：()\s]+|[,，;、。:：(\s]+$", "", rest.replace("\0", "").replace("→", "")
    )
    moments = [moment for moment, _start, _end in spans]
    last = moments[-1]
    other_year = any(m.dated and m.last.year != year for m in moments)
    if len(moments) == 1:
        if "→" in phrase:
            return UNCLEAR
        whole = last.last - last.first > dt.timedelta(days=92)
        since = last.first if whole and not last.day else None
        lost_zero = bool(re.fullmatch(r"20\d\d\.1", phrase))  # a number: January, or October cut?
        return DatePhrase(DateKind.BY, since, last.last, note, asks=other_year or lost_zero)
    if len(moments) == 2 and phrase[spans[0][2] : spans[1][1]] == "→":
        return _span(moments[0], last, note, asks=other_year)
    if "→" in phrase:
        return UNCLEAR
    return DatePhrase(DateKind.SEVERAL, None, max(m.last for m in moments), note, asks=True)


def _span(first: _Moment, last: _Moment, note: str, *, asks: bool) -> DatePhrase:
    until = last.last
    if first.dated and not last.dated and until.year != first.first.year:
        until = _same_day(until, first.first.year)
    if until < first.first:
        return UNCLEAR
    return DatePhrase(DateKind.SPAN, first.first, until, note, asks=asks)


def _same_day(day: dt.date, year: int) -> dt.date:
    return dt.date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


@dataclass(frozen=True)
class Calendar:
    """Phrases read for one table: its year, and what the clerk settled for unclear ones."""

    year: int
    settled: Mapping[str, dt.date | None] = field(default_factory=dict)

    def read(self, text: str) -> DatePhrase:
        """The clerk's answer first; None there means: no date."""
        key = folded(text)
        if key in self.settled:
            day = self.settled[key]
            return DatePhrase(DateKind.BY, None, day) if day else NONE
        return understand(text, self.year)
