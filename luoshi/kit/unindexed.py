"""Conditions at which SQLite does not begin.

A list is read in the order of an index and ends after a page. SQLite has no figures about how many
rows a condition leaves, so it likes to begin at the index of the condition instead, and sorts
hundreds of thousands of rows. ``+column`` keeps it from that; PostgreSQL knows better by itself.
"""

from typing import Any

from django.db.models import F, Func, Q
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
)

_LOOKUPS: dict[str, Any] = {
    "": Exact,
    "lt": LessThan,
    "lte": LessThanOrEqual,
    "gt": GreaterThan,
    "gte": GreaterThanOrEqual,
    "in": In,
}


class _Plain(Func):
    """A column as it is; to SQLite an expression, for which it has no index."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def unindexed(**conditions: Any) -> Q:
    """The same as ``Q(**conditions)`` for plain columns and lt, lte, gt, gte, in and equality."""
    where = Q()
    for key, value in conditions.items():
        name, _dashes, lookup = key.partition("__")
        where &= Q(_LOOKUPS[lookup](_Plain(F(name)), value))
    return where
