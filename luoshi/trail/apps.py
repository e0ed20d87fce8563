"""The trail keeps its guards: put up after every migrate, looked after at start-up."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class TrailConfig(AppConfig):
    name = "luoshi.trail"
    label = "trail"

    def ready(self) -> None:
        post_migrate.connect(put_up_guards, sender=self, dispatch_uid="trail.guards")
        checks.register(guards_stand, checks.Tags.database)


def put_up_guards(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """SQLite drops triggers when a migration remakes a table: put them up after each migrate."""
    from luoshi.trail.services import install_guards  # noqa: PLC0415 — models exist only now

    install_guards(using)


def guards_stand(databases: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: every guard of the trail stands."""
    from django.db import connections  # noqa: PLC0415 — models exist only now

    from luoshi.trail.queries import missing_guards  # noqa: PLC0415

    return [
        checks.Error(
            f"The trail is not guarded: {name} is missing.",
            hint="Find out who removed it, then run: luoshi trail guard",
            id="trail.E001",
        )
        for alias in databases or ()
        for name in missing_guards(connections[alias])
    ]
