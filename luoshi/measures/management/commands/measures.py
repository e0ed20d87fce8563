"""``luoshi measures check|load|dump``: rule books as TOML files (CAT-4)."""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from luoshi.kit.actor import SYSTEM
from luoshi.kit.verdict import Refused
from luoshi.measures.kinds import sections
from luoshi.measures.models import Programme
from luoshi.measures.queries import book_of_measure, book_of_programme, read_books, version
from luoshi.measures.rules.books import Book
from luoshi.measures.rules.writing import file_of
from luoshi.measures.services import load_books


class Command(BaseCommand):
    """Checks rule-book files, brings them on record, or writes what is on record as a file."""

    help = "Check, load or dump measures (rule books) as TOML files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", choices=["zh-hans", "en"], help="language of messages")
        acts = parser.add_subparsers(
            dest="act", required=True, parser_class=argparse.ArgumentParser
        )
        for act, text in (("check", "only say what is wrong"), ("load", "bring on record")):
            part = acts.add_parser(act, help=text)
            part.add_argument("files", nargs="+", metavar="FILE")
        dump = acts.add_parser("dump", help="write a measure or a programme as a file")
        dump.add_argument("code", metavar="CODE", help="code of a measure or of a programme")
        dump.add_argument("--since", metavar="DAY", type=_day, help="version in force since DAY")
        dump.add_argument("--out", metavar="FILE", help="file to write; standard output if absent")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["language"] or translation.get_language()):
            if options["act"] == "dump":
                self._dump(options)
                return
            books = self._read(options["files"])
            if options["act"] == "load":
                self._load(books)
            else:
                self.stdout.write(_("Everything in these files is right."))

    def _read(self, names: list[str]) -> list[Book]:
        books, problems = read_books([(name, _bytes(name)) for name in names])
        if problems:
            for problem in problems:
                self.stderr.write(str(problem))
            raise CommandError(
                _("%(count)s problems; nothing was loaded.") % {"count": len(problems)}
            )
        return books

    def _load(self, books: list[Book]) -> None:
        try:
            done = load_books(books=books, by=SYSTEM)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        for loaded in done:
            self.stdout.write(loaded.said)

    def _dump(self, options: dict[str, Any]) -> None:
        code, since = options["code"], options["since"]
        text = file_of(_book(code, since), sections())
        if options["out"]:
            Path(options["out"]).write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day such as 2026-01-01") from None


def _bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s") % {"file": name, "reason": error.strerror}
        ) from None


def _book(code: str, since: dt.date | None) -> Book:
    if measure := version(code, since):
        return book_of_measure(measure)
    programme = None if since else Programme.objects.filter(code=code).first()
    if programme:
        return book_of_programme(programme)
    raise CommandError(_("There is no measure or programme %(code)s.") % {"code": code})
