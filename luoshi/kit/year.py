"""The year a person works in: chosen in the top bar, kept in the session."""

from django.http import HttpRequest

from luoshi.kit import clock
from luoshi.kit.typed import whole

KEY = "year"


def chosen_year(request: HttpRequest) -> int:
    """The year of ``?year=``, else of the session, else the present one."""
    for value in (request.GET.get("year"), request.session.get(KEY)):
        year = whole(value)
        if year is not None and 1990 <= year <= 2100:
            return year
    return clock.today().year
