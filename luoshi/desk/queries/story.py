"""What the trail remembers, in words: subjects, names of details, values."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from luoshi.kit.ref import split
from luoshi.measures.models import Category, Measure
from luoshi.people.models import Body, Person, Unit
from luoshi.people.roles import Duty
from luoshi.reports.models import Report
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Role, Task
from luoshi.trail.queries import Line

Words = str | Promise

#: Kinds of subjects.
KINDS: dict[str, Words] = {
    "task": pgettext_lazy("trail", "Task"),
    "report": pgettext_lazy("trail", "Report"),
    "pack": pgettext_lazy("trail", "Year-end material"),
    "change_list": pgettext_lazy("trail", "Change list"),
    "person": pgettext_lazy("trail", "Person"),
    "unit": pgettext_lazy("trail", "Unit"),
    "unit_kind": pgettext_lazy("trail", "Kind of unit"),
    "field": pgettext_lazy("trail", "Field"),
    "body": pgettext_lazy("trail", "Body"),
    "measure": pgettext_lazy("trail", "Measure"),
    "category": pgettext_lazy("trail", "Category"),
    "programme": pgettext_lazy("trail", "Programme"),
    "period": pgettext_lazy("trail", "Period"),
    "day": pgettext_lazy("trail", "Day"),
    "calendar": pgettext_lazy("trail", "Calendar of"),
    "batch": pgettext_lazy("trail", "Import"),
    "trail": pgettext_lazy("trail", "Trail"),
}

#: Names of details that are no column of a table.
KEYS: dict[str, Words] = {
    "old": pgettext_lazy("trail detail", "before"),
    "before": pgettext_lazy("trail detail", "before"),
    "new": pgettext_lazy("trail detail", "after"),
    "after": pgettext_lazy("trail detail", "after"),
    "changed": pgettext_lazy("trail detail", "changed"),
    "name": pgettext_lazy("trail detail", "name"),
    "title": pgettext_lazy("trail detail", "title"),
    "number": pgettext_lazy("trail detail", "number"),
    "code": pgettext_lazy("trail detail", "code"),
    "since": pgettext_lazy("trail detail", "from"),
    "until": pgettext_lazy("trail detail", "until"),
    "on": pgettext_lazy("trail detail", "day"),
    "left_on": pgettext_lazy("trail detail", "left on"),
    "held_on": pgettext_lazy("trail detail", "held on"),
    "year": pgettext_lazy("trail detail", "year"),
    "unit": pgettext_lazy("trail detail", "unit"),
    "owner": pgettext_lazy("trail detail", "responsible person"),
    "member": pgettext_lazy("trail detail", "member"),
    "meeting": pgettext_lazy("trail detail", "meeting"),
    "duty": pgettext_lazy("trail detail", "duty"),
    "role": pgettext_lazy("trail detail", "part"),
    "people": pgettext_lazy("trail detail", "people"),
    "reason": pgettext_lazy("trail detail", "reason"),
    "opinion": pgettext_lazy("trail detail", "opinion"),
    "progress": pgettext_lazy("trail detail", "progress"),
    "period": pgettext_lazy("trail detail", "period"),
    "late": pgettext_lazy("trail detail", "late"),
    "report": pgettext_lazy("trail detail", "report no."),
    "amends": pgettext_lazy("trail detail", "amends report no."),
    "remark": pgettext_lazy("trail detail", "remark no."),
    "post": pgettext_lazy("trail detail", "post no."),
    "batch": pgettext_lazy("trail detail", "import no."),
    "root": pgettext_lazy("trail detail", "with task no."),
    "category": pgettext_lazy("trail detail", "category no."),
    "children": pgettext_lazy("trail detail", "sub-tasks no."),
    "count": pgettext_lazy("trail detail", "how many"),
    "lines": pgettext_lazy("trail detail", "lines"),
    "rows": pgettext_lazy("trail detail", "rows"),
    "tasks": pgettext_lazy("trail detail", "tasks"),
    "tables": pgettext_lazy("trail detail", "tables"),
    "names": pgettext_lazy("trail detail", "names"),
    "reopened": pgettext_lazy("trail detail", "taken up again"),
    "left_out": pgettext_lazy("trail detail", "left out"),
    "days": pgettext_lazy("trail detail", "days"),
    "files": pgettext_lazy("trail detail", "files"),
    "from": pgettext_lazy("trail detail", "from"),
    "sha256": pgettext_lazy("trail detail", "fingerprint"),
    "text": pgettext_lazy("trail detail", "fingerprint of the text"),
    "alias": pgettext_lazy("trail detail", "other name"),
    "order": pgettext_lazy("trail detail", "order"),
    "copied_from": pgettext_lazy("trail detail", "copied from the version of"),
    "result_due": pgettext_lazy("trail detail", "result due"),
    "kind": pgettext_lazy("trail detail", "kind"),
    "restored": pgettext_lazy("trail detail", "restored"),
}

_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{8})[0-9a-f]{24,}\Z")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)\Z")


def subject(line: Line) -> str:
    """What an event is about: 任务 17; a day by its date."""
    number = str(line.about_id)
    if line.about_kind == "day" and (day := _DAY.match(number)):
        number = "-".join(day.groups())
    return f"{KINDS.get(line.about_kind, line.about_kind)} {number}"


#: Where the name of a subject stands.
_NAMED: dict[str, tuple[type[Model], str]] = {
    "task": (Task, "title"),
    "report": (Report, "task__title"),
    "person": (Person, "name"),
    "unit": (Unit, "name"),
    "body": (Body, "name"),
    "measure": (Measure, "name"),
    "category": (Category, "name"),
}


def subjects(lines: Sequence[Line]) -> list[str]:
    """Subjects of a page by their names of today, by number where they have none.

    One statement for each kind among the lines.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        wanted[line.about_kind].add(line.about_id)
    named = {
        (kind, pk): name
        for kind in wanted.keys() & _NAMED.keys()
        for pk, name in _names(kind, wanted[kind])
    }
    return [
        f"{KINDS[line.about_kind]} {name}"
        if (name := named.get((line.about_kind, line.about_id)))
        else subject(line)
        for line in lines
    ]


