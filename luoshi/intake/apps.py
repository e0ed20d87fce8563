from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.trail import kinds

#: The words of the trail for each verb of this room.
VERBS = {
    "import.upload": _("uploaded a task table"),
    "import.map": _("confirmed the columns of the table"),
    "import.settle": _("settled names and dates of the table"),
    "import.edit_row": _("corrected a row of the table"),
    "import.confirm": _("confirmed what was assumed in the table"),
    "import.publish": _("imported the table as drafts"),
    "import.undo": _("undid the import"),
    "import.drop": _("dropped the table"),
    "change_list.bring": _("brought an edited list back"),
    "change_list.take_over": _("took changes of the list over"),
}


class IntakeConfig(AppConfig):
    name = "luoshi.intake"
    label = "intake"

    def ready(self) -> None:
        for verb, words in VERBS.items():
            kinds.register(verb, words)
