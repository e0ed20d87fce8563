"""Colours of lights: how they are written, whether they are seen, and the ink that goes with them.

A light's colour fills bars and marks on white ground, always beside a word. So two things are asked
of it: that the fill stands out from white (`STANDS_OUT`), and that the word can be read, for which
the fill is darkened until it reaches `READABLE` (WCAG 2.2, 1.4.3).
"""

import re

#: Contrast a fill needs against white. S0's own light green has 1.6.
STANDS_OUT = 1.5
#: Contrast the word beside it needs against white.
READABLE = 4.5
WHITE = "#ffffff"
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def is_colour(text: str) -> bool:
    """Whether this is ``#`` and six hexadecimal digits in small letters."""
    return _COLOUR.fullmatch(text) is not None


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance from 0 (black) to 1 (white)."""
    parts = [c / 255 for c in _channels(colour)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str = WHITE) -> float:
    """Contrast between two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink_of(colour: str) -> str:
    """The nearest darker shade of a fill in which a word can be read on white."""
    red, green, blue = _channels(colour)
    for share in range(100, -1, -2):
        ink = f"#{red * share // 100:02x}{green * share // 100:02x}{blue * share // 100:02x}"
        if contrast(ink) >= READABLE:
            return ink
    return "#000000"
