"""Work that happens later: the only place that knows the queue.

    enqueue("luoshi.notices.jobs.deliver", message.pk)

The job is put into the queue when the transaction around the call has committed, and not at all if
it is rolled back. A job runs **at least once**: it is killed after two minutes, and a worker that
died leaves its job to be done again after five. So every job is idempotent (it claims its rows by
compare-and-set), takes plain numbers or short texts, and splits long work into pieces.

What is to happen at certain times is listed once, in ``luoshi/config/schedule.py``.
"""

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pydoc import locate
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.utils.module_loading import import_string
from django_q.cluster import Cluster
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from luoshi.kit import clock

log = logging.getLogger(__name__)

_PATH = re.compile(r"luoshi\.[a-z_]+\.jobs(\.[a-z_]+)?\.[a-z][a-z_]*")
_HEARTBEAT = "heartbeat"


@dataclass(frozen=True)
class Timed:
    """A job and when it runs: ``cron`` in the time zone of the institution."""

    name: str
    func_path: str
    cron: str


def enqueue(func_path: str, *ids: int | str) -> None:
    """Have ``func_path`` called with ``ids`` by a worker, once this transaction has committed.

    Raises ValueError for a path that is not a function of a room's ``jobs`` or for arguments that
    are not plain, ImportError if there is no such function: a slip of the pen shows at once.
    """
    job_at(func_path)
    for value in ids:
        if not isinstance(value, int | str):
            raise ValueError(f"A job takes numbers and texts, not {type(value).__name__}.")
    transaction.on_commit(lambda: _put(func_path, ids))


def job_at(func_path: str) -> Callable[..., Any]:
    """The function a path names. Raises ValueError or ImportError."""
    if not _PATH.fullmatch(func_path):
        raise ValueError(f"{func_path!r} is not a function in the jobs of a room.")
    job = import_string(func_path)
    if not callable(job):
        raise ValueError(f"{func_path!r} is not a function.")
    return job


def _put(func_path: str, ids: tuple[int | str, ...]) -> None:
    async_task(func_path, *ids)


def waiting() -> int:
    """How many jobs are in the queue, those at work included."""
    return OrmQ.objects.count()


def run_waiting(limit: int = 1000) -> int:
    """Do the jobs of the queue here and now, jobs they enqueue too; how many were done.

    For tests, journeys and building demo data, where no worker stands by. An error in a job is
    raised.
    """
    done = 0
    while done < limit and (row := OrmQ.objects.order_by("pk").first()):
        task = row.task
        row.delete()
        func = task["func"] if callable(task["func"]) else locate(task["func"])
        if not callable(func):
            raise ValueError(f"{task['func']!r} is not a function.")
        func(*task["args"])
        done += 1
    return done


# ------------------------------------------------------------------ times


@transaction.atomic
def keep_times(listed: Iterable[Timed]) -> None:
    """Make the timetable of the workers equal to the list. Doing it again changes nothing.

    The next time of a job that was listed before is left alone, so that a job missed while no
    worker ran is caught up. A job that does not exist is left out, and told in the log: the others
    must not wait for it.
    """
    listed = [timed for timed in listed if _exists(timed)]
    kept = {_HEARTBEAT, *(timed.name for timed in listed)}
    Schedule.objects.exclude(name__in=kept).delete()
    for timed in listed:
        row = Schedule.objects.filter(name=timed.name).first() or Schedule(name=timed.name)
        if (row.func, row.cron) == (timed.func_path, timed.cron):
            continue
        row.func, row.cron, row.schedule_type = timed.func_path, timed.cron, Schedule.CRON
        row.next_run = clock.machine_now()
        row.next_run = row.calculate_next_run(row.next_run)
        row.save()


def _exists(timed: Timed) -> bool:
    try:
        job_at(timed.func_path)
    except (ValueError, ImportError) as error:
        log.error("Timed job %s is left out: %s", timed.func_path, error)
        return False
    return True


def tidy() -> None:
    """Remove sessions that ended. Idempotent."""
    call_command("clearsessions")


# ------------------------------------------------------------------ sign of life


def beat() -> None:
    """The worker says that it is alive; called every few seconds by the ``worker`` command.

    The sign is a row of the queue's own timetable that never comes due (no repeats): it needs no
    table of ours, and every process and machine that shares the queue can read it.
    """
    now = clock.machine_now()
    if not Schedule.objects.filter(name=_HEARTBEAT).update(next_run=now):
        Schedule.objects.create(
            name=_HEARTBEAT,
            func="luoshi.kit.jobs.beat",
            schedule_type=Schedule.ONCE,
            repeats=0,
            next_run=now,
        )


def last_beat() -> dt.timedelta | None:
    """How long ago a worker last gave a sign of life; None if none ever did."""
    row = Schedule.objects.filter(name=_HEARTBEAT).values_list("next_run", flat=True).first()
    return None if row is None else clock.machine_now() - row


class Crew:
    """The processes that do the work, started by the ``worker`` command. Main thread only.

    SIGTERM and Ctrl-C end it after the job at hand.
    """

    def __init__(self) -> None:
        self._cluster = Cluster()
        self._cluster.start()

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than the crew works; whether it still does."""
        self._cluster.sentinel.join(seconds)
        return bool(self._cluster.sentinel.is_alive())

    @property
    def was_told_to_end(self) -> bool:
        return bool(self._cluster.has_stopped)
