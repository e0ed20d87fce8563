"""The console command ``luoshi``: all commands under one name."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from luoshi.config import serve


def main() -> None:
    """Run a command as ``luoshi NAME …`` (or ``luoshi GROUP NAME …`` for the grouped ones).

    A setting that cannot stand is told in one sentence, not as a trace of the machine.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.config.settings")
    try:
        if sys.argv[1:2] == ["serve"]:  # watches over others and needs none of Django
            import_module("luoshi.config.settings")  # once, before many processes stumble over it
            sys.exit(serve.main(sys.argv[2:]))
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"luoshi: {error}")
