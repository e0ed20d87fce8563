from django.apps import AppConfig


class BenchConfig(AppConfig):
    name = "luoshi.bench"
    label = "bench"
