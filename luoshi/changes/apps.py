from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds as messages
from luoshi.tasks import kinds as tasks
from luoshi.trail import kinds as verbs

#: The words of the trail for each verb of this room.
VERBS = {
    "change.ask_transfer": _("asked to hand the task over"),
    "change.accept_transfer": _("accepted the transfer"),
    "change.decline_transfer": _("declined the transfer"),
    "change.withdraw_transfer": _("withdrew the transfer"),
}

#: Messages: icon and sentence.
MESSAGES = {
    "change.ask_transfer": (
        "switch-horizontal",
        _("%(by)s asks you to take over “%(title)s”."),
    ),
    "change.ask_for_other": (
        "switch-horizontal",
        _("%(by)s asks you to take over “%(title)s”, which %(giver)s answered for."),
    ),
    "change.ask_many": (
        "switch-horizontal",
        _("%(by)s hands %(n)s tasks over to you, “%(title)s” among them."),
    ),
    "change.accept_many": (
        "switch-horizontal",
        _("%(by)s took over %(n)s tasks, “%(title)s” among them."),
    ),
    "change.decline_many": (
        "arrow-back-up",
        _("%(by)s did not take over %(n)s tasks, “%(title)s” among them: %(opinion)s"),
    ),
    "change.asked_for_you": (
        "switch-horizontal",
        _("%(by)s asked %(taker)s to take over “%(title)s” from you."),
    ),
    "change.accept_transfer": (
        "switch-horizontal",
        _("%(by)s took over “%(title)s” from %(giver)s."),
    ),
    "change.decline_transfer": (
        "arrow-back-up",
        _("%(by)s did not take over “%(title)s”: %(opinion)s"),
    ),
    "change.withdraw_transfer": (
        "arrow-back-up",
        _("%(by)s withdrew the transfer of “%(title)s” to you."),
    ),
}


class ChangesConfig(AppConfig):
    name = "luoshi.changes"
    label = "changes"

    def ready(self) -> None:
        from luoshi.changes import services  # noqa: PLC0415 — models exist only now

        for verb, words in VERBS.items():
            verbs.register(verb, words)
        for kind, (icon, sentence) in MESSAGES.items():
            messages.register(kind, icon, sentence)
        tasks.hear("ended", services.void_transfers)
