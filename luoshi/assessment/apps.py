from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds as messages
from luoshi.reports import kinds as reports
from luoshi.tasks import kinds as tasks
from luoshi.trail import kinds as verbs

#: The words of the trail for each verb of this room.
VERBS = {
    "assessment.score": _("scored the task"),
    "assessment.correct": _("corrected the score"),
    "assessment.renew": _("scored the task again after it had changed"),
    "assessment.return_score": _("returned a score to its assessor"),
    "assessment.stale": _("put the scores up for another look"),
    "assessment.result": _("settled the result of the assessment"),
    "assessment.reopen": _("opened the result of the assessment again"),
    "assessment.name_assessors": _("named the assessors"),
}

#: Messages: icon and sentence.
MESSAGES = {
    "assessment.named": ("clipboard-check", _("%(by)s named you as an assessor of “%(title)s”.")),
    "assessment.stale": (
        "refresh",
        _("%(by)s reported on “%(title)s” after you had scored it; look at your score again."),
    ),
    "assessment.return_score": (
        "arrow-back-up",
        _("%(by)s returned your score of “%(title)s”: %(reason)s"),
    ),
    "assessment.result": (
        "clipboard-check",
        _("“%(title)s” has been assessed: %(points)s of %(out_of)s points."),
    ),
}


class AssessmentConfig(AppConfig):
    name = "luoshi.assessment"
    label = "assessment"

    def ready(self) -> None:
        from luoshi.assessment import services  # noqa: PLC0415 — models exist only now

        for verb, words in VERBS.items():
            verbs.register(verb, words)
        for kind, (icon, sentence) in MESSAGES.items():
            messages.register(kind, icon, sentence)
        reports.hear("filed", services.look_again)
        reports.hear("amended", services.look_again)
        tasks.hear("reopened", services.look_again)
