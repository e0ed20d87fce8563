"""Compile every catalogue of luoshi/locale to .mo, without gettext on the machine."""

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "luoshi" / "locale"


def main() -> None:
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        catalogue = polib.pofile(str(source))
        catalogue.save_as_mofile(str(source.with_suffix(".mo")))
        print(f"{source.parent.parent.name}: {len(catalogue.translated_entries())} texts")


if __name__ == "__main__":
    main()
