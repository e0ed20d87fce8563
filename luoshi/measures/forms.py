"""Forms made of the declared keys: a new switch appears here by itself.

MeasureSheet ── head · one SectionForm or row set per section      a whole measure on one page
CategoryForm ── own fields as rows
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from luoshi.kit.typed import TickedField
from luoshi.measures.kinds import sections
from luoshi.measures.models import Category, Measure, Programme
from luoshi.measures.queries import known_things
from luoshi.measures.rules import FieldKind
from luoshi.measures.rules.books import (
    CATEGORY_KEYS,
    FIELD_KEYS,
    HEAD_KEYS,
    PROGRAMME_KEYS,
    SOURCE_KEY,
    CategoryText,
    MeasureText,
)
from luoshi.measures.rules.keys import (
    Content,
    Key,
    Kind,
    Known,
    Section,
    Table,
    Wrong,
    clean,
    content_faults,
)

#: Behind the name of a key: the field for the paragraph of the document it comes from.
SOURCE = "__source"
_SEPARATORS = re.compile(r"[\s,，、;；]+")


# ── one key as one field ─────────────────────────────────────────────────────────────────────────


class ListField(forms.CharField):
    """Several values on one line, separated by commas or blanks."""

    def prepare_value(self, value: Any) -> Any:
        return "、".join(str(item) for item in value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial) or "", data))


class LinesField(ListField):
    """Several values, one per line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class ColourInput(forms.TextInput):
    input_type = "color"


def _choices(key: Key, known: Known) -> list[tuple[str, Any]]:
    if key.kind == Kind.KNOWN:
        return [("", "—"), *known.of(key.known).items()]
    assert key.choices is not None
    blank = [] if key.default not in ("",) and not key.required else [("", "—")]
    return [*blank, *key.choices.choices]


def field_for(key: Key, known: Known) -> forms.Field:
    """The form field of a key. What may stand there is checked by `rules.keys.clean` after."""
    common: dict[str, Any] = {
        "label": key.label,
        "help_text": key.help,
        "required": key.required,
        "initial": None if key.required else key.fallback(),
    }
    if key.kind == Kind.FLAG:
        return forms.BooleanField(**{**common, "required": False})
    if key.kind in {Kind.CHOICE, Kind.KNOWN}:
        return forms.ChoiceField(choices=_choices(key, known), **common)
    if key.kind == Kind.WHOLE:
        required = key.default is not None
        return forms.IntegerField(
            min_value=key.lowest, max_value=key.highest, **{**common, "required": required}
        )
    if key.kind == Kind.DATE:
        return forms.DateField(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **common
        )
    if key.kind == Kind.NUMBERS and key.highest == 12:  # months of the year
        months = [(str(month), _("month %(month)s") % {"month": month}) for month in range(1, 13)]
        return forms.MultipleChoiceField(
            choices=months, widget=forms.CheckboxSelectMultiple, **common
        )
    if key.kind in {Kind.NUMBERS, Kind.YEAR_DAYS}:
        return ListField(**common)
    if key.kind == Kind.TEXTS:
        return LinesField(**common)
    if key.kind == Kind.PROSE:
        widget = forms.Textarea(attrs={"rows": 3})
        return forms.CharField(widget=widget, max_length=key.longest, **common)
    if key.kind == Kind.COLOUR:
        return forms.CharField(widget=ColourInput, **{**common, "initial": "#1890ff"})
    return forms.CharField(max_length=key.longest or 200, **common)


def typed(key: Key, value: Any, known: Known) -> Any:
    """What was typed as the rules want it; `Wrong` if it cannot stand."""
    if value in (None, "", []):
        if key.required:
            raise Wrong(str(_("something; it may not be empty")))
        return "" if key.default == "" else key.fallback() if value == [] else _nothing(key)
    if key.kind == Kind.NUMBERS:
        value = _whole_numbers(value)
    elif key.kind == Kind.YEAR_DAYS:
        value = [part for part in _SEPARATORS.split(value) if part]
    elif key.kind == Kind.TEXTS:
        value = [line.strip() for line in value.splitlines() if line.strip()]
    elif key.kind == Kind.PROSE:
        value = value.replace("\r\n", "\n")
    return clean(key, value, known)


