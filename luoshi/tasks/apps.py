from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds as messages
from luoshi.search import kinds as search
from luoshi.trail import kinds as verbs

#: The words of the trail for each verb of this room.
VERBS = {
    "task.register": _("registered the task"),
    "task.add": _("registered the sub-task"),
    "task.edit": _("changed the draft"),
    "task.discard": _("threw the draft away"),
    "task.correct": _("corrected the task"),
    "task.issue": _("issued the task"),
    "task.approve": _("agreed to the issue"),
    "task.reject": _("returned the task to its creator"),
    "task.sign": _("signed for the task"),
    "task.refuse": _("refused the task"),
    "task.break_down": _("broke the task down"),
    "task.complete": _("completed the task"),
    "task.accept": _("accepted the result"),
    "task.send_back": _("returned the result for more work"),
    "task.reopen": _("reopened the task"),
    "task.settle": _("settled the task at year-end"),
    "task.close": _("closed the task"),
    "task.cancel": _("cancelled the task"),
    "task.inherit": _("took the task over with the post"),
    "task.admit": _("let people see the task"),
    "task.dismiss": _("took people out of the task"),
    "task.hand_over": _("handed the task over"),
    "task.follow": _("follows the task"),
    "task.unfollow": _("no longer follows the task"),
    "task.count_in": _("counted the task in a further set"),
    "task.set_milestones": _("set the milestones"),
    "task.comment": _("commented"),
    "task.instruct": _("gave an instruction"),
}

#: Messages: icon and sentence.
MESSAGES = {
    "task.issue": ("send", _("%(by)s issued “%(title)s” to you.")),
    "task.reject": ("arrow-back-up", _("%(by)s returned “%(title)s”; it was not issued.")),
    "task.sign": ("signature", _("%(by)s signed for “%(title)s”.")),
    "task.refuse": ("hand-stop", _("%(by)s refused “%(title)s”.")),
    "task.complete": ("circle-check", _("%(by)s completed “%(title)s”.")),
    "task.accept": ("circle-check", _("%(by)s accepted “%(title)s”.")),
    "task.send_back": ("arrow-back-up", _("%(by)s returned “%(title)s” for more work.")),
    "task.correct": ("pencil", _("%(by)s corrected “%(title)s”: %(reason)s")),
    "task.cancel": ("ban", _("%(by)s cancelled “%(title)s”; nothing more is due.")),
    "task.share": ("share", _("%(by)s shared “%(title)s” with you.")),
    "task.silence": ("signature", _("“%(title)s” counts as signed for; nobody answered in time.")),
    "task.unsigned": ("clock", _("Nobody has signed for “%(title)s” in time.")),
    "task.comment": ("message", _("%(by)s commented on “%(title)s”.")),
    "task.instruct": ("pencil", _("%(by)s gave an instruction on “%(title)s”.")),
}


class TasksConfig(AppConfig):
    name = "luoshi.tasks"
    label = "tasks"

    def ready(self) -> None:
        from luoshi.tasks import queries  # noqa: PLC0415 — models exist only now
        from luoshi.tasks.services import reminding  # noqa: PLC0415

        search.register("task", queries.texts)
        verbs.register_subjects("task", queries.ids)
        for verb, words in VERBS.items():
            verbs.register(verb, words)
        for kind, (icon, sentence) in MESSAGES.items():
            messages.register(kind, icon, sentence)
        messages.register_reminder(
            reminding.DUE_SOON, "clock", _("Soon due"), _("Due on %(due)s"), reminding.look
        )
