"""``luoshi bench``: build N tasks in a database of its own, measure the pages, print JSON."""

import json
import signal
import subprocess
import sys
import time
from argparse import BooleanOptionalAction
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from luoshi.bench.building import build
from luoshi.bench.drawing import draw
from luoshi.bench.ground import Ground, ground
from luoshi.bench.measuring import CROWD, SINGLE, Page, alone, measure
from luoshi.bench.pages import TYPED, own_words, plan
from luoshi.bench.rush import SECONDS, left_behind, rush, rush_plan
from luoshi.bench.serving import Server, serving
from luoshi.bench.visiting import Answer, Visitor
from luoshi.kit import environment as env

PROBES = 6  # requests by which the slowest filter is found


class Command(BaseCommand):
    """Drives three processes: one builds, one serves, this one measures."""

    help = "Measure the pages with N tasks, in a database of its own, through the real server."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tasks", type=int, default=10_000, metavar="N")
        parser.add_argument("--out", metavar="FILE", help="write the figures to a file as well")
        parser.add_argument("--database", metavar="URL", help="sqlite:///new-file or postgresql://")
        parser.add_argument("--keep", action="store_true", help="keep the database afterwards")
        parser.add_argument("--check", action="store_true", help="run `luoshi check` on the data")
        parser.add_argument("--quick", action="store_true", help="few requests, rough figures")
        parser.add_argument("--gantt", action="store_true", help="draw the Gantt in Chromium, too")
        parser.add_argument(
            "--rush",
            action=BooleanOptionalAction,
            default=True,
            help="the rush at the end of the month: 200 people filing for a minute",
        )
        parser.add_argument(
            "--inside", choices=["build", "plan", "rush", "behind"], help="used by the command"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"] == "build":
            call_command("migrate", verbosity=0, interactive=False)
            build(options["tasks"], self._say)
        elif options["inside"] == "plan":
            self.stdout.write(json.dumps(plan()))
        elif options["inside"] == "rush":
            self.stdout.write(json.dumps(rush_plan()))
        elif options["inside"] == "behind":
            self.stdout.write(json.dumps(left_behind(**json.load(sys.stdin))))
        elif options["tasks"] < 1:
            raise CommandError("--tasks takes a number from 1.")
        else:
            self._measure_all(options)

    def _say(self, words: str) -> None:
        self.stderr.write(words)
        self.stderr.flush()

    def _measure_all(self, options: dict[str, Any]) -> None:
        signal.signal(signal.SIGTERM, _end)  # so that server and database are cleared away
        url = options["database"] or env.text("DATABASE_URL")
        if not options["database"] and url.startswith("sqlite"):
            url = ""  # the house's own file is never touched
        with ground(url, options["keep"]) as place:
            if options["keep"]:
                self._say(f"kept: {place.variables['DATABASE_URL']} ({place.folder})")
            self._luoshi(place, "bench", "--inside", "build", "--tasks", str(options["tasks"]))
            if options["check"]:
                self._luoshi(place, "check")
            self._luoshi(place, "collectstatic", "--noinput", "-v0")
            told = json.loads(self._luoshi(place, "bench", "--inside", "plan"))
            with serving(place.variables) as server:
                visitors = _logged_in(server, told)
                figures = self._figures(server, told, visitors, options)
                memory = round(server.memory_mb())
                drawn = draw(visitors["office"], told["gantt_page"]) if options["gantt"] else None
            rushed = self._rush(place, options["quick"]) if options["rush"] else None
        found = {
            "tasks": options["tasks"],
            "database": told["database"],
            "pages": figures,
            "memory_mb": memory,
        }
        if drawn:
            found["gantt"] = drawn
        if rushed:
            found["rush"] = rushed
        text = json.dumps(found, indent=1)
        if options["out"]:
            Path(options["out"]).write_text(text + "\n")
        self.stdout.write(text)

    def _rush(self, place: Ground, quick: bool) -> dict[str, Any]:
        """Many people filing at once against all that `make run` starts."""
        told = json.loads(self._luoshi(place, "bench", "--inside", "rush"))
        with serving(place.variables, whole=True) as server:
            found, keys = rush(server.port, told["people"], TYPED, 10.0 if quick else SECONDS)
        given = json.dumps({"keys": keys, "after": told["after"]})
        behind = json.loads(self._luoshi(place, "bench", "--inside", "behind", given=given))
        self._say(
            f"rush: {found.people} people, {found.reports} reports, {found.reports_per_s} per "
            f"second, p95 {found.p95_ms} ms, {found.errors} errors, {behind['lost']} lost"
        )
        return asdict(found) | behind

    def _luoshi(self, place: Ground, *arguments: str, given: str = "") -> str:
        """Run a command of the house on the benchmark's database; ``given`` is what it reads."""
        done = subprocess.run(
            [sys.executable, "-m", "luoshi", *arguments],
            env=dict(place.variables),
            input=given,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"luoshi {' '.join(arguments)} failed.\n{done.stdout}")
        return done.stdout

    # ── measuring ────────────────────────────────────────────────────────────────────────────

    def _figures(
        self,
        server: Server,
        told: dict[str, Any],
        visitors: dict[str, Visitor],
        options: dict[str, Any],
    ) -> dict[str, Any]:
        single, crowd = (10, 1.0) if options["quick"] else (SINGLE, CROWD)
        found = {}
        pages = [self._chosen(server, visitors[one["who"]], one) for one in told["pages"]]
        if told["forms"]:
            pages.append(_filing(told, visitors["reader"]))
        for page in pages:
            begun = time.monotonic()
            figures = measure(server, page, single=single, crowd=crowd)
            found[page.name] = asdict(figures)
            self._say(
                f"{page.name}: {figures.p50_ms} ms, cpu {figures.cpu_ms} ms, "
                f"{figures.queries} queries, {figures.rps_8_clients} requests/s with p95 "
                f"{figures.p95_ms_8_clients} ms ({time.monotonic() - begun:.0f} s)"
            )
        return found

    def _chosen(self, server: Server, visitor: Visitor, one: dict[str, Any]) -> Page:
        """The page at the slowest of its addresses, by processor time and time alone."""
        pages = [_page(one["name"], url, visitor, one["queries"][url]) for url in one["urls"]]
        if len(pages) == 1:
            return pages[0]
        costs = []
        for page, url in zip(pages, one["urls"], strict=True):
            alone(server, page, 2)
            costs.append((alone(server, page, PROBES).p50_ms, url, page))
        cost, url, page = max(costs, key=lambda told: told[0])
        self._say(f"{one['name']}: slowest of {len(pages)} filters is {url} ({cost} ms)")
        return page


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _logged_in(server: Server, told: dict[str, Any]) -> dict[str, Visitor]:
    visitors = {}
    for name, account in told["accounts"].items():
        visitors[name] = Visitor(server.port)
        visitors[name].log_in(told["log_in"], account, told["password"])
    return visitors


def _page(name: str, url: str, visitor: Visitor, queries: int) -> Page:
    return Page(name, lambda one, _place: one.get(url), visitor, queries=queries)


def _filing(told: dict[str, Any], visitor: Visitor) -> Page:
    """Filing a report: the form is opened first, which is not measured."""
    urls = told["forms"]

    def prepare(one: Visitor, place: int) -> None:
        one.open(urls[place % len(urls)])

    def visit(one: Visitor, place: int) -> Answer:
        assert one.opened
        hidden = {name: one.opened.hidden(name) for name in ("csrfmiddlewaretoken", "key", "rev")}
        evidence = (f"记录{hidden['key'][:6]}.txt", f"会议记录 {hidden['key']}".encode())
        typed = TYPED | hidden | own_words(hidden["key"])
        return one.post(urls[place % len(urls)], typed, evidence)

    return Page("report", visit, visitor, prepare, expected=302, queries=told["form_queries"])