def _names(kind: str, keys: set[int]) -> Iterator[tuple[int, str]]:
    model, column = _NAMED[kind]
    yield from model._default_manager.filter(pk__in=keys).values_list("pk", column)


def details(line: Line) -> str:
    """What an event remembers, as one sentence of words; empty details are left out."""
    return _("; ").join(_pairs(line.data))


def _pairs(data: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(data.items(), key=lambda pair: pair[0] not in {"old", "before"}):
        if value not in (None, "", [], {}):
            yield _("%(name)s: %(value)s") % {"name": _name(name), "value": _value(name, value)}


def _name(key: str) -> str:
    return str(KEYS.get(key) or _columns().get(key) or key)


@cache
def _columns() -> dict[str, Words]:
    """Names of the columns of tables, as forms call them."""
    models: tuple[type[Model], ...] = (Body, Category, Unit, Person, Measure, Task)
    return {
        field.name: field.verbose_name for model in models for field in model._meta.concrete_fields
    }


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return _(", ").join(_pairs(value)) or _("nothing")
    if isinstance(value, list):
        return _(", ").join(_value(key, part) for part in value)
    return _text(key, str(value))


def _text(key: str, value: str) -> str:
    if value in Status.__members__:
        return str(Status[value].label)
    if key == "duty" and value in Duty.values:
        return str(Duty(value).label)
    if key == "role" and value in Role.values:
        return str(Role(value).label)
    if found := _HEX.match(value):
        return found[1]
    if key == "from" and "/" in value:
        return _reference(value)
    return value


def _reference(ref: str) -> str:
    try:
        kind, number = split(ref)
    except ValueError:
        return ref
    return f"{KINDS.get(kind, kind)} {number}"


def about_chip(about: str) -> str:
    """The subject a search is narrowed to, in words."""
    return _reference(about) if "/" in about else str(KINDS.get(about, about))
