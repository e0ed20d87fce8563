"""Tables from the command line: ``luoshi import tasks|people|units FILE``."""
# ruff: noqa: N999  # the command is called import

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, State, UnresolvedName
from luoshi.intake.readers import read_tables
from luoshi.intake.rules import permits
from luoshi.intake.rules.grid import address
from luoshi.intake.rules.messages import Level
from luoshi.intake.rules.table import NameKind, Row, RowKind
from luoshi.intake.rules.text import folded
from luoshi.intake.services import checking, preview, publishing, settling, staging
from luoshi.kit import clock
from luoshi.kit.holding import holding
from luoshi.kit.verdict import NotAllowed, Refused
from luoshi.measures.models import Category
from luoshi.people.models import Person
from luoshi.people.queries import everybody_with
from luoshi.people.roles import Power
from luoshi.people.services import importing


@dataclass(frozen=True)
class Meaning:
    """What a name or date of the table means."""

    units: tuple[int, ...] = ()
    person: int | None = None
    day: dt.date | None = None

    @property
    def nothing(self) -> bool:
        return not (self.units or self.person or self.day)

    def answer(self, name: UnresolvedName) -> settling.Answer:
        return settling.Answer(
            name, units=self.units, person=self.person, day=self.day, ignore=self.nothing
        )


class _Known:
    """Units, people and days by what may be written for them."""

    def __init__(self) -> None:
        self.units = queries.unit_dictionary()
        self.codes = queries.unit_codes()
        self.people = queries.people_directory()
        self.numbers = queries.staff_numbers()

    def read(self, text: str) -> Meaning | None:
        """None where the text is nothing known; empty text means: leave it empty."""
        if not text:
            return Meaning()
        said = self.units.read(text)
        unit = self.codes.get(text)
        units = (unit,) if unit else () if said.unknown else said.all
        person = self.numbers.get(text) or self.people.find(text)
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            day = None
        meaning = Meaning(units, person, day)
        return None if meaning.nothing else meaning


