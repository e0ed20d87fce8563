"""What time does: every job that runs at certain hours, listed once.

Hours are those of the institution. Nothing runs in the two hours after midnight but the seal, which
waits for entries of long transactions begun the day before.
"""

from luoshi.kit.jobs import Timed

TIMES = [
    Timed("seal the trail of yesterday", "luoshi.trail.jobs.seal_yesterday", "0 2 * * *"),
    Timed("open what is owed", "luoshi.reports.jobs.open_dues", "30 2 * * *"),
    Timed("settle what nobody signed for", "luoshi.tasks.jobs.settle_silent", "40 2 * * *"),
    Timed("free stuck imports", "luoshi.intake.jobs.free_stuck", "*/20 3-23 * * *"),
    Timed("build packs that were left", "luoshi.reports.jobs.free_packs", "*/20 3-23 * * *"),
    Timed("remove ended sessions", "luoshi.kit.jobs.tidy", "15 3 * * *"),
    Timed("forget old log-ins", "luoshi.people.jobs.tidy", "25 3 * * *"),
    Timed("remind of tasks soon due", "luoshi.tasks.jobs.remind_due", "10 7 * * *"),
    Timed("remind of reports owed", "luoshi.reports.jobs.remind_owed", "15 7 * * *"),
    Timed("remind of diagnoses", "luoshi.improvement.jobs.remind", "20 7 * * *"),
    Timed("tell the reminders of the day", "luoshi.notices.jobs.digest", "30 7 * * *"),
    Timed("count timeliness", "luoshi.assessment.jobs.keep_timeliness", "45 3 * * *"),
]
