"""Which rules govern what, and what they say. Reads only."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.measures.kinds import Rows, sections
from luoshi.measures.models import Category, Light, Measure, OwnField, Programme, Source
from luoshi.measures.rules import Health
from luoshi.measures.rules.books import HEAD_KEYS, Book, CategoryText, House, MeasureText, Problem
from luoshi.measures.rules.colours import ink_of
from luoshi.measures.rules.files import read_files
from luoshi.measures.rules.keys import (
    DEFAULT_LIGHTS,
    Content,
    Data,
    Key,
    Kind,
    Known,
    Section,
    Sentence,
    Stage,
    Table,
)
from luoshi.measures.rules.words import STAGE_TITLES
from luoshi.people.models import Body, Field, Person, Unit
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power

# ── who may change rules ─────────────────────────────────────────────────────────────────────────


def may_edit(by: Actor) -> Verdict:
    """Whether this actor may write programmes, categories and measures; everybody may read them."""
    if by.id is None:
        return ALLOWED
    person = Person.objects.filter(pk=by.id).first()
    if person is not None and powers_of(person).has(Power.EDIT_MEASURES):
        return ALLOWED
    reason = _(
        "Rules are edited only by those with the power “Edit measures”, such as the goal office."
    )
    return denied(reason, Power.EDIT_MEASURES.value)


def may_change(measure: Measure) -> Verdict:
    """Whether this version may still change; one with issued tasks stands (CAT-3)."""
    if measure.in_use_since is None:
        return ALLOWED
    return denied(
        _(
            "Tasks were issued under this version since %(day)s, so its rules stand. Make a new "
            "version, and let the category point at it: that is recorded, and new tasks follow it."
        )
        % {"day": measure.in_use_since.isoformat()}
    )


def may_remove(measure: Measure) -> Verdict:
    """Whether a version may go: one that nothing follows, such as one made by mistake."""
    if measure.in_use_since is not None:
        return denied(_("Tasks were issued under this version; it stays."))
    if names := list(measure.categories.values_list("name", flat=True)):
        return denied(
            _("Let these categories follow another version first: %(names)s.")
            % {"names": _(", ").join(names)}
        )
    return ALLOWED


# ── which rules govern what ──────────────────────────────────────────────────────────────────────


def categories_for(person: Person, day: dt.date | None = None) -> QuerySet[Category]:
    """Categories in use in which this person may register tasks on a day.

    A unit's private category is for the people of that unit and of those below it.
    """
    day = day or clock.today()
    units = {person.main_unit_id, *person.main_unit.ancestor_ids}
    for holding in powers_of(person, day).holdings:
        units |= {holding.unit_id, *Unit(path=holding.path).ancestor_ids}
    return (
        Category.objects.filter(Q(unit=None) | Q(unit__in=units), active=True)
        .select_related("programme", "measure")
        .order_by("programme__order", "programme__code", "order", "code")
    )


def measure_of(category: Category) -> Measure | None:
    """The version that governs new tasks of a category; none while its rules do not exist yet."""
    return category.measure


def own_fields_of(category: Category) -> QuerySet[OwnField]:
    """The fields a category adds to its tasks, in their order."""
    return category.own_fields.order_by("order", "pk")


# ── lights ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class LightShown:
    """How a health is shown: the word, the fill, and an ink in which the word can be read."""

    health: str
    label: str
    colour: str
    ink: str


def _default_light(health: Health) -> LightShown:
    colour, ink = DEFAULT_LIGHTS[health]
    return LightShown(str(health), str(health.label), colour, ink)


def lights_of(measure: Measure | None) -> dict[str, LightShown]:
    """All lights of a measure by health; what it does not name is as usual. None: all as usual."""
    shown = {str(health): _default_light(health) for health in Health}
    if measure is None:
        return shown
    for health, label, colour in _named_lights(measure):
        usual = shown[health]
        ink = usual.ink if colour == usual.colour else ink_of(colour)
        said = usual.label if label in _usual_words(health) else label
        shown[health] = LightShown(health, said, colour, ink)
    return shown


@lru_cache(maxsize=32)
def _usual_words(health: str) -> frozenset[str]:
    """The usual word for a health in every language; a measure that names it means no other."""
    words = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            words.add(str(Health(health).label))
    return frozenset(words)


def _named_lights(measure: Measure) -> list[tuple[str, str, str]]:
    """Rows of Light; kept, as every list of tasks asks. An edited measure has another rev."""
    key = f"measures:lights:{measure.pk}:{measure.rev}"
    known: list[tuple[str, str, str]] | None = cache.get(key)
    if known is None:
        rows = Light.objects.filter(measure=measure).values_list("health", "label", "colour")
        known = list(rows)
        cache.set(key, known, 60)
    return known


def light_of(measure: Measure | None, health: str) -> LightShown:
    """How a measure shows a health (a value of `tasks.rules.Health`)."""
    return lights_of(measure)[str(health)]


# ── what a measure says ──────────────────────────────────────────────────────────────────────────


def _data_of(section: Section, measure: Measure) -> Data:
    store: Any = section.store
    if not isinstance(store, Rows):
        return {k.name: store.unpack(k.name, getattr(measure, k.name)) for k in section.keys}
    manager: Any = store.model._default_manager
    rows: list[Table] = list(manager.filter(measure=measure).order_by(*store.order_by).values())
    data: Data = section.normal(store.from_rows(rows))
    return data


def content_of(measure: Measure) -> Content:
    """Data of all sections of a version."""
    return {section.name: _data_of(section, measure) for section in sections()}


def text_of(measure: Measure) -> MeasureText:
    """Everything a version says, as a file would say it."""
    head = {
        "code": measure.code,
        "since": measure.since,
        "name": measure.name,
        "document": measure.document,
        "note": measure.note,
    }
    sources = dict(Source.objects.filter(measure=measure).values_list("setting", "paragraph"))
    return MeasureText(head, content_of(measure), sources)


def known_things() -> Known:
    """What a measure may name: bodies, fields and units by code."""
    return Known(
        bodies=dict(Body.objects.order_by("code").values_list("code", "name")),
        fields=dict(Field.objects.order_by("order", "code").values_list("code", "name")),
        units=dict(Unit.objects.order_by("path").values_list("code", "name")),
    )


def house() -> House:
    """What is on record, as far as a file is judged by it."""
    versions = list(Measure.objects.all())
    fields = OwnField.objects.values_list("category__code", "code", "kind")
    return House(
        known=known_things(),
        programmes=frozenset(Programme.objects.values_list("code", flat=True)),
        versions=frozenset((m.code, m.since) for m in versions),
        used={(m.code, m.since): text_of(m) for m in versions if m.in_use_since},
        own_fields={(category, code): kind for category, code, kind in fields},
    )


# ── books: measures and categories as a file ─────────────────────────────────────────────────────


def category_text(category: Category) -> CategoryText:
    """A category as a file says it."""
    measure = category.measure
    data = {
        "code": category.code,
        "name": category.name,
        "programme": category.programme.code,
        "definition": category.definition,
        "measure": measure.code if measure else "",
        "measure_since": measure.since if measure else None,
        "field": category.field.code if category.field else "",
        "unit": category.unit.code if category.unit else "",
        "active": category.active,
        "order": category.order,
    }
    return CategoryText(data, [_own_field_text(field) for field in category.own_fields.all()])


def _own_field_text(field: OwnField) -> Table:
    return {
        "code": field.code,
        "name": field.name,
        "kind": field.kind,
        "required": field.required,
        "choices": field.choices.split("\n") if field.choices else [],
    }


def programme_text(programme: Programme) -> Table:
    """A programme as a file says it."""
    return {"code": programme.code, "name": programme.name, "order": programme.order}


def _categories() -> QuerySet[Category]:
    return Category.objects.select_related(
        "programme", "measure", "field", "unit"
    ).prefetch_related("own_fields")


def _book(categories: list[Category], measures: list[Measure]) -> Book:
    programmes = {category.programme.pk: category.programme for category in categories}
    return Book(
        programmes=[programme_text(programme) for programme in programmes.values()],
        categories=[category_text(category) for category in categories],
        measures=[text_of(measure) for measure in measures],
    )


def book_of_measure(measure: Measure) -> Book:
    """A version with the categories that point at it and their programmes."""
    return _book(list(_categories().filter(measure=measure)), [measure])


def book_of_programme(programme: Programme) -> Book:
    """A programme with its categories and the versions they point at."""
    categories = list(_categories().filter(programme=programme))
    measures = {c.measure.pk: c.measure for c in categories if c.measure}
    book = _book(categories, list(measures.values()))
    return book if categories else Book(programmes=[programme_text(programme)])


def version(code: str, since: dt.date | None = None) -> Measure | None:
    """A version of a measure, the newest if no day is given."""
    versions = Measure.objects.filter(code=code).order_by("-since")
    return (versions.filter(since=since) if since else versions).first()


# ── in plain words ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Said:
    """A sentence of the plain-words page with the paragraphs of the document it comes from."""

    text: str
    sources: tuple[str, ...]
    colour: str = ""


@dataclass(frozen=True)
class Chapter:
    """What a measure says about one part of a task's life."""

    stage: Stage
    said: list[Said]

    @property
    def title(self) -> str:
        return str(STAGE_TITLES[self.stage])


