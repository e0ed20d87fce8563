"""How long transactions hold the database: SQLite has one writer at a time, others wait for it.

with holding() as times:
    publish(batch)
max(times)      seconds of the longest
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


@contextmanager
def holding() -> Iterator[list[float]]:
    """Gather the seconds each transaction of this connection lasted, in their order."""
    times: list[float] = []
    begun: list[float] = []
    connection = connections[DEFAULT_DB_ALIAS]
    switch = connection.set_autocommit

    def watched(autocommit: bool, *args: Any, **kwargs: Any) -> None:
        switch(autocommit, *args, **kwargs)
        if not autocommit:
            begun.append(time.perf_counter())
        elif begun:
            times.append(time.perf_counter() - begun.pop())

    vars(connection)["set_autocommit"] = watched
    try:
        yield times
    finally:
        vars(connection).pop("set_autocommit", None)
