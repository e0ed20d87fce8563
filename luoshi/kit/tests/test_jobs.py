"""Work that happens later: after the commit, at least once, at listed times."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django_q.models import OrmQ, Schedule

from luoshi.kit import clock, jobs

TIDY = "luoshi.kit.jobs.tidy"


@pytest.fixture
def done(monkeypatch) -> list[tuple]:
    """What the job was called with."""
    calls: list[tuple] = []
    monkeypatch.setattr(jobs, "tidy", lambda *args: calls.append(args))
    return calls


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "luoshi.people.services.persons.remove",
        "luoshi.kit.jobs",
        "luoshi.kit.jobs._put",
        "luoshi.kit.jobs.TIDY",
    ],
)
def test_only_functions_in_jobs_can_be_enqueued(path: str) -> None:
    with pytest.raises((ValueError, ImportError)):
        jobs.enqueue(path)


def test_a_job_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(ImportError):
        jobs.enqueue("luoshi.kit.jobs.nothing")


@pytest.mark.parametrize("value", [None, 1.5, [1], {"a": 1}, clock])
def test_a_job_takes_plain_numbers_and_texts(value) -> None:
    with pytest.raises(ValueError, match="A job takes numbers and texts"):
        jobs.enqueue(TIDY, value)


@pytest.mark.django_db(transaction=True)
def test_a_job_waits_for_the_commit() -> None:
    with transaction.atomic():
        jobs.enqueue(TIDY, 1)
        assert jobs.waiting() == 0
    assert jobs.waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_transaction_rolled_back_never_was() -> None:
    with transaction.atomic():
        jobs.enqueue(TIDY, 1)
        transaction.set_rollback(True)
    assert jobs.waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_run_waiting_does_each_job_once_in_order(done) -> None:
    jobs.enqueue(TIDY, 1, "a")
    jobs.enqueue(TIDY, 2)
    assert jobs.run_waiting() == 2
    assert done == [(1, "a"), (2,)]
    assert jobs.run_waiting() == 0
    assert OrmQ.objects.count() == 0


LISTED = [jobs.Timed("tidy", TIDY, "15 3 * * *")]


@pytest.mark.django_db
def test_times_are_kept_as_listed_and_doing_it_again_changes_nothing() -> None:
    jobs.keep_times(LISTED)
    row = Schedule.objects.get()
    assert (row.name, row.func, row.cron, row.schedule_type) == ("tidy", TIDY, "15 3 * * *", "C")
    assert row.repeats == -1
    assert row.next_run > clock.machine_now()
    jobs.keep_times(LISTED)
    assert Schedule.objects.get().pk == row.pk


@pytest.mark.django_db
def test_a_listed_hour_is_an_hour_of_the_institution(settings) -> None:
    jobs.keep_times(LISTED)
    told = Schedule.objects.get().next_run.astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert (told.hour, told.minute) == (3, 15)


@pytest.mark.django_db
def test_a_missed_time_is_kept_to_be_caught_up() -> None:
    jobs.keep_times(LISTED)
    missed = clock.machine_now() - dt.timedelta(days=2)
    Schedule.objects.update(next_run=missed)
    jobs.keep_times(LISTED)
    assert Schedule.objects.get().next_run == missed


@pytest.mark.django_db
def test_what_is_no_longer_listed_goes_but_the_heartbeat_stays() -> None:
    jobs.beat()
    jobs.keep_times([*LISTED, jobs.Timed("other", TIDY, "0 4 * * *")])
    jobs.keep_times(LISTED)
    assert set(Schedule.objects.values_list("name", flat=True)) == {"heartbeat", "tidy"}


@pytest.mark.django_db
def test_a_new_hour_moves_the_next_time() -> None:
    jobs.keep_times(LISTED)
    jobs.keep_times([jobs.Timed("tidy", TIDY, "45 5 * * *")])
    row = Schedule.objects.get()
    assert row.cron == "45 5 * * *"
    assert row.next_run.minute == 45


@pytest.mark.django_db
def test_a_listed_job_that_does_not_exist_is_left_out_and_told(caplog) -> None:
    jobs.keep_times([*LISTED, jobs.Timed("gone", "luoshi.kit.jobs.nothing", "0 4 * * *")])
    assert set(Schedule.objects.values_list("name", flat=True)) == {"tidy"}
    assert "luoshi.kit.jobs.nothing" in caplog.text


@pytest.mark.django_db
def test_beats_are_one_row_that_never_comes_due() -> None:
    assert jobs.last_beat() is None
    jobs.beat()
    jobs.beat()
    row = Schedule.objects.get()
    assert row.repeats == 0
    silent = jobs.last_beat()
    assert silent is not None
    assert dt.timedelta(0) <= silent < dt.timedelta(seconds=5)


@pytest.mark.django_db
def test_silence_is_measured_on_the_clock_of_the_machine(settings, tmp_path) -> None:
    """A journey that shifts the clock by a month must not make the worker look dead."""
    jobs.beat()
    (tmp_path / "clock").write_text(str(30 * 86400))
    settings.CLOCK_FILE = str(tmp_path / "clock")
    silent = jobs.last_beat()
    assert silent is not None
    assert silent < dt.timedelta(seconds=5)


@pytest.mark.django_db
def test_tidy_removes_ended_sessions_only() -> None:
    now = clock.machine_now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - dt.timedelta(1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + dt.timedelta(1))
    jobs.tidy()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
