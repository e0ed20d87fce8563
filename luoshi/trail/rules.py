"""How an event is written down and sealed. Pure: no database, no clock, no settings.

hash  = SHA-256 of the canonical text of (prev, about, seq, verb, people, time, data)
prev  = hash of the event before, of the same subject ("" for the first)
mark  = HMAC with a key kept outside the database, over the end of a subject's story
seal  = HMAC-SHA-256 with the same key, over a whole day
"""

import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.functional import Promise

#: Verbs with the words a reader sees; rooms fill it at start-up through `kinds.register`.
VERBS: dict[str, str | Promise] = {}
#: Kinds whose living subjects must all have a story, with what lists them.
SUBJECTS: dict[str, Callable[[], Iterable[int]]] = {}

_ABOUT = re.compile(r"([a-z][a-z0-9_]{0,29})/([0-9]{1,18})")


def parts_of(about: str) -> tuple[str, int]:
    """``"task/17"`` as ``("task", 17)``. Raises ValueError for anything else."""
    match = _ABOUT.fullmatch(about)
    if not match:
        raise ValueError(f"{about!r} is not a reference like task/17")
    return match[1], int(match[2])


def label_of(verb: str) -> str:
    """The words for a verb; the verb itself where no room has any."""
    return str(VERBS.get(verb, verb))


def plain(value: Any) -> Any:
    """A value as JSON can hold it: rows by their key, dates as ISO, decimals as text.

    Raises TypeError for a value whose meaning would be lost.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float() if value == value and abs(value) != float("inf"):
            return value
        case dt.date() | dt.time():
            return value.isoformat()
        case Decimal() | UUID() | Promise():
            return str(value)
        case Model():
            return value.pk
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case set() | frozenset():
            return sorted((plain(one) for one in value), key=repr)
        case list() | tuple():
            return [plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} cannot be recorded: {value!r:.80}")


def canonical(data: Mapping[str, Any]) -> str:
    """Data as text, the same for the same meaning: sorted keys, no spaces, no escapes."""
    return json.dumps(
        plain(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest(text: str) -> str:
    """Stands for a long text in an event, so that the text itself can be redacted later."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def event_hash(
    *,
    prev: str,
    about_kind: str,
    about_id: int,
    seq: int,
    verb: str,
    by_id: int | None,
    by_name: str,
    for_id: int | None,
    for_name: str,
    at: dt.datetime,
    data: str,
) -> str:
    """The hash of one event, over everything it says and the hash of the event before."""
    moment = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    said = [prev, about_kind, about_id, seq, verb, by_id, by_name, for_id, for_name, moment, data]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def day_digest(hashes: Iterable[str]) -> tuple[int, str]:
    """How many events there are and one digest over their hashes, in order of writing."""
    count, total = 0, hashlib.sha256()
    for one in hashes:
        total.update(one.encode())
        count += 1
    return count, total.hexdigest()


def seal_hash(key: str, *, prev: str, day: dt.date, count: int, events: str) -> str:
    """The keyed seal over a day. Whoever lacks the key cannot make one that fits."""
    text = f"{prev}\n{day.isoformat()}\n{count}\n{events}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def head_mark(key: str, *, about_kind: str, about_id: int, seq: int, hash: str) -> str:  # noqa: A002
    """Signs where a story ends, from its last event on; half a digest is long enough."""
    text = f"{about_kind}/{about_id}\n{seq}\n{hash}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


#: Hour at which every day before today is sealed: one after the nightly job.
SEALED_BY = 3


def must_be_sealed(now: dt.datetime) -> dt.date:
    """The last day that must have a seal at this local moment."""
    return now.date() - dt.timedelta(days=1 if now.hour >= SEALED_BY else 2)


# ---------------------------------------------------------------------------- guards

EVENTS, SEALS, HEADS = "trail_event", "trail_seal", "trail_head"


def guards(vendor: str) -> dict[str, tuple[str, str]]:
    """The triggers that guard the trail: name → (table, statement that makes it).

    Events and seals take no UPDATE, DELETE or TRUNCATE; heads only move forward and never go.
    """
    if vendor == "postgresql":
        return _postgresql_guards()
    return _sqlite_guards()


def _postgresql_guards() -> dict[str, tuple[str, str]]:
    made = {}
    for table, acts in (
        (EVENTS, "UPDATE OR DELETE OR TRUNCATE"),
        (SEALS, "UPDATE OR DELETE OR TRUNCATE"),
        (HEADS, "DELETE OR TRUNCATE"),
    ):
        made[f"{table}_kept"] = (
            table,
            f"CREATE TRIGGER {table}_kept BEFORE {acts} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION trail_refuse()",
        )
    made["trail_head_forward"] = (
        HEADS,
        "CREATE TRIGGER trail_head_forward BEFORE UPDATE ON trail_head FOR EACH ROW "
        "WHEN (NEW.seq <= OLD.seq OR NEW.about_kind <> OLD.about_kind "
        "OR NEW.about_id <> OLD.about_id) EXECUTE FUNCTION trail_refuse()",
    )
    return made


#: What the triggers of PostgreSQL call.
REFUSE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION trail_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''the trail is append-only''; END'"
)


def _sqlite_guards() -> dict[str, tuple[str, str]]:
    stop = "BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
    made = {}
    for table, acts in ((EVENTS, "UPDATE DELETE"), (SEALS, "UPDATE DELETE"), (HEADS, "DELETE")):
        for act in acts.split():
            name = f"{table}_no_{act.lower()}"
            made[name] = (table, f"CREATE TRIGGER {name} BEFORE {act} ON {table} {stop}")
    # INSERT OR REPLACE deletes without asking the DELETE trigger.
    for table, same in (
        (EVENTS, "about_kind = NEW.about_kind AND about_id = NEW.about_id AND seq = NEW.seq"),
        (SEALS, "day = NEW.day"),
    ):
        name = f"{table}_no_replace"
        made[name] = (
            table,
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN EXISTS "
            f"(SELECT 1 FROM {table} WHERE id = NEW.id) OR EXISTS "
            f"(SELECT 1 FROM {table} WHERE {same}) {stop}",
        )
    made["trail_head_forward"] = (
        HEADS,
        "CREATE TRIGGER trail_head_forward BEFORE UPDATE ON trail_head "
        "WHEN NEW.seq <= OLD.seq OR NEW.about_kind <> OLD.about_kind "
        f"OR NEW.about_id <> OLD.about_id {stop}",
    )
    return made
