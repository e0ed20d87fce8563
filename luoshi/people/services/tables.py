"""What imports of units and of people share: check every row, then write the good ones."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import require
from luoshi.people import queries, rules
from luoshi.people.readers import Row, Table, as_date
from luoshi.people.roles import Power


@dataclass(frozen=True)
class RowError:
    """Why a row stays out, and the cell to blame."""

    row: int
    cell: str
    heading: str
    value: str
    reason: str


@dataclass
class ImportResult:
    """What an import did, or would do."""

    kind: str
    dry_run: bool
    total: int = 0
    created: int = 0
    changed: int = 0
    same: int = 0
    posts: int = 0
    errors: list[RowError] = field(default_factory=list)
    unknown: Sequence[str] = ()
    passwords: list[tuple[str, str, str]] = field(default_factory=list)
    changes: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def rows_in_error(self) -> int:
        return len({error.row for error in self.errors})

    @property
    def good(self) -> int:
        return self.created + self.changed

    @property
    def wrote(self) -> bool:
        return not self.dry_run and self.good > 0


class ImportTable:
    """What both imports do: check every row, then write the good ones."""

    kind = ""
    columns: Mapping[str, Sequence[str]] = {}

    def __init__(self, table: Table, by: Actor) -> None:
        self.table, self.by = table, by
        self.today = clock.today()
        self.powers = queries.powers_of_actor(by)
        require(rules.may_edit_unit(self.powers.has(Power.EDIT_PEOPLE)))
        self.errors: list[RowError] = []

    def run(self, *, dry_run: bool, partly: bool) -> ImportResult:
        result = ImportResult(
            self.kind, dry_run, total=len(self.table.rows), unknown=self.table.unknown
        )
        result.errors = self.errors
        self.check(result)
        stays_out = bool(self.errors) and not partly
        if dry_run or stays_out:
            result.dry_run = True
            return result
        self.write(result)
        return result

    def check(self, result: ImportResult) -> None:
        raise NotImplementedError

    def write(self, result: ImportResult) -> None:
        raise NotImplementedError

    def fault(self, row: Row, column: str, reason: str) -> None:
        self.errors.append(
            RowError(
                row.number,
                self.table.address(row.number, column),
                self.columns[column][0],
                row.get(column)[:60],
                str(reason),
            )
        )

    def too_long(self, row: Row, limits: Mapping[str, int]) -> bool:
        before = len(self.errors)
        for column, limit in limits.items():
            if len(row.get(column)) > limit:
                reason = _("At most %(limit)s characters fit here; these are %(count)s.")
                self.fault(row, column, reason % {"limit": limit, "count": len(row.get(column))})
        return len(self.errors) > before

    def date(self, row: Row, column: str) -> dt.date | None:
        text = row.get(column)
        if not text:
            return None
        day = as_date(text)
        if day is None:
            self.fault(row, column, _("This is not a date. Write it as 2026-04-18."))
        return day

    def named(self, row: Row) -> bool:
        if not row.get("name"):
            self.fault(row, "name", _("The name is missing."))
        elif not (verdict := rules.is_name(row.get("name"))):
            self.fault(row, "name", str(verdict.reason))
        else:
            return True
        return False

    def once(self, row: Row, column: str, seen: dict[str, int]) -> bool:
        """Whether the value identifies one row of the file only."""
        value = row.get(column).upper()
        if not value:
            self.fault(row, column, _("This cell must not be empty."))
            return False
        if value in seen:
            reason = _("The same value stands in row %(row)s already.") % {"row": seen[value]}
            self.fault(row, column, reason)
            return False
        seen[value] = row.number
        return True


def split_list(text: str) -> list[str]:
    """Several names in one cell, apart by 、 ， ； / or a new line."""
    return [part for part in (p.strip() for p in re.split(r"[、，,；;/\n]+", text)) if part]