def chapters(text: MeasureText, known: Known) -> list[Chapter]:
    """The plain-words page of a measure, from set-up to close (★ CAT-5)."""
    found: dict[Stage, list[Said]] = defaultdict(list)
    for section in sections():
        for sentence in section.explain(text.content[section.name], text.content, known):
            sources = _paragraphs(sentence, text.sources)
            found[sentence.stage].append(Said(sentence.text, sources, sentence.colour))
    return [Chapter(stage, found[stage]) for stage in Stage if found[stage]]


def said_about(measure: Measure, about: Collection[str]) -> list[Said]:
    """The sentences of the plain-words page about some settings ("lights.idle"), with sources.

    Only for settings whose sentences name no body, field or unit.
    """
    text = text_of(measure)
    return [
        Said(sentence.text, _paragraphs(sentence, text.sources), sentence.colour)
        for section in sections()
        if any(setting.startswith(f"{section.name}.") for setting in about)
        for sentence in section.explain(text.content[section.name], text.content, Known())
        if set(about) & set(sentence.settings)
    ]


def _paragraphs(sentence: Sentence, sources: dict[str, str]) -> tuple[str, ...]:
    found = (sources[setting] for setting in sentence.settings if setting in sources)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Row:
    """One switch of a measure for a page: its name, what is chosen, where the document says so."""

    label: str
    value: str
    source: str
    colour: str = ""


