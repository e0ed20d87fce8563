"""The clock: real time, and time shifted by a file for server and worker alike."""

import datetime as dt
import os
from pathlib import Path

import pytest
from django.utils import timezone

from luoshi.kit import clock


def test_without_a_file_the_real_time_is_told() -> None:
    before = timezone.now()
    told = clock.now()
    assert before <= told <= timezone.now()


def test_file_shifts_time_by_its_seconds(settings, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text(str(3 * 86400))
    settings.CLOCK_FILE = str(file)
    ahead = clock.now() - timezone.now()
    assert dt.timedelta(days=3) - dt.timedelta(seconds=2) < ahead <= dt.timedelta(days=3)


def test_changed_file_is_read_again(settings, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    settings.CLOCK_FILE = str(file)
    file.write_text("0")
    os.utime(file, (1, 1))
    assert abs(clock.now() - timezone.now()) < dt.timedelta(seconds=2)
    file.write_text("-86400")
    os.utime(file, (2, 2))
    assert abs(clock.now() - timezone.now() + dt.timedelta(days=1)) < dt.timedelta(seconds=2)


def test_missing_file_means_no_shift(settings, tmp_path: Path) -> None:
    settings.CLOCK_FILE = str(tmp_path / "nothing")
    assert abs(clock.now() - timezone.now()) < dt.timedelta(seconds=2)


def test_today_is_the_day_where_the_institution_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 16:30 in Greenwich it is already tomorrow in Shanghai."""
    moment = dt.datetime(2026, 3, 31, 16, 30, tzinfo=dt.UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert clock.today() == dt.date(2026, 4, 1)


def test_the_clock_is_held_inside_only() -> None:
    moment = dt.datetime(2026, 2, 28, 16, 30, tzinfo=dt.UTC)
    with clock.at(moment):
        assert (clock.now(), clock.today()) == (moment, dt.date(2026, 3, 1))
        with clock.at(moment + dt.timedelta(days=1)):
            assert clock.today() == dt.date(2026, 3, 2)
        assert clock.today() == dt.date(2026, 3, 1)
    assert clock.now() != moment


def test_the_clock_is_let_go_after_an_error() -> None:
    moment = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(ZeroDivisionError), clock.at(moment):
        1 / 0  # noqa: B018
    assert clock.now() > moment


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(AssertionError), clock.at(dt.datetime(2026, 1, 1)):
        pass