class Command(BaseCommand):
    help = "Import a task table, or units and people, from Excel, Word or CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        tasks = what.add_parser("tasks", help="a task table (.xlsx, .docx, .csv) as drafts")
        tasks.add_argument("file", type=Path)
        tasks.add_argument("--category", required=True, help="code of the category")
        tasks.add_argument("--year", required=True, type=int)
        tasks.add_argument("--due", type=dt.date.fromisoformat, help="for rows without a date")
        tasks.add_argument(
            "--unit-dictionary",
            type=Path,
            help="a table of two columns: a name or date as written in the file, and what it means:"
            " a unit's name or code, a person's name or staff number, a day, or nothing at all",
        )
        tasks.add_argument(
            "--confirm", action="store_true", help="confirm everything that was assumed"
        )
        tasks.add_argument(
            "--measure", action="store_true", help="say how long others waited for the database"
        )
        for name in ("people", "units"):
            one = what.add_parser(name, help=f"{name} from a workbook; again later as an update")
            one.add_argument("file", type=Path)
        for one in what.choices.values():
            one.add_argument("--dry-run", action="store_true", help="write nothing")
            one.add_argument("--as", dest="account", help="account of who imports")

    def handle(self, *args: Any, **options: Any) -> None:
        data = _content(options["file"])
        try:
            if options["what"] == "tasks":
                self._tasks(data, options)
            else:
                self._organisation(options)
        except (Refused, NotAllowed) as error:
            raise CommandError(str(error)) from error

    # ------------------------------------------------------------------ tasks

    def _tasks(self, data: bytes, options: dict[str, Any]) -> None:
        category = Category.objects.filter(code=options["category"]).first()
        if category is None:
            codes = ", ".join(Category.objects.filter(active=True).values_list("code", flat=True))
            raise CommandError(
                _("There is no category “%(code)s”. There are: %(codes)s.")
                % {"code": options["category"], "codes": codes or "–"}
            )
        names = _meanings(options["unit_dictionary"])
        if options["dry_run"]:
            self._try(data, category, names, options)
        elif options["measure"]:
            begun = time.perf_counter()
            with holding() as times:
                self._import(data, category, names, options)
            self._tell_times(times, time.perf_counter() - begun)
        else:
            self._import(data, category, names, options)

    def _tell_times(self, times: list[float], total: float) -> None:
        self.stdout.write(
            _("%(total).2f s in all; %(n)s transactions, the longest %(longest).0f ms.")
            % {"total": total, "n": len(times), "longest": max(times, default=0) * 1000}
        )

    def _try(
        self, data: bytes, category: Category, names: dict[str, Meaning], options: dict[str, Any]
    ) -> None:
        """Check in memory; nothing is written anywhere."""
        file: Path = options["file"]
        grids = read_tables(file.name, data, limit=settings.UPLOAD_LIMIT)
        found = preview.look_at(
            grids,
            category=category,
            year=options["year"],
            default_due=options["due"],
            units={text: m.units for text, m in names.items() if m.units or m.nothing},
            people={text: m.person for text, m in names.items() if m.person or m.nothing},
            days={folded(text): m.day for text, m in names.items() if m.day or m.nothing},
        )
        for seen in found:
            self._tell_row(seen.table, seen.row, seen.places)
        tasks = [seen.row for seen in found if seen.row.kind == RowKind.TASK]
        errors = sum(row.wrong for row in tasks)
        asked = sum(row.asks for row in tasks)
        opened = {name for row in tasks for name in row.open}
        self._tell_names([(str(NameKind(kind).label), text) for kind, text in sorted(opened)])
        self._sum_up(len(tasks), errors, asked, len(opened))
        self.stdout.write(_("This was a trial; nothing was written."))
        if errors or opened:
            raise CommandError(_("The table cannot be imported as it stands."))

    def _import(
        self, data: bytes, category: Category, names: dict[str, Meaning], options: dict[str, Any]
    ) -> None:
        by = _importer(options["account"]).actor
        upload = SimpleUploadedFile(options["file"].name, data)
        batch = staging.upload_table(
            upload, category=category, year=options["year"], by=by, default_due=options["due"]
        )
        self.stdout.write(
            _("%(lines)s lines were read; they are being checked.") % {"lines": batch.lines}
        )
        checking.begin_check(batch)
        batch = checking.check_now(batch, lambda done: self._tell_progress(done, batch.lines))
        batch = self._settle(batch, names, by)
        if options["confirm"] and batch.warnings:
            batch = settling.confirm_rows(batch, None, by=by, rev=batch.rev)
        self._tell_batch(batch)
        verdict = permits.may_publish(publishing.counts_of(batch), checked=True)
        if not verdict:
            raise CommandError(
                _("Nothing was imported. %(reason)s The table waits at /import/%(pk)s/.")
                % {"reason": verdict.reason, "pk": batch.pk}
            )
        self.stdout.write(_("%(n)s tasks are being written.") % {"n": batch.tasks})
        batch = publishing.publish_here(batch, by=by)
        if batch.state != State.PUBLISHED:
            raise CommandError(batch.failure)
        words = ngettext(
            "%(n)s task was imported as a draft.",
            "%(n)s tasks were imported as drafts.",
            batch.tasks,
        )
        self.stdout.write(self.style.SUCCESS(words % {"n": batch.tasks}))

    def _settle(self, batch: ImportBatch, names: dict[str, Meaning], by: Any) -> ImportBatch:
        """Answer open names and dates from the dictionary given."""
        answers = [
            names[name.text].answer(name)
            for name in queries.open_names(batch)
            if name.text in names
        ]
        if not answers:
            return batch
        settling.write_answers(batch, answers, by=by, rev=batch.rev)
        batch.refresh_from_db()
        checking.begin_check(batch)
        return checking.check_now(batch)

    def _tell_progress(self, done: int, lines: int) -> None:
        self.stdout.write(_("%(done)s of %(lines)s lines") % {"done": done, "lines": lines})

    def _tell_batch(self, batch: ImportBatch) -> None:
        for fault in queries.faults_of(batch, Level.ERROR, Level.ASK, Level.OPEN):
            self._tell(fault.place, fault.level, fault.sentence)
        names = queries.open_names(batch)
        self._tell_names([(str(name.get_kind_display()), name.text) for name in names])
        self._sum_up(batch.tasks, batch.errors, batch.warnings, len(names))

    # ------------------------------------------------------------------ what is said

    def _tell_row(self, table: str, row: Row, places: dict[Any, int]) -> None:
        for said in row.messages:
            if said.level != Level.NOTE:
                self._tell(
                    address(table, row.row, places.get(said.field)), said.level, said.sentence
                )

    def _tell(self, place: str, level: Level, sentence: str) -> None:
        styles = {Level.ERROR: self.style.ERROR, Level.OPEN: self.style.WARNING}
        style = styles.get(level, str)
        self.stdout.write(f"{place}\t{style(str(level.label))}\t{sentence}")

    def _tell_names(self, names: list[tuple[str, str]]) -> None:
        if names:
            self.stdout.write(_("To be settled:"))
        for kind, text in names:
            self.stdout.write(f"  {kind}\t{text}")

    def _sum_up(self, tasks: int, errors: int, asked: int, opened: int) -> None:
        self.stdout.write(
            _(
                "%(tasks)s tasks, %(errors)s rows in error, %(asked)s rows to be confirmed, "
                "%(opened)s names and dates to be settled."
            )
            % {"tasks": tasks, "errors": errors, "asked": asked, "opened": opened}
        )

    # ------------------------------------------------------------------ units and people

    def _organisation(self, options: dict[str, Any]) -> None:
        by = _administrator(options["account"]).actor
        does = importing.import_people if options["what"] == "people" else importing.import_units
        result = does(options["file"], by=by, dry_run=options["dry_run"])
        for error in result.errors:
            self.stdout.write(
                f"{error.cell}\t{self.style.ERROR(error.heading)}\t{error.value}\t{error.reason}"
            )
        self.stdout.write(
            _("%(total)s rows: %(created)s new, %(changed)s changed, %(same)s as before.")
            % {
                "total": result.total,
                "created": result.created,
                "changed": result.changed,
                "same": result.same,
            }
        )
        for number, name, told in result.passwords:
            self.stdout.write(f"{number}\t{name}\t{told}")
        if options["dry_run"]:
            self.stdout.write(_("This was a trial; nothing was written."))
        if result.errors:
            raise CommandError(
                ngettext(
                    "%(n)s row has an error; nothing was written.",
                    "%(n)s rows have errors; nothing was written.",
                    result.rows_in_error,
                )
                % {"n": result.rows_in_error}
            )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(
            _("“%(file)s” cannot be opened: %(reason)s")
            % {"file": file, "reason": error.strerror or error}
        ) from error


