import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from luoshi.kit import gate
from luoshi.periods.models import Day
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MONDAY = dt.date(2026, 11, 16)


@pytest.fixture
def chen(client, monkeypatch):
    """Somebody who keeps the calendar, logged in."""
    person = get_user_model().objects.create(
        account="T0004", staff_number="0004", name="陈秘书", must_change_password=False
    )
    client.force_login(person)
    monkeypatch.setattr(gate, "holds", lambda user, power: power == "edit_calendar")
    return person


def day_url(date=MONDAY):
    return reverse("periods:set_day", args=[date.isoformat()])


@pytest.mark.usefixtures("chen")
def test_a_month_is_shown(client):
    page = client.get(reverse("periods:calendar"), {"year": 2026, "month": 10})
    assert page.status_code == 200
    assert page.context["month"] == 10
    assert "国庆节" in page.content.decode()
    part = client.get(reverse("periods:calendar"), {"year": 2026, "month": 10}, headers=HTMX)
    assert "<html" not in part.content.decode()


@pytest.mark.usefixtures("chen")
@pytest.mark.parametrize("month", ["", "0", "13", "x", "²", "-1"])
def test_a_month_that_is_none_shows_another(client, month):
    page = client.get(reverse("periods:calendar"), {"year": 2025, "month": month})
    assert page.context["month"] in range(1, 13)


@pytest.mark.usefixtures("chen")
def test_a_day_is_set_and_let_go_by_form(client):
    assert client.get(day_url()).status_code == 200
    answer = client.post(day_url(), {"kind": "holiday", "name": "校庆"})
    assert answer.url.endswith("?year=2026&month=11")
    assert Day.objects.get(date=MONDAY).name == "校庆"
    assert Event.objects.get().by_name == "陈秘书"
    answer = client.post(day_url(), {"kind": ""}, headers=HTMX)
    assert answer.status_code == 204
    assert "task-changed" in answer["HX-Trigger"]
    assert not Day.objects.filter(date=MONDAY).exists()


@pytest.mark.usefixtures("chen")
@pytest.mark.parametrize("wrong", [{"kind": "feast"}, {"kind": "holiday", "name": "长" * 61}])
def test_what_cannot_stand_comes_back(client, wrong):
    answer = client.post(day_url(), wrong)
    assert answer.status_code == 422
    assert not Day.objects.filter(date=MONDAY).exists()


@pytest.mark.usefixtures("chen")
def test_a_day_that_is_none_is_not_found(client):
    assert client.get("/calendar/2026-02-30/").status_code == 404
    assert client.post("/calendar/morgen/", {"kind": "holiday"}).status_code == 404


@pytest.mark.usefixtures("chen")
def test_the_holidays_of_a_year_are_entered_once(client):
    Day.objects.all().delete()
    client.post(reverse("periods:seed", args=[2026]))
    count = Day.objects.count()
    assert count > 20
    client.post(reverse("periods:seed", args=[2026]))
    assert (Day.objects.count(), Event.objects.count()) == (count, 1)


@pytest.mark.usefixtures("chen")
def test_a_year_out_of_reach_is_a_sentence(client):
    assert client.post(reverse("periods:seed", args=[9999])).status_code == 422


def test_the_calendar_is_not_for_everybody(client, chen, monkeypatch):
    monkeypatch.setattr(gate, "holds", lambda user, power: False)
    before = Day.objects.count()
    assert client.get(reverse("periods:calendar")).status_code == 403
    assert client.post(day_url(), {"kind": "holiday"}).status_code == 403
    assert client.post(reverse("periods:seed", args=[2027])).status_code == 403
    assert (Day.objects.count(), Event.objects.count()) == (before, 0)


def test_a_stranger_is_asked_to_log_in(client):
    assert client.get(reverse("periods:calendar")).status_code == 302
    assert client.post(day_url(), {"kind": "holiday"}).status_code == 302
