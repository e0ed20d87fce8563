"""What is typed on the calendar page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from luoshi.periods.models import DayKind


class DayForm(forms.Form):
    """Kind and name of one day; an empty kind lets the day be as its weekday."""

    kind = forms.ChoiceField(
        label=_("This day is"),
        required=False,
        widget=forms.RadioSelect,
        choices=[("", _("as its weekday")), *DayKind.choices],
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=60,
        help_text=_("For example the holiday, or what the day is worked for."),
        error_messages={"max_length": _("A name has at most 60 characters.")},
    )
