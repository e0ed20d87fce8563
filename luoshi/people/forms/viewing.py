"""Forms for views of lists."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from luoshi.people.forms import HouseForm, RevForm
from luoshi.people.models import Person, Unit
from luoshi.people.queries import viewing


class ViewForm(HouseForm):
    """Keep what a page shows under a name."""

    name = forms.CharField(label=_("Name of the view"), max_length=40)
    page = forms.CharField(max_length=20, widget=forms.HiddenInput)
    query = forms.CharField(max_length=4000, required=False, widget=forms.HiddenInput)


class ViewEditForm(RevForm):
    """Rename a view; share it with a unit of one's own."""

    name = forms.CharField(label=_("Name of the view"), max_length=40)
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Shared with"),
        required=False,
        empty_label=_("nobody: for me alone"),
        help_text=_(
            "Everybody in this unit and its sections can open the view. Each sees only what they "
            "may see."
        ),
    )

    def __init__(self, *args: Any, person: Person, shared: Unit | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        units = {unit.pk for unit in viewing.units_to_share_with(person)}
        if shared:
            units.add(shared.pk)
        field: Any = self.fields["unit"]
        field.queryset = Unit.objects.filter(pk__in=units).order_by("path")


class SureForm(HouseForm):
    """Nothing to fill in: somebody is sure."""
