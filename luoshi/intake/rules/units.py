"""One cell, several units: divided by 、 ， ； / space, line break, or by nothing at all.

Every name found is one the institution has: full name, short name, alias, or one of these without
its prefix (县、市、院、党委 …). What is left over is never dropped and never guessed: the whole
piece goes into the queue of open names.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from luoshi.intake.rules.text import folded, is_blank, is_left_out

_PREFIX = re.compile(
    r"^(?:(?:我?[校院县市区省]|学院|学校|大学)?(?:党委|党政)|[县市区省]委|[县市区省]政府|我[校院县市区]|学院|学校|"
    r"[校院县市区省州镇乡])"
)
_HARD = re.compile(r"[、,，;；/／|｜]|(?<=[^\x00-\x7f])\s*[&＆]\s*")
_ROLE_AFTER = r"(?P<role>牵头|主办|主责|负责|配合|协助|协办|参与|落实|承办)"
_ROLE = re.compile(rf"^(?P<name>.+?){_ROLE_AFTER}$", re.DOTALL)
_ROLE_INSIDE = re.compile(rf"^(?P<name>.+?)\s*[(（]{_ROLE_AFTER}(?:单位|部门)?[)）]$", re.DOTALL)
_CLAUSE = re.compile(r"[,，;；]")
_CLOSED = "\0"
_LABEL = re.compile(
    r"^(?P<role>牵头|主办|责任|承办|配合|协办|参与)(?:单位|部门)?[:：](?P<name>.+)$", re.DOTALL
)
_HELPS = frozenset({"配合", "协助", "协办", "参与"})
_BRACKETS = re.compile(r"[(（〔\[]([^)）〕\]]*)[)）〕\]]")
_JOINS = ("以及", "会同", "和", "与", "及", "等单位", "等部门", "等", "有关单位")
_FREE = ("我", "校", "院", "县", "市", "区", "省", "州", "镇", "学院", "学校")
_ORG_END = re.compile(
    r"(?:局|处|部|办|委|科|室|院|系|馆|中心|公司|集团|指挥部|办公室|委员会|政府|街道|镇|乡|所|站|队|社|会|联|校|园区|团委|支行)$"
)
_EVERYBODY = re.compile(r"^(?:全|各|相关|有关|所有|其他)\S{0,10}$")
_LONGEST = 80


@dataclass(frozen=True)
class UnitEntry:
    """A unit of the institution and everything it is called by. ``closed`` ones are only named."""

    id: int
    names: tuple[str, ...]
    closed: bool = False


@dataclass(frozen=True)
class Units:
    """What a cell of units says.

    ``lead`` and ``helping`` are unit ids; ``unknown`` are names for the queue; ``loose`` are
    (name in the file, unit id) pairs found without their prefix, told to the clerk.
    """

    lead: tuple[int, ...] = ()
    helping: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    loose: tuple[tuple[str, int], ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        return self.lead + self.helping


def means_many(name: str) -> bool:
    """Whether a name speaks of units in general: 各二级学院, 相关部门."""
    return bool(_EVERYBODY.match(folded(name)))


def without_prefix(name: str) -> str:
    """ "县水务局" → "水务局"; a name that would become too short stays as it is."""
    rest = _PREFIX.sub("", name, count=1)
    return rest if len(rest) >= 3 or (len(rest) == 2 and _ORG_END.search(rest)) else name


def _variants(name: str) -> set[str]:
    """Other ways to write one name that cannot mean another unit by themselves."""
    found = {name, without_prefix(name)}
    found |= {n.removesuffix("公室") for n in found if n.endswith("办公室") and len(n) > 3}
    found |= {_BRACKETS.sub("", n) for n in set(found)}
    return {n for n in found if len(n) >= 2}


@dataclass
class UnitNames:
    """The dictionary of units. ``settled`` are answers of the clerk: they come first."""

    exact: dict[str, int] = field(default_factory=dict)
    loose: dict[str, frozenset[int]] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    settled: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    _seen: dict[str, Units] = field(default_factory=dict)

    def find(self, name: str) -> int | None:
        """The unit of this exact name, or the only one of that name but for prefix or ending."""
        key = folded(name)
        if key in self.exact:
            return self.exact[key]
        candidates: set[int] = set()
        for variant in _variants(key):
            candidates |= self.loose.get(variant, frozenset())
        return next(iter(candidates)) if len(candidates) == 1 else None

    def read(self, text: str) -> Units:
        """Everything a cell says about units; the same text is understood once."""
        if text not in self._seen:
            self._seen[text] = _read(self, text)
        return self._seen[text]

    def likely(self, name: str) -> list[int]:
        """Units that an unknown name may mean, best first, for the picker; never used unasked."""
        if _EVERYBODY.match(folded(name)):
            return []
        key = without_prefix(folded(name))
        letters = set(key)
        scores = []
        for known, unit in self.exact.items():
            common = len(letters & set(without_prefix(known)))
            inside = key in known or known in key
            if inside or common >= 2:
                scores.append((-inside, -common / max(len(known), len(key)), unit))
        return list(dict.fromkeys(unit for *_rest, unit in sorted(scores)))[:5]


def dictionary(
    entries: Iterable[UnitEntry], settled: Mapping[str, tuple[int, ...]] | None = None
) -> UnitNames:
    """Build the dictionary. A name that two open units share is nobody's: it is asked."""
    exact: dict[str, set[int]] = {}
    loose: dict[str, set[int]] = {}
    closed: set[str] = set()
    for entry in entries:
        for name in entry.names:
            key = folded(name)
            if not key:
                continue
            if entry.closed:
                closed.add(key)
                continue
            exact.setdefault(key, set()).add(entry.id)
            for variant in _variants(key):
                loose.setdefault(variant, set()).add(entry.id)
    return UnitNames(
        exact={k: next(iter(v)) for k, v in exact.items() if len(v) == 1},
        loose={k: frozenset(v) for k, v in loose.items()},
        closed=frozenset(closed - exact.keys()),
        settled={folded(k): v for k, v in (settled or {}).items()},
    )


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """Pieces between separators, but never inside brackets."""
    pieces, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in "(（〔[":
            depth += 1
        elif char in ")）〕]":
            depth = max(0, depth - 1)
        elif not depth and separator.match(text, index):
            pieces.append(text[start:index])
            start = index + 1
    pieces.append(text[start:])
    return [p.strip() for p in pieces if p.strip()]


