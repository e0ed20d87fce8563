"""What list, Gantt, mosaic and feedback share about kept views (TSK-6)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from luoshi.kit.htmx import wants_part
from luoshi.kit.typed import whole
from luoshi.people.models import Person
from luoshi.people.queries import viewing


def opens_with(request: HttpRequest, page: str) -> HttpResponse | None:
    """The way to the view a page opens with; None where the address asks for something itself."""
    if request.GET or wants_part(request) or not isinstance(request.user, Person):
        return None
    view = viewing.opening_view(request.user, page)
    return HttpResponseRedirect(viewing.address_of(view)) if view else None


def view_context(request: HttpRequest, page: str) -> dict[str, Any]:
    """The view the address opened, and where views of the page are kept."""
    assert isinstance(request.user, Person)
    pk = whole(request.GET.get("saved"))
    params = request.GET.copy()
    for name in ("after", "before", "saved"):
        params.pop(name, None)
    asked = {"page": page, "query": params.urlencode(), "saved": str(pk or "")}
    return {
        "saved": viewing.view_named(request.user, page, pk),
        "views_url": f"{reverse('people:views')}?{urlencode(asked)}",
    }
