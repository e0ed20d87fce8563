"""Words for periods and dues in templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from luoshi.reports import rules
from luoshi.reports.models import Report
from luoshi.reports.rules.copying import LETTERS, Mark, Paragraph, paragraphs

register = template.Library()

register.filter("period_words", rules.period_words)


_LABELS = {
    "b": _("Work done"),
    "p": _("Problems"),
    "h": _("Help needed"),
    "n": _("Next step"),
}


@dataclass(frozen=True)
class Said:
    """One text of a report, in paragraphs that can be quoted."""

    report: int
    letter: str
    paragraphs: list[Paragraph]

    @property
    def label(self) -> Any:
        return _LABELS[self.letter]

    @property
    def marked(self) -> list[tuple[Mark, Paragraph]]:
        return [
            (Mark(self.report, self.letter, one.start, len(one.text)), one)
            for one in self.paragraphs
        ]


@register.filter
def quotable(report: Report) -> list[Said]:
    """The texts of a report, in paragraphs that can be quoted."""
    texts = {letter: getattr(report, name) for letter, name in LETTERS.items()}
    return [Said(report.pk, letter, paragraphs(text)) for letter, text in texts.items() if text]


@register.filter
def label_of(letter: str) -> Any:
    """What a text of a report is called."""
    return _LABELS.get(letter, "")


@register.filter
def at_key(found: Mapping[Any, Any] | None, key: Any) -> Any:
    """What stands under a key; nothing where there is nothing."""
    return (found or {}).get(key, [])


@register.filter
def settled_by(dues: Any, report_id: int) -> int | None:
    """The due of these that a report settled, by key."""
    return next((row.due.pk for row in dues or () if row.due.filed_by_id == report_id), None)
