"""``luoshi worker``: does the work of the queue and of the timetable until it is told to end."""

import logging
import os
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from luoshi.config.schedule import TIMES
from luoshi.kit import jobs

log = logging.getLogger(__name__)
BEAT_SECONDS = 5.0


class Command(BaseCommand):
    help = "Do queued and timed jobs until SIGTERM or Ctrl-C."
    requires_system_checks = "__all__"

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(databases=["default"])
        jobs.keep_times(TIMES)
        jobs.beat()
        connections.close_all()  # the processes of the crew are forks: each opens its own
        crew = jobs.Crew()
        while crew.wait(BEAT_SECONDS):
            try:
                jobs.beat()
            except DatabaseError as error:
                log.warning("No sign of life could be given: %s", error)
                connections.close_all()
        if not crew.was_told_to_end:
            self.end_group()

    def end_group(self) -> None:
        """The crew died without being told to: leave no half of it behind, and fail."""
        log.error("The crew of the worker died.")
        if os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
        raise CommandError("The crew of the worker died.")
