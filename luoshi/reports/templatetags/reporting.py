"""Words for periods and dues in templates."""

from django import template

from luoshi.reports import rules

register = template.Library()

register.filter("period_words", rules.period_words)
