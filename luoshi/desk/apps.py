"""The desk tells the files who may see them: it alone turns a reference into a thing."""

from django.apps import AppConfig

from luoshi.files import kinds


class DeskConfig(AppConfig):
    name = "luoshi.desk"
    label = "desk"

    def ready(self) -> None:
        from luoshi.desk import refs  # noqa: PLC0415 — models exist only now

        kinds.decide_with(lambda ref, person: refs.resolve(ref, person) is not None)
