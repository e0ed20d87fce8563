"""Shapes of input for transfers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from luoshi.changes import rules
from luoshi.kit.typed import TickedField
from luoshi.people.forms import HouseForm, PersonField
from luoshi.tasks.models import Task


class AskForm(HouseForm):
    """To whom, and why."""

    to = PersonField(
        label=_("Hand over to"),
        help_text=_("People of your own unit come first; anybody else is found by name."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=rules.TEXT_LENGTH,
        help_text=_("Such as a change of post. The receiver reads it."),
    )


class AskManyForm(AskForm):
    """Which tasks, to whom, and why."""

    tasks = TickedField(
        Task.objects.none(),
        label=_("Tasks"),
        error_messages={"required": _("Tick the tasks to be handed over first.")},
    )
    field_order = ("tasks", "to", "reason")

    def __init__(self, *args: Any, keys: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tasks"].queryset = Task.objects.filter(pk__in=keys)  # type: ignore[attr-defined]


class AnswerForm(HouseForm):
    """What one has to say when accepting or declining."""

    key = None  # type: ignore[assignment]
    opinion = forms.CharField(
        label=_("Opinion"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=rules.TEXT_LENGTH,
        help_text=_("Needed to decline: say why, and who should rather do it."),
    )
