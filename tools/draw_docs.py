"""Draw every generated document anew, or with --check say which is no longer true.

A room that draws a document has a command called draw-<something>, which knows --check.
"""

import os
import sys

import django
from django.core.management import CommandError, call_command, get_commands


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.config.settings")
    django.setup()
    wrong = 0
    for name in sorted(name for name in get_commands() if name.startswith("draw")):
        try:
            call_command(name, *sys.argv[1:])
        except (CommandError, SystemExit) as error:
            if getattr(error, "code", 1) not in (0, None):
                wrong += 1
                print(f"{name}: {error}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
