from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds
from luoshi.trail import kinds as verbs


class NoticesConfig(AppConfig):
    name = "luoshi.notices"
    label = "notices"

    def ready(self) -> None:
        verbs.register("question.ask", _("asked a question"))
        verbs.register("question.answer", _("answered a question"))
        kinds.register("notices.digest", "bell", _("%(count)s reminders: %(title)s"))
        kinds.register("question.ask", "help-circle", _("%(by)s asks: %(title)s"))
        kinds.register(
            "question.answer", "message-circle", _("%(by)s answered your question: %(title)s")
        )
