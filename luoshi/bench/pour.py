"""Pouring rows into tables as fast as the database takes them.

with Pouring(connection) as pouring:      # indexes are away, and made again at the end
    table = pouring.table(Task, constant={"urgency": "normal"}, columns=("id", "title"))
    table.add((1, "…"))

PostgreSQL takes COPY, SQLite one prepared statement. Only a database of its own is treated so.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

CHUNK = 10_000


def _sqlite_value(value: Any) -> Any:
    """A value as Django stores it in SQLite."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _column(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


class Table:
    """Rows on their way into one table. Every column that is not given has its constant."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        model: type[models.Model],
        columns: Sequence[str],
        constant: Mapping[str, Any],
        unknown: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self.name = model._meta.db_table
        rest = self._rest(model, columns, constant)
        known = [_column(model, name).column for name in columns]
        self._columns = [*known, *unknown, *rest]
        self._tail = tuple(rest.values())
        self._rows: list[tuple[Any, ...]] = []
        self.count = 0

    @staticmethod
    def _rest(
        model: type[models.Model], columns: Sequence[str], constant: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Column → value for what rows do not bring: told, or the default of the model."""
        given = {_column(model, name).attname for name in columns}
        found: dict[str, Any] = {}
        for column in model._meta.concrete_fields:
            known = constant.get(column.attname, constant.get(column.name, models.NOT_PROVIDED))
            if column.attname in given or (column.primary_key and known is models.NOT_PROVIDED):
                continue
            value = column.get_default() if known is models.NOT_PROVIDED else known
            found[str(column.column)] = value
        return found

    def add(self, row: tuple[Any, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self.count += len(rows)
            write = self._copy if self._connection.vendor == "postgresql" else self._insert
            write(rows)

    def _copy(self, rows: Iterable[tuple[Any, ...]]) -> None:
        columns = ", ".join(f'"{column}"' for column in self._columns)
        with self._connection.cursor() as cursor:
            stream: Any = cursor.cursor
            with stream.copy(f'COPY "{self.name}" ({columns}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row + self._tail)

    def _insert(self, rows: Iterable[tuple[Any, ...]]) -> None:
        columns = ", ".join(f'"{column}"' for column in self._columns)
        marks = ", ".join("?" * len(self._columns))
        tail = tuple(map(_sqlite_value, self._tail))
        self._connection.connection.executemany(
            f'INSERT INTO "{self.name}" ({columns}) VALUES ({marks})',
            (tuple(map(_sqlite_value, row)) + tail for row in rows),
        )


class Pouring:
    """A stretch of time in which tables have no indexes and nothing is checked row by row."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._tables: list[Table] = []
        self._models: list[type[models.Model]] = []
        self._indexes: list[str] = []

    def table(
        self,
        model: type[models.Model],
        columns: Sequence[str],
        constant: Mapping[str, Any] | None = None,
        unknown: Sequence[str] = (),
    ) -> Table:
        """A table to pour into; ``unknown`` are last columns of which Django does not know."""
        made = Table(self._connection, model, columns, constant or {}, unknown)
        self._tables.append(made)
        self._models.append(model)
        self._take_indexes(made.name)
        return made

    def __enter__(self) -> Self:
        self._connection.ensure_connection()
        if self._connection.vendor == "sqlite":
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
                self._run(f"PRAGMA {pragma}")
            self._run("PRAGMA foreign_keys=OFF")
            self._run("BEGIN")
        else:
            self._run("SET synchronous_commit = off")
            self._run("SET maintenance_work_mem = '512MB'")
            self._spare_triggers()
        return self

    def _spare_triggers(self) -> None:
        """Foreign keys are checked by triggers, row by row; a superuser may leave that out."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
            (mighty,) = cursor.fetchone()
            if mighty:
                cursor.execute("SET session_replication_role = replica")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            for table in self._tables:
                table.flush()
            self._restore()

    def _restore(self) -> None:
        for statement in self._indexes:
            self._run(statement)
        if self._connection.vendor == "sqlite":
            self._run("COMMIT")
            self._run("PRAGMA foreign_keys=ON")
            self._run("PRAGMA synchronous=NORMAL")
            self._run("PRAGMA journal_mode=WAL")
            self._run("ANALYZE")
            return
        self._run("SET session_replication_role = origin")
        self._move_sequences()
        self._run("VACUUM ANALYZE")

    def _move_sequences(self) -> None:
        for model in self._models:
            table, key = model._meta.db_table, model._meta.pk
            assert key is not None
            self._run(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{key.column}'), "
                f'(SELECT coalesce(max("{key.column}"), 1) FROM "{table}"))'
            )

    def _take_indexes(self, table: str) -> None:
        """Drop the indexes of a table that stand for no constraint, and note how to make them."""
        if self._connection.vendor == "sqlite":
            asked = (
                "SELECT name, sql FROM sqlite_master "
                "WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = %s"
            )
        else:
            asked = (
                "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = %s AND NOT EXISTS "
                "(SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
            )
        with self._connection.cursor() as cursor:
            cursor.execute(asked, [table])
            found = cursor.fetchall()
        for name, statement in found:
            self._run(f'DROP INDEX "{name}"')
            self._indexes.append(statement)

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