@dataclass(frozen=True)
class _Found:
    units: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    loose: tuple[tuple[str, int], ...] = ()


def _whole(names: UnitNames, piece: str) -> _Found | None:
    """A piece that is one name."""
    key = folded(piece)
    if key in names.settled:
        return _Found(names.settled[key])
    unit = names.find(piece)
    if unit is not None:
        exact = key in names.exact
        return _Found((unit,), (), () if exact else ((piece, unit),))
    bare = _BRACKETS.sub("", piece).strip()
    if bare and bare != piece:
        unit = names.find(bare)
        inside = [names.find(p) for m in _BRACKETS.findall(piece) for p in _split(m, _HARD)]
        if unit is not None and all(i in (None, unit) for i in inside):
            return _Found((unit,), (), ((piece, unit),))
    return None


def _cover(names: UnitNames, key: str) -> list[tuple[str, int | None]]:
    """Divide a text without separators: as few characters left over, then as few names, as can be.

    Returns pieces in order with their unit; None stands for what is left over; joining words and
    prefixes between names are dropped.
    """
    size = len(key)
    longest = max((len(k) for k in names.exact), default=0) + 2
    cost: list[tuple[int, int]] = [(0, 0)] * (size + 1)
    step: list[tuple[int, str, int | None]] = [(size, "", None)] * (size + 1)
    for i in range(size - 1, -1, -1):
        left, pieces = cost[i + 1]
        cost[i], step[i] = (left + 1, pieces), (i + 1, "rest", None)
        for j in range(i + 2, min(size, i + longest) + 1):
            unit = _named(names, key[i:j])
            if unit is not None and (cost[j][0], cost[j][1] + 1) <= cost[i]:
                cost[i], step[i] = (cost[j][0], cost[j][1] + 1), (j, "unit", unit)
        for word in (*_JOINS, *_FREE):
            j = i + len(word)
            if key.startswith(word, i) and cost[j] < cost[i] and _may_drop(word, step, i, j, size):
                cost[i], step[i] = cost[j], (j, "free", None)
    pieces_found: list[tuple[str, int | None]] = []
    i = 0
    while i < size:
        j, kind, unit = step[i]
        if kind == "unit":
            pieces_found.append((key[i:j], unit))
        elif kind == "rest" and pieces_found and pieces_found[-1][1] is None:
            pieces_found[-1] = (pieces_found[-1][0] + key[i:j], None)
        elif kind == "rest":
            pieces_found.append((key[i:j], None))
        i = j
    return pieces_found


