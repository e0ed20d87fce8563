from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "luoshi.kit"
    label = "kit"
