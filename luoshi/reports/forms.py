"""The shape of a report as typed. What may stand is asked of `rules`; `services` save."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from luoshi.files.forms import EvidenceField
from luoshi.kit.once import new_key
from luoshi.kit.typed import keys
from luoshi.kit.verdict import Refused
from luoshi.measures.models import Measure
from luoshi.measures.rules import CompletedBy, ProgressRule
from luoshi.people.forms import DayField
from luoshi.reports import rules
from luoshi.reports.models import Report
from luoshi.reports.queries.quoting import Below
from luoshi.reports.rules import ReportKind
from luoshi.reports.rules import month as months
from luoshi.reports.rules.copying import Problem, mark_of, passed_over
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
    #: What was said on sub-tasks; None where there are none (RPT-3).
    below: Below | None = None
    #: Marks of the passages the old version quotes.
    quotes: Sequence[str] = ()

    @property
    def quotes_below(self) -> bool:
        """Whether there is anything to quote."""
        return self.below is not None or bool(self.quotes)

    @property
    def problems(self) -> Sequence[Problem]:
        """Problems told on sub-tasks since the last report."""
        return self.below.problems if self.below else ()

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
    quotes = forms.CharField(
        label=_("Quotations"),
        required=False,
        max_length=4000,
        widget=forms.TextInput(attrs={"hidden": True, "data-quotes": ""}),
    )
    reason = forms.CharField(label=_("Why it is amended"), required=False, max_length=500)
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    rev = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        self.fields["key"].initial = new_key()
        self.fields["rev"].initial = sheet.last.pk if sheet.last else 0
        self.fields["body"].required = False
        for name in ("cited", "removed"):
            self.fields[name] = _Keys(required=False)
        for name in ("quoted", "irrelevant", "warned"):
            self.fields[name] = _Names(required=False)
        self.initial.setdefault("quotes", " ".join(sheet.quotes))
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
        if not sheet.quotes_below:
            for name in ("quotes", "quoted", "irrelevant", "warned"):
                del self.fields[name]

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
        self._warn()
        return data

    def _warn(self) -> None:
        """Say once which problems of sub-tasks the report leaves out; the second time it goes."""
        known = self.ticked("irrelevant") | self.ticked("warned")
        left = [problem for problem in self.left_out if problem.name not in known]
        if left and "warned" in self.fields:
            self.add_error("warned", _left_out(len(left)))

    def typed(self) -> dict[str, Any]:
        """What the services take."""
        data = self.cleaned_data
        values: dict[str, Any] = {name: data[name] for name in TEXTS}
        if self.sheet.quotes_below:
            values |= {"quotes": self.marks, "irrelevant": self.ticked("irrelevant")}
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
    def marks(self) -> list[str]:
        """Passages to be quoted, in their order: those gathered by the script, those ticked."""
        if "quotes" not in self.fields:
            return []
        gathered = str(self["quotes"].value() or "").split()
        return list(dict.fromkeys([*gathered, *self["quoted"].value()]))

    def ticked(self, name: str) -> set[str]:
        """Names ticked in a list of problems."""
        return set(self[name].value()) if name in self.fields else set()

    @property
    def left_out(self) -> list[Problem]:
        """Problems of sub-tasks that the report as it stands does not mention."""
        texts = [str(self[name].value() or "") for name in TEXTS]
        quoted = {mark.problem for mark in map(mark_of, self.marks) if mark}
        return passed_over(self.sheet.problems, texts, quoted)

    @property
    def told(self) -> set[str]:
        """Names of the problems the author has been told of; sending again goes through."""
        if not self.is_bound or not self.sheet.quotes_below:
            return set()
        return {problem.name for problem in self.left_out}

    @property
    def taken_off(self) -> set[int]:
        """Keys of the evidence of the old version that is to be left out."""
        return set(_numbers(self["removed"].value())) if "removed" in self.fields else set()


class RowForm(ReportForm):
    """A row of the page of the month: the same report, or "no change" with its reason (RPT-5).

    ``was`` is the progress that stood in the field, from which an untouched row is known.
    """

    unchanged = forms.BooleanField(required=False)
    was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.says_unchanged:
            self.fields.pop("progress", None)

    def raw(self, name: str) -> str:
        """A field as typed."""
        return str(self.data.get(self.add_prefix(name)) or "").strip()

    @property
    def says_unchanged(self) -> bool:
        return bool(self.raw("unchanged")) and not self.sheet.result

    @property
    def touched(self) -> bool:
        """Whether anything was filled in; other rows are not sent on."""
        typed = any(self.raw(name) for name in (*TEXTS, "achieved", "complete"))
        moved = not self.sheet.rolled_up and self.raw("progress") != self.raw("was")
        pieces = ("evidence", "evidence-kept", "cited")
        sent = any(
            self.add_prefix(name) in self.data or self.add_prefix(name) in self.files
            for name in pieces
        )
        return typed or moved or sent or self.says_unchanged

    def clean(self) -> dict[str, Any]:
        if not self.says_unchanged:
            return super().clean()
        data = forms.Form.clean(self) or self.cleaned_data
        texts = {name: data.get(name) or "" for name in TEXTS}
        for fault in months.faults(self.sheet.policy, texts, 0):
            self.add_error(fault.field, fault.reason)
        return data

    def typed(self) -> dict[str, Any]:
        return super().typed() | {"unchanged": self.says_unchanged}


class _Keys(forms.Field):
    """Keys ticked in the lists of evidence; the check boxes stand in the template."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        return list(dict.fromkeys(_numbers(value)))


class _Names(forms.Field):
    """Short names ticked in lists that stand in the template."""

    widget = forms.MultipleHiddenInput
    MOST = 400

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(_short(value)))

    def prepare_value(self, value: Any) -> list[str]:
        return list(_short(value))


def _short(value: Any) -> Iterable[str]:
    given = value if isinstance(value, list | tuple) else []
    return (str(name) for name in given[: _Names.MOST] if len(str(name)) <= 60)


def _left_out(count: int) -> str:
    return ngettext(
        "Sub-tasks told of %(count)s problem that your report does not mention. Take it up or tick "
        "it as not relevant here; filing once more files the report as it is.",
        "Sub-tasks told of %(count)s problems that your report does not mention. Take them up or "
        "tick them as not relevant here; filing once more files the report as it is.",
        count,
    ) % {"count": count}


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


class DatesForm(forms.Form):
    """The day by which the final results of a set are due (S0-2)."""

    result_due = DayField(
        label=_("Results due on"),
        error_messages={"required": _("Give the day."), "invalid": _("Give a day: 2026-12-10.")},
    )
    dated_too = forms.BooleanField(label=_("also where a day is set already"), required=False)
