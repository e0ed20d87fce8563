"""Typed readings of the environment. Deployment facts come from here and from nowhere else."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    value = os.environ.get(name, "").strip()
    return int(value) if value else default


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
    "PRAGMA mmap_size=134217728;PRAGMA cache_size=-65536;"
)


def database(url: str, home: Path) -> dict[str, Any]:
    """A Django database entry from ``sqlite:///path`` or ``postgresql://user:pass@host:port/name``.

    Nothing set means SQLite in the data folder. Raises ValueError for any other scheme.
    """
    parts = urlsplit(url or f"sqlite:///{home / 'luoshi.sqlite3'}")
    if parts.scheme == "sqlite":
        name = unquote(parts.path.removeprefix("/")) or ":memory:"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name if name == ":memory:" or name.startswith("/") else "/" + name,
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
            "OPTIONS": query,
        }
    raise ValueError(f"DATABASE_URL: {parts.scheme!r} is not sqlite or postgresql")
