"""What time does to tasks. A job finds, then calls a service for each."""

from luoshi.kit.actor import SYSTEM
from luoshi.kit.jobs import enqueue
from luoshi.tasks import queries
from luoshi.tasks.services.reminding import remind_due as queue_reminders
from luoshi.tasks.services.signing import settle_silence


def settle_silent() -> int:
    """Settle what nobody signed for in time. Idempotent. Returns how many were due."""
    return sum(settle_silence(task, by=SYSTEM) for task in queries.unsigned_with_limit())


def remind_due() -> int:
    """Queue reminders of tasks soon due, and have them told. Idempotent; nothing on a day off."""
    queued = queue_reminders()
    enqueue("luoshi.notices.jobs.digest")
    return queued
