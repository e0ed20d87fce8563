"""Shapes of input for diagnosis and improvement."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from luoshi.improvement import rules
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.rules import NewAction, Paper, Period, Policy
from luoshi.kit.typed import whole
from luoshi.people.forms import DayField, HouseForm, PersonField

#: Rows for actions that stand ready, and at most.
ROWS, MOST_ROWS = 2, rules.MOST_ACTIONS


def _text(label: Any, rows: int, help_text: Any = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=rules.TEXT_LENGTH,
    )


class DiagnosisForm(HouseForm):
    """Problem, cause, effect; which period; and why, where an earlier version is replaced."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    problem = _text(
        _("Problem"), 5, _("What falls short, with figures where there are."), required=True
    )
    cause = _text(_("Cause"), 3)
    effect = _text(_("Effect of earlier improvements"), 3)
    reason = _text(_("Why it is amended"), 2)

    def __init__(
        self,
        *args: Any,
        policy: Policy,
        periods: Sequence[Period] = (),
        amending: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cause"].required = policy.needs_cause
        if len(periods) > 1:
            choices = [(period.key, period.words) for period in periods]
            self.fields["period"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["period"]
        if not amending:
            del self.fields["reason"]


class ActionForm(forms.Form):
    """One improvement action; a row left blank counts for nothing."""

    text = _text(_("Improvement action"), 2)
    owner = PersonField(label=pgettext_lazy("of an action", "Responsible person"), required=False)
    date = DayField(label=_("By when"), required=False)

    @property
    def action(self) -> NewAction:
        data = self.cleaned_data
        owner = data.get("owner")
        return NewAction(data.get("text", ""), owner.pk if owner else None, data.get("date"))


if TYPE_CHECKING:
    _Rows = forms.BaseFormSet[ActionForm]
else:
    _Rows = forms.BaseFormSet


class _Actions(_Rows):
    """Rows for actions; what the measure demands of them the rules say."""

    @property
    def actions(self) -> tuple[NewAction, ...]:
        return tuple(form.action for form in self if form.is_valid())


def action_forms(
    data: Any, initial: Sequence[Mapping[str, Any]] = (), kept: int | None = None
) -> _Actions:
    """The rows, with a few blank ones; as many as a kept draft has."""
    extra = max(ROWS if not initial else 1, (kept or 0) - len(initial))
    made = forms.formset_factory(
        ActionForm, formset=_Actions, extra=extra, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5
    )
    return cast(_Actions, made(data, initial=list(initial), prefix="action"))


def rows_of_draft(draft: Mapping[str, Sequence[str]] | None) -> int | None:
    """How many rows for actions a kept draft has."""
    total = whole("".join((draft or {}).get("action-TOTAL_FORMS", ())[:1]))
    return None if total is None else min(total, MOST_ROWS)


def paper_of(form: DiagnosisForm, actions: _Actions) -> Paper:
    """What was typed."""
    data = form.cleaned_data
    return Paper(data["problem"], actions.actions, data["cause"], data["effect"])


def initial_of(diagnosis: Diagnosis) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A diagnosis as the form shows it: its texts, and a row for each action."""
    texts = {name: getattr(diagnosis, name) for name in ("problem", "cause", "effect")}
    rows = [
        {"text": action.text, "owner": action.owner, "date": action.date}
        for action in diagnosis.actions.all()
    ]
    return texts, rows
