"""The same form sent twice: the second time finds what the first made, if it says the same.

    hold(key)     in a service, inside its transaction, before it looks whether the key was used
    look(key)     the same question before long work, without writing

A form carries a key. Beside the key stands a digest of what was sent with it: the same key with the
same content is a double click; with other content (back in the browser, something else typed) it is
another thing, and `SentBefore` says so in the form, which then carries a fresh key.

What is being sent is known to `FormMiddleware` alone; outside a request keys are only held.
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from luoshi.kit.verdict import Refused

_KEY = re.compile(r"[0-9A-Za-z-]{1,32}")
#: Fields that tell nothing of what somebody typed.
_NO_CONTENT = frozenset({"csrfmiddlewaretoken", "key", "rev", "draft_of"})


class SentBefore(Refused):
    """This form was sent already, with other content. Nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This form was already sent once, with other content; that was saved. What stands "
                "here now is not saved yet: send it again if it is to be saved as well."
            )
        )


class Sent:
    """The form of a request: its key, and a digest of what came with it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def key(self) -> str | None:
        return key_of(self._request.POST.get("key"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over person, address, fields and files; the order of fields does not matter."""
        seen = hashlib.sha256()
        seen.update(repr((self._request.user.pk, self._request.path)).encode())
        for name, values in sorted(self._request.POST.lists()):
            if name not in _NO_CONTENT:
                seen.update(repr((name, values)).encode())
        for name, files in sorted(self._request.FILES.lists()):
            for file in files:
                seen.update(repr((name, file.name, file.size, _content(file))).encode())
        return seen.hexdigest()

    def renew(self) -> None:
        """Give the form a fresh key: shown again, it can be sent again."""
        post = cast(Any, self._request.POST)  # the forms of this request read it, too
        post._mutable = True
        post["key"] = new_key()
        post._mutable = False

    def speaks_of(self, key: str) -> bool:
        """Whether a key is that of this form or of one of its rows ("…-3")."""
        return self.key is not None and self.key in (key, key.rpartition("-")[0])


def _content(file: "UploadedFile[Any]") -> str:
    seen = hashlib.sha256()
    for chunk in file.chunks():
        seen.update(chunk)
    file.seek(0)
    return seen.hexdigest()


_sent: ContextVar[Sent | None] = ContextVar("sent", default=None)
_keeper = ""


@contextmanager
def sending(request: HttpRequest) -> Iterator[None]:
    """Inside, keys are compared with what this request sent."""
    token = _sent.set(Sent(request) if request.method == "POST" else None)
    try:
        yield
    finally:
        _sent.reset(token)


class FormMiddleware:
    """Lets services know, through `hold`, what was sent with a key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with sending(request):
            return self.get_response(request)


def kept_by(path: str) -> None:
    """Name the function ``(key, digest, keep) -> str | None`` that remembers what came with a key.

    It answers with the digest known for the key; if there is none it remembers this one where
    ``keep`` is set. Called in ``apps.py`` by the room that has the table.
    """
    global _keeper
    _keeper = path


def new_key() -> str:
    """A key for a fresh form."""
    return uuid.uuid4().hex


def key_of(text: str | None) -> str | None:
    """The key a form carries; None for what no form of ours made."""
    return text if text and _KEY.fullmatch(text) else None


def hold(*keys: str | None) -> None:
    """Keep everybody else who brings one of these keys waiting until this transaction ends.

    Called before looking whether the key was used. PostgreSQL needs it; SQLite has one writer at a
    time, and with IMMEDIATE transactions the second begins when the first is over. Raises
    SentBefore if the form was sent already with other content.
    """
    known = sorted({key for key in keys if key})
    if not known:
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for key in known:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    _compare(known, keep=True)


def look(key: str | None) -> None:
    """Raise SentBefore, ahead of long work, where `hold` would. Writes nothing."""
    if key:
        _compare([key], keep=False)


def _compare(keys: list[str], *, keep: bool) -> None:
    sent = _sent.get()
    if sent is None or not _keeper or not any(sent.speaks_of(key) for key in keys):
        return
    known = import_string(_keeper)(sent.key, sent.digest, keep)
    if known not in (None, sent.digest):
        sent.renew()
        raise SentBefore
