"""Typed readings of the environment. Deployment facts come from here and from nowhere else."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

DEVELOPMENT_KEY = "only-for-a-machine-nobody-else-reaches"


def text(name: str, default: str = "") -> str:
    """The text of a variable, or the default if it is not set."""
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    """Yes or no. Raises ImproperlyConfigured for a word that is neither."""
    value = os.environ.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise ImproperlyConfigured(f"{name} is {value!r}; it may be 1 or 0.")
    return default


def number(name: str, default: int, least: int = 0) -> int:
    """A whole number not below ``least``. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number from {least}.")
    return int(value)


def refuse_in_production(
    *, switches: dict[str, bool], secrets: dict[str, str], needed: dict[str, str]
) -> None:
    """Raise ImproperlyConfigured for anything a house with real data must not be run with."""
    for name, on in switches.items():
        if on:
            raise ImproperlyConfigured(f"LUOSHI_PRODUCTION refuses {name}.")
    for name, secret in secrets.items():
        if secret == DEVELOPMENT_KEY or len(secret) < 40 or len(set(secret)) < 12:
            raise ImproperlyConfigured(
                f"LUOSHI_PRODUCTION needs {name} of at least 40 varied characters; make one with: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
    for name, value in needed.items():
        if not value:
            raise ImproperlyConfigured(f"LUOSHI_PRODUCTION needs {name}.")


def words(name: str, default: str = "") -> list[str]:
    """Words separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


#: Every thread of the web server keeps a connection: 4 × (64 + 16) MB stay below the 512 MB at
#: which a worker is replaced.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
    "PRAGMA mmap_size=67108864;PRAGMA cache_size=-16384;"
)


#: A page asks many small questions; compiling one, or sharing it out among helpers, would take
#: longer than its answer.
POSTGRESQL_SETTINGS = "-c jit=off -c max_parallel_workers_per_gather=0"


def database(url: str, home: Path) -> dict[str, Any]:
    """A Django database entry from ``sqlite:///path`` or ``postgresql://user:pass@host:port/name``.

    Nothing set means SQLite in the data folder. Raises ImproperlyConfigured for any other scheme.
    """
    parts = urlsplit(url or f"sqlite:///{home / 'luoshi.sqlite3'}")
    if parts.scheme == "sqlite":
        name = unquote(parts.path.removeprefix("/")) or ":memory:"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name if name == ":memory:" or name.startswith("/") else "/" + name,
            "CONN_MAX_AGE": 60,  # opening the file anew takes 3 ms, and empties its cache
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": SQLITE_PRAGMAS,
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", None) or parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": "5", "options": POSTGRESQL_SETTINGS, **query},
        }
    raise ImproperlyConfigured(f"DATABASE_URL: {parts.scheme!r} is neither sqlite nor postgresql.")
