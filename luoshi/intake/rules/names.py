"""One cell, several people, found by the names of the institution."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from luoshi.intake.rules.text import folded, is_blank, is_left_out

_HARD = re.compile(r"[、,，;；/／|\n]")
_BRACKETS = re.compile(r"[(（〔\[【][^)）〕\]】]*[)）〕\]】]")
_TITLE = re.compile(
    r"(?:党委|党组|常务|第一)?(?:副|代)?(?:书记|校长|院长|处长|部长|主任|科长|局长|所长|馆长|主席|市长|县长|镇长|教授|老师|同志|主管|干事|秘书)+$"
)


@dataclass(frozen=True)
class PersonEntry:
    """Somebody of the institution: their name and the units they count among, nearest first."""

    id: int
    name: str
    units: tuple[int, ...] = ()


@dataclass(frozen=True)
class People:
    """What a cell of people says: ids in order, and names for the queue."""

    found: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass
class PeopleNames:
    """The dictionary of people. ``settled`` are the clerk's answers; None there: nobody."""

    by_name: dict[str, tuple[PersonEntry, ...]] = field(default_factory=dict)
    settled: Mapping[str, int | None] = field(default_factory=dict)

    def find(self, name: str, unit: int | None = None) -> int | None:
        """The only person of that name — in that unit, where several are called so."""
        for key in (folded(name), _TITLE.sub("", folded(_BRACKETS.sub("", name)))):
            known = self.by_name.get(key, ())
            if len(known) == 1:
                return known[0].id
            near = [person.id for person in known if unit in person.units]
            if unit is not None and len(near) == 1:
                return near[0]
        return None

    def read(self, text: str, unit: int | None = None) -> People:
        """Everything a cell says about people; ``unit`` is the responsible unit of the row."""
        if is_blank(text):
            return People()
        found: list[int] = []
        unknown: list[str] = []
        for piece in filter(None, (p.strip() for p in _HARD.split(text))):
            for name in self._names(piece, unit):
                key = folded(name)
                person = self.settled[key] if key in self.settled else self.find(name, unit)
                if person is not None:
                    found.append(person)
                elif key not in self.settled:
                    unknown.append(name[:60])
        return People(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(unknown)))

    def _names(self, piece: str, unit: int | None) -> list[str]:
        """Names divided by spaces, unless the space stands inside one: 王 丽."""
        parts = piece.split()
        if len(parts) < 2 or is_left_out(piece) or folded(piece) in self.settled:
            return [piece]
        if self.find("".join(parts), unit) is not None or all(len(p) == 1 for p in parts):
            return ["".join(parts)]
        return parts


def directory(
    entries: Iterable[PersonEntry], settled: Mapping[str, int | None] | None = None
) -> PeopleNames:
    """Build the dictionary of people."""
    by_name: dict[str, list[PersonEntry]] = {}
    for entry in entries:
        by_name.setdefault(folded(entry.name), []).append(entry)
    return PeopleNames(
        {name: tuple(people) for name, people in by_name.items()},
        {folded(k): v for k, v in (settled or {}).items()},
    )