def _meanings(file: Path | None) -> dict[str, Meaning]:
    """What names and dates of the table mean, from a table of two columns."""
    if file is None:
        return {}
    known = _Known()
    found: dict[str, Meaning] = {}
    for grid in read_tables(file.name, _content(file), limit=settings.UPLOAD_LIMIT):
        for line in grid.lines:
            meaning = known.read(line.text(1))
            if meaning is not None:
                found[line.text(0)] = meaning
            elif line.row > 1:  # the first may be a header
                raise CommandError(
                    _("%(place)s: “%(text)s” is no open unit, nobody present and no day.")
                    % {"place": address(grid.name, line.row, 1), "text": line.text(1)}
                )
    return found


def _importer(account: str | None) -> Person:
    return _somebody(account, Power.IMPORT)


def _administrator(account: str | None) -> Person:
    return _somebody(account, Power.EDIT_PEOPLE)


def _somebody(account: str | None, power: Power) -> Person:
    """Who imports: the account given, else the first person who may."""
    if account:
        person = Person.objects.filter(account__iexact=account).first()
        if person is None:
            raise CommandError(_("There is no account “%(account)s”.") % {"account": account})
        return person
    people = everybody_with(power, clock.today())
    if not people:
        raise CommandError(
            _("Nobody here may do this: “%(power)s”. Name an account with --as.")
            % {"power": power.label}
        )
    return people[0]
