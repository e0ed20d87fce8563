"""On which line of a TOML file does a key stand? The standard reader does not tell (§19.15).

The text has been read by the standard reader before, so it is known to be TOML; this scanner only
finds places. It returns the path of each table and key — names, and positions in lists of tables —
with its line: ``("measure", 0, "lights", 2, "colour") → 48``.
"""

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL = re.compile(r"'([^'\n]*)'")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"""("{0,2})', re.DOTALL),
    re.compile(r"'''.*?'''('{0,2})", re.DOTALL),
    _BASIC,
    _LITERAL,
)
_OPENING, _CLOSING = "[{", "]}"


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key of a file."""
    return dict(_places(text.replace("\r\n", "\n")))


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of a path, or of the nearest thing around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _places(text: str) -> Iterator[tuple[Path, int]]:
    at, here = 0, Path()
    counts: dict[Path, int] = {}
    while at < len(text):
        at = _skip_blank(text, at)
        if at >= len(text):
            return
        line = text.count("\n", 0, at) + 1
        if text[at] == "[":
            many = text.startswith("[[", at)
            names, at = _names(text, at + 1 + many)
            here = _open(names, many, counts)
            yield here, line
            at = _end_of_line(text, at)
        else:
            names, at = _names(text, at)
            if not names:
                at = _end_of_line(text, at)
                continue
            for length in range(1, len(names) + 1):
                yield (*here, *names[:length]), line
            at = _skip_value(text, at)


def _open(names: list[str], many: bool, counts: dict[Path, int]) -> Path:
    """The path a header opens; a list of tables is stepped on, and stands for its last table."""
    here: Path = ()
    for position, name in enumerate(names):
        here = (*here, name)
        if many and position == len(names) - 1:
            counts[here] = counts.get(here, -1) + 1
        if here in counts:
            here = (*here, counts[here])
    return here


def _names(text: str, at: int) -> tuple[list[str], int]:
    """The dotted key at a place, and the place behind it."""
    names: list[str] = []
    while True:
        at = _skip_spaces(text, at)
        for form in (_BARE, _BASIC, _LITERAL):
            if found := form.match(text, at):
                names.append(found.group(1) if form.groups else found.group())
                at = _skip_spaces(text, found.end())
                break
        else:
            return names, at
        if not text.startswith(".", at):
            return names, at
        at += 1


def _skip_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _skip_blank(text: str, at: int) -> int:
    while at < len(text):
        if text[at] == "#":
            at = _end_of_line(text, at)
        elif text[at] in " \t\r\n":
            at += 1
        else:
            break
    return at


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _skip_value(text: str, at: int) -> int:
    """The place behind a value: the end of the line on which its brackets are closed."""
    depth = 0
    while at < len(text):
        sign = text[at]
        if sign == "#":
            at = _end_of_line(text, at)
        elif sign == "\n" and depth == 0:
            return at
        elif sign in "\"'":
            found = next((m for form in _STRINGS if (m := form.match(text, at))), None)
            at = found.end() if found else at + 1
        else:
            depth += (sign in _OPENING) - (sign in _CLOSING)
            at += 1
    return at
