"""How a year falls into parts. Pure."""

import datetime as dt
from dataclasses import dataclass

from luoshi.kit.dates import last_of_month


@dataclass(frozen=True)
class Stretch:
    """A period not yet made: what it is, its ends, and the shorter ones in it."""

    kind: str
    name: str
    since: dt.date
    until: dt.date
    parts: tuple["Stretch", ...] = ()


_HALVES = ("上半年", "下半年")
_QUARTERS = ("第一季度", "第二季度", "第三季度", "第四季度")


def parts_of_year(year: int) -> Stretch:
    """A year with its halves, quarters and months. Names are data, in the office's language."""
    months = [_months("month", f"{year}年{month}月", year, month, month) for month in range(1, 13)]
    quarters = [
        _months(
            "quarter", f"{year}年{name}", year, i * 3 + 1, i * 3 + 3, *months[i * 3 : i * 3 + 3]
        )
        for i, name in enumerate(_QUARTERS)
    ]
    halves = [
        _months("half", f"{year}年{name}", year, i * 6 + 1, i * 6 + 6, *quarters[i * 2 : i * 2 + 2])
        for i, name in enumerate(_HALVES)
    ]
    return _months("year", f"{year}年", year, 1, 12, *halves)


def _months(kind: str, name: str, year: int, first: int, last: int, *parts: Stretch) -> Stretch:
    return Stretch(kind, name, dt.date(year, first, 1), last_of_month(year, last), parts)
