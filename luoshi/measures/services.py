"""Writing rules: programmes, categories, measures and their versions; numbers given to tasks.

Every act is on the trail; rules under which tasks were issued never change (CAT-3).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.once import hold
from luoshi.kit.verdict import Refused, Stale, require
from luoshi.measures.kinds import Rows, sections
from luoshi.measures.models import (
    Category,
    Measure,
    OwnField,
    Programme,
    Source,
)
from luoshi.measures.models import (
    Sequence as NumberSequence,
)
from luoshi.measures.queries import (
    category_text,
    may_change,
    may_edit,
    may_remove,
    programme_text,
    text_of,
)
from luoshi.measures.rules.books import Book, CategoryText, MeasureText
from luoshi.measures.rules.files import changed_settings
from luoshi.measures.rules.keys import Content, Table, content_faults
from luoshi.measures.rules.numbers import number_of
from luoshi.people.models import Field, Unit
from luoshi.trail.services import record

# ── measures ─────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def create_measure(*, text: MeasureText, by: Actor, key: str | None = None) -> Measure:
    """Write a new version of a measure down. The same ``key`` again gives the same row."""
    require(may_edit(by))
    hold(key)
    if key and (known := Measure.objects.filter(key=key).first()):
        return known
    _version_free(text)
    _fits_together(text)
    measure = Measure.objects.create(**text.head, key=key)
    _write_content(measure, text.content)
    _write_sources(measure, text.sources)
    measure.refresh_from_db()
    record(measure.ref, "measure.create", by=by, code=measure.code, since=measure.since)
    return measure


def _fits_together(text: MeasureText) -> None:
    """Forms and files report every fault with its place; here the first one stops the write."""
    for section, fault in content_faults(sections(), text.content):
        raise Refused(
            _("%(section)s, %(key)s: found %(found)s; allowed: %(allowed)s.")
            % {
                "section": section.title,
                "key": section.key(fault.key).label,
                "found": fault.found,
                "allowed": fault.allowed,
            }
        )


def _version_free(text: MeasureText) -> None:
    code, since = text.version
    if Measure.objects.filter(code=code, since=since).exists():
        raise Refused(
            _("There is a version of %(code)s in force since %(since)s already.")
            % {"code": code, "since": since.isoformat()},
            "since",
        )


@transaction.atomic
def edit_measure(*, measure: Measure, rev: int, text: MeasureText, by: Actor) -> bool:
    """Change what a version says; False if it says the same already.

    Refused once tasks were issued under it. Code and day of a version do not change: they are what
    it is known by.
    """
    require(may_edit(by))
    old = text_of(measure)
    if old == text:
        return False
    require(may_change(measure))
    if old.version != text.version:
        raise Refused(_("Code and day of a version stay; make a new version instead."), "since")
    _fits_together(text)
    values = {name: text.head[name] for name in ("name", "document", "note")}
    rows = Measure.objects.filter(pk=measure.pk, rev=rev, in_use_since=None)
    if not rows.update(**values, rev=F("rev") + 1):
        raise Stale(measure.ref)
    _write_content(measure, text.content)
    _write_sources(measure, text.sources)
    measure.refresh_from_db()
    record(measure.ref, "measure.edit", by=by, changed=changed_settings(old, text))
    return True


def _write_content(measure: Measure, content: Content) -> None:
    """Write all sections; upper rooms' rows hang on the measure and are written here too."""
    for section in sections():
        data: Any = content[section.name]
        store: Any = section.store
        if isinstance(store, Rows):
            manager: Any = store.model._default_manager
            manager.filter(measure=measure).delete()
            manager.bulk_create(
                [store.model(measure=measure, **row) for row in store.to_rows(data)]
            )
        else:
            packed = {name: store.pack(name, value) for name, value in data.items()}
            Measure.objects.filter(pk=measure.pk).update(**packed)


def _write_sources(measure: Measure, sources: dict[str, str]) -> None:
    Source.objects.filter(measure=measure).delete()
    Source.objects.bulk_create(
        [
            Source(measure=measure, setting=setting, paragraph=paragraph)
            for setting, paragraph in sorted(sources.items())
        ]
    )


@transaction.atomic
def new_version(
    *,
    measure: Measure,
    since: dt.date,
    by: Actor,
    categories: Iterable[Category] = (),
    name: str = "",
    key: str | None = None,
) -> Measure:
    """A later version that says the same, for editing; the categories named follow it from now on.

    Tasks already issued stay with the version they were issued under (CAT-3).
    """
    require(may_edit(by))
    hold(key)
    if key and (known := Measure.objects.filter(key=key).first()):
        return known
    if since <= measure.since:
        raise Refused(
            _("A new version is in force later than the old one (%(since)s).")
            % {"since": measure.since.isoformat()},
            "since",
        )
    text = text_of(measure)
    head = {**text.head, "since": since, "name": name or measure.name}
    new = create_measure(text=MeasureText(head, text.content, text.sources), by=by, key=key)
    record(new.ref, "measure.version", by=by, copied_from=measure.since)
    for category in categories:
        point_category(category=category, measure=new, by=by)
    return new


