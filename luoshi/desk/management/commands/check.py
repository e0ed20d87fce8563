"""``luoshi check``: the settings and models, then every value that is stored for speed."""

from itertools import islice
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.check import Command as SystemCheck
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.desk.queries.differences import differences

#: Differences that are printed; the rest is counted.
MOST = 200
#: Options that ask for a part of the system's own checks; the data are left alone then.
PARTS = ("tags", "list_tags", "deploy")


def is_ready() -> bool:
    """Whether the database holds every table; an empty one has no data to check."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


class Command(SystemCheck):
    """Works every stored value out again and names those that differ; changes nothing."""

    help = "Check settings and models, and every stored value against its rule (--no-data: not)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--no-data", action="store_true", help="settings and models only")

    def handle(self, *app_labels: Any, **options: Any) -> None:
        super().handle(*app_labels, **options)
        part = app_labels or any(options.get(name) for name in PARTS)
        if part or options["no_data"]:
            return
        if not is_ready():
            self.stdout.write(_("The database lacks migrations; its data were not checked."))
            return
        self._check_data(quiet=options["verbosity"] < 2)

    def _check_data(self, *, quiet: bool) -> None:
        count = 0
        found = differences((lambda _name: None) if quiet else self.stderr.write)
        for difference in islice(found, MOST):
            self.stdout.write(difference.sentence)
            count += 1
        count += sum(1 for _more in found)
        if count:
            words = ngettext(
                "%(count)s stored value is not what its rule says.",
                "%(count)s stored values are not what their rules say.",
                count,
            )
            raise CommandError(words % {"count": count})
        self.stdout.write(_("Every stored value is what its rule says."))
