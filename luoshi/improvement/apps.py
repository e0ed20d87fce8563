from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds as messages
from luoshi.search import kinds as texts
from luoshi.trail import kinds as verbs

#: The words of the trail for each verb of this room.
VERBS = {
    "diagnosis.file": _("filed the diagnosis and improvement"),
    "diagnosis.amend": _("amended the diagnosis and improvement"),
}

#: Messages: icon and sentence.
MESSAGES = {
    "diagnosis.file": (
        "stethoscope",
        _("%(by)s filed the diagnosis of “%(title)s”; nothing is left for you to do."),
    ),
}


class ImprovementConfig(AppConfig):
    name = "luoshi.improvement"
    label = "improvement"

    def ready(self) -> None:
        from luoshi.improvement import queries  # noqa: PLC0415 — models exist only now
        from luoshi.improvement.services import reminding  # noqa: PLC0415

        for verb, words in VERBS.items():
            verbs.register(verb, words)
        for kind, (icon, sentence) in MESSAGES.items():
            messages.register(kind, icon, sentence)
        messages.register_reminder(
            reminding.DIAGNOSIS,
            "stethoscope",
            _("Diagnosis and improvement"),
            _("Write the diagnosis and improvement of %(period)s by %(due)s."),
            reminding.look,
        )
        texts.register("diagnosis", queries.texts)
