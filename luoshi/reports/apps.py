from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds as messages
from luoshi.search import kinds as texts
from luoshi.tasks import kinds as tasks
from luoshi.trail import kinds as verbs

#: The words of the trail for each verb of this room.
VERBS = {
    "report.submit": _("reported progress"),
    "report.result": _("reported the result for a further set"),
    "report.amend": _("amended the newest report"),
    "report.pack": _("had the year-end pack of the unit built"),
}

#: Messages: icon and sentence.
MESSAGES = {
    "report.submit": ("message-report", _("%(by)s reported %(progress)s %% on “%(title)s”.")),
    "report.unchanged": (
        "message-report",
        _("%(by)s reported no change on “%(title)s”: %(reason)s"),
    ),
    "report.result": (
        "report-analytics",
        _("%(by)s reported the result of “%(title)s” for “%(set)s”."),
    ),
    "report.pack": (
        "file-zip",
        _("The year-end material %(year)s of “%(title)s” is ready to be downloaded."),
    ),
    "report.shared": (
        "share",
        _("%(by)s reported on “%(title)s”; nothing is left for you to do."),
    ),
    "report.amend": (
        "pencil",
        _("%(by)s amended the report on “%(title)s”; it now says %(progress)s %%."),
    ),
}


class ReportsConfig(AppConfig):
    name = "luoshi.reports"
    label = "reports"

    def ready(self) -> None:
        from luoshi.reports import queries  # noqa: PLC0415 — models exist only now
        from luoshi.reports.services import owed, reminding  # noqa: PLC0415

        for verb, words in VERBS.items():
            verbs.register(verb, words)
        for kind, (icon, sentence) in MESSAGES.items():
            messages.register(kind, icon, sentence)
        messages.register_reminder(
            reminding.OWED,
            "message-report",
            _("Not reported yet"),
            _("Report due on %(due)s"),
            reminding.look,
            reminding.together,
        )
        messages.register_acts("task", reminding.acts)
        texts.register("report", queries.texts)
        tasks.hear("issued", owed.open_dues)
        tasks.hear("reopened", owed.open_dues)
        tasks.hear("counted", owed.open_dues)
        tasks.hear("ended", owed.withdraw_dues)
        tasks.hear("due_changed", owed.reopen_dues)
