"""``GET /healthz``: 200 if all is well, else 503 with the reason; no login."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.test import Client
from django_q.models import Schedule

from luoshi.config import health
from luoshi.kit import clock, jobs


def ask() -> tuple[int, dict[str, str]]:
    response = Client().get("/healthz")
    return response.status_code, response.json()


def age(seconds: int) -> None:
    past = clock.machine_now() - dt.timedelta(seconds=seconds)
    Schedule.objects.filter(name="heartbeat").update(next_run=past)


@pytest.fixture
def beating(db) -> Callable[[int], None]:
    jobs.beat()
    return age


def test_all_is_well(beating) -> None:
    assert ask() == (200, {"database": "ok", "worker": "ok"})


def test_a_worker_may_be_silent_for_a_moment(beating) -> None:
    beating(15)
    assert ask()[0] == 200


def test_a_silent_worker_is_told(beating) -> None:
    beating(95)
    status, states = ask()
    assert status == 503
    assert states["database"] == "ok"
    assert states["worker"].startswith("no sign of life for 95 ")


@pytest.mark.django_db
def test_a_worker_that_was_never_started_is_told() -> None:
    assert ask() == (503, {"database": "ok", "worker": "no worker was ever started"})


def test_a_database_that_is_gone_is_told(monkeypatch) -> None:
    class Gone:
        def cursor(self):
            raise OperationalError("gone")

    def no_beat():
        raise OperationalError("gone")

    monkeypatch.setattr(health, "connection", Gone())
    monkeypatch.setattr(health.jobs, "last_beat", no_beat)
    assert ask() == (
        503,
        {
            "database": "does not answer: OperationalError",
            "worker": "unknown, the database does not answer: OperationalError",
        },
    )


def test_health_is_cheap_and_asks_for_no_login(beating, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        response = Client().get("/healthz")
    assert "no-store" in response["Cache-Control"]
    assert response.cookies == {}


@pytest.mark.django_db
def test_health_is_only_read() -> None:
    assert Client().post("/healthz").status_code == 405
