"""``luoshi files check | pages``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.files.queries import storage_faults
from luoshi.files.services import prepare_again


class Command(BaseCommand):
    help = (
        "Compare the store with the lists (check), make pages that are missing, as after "
        "LibreOffice was installed (pages)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["check", "pages"])

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        {"check": self.compare, "pages": self.prepare}[act]()

    def compare(self) -> None:
        """Print every missing content; exit with 1 if there is one."""
        faults = storage_faults()
        for name in faults.missing:
            self.stdout.write(_("Missing or cut: %(name)s") % {"name": name})
        if left := len(faults.orphans):
            self.stdout.write(
                ngettext(
                    "%(count)s file on the disk belongs to nothing; it does no harm.",
                    "%(count)s files on the disk belong to nothing; they do no harm.",
                    left,
                )
                % {"count": left}
            )
        if faults.missing:
            raise CommandError(_("The store is damaged: restore these contents from the backup."))
        self.stdout.write(_("The store is whole."))

    def prepare(self) -> None:
        """Put every page that waits, and old documents that can now be read, into the queue."""
        asked = prepare_again()
        self.stdout.write(
            ngettext(
                "%(count)s document is being prepared.",
                "%(count)s documents are being prepared.",
                asked,
            )
            % {"count": asked}
        )
