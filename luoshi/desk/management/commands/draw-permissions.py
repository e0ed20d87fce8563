# ruff: noqa: N999
"""``luoshi draw-permissions``: docs/permissions.md, printed from the three tables that decide."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from luoshi.desk.management.doors import DOORS, Door, Verb, Who
from luoshi.people.roles import POWERS, Duty, Power
from luoshi.tasks.lifecycle import PERMITS, Relation, Status
from luoshi.tasks.queries import FOR_A_LEADER

TARGET = settings.BASE_DIR / "docs" / "permissions.md"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(*head: object) -> list[str]:
    return [_row(*head), "|" + "---|" * len(head)]


def _duties() -> list[str]:
    powers = list(Power)
    lines = _table("duty of the post", *(power.label for power in powers))
    for duty in Duty:
        held = POWERS.get(duty, frozenset())
        lines.append(_row(duty.label, *("yes" if power in held else "" for power in powers)))
    return lines


def _verbs() -> list[str]:
    lines = _table("verb", *(_plain(relation.label) for relation in Relation))
    for verb, permit in sorted(PERMITS.items()):
        marks = ("yes" if relation in permit.relations else "" for relation in Relation)
        lines.append(_row(f"`{verb}`", *marks))
    return lines


def _for_a_leader() -> str:
    return ", ".join(f"`{verb}`" for verb in sorted(FOR_A_LEADER))


def _statuses() -> list[str]:
    lines = _table("verb", *(status.name.lower() for status in Status))
    for verb, permit in sorted(PERMITS.items()):
        marks = ("yes" if status in permit.statuses else "" for status in Status)
        lines.append(_row(f"`{verb}`", *marks))
    return lines


def _plain(label: object) -> str:
    return str(label).removeprefix("the ").removeprefix("an ").removeprefix("anybody ")


def _who(door: Door) -> str:
    """Who may enter, in words."""
    if isinstance(door.who, Who):
        told = door.who.value
    elif isinstance(door.who, Power):
        duties = [str(duty.label) for duty, powers in POWERS.items() if door.who in powers]
        told = f"power “{door.who.label}”: {', '.join(duties)}"
    else:
        told = _of_verb(door.who)
    told = f"{told}; also {door.also}" if door.also else told
    return f"{told}; only {door.only}" if door.only else told


def _of_verb(verb: Verb) -> str:
    permit = PERMITS[verb.name]
    relations = [str(r.label) for r in Relation if r in permit.relations]
    where = " on the parent task" if verb.on_parent else ""
    return f"verb `{verb.name}`{where}: {', '.join(relations)}"


def paths(
    patterns: Any = None, space: tuple[str, ...] = (), front: str = "/"
) -> Iterator[tuple[str, str]]:
    """Name and path of every address of the house."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        here = front + str(one.pattern)
        if isinstance(one, URLResolver):
            below = (*space, one.namespace) if one.namespace else space
            yield from paths(one.url_patterns, below, here)
        elif isinstance(one, URLPattern):
            yield ":".join((*space, one.name or "?")), here


def _doors() -> list[str]:
    lines = _table("address", "name", "methods", "who may enter")
    for name, path in paths():
        if name not in DOORS:
            raise CommandError(f"say in desk/management/doors.py who may enter {path} ({name})")
        door = DOORS[name]
        lines.append(_row(f"`{path}`", f"`{name}`", door.methods, _who(door)))
    return lines


HEAD = """\
# Who may do what

Drawn by `luoshi draw-permissions` from `people/roles.py`, `tasks/lifecycle.py` and
`desk/management/doors.py`; do not edit. `tests/permissions` tries every address as everybody and
fails where an address is missing here.

Four answers are possible: the door opens; it refuses with a sentence that says who can (403); the
thing does not exist for this person (404); whoever is not logged in is sent to the log-in page.

## Who may see a task

Whoever has the power “{see}” over the whole institution sees every task, drafts included. Everybody
else sees the drafts they registered or that stand below a task of theirs, what waits for their
approval, and issued tasks: all of them where the measure is open to
everybody, otherwise those they take part in, those of the units their posts reach, and, where the
measure says so, those of their own unit and the units below it.
"""


def text() -> str:
    """The document."""
    with translation.override("en"):
        sections = {
            "Duties and their powers": (
                "A power reaches as far as the post's unit and field do. A secretary sees what "
                "the leader served sees. A duty without a mark may do what everybody may. Who "
                "registers or issues a task needs a post that covers its lead unit; sub-tasks are "
                "given to any unit by the responsible person of the task above. Categories of one "
                "unit are for that unit. Nobody sees the drafts of an import before it is whole.",
                _duties(),
            ),
            "Verbs of tasks: who": (
                "What a person is to a task. The measure may narrow it further (who cancels, "
                "whether it is broken down). For the leader served, as far as the leader may, a "
                f"secretary does: {_for_a_leader()}; both names go on record.",
                _verbs(),
            ),
            "Verbs of tasks: while the task is": ("", _statuses()),
            "Addresses": ("", _doors()),
        }
        parts = [HEAD.format(see=Power.SEE.label)]
        for title, (words, lines) in sections.items():
            parts += [f"## {title}\n", *([f"{words}\n"] if words else []), "\n".join(lines), ""]
    return "\n".join(parts)


class Command(BaseCommand):
    help = "Draw docs/permissions.md from the declared tables, or --check that it is unchanged."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        drawn = text()
        if options["check"]:
            if not TARGET.exists() or TARGET.read_text("utf-8") != drawn:
                raise CommandError(
                    "docs/permissions.md is not as drawn: run luoshi draw-permissions"
                )
        else:
            TARGET.write_text(drawn, "utf-8")
