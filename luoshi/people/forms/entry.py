"""The shape of what is typed about units, people, posts, bodies and accounts."""

import datetime as dt
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from luoshi.kit import clock
from luoshi.people.forms import DayField, HouseForm, PersonField, RevForm, UnitField
from luoshi.people.models import Body, Field, Person, Post, Unit, UnitKind
from luoshi.people.roles import Duty


def _code(**kwargs: Any) -> forms.RegexField:
    return forms.RegexField(
        r"^[0-9A-Za-z._-]+$",
        max_length=30,
        error_messages={"invalid": _("Only digits, Latin letters, dots and dashes.")},
        **kwargs,
    )


class UnitForm(HouseForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    short_name = forms.CharField(label=_("Short name"), max_length=40, required=False)
    code = _code(label=_("Code"))
    kind = forms.ModelChoiceField(
        UnitKind.objects.all(), label=pgettext_lazy("unit", "Kind"), empty_label=_("Choose…")
    )
    parent = UnitField(label=_("Unit above"), required=False)
    assessment_type = forms.CharField(label=_("Assessment type"), max_length=40, required=False)
    aliases = forms.CharField(
        label=_("Other names"),
        required=False,
        max_length=500,
        help_text=_("Names this unit is called by in task tables, apart by 、"),
    )
    order = forms.IntegerField(
        label=_("Order"), min_value=0, max_value=999_999, required=False, initial=0
    )
    since = DayField(label=_("Opened on"))

    def clean_aliases(self) -> list[str]:
        return [
            a.strip() for a in re.split(r"[、，,；;\n]+", self.cleaned_data["aliases"]) if a.strip()
        ]

    def clean_order(self) -> int:
        return self.cleaned_data["order"] or 0


class UnitEditForm(RevForm, UnitForm):
    since = None  # type: ignore[assignment]
    on = DayField(
        label=_("In force from"),
        help_text=_(
            "Name, kind, place and assessment type change from this day; history keeps the old."
        ),
    )


class CloseForm(RevForm):
    until = DayField(label=_("Last day"))


class ReopenForm(RevForm):
    pass


class NewPersonForm(HouseForm):
    staff_number = forms.RegexField(
        r"^[0-9A-Za-z._-]+$",
        label=_("Staff number"),
        max_length=30,
        error_messages={"invalid": _("A staff number consists of digits and Latin letters.")},
    )
    name = forms.CharField(label=_("Person's name"), max_length=60)
    main_unit = UnitField(label=_("Main unit"))
    entered_on = DayField(label=_("Entered on"))
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    assessment_type = forms.CharField(label=_("Assessment type"), max_length=40, required=False)
    reading = forms.CharField(
        label=_("Pinyin of the name"),
        max_length=100,
        required=False,
        help_text=_("Only where the usual reading is wrong, syllables apart: shan xiaoming"),
    )


class PersonEditForm(RevForm, NewPersonForm):
    main_unit = None  # type: ignore[assignment]
    entered_on = None  # type: ignore[assignment]
    assessment_type = None  # type: ignore[assignment]


class TransferForm(RevForm):
    unit = UnitField(label=_("New main unit"))
    on = DayField(label=_("From"))
    assessment_type = forms.CharField(label=_("Assessment type"), max_length=40, required=False)
    end_posts = forms.BooleanField(
        label=_("End the posts in the old unit the day before"), required=False, initial=True
    )


class LeaveForm(RevForm):
    left_on = DayField(label=_("Last day"))


class ReadmitForm(RevForm):
    unit = UnitField(label=_("Main unit"))
    on = DayField(label=_("From"))


class AppointForm(HouseForm):
    unit = UnitField(
        label=_("Unit"),
        help_text=_("For a leader in charge: the unit they are in charge of."),
    )
    duty = forms.ChoiceField(label=_("Duty"), choices=[(d.value, d.label) for d in Duty])
    title = forms.CharField(
        label=_("Title of the post"),
        max_length=80,
        required=False,
        help_text=_("Such as “dean”; empty: unit and duty."),
    )
    field = forms.ModelChoiceField(
        Field.objects.all(), label=_("Only for the field"), required=False, empty_label=_("none")
    )
    serves = forms.ModelChoiceField(
        Post.objects.filter(duty__in=[Duty.TOP_LEADER, Duty.IN_CHARGE]).select_related("unit"),
        label=_("Serves (for secretaries)"),
        required=False,
        empty_label=_("none"),
    )
    since = DayField(label=_("From"))
    until = DayField(label=_("Until"), required=False)

    def clean_duty(self) -> Duty:
        return Duty(self.cleaned_data["duty"])


class SeatPersonForm(HouseForm):
    person = PersonField(label=_("Person"))
    since = DayField(label=_("From"))
    until = DayField(label=_("Until"), required=False)


class EndForm(HouseForm):
    key = None  # type: ignore[assignment]
    until = DayField(label=_("Last day"))


class PostForm(HouseForm):
    duty = forms.ChoiceField(label=_("Duty"), choices=[(d.value, d.label) for d in Duty])
    title = forms.CharField(label=_("Title of the post"), max_length=80, required=False)
    field = forms.ModelChoiceField(
        Field.objects.all(), label=_("Only for the field"), required=False, empty_label=_("none")
    )
    serves = forms.ModelChoiceField(
        Post.objects.filter(duty__in=[Duty.TOP_LEADER, Duty.IN_CHARGE]).select_related("unit"),
        label=_("Serves (for secretaries)"),
        required=False,
        empty_label=_("none"),
    )

    def clean_duty(self) -> Duty:
        return Duty(self.cleaned_data["duty"])


class PostTitleForm(HouseForm):
    key = None  # type: ignore[assignment]
    title = forms.CharField(label=_("Title of the post"), max_length=80)


class KindForm(HouseForm):
    key = None  # type: ignore[assignment]
    code = _code(label=_("Code"))
    name = forms.CharField(label=_("Name"), max_length=60)
    order = forms.IntegerField(label=_("Order"), min_value=0, max_value=9999, initial=0)


class BodyForm(HouseForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    code = _code(label=_("Code"))
    office = UnitField(label=_("Secretary office"))
    since = DayField(label=_("From"))
    until = DayField(label=_("Until"), required=False)


class BodyEditForm(RevForm, BodyForm):
    pass


class SeatForm(HouseForm):
    person = PersonField(label=_("Person"), required=False)
    unit = UnitField(label=_("or an office"), required=False)
    title = forms.CharField(
        label=_("Role in the body"), max_length=40, required=False, help_text=_("Such as 组长")
    )
    since = DayField(label=_("From"))
    until = DayField(label=_("Until"), required=False)


class MeetingForm(HouseForm):
    number = forms.CharField(label=_("Number"), max_length=40)
    held_on = DayField(label=_("Held on"))
    topic = forms.CharField(label=_("Topic"), max_length=200, required=False)


class DecisionForm(HouseForm):
    number = forms.CharField(label=_("Number"), max_length=40)
    text = forms.CharField(label=_("Decision"), max_length=20_000, widget=forms.Textarea)
    document = forms.CharField(label=_("Number of the document"), max_length=200, required=False)


class LoginForm(forms.Form):
    account = forms.CharField(
        label=_("Account"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(HouseForm):
    key = None  # type: ignore[assignment]
    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, not digits alone, nothing easily guessed."),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", _("The two new passwords differ."))
        data.pop("again", None)
        return data


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(".xlsx, .xls or .csv"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={
            "empty": _("The file is empty."),
            "required": _("Choose a file."),
        },
    )


def new_day() -> dt.date:
    """The day new things begin unless told otherwise."""
    return clock.today()


def unit_initial(unit: Unit) -> dict[str, Any]:
    """What the edit form of a unit shows first."""
    names = "、".join(unit.aliases.values_list("name", flat=True))
    columns = ("name", "short_name", "code", "kind", "parent", "assessment_type", "order", "rev")
    return {name: getattr(unit, name) for name in columns} | {"aliases": names, "on": new_day()}


def person_initial(person: Person) -> dict[str, Any]:
    columns = ("staff_number", "name", "phone", "email", "reading", "rev")
    return {name: getattr(person, name) for name in columns}


def body_initial(body: Body) -> dict[str, Any]:
    columns = ("name", "code", "office", "since", "until", "rev")
    return {name: getattr(body, name) for name in columns}
