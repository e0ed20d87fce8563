"""Shapes of input for tasks. Cross-field checks ask `rules`; saving is the services' work."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from luoshi.kit.once import new_key
from luoshi.kit.typed import TickedField
from luoshi.measures.models import Category, Measure, OwnField
from luoshi.measures.rules import FieldKind, Gate, Rhythm, Urgency
from luoshi.people.forms import PersonField, UnitField
from luoshi.people.models import Person, Unit
from luoshi.tasks import rules
from luoshi.tasks.models import Kind, Origin, Role, Task, Tier
from luoshi.tasks.rules import NewTask

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
DAY_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]


class _DayField(forms.DateField):
    """A day of the times we live in: 0206 is a slip of the finger, and so is 20226."""

    def to_python(self, value: Any) -> dt.date | None:
        day: dt.date | None = super().to_python(value)
        if day is not None and not 1990 <= day.year <= 2100:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return day


def day_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateField:
    """A date, as the browser's calendar gives it or typed the usual ways."""
    return _DayField(
        label=label,
        required=required,
        help_text=help_text,
        widget=DAY,
        input_formats=DAY_FORMATS,
        error_messages={"invalid": _("Write the date as 2026-11-20.")},
    )


def long_text(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class Once(forms.Form):
    """A form whose second click makes nothing new: it carries a key of its own."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = self.fields["key"].initial or new_key()


class TaskForm(Once):
    """Everything about a task that is typed at registration (TSK-1)."""

    category = forms.ModelChoiceField(Category.objects.none(), label=_("Category"))
    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices, initial=Kind.UNIT)
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    unit = UnitField(label=_("Lead unit"))
    owner = PersonField(
        label=_("Responsible person"),
        required=False,
        help_text=_("Left empty: the head of the lead unit, and whoever succeeds them."),
    )
    cooperating = UnitField(label=_("Cooperating units"), multiple=True, required=False)
    start = day_field(_("Start"))
    due = day_field(_("Due date"))
    details = forms.CharField(label=_("Details"), widget=long_text(), required=False)
    standard = forms.CharField(label=_("Assessment standard"), widget=long_text(3), required=False)
    points = forms.DecimalField(
        label=_("Points"), required=False, max_digits=8, decimal_places=2, min_value=0
    )
    assessors = PersonField(label=_("Assessors"), multiple=True, required=False)
    target_value = forms.DecimalField(
        label=_("Target value"), required=False, max_digits=16, decimal_places=4
    )
    target_unit = forms.CharField(label=_("Unit of measurement"), max_length=20, required=False)
    tier = forms.TypedChoiceField(
        label=_("Level"),
        choices=[("", _("by the kind")), *Tier.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, required=False)
    origin = forms.ChoiceField(label=_("Origin"), choices=Origin.choices, required=False)
    origin_document = forms.CharField(label=_("Origin document"), max_length=200, required=False)
    owners = PersonField(label=_("Further responsible people"), multiple=True, required=False)
    in_charge = PersonField(label=_("Leader in charge"), required=False)
    responsible = PersonField(label=_("Responsible leader"), required=False)
    instructing = PersonField(label=_("Instructing leader"), required=False)
    reviewer = PersonField(label=_("Acceptance reviewer"), required=False)
    participants = PersonField(label=_("Participants"), multiple=True, required=False)
    rhythm = forms.ChoiceField(
        label=_("Report rhythm"),
        choices=[("", _("as the measure says")), *Rhythm.choices],
        required=False,
    )
    needs_approval = forms.BooleanField(label=_("Approve before issue"), required=False)
    needs_sign_off = forms.BooleanField(label=_("To be signed for"), required=False)
    needs_review = forms.BooleanField(label=_("Review the result"), required=False)
    needs_assessment = forms.BooleanField(label=_("Assess"), required=False)
    public = forms.BooleanField(
        label=_("Public"),
        required=False,
        help_text=_("May be shown on the public board where the institution has one."),
    )
    secret = forms.BooleanField(
        label=_("This is a secret matter"),
        required=False,
        help_text=_("Secret matters may not be entered here."),
    )
    rev = forms.IntegerField(widget=forms.HiddenInput, required=False)

    #: How the page groups the fields.
    GROUPS = (
        (_("What"), ("category", "title", "details", "standard", "points", "kind")),
        (_("Who"), ("unit", "owner", "cooperating", "assessors")),
        (_("When"), ("year", "start", "due", "rhythm")),
    )
    MORE = (
        "target_value", "target_unit", "tier", "urgency", "origin", "origin_document",
        "owners", "in_charge", "responsible", "instructing", "reviewer", "participants", "public",
    )  # fmt: skip
    GATES = ("needs_approval", "needs_sign_off", "needs_review", "needs_assessment")

    def __init__(
        self,
        *args: Any,
        categories: Any,
        category: Category | None = None,
        parent: Task | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parent = parent
        field = self.fields["category"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = categories
        self.chosen = category
        self._keep_open_gates(category.measure if category else None)
        self.own: list[tuple[OwnField, str]] = []
        for own in category.own_fields.all() if category else ():
            name = f"own_{own.pk}"
            self.fields[name] = _own_field(own)
            self.own.append((own, name))

    def _keep_open_gates(self, measure: Measure | None) -> None:
        """Only what the measure leaves open is asked."""
        for name, gate in zip(self.GATES, _GATE_COLUMNS, strict=True):
            if measure is None or getattr(measure, gate) != Gate.CHOOSE:
                del self.fields[name]

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Fields in the order of the page."""
        return [(label, [self[name] for name in names]) for label, names in self.GROUPS]

    def more(self) -> list[forms.BoundField]:
        """Fields folded away until wanted."""
        return [self[name] for name in self.MORE]

    def of_category(self) -> list[forms.BoundField]:
        """Fields that the chosen category adds: its own, and gates left open."""
        names = [name for _own, name in self.own]
        return [self[name] for name in [*names, *(g for g in self.GATES if g in self.fields)]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        parent_due = self.parent.due if self.parent else None
        measure = data["category"].measure
        faults = rules.typed_faults(
            self.new_task(),
            parent_due=parent_due,
            within=measure is None or measure.child_due_within,
            secret=data["secret"],
        )
        for fault in faults:
            self.add_error(fault.field, fault.reason)
        return data

    def new_task(self, **more: Any) -> NewTask:
        """What was typed, as the services take it."""
        data = self.cleaned_data
        plain: dict[str, Any] = {name: data[name] for name in _PLAIN if name in data}
        gates: dict[str, Any] = {name: data.get(name) for name in self.GATES}
        return NewTask(
            **plain,
            **gates,
            category_id=data["category"].pk,
            unit_id=data["unit"].pk,
            owner_id=_pk(data.get("owner")),
            cooperating=_pks(data.get("cooperating")),
            assessors=_pks(data.get("assessors")),
            owners=_pks(data.get("owners")),
            participants=_pks(data.get("participants")),
            in_charge_id=_pk(data.get("in_charge")),
            responsible_id=_pk(data.get("responsible")),
            instructing_id=_pk(data.get("instructing")),
            reviewer_id=_pk(data.get("reviewer")),
            rhythm=data.get("rhythm") or None,
            own_values=tuple((own.pk, _as_text(data.get(name))) for own, name in self.own),
            key=data.get("key") or None,
            **more,
        )


_PLAIN = (
    "title", "year", "kind", "details", "standard", "points", "target_value", "target_unit",
    "tier", "urgency", "origin", "origin_document", "start", "due", "secret", "public",
)  # fmt: skip
_GATE_COLUMNS = ("approval", "sign_off", "review", "assessment")


def _pk(thing: Any) -> int | None:
    return thing.pk if thing else None


def _pks(things: Any) -> tuple[int, ...]:
    return tuple(thing.pk for thing in things or ())


def _as_text(value: Any) -> str:
    if isinstance(value, Person):
        return str(value.pk)
    return value.isoformat() if isinstance(value, dt.date) else str(value or "")


def _own_field(own: OwnField) -> forms.Field:
    """The input of a category's own field, by its kind."""
    common: dict[str, Any] = {"label": own.name, "required": own.required}
    if own.kind == FieldKind.NUMBER:
        return forms.DecimalField(max_digits=16, decimal_places=4, **common)
    if own.kind == FieldKind.DATE:
        return day_field(own.name, required=own.required)
    if own.kind == FieldKind.CHOICE:
        lines = [line.strip() for line in own.choices.splitlines() if line.strip()]
        return forms.ChoiceField(choices=[("", "—"), *((x, x) for x in lines)], **common)
    if own.kind == FieldKind.PERSON:
        return PersonField(**common)
    return forms.CharField(max_length=500, **common)


def initial_of(task: Task, parts: Sequence[Any], own: Mapping[int, str]) -> dict[str, Any]:
    """A draft as the form shows it for editing."""

    def people(role: Role) -> list[Person]:
        return [part.person for part in parts if part.role == role and part.person]

    one = {"in_charge": Role.IN_CHARGE, "responsible": Role.RESPONSIBLE}
    one |= {"instructing": Role.INSTRUCTING, "reviewer": Role.REVIEWER}
    plain = {name: getattr(task, name) for name in _PLAIN if name != "secret"}
    return (
        plain
        | {name: next(iter(people(role)), None) for name, role in one.items()}
        | {name: getattr(task, name) for name in TaskForm.GATES}
        | {
            "category": task.category,
            "unit": task.unit,
            "owner": task.owner,
            "assessors": people(Role.ASSESSOR),
            "participants": people(Role.PARTICIPANT),
            "owners": people(Role.OWNER),
            "cooperating": [p.unit for p in parts if p.role == Role.COOPERATING],
            "rhythm": task.rhythm,
            "rev": task.rev,
        }
        | {f"own_{pk}": text for pk, text in own.items()}
    )


class CorrectForm(forms.Form):
    """What may be corrected of an issued task, and why it is."""

    title = forms.CharField(label=_("Title"), max_length=200)
    details = forms.CharField(label=_("Details"), widget=long_text(), required=False)
    standard = forms.CharField(label=_("Assessment standard"), widget=long_text(3), required=False)
    points = forms.DecimalField(
        label=_("Points"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    weight = forms.DecimalField(
        label=_("Weight"), min_value=0, max_digits=6, decimal_places=2, required=False
    )
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices)
    reason = forms.CharField(
        label=_("Reason"),
        widget=long_text(2),
        help_text=_("Whoever works on the task is told, with what you write here."),
    )
    rev = forms.IntegerField(widget=forms.HiddenInput, required=False)


class OpinionForm(Once):
    """A short text that goes with an act."""

    text = forms.CharField(label=_("Opinion"), widget=long_text(3), required=False)

    def __init__(self, *args: Any, label: Any = None, required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = required
        self.fields["text"].label = label or self.fields["text"].label


class SendBackForm(OpinionForm):
    """What is missing, and the progress that stands."""

    progress = forms.IntegerField(
        label=_("Progress that stands (%)"), min_value=0, max_value=99, initial=90
    )


class ShareForm(forms.Form):
    """People to share a task with."""

    people = PersonField(label=_("Share with"), multiple=True)


class CountInForm(forms.Form):
    """A further set, and the date of the result there."""

    category = forms.ModelChoiceField(Category.objects.none(), label=_("Further set"))
    result_due = day_field(_("Result due on"), help_text=_("May be set later."))

    def __init__(self, *args: Any, categories: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = categories


class MilestoneForm(forms.Form):
    """One node on the way."""

    name = forms.CharField(label=_("Milestone"), max_length=100)
    due = day_field(_("Due date"), required=True)
    done_on = day_field(_("Reached on"))


MilestoneForms = forms.formset_factory(
    MilestoneForm, extra=3, can_delete=True, max_num=60, absolute_max=60
)


class ChildForm(forms.Form):
    """One row of the break-down table."""

    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices, initial=Kind.UNIT)
    unit = UnitField(label=_("Lead unit"))
    owner = PersonField(label=_("Responsible person"), required=False)
    due = day_field(_("Due date"), required=True)
    points = forms.DecimalField(
        label=_("Points"), required=False, max_digits=8, decimal_places=2, min_value=0
    )
    details = forms.CharField(label=_("Details"), widget=long_text(2))
    standard = forms.CharField(label=_("Assessment standard"), widget=long_text(2))
    assessors = PersonField(label=_("Assessors"), multiple=True, required=False)

    def __init__(self, *args: Any, parent: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent = parent
        self.fields["due"].widget.attrs["max"] = parent.due.isoformat() if parent.due else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            measure = self.parent.measure
            faults = rules.typed_faults(
                self.new_task(),
                parent_due=self.parent.due,
                within=measure is None or measure.child_due_within,
            )
            for fault in faults:
                self.add_error(fault.field, fault.reason)
        return data

    def new_task(self) -> NewTask:
        """The row as a new task below the parent."""
        data, parent = self.cleaned_data, self.parent
        return NewTask(
            title=data["title"],
            category_id=parent.category_id,
            year=parent.year,
            unit_id=data["unit"].pk,
            owner_id=_pk(data["owner"]),
            kind=data["kind"],
            due=data["due"],
            points=data["points"],
            details=data["details"],
            standard=data["standard"],
            assessors=_pks(data["assessors"]),
            needs_assessment=bool(data["assessors"]),
            needs_sign_off=parent.needs_sign_off,
            needs_review=parent.needs_review,
            rhythm=parent.rhythm,
            report_day=parent.report_day,
        )


ChildForms = forms.formset_factory(ChildForm, extra=0, min_num=1, max_num=200, absolute_max=400)


class CopyForm(forms.Form):
    """One unit that gets a copy, with what differs for it."""

    unit = UnitField(label=_("Unit"))
    owner = PersonField(label=_("Responsible person"), required=False)
    due = day_field(_("Due date"), required=True)
    standard = forms.CharField(label=_("Assessment standard"), widget=long_text(2))

    def __init__(self, *args: Any, parent: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent = parent

    def clean_due(self) -> dt.date:
        due: dt.date = self.cleaned_data["due"]
        measure = self.parent.measure
        if measure is None or measure.child_due_within:
            verdict = rules.due_within(due, self.parent.due)
            if not verdict:
                raise forms.ValidationError(str(verdict.reason))
        return due


CopyForms = forms.formset_factory(CopyForm, extra=0, max_num=500, absolute_max=600)


class UnitsForm(forms.Form):
    """Units to copy to, ticked in groups by kind."""

    units = TickedField(
        Unit.objects.none(),
        label=_("Units"),
        error_messages={"required": _("Choose at least one unit.")},
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["units"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = units

    def groups(self) -> list[tuple[str, list[Unit]]]:
        """Units by kind, in the order of the tree."""
        field = self.fields["units"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        found: dict[str, list[Unit]] = {}
        for unit in field.queryset or ():
            found.setdefault(unit.kind.name, []).append(unit)
        return list(found.items())


class DraftForm(forms.Form):
    """One row of the table in which many drafts are completed."""

    task = forms.IntegerField(widget=forms.HiddenInput)
    rev = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(label=_("Title"), max_length=200)
    unit = UnitField(label=_("Lead unit"))
    owner = PersonField(label=_("Responsible person"), required=False)
    due = day_field(_("Due date"))
    details = forms.CharField(label=_("Details"), widget=long_text(2), required=False)
    standard = forms.CharField(label=_("Assessment standard"), widget=long_text(2), required=False)
    assessors = PersonField(label=_("Assessors"), multiple=True, required=False)

    def changed(self, old: NewTask) -> NewTask:
        """The draft with what was typed in its row."""
        data = self.cleaned_data
        return replace(
            old,
            title=data["title"],
            unit_id=data["unit"].pk,
            owner_id=_pk(data["owner"]),
            due=data["due"],
            details=data["details"],
            standard=data["standard"],
            assessors=_pks(data["assessors"]),
        )


DraftForms = forms.formset_factory(DraftForm, extra=0, max_num=100, absolute_max=100)