@transaction.atomic
def remove_measure(*, measure: Measure, by: Actor) -> None:
    """Take back a version that nothing follows, such as one with a wrong day."""
    require(may_edit(by))
    require(may_remove(measure))
    ref, code, since = measure.ref, measure.code, measure.since
    try:
        with transaction.atomic():
            gone, _rows = Measure.objects.filter(pk=measure.pk, in_use_since=None).delete()
    except ProtectedError:
        raise Refused(_("Tasks point at this version; it stays.")) from None
    if not gone:
        raise Stale(ref)
    record(ref, "measure.remove", by=by, code=code, since=since)


@transaction.atomic
def mark_used(measure: Measure) -> None:
    """Note that a task was issued under this version: from now on its rules stand (CAT-3)."""
    today = clock.today()
    if Measure.objects.filter(pk=measure.pk, in_use_since=None).update(in_use_since=today):
        measure.in_use_since = today


# ── programmes ───────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def create_programme(*, data: Table, by: Actor, key: str | None = None) -> Programme:
    """Write a programme down."""
    require(may_edit(by))
    hold(key)
    if key and (known := Programme.objects.filter(key=key).first()):
        return known
    if Programme.objects.filter(code=data["code"]).exists():
        raise Refused(_("There is a programme with this code already."), "code")
    programme = Programme.objects.create(**data, key=key)
    record(programme.ref, "programme.create", by=by, **data)
    return programme


@transaction.atomic
def edit_programme(*, programme: Programme, rev: int, data: Table, by: Actor) -> bool:
    """Rename or move a programme; False if nothing changes. Its code stays."""
    require(may_edit(by))
    if programme_text(programme) == data:
        return False
    if data["code"] != programme.code:
        raise Refused(_("The code stays: files and addresses use it."), "code")
    if not Programme.objects.filter(pk=programme.pk, rev=rev).update(**data, rev=F("rev") + 1):
        raise Stale(programme.ref)
    programme.refresh_from_db()
    record(programme.ref, "programme.edit", by=by, **data)
    return True


# ── categories ───────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def create_category(*, text: CategoryText, by: Actor, key: str | None = None) -> Category:
    """Write a category down, with its own fields."""
    require(may_edit(by))
    hold(key)
    if key and (known := Category.objects.filter(key=key).first()):
        return known
    if Category.objects.filter(code=text.data["code"]).exists():
        raise Refused(_("There is a category with this code already."), "code")
    category = Category.objects.create(**_category_columns(text), key=key)
    _write_own_fields(category, text.fields)
    record(category.ref, "category.create", by=by, code=category.code, name=category.name)
    if category.measure:
        _record_pointing(category, None, by)
    return category


@transaction.atomic
def edit_category(*, category: Category, rev: int, text: CategoryText, by: Actor) -> bool:
    """Change a category; False if nothing changes. Pointing at another version is recorded."""
    require(may_edit(by))
    old = category_text(category)
    if old == text:
        return False
    if old.data["code"] != text.data["code"]:
        raise Refused(_("The code stays: files and addresses use it."), "code")
    pointed_at = category.measure
    columns = _category_columns(text)
    if not Category.objects.filter(pk=category.pk, rev=rev).update(**columns, rev=F("rev") + 1):
        raise Stale(category.ref)
    _write_own_fields(category, text.fields)
    category.refresh_from_db()
    changed = [name for name, value in old.data.items() if value != text.data[name]]
    changed += ["fields"] * (old.fields != text.fields)
    record(category.ref, "category.edit", by=by, changed=changed)
    if pointed_at != category.measure:
        _record_pointing(category, pointed_at, by)
    return True


@transaction.atomic
def point_category(*, category: Category, measure: Measure, by: Actor) -> None:
    """Let a category follow another version: tasks issued from now on do, earlier ones do not."""
    require(may_edit(by))
    old = category.measure
    if old == measure:
        return
    rows = Category.objects.filter(pk=category.pk, rev=category.rev)
    if not rows.update(measure=measure, rev=F("rev") + 1):
        raise Stale(category.ref)
    category.refresh_from_db()
    _record_pointing(category, old, by)


def _record_pointing(category: Category, old: Measure | None, by: Actor) -> None:
    new = category.measure
    record(
        category.ref,
        "category.point",
        by=by,
        old=str(old) if old else "",
        new=str(new) if new else "",
    )


def _category_columns(text: CategoryText) -> dict[str, Any]:
    """Columns of a category; what it names by code must be on record."""
    data = text.data
    columns = {name: data[name] for name in ("code", "name", "definition", "active", "order")}
    columns["programme"] = Programme.objects.get(code=data["programme"])
    columns["field"] = Field.objects.get(code=data["field"]) if data["field"] else None
    columns["unit"] = Unit.objects.get(code=data["unit"]) if data["unit"] else None
    columns["measure"] = None
    if text.points_at:
        code, since = text.points_at
        columns["measure"] = Measure.objects.get(code=code, since=since)
    return columns


