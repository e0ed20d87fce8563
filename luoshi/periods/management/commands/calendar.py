"""``luoshi calendar seed YEAR…``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from luoshi.periods.queries import lacks_makeup_days
from luoshi.periods.services import open_year, seed_year


class Command(BaseCommand):
    help = "Enter the public holidays and make-up days of years, and open those years."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["seed"])
        parser.add_argument("years", nargs="+", type=int, metavar="YEAR")

    def handle(self, *args: Any, years: list[int], **options: Any) -> None:
        for year in years:
            made = seed_year(year)
            open_year(year)
            self.stdout.write(
                _("%(year)s: %(count)s days entered.") % {"year": year, "count": made}
            )
            if lacks_makeup_days(year):
                self.stderr.write(
                    _(
                        "%(year)s: no make-up working days are known yet. Enter them when the "
                        "State Council has published the plan."
                    )
                    % {"year": year}
                )
