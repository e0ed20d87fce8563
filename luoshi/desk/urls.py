"""Pages of the desk; their names have no room in front because every room may link to them."""

from django.urls import path
from django.views.i18n import set_language

from luoshi.desk.views import audit, finding, home, listing, portrait, style

urlpatterns = [
    path("", home.home, name="home"),
    path("counts/", home.counts, name="counts"),
    path("go/<slug:kind>/<int:pk>/", home.go, name="go"),
    path("year/", home.year, name="year"),
    path("language/", set_language, name="set_language"),
    path("search/", finding.search, name="search"),
    path("tasks/", listing.tasks, name="task-list"),
    path("tasks/<int:task_id>/", portrait.task, name="task"),
    path("tasks/<int:task_id>/why/", portrait.why, name="why"),
    path("trail/", audit.trail_search, name="trail"),
    path("trail/export/", audit.trail_export, name="trail_export"),
    path("style/", style.style, name="style"),
]
