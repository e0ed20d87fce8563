"""What must be true of the ground Luoshi stands on."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connections

BYTE_ORDERS = {"C", "POSIX", "C.UTF-8", "C.UTF8", "C.utf8", "ucs_basic"}
SAY_COLLATION = (
    "The PostgreSQL database {name!r} sorts text by {collation!r}. Luoshi reads a tree as a range "
    "of paths and needs text sorted by bytes."
)
HINT_COLLATION = (
    "Create the database anew: CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' "
    "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';"
)


def is_byte_order(provider: str, collate: str, locale: str | None) -> bool:
    """Whether a collation of ``pg_database`` compares texts byte by byte.

    ``provider`` is c (the system's library), b (built in) or i (ICU, which never does).
    """
    if provider == "i":
        return False
    return (locale if provider == "b" and locale else collate) in BYTE_ORDERS


def collation_of_bytes(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a PostgreSQL database whose collation is not C or C.UTF-8 (ARCHITECTURE §19.9)."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT datname, datcollate, to_jsonb(d) ->> 'datlocprovider', "
                "coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') "
                "FROM pg_database d WHERE datname = current_database()"
            )
            name, collate, provider, locale = cursor.fetchone()
        if not is_byte_order(provider or "c", collate, locale):
            collation = locale if provider == "i" else collate
            found.append(
                Error(
                    SAY_COLLATION.format(name=name, collation=collation),
                    hint=HINT_COLLATION.format(name=name),
                    id="luoshi.E001",
                )
            )
    return found
