"""Pickers for people and units, days, and forms that are sent once; other rooms use them too."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from luoshi.kit.once import new_key
from luoshi.kit.verdict import Refused, Stale
from luoshi.people import queries
from luoshi.people.models import Person, Unit


class PickWidget(forms.TextInput):
    """A search box that remembers what was picked: hidden keys beside one line of text.

    With pick.js it is a combobox that asks ``url``. Without JavaScript the text is enough: the
    field finds who is meant by name or number.
    """

    template_name = "people/_pick.html"
    url: Any = ""
    many = False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        chosen, text = _chosen(value)
        if self.many and not isinstance(value, Picked):
            text = ""  # what is chosen stands in the list; the box is for more
        context = super().get_context(name, text, attrs)
        context["widget"].update(
            url=self.url, many=self.many, chosen=chosen, key_name=f"{name}_key"
        )
        return context

    def use_required_attribute(self, initial: Any) -> bool:
        """What is picked stands beside the box, which may be empty: the server asks for it."""
        return not self.many and super().use_required_attribute(initial)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> "Picked":
        listed = (
            data.getlist if isinstance(data, MultiValueDict) else lambda key: _listed(data, key)
        )
        return Picked(listed(f"{name}_key"), " ".join(listed(name)))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_key" not in data


def _listed(data: Any, key: str) -> list[str]:
    value = data.get(key)
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


class Picked:
    """What came back from a picker: keys chosen in the list, and what stands in the box."""

    def __init__(self, keys: Sequence[str], text: str) -> None:
        self.keys = [key for key in keys if key]
        self.text = text.strip()
        self.things: list[Any] = []

    def __bool__(self) -> bool:
        return bool(self.keys or self.text)


def _chosen(value: Any) -> tuple[list[tuple[int, str]], str]:
    """(key, text) of what is chosen, and what stands in the box."""
    if isinstance(value, Picked):
        return [(thing.pk, text_of(thing)) for thing in value.things], value.text
    things = value if isinstance(value, list | tuple) else [value] if value else []
    pairs = [(thing.pk, text_of(thing)) for thing in things]
    return pairs, pairs[0][1] if len(pairs) == 1 else ""


def text_of(thing: Person | Unit) -> str:
    """How a picker writes a person (name and number) or a unit, so that one alone is meant."""
    if isinstance(thing, Person):
        return f"{thing.name} {thing.staff_number}"
    return thing.name


class PickField(forms.Field):
    """A person or unit (or several) found by searching. Clean value: the row, or a list of rows."""

    widget_class = PickWidget
    unknown: Any = ""
    several: Any = ""

    def __init__(self, *, multiple: bool = False, **kwargs: Any) -> None:
        self.multiple = multiple
        kwargs.setdefault("widget", self.widget_class())
        super().__init__(**kwargs)
        self.widget.many = multiple

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return self.by_keys([str(value)])
        if isinstance(value, Picked) and not value.things:
            value.things = self.by_keys(value.keys)
        return value

    def clean(self, value: Any) -> Any:
        if not isinstance(value, Picked):
            value = Picked([], str(value or ""))
        value.things = self.by_keys(value.keys)
        found = self._many(value) if self.multiple else self._one(value)
        if self.required and not found:
            raise ValidationError(self.error_messages["required"], code="required")
        return found

    def _one(self, value: Picked) -> Any:
        """The row picked; the text decides if it says something else (no JavaScript, a draft)."""
        if not value.text:
            return None
        if value.things and text_of(value.things[0]) == value.text:
            return value.things[0]
        return self._meant(value.text)

    def _many(self, value: Picked) -> list[Any]:
        words = [w.strip() for w in re.split(r"[、，,；;\n]+", value.text) if w.strip()]
        found = [*value.things, *(self._meant(word) for word in words)]
        value.things, value.text = list(dict.fromkeys(found)), ""
        return value.things

    def _meant(self, text: str) -> Any:
        """The one thing a text names. Raises ValidationError with the choices if not just one."""
        found = self.by_text(text)
        exact = [thing for thing in found if self.is_exactly(thing, text)]
        if len(exact) == 1:
            return exact[0]
        names = "、".join(self.told(thing) for thing in (exact or found)[:5])
        if not names:
            raise ValidationError(self.unknown % {"text": text}, code="unknown")
        raise ValidationError(self.several % {"text": text, "names": names}, code="several")

    def by_keys(self, keys: Sequence[str]) -> list[Any]:
        raise NotImplementedError

    def by_text(self, text: str) -> list[Any]:
        raise NotImplementedError

    def is_exactly(self, thing: Any, text: str) -> bool:
        raise NotImplementedError

    def told(self, thing: Any) -> str:
        return text_of(thing)


def numbers(keys: Sequence[str]) -> list[int]:
    """What are keys among these texts."""
    return [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 18]


class PersonWidget(PickWidget):
    url = reverse_lazy("people:pick")


class UnitWidget(PickWidget):
    url = reverse_lazy("people:pick_units")


class PersonField(PickField):
    """A person who is here. ``forms.PersonField(label=…, multiple=False, required=True)``."""

    widget_class = PersonWidget
    unknown = _("Nobody here is called “%(text)s”. Write the name or the staff number.")
    several = _("“%(text)s” is not one person alone. Write the staff number: %(names)s.")

    def by_keys(self, keys: Sequence[str]) -> list[Person]:
        return queries.people_by_ids(numbers(keys))

    def by_text(self, text: str) -> list[Person]:
        return queries.people_matching(text, 10)

    def is_exactly(self, thing: Person, text: str) -> bool:
        names = {thing.name, thing.staff_number, thing.account, text_of(thing)}
        return text.lower() in {name.lower() for name in names}

    def told(self, thing: Person) -> str:
        return f"{text_of(thing)}（{thing.main_unit.label}）"


class UnitField(PickField):
    """A unit that is open. ``forms.UnitField(label=…, multiple=False, required=True)``."""

    widget_class = UnitWidget
    unknown = _("No open unit is called “%(text)s”.")
    several = _("“%(text)s” is not one unit alone. Choose from: %(names)s.")

    def by_keys(self, keys: Sequence[str]) -> list[Unit]:
        return queries.units_by_ids(numbers(keys))

    def by_text(self, text: str) -> list[Unit]:
        return queries.units_matching(text, 10)

    def is_exactly(self, thing: Unit, text: str) -> bool:
        return text in {thing.name, thing.short_name, thing.code}

    def told(self, thing: Unit) -> str:
        return f"{thing.name}（{thing.code}）"


# ── forms of this room ─────────────────────────────────────────────────────────────────────


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day; also typed as 2026.4.18, 2026/4/18 or 2026年4月18日."""

    widget = DateInput
    default_error_messages = {"invalid": _("This is not a date. Write it as 2026-04-18.")}

    def to_python(self, value: Any) -> dt.date | None:
        if isinstance(value, str):
            match = re.fullmatch(r"\s*(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?\s*", value)
            value = "-".join(match.groups()) if match else value
        day: dt.date | None = super().to_python(value)
        if day is not None and not 1900 <= day.year <= 2100:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class HouseForm(forms.Form):
    """A form that makes one row even if sent twice, and says what a service refuses."""

    key = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" in self.fields:
            self.fields["key"].initial = new_key()
        self.stale = False
        self.done: Any = None

    def clean_key(self) -> str | None:
        key: str = self.cleaned_data["key"]
        return key if re.fullmatch(r"[0-9a-f]{32}", key) else None

    def carry_out(self, act: Callable[..., Any], **more: Any) -> bool:
        """Call a service with what was typed. Whether it was done; else the errors say why not."""
        if not self.is_valid():
            return False
        try:
            self.done = act(**self.cleaned_data, **more)
        except Refused as refusal:
            field = refusal.field if refusal.field in self.fields else None
            self.add_error(field, str(refusal))
            return False
        except Stale:
            self.stale = True
            self.add_error(
                None,
                _(
                    "Somebody else changed this meanwhile. Nothing of yours is saved yet: compare "
                    "what stands here with the page, then save again."
                ),
            )
            return False
        return True


class RevForm(HouseForm):
    """A form that changes a row: refuses if the row changed since the form was shown."""

    key = None  # type: ignore[assignment]
    rev = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def show_rev(self, rev: int) -> None:
        """After a Stale: the next save goes on from the row as it is now."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("rev")] = str(rev)
        self.data = data
