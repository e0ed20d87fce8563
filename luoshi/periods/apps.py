from django.apps import AppConfig


class PeriodsConfig(AppConfig):
    name = "luoshi.periods"
    label = "periods"
