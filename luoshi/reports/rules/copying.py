"""How much of a report is copied from others, and which of their problems it does not mention.

    copied(text, sources)        where a text runs along with one of the sources
    measure(texts, quoted, …)    the share of a whole report, in percent (RPT-3)
    says_nothing, mentions       problems of sub-tasks that a summary passes over

S0, 任务反馈 3: a report sums up in its own words and is no copy. The rule, as the guide tells it:

* Only letters and digits count, in one shape: full width as half width, capitals as small letters,
  without accents. Spaces, line breaks and punctuation neither count nor break a run.
* Copied is every run of at least ``RUN`` such characters that stands in a source in the same order.
* What stands in the task itself (its title, details, standard) belongs to nobody and is not copied.
* A quotation is copied from end to end, whether it is marked as one or pasted in.
* The share is copied characters by all characters, quotations included, rounded up: 30.2 % says 31.

Words put in another order, replaced or translated are not found; neither are simplified characters
written as traditional ones. Pure functions: no database, no clock.
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.translation import gettext as _

from luoshi.kit.verdict import ALLOWED, Verdict, denied

#: Characters in a row that must be the same to count as copied.
RUN = 13
#: The part of a problem's pairs of characters that must turn up for it to count as mentioned.
MENTIONED = 0.4
#: Passages named in a sentence, and how many characters of each.
NAMED, SHOWN = 3, 30
#: What people write where there is no problem.
_NOTHING = frozenset(
    [
        *("无", "没有", "暂无", "无问题", "没有问题", "暂无问题", "无困难", "暂无困难", "无异常"),
        *("无需", "无需帮助", "不需要", "暂不需要", "暂无需要", "正常", "一切正常"),
        *("no", "none", "nil", "nothing", "na"),
    ]
)
#: General categories that count: letters and digits; private and unassigned characters too, as
#: rare names are written with them.
_COUNT = ("L", "N", "Co", "Cn")


@dataclass(frozen=True)
class Span:
    """A stretch of a text, in characters from its beginning; ``until`` is not part of it."""

    since: int
    until: int


@dataclass(frozen=True)
class Copying:
    """What is copied in a report: characters that count, those of them copied, the passages."""

    total: int = 0
    copied: int = 0
    passages: tuple[str, ...] = ()

    @property
    def share(self) -> int:
        """In percent, rounded up; 0 where nothing was written."""
        return -(-100 * self.copied // self.total) if self.total else 0


@lru_cache(maxsize=30_000)
def _fold(char: str) -> str:
    """A character in the one shape in which it is compared; empty if it does not count."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    shape = unicodedata.normalize("NFKC", plain).casefold()
    return "".join(c for c in shape if unicodedata.category(c).startswith(_COUNT))


def fold(text: str) -> str:
    """What counts of a text, in one shape."""
    return "".join(map(_fold, text))


def _placed(text: str) -> tuple[str, list[int]]:
    """The same, and for each character of it the place in the text it came from."""
    shapes: list[str] = []
    places: list[int] = []
    for place, shape in enumerate(map(_fold, text)):
        if shape:
            shapes.append(shape)
            places += [place] * len(shape)
    return "".join(shapes), places


def _runs(shape: str) -> Iterator[str]:
    return (shape[at : at + RUN] for at in range(len(shape) - RUN + 1))


def shared_runs(texts: Iterable[str], sources: Iterable[str], free: Iterable[str] = ()) -> set[str]:
    """Runs of the texts that a source contains, all in one shape, but for those ``free`` has too.

    Sources are gone through once and not kept: time grows with the length of both, memory with
    that of the texts only.
    """
    own = {run for text in texts for run in _runs(text)}
    for text in free:
        own.difference_update(_runs(fold(text)))
    found: set[str] = set()
    if own:
        for source in sources:
            found.update(own.intersection(_runs(fold(source))))
    return found


def _stretches(shape: str, runs: Collection[str]) -> Iterator[tuple[int, int]]:
    """Stretches of a shape that are covered by runs, joined where they touch."""
    since = until = -1
    for at, run in enumerate(_runs(shape)):
        if run not in runs:
            continue
        if at > until:
            if since >= 0:
                yield since, until
            since = at
        until = at + RUN
    if since >= 0:
        yield since, until


def copied(text: str, sources: Iterable[str], free: Iterable[str] = ()) -> list[Span]:
    """Stretches of a text that run along with a source for at least ``RUN`` characters."""
    shape, places = _placed(text)
    runs = shared_runs([shape], sources, free)
    return [Span(places[a], places[b - 1] + 1) for a, b in _stretches(shape, runs)]


