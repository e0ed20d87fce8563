"""Addresses of static files, each worked out once per process: a page asks for forty of them."""

from functools import cache
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class KeptAddresses(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names as whitenoise makes them; files do not change while a process runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = cache(super().url)

    def url(self, name: str | None, force: bool = False) -> str:
        address: str = super().url(name, force=force) if force else self._address(name)
        return address