def _nothing(key: Key) -> Any:
    """What an empty field stands for."""
    return [] if isinstance(key.default, list) else key.fallback()


def _whole_numbers(value: Any) -> Any:
    parts = value if isinstance(value, list) else [p for p in _SEPARATORS.split(value) if p]
    return [int(part) if re.fullmatch(r"\d{1,6}", part) else part for part in parts]


class KeyForm(forms.Form):
    """A form whose fields are some keys. ``values`` holds what was typed, as the rules want it."""

    def __init__(
        self, *args: Any, keys: Sequence[Key], known: Known, sources: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.keys, self.known = keys, known
        self.values: Table = {}
        for key in keys:
            self.fields[key.name] = field_for(key, known)
            if sources:
                self.fields[key.name + SOURCE] = _source_field()

    def clean(self) -> Table:
        for key in self.keys:
            if key.name in self.errors:
                continue
            try:
                self.values[key.name] = typed(key, self.cleaned_data.get(key.name), self.known)
            except Wrong as wrong:
                self.add_error(key.name, _("Allowed: %(allowed)s.") % {"allowed": wrong})
        return self.cleaned_data

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        """Every switch with the field for its paragraph."""
        for key in self.keys:
            name = key.name + SOURCE
            yield self[key.name], self[name] if name in self.fields else None


def _source_field() -> forms.Field:
    return forms.CharField(
        label=_("Source"), max_length=SOURCE_KEY.longest, required=False, strip=True
    )


class Rows(BaseFormSet):
    """Rows of a list: each a table of keys; rows left as they were given blank are no rows."""

    def kept(self) -> list[Any]:
        """Forms of rows that stay, in their order."""
        forms_left = [
            form
            for form in self.forms
            if form not in self.deleted_forms
            and (form.has_changed() or form.prefix_index < self.initial_form_count())
        ]
        if not self.can_order:
            return forms_left
        last = len(self.forms) + 1000
        return sorted(forms_left, key=lambda form: form.cleaned_data.get("ORDER") or last)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.prefix_index = i
        return form


def row_set(
    keys: Sequence[Key],
    known: Known,
    prefix: str,
    data: Any,
    initial: list[Table],
    *,
    ordered: bool,
    sources: bool,
) -> Any:
    """A set of rows with one blank row at the end."""
    made = formset_factory(
        KeyForm,
        formset=Rows,
        extra=1,
        can_delete=True,
        can_order=ordered,
        max_num=200,
        absolute_max=200,
    )
    return made(
        data,
        prefix=prefix,
        initial=initial,
        form_kwargs={"keys": [*keys, SOURCE_KEY] if sources else keys, "known": known},
    )


# ── a whole measure on one page ──────────────────────────────────────────────────────────────────


class Part:
    """One section of the page: a form, or rows."""

    def __init__(self, section: Section, known: Known, data: Any, text: MeasureText) -> None:
        self.section = section
        self.many = section.many
        found: Any = text.content[section.name]
        if section.many:
            names = section.settings(found)
            initial = [
                {**row, SOURCE_KEY.name: text.sources.get(name, "")}
                for row, name in zip(found, names, strict=True)
            ]
            self.rows = row_set(
                section.keys,
                known,
                section.name,
                data,
                initial,
                ordered=section.ordered,
                sources=True,
            )
            return
        sources = {
            key.name + SOURCE: text.sources.get(f"{section.name}.{key.name}", "")
            for key in section.keys
        }
        self.form = KeyForm(
            data,
            prefix=section.name,
            initial=_shown(section.keys, found) | sources,
            keys=section.keys,
            known=known,
            sources=True,
        )

    def is_valid(self) -> bool:
        return bool(self.rows.is_valid() if self.many else self.form.is_valid())

    @cached_property
    def forms(self) -> list[Any]:
        """The forms that count: one, or one for each row that stays."""
        return self.rows.kept() if self.many else [self.form]

    def data(self) -> Any:
        """What was typed, in the order of the page."""
        if not self.many:
            return dict(self.form.values)
        names = [key.name for key in self.section.keys]
        return [{name: form.values[name] for name in names} for form in self.forms]

    def sources(self, data: Any) -> dict[str, str]:
        """The paragraphs typed, by name of the setting."""
        if self.many:
            paragraphs = [form.values[SOURCE_KEY.name] for form in self.forms]
        else:
            paragraphs = [self.form.cleaned_data[k.name + SOURCE] for k in self.section.keys]
        settings = self.section.settings(data)
        return {s: p for s, p in zip(settings, paragraphs, strict=True) if p}

    def errors(self) -> Iterator[tuple[str, str, str]]:
        """(id of the field, its label, what is wrong) for the summary."""
        shown = self.rows.forms if self.many else [self.form]
        for text in self.rows.non_form_errors() if self.many else []:
            yield "", str(self.section.title), str(text)
        for form in shown:
            for name, texts in form.errors.items():
                bound = form[name] if name in form.fields else None
                for text in texts:
                    label = f"{self.section.title} · {bound.label}" if bound else self.section.title
                    yield (bound.id_for_label if bound else ""), str(label), str(text)


def _shown(keys: Sequence[Key], data: Table) -> Table:
    """Data as a form shows them: months as the values of check boxes."""
    months = {key.name for key in keys if key.kind == Kind.NUMBERS and key.highest == 12}
    return {
        name: [str(month) for month in value] if name in months else value
        for name, value in data.items()
    }


class MeasureSheet:
    """A measure as one page of forms: head, sections, and what does not fit together."""

    def __init__(self, data: Any, text: MeasureText, *, fixed: bool) -> None:
        """``fixed``: code and day are what the version is known by, and do not change."""
        self.data, self.text, self.fixed = data, text, fixed
        known = known_things()
        keys = [key for key in HEAD_KEYS if not (fixed and key.name in ("code", "since"))]
        self.head = KeyForm(data, prefix="head", initial=text.head, keys=keys, known=known)
        self.parts = [Part(section, known, data, text) for section in sections()]

    def is_valid(self) -> bool:
        valid = [self.head.is_valid(), *(part.is_valid() for part in self.parts)]
        return all(valid) and self._fits_together()

    @cached_property
    def _typed(self) -> Content:
        return {part.section.name: part.data() for part in self.parts}

    def _fits_together(self) -> bool:
        parts = {part.section.name: part for part in self.parts}
        fits = True
        for section, fault in content_faults(sections(), self._typed):
            fits = False
            form = parts[section.name].forms[fault.row or 0]
            text = _("Found %(found)s; allowed: %(allowed)s.") % {
                "found": fault.found,
                "allowed": fault.allowed,
            }
            form.add_error(fault.key, text)
        return fits

    def measure_text(self) -> MeasureText:
        """What was typed, as a whole measure."""
        sources: dict[str, str] = {}
        for part in self.parts:
            sources |= part.sources(self._typed[part.section.name])
        content = {s.name: s.normal(self._typed[s.name]) for s in sections()}
        return MeasureText({**self.text.head, **self.head.values}, content, sources)

    def errors(self) -> list[tuple[str, str, str]]:
        """Everything wrong, for the summary at the top."""
        found = [
            (self.head[name].id_for_label, str(self.head[name].label), str(text))
            for name, texts in self.head.errors.items()
            if name != NON_FIELD_ERRORS  # shown by the page itself
            for text in texts
        ]
        return found + [error for part in self.parts for error in part.errors()]


# ── categories and programmes ────────────────────────────────────────────────────────────────────


class CategoryForm(KeyForm):
    """A category; the version it follows and its programme are chosen from lists."""

    def __init__(self, *args: Any, fixed: bool, **kwargs: Any) -> None:
        left_out = {"measure", "measure_since", "programme"} | ({"code"} if fixed else set())
        keys = [key for key in CATEGORY_KEYS if key.name not in left_out]
        super().__init__(*args, keys=keys, known=known_things(), **kwargs)
        programmes = [(p.code, p.name) for p in Programme.objects.all()]
        versions = [("", _("No rules yet: drafts only")), *_versions()]
        self.fields["programme"] = forms.ChoiceField(label=_("programme"), choices=programmes)
        self.fields["version"] = forms.ChoiceField(
            label=_("measure"),
            choices=versions,
            required=False,
            help_text=_(
                "Tasks issued from now on follow it; tasks issued before stay as they are."
            ),
        )
        self.order_fields([*(["code"] if not fixed else []), "name", "programme", "version"])

    def table(self, code: str) -> Table:
        """What was typed, as a category of a file."""
        measure, _colon, since = self.cleaned_data["version"].partition(":")
        return {
            "code": code,
            **self.values,
            "programme": self.cleaned_data["programme"],
            "measure": measure,
            "measure_since": _day_of(since),
        }


def _versions() -> list[tuple[str, str]]:
    return [
        (version_name(measure), str(measure))
        for measure in Measure.objects.order_by("code", "-since")
    ]


def version_name(measure: Measure | None) -> str:
    """A version as the value of a list."""
    return f"{measure.code}:{measure.since:%Y-%m-%d}" if measure else ""


def _day_of(text: str) -> Any:
    return forms.DateField().to_python(text) if text else None


class CategorySheet:
    """A category and the rows of its own fields."""

    def __init__(self, data: Any, text: CategoryText | None, category: Category | None) -> None:
        self.category = category
        initial: Table = dict(text.data) if text else {"active": True}
        initial["version"] = version_name(category.measure) if category else ""
        self.form = CategoryForm(data, initial=initial, fixed=category is not None)
        rows = [_shown(FIELD_KEYS, row) for row in text.fields] if text else []
        self.rows = row_set(FIELD_KEYS, Known(), "fields", data, rows, ordered=True, sources=False)

    def is_valid(self) -> bool:
        valid = [self.form.is_valid(), self.rows.is_valid()]
        return all(valid) and self._fields_stand()

    def _fields_stand(self) -> bool:
        codes: set[str] = set()
        stands = True
        for form in self.rows.kept():
            for name, text in _own_field_faults(form.values, codes):
                form.add_error(name, text)
                stands = False
            codes.add(form.values["code"])
        return stands

    def category_text(self) -> CategoryText:
        """What was typed, as a category of a file."""
        code = self.category.code if self.category else self.form.values["code"]
        return CategoryText(self.form.table(code), [dict(f.values) for f in self.rows.kept()])


def _own_field_faults(values: Table, codes: set[str]) -> Iterator[tuple[str, Any]]:
    if values["code"] in codes:
        yield "code", _("Each code once.")
    if values["kind"] == FieldKind.CHOICE and len(values["choices"]) < 2:
        yield "choices", _("Give at least two choices, one per line.")
    if values["kind"] != FieldKind.CHOICE and values["choices"]:
        yield "choices", _("Choices belong to fields of the kind “choice” only.")


class ProgrammeForm(KeyForm):
    """A programme."""

    def __init__(self, *args: Any, fixed: bool, **kwargs: Any) -> None:
        keys = [key for key in PROGRAMME_KEYS if not (fixed and key.name == "code")]
        super().__init__(*args, keys=keys, known=Known(), **kwargs)


class VersionForm(forms.Form):
    """A new version: from when on, and which categories follow it."""

    since = forms.DateField(
        label=_("in force since"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    name = forms.CharField(label=_("name"), max_length=120)
    categories = TickedField(
        queryset=Category.objects.none(),
        label=_("Categories that follow it from now on"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tasks already issued stay with the version they were issued under."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=32)

    def __init__(self, *args: Any, measure: Measure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["categories"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Category.objects.filter(measure__code=measure.code)
        self.measure = measure

    def clean_since(self) -> Any:
        since = self.cleaned_data["since"]
        if since <= self.measure.since:
            raise ValidationError(
                _("A new version is in force later than the old one (%(since)s)."),
                params={"since": self.measure.since.isoformat()},
            )
        return since


class FilesForm(forms.Form):
    """Rule-book files to check or load."""

    file = forms.FileField(
        label=_("Rule book (.toml)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".toml"}),
        max_length=200,
    )
