from django.apps import AppConfig
from django.core.checks import Tags, register

from luoshi.config.checks import collation_of_bytes


class ConfigConfig(AppConfig):
    """Not a room: the commands that serve, and what is checked at the start."""

    name = "luoshi.config"
    label = "config"

    def ready(self) -> None:
        register(collation_of_bytes, Tags.database)
