"""The shape of a report as typed. What may stand is asked of `rules`; `services` save."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from luoshi.files.forms import EvidenceField
from luoshi.kit.typed import keys
from luoshi.kit.verdict import Refused
from luoshi.measures.models import Measure
from luoshi.measures.rules import CompletedBy, ProgressRule
from luoshi.reports import rules
from luoshi.reports.models import Report
from luoshi.reports.rules import ReportKind
from luoshi.tasks.models import Task

TEXTS = ("body", "problems", "help_needed", "next_step")


@dataclass(frozen=True)
class Sheet:
    """What a form must know: the task, the rules that hold, and from where progress starts."""

    task: Task
    policy: Measure
    lowest: int = 0
    last: Report | None = None
    old: Report | None = None
    result: bool = False
    pieces: int = 0

    @property
    def rolled_up(self) -> bool:
        """Whether progress is not typed: it comes from the sub-tasks, or does not move."""
        return self.result or rules.is_rolled_up(self.task, self.policy)

    @property
    def by_report(self) -> bool:
        """Whether a completion report ends the task, rather than 100 %."""
        return self.policy.completed_by == CompletedBy.REPORT and not self.result


def _text(label: Any, rows: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        strip=True,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class ReportForm(forms.Form):
    """A report on progress, or (without progress) the result for a further set."""

    progress = forms.IntegerField(
        label=_("Progress (%)"),
        widget=forms.NumberInput(attrs={"min": 0, "max": 100, "inputmode": "numeric"}),
        error_messages={
            "required": _("Give the progress in percent."),
            "invalid": _("Give the progress as a whole number from 0 to 100."),
        },
    )
    complete = forms.BooleanField(
        label=_("This is the completion report: the task is finished"), required=False
    )
    achieved = forms.DecimalField(
        label=_("Achieved value"),
        required=False,
        max_digits=16,
        decimal_places=4,
        error_messages={"invalid": _("Give the achieved value as a number.")},
    )
    body = _text(_("Work done"), 8)
    problems = _text(_("Problems"), 3)
    help_needed = _text(_("Help needed"), 2)
    next_step = _text(_("Next step"), 2)
    evidence = EvidenceField(label=_("Evidence"), required=False)
    cited = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.MultipleHiddenInput
    )
    removed = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.MultipleHiddenInput
    )
    reason = forms.CharField(label=_("Why it is amended"), required=False, max_length=500)
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    rev = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        self.fields["key"].initial = uuid.uuid4().hex
        self.fields["rev"].initial = sheet.last.pk if sheet.last else 0
        self.fields["body"].required = False
        for name in ("cited", "removed"):
            self.fields[name] = _Keys(required=False)
        self._leave_out()
        self._explain()
        if sheet.old:
            self.initial = {**_typed_before(sheet.old), **self.initial}
        elif sheet.last and "progress" in self.fields:
            self.initial.setdefault("progress", min(sheet.last.progress, sheet.task.progress))

    def _leave_out(self) -> None:
        """Fields that have no meaning on this sheet."""
        sheet = self.sheet
        if sheet.rolled_up:
            del self.fields["progress"]
        if not sheet.by_report:
            del self.fields["complete"]
        if sheet.old is None:
            del self.fields["removed"], self.fields["reason"]

    def _explain(self) -> None:
        """Say at the field what the measure asks for."""
        sheet, policy = self.sheet, self.sheet.policy
        if "progress" in self.fields:
            field = self.fields["progress"]
            field.widget.attrs["min"] = sheet.lowest
            field.help_text = self._about_progress()
        unit, target = sheet.task.target_unit, sheet.task.target_value
        if target is not None:
            self.fields["achieved"].help_text = gettext(
                "Target: %(target)s %(unit)s. It may be exceeded."
            ) % {"target": f"{target.normalize():f}", "unit": unit}
        elif unit:
            self.fields["achieved"].help_text = gettext("In %(unit)s.") % {"unit": unit}
        self.must = {"body": policy.needs_text, "evidence": policy.needs_evidence}

    def _about_progress(self) -> str:
        if self.sheet.policy.progress_rule == ProgressRule.FREE:
            return gettext("From 0 to 100.")
        if self.sheet.lowest:
            return gettext("Only forward: from %(lowest)s to 100.") % {"lowest": self.sheet.lowest}
        return gettext("From 0 to 100; later reports only go forward.")

    def clean_progress(self) -> int:
        progress: int = self.cleaned_data["progress"]
        verdict = rules.progress_stands(progress, self.sheet.lowest)
        if not verdict:
            raise forms.ValidationError(str(verdict.reason))
        return progress

    def clean(self) -> dict[str, Any]:
        """What is missing or too long, told for all fields at once."""
        data = super().clean() or self.cleaned_data
        texts = {name: data.get(name) or "" for name in TEXTS}
        kept = self.sheet.pieces - len(set(data.get("removed") or ()))
        pieces = len(data.get("evidence") or ()) + len(data.get("cited") or ()) + max(kept, 0)
        for fault in rules.faults(self.sheet.policy, texts, pieces):
            if not self.has_error(fault.field):
                self.add_error(fault.field, fault.reason)
        if data.get("complete") and data.get("progress") not in (None, 100):
            verdict = rules.kind_stands(ReportKind.COMPLETION, data["progress"], self.sheet.policy)
            self.add_error("progress", str(verdict.reason))
        return data

    def typed(self) -> dict[str, Any]:
        """What the services take."""
        data = self.cleaned_data
        values: dict[str, Any] = {name: data[name] for name in TEXTS}
        values |= {
            "achieved": data["achieved"],
            "uploads": data["evidence"] or (),
            "cited": data["cited"],
            "progress": data.get("progress"),
            "key": data["key"] or None,
        }
        return values

    @property
    def kind(self) -> str:
        if self.sheet.result:
            return ReportKind.RESULT
        finished = self.cleaned_data.get("complete")
        return ReportKind.COMPLETION if finished else ReportKind.PROGRESS

    def refuse(self, refusal: Refused) -> None:
        """Put what a service refused at its field, or at the top."""
        field = refusal.field if refusal.field in self.fields else None
        if field is None or not self.has_error(field):
            self.add_error(field, str(refusal))

    def renew(self, last: Report | None) -> None:
        """After somebody was faster: the next sending answers to the newest report."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["rev"] = str(last.pk if last else 0)
        self.data = data

    @property
    def chosen(self) -> set[int]:
        """Keys of the evidence ticked for citing."""
        return set(_numbers(self["cited"].value()))

    @property
    def taken_off(self) -> set[int]:
        """Keys of the evidence of the old version that is to be left out."""
        return set(_numbers(self["removed"].value())) if "removed" in self.fields else set()


class _Keys(forms.Field):
    """Keys ticked in the lists of evidence; the check boxes stand in the template."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        return list(dict.fromkeys(_numbers(value)))


def _numbers(value: Any) -> Iterable[int]:
    given = value if isinstance(value, list | tuple) else []
    return keys(given)


def _typed_before(report: Report) -> Mapping[str, Any]:
    values: dict[str, Any] = {name: getattr(report, name) for name in TEXTS}
    achieved = report.achieved
    return {
        **values,
        "progress": report.progress,
        "complete": report.kind == ReportKind.COMPLETION,
        "achieved": achieved.normalize() if achieved is not None else None,
    }


class DocumentForm(forms.Form):
    """Process documents of a task (RPT-6)."""

    evidence = EvidenceField(label=_("Files"), required=True)
