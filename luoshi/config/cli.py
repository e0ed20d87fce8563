"""The console command ``luoshi``: all commands under one name."""

import os
import sys


def main() -> None:
    """Run a command as ``luoshi NAME …`` (or ``luoshi GROUP NAME …`` for the grouped ones)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.config.settings")
    if sys.argv[1:2] == ["serve"]:
        from luoshi.config import serve

        sys.exit(serve.main(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
