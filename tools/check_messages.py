"""Say what is wrong with the Chinese catalogue: missing, stale, fuzzy or untranslated texts, or a
translation that lost a placeholder. Needs xgettext of gettext.

With --write the catalogue is brought up to date instead: new texts come in empty, stale ones go.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "luoshi" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
LEFT_OUT = ("tests", "migrations", "static", "locale", "__pycache__")
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")
Key = tuple[str | None, str, str | None]


def key(entry: polib.POEntry) -> Key:
    return entry.msgctxt, entry.msgid, entry.msgid_plural or None


def extracted() -> polib.POFile:
    """The texts of code and templates, as makemessages finds them in a copy of the package."""
    if not shutil.which("xgettext"):
        sys.exit("xgettext is missing; install gettext (apt-get install gettext).")
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "luoshi"
        shutil.copytree(ROOT / "luoshi", package, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (package / "locale").mkdir()
        made = subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "--locale=zh_Hans", "--no-wrap"],
            cwd=package,
            env={k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            sys.exit(made.stdout + made.stderr)
        return polib.pofile(str(package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def faults(found: polib.POFile, catalogue: polib.POFile) -> list[str]:
    """A line for everything that is wrong."""
    there = {key(entry): entry for entry in catalogue if not entry.obsolete}
    wanted = {key(entry): entry for entry in found}
    lines = []
    for missing in wanted.keys() - there.keys():
        where = wanted[missing].occurrences[:1]
        lines.append(f"not in the catalogue: {missing[1]!r} ({where[0][0] if where else '?'})")
    lines += [f"no longer used: {stale[1]!r}" for stale in there.keys() - wanted.keys()]
    for entry in there.values():
        texts = translations(entry)
        if entry.fuzzy:
            lines.append(f"fuzzy: {entry.msgid!r}")
        elif not texts or not all(texts):
            lines.append(f"not translated: {entry.msgid!r}")
        elif lost := _lost(entry, texts):
            lines.append(f"placeholders differ ({', '.join(sorted(lost))}): {entry.msgid!r}")
    return sorted(lines)


def _lost(entry: polib.POEntry, texts: list[str]) -> set[str]:
    """Placeholders a translation has and the text has not, or the other way round.

    A count may be left out where the singular leaves it out too.
    """
    allowed = set(PLACEHOLDER.findall(entry.msgid + (entry.msgid_plural or "")))
    needed = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    wrong: set[str] = set()
    for text in texts:
        has = set(PLACEHOLDER.findall(text))
        wrong |= (has - allowed) | (needed - has)
    return wrong


def write(found: polib.POFile, catalogue: polib.POFile) -> None:
    """Bring the catalogue up to date; translations stay."""
    there = {key(entry): entry for entry in catalogue if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=0)
    fresh.metadata = catalogue.metadata
    for entry in sorted(found, key=lambda entry: (entry.msgid, entry.msgctxt or "")):
        kept = there.get(key(entry))
        plural = {0: ""} if entry.msgid_plural else {}
        fresh.append(
            polib.POEntry(
                msgctxt=entry.msgctxt,
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgstr=kept.msgstr if kept else "",
                msgstr_plural=kept.msgstr_plural if kept else plural,
                flags=[flag for flag in entry.flags if flag != "fuzzy"],
            )
        )
    fresh.save(str(CATALOGUE))


def main() -> None:
    found = extracted()
    catalogue = polib.pofile(str(CATALOGUE), wrapwidth=0) if CATALOGUE.exists() else polib.POFile()
    if "--write" in sys.argv:
        write(found, catalogue)
        catalogue = polib.pofile(str(CATALOGUE), wrapwidth=0)
    lines = faults(found, catalogue)
    print("\n".join(lines) if lines else f"{len(found)} texts, all translated")
    sys.exit(bool(lines) and "--write" not in sys.argv)


if __name__ == "__main__":
    main()
