"""Views of lists: keep, open, rename, share, replace, delete, open a page with (TSK-6)."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from luoshi.kit.htmx import respond
from luoshi.kit.typed import whole
from luoshi.people import rules
from luoshi.people.forms.viewing import SureForm, ViewEditForm, ViewForm
from luoshi.people.kinds import pages
from luoshi.people.models import SavedView
from luoshi.people.queries import viewing as queries
from luoshi.people.services import viewing as services
from luoshi.people.views.pages import done, form_of, form_page, person_of


def _page(name: str) -> str:
    if name not in pages():
        raise Http404
    return name


def _own(request: HttpRequest, view_id: int) -> SavedView:
    """A view of one's own; those of others are only opened."""
    views = SavedView.objects.filter(person=person_of(request)).select_related("unit", "person")
    return get_object_or_404(views, pk=view_id)


@login_required
@require_GET
def views(request: HttpRequest) -> HttpResponse:
    """The views of a page that are open to the person, and a form to keep what it shows now."""
    page = _page(request.GET.get("page", ""))
    query = rules.view_query(request.GET.get("query", "")[:4000], pages()[page].params)
    form = ViewForm(initial={"page": page, "query": query})
    return _listed(request, page, query, form, whole(request.GET.get("saved")))


def _listed(
    request: HttpRequest,
    page: str,
    query: str,
    form: ViewForm,
    opened: int | None,
    status: int = 200,
) -> HttpResponse:
    person = person_of(request)
    own = list(queries.views_of(person, page))
    start = queries.opening_view(person, page)
    context = {
        "page": page,
        "label": pages()[page].label,
        "back": reverse(pages()[page].url_name),
        "query": query,
        "form": form,
        "own": own,
        "shared": list(queries.views_shared_with(person, page)),
        "opening": start.pk if start else None,
        "opened": next((v for v in own if v.pk == opened and v.query != query), None),
        "here": opened,
    }
    return respond(request, "people/views.html", "people/_views.html", context, status)


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep what the page shows as a view."""
    form = ViewForm(request.POST)
    page = _page(request.POST.get("page", ""))
    if form.carry_out(lambda **typed: services.save_view(person_of(request), **typed)):
        said = _("The view “%(name)s” is kept.") % {"name": form.done.name}
        return done(request, queries.address_of(form.done), said)
    query = rules.view_query(request.POST.get("query", "")[:4000], pages()[page].params)
    return _listed(request, page, query, form, None, 422)


@login_required
@require_GET
def open_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Lead to the page a view shows."""
    view = get_object_or_404(queries.views_open_to(person_of(request)), pk=view_id)
    return HttpResponseRedirect(queries.address_of(view))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, view_id: int) -> HttpResponse:
    """Rename a view, or share it with a unit."""
    view = _own(request, view_id)
    more: dict[str, Any] = {"person": view.person, "shared": view.unit}
    initial = {"name": view.name, "unit": view.unit_id, "rev": view.rev}
    posted = request.method == "POST"
    form = ViewEditForm(request.POST, **more) if posted else ViewEditForm(initial=initial, **more)
    return form_page(
        request,
        form,
        lambda **typed: services.edit_view(view, by=view.person.actor, **typed),
        title=_("Rename or share the view"),
        button=_("Save"),
        url=queries.address_of(view),
        said=_("The view is changed."),
        row=view,
    )


@login_required
@require_POST
def replace(request: HttpRequest, view_id: int) -> HttpResponse:
    """Let a view say what the page shows now."""
    view = _own(request, view_id)
    query = request.POST.get("query", "")[:4000]
    rev = whole(request.POST.get("rev"))
    services.replace_view(
        view, query=query, rev=view.rev if rev is None else rev, by=view.person.actor
    )
    view.refresh_from_db()
    said = _("“%(name)s” now keeps these filters.") % {"name": view.name}
    return done(request, queries.address_of(view), said)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Forget a view; of a shared one it is asked first."""
    view = _own(request, view_id)
    note = ""
    if view.unit:
        note = _("It is shared with %(unit)s; nobody there will find it any more.") % {
            "unit": view.unit.name
        }
    return form_page(
        request,
        form_of(request, SureForm),
        lambda **_typed: services.delete_view(view, by=view.person.actor),
        title=_("Delete the view “%(name)s”") % {"name": view.name},
        button=_("Delete"),
        url=f"{reverse(pages()[view.page].url_name)}?scope=all",
        said=_("The view “%(name)s” is deleted.") % {"name": view.name},
        note=note,
        danger=True,
    )


@login_required
@require_POST
def opening(request: HttpRequest) -> HttpResponse:
    """Choose the view with which a page opens, or none."""
    person, page = person_of(request), _page(request.POST.get("page", ""))
    pk = whole(request.POST.get("view"))
    view = get_object_or_404(queries.views_open_to(person), pk=pk, page=page) if pk else None
    services.open_with(person, page=page, view=view)
    if view is None:
        said = _("The page opens without a view again.")
        return done(request, f"{reverse(pages()[page].url_name)}?scope=all", said)
    said = _("The page opens with “%(name)s” from now on.") % {"name": view.name}
    return done(request, queries.address_of(view), said)
