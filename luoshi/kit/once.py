"""The same form sent twice at the same moment: the second waits, and finds what the first made."""

import re

from django.db import connection

_KEY = re.compile(r"[0-9A-Za-z-]{1,32}")


def key_of(text: str | None) -> str | None:
    """The key a form carries; None for what no form of ours made."""
    return text if text and _KEY.fullmatch(text) else None


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
