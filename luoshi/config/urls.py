"""Which room answers which path."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from luoshi.config.health import healthz

# Path in front of the room's own patterns, and the room. Reports hang on tasks (tasks/17/reports/…)
# and begin their patterns themselves; so does the desk, which answers the rest.
ROOMS = [
    ("people/", "people"),
    ("calendar/", "periods"),
    ("trail/", "trail"),
    ("files/", "files"),
    ("messages/", "notices"),
    ("search/", "search"),
    ("measures/", "measures"),
    ("", "reports"),
    ("", "assessment"),
    ("transfers/", "changes"),
    ("", "improvement"),
    ("tasks/", "tasks"),
    ("import/", "intake"),
    ("demo/", "demo"),
    ("", "desk"),
]


def _rooms() -> list[URLPattern | URLResolver]:
    """A room without pages has no urls.py and is left out."""
    return [
        path(front, include(f"luoshi.{room}.urls"))
        for front, room in ROOMS
        if find_spec(f"luoshi.{room}.urls")
    ]


handler400 = "luoshi.kit.errors.unreadable"
handler403 = "luoshi.kit.errors.forbidden"
handler404 = "luoshi.kit.errors.missing"
handler500 = "luoshi.kit.errors.broken"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    *_rooms(),
]
