"""Number patterns such as ``督〔{year}〕{n}号``: two places to fill in, nothing is evaluated."""

import re

_PLACE = re.compile(r"\{year\}|\{n(?::0([1-9]))?\}")
LONGEST = 60


def pattern_stands(pattern: str) -> bool:
    """Whether ``{year}`` and ``{n}`` (or ``{n:03}``) stand in it once each, and no other brace."""
    places = [found.group() for found in _PLACE.finditer(pattern)]
    rest = _PLACE.sub("", pattern)
    once = sorted(place[1] for place in places) == ["n", "y"]
    return once and not re.search(r"[{}\x00-\x1f]", rest) and len(pattern) <= LONGEST


def number_of(pattern: str, year: int, n: int) -> str:
    """The ``n``-th number of a year: ``督〔{year}〕{n:03}号`` → ``督〔2026〕018号``."""

    def fill(found: re.Match[str]) -> str:
        if found.group() == "{year}":
            return str(year)
        return str(n).zfill(int(found.group(1) or 0))

    return _PLACE.sub(fill, pattern)
