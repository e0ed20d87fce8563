"""``GET /healthz``: whether the house is well, for monitors and load balancers. No login."""

import datetime as dt

from django.db import DatabaseError, connection, connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from luoshi.kit import jobs

SILENT_AFTER = dt.timedelta(seconds=20)  # a worker gives a sign of life every five


def database_state() -> str:
    """``ok``, or what is wrong."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")  # the file may be gone
    except DatabaseError as error:
        return f"does not answer: {type(error).__name__}"
    return "ok"


def worker_state() -> str:
    """``ok``, or what is wrong."""
    try:
        silent = jobs.last_beat()
    except DatabaseError as error:
        return f"unknown, the database does not answer: {type(error).__name__}"
    if silent is None:
        return "no worker was ever started"
    if silent > SILENT_AFTER:
        return f"no sign of life for {int(silent.total_seconds())} seconds"
    return "ok"


def _connect_afresh() -> None:
    """A connection that is kept open would go on answering from a file that was removed."""
    kept = connections["default"]
    if not kept.in_atomic_block:
        kept.close()


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 if all is well, else 503; the body says of each part ``ok`` or the reason."""
    _connect_afresh()
    states = {"database": database_state(), "worker": worker_state()}
    well = all(state == "ok" for state in states.values())
    return JsonResponse(states, status=200 if well else 503)
