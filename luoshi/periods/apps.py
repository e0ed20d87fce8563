"""Verbs of this room, and the years a new installation starts with."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from luoshi.trail import kinds


class PeriodsConfig(AppConfig):
    name = "luoshi.periods"
    label = "periods"

    def ready(self) -> None:
        kinds.register("day.set", _("set the kind of a day"))
        kinds.register("day.clear", _("reset a day to its weekday"))
        kinds.register("calendar.seed", _("entered the public holidays of a year"))
        kinds.register("period.open", _("opened a year"))
        post_migrate.connect(seed, sender=self, dispatch_uid="periods.seed")


def seed(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """A new installation knows the holidays of its first years."""
    from luoshi.periods.services import seed_first_years  # noqa: PLC0415 — models exist only now

    if using == "default" and "periods_day" in connections[using].introspection.table_names():
        seed_first_years()
