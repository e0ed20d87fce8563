"""Every timed job exists, has a name of its own and a time that can be read."""

import pytest
from croniter import croniter

from luoshi.config.schedule import TIMES
from luoshi.kit import jobs


@pytest.mark.parametrize("timed", TIMES, ids=lambda timed: timed.name)
def test_timed_job_exists_and_its_time_can_be_read(timed: jobs.Timed) -> None:
    assert callable(jobs.job_at(timed.func_path))
    assert croniter.is_valid(timed.cron)


def test_names_differ() -> None:
    assert len({timed.name for timed in TIMES}) == len(TIMES)


def test_the_trail_is_sealed_two_hours_after_midnight() -> None:
    (seal,) = [timed for timed in TIMES if timed.func_path == "luoshi.trail.jobs.seal_yesterday"]
    assert seal.cron == "0 2 * * *"
