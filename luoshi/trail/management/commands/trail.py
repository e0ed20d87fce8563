"""``luoshi trail verify | seal | guard``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.trail.jobs import seal_yesterday
from luoshi.trail.models import Event, Seal
from luoshi.trail.queries import faults
from luoshi.trail.services import restore_guards


class Command(BaseCommand):
    help = "Prove that the trail is whole (verify), seal past days (seal), restore guards (guard)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["verify", "seal", "guard"])

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        getattr(self, act)()

    def verify(self) -> None:
        """Print every fault; exit with 1 if there is one."""
        found = 0
        for fault in faults():
            found += 1
            self.stdout.write(fault.sentence)
        if found:
            raise CommandError(
                ngettext(
                    "The trail is damaged: %(count)s fault.",
                    "The trail is damaged: %(count)s faults.",
                    found,
                )
                % {"count": found}
            )
        last = Seal.objects.order_by("day").last()
        self.stdout.write(
            _("The trail is whole: %(events)s events, last seal %(day)s.")
            % {"events": Event.objects.count(), "day": last.day if last else _("none yet")}
        )

    def seal(self) -> None:
        """Seal every past day that has no seal."""
        made = seal_yesterday()
        self.stdout.write(
            ngettext("%(count)s day sealed.", "%(count)s days sealed.", made) % {"count": made}
        )

    def guard(self) -> None:
        """Put up missing triggers and record that it was needed."""
        restored = restore_guards()
        self.stdout.write(
            _("Restored: %(names)s.") % {"names": ", ".join(restored)}
            if restored
            else _("All guards stand.")
        )