def _write_own_fields(category: Category, fields: Sequence[Table]) -> None:
    """Fields are known by their code: kept ones are updated, so that values stay with them."""
    known = {field.code: field for field in category.own_fields.all()}
    for field in known.values():
        if field.code not in {row["code"] for row in fields}:
            _remove_own_field(field)
    for order, row in enumerate(fields, start=1):
        values = {**row, "choices": "\n".join(row["choices"]), "order": order}
        if row["code"] not in known:
            OwnField.objects.create(category=category, **values)
            continue
        if known[row["code"]].kind != row["kind"]:
            raise Refused(
                _("The kind of “%(name)s” stays; make a new field with a code of its own.")
                % {"name": known[row["code"]].name},
                "fields",
            )
        OwnField.objects.filter(pk=known[row["code"]].pk).update(**values)


def _remove_own_field(field: OwnField) -> None:
    try:
        with transaction.atomic():
            field.delete()
    except ProtectedError:
        raise Refused(
            _("The field “%(name)s” is filled in on tasks, so it stays.") % {"name": field.name},
            "fields",
        ) from None


# ── files ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Loaded:
    """What loading did with one thing of a file."""

    about: str  # "programme", "measure", "category"
    code: str
    name: str
    act: str  # "created", "changed", "equal"

    @property
    def said(self) -> str:
        """One line for a reader."""
        texts = {
            ("programme", "created"): _("Programme %(name)s (%(code)s): new."),
            ("programme", "changed"): _("Programme %(name)s (%(code)s): changed."),
            ("programme", "equal"): _("Programme %(name)s (%(code)s): the same already."),
            ("measure", "created"): _("Measure %(name)s (%(code)s): new."),
            ("measure", "changed"): _("Measure %(name)s (%(code)s): changed."),
            ("measure", "equal"): _("Measure %(name)s (%(code)s): the same already."),
            ("category", "created"): _("Category %(name)s (%(code)s): new."),
            ("category", "changed"): _("Category %(name)s (%(code)s): changed."),
            ("category", "equal"): _("Category %(name)s (%(code)s): the same already."),
        }
        return texts[self.about, self.act] % {"name": self.name, "code": self.code}


@transaction.atomic
def load_books(*, books: Sequence[Book], by: Actor) -> list[Loaded]:
    """Bring what some checked files say on record: all of it, or nothing. Equal things stay."""
    require(may_edit(by))
    done = [_load_programme(data, by) for book in books for data in book.programmes]
    done += [_load_measure(text, by) for book in books for text in book.measures]
    done += [_load_category(text, by) for book in books for text in book.categories]
    return done


def _loaded(about: str, data: Table, created: bool, changed: bool) -> Loaded:
    act = "created" if created else "changed" if changed else "equal"
    return Loaded(about, data["code"], data["name"], act)


def _load_programme(data: Table, by: Actor) -> Loaded:
    known = Programme.objects.filter(code=data["code"]).first()
    if known is None:
        create_programme(data=data, by=by)
        return _loaded("programme", data, True, True)
    changed = edit_programme(programme=known, rev=known.rev, data=data, by=by)
    return _loaded("programme", data, False, changed)


def _load_measure(text: MeasureText, by: Actor) -> Loaded:
    code, since = text.version
    known = Measure.objects.filter(code=code, since=since).first()
    if known is None:
        create_measure(text=text, by=by)
        return _loaded("measure", text.head, True, True)
    changed = edit_measure(measure=known, rev=known.rev, text=text, by=by)
    return _loaded("measure", text.head, False, changed)


def _load_category(text: CategoryText, by: Actor) -> Loaded:
    known = Category.objects.filter(code=text.data["code"]).first()
    if known is None:
        create_category(text=text, by=by)
        return _loaded("category", text.data, True, True)
    changed = edit_category(category=known, rev=known.rev, text=text, by=by)
    return _loaded("category", text.data, False, changed)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


def take_number(category: Category, year: int) -> str:
    """The next number of a category in a year, written as its measure says."""
    return take_numbers(category, year, 1)[0]


@transaction.atomic
def take_numbers(category: Category, year: int, count: int) -> list[str]:
    """The next ``count`` numbers of a category in a year, written as its measure says.

    Called inside the transaction that uses the numbers: if that fails, they are not taken, so none
    is left out; the row stays locked until then, so none is given twice.
    """
    NumberSequence.objects.get_or_create(category=category, year=year)
    rows = NumberSequence.objects.select_for_update().filter(category=category, year=year)
    last = rows.get().last
    rows.update(last=last + count)
    pattern = (category.measure or Measure()).number_pattern
    return [number_of(pattern, year, n) for n in range(last + 1, last + count + 1)]
