"""What time does to reports."""

from luoshi.kit.jobs import enqueue
from luoshi.reports.services import owed, reminding


def open_dues() -> int:
    """Open what is owed in the week to come; run every night, harmless at any time."""
    return owed.open_coming_dues()


def remind_owed() -> int:
    """Queue reminders of reports owed, and have them told. Idempotent; nothing on a day off."""
    queued = reminding.remind_owed()
    enqueue("luoshi.notices.jobs.digest")
    return queued
