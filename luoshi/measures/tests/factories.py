"""Rule books for tests: plain functions that call the services."""

import copy
import datetime as dt
from typing import Any

from luoshi.kit.actor import SYSTEM
from luoshi.measures.kinds import sections
from luoshi.measures.models import Category, Light, Measure, Programme
from luoshi.measures.rules.books import CategoryText, MeasureText
from luoshi.measures.rules.keys import Content, Table
from luoshi.measures.rules.standing import BY_MONTH
from luoshi.measures.services import create_category, create_measure, create_programme

SINCE = dt.date(2020, 1, 1)


def content(**settings: Any) -> Content:
    """Data of all sections with defaults; settings are columns (``rhythm="monthly"``) or whole
    sections that are lists (``chain=[…]``)."""
    data = {section.name: section.empty() for section in sections()}
    for name, value in copy.deepcopy(settings).items():
        if name in data:
            data[name] = value
            continue
        home = next(s for s in sections() if not s.many and name in data[s.name])
        data[home.name][name] = value
    return _made_to_fit(data, settings)


def _made_to_fit(data: Content, settings: dict[str, Any]) -> Content:
    """What a test left open and the rules ask for: the 28th, and the head of the unit decides."""
    reporting: Any = data["reporting"]
    if reporting["rhythm"] in BY_MONTH and "report_day" not in settings:
        reporting["report_day"] = 28
    if "chain" not in settings:
        head = {"duty": "head", "body": "", "mode": "any", "from_days": None, "from_count": None}
        gates = {"approval": "issue", "report_approval": "report"}
        data["chain"] = [
            {"purpose": purpose, **head}
            for gate, purpose in gates.items()
            if settings.get(gate) == "always"
        ]
    return data


def measure_text(code: str = "rules", since: dt.date = SINCE, **settings: Any) -> MeasureText:
    """What a measure says; ``name``, ``document`` and ``note`` may be among the settings."""
    head: Table = {"code": code, "since": since, "name": code, "document": "", "note": ""}
    head |= {name: settings.pop(name) for name in list(settings) if name in head}
    return MeasureText(head, content(**settings))


def make_measure(code: str = "rules", since: dt.date = SINCE, **settings: Any) -> Measure:
    """A measure version; a second call with the same code and day gives the same row."""
    known = Measure.objects.filter(code=code, since=since).first()
    return known or create_measure(text=measure_text(code, since, **settings), by=SYSTEM)


def make_programme(code: str = "goals", name: str = "重点工作目标任务") -> Programme:
    known = Programme.objects.filter(code=code).first()
    return known or create_programme(data={"code": code, "name": name, "order": 0}, by=SYSTEM)


def make_category(code: str = "863", /, **settings: Any) -> Category:
    """A category with a measure of its own. Settings are measure columns (``rhythm="monthly"``,
    ``chain=[…]``), or columns of the category: ``name``, ``unit``, ``field`` (rows), ``active``,
    ``fields``; ``measure=None`` makes one whose rules do not exist yet.
    """
    programme = make_programme()
    unit, field = settings.pop("unit", None), settings.pop("field", None)
    data: Table = {
        "code": code,
        "name": settings.pop("name", code),
        "programme": programme.code,
        "definition": settings.pop("definition", ""),
        "measure": "",
        "measure_since": None,
        "field": field.code if field else "",
        "unit": unit.code if unit else "",
        "active": settings.pop("active", True),
        "order": 0,
    }
    fields = settings.pop("fields", [])
    measure = settings.pop("measure", ...)
    if measure is ...:
        measure = make_measure(code, **settings)
    if measure is not None:
        data |= {"measure": measure.code, "measure_since": measure.since}
    return create_category(text=CategoryText(data, fields), by=SYSTEM)


def make_light(measure: Measure, health: str, label: str, colour: str) -> Light:
    """One light of a measure."""
    return Light.objects.create(measure=measure, health=health, label=label, colour=colour)
