"""Categories with their own fields, and programmes."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from luoshi.kit.once import key_of, new_key
from luoshi.kit.verdict import Refused, require
from luoshi.measures import queries, services
from luoshi.measures.forms import CategorySheet, ProgrammeForm
from luoshi.measures.models import Category, Programme
from luoshi.measures.views.measures import actor_of, rev_of


def _crumbs(*more: str) -> list[tuple[str, str | None]]:
    crumbs: list[tuple[str, str | None]] = [(_("Measures"), reverse("measures:index"))]
    return [*crumbs, *((label, None) for label in more)]


def _category(category_id: int) -> Category:
    rows = Category.objects.select_related("programme", "measure", "unit", "field")
    return get_object_or_404(rows.prefetch_related("own_fields"), pk=category_id)


@login_required
@require_GET
def page(request: HttpRequest, category_id: int) -> HttpResponse:
    """What a category is, which rules it follows, which fields it adds."""
    category = _category(category_id)
    context = {
        "category": category,
        "may_edit": queries.may_edit(actor_of(request)),
        "crumbs": _crumbs(category.name),
    }
    return render(request, "measures/category.html", context)


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Write a new category."""
    by = actor_of(request)
    require(queries.may_edit(by))
    sheet = CategorySheet(request.POST or None, None, None)
    sheet.form.initial["programme"] = request.GET.get("programme", "")
    key = key_of(request.POST.get("key")) or new_key()
    if request.method == "POST" and sheet.is_valid():
        try:
            category = services.create_category(text=sheet.category_text(), by=by, key=key)
        except Refused as refused:
            _refuse(sheet, refused)
        else:
            messages.success(request, _("The category is written down."))
            return HttpResponseRedirect(reverse("measures:category", args=[category.pk]))
    context = {
        "sheet": sheet,
        "key": key_of(request.POST.get("key")) or new_key(),
        "title": _("New category"),
        "crumbs": _crumbs(_("New category")),
    }
    return render(request, "measures/edit_category.html", context, status=_status(request))


def _refuse(sheet: CategorySheet, refused: Refused) -> None:
    field = refused.field if refused.field in sheet.form.fields else None
    sheet.form.add_error(field, str(refused))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, category_id: int) -> HttpResponse:
    """Change a category, its fields, or the version it follows."""
    category = _category(category_id)
    by = actor_of(request)
    require(queries.may_edit(by))
    sheet = CategorySheet(request.POST or None, queries.category_text(category), category)
    if request.method == "POST" and sheet.is_valid():
        try:
            changed = services.edit_category(
                category=category, rev=rev_of(request), text=sheet.category_text(), by=by
            )
        except Refused as refused:
            _refuse(sheet, refused)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return HttpResponseRedirect(reverse("measures:category", args=[category.pk]))
    context = {
        "category": category,
        "sheet": sheet,
        "rev": request.POST.get("rev", category.rev),
        "title": _("Edit “%(name)s”") % {"name": category.name},
        "crumbs": _crumbs(category.name),
    }
    return render(request, "measures/edit_category.html", context, status=_status(request))


@login_required
@require_http_methods(["GET", "POST"])
def create_programme(request: HttpRequest) -> HttpResponse:
    """Write a new programme."""
    by = actor_of(request)
    require(queries.may_edit(by))
    form = ProgrammeForm(request.POST or None, fixed=False)
    key = key_of(request.POST.get("key")) or new_key()
    if form.is_valid():
        try:
            services.create_programme(data=form.values, by=by, key=key)
        except Refused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("The programme is written down."))
            return HttpResponseRedirect(reverse("measures:index"))
    key = key_of(request.POST.get("key")) or new_key()  # a fresh one after SentBefore
    context = {"form": form, "key": key, "title": _("New programme")}
    return _programme_page(request, context)


@login_required
@require_http_methods(["GET", "POST"])
def edit_programme(request: HttpRequest, programme_id: int) -> HttpResponse:
    """Rename a programme, or move it in the order."""
    programme = get_object_or_404(Programme, pk=programme_id)
    by = actor_of(request)
    require(queries.may_edit(by))
    initial = queries.programme_text(programme)
    form = ProgrammeForm(request.POST or None, initial=initial, fixed=True)
    if form.is_valid():
        data = {"code": programme.code, **form.values}
        services.edit_programme(programme=programme, rev=rev_of(request), data=data, by=by)
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("measures:index"))
    title = _("Edit “%(name)s”") % {"name": programme.name}
    context = {"form": form, "rev": request.POST.get("rev", programme.rev), "title": title}
    return _programme_page(request, context)


def _programme_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    context["crumbs"] = _crumbs(context["title"])
    return render(request, "measures/edit_programme.html", context, status=_status(request))
