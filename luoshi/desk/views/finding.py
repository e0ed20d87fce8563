"""The page of search results."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from luoshi.desk.queries import finding
from luoshi.kit import clock, typed
from luoshi.kit.typed import whole
from luoshi.people.models import Person

LONGEST = 100  # characters of what is looked for


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    words = typed.words(request.GET.get("q"), LONGEST)
    context = {
        "q": words,
        "results": finding.results(
            cast(Person, request.user), words, whole(request.GET.get("page", "")) or 1
        ),
        "today": clock.today(),
    }
    return render(request, "desk/search.html", context)
