"""The register of sections: every room adds the settings it owns, in its ``apps.py`` (§19.15).

`measures` knows its own sections from here too. What is registered gives, without another line:
reading and checking a file, writing one, the form, a new version, comparing versions, and the
plain-words page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from luoshi.measures.rules.keys import Data, Section, Table


@dataclass(frozen=True)
class Columns:
    """The section is kept in columns of Measure that are named like its keys.

    ``pack`` and ``unpack`` turn a value that is no column type (a list) into one and back.
    """

    pack: Callable[[str, Any], Any] = lambda name, value: value
    unpack: Callable[[str, Any], Any] = lambda name, value: value


@dataclass(frozen=True)
class Rows:
    """The section is kept in rows of a table with a foreign key ``measure``.

    ``to_rows`` gives the columns of each row, ``from_rows`` the data again, from rows as dicts in
    the order of ``order_by``.
    """

    model: type[Model]
    to_rows: Callable[[Any], list[Table]]
    from_rows: Callable[[list[Table]], Data]
    order_by: tuple[str, ...]


_sections: dict[str, Section] = {}


def register(*sections: Section) -> None:
    """Add sections. A name is taken once; registering the same section again changes nothing."""
    for section in sections:
        if _sections.setdefault(section.name, section) is not section:
            raise ValueError(f"There are two sections called {section.name}.")


def sections() -> tuple[Section, ...]:
    """All sections, in the order in which files, forms and pages show them."""
    return tuple(_sections.values())
