"""Finding by words. Hits come first, materialised; who may see them is the caller's question.

tasks_visible_to(person).filter(pk__in=task_ids_matching("党建 2026"))
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections, router
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from luoshi.search.models import Entry
from luoshi.search.rules import fts_query, phrase, ts_query


@dataclass(frozen=True)
class Hit:
    """One text that holds the words; ``rank`` counts from 1, newest first."""

    kind: str
    key: str
    task_id: int | None
    year: int | None
    rank: int


def _matches(words: str, kinds: Sequence[str]) -> tuple[str, list[str]] | None:
    """FROM and WHERE that find the entries, and their parameters; None if nothing is asked."""
    phrases = phrase(words)
    if not phrases:
        return None
    if connections[router.db_for_read(Entry)].vendor == "postgresql":
        sql, asked = "search_entry e WHERE e.grams @@ %s::tsquery", ts_query(phrases)
    else:
        sql = (
            "search_grams g CROSS JOIN search_entry e ON e.id = g.rowid "
            "WHERE g.search_grams MATCH %s"
        )
        asked = fts_query(phrases)
    if kinds:
        sql += f" AND e.kind IN ({', '.join(['%s'] * len(kinds))})"
    return sql, [asked, *kinds]


def _may_be_weighed(words: str) -> bool:
    """Whether the database may choose between gathering the hits and looking text by text.

    PostgreSQL knows from its figures how many texts hold one gram. Of grams in a row it guesses too
    many, and would look through every text for the few hits there are; SQLite guesses always.
    """
    if connections[router.db_for_read(Entry)].vendor != "postgresql":
        return False
    phrases = phrase(words)
    return len(phrases) == 1 and len(phrases[0].grams) == 1 and not phrases[0].prefix


def task_ids_matching(words: str, kinds: Sequence[str] = ()) -> RawSQL:
    """Ids of the tasks whose texts hold the words, as the right side of ``pk__in``.

    The hits are gathered first, unless PostgreSQL can tell that they are too many: then it looks at
    the texts of the tasks that the list comes to.

    ``kinds`` narrows to some kinds of text. Words of nothing but signs match nothing.
    """
    found = _matches(words, kinds)
    if found is None:
        return RawSQL("SELECT 0 WHERE 1 = 0", [], output_field=BigIntegerField())
    sql, params = found
    hits = f"SELECT e.task_id FROM {sql} AND e.task_id IS NOT NULL"
    if not _may_be_weighed(words):
        hits = f"WITH hits AS MATERIALIZED ({hits}) SELECT task_id FROM hits"
    # S611: every part is ours; what the reader typed is a parameter
    return RawSQL(hits, params, output_field=BigIntegerField())  # noqa: S611


def keys_matching(words: str, kind: str) -> RawSQL:
    """Keys of the texts of one kind that hold the words, as the right side of ``pk__in``."""
    found = _matches(words, [kind])
    if found is None:
        return RawSQL("SELECT 0 WHERE 1 = 0", [], output_field=BigIntegerField())
    sql, params = found
    # S608: every part is ours; what the reader typed is a parameter
    return RawSQL(  # noqa: S611
        f"WITH hits AS MATERIALIZED (SELECT e.key FROM {sql}) SELECT CAST(key AS bigint) FROM hits",
        params,
        output_field=BigIntegerField(),
    )


def few_task_ids(words: str, most: int) -> set[int] | None:
    """Ids of the tasks whose texts hold the words; None if more than ``most`` texts do.

    Also None where the database weighs the words better by itself.
    """
    found = _matches(words, ())
    if found is None:
        return set()
    if _may_be_weighed(words):
        return None
    sql, params = found
    connection = connections[router.db_for_read(Entry)]
    hits = f"SELECT e.task_id FROM {sql}"
    if connection.vendor == "postgresql":  # keeps it from looking through every text for a few
        hits = f"WITH hits AS MATERIALIZED ({hits}) SELECT task_id FROM hits"
    with connection.cursor() as cursor:
        cursor.execute(f"{hits} LIMIT %s", [*params, most + 1])
        rows = cursor.fetchall()
    return {pk for (pk,) in rows if pk is not None} if len(rows) <= most else None


def are_many(words: str, most: int) -> bool:
    """Whether more texts than these hold the words; told by the index of SQLite alone.

    PostgreSQL weighs this by itself and is not asked: never many.
    """
    phrases = phrase(words)
    connection = connections[router.db_for_read(Entry)]
    if not phrases or connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM "
            "(SELECT 1 FROM search_grams WHERE search_grams MATCH %s LIMIT %s)",
            [fts_query(phrases), most + 1],
        )
        (count,) = cursor.fetchone()
    return bool(count > most)


def hits(words: str, limit: int = 200, kinds: Sequence[str] = ()) -> list[Hit]:
    """The newest texts that hold the words, at most ``limit``. Visibility is the caller's."""
    found = _matches(words, kinds)
    if found is None:
        return []
    sql, params = found
    connection = connections[router.db_for_read(Entry)]
    if connection.vendor == "sqlite" and not kinds:
        statement = _NEWEST_OF_SQLITE
    else:
        gathered = "NOT MATERIALIZED" if _may_be_weighed(words) else "MATERIALIZED"
        statement = (
            f"WITH hits AS {gathered} "
            f"(SELECT e.id, e.kind, e.key, e.task_id, e.year FROM {sql}) "
            "SELECT kind, key, task_id, year FROM hits ORDER BY id DESC LIMIT %s"
        )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, limit])
        rows = cursor.fetchall()
    return [
        Hit(kind, key, task_id, year, rank)
        for rank, (kind, key, task_id, year) in enumerate(rows, start=1)
    ]


#: FTS5 tells row numbers backwards and stops at the limit; only these entries are read then.
_NEWEST_OF_SQLITE = (
    "SELECT e.kind, e.key, e.task_id, e.year FROM (SELECT rowid AS id FROM search_grams "
    "WHERE search_grams MATCH %s ORDER BY rowid DESC LIMIT %s) hits "
    "CROSS JOIN search_entry e ON e.id = hits.id ORDER BY e.id DESC"
)