def measure(
    texts: Sequence[str],
    quoted: Sequence[str],
    sources: Iterable[str],
    free: Iterable[str] = (),
) -> Copying:
    """What is copied in a report of these own texts and these quotations."""
    placed = [_placed(text) for text in texts]
    runs = shared_runs([shape for shape, _places in placed], sources, free)
    taken = 0
    passages: list[str] = []
    for text, (shape, places) in zip(texts, placed, strict=True):
        for since, until in _stretches(shape, runs):
            taken += until - since
            passages.append(text[places[since] : places[until - 1] + 1])
    marked = sum(len(fold(text)) for text in quoted)
    total = sum(len(shape) for shape, _places in placed) + marked
    return Copying(total, taken + marked, (*passages, *quoted))


def copying_stands(copying: Copying, limit: int | None) -> Verdict:
    """Whether a report may copy so much; the sentence names both figures and the passages."""
    if limit is None or 100 * copying.copied <= limit * copying.total:
        return ALLOWED
    return denied(
        _(
            "%(share)s %% of this report is copied from sub-tasks, quotations included; "
            "%(limit)s %% is allowed. Say it in your own words: %(passages)s"
        )
        % {"share": copying.share, "limit": limit, "passages": named(copying.passages)}
    )


def copied_words(copying: Copying | None, limit: int | None) -> str:
    """The share in a sentence, as it is shown while typing; empty where nothing can be copied."""
    if copying is None:
        return ""
    values = {"share": copying.share, "limit": limit}
    if limit is None:
        return _("Copied from sub-tasks: %(share)s %%, quotations included.") % values
    return _("Copied from sub-tasks: %(share)s %% of %(limit)s %% allowed.") % values


def named(passages: Sequence[str]) -> str:
    """The first passages, shortened, and how many there are in all."""
    shown = [_("“%(passage)s”") % {"passage": shortened(text)} for text in passages[:NAMED]]
    if len(passages) > NAMED:
        return _("%(passages)s and others (%(count)s passages in all)") % {
            "passages": " ".join(shown),
            "count": len(passages),
        }
    return " ".join(shown)


def shortened(text: str, most: int = SHOWN) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


# ── problems of sub-tasks ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Problem:
    """A problem somebody below told, or the help they asked for; ``name`` is its own."""

    name: str
    text: str
    about: object = field(default=None, compare=False)


def says_nothing(text: str) -> bool:
    """Whether a text only says that there is no problem."""
    shape = fold(text)
    return not shape or shape in _NOTHING


def _pairs(shape: str) -> set[str]:
    return {shape[at : at + 2] for at in range(len(shape) - 1)} or ({shape} if shape else set())


def mentions(texts: Sequence[str], problem: str) -> bool:
    """Whether a summary takes up a problem: 40 % of its pairs of characters stand in the summary.

    In Chinese a pair of characters is about a word, so a retelling in other order is recognised.
    """
    wanted = _pairs(fold(problem))
    if not wanted:
        return True
    said = set().union(*(_pairs(fold(text)) for text in texts))
    return len(wanted & said) >= MENTIONED * len(wanted)


def passed_over(
    problems: Iterable[Problem], texts: Sequence[str], quoted: Collection[str]
) -> list[Problem]:
    """Problems a summary does not mention; those ``quoted`` (by name) are mentioned."""
    return [
        problem
        for problem in problems
        if problem.name not in quoted
        and not says_nothing(problem.text)
        and not mentions(texts, problem.text)
    ]


# ── quotations ───────────────────────────────────────────────────────────────────────────────────

#: Texts of a report that can be quoted, by the letter that stands for them in a mark.
LETTERS: Mapping[str, str] = {
    "b": "body",
    "p": "problems",
    "h": "help_needed",
    "n": "next_step",
}
#: A report has no more quotations than these.
MOST_QUOTATIONS = 60


@dataclass(frozen=True)
class Mark:
    """A passage: the report it stands in, in which of its texts, from where, how many characters.

    Written ``17-b-0-54`` in forms: report 17, work done, the first 54 characters.
    """

    report: int
    letter: str
    start: int
    length: int

    def __str__(self) -> str:
        return f"{self.report}-{self.letter}-{self.start}-{self.length}"

    @property
    def field(self) -> str:
        return LETTERS[self.letter]

    @property
    def until(self) -> int:
        return self.start + self.length

    @property
    def problem(self) -> str:
        """The name of the problem this passage belongs to, where it tells one."""
        return f"{self.report}-{self.letter}"


def mark_of(text: str) -> Mark | None:
    """A mark as typed; None for anything that is none."""
    report, *rest = text.split("-")
    if len(rest) != 3 or rest[0] not in LETTERS:
        return None
    numbers = [report, *rest[1:]]
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in numbers):
        return None
    mark = Mark(int(report), rest[0], int(rest[1]), int(rest[2]))
    return mark if mark.length else None


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a text: where it starts, and what it says."""

    start: int
    text: str


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a text that say something, without the spaces around them."""
    found: list[Paragraph] = []
    at = 0
    for line in text.splitlines(keepends=True):
        said = line.strip()
        if said:
            found.append(Paragraph(at + line.index(said), said))
        at += len(line)
    return found
