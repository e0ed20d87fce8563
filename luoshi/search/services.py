"""Writing the index, in the transaction of the change itself.

put("task", task.pk, task_id=task.pk, year=task.year, text=f"{task.title}\\n{task.details}")
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from luoshi.search import kinds
from luoshi.search.kinds import Row
from luoshi.search.models import Entry
from luoshi.search.rules import grams, ts_vector

_CHUNK = 500


def put(kind: str, key: str | int, task_id: int | None, year: int | None, text: str) -> None:
    """Make a text findable, in place of what stood under the same kind and key."""
    put_many([Row(kind, str(key), task_id, year, text)])


@transaction.atomic(savepoint=False)
def put_many(rows: Iterable[Row | tuple[str, str | int, int | None, int | None, str]]) -> int:
    """Make many texts findable: (kind, key, task_id, year, text). Returns how many."""
    count = 0
    given = iter(rows)
    while chunk := _latest(islice(given, _CHUNK)):
        _write(chunk)
        count += len(chunk)
    return count


def _latest(rows: Iterator[Row | tuple[str, str | int, int | None, int | None, str]]) -> list[Row]:
    """The last text given for each kind and key."""
    found = {
        (kind, str(key)): Row(kind, str(key), task_id, year, text)
        for kind, key, task_id, year, text in rows
    }
    return list(found.values())


def _write(rows: list[Row]) -> None:
    if _connection().vendor == "postgresql":
        _write_postgresql(rows)
    else:
        _write_sqlite(rows)


def _write_postgresql(rows: list[Row]) -> None:
    columns = list(zip(*rows, strict=True))
    vectors = [ts_vector(grams(row.text)) for row in rows]
    with _connection().cursor() as cursor:
        cursor.execute(
            "INSERT INTO search_entry (kind, key, task_id, year, grams) "
            "SELECT kind, key, task_id, year, vector::tsvector FROM unnest("
            "%s::text[], %s::text[], %s::bigint[], %s::smallint[], %s::text[]) "
            "AS given (kind, key, task_id, year, vector) "
            "ON CONFLICT (kind, key) DO UPDATE SET "
            "task_id = excluded.task_id, year = excluded.year, grams = excluded.grams",
            [*map(list, columns[:4]), vectors],
        )


def _write_sqlite(rows: list[Row]) -> None:
    if len(rows) == 1:
        _write_one(rows[0])
        return
    Entry.objects.bulk_create(
        [Entry(kind=r.kind, key=r.key, task_id=r.task_id, year=r.year) for r in rows],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["task_id", "year"],
    )
    numbers: dict[tuple[str, str], int] = {}
    for kind in {row.kind for row in rows}:
        keys = [row.key for row in rows if row.kind == kind]
        found = Entry.objects.filter(kind=kind, key__in=keys).values_list("key", "pk")
        numbers |= {(kind, key): pk for key, pk in found}
    with _connection().cursor() as cursor:
        cursor.executemany(
            "INSERT OR REPLACE INTO search_grams (rowid, grams) VALUES (%s, %s)",
            [(numbers[row.kind, row.key], " ".join(grams(row.text))) for row in rows],
        )


_PUT_ONE = (
    "INSERT INTO search_entry (kind, key, task_id, year) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (kind, key) DO UPDATE SET task_id = excluded.task_id, year = excluded.year "
    "RETURNING id"
)


def _write_one(row: Row) -> None:
    """The text of one act, while somebody waits: two statements, told as they are."""
    with _connection().cursor() as cursor:
        cursor.execute(_PUT_ONE, [row.kind, row.key, row.task_id, row.year])
        (number,) = cursor.fetchone()
        cursor.execute(
            "INSERT OR REPLACE INTO search_grams (rowid, grams) VALUES (%s, %s)",
            [number, " ".join(grams(row.text))],
        )


def remove(kind: str, key: str | int) -> None:
    """Make a text no longer findable. Harmless if it was not there."""
    remove_many(kind, [key])


@transaction.atomic(savepoint=False)
def remove_many(kind: str, keys: Iterable[str | int]) -> None:
    """Make texts no longer findable."""
    given = iter(keys)
    while chunk := [str(key) for key in islice(given, _CHUNK)]:
        rows = Entry.objects.filter(kind=kind, key__in=chunk)
        connection = _connection()
        if connection.vendor == "sqlite":
            numbers = [(pk,) for pk in rows.values_list("pk", flat=True)]
            with connection.cursor() as cursor:
                cursor.executemany("DELETE FROM search_grams WHERE rowid = %s", numbers)
        rows.delete()


def rebuild() -> dict[str, int]:
    """Read all texts again, kind by kind, in short transactions. Returns how many of each."""
    done: dict[str, int] = {}
    for kind, read in kinds.sources().items():
        rows = iter(read())
        done[kind] = 0
        while chunk := list(islice(rows, _CHUNK)):
            done[kind] += put_many(chunk)
    return done


def _connection() -> BaseDatabaseWrapper:
    return connections[router.db_for_write(Entry)]
