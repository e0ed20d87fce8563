from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.trail import kinds as verbs

#: The words of the trail for each verb of this room.
VERBS = {
    "diagnosis.file": _("filed the diagnosis and improvement"),
    "diagnosis.amend": _("amended the diagnosis and improvement"),
}


class ImprovementConfig(AppConfig):
    name = "luoshi.improvement"
    label = "improvement"

    def ready(self) -> None:
        for verb, words in VERBS.items():
            verbs.register(verb, words)