@dataclass(frozen=True)
class Group:
    """One section of a measure for a page: switches, or rows of (column, what it says)."""

    section: Section
    rows: list[Row]
    columns: list[str]
    table: list[list[tuple[str, str]]]


def groups(text: MeasureText, known: Known) -> list[Group]:
    """All settings of a measure, section by section; lists that are empty are left out."""
    return [
        group
        for section in sections()
        if (group := _group(section, text, known)).rows or group.table
    ]


def _group(section: Section, text: MeasureText, known: Known) -> Group:
    data = text.content[section.name]
    settings = section.settings(data)
    if isinstance(data, dict):
        rows = [
            Row(str(key.label), said_value(key, data[key.name], known), text.sources.get(name, ""))
            for key, name in zip(section.keys, settings, strict=True)
            if section.required or data[key.name]
        ]
        return Group(section, rows, [], [])
    columns = [*(str(key.label) for key in section.keys), _("Source")]
    table = [
        list(zip(columns, [*_cells(section, row, known), text.sources.get(name, "")], strict=True))
        for row, name in zip(data, settings, strict=True)
    ]
    return Group(section, [], columns, table)


def _cells(section: Section, row: Table, known: Known) -> list[str]:
    return [said_value(key, row[key.name], known) for key in section.keys]


# ── comparing versions ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Difference:
    """One setting that differs between two versions, in words for both."""

    title: str
    before: str
    after: str


def differences(old: MeasureText, new: MeasureText, known: Known) -> list[Difference]:
    """What differs between two versions, in the order of the form."""
    found = [
        Difference(
            str(key.label),
            said_value(key, old.head[key.name], known),
            said_value(key, value, known),
        )
        for key in HEAD_KEYS
        if old.head[key.name] != (value := new.head[key.name])
    ]
    for section in sections():
        before, after = old.content[section.name], new.content[section.name]
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            found += [
                Difference(
                    f"{section.title} · {key.label}",
                    said_value(key, before[key.name], known),
                    said_value(key, after[key.name], known),
                )
                for key in section.keys
                if before[key.name] != after[key.name]
            ]
        else:
            found.append(
                Difference(
                    str(section.title),
                    _rows_in_words(section, old.content, known),
                    _rows_in_words(section, new.content, known),
                )
            )
    return found


def _rows_in_words(section: Section, content: Content, known: Known) -> str:
    said = section.explain(content[section.name], content, known)
    return "\n".join(sentence.text for sentence in said) if content[section.name] else ""


def said_value(key: Key, value: Any, known: Known) -> str:
    """A value as a reader says it."""
    if value is None or value in ("", []):
        return "—"
    if key.kind == Kind.KNOWN:
        return known.of(key.known).get(value, str(value))
    if key.kind == Kind.FLAG:
        return _("yes") if value else _("no")
    if key.kind == Kind.CHOICE and key.choices is not None:
        return str(key.choices(value).label)
    if isinstance(value, list):
        return _(", ").join(str(item) for item in value)
    return str(value)


# ── lists for pages ──────────────────────────────────────────────────────────────────────────────


def programmes_listed() -> QuerySet[Programme]:
    """Programmes with their categories and what these point at."""
    categories = (
        Category.objects.select_related("measure", "unit", "field")
        .annotate(fields_count=Count("own_fields"))
        .order_by("order", "code")
    )
    return Programme.objects.prefetch_related(Prefetch("categories", categories))


def measures_listed() -> QuerySet[Measure]:
    """All versions, the newest of each code first, with how many categories point at them."""
    return Measure.objects.annotate(categories_count=Count("categories")).order_by(
        "code", F("since").desc()
    )


def versions_of(measure: Measure) -> QuerySet[Measure]:
    """All versions of the same code, the newest first."""
    return Measure.objects.filter(code=measure.code).order_by("-since")


def categories_pointing_at(measures: Iterable[Measure]) -> QuerySet[Category]:
    """Categories that follow one of these versions."""
    return Category.objects.filter(measure__in=list(measures)).select_related("measure")


def read_books(files: Iterable[tuple[str, bytes]]) -> tuple[list[Book], list[Problem]]:
    """Rule-book files, judged by what is on record. With a problem, nothing may be loaded."""
    return read_files(files, sections(), house())
