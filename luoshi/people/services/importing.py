"""Units and people out of tables: check first, then write; again later as an update (ORG-4).

result = import_people(file, by=actor, dry_run=True)     nothing is written
result = import_people(file, by=actor)                   all rows, or none if one has an error
result = import_people(file, by=actor, partly=True)      the rows without an error
"""

from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused
from luoshi.people.kinds import PERSON_COLUMNS, REQUIRED, UNIT_COLUMNS
from luoshi.people.readers import Table, read_table
from luoshi.people.services.person_tables import PersonTable
from luoshi.people.services.tables import ImportResult
from luoshi.people.services.unit_tables import UnitTable

Source = BinaryIO | Path | Table


def import_units(
    source: Source, *, by: Actor, dry_run: bool = False, partly: bool = False
) -> ImportResult:
    """Create and update units from a table; rows are matched by code."""
    table = _open(source, "units")
    return UnitTable(table, by).run(dry_run=dry_run, partly=partly)


def import_people(
    source: Source, *, by: Actor, dry_run: bool = False, partly: bool = False
) -> ImportResult:
    """Enter and update people from a table; rows are matched by staff number."""
    table = _open(source, "people")
    return PersonTable(table, by).run(dry_run=dry_run, partly=partly)


def _open(source: Source, kind: str) -> Table:
    columns = UNIT_COLUMNS if kind == "units" else PERSON_COLUMNS
    if isinstance(source, Table):
        table = source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            table = read_table(file, columns)
    else:
        table = read_table(source, columns)
    missing = [columns[name][0] for name in REQUIRED[kind] if name not in table.places]
    if missing:
        raise Refused(
            _("The table has no column %(names)s.") % {"names": "、".join(missing)}, "file"
        )
    return table
