"""The year a person works in: chosen in the top bar, kept in the session."""

from django.http import HttpRequest

from luoshi.kit import clock

KEY = "year"


def chosen_year(request: HttpRequest) -> int:
    """The year of ``?year=``, else of the session, else the present one."""
    for value in (request.GET.get("year"), request.session.get(KEY)):
        if value and str(value).isascii() and str(value).isdigit() and 1990 <= int(value) <= 2100:
            return int(value)
    return clock.today().year
