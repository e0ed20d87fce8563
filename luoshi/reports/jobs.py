"""What time does to reports."""

from luoshi.kit.jobs import enqueue
from luoshi.reports.services import owed, packs, reminding


def open_dues() -> int:
    """Open what is owed in the week to come; run every night, harmless at any time."""
    return owed.open_coming_dues()


def remind_owed() -> int:
    """Queue reminders of reports owed, and have them told. Idempotent; nothing on a day off."""
    queued = reminding.remind_owed()
    enqueue("luoshi.notices.jobs.digest")
    return queued


def build_pack(pack_id: int, run: int) -> None:
    """Build a year-end pack. Idempotent: one that is built or asked for anew is left alone."""
    packs.build(pack_id, run)


def free_packs() -> int:
    """Have packs built again whose worker was lost; harmless at any time."""
    return packs.free_left()
