"""The worker does what is queued; what a killed one left undone is done once all the same."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from luoshi.config.schedule import TIMES
from luoshi.config.tests.test_serve import surroundings, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Jobs that take their time; the effect is made by whoever comes first (open mode x).
JOBS = """
import pathlib, time

def slow(folder):
    folder = pathlib.Path(folder)
    with (folder / "begun").open("a") as log:
        log.write("x")
    time.sleep(2.5)
    try:
        (folder / "effect").open("x").write("once")
    except FileExistsError:
        return
    with (folder / "effects").open("a") as log:
        log.write("x")
"""
# A lock of nine seconds instead of five minutes; the database of tests stands without guards.
SETTINGS = """
from luoshi.config.settings import *
Q_CLUSTER = {**Q_CLUSTER, "timeout": 4, "retry": 9}
SILENCED_SYSTEM_CHECKS = ["trail.E001"]
"""


def url_of_tests() -> str:
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    user, host = quote(facts["USER"] or ""), quote(facts["HOST"] or "", safe="")
    return f"postgresql://{user}:{quote(facts['PASSWORD'] or '')}@/{facts['NAME']}?host={host}"


@pytest.fixture
def start(tmp_path: Path):
    """Start a worker on the database of the tests."""
    (tmp_path / "slow_jobs.py").write_text(JOBS)
    (tmp_path / "quick_settings.py").write_text(SETTINGS)
    env = surroundings(
        tmp_path,
        DATABASE_URL=url_of_tests(),
        DJANGO_SETTINGS_MODULE="quick_settings",
        PYTHONPATH=str(tmp_path),
    )
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "luoshi", "worker"]
        running.append(subprocess.Popen(command, env=env, start_new_session=True))
        return running[-1]

    yield begin
    for process in running:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group, at once and without warning."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def test_a_worker_keeps_the_times_and_gives_signs_of_life(start) -> None:
    worker = start()
    assert wait_for(lambda: Schedule.objects.filter(name="heartbeat").exists())
    assert wait_for(lambda: Schedule.objects.count() == len(TIMES) + 1)
    first = Schedule.objects.get(name="heartbeat").next_run
    assert wait_for(lambda: Schedule.objects.get(name="heartbeat").next_run > first, 15)
    worker.terminate()
    assert worker.wait(20) == 0


def test_a_job_of_a_killed_worker_is_done_again_and_once_in_its_effect(start, tmp_path) -> None:
    async_task("slow_jobs.slow", str(tmp_path))
    worker = start()
    assert wait_for(lambda: size(tmp_path / "begun") == 1)
    kill(worker)
    assert not (tmp_path / "effect").exists()
    start()
    assert wait_for(lambda: size(tmp_path / "effects") == 1, 60)
    assert size(tmp_path / "begun") == 2
    assert wait_for(lambda: not OrmQ.objects.exists(), 15)
    assert size(tmp_path / "effects") == 1


def test_a_worker_told_to_end_ends_the_job_at_hand_first(start, tmp_path) -> None:
    async_task("slow_jobs.slow", str(tmp_path))
    worker = start()
    assert wait_for(lambda: size(tmp_path / "begun") == 1)
    worker.terminate()
    assert worker.wait(30) == 0
    assert size(tmp_path / "effects") == 1
