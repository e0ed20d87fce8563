"""Words for periods and dues in templates."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from luoshi.reports import rules
from luoshi.reports.models import Report
from luoshi.reports.rules.copying import LETTERS, Mark, paragraphs, says_nothing

register = template.Library()

register.filter("period_words", rules.period_words)


_LABELS = {
    "b": _("Work done"),
    "p": _("Problems"),
    "h": _("Help needed"),
    "n": _("Next step"),
}


@register.simple_tag
def passages(report: Report) -> SafeString:
    """The texts of a report in paragraphs, each with a box that quotes it.

    Written out here, as dozens of reports stand beside a form. Each paragraph says where in the
    text it starts, in characters; nothing may stand in it but its own words.
    """
    texts = {letter: getattr(report, name) for letter, name in LETTERS.items()}
    quote = gettext("quote")
    return format_html_join(
        "", "{}", ([_said(report.pk, x, text, quote)] for x, text in texts.items() if text)
    )


def _said(pk: int, letter: str, text: str, quote: str) -> SafeString:
    found = [(one, Mark(pk, letter, one.start, len(one.text))) for one in paragraphs(text)]
    return format_html(
        '{}<div class="passages{}" data-passages data-report="{}" data-letter="{}">{}</div>',
        format_html('<p class="report-sub">{}</p>', _LABELS[letter]) if letter != "b" else "",
        " is-problem" if letter in "ph" and not says_nothing(text) else "",
        pk,
        letter,
        format_html_join(
            "",
            '<div class="passage"><p data-start="{}">{}</p><label class="form-check quote-tick">'
            '<input class="form-check-input" type="checkbox" name="quoted" value="{}">'
            '<span class="form-check-label">{}</span></label></div>',
            ((one.start, one.text, mark, quote) for one, mark in found),
        ),
    )


@register.filter
def label_of(letter: str) -> Any:
    """What a text of a report is called."""
    return _LABELS.get(letter, "")


@register.filter
def at_key(found: Mapping[Any, Any] | None, key: Any) -> Any:
    """What stands under a key; nothing where there is nothing."""
    return (found or {}).get(key, [])
