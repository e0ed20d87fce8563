"""Measures: rule books as data. Registers the room's own sections, and its verbs on the trail."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.trail import kinds as verbs

VERBS = {
    "programme.create": _("set up the programme"),
    "programme.edit": _("changed the programme"),
    "category.create": _("set up the category"),
    "category.edit": _("changed the category"),
    "category.point": _("let the category follow other rules"),
    "measure.create": _("wrote the measure"),
    "measure.edit": _("changed the measure"),
    "measure.remove": _("removed the version"),
    "measure.version": _("made a new version"),
}


class MeasuresConfig(AppConfig):
    name = "luoshi.measures"
    label = "measures"

    def ready(self) -> None:
        from luoshi.measures import kinds, sections  # noqa: PLC0415 — models exist only now

        kinds.register(*sections.OWN)
        for verb, label in VERBS.items():
            verbs.register(verb, label)
