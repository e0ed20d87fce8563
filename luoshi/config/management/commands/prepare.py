"""``luoshi prepare``: make an installation ready to serve. Doing it again is quick."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

LEFT_OUT = ["django_htmx"]  # brings htmx a second time


def migrations_wait() -> bool:
    """Whether the database lacks a migration."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def static_print() -> str:
    """A fingerprint of all static files: names, sizes and times of change."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in sorted(finder.list(LEFT_OUT), key=lambda found: found[0]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class Command(BaseCommand):
    help = "Migrate the database, collect static files and, with --demo, load the demo once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo if nothing is there")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demo"] and not settings.DEMO:
            raise CommandError("The demo is loaded in demo mode only: set LUOSHI_DEMO=1.")
        if migrations_wait():
            self.say("Bringing the database up to date …")
            call_command("migrate", verbosity=0, interactive=False)
        else:
            self.check(databases=["default"])
        self.collect()
        if options["demo"] and "demo" in get_commands():
            call_command("demo", "--if-empty")

    def collect(self) -> None:
        """Collect static files unless none has changed since the last time."""
        stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
        fingerprint = static_print()
        if stamp.exists() and stamp.read_text() == fingerprint:
            return
        self.say("Collecting static files …")
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=LEFT_OUT)
        stamp.write_text(fingerprint)

    def say(self, sentence: str) -> None:
        self.stderr.write(sentence, style_func=str)  # progress is no error: not in red
