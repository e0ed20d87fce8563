"""Rule books as files: upload with every error shown, download."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.kit.verdict import Refused, require
from luoshi.measures import queries, services
from luoshi.measures.forms import FilesForm
from luoshi.measures.kinds import sections
from luoshi.measures.models import Measure, Programme
from luoshi.measures.rules.books import Book, Problem
from luoshi.measures.rules.files import LONGEST_FILE
from luoshi.measures.rules.writing import file_of
from luoshi.measures.views.measures import actor_of


@login_required
@require_http_methods(["GET", "POST"])
def load(request: HttpRequest) -> HttpResponse:
    """Check a rule book, and bring it on record if nothing is wrong."""
    by = actor_of(request)
    require(queries.may_edit(by))
    form = FilesForm(request.POST or None, request.FILES or None)
    problems: list[Problem] = []
    done: list[services.Loaded] = []
    checked = False
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        data = upload.read(LONGEST_FILE + 1)
        books, problems = queries.read_books([(upload.name, data)])
        checked = not problems
        if checked and "load" in request.POST:
            try:
                done = services.load_books(books=books, by=by)
            except Refused as refused:
                form.add_error(None, str(refused))
                checked = False
    context = {
        "form": form,
        "problems": problems,
        "done": done,
        "checked": checked,
        "crumbs": [(_("Measures"), reverse("measures:index")), (_("Load a rule book"), None)],
    }
    wrong = bool(problems or form.errors)
    return render(request, "measures/import.html", context, status=422 if wrong else 200)


def _download(book: Book, name: str) -> HttpResponse:
    text = file_of(book, sections())
    response = HttpResponse(text, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


@login_required
@require_GET
def measure_file(request: HttpRequest, measure_id: int) -> HttpResponse:
    """A version, with the categories that follow it, as TOML."""
    measure = get_object_or_404(Measure, pk=measure_id)
    name = f"{measure.code}-{measure.since:%Y-%m-%d}.toml"
    return _download(queries.book_of_measure(measure), name)


@login_required
@require_GET
def programme_file(request: HttpRequest, programme_id: int) -> HttpResponse:
    """A programme with its categories and their measures as TOML."""
    programme = get_object_or_404(Programme, pk=programme_id)
    return _download(queries.book_of_programme(programme), f"{programme.code}.toml")
