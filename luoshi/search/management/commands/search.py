"""``luoshi search rebuild``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from luoshi.search.services import rebuild


class Command(BaseCommand):
    help = "Read all texts into the search index again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["rebuild"])

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in rebuild().items():
            self.stdout.write(_("%(kind)s: %(count)s texts") % {"kind": kind, "count": count})
