"""Asking about the system, and answering."""

from django import forms
from django.utils.translation import gettext_lazy as _

from luoshi.notices.services import MOST_SAID


class QuestionForm(forms.Form):
    """A question, with the page it is about and the key against double clicks."""

    text = forms.CharField(
        label=_("Your question"),
        max_length=MOST_SAID,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Say on which page and what you expected."),
    )
    page = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    """The answer to a question."""

    answer = forms.CharField(
        label=_("Answer"), max_length=MOST_SAID, widget=forms.Textarea(attrs={"rows": 3})
    )
