"""A database of the benchmark's own, and the environment its processes run in."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from luoshi.kit import environment


@dataclass(frozen=True)
class Ground:
    """Where the benchmark runs: kind of database, environment of its processes, its folder."""

    database: str
    variables: Mapping[str, str]
    folder: Path


@contextlib.contextmanager
def ground(url: str, keep: bool) -> Iterator[Ground]:
    """A folder and a database that are gone afterwards, unless they are to be kept.

    ``url`` is where: nothing for an SQLite file in the folder, ``sqlite:///…`` for a file that does
    not exist yet, ``postgresql://…`` for a server on which a new database is made.
    """
    folder = Path(tempfile.mkdtemp(prefix="luoshi-bench-"))
    try:
        if urlsplit(url).scheme in {"postgres", "postgresql"}:
            with _postgresql(url, f"luoshi_bench_{os.getpid()}", keep) as own:
                yield _ground("PostgreSQL", own, folder)
        else:
            yield _ground("SQLite", url or f"sqlite:///{folder / 'bench.sqlite3'}", folder)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _ground(database: str, url: str, folder: Path) -> Ground:
    """What the processes are told; nothing of the house that runs here reaches them."""
    file = environment.database(url, folder)["NAME"]
    if database == "SQLite" and Path(file).exists():
        raise FileExistsError(f"{file} exists; the benchmark makes a database of its own.")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LUOSHI_")}
    own = {
        "DATABASE_URL": url,
        "LUOSHI_HOME": str(folder),
        "LUOSHI_LOG": "ERROR",
        "LUOSHI_IDLE_MINUTES": "600",
        "PYTHONUNBUFFERED": "1",
    }
    return Ground(database, kept | own, folder)


@contextlib.contextmanager
def _postgresql(url: str, name: str, keep: bool) -> Iterator[str]:
    """A new database on the server; yields its address."""
    settings = environment.database(url, Path())
    there: dict[str, Any] = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "host": settings["HOST"],
        "port": settings["PORT"],
        **settings["OPTIONS"],
    }
    given = {key: value for key, value in there.items() if value}
    quoted = sql.Identifier(name)
    with psycopg.connect(**given, autocommit=True) as connection:
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' "
                "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
            ).format(quoted)
        )
    parts = urlsplit(url)
    try:
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        if not keep:
            with psycopg.connect(**given, autocommit=True) as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted)
                )
