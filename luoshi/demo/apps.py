from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "luoshi.demo"
    label = "demo"

    def ready(self) -> None:
        from luoshi.demo.guests import offer  # noqa: PLC0415 — rooms below are ready only now

        offer()