def _may_drop(
    word: str, step: list[tuple[int, str, int | None]], i: int, j: int, size: int
) -> bool:
    """A prefix may be dropped right before a name, a joining word before a name or at the end."""
    before_name = j < size and step[j][1] in ("unit", "free")
    if word in _FREE:
        return before_name
    if word.startswith(("等", "有关")):
        return j == size and i > 0
    return i > 0 and before_name


def _named(names: UnitNames, key: str) -> int | None:
    """A unit called so exactly, or the only one but for its prefix or ending."""
    if key in names.settled and len(names.settled[key]) == 1:
        return names.settled[key][0]
    if key in names.exact:
        return names.exact[key]
    only = names.loose.get(key, frozenset())
    return next(iter(only)) if len(only) == 1 and len(key) >= 3 else None


def _glued(names: UnitNames, piece: str) -> _Found:
    """Several names without anything between them; otherwise the piece is one unknown name."""
    key = folded(piece)
    if len(key) > _LONGEST or _EVERYBODY.match(key):
        return _Found((), (piece,))
    pieces = _cover(names, key)
    left = [text for text, unit in pieces if unit is None]
    if not all(_ORG_END.search(text) and len(text) >= 3 for text in left) or len(left) == len(
        pieces
    ):
        return _Found((), (piece,))
    units = tuple(dict.fromkeys(unit for _text, unit in pieces if unit is not None))
    loose = tuple((text, unit) for text, unit in pieces if unit and text not in names.exact)
    return _Found(units, tuple(left), loose)


def _piece(names: UnitNames, piece: str) -> _Found:
    """One piece between separators: a name, a name broken by a line end, or names in a row."""
    found = _whole(names, piece)
    if found:
        return found
    parts = piece.split()
    if len(parts) > 1:
        each = [_whole(names, p) or _glued(names, p) for p in parts]
        if not any(f.unknown for f in each):
            return _merged(each)
        joined = _whole(names, "".join(parts)) or _glued(names, "".join(parts))
        if not joined.unknown:
            return joined
        if all(len(p) < 3 or not _ORG_END.search(p) for f in each for p in f.unknown):
            return (
                joined if len(joined.unknown) < sum(len(f.unknown) for f in each) else _merged(each)
            )
        return _merged(each)
    return _glued(names, piece)


def _merged(found: list[_Found]) -> _Found:
    return _Found(
        tuple(dict.fromkeys(u for f in found for u in f.units)),
        tuple(dict.fromkeys(n for f in found for n in f.unknown)),
        tuple(dict.fromkeys(p for f in found for p in f.loose)),
    )


def _clauses(text: str) -> list[tuple[str, str]]:
    """(name, role) of every piece: 教务处（牵头） → 教务处, 牵头.

    A role after a list means all of it (学工处、基建处配合), one in brackets only its own name, and
    one before a colon everything up to the next comma (配合单位：…).
    """
    found: list[tuple[str, str]] = []
    for clause in _split(text, _CLAUSE):
        label = _LABEL.match(clause)
        pieces = _split(label["name"] if label else clause, _HARD)
        named = [_role(piece) for piece in pieces]
        bare = bool(named) and bool(named[-1][1]) and not named[-1][0].endswith(_CLOSED)
        common = label["role"] if label else named[-1][1] if bare else ""
        for name, role in named:
            found.append((name.removesuffix(_CLOSED), role or common))
    return found


def _role(piece: str) -> tuple[str, str]:
    """A piece without its role; a role in brackets leaves `_CLOSED` at the end of the name."""
    inside = _ROLE_INSIDE.match(piece)
    if inside:
        return inside["name"].strip() + _CLOSED, inside["role"]
    after = _ROLE.match(piece)
    if after:
        return after["name"].removeprefix("由").strip(), after["role"]
    return piece, ""


def _read(names: UnitNames, text: str) -> Units:
    """See `UnitNames.read`."""
    if is_blank(text):
        return Units()
    lead: list[int] = []
    helping: list[int] = []
    unknown: list[str] = []
    loose: list[tuple[str, int]] = []
    for name, role in _clauses(text):
        if is_left_out(name) and folded(name) not in names.settled:
            unknown.append(name)
            continue
        found = _piece(names, name)
        target = helping if role in _HELPS else lead
        target.extend(found.units)
        unknown.extend(found.unknown)
        loose.extend(found.loose)
    return Units(
        tuple(dict.fromkeys(lead)),
        tuple(u for u in dict.fromkeys(helping) if u not in lead),
        tuple(dict.fromkeys(n[:100] for n in unknown)),
        tuple(dict.fromkeys(loose)),
    )
