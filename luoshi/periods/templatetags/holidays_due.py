"""A word on pages of those who keep the calendar while a year's holidays are not entered."""

from typing import Any

from django import template

from luoshi.kit import clock, gate
from luoshi.periods.queries import year_to_complete

register = template.Library()
POWER = "edit_calendar"


@register.inclusion_tag("periods/_lacking.html", takes_context=True)
def holidays_due(context: dict[str, Any]) -> dict[str, Any]:
    """The warning, for whoever can do something about it; the days are cached."""
    year = year_to_complete(clock.today()) if gate.holds(context["request"].user, POWER) else None
    return {"year": year, "link": True}
