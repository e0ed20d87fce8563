"""``luoshi demo [--if-empty]``: fill an empty installation with the college of the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from luoshi.demo.build import build, is_empty


class Command(BaseCommand):
    help = "Fill an empty installation with a believable college; in demo mode only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where people are there already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_empty():
            if options["if_empty"]:
                return
            raise CommandError(_("There are people already; the demonstration is left out."))
        if not settings.DEMO:
            raise CommandError(_("The demonstration is loaded in demo mode only: LUOSHI_DEMO=1."))
        self.say(_("Building the college of the demonstration …"))
        built = build()
        self.say(
            _("%(people)s people, %(tasks)s tasks, %(reports)s reports.")
            % {"people": built.people, "tasks": built.tasks, "reports": built.reports}
        )

    def say(self, sentence: str) -> None:
        """Tell progress; it is no error, so not in red."""
        self.stderr.write(sentence, style_func=str)
