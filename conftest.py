"""What every test has: quick passwords, plain static files, a folder of its own, the real clock."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

pytest_plugins = ["luoshi.trail.tests.triggers"]


def pytest_configure() -> None:
    """Settings that only tests want. Everything else is as in a house that runs."""
    home = Path(tempfile.mkdtemp(prefix="luoshi-test-"))
    settings.HOME = home
    settings.MEDIA_ROOT = home / "files"
    settings.STATIC_ROOT = home / "static"
    settings.STATIC_ROOT.mkdir()
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "luoshi.kit.hashers.FirstPasswordHasher",
    ]
    settings.WHITENOISE_AUTOREFRESH = True
    settings.CLOCK_FILE = ""


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    """No test sees what another one left in the cache."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()
