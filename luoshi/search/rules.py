"""How a text is cut for the index, and how a query is. Pure; the same on both databases.

    党建工作2026年  →  党建 建工 工作 作 | 2026 | 年
    a run of Chinese becomes its overlapping pairs and its last character alone;
    a run of letters and digits stays whole, in small letters.

The last character alone lets one character be found by prefix (工 → 工作, 作 → 作) and lets a
phrase go over the end of a run. A query is the phrase of its grams; words parted by spaces must all
occur.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: More grams of one text are not indexed: positions in a tsvector end at 16,383.
MOST_GRAMS = 16_000
_LONGEST = 64  # characters of one word of letters and digits
_MOST_TERMS = 16  # words of a query

# Chinese characters of every plane, 〇 and 々, and kana (written without spaces as well).
_CHINESE = (
    "\u3005\u3007\u3040-\u309f\u30a0-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_RUN = re.compile(rf"(?P<chinese>[{_CHINESE}]+)|(?P<word>[^\W_{_CHINESE}]+)")
# The tokenizer of SQLite knows these for sure; rarer ones are written as their number.
_COMMON = re.compile("[\u3007\u3400-\u4db5\u4e00-\u9fcb]")


@dataclass(frozen=True)
class Phrase:
    """Grams that must follow each other; ``prefix``: the last may go on."""

    grams: tuple[str, ...]
    prefix: bool = False


def _folded(text: str) -> str:
    """Full-width to half-width, small letters, accents off."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    bare = (ch for ch in unicodedata.normalize("NFKD", text) if not unicodedata.combining(ch))
    return unicodedata.normalize("NFC", "".join(bare))


def _stand_in(ch: str) -> str:
    return ch if _COMMON.match(ch) else f"u{ord(ch):x}"


def _cut(text: str) -> Iterator[tuple[str, bool]]:
    """Grams in order, each with whether it is the lone last character of a run of Chinese."""
    for run in _RUN.finditer(_folded(text)):
        word = run["word"]
        if word:
            yield word[:_LONGEST], False
            continue
        chars = [_stand_in(ch) for ch in run["chinese"]]
        for first, second in itertools.pairwise(chars):
            yield first + second, False
        yield chars[-1], True


def grams(text: str) -> list[str]:
    """The grams of a text, in order; at most `MOST_GRAMS`."""
    found: list[str] = []
    for gram, _last in _cut(text):
        found.append(gram)
        if len(found) == MOST_GRAMS:
            break
    return found


def phrase(query: str) -> list[Phrase]:
    """What a query asks for: one phrase per word. Empty if there is nothing to look for."""
    phrases: list[Phrase] = []
    for term in query.split()[:_MOST_TERMS]:
        cut = list(_cut(term))
        if not cut:
            continue
        lone = cut[-1][1]  # ends with Chinese
        pair = lone and len(cut) > 1 and _is_pair_before(term)
        words = tuple(gram for gram, _last in (cut[:-1] if pair else cut))
        phrases.append(Phrase(words[:MOST_GRAMS], prefix=lone and not pair))
    return phrases


def _is_pair_before(term: str) -> bool:
    """Whether the last run of Chinese has at least two characters, so its pairs say enough."""
    *_others, last = _RUN.finditer(_folded(term))
    return len(last["chinese"] or "") > 1


def fts_query(phrases: Sequence[Phrase]) -> str:
    """The query as SQLite's FTS5 reads it. Grams hold letters and digits only: no quoting."""
    return " AND ".join(
        '"' + " ".join(one.grams) + '"' + (" *" if one.prefix else "") for one in phrases
    )


def ts_query(phrases: Sequence[Phrase]) -> str:
    """The query as PostgreSQL's tsquery reads it."""
    return " & ".join(
        "(" + " <-> ".join(f"'{gram}'" for gram in one.grams) + (":*)" if one.prefix else ")")
        for one in phrases
    )


def ts_vector(found: Sequence[str]) -> str:
    """Grams as a tsvector is written: each with its positions (256 at most count)."""
    places: dict[str, list[int]] = {}
    for place, gram in enumerate(found, start=1):
        places.setdefault(gram, []).append(place)
    return " ".join(
        f"'{gram}':" + ",".join(map(str, where[:256])) for gram, where in places.items()
    )
