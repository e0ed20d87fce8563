# ruff: noqa: N999
"""``luoshi draw-lines``: docs/lifecycle.md, drawn from the line and the shipped measures."""

import itertools
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import translation

from luoshi.tasks.lifecycle import GATES, MOVES, OPEN, PERMITS, Status, landing, stations

LIBRARY = settings.PACKAGE / "measures" / "library"
TARGET = settings.BASE_DIR / "docs" / "lifecycle.md"
GATE_KEYS = {
    "approval": "needs_approval",
    "sign_off": "needs_sign_off",
    "review": "needs_review",
}


def _name(status: Status) -> str:
    return status.name.lower()


def _diagram(gates: dict[str, bool]) -> list[str]:
    """One line as a state diagram: the way forward, the ways back, and off the line."""
    task = SimpleNamespace(**dict.fromkeys(GATES.values(), False) | gates)
    line = stations(task)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_name(line[0])}"]
    for status, (verb, move) in itertools.product(line, MOVES.items()):
        target = landing(verb, status, task)
        if target is None or target == Status.CANCELLED:
            continue
        if target in line and (move.target is None or target != status):
            lines.append(f"    {_name(status)} --> {_name(target)}: {verb}")
    lines.append(f"    {_name(line[-1])} --> [*]")
    return [*lines, "```"]


def _measures() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(Path(LIBRARY).glob("*.toml")):
        for measure in tomllib.loads(path.read_text("utf-8")).get("measure", []):
            found.append({"file": path.name, **measure})
    return found


def _of_measure(measure: dict[str, Any]) -> list[str]:
    line = measure.get("line", {})
    gates = {column: line.get(key, "never") == "always" for key, column in GATE_KEYS.items()}
    chosen = [key for key in GATE_KEYS if line.get(key) == "choose"]
    told = [f"## {measure['name']} (`{measure['file']}`, `{measure['code']}`)", ""]
    if chosen:
        told += [f"Chosen per task, drawn without: {', '.join(chosen)}.", ""]
    return [*told, *_diagram(gates), ""]


def text() -> str:
    """The document."""
    with translation.override("en"):
        every = dict.fromkeys(GATES.values(), True)
        parts = [
            "# The life of a task",
            "",
            "Drawn by `luoshi draw-lines` from `luoshi/tasks/lifecycle.py`; do not edit.",
            "A measure may take a stop off the line; it may never add one or change the order.",
            "",
            "Cancelling is possible from: " + ", ".join(_name(s) for s in sorted(OPEN)) + ".",
            "",
            "## All stops",
            "",
            *_diagram(every),
            "",
        ]
        for measure in _measures():
            parts += _of_measure(measure)
        parts += ["## Who may try a verb, and when", "", *_permits(), ""]
    return "\n".join(parts)


def _permits() -> list[str]:
    rows = ["| verb | who | while the task is |", "|---|---|---|"]
    for verb, permit in sorted(PERMITS.items()):
        who = ", ".join(sorted(str(r.label) for r in permit.relations))
        when = ", ".join(_name(s) for s in sorted(permit.statuses))
        rows.append(f"| `{verb}` | {who} | {when} |")
    return rows


class Command(BaseCommand):
    help = "Draw docs/lifecycle.md from the declared line, or --check that it is unchanged."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        drawn = text()
        if options["check"]:
            if not TARGET.exists() or TARGET.read_text("utf-8") != drawn:
                raise CommandError("docs/lifecycle.md is not as drawn: run luoshi draw-lines")
        else:
            TARGET.write_text(drawn, "utf-8")
