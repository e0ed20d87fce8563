"""The same form sent twice at the same moment: the second waits, and finds what the first made."""

from django.db import connection


def hold(*keys: str | None) -> None:
    """Keep everybody else who brings one of these keys waiting until this transaction ends.

    Called before looking whether the key was used. PostgreSQL needs it; SQLite has one writer at a
    time, and with IMMEDIATE transactions the second begins when the first is over.
    """
    known = sorted({key for key in keys if key})
    if not known or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for key in known:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
