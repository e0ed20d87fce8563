"""The shape of a score as typed. What may stand is asked of `rules`; `services` save."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from luoshi.assessment import rules
from luoshi.assessment.models import Assessment
from luoshi.assessment.rules import ScoreState
from luoshi.kit.once import SentBefore, key_of, new_key
from luoshi.kit.typed import whole
from luoshi.kit.verdict import Refused
from luoshi.people.forms import PersonField
from luoshi.tasks.models import Task


@dataclass(frozen=True)
class Paper:
    """What a form must know: the task, the newest report shown, and the score to renew."""

    task: Task
    seen: int = 0
    before: Assessment | None = None

    @property
    def most(self) -> Decimal:
        return rules.out_of(self.task.points)

    @property
    def corrects(self) -> bool:
        """Whether a score that stands is taken back."""
        return self.before is not None and self.before.state == ScoreState.STANDS

    @property
    def own(self) -> int:
        return self.before.pk if self.before else 0


class ScoreForm(forms.Form):
    """Points and a comment; why, where a score that stands is corrected."""

    points = forms.DecimalField(
        label=pgettext_lazy("score", "Points"),
        max_digits=8,
        widget=forms.NumberInput(attrs={"min": 0, "step": "any", "inputmode": "decimal"}),
        error_messages={
            "required": _("Give the points."),
            "invalid": _("Give the points as a number."),
        },
    )
    comment = forms.CharField(
        label=pgettext_lazy("assessment", "Comment"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    reason = forms.CharField(
        label=_("Why the score is corrected"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    own = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, paper: Paper, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper = paper
        self.fields["key"].initial = new_key()
        self.fields["seen"].initial, self.fields["own"].initial = paper.seen, paper.own
        self.fields["points"].widget.attrs["max"] = rules.plain(paper.most)
        self.fields["points"].help_text = gettext("From 0 to %(most)s.") % {
            "most": rules.plain(paper.most)
        }
        self.fields["comment"].help_text = (
            gettext("Needed where fewer than 60 %% of the points are given.") % ()
        )
        if not paper.corrects:
            del self.fields["reason"]
        else:
            self.fields["reason"].required = True
        if paper.before is not None:
            self.initial.setdefault("points", rules.plain(paper.before.points))
            self.initial.setdefault("comment", paper.before.comment)

    def clean(self) -> dict[str, Any]:
        """What cannot stand, told for all fields at once."""
        data = super().clean() or self.cleaned_data
        points = data.get("points")
        if points is None:
            return data
        if not (verdict := rules.points_stand(points, self.paper.most)):
            self.add_error("points", str(verdict.reason))
        elif not (
            verdict := rules.comment_stands(data.get("comment") or "", points, self.paper.most)
        ):
            self.add_error("comment", str(verdict.reason))
        return data

    def typed(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        return {
            "points": data["points"],
            "comment": data["comment"],
            "reason": data.get("reason") or "",
            "key": key_of(data["key"]),
            "seen": whole(data["seen"]) or 0,
            "own": whole(data["own"]) or 0,
        }

    def refuse(self, refusal: Refused) -> None:
        """Put what the service refused at its field, or at the top; sent before: a fresh key."""
        if isinstance(refusal, SentBefore):
            self._say({"key": new_key()})
        field = refusal.field if refusal.field in self.fields else None
        if field is None or not self.has_error(field):
            self.add_error(field, str(refusal))

    def renew(self) -> None:
        """After something came meanwhile: the next sending answers to what is shown now."""
        self._say({"seen": str(self.paper.seen), "own": str(self.paper.own)})

    def _say(self, fields: dict[str, str]) -> None:
        data = self.data.copy()  # type: ignore[attr-defined]
        for name, value in fields.items():
            data[self.add_prefix(name)] = value
        self.data = data

    @property
    def touched(self) -> bool:
        """Whether points were typed; other rows of a table are not sent on."""
        return bool(str(self.data.get(self.add_prefix("points")) or "").strip())


class RowForm(ScoreForm):
    """A row of the table; what the assessor gave before stands beside it, not in it."""

    comment = forms.CharField(
        label=pgettext_lazy("assessment", "Comment"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["points"].required = False
        self.fields["points"].help_text = self.fields["comment"].help_text = ""
        self.fields["points"].widget.attrs["aria-label"] = gettext("Points for “%(title)s”") % {
            "title": self.paper.task.title
        }
        self.fields["comment"].widget.attrs["aria-label"] = gettext("Comment on “%(title)s”") % {
            "title": self.paper.task.title
        }
        if self.paper.before is not None and not self.paper.corrects:
            self.initial["points"] = ""


def prefix_of(task: Task) -> str:
    """The beginning of the names of a row's fields."""
    return f"t{task.pk}"


class ReturnForm(forms.Form):
    """Why a score goes back to its assessor."""

    reason = forms.CharField(
        label=_("Why it is returned"),
        max_length=rules.TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the score is returned.")},
    )


class AssessorsForm(forms.Form):
    """Who assesses a task."""

    people = PersonField(
        label=_("Assessors"),
        multiple=True,
        help_text=_("Several may be named; each scores without seeing the others' points."),
    )

    def __init__(self, *args: Any, named: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].initial = list(named)
