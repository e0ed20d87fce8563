"""Statements whose SQL is written once.

Django writes the SQL of a queryset anew for every request. That takes 0.3 to 1.5 ms, several times
what the database needs for its answer, and a page asks a dozen questions. Where a question is
always the same and only its values differ, say it as a statement:

    @statement
    def _late(owner: Any, today: Any) -> QuerySet[Task, Any]:
        return Task.objects.filter(owner_id=owner, late_from__lte=today).values_list("pk", "title")

    _late(owner=person.pk, today=today)             a list of tuples
    _open.instances(owner=person.pk)                rows of the model, where there is no values_list
    _late.holds("id", owner=…, today=…)             a condition: the key is among its first column

A list stands for as many places: ``pk__in=keys``, or ``among("owner_id", keys)`` for what leads to
another table. The SQL is written once per length; beyond sixteen the last value is repeated up to
the next power of two, so that there are few lengths. So a list may only be asked for membership.

The function is called with *places* instead of values, and only when the SQL is not known yet. So
it may do nothing but build a queryset: no ``if`` about a value, no value of the moment (a day, a
setting, another query's answer) that does not come in as an argument. Whether a list is empty may
be asked.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Expression, F, Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In
from django.db.models.query import ModelIterable, get_related_populators

Row = tuple[Any, ...]
#: Lists up to this length are taken as they are.
PLAIN = 16
#: Turns what the database told into what a field holds: (value, expression, connection) → value.
Converter = Callable[[Any, Any, Any], Any]


class Place(Expression):
    """Stands in a queryset for a value that is not known yet; ``number`` is its place in a list."""

    allowed_default = False

    def __init__(self, name: str, number: int | None = None) -> None:
        super().__init__()
        self.name, self.number = name, number

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def value(self, values: dict[str, Any]) -> Any:
        found = values[self.name]
        return found if self.number is None else found[self.number]


def among(column: str, places: Any) -> Any:
    """``column__in=places`` for a foreign key, whose own ``in`` takes nothing but values."""
    return In(F(column), places)


@dataclass(frozen=True)
class _Making:
    """How a row becomes an instance with its related ones, as `ModelIterable` of Django does it."""

    model: type[Model]
    names: list[str]
    columns: slice
    related: list[Any]
    annotations: dict[str, int]

    @classmethod
    def of(cls, compiler: Any, alias: str) -> "_Making | None":
        told = compiler.klass_info
        if told is None:
            return None
        fields = told["select_fields"]
        columns = slice(fields[0], fields[-1] + 1)
        return cls(
            told["model"],
            [column.target.attname for column, _sql, _alias in compiler.select[columns]],
            columns,
            get_related_populators(told, compiler.select, alias),  # type: ignore[call-arg]
            compiler.annotation_col_map,
        )

    def instance(self, row: Row, alias: str) -> Any:
        found = self.model.from_db(alias, self.names, row[self.columns])
        for populator in self.related:
            populator.populate(row, found)
        for name, place in self.annotations.items():
            setattr(found, name, row[place])
        return found


@dataclass(frozen=True)
class _Written:
    """SQL with its parameters, some of them places, and how columns are read."""

    alias: str
    sql: str
    params: tuple[Any, ...]
    converters: tuple[tuple[int, list[Converter], Any], ...]
    making: _Making | None

    def instances(self, values: dict[str, Any]) -> list[Any]:
        assert self.making is not None, "values_list has no instances"
        return [self.making.instance(row, self.alias) for row in self.rows(values)]

    def subquery(self, values: dict[str, Any]) -> RawSQL:
        return RawSQL(self.sql, self._filled(values))  # noqa: S611 — written by Django

    def _filled(self, values: dict[str, Any]) -> list[Any]:
        connection = connections[self.alias]
        return [
            _adapted(param.value(values), connection) if isinstance(param, Place) else param
            for param in self.params
        ]

    def rows(self, values: dict[str, Any]) -> list[Row]:
        connection = connections[self.alias]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._filled(values))
            found: list[Row] = cursor.fetchall()
        return [self._read(row, connection) for row in found] if self.converters else found

    def _read(self, row: Sequence[Any], connection: Any) -> Row:
        cells = list(row)
        for place, converters, expression in self.converters:
            for converter in converters:
                cells[place] = converter(cells[place], expression, connection)
        return tuple(cells)


def _adapted(value: Any, connection: Any) -> Any:
    """A value as the database takes it; Django's fields would do the same."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    return value


def _write(rows: QuerySet[Any, Any]) -> _Written | None:
    """The SQL of a queryset; None if it can have no rows."""
    compiler = rows.query.get_compiler(rows.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    columns = [expression for expression, _sql, _alias in compiler.select]
    converters = compiler.get_converters(columns).items()
    return _Written(
        rows.db,
        sql,
        tuple(params),
        tuple((at, *found) for at, found in converters),
        _Making.of(compiler, rows.db) if rows._iterable_class is ModelIterable else None,
    )


class Statement:
    """A question to the database, written when it is first asked."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._known: dict[tuple[Any, ...], _Written | None] = {}
        update_wrapper(self, build)

    def __call__(self, **values: Any) -> list[Row]:
        """The rows for these values; a list (or tuple) stands for as many values."""
        filled = {name: _padded(value) for name, value in values.items()}
        written = self._written(filled)
        return written.rows(filled) if written else []

    def column(self, **values: Any) -> list[Any]:
        """The first column of the rows."""
        return [row[0] for row in self(**values)]

    def instances(self, **values: Any) -> list[Any]:
        """The rows as instances of the model, with those selected as related."""
        filled = {name: _padded(value) for name, value in values.items()}
        written = self._written(filled)
        return written.instances(filled) if written else []

    def holds(self, column: str, **values: Any) -> Q:
        """The condition that a column is among the rows, which have but one: a subquery."""
        filled = {name: _padded(value) for name, value in values.items()}
        written = self._written(filled)
        return Q(In(F(column), written.subquery(filled))) if written else Q(pk__in=[])

    def _written(self, values: dict[str, Any]) -> _Written | None:
        lengths = tuple(
            len(value) if isinstance(value, list | tuple) else None for value in values.values()
        )
        key = (*values, *lengths)
        if key not in self._known:
            places = map(_place, values, lengths)
            self._known[key] = _write(self._build(**dict(zip(values, places, strict=True))))
        return self._known[key]


def _padded(value: Any) -> Any:
    """A longer list with its last value repeated up to a power of two."""
    if not isinstance(value, list | tuple) or len(value) <= PLAIN:
        return value
    length = 1 << (len(value) - 1).bit_length()
    return [*value, *[value[-1]] * (length - len(value))]


def _place(name: str, length: int | None) -> Place | list[Place]:
    if length is None:
        return Place(name)
    return [Place(name, number) for number in range(length)]


def statement(build: Callable[..., QuerySet[Any, Any]]) -> Statement:
    """Decorate a function from places to a queryset of ``values_list``."""
    return Statement(build)
