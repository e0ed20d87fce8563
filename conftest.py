"""What every test has: quick passwords, plain static files, a folder of its own, the real clock."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

pytest_plugins = ["luoshi.trail.tests.triggers"]
MEMORY = Path("/dev/shm")  # a file there is as quick as memory, and threads can share it


def pytest_configure(config: pytest.Config) -> None:
    """Settings that only tests want. Everything else is as in a house that runs."""
    place = str(MEMORY) if MEMORY.is_dir() else None
    home = Path(tempfile.mkdtemp(prefix="luoshi-test-", dir=place))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
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
    settings.CLOCK_FILE = ""
    settings.DEMO = False
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"] = {**database.get("TEST", {}), "NAME": str(home / "test.sqlite3")}


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    """No test sees what another one left in the cache."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()
