from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.trail import kinds


class FilesConfig(AppConfig):
    name = "luoshi.files"
    label = "files"

    def ready(self) -> None:
        kinds.register("files.attach", _("attached files"))
        kinds.register("files.cite", _("cited evidence"))
        kinds.register("files.detach", _("took files away"))
