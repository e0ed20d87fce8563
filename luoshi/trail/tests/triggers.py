"""What tests need of the trail's guards. The root conftest names this file as a plugin.

Tables are emptied between transactional tests, so the test database stands without triggers; a test
that needs them asks for ``with_triggers``.
"""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _trail_in_tests() -> Iterator[None]:
    """No triggers after migrate or flush; a verb nobody registered is an error."""
    from django.db.models.signals import post_migrate

    from luoshi.trail import kinds

    post_migrate.disconnect(dispatch_uid="trail.guards", sender=_trail())
    kinds.strict = True
    yield
    kinds.strict = False


def _trail():
    from django.apps import apps

    return apps.get_app_config("trail")


@pytest.fixture
def with_triggers(db) -> Iterator[None]:
    """The guards stand, as in a house that runs."""
    from luoshi.trail.services import install_guards

    install_guards()
    yield
    drop_guards()


def drop_guards() -> None:
    """Take the guards down, as somebody with the keys of the database could."""
    from django.db import connection

    from luoshi.trail.rules import guards

    with connection.cursor() as cursor:
        for name, (table, _statement) in guards(connection.vendor).items():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
