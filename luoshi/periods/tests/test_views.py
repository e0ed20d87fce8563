"""The calendar page."""

import datetime as dt

import pytest

from luoshi.people.tests.factories import cast
from luoshi.periods.models import Day
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    Day.objects.all().delete()
    return cast()


def test_the_calendar_is_refused_to_those_who_do_not_keep_it(client, people):
    client.force_login(people.sun)
    assert client.get("/calendar/").status_code == 403
    answer = client.post("/calendar/2026-11-20/", {"kind": "holiday", "name": "校庆"})
    assert answer.status_code == 403
    assert not Day.objects.exists()


def test_a_month_is_shown(client, people):
    client.force_login(people.chen)
    page = client.get("/calendar/", {"year": "2026", "month": "2"}).content.decode()
    assert "/calendar/2026-02-28/" in page
    assert "尚未录入调休上班日" in page


@pytest.mark.parametrize("month", ["0", "13", "x", "²", ""])
def test_an_odd_month_is_not_a_fault(client, people, month):
    client.force_login(people.chen)
    assert client.get("/calendar/", {"year": "2026", "month": month}).status_code == 200


def test_a_day_is_set_and_cleared(client, people):
    client.force_login(people.chen)
    answer = client.post("/calendar/2026-11-20/", {"kind": "holiday", "name": "校庆"})
    assert answer.url == "/calendar/?year=2026&month=11"
    day = Day.objects.get(date=dt.date(2026, 11, 20))
    assert (day.kind, day.name) == ("holiday", "校庆")
    client.post("/calendar/2026-11-20/", {"kind": "", "name": ""})
    assert not Day.objects.exists()
    verbs = Event.objects.filter(about_kind="day").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["day.set", "day.clear"]


def test_a_faulty_day_is_said_in_the_dialog(client, people):
    client.force_login(people.chen)
    htmx = {"HX-Request": "true"}
    answer = client.post("/calendar/2026-11-20/", {"kind": "x", "name": "长" * 61}, headers=htmx)
    assert answer.status_code == 422
    assert "名称最多 60 个字" in answer.content.decode()
    assert not Day.objects.exists()
    assert client.get("/calendar/2026-13-40/").status_code == 404


def test_public_holidays_are_entered_at_once(client, people):
    client.force_login(people.chen)
    client.post("/calendar/2026/seed/")
    assert Day.objects.filter(date="2026-10-01", kind="holiday").exists()
    count = Day.objects.count()
    client.post("/calendar/2026/seed/")
    assert Day.objects.count() == count


def test_a_day_set_in_the_dialog_closes_it(client, people):
    client.force_login(people.chen)
    answer = client.post(
        "/calendar/2026-11-20/", {"kind": "holiday"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204
    assert "task-changed" in answer["HX-Trigger"]


def test_a_year_out_of_reach_is_a_sentence(client, people):
    client.force_login(people.chen)
    answer = client.post("/calendar/9999/seed/")
    assert answer.status_code == 422
    assert "2100" in answer.content.decode()
    assert not Day.objects.exists()


def test_a_stranger_is_asked_to_log_in(client):
    before = Day.objects.count()
    assert client.get("/calendar/").status_code == 302
    assert client.post("/calendar/2026-11-20/", {"kind": "holiday"}).status_code == 302
    assert client.post("/calendar/2027/seed/").status_code == 302
    assert Day.objects.count() == before


def test_the_whole_year_is_shown_at_first(client, people, django_assert_max_num_queries):
    from luoshi.periods.services import seed_year

    seed_year(2026)
    client.force_login(people.chen)
    client.get("/calendar/")
    with django_assert_max_num_queries(12):
        page = client.get("/calendar/", {"year": "2026"}).content.decode()
    assert page.count('class="month-small"') == 12
    assert page.count('href="/calendar/2026-') >= 365
    assert "2026-10-01 国庆节" in page
    assert "尚未录入调休上班日" not in page


@pytest.mark.parametrize(
    ("day", "who", "warned"),
    [
        ("2026-09-30", "chen", False),
        ("2026-10-01", "chen", True),
        ("2026-12-31", "admin", True),
        ("2026-12-31", "li", False),
    ],
)
def test_home_warns_from_october_on_while_the_coming_year_lacks_its_holidays(
    client, people, monkeypatch, day, who, warned
):
    from django.utils import timezone

    from luoshi.periods.services import seed_year, set_day

    seed_year(2026)
    moment = timezone.make_aware(dt.datetime.fromisoformat(f"{day}T09:00"))
    monkeypatch.setattr("luoshi.kit.clock.now", lambda: moment)
    client.force_login(getattr(people, who))
    assert ("2027 年的节假日还没有录入" in client.get("/").content.decode()) is warned
    actor = people.chen.actor
    set_day(by=actor, date=dt.date(2027, 2, 14), kind="workday", name="调休上班")
    assert "还没有录入" not in client.get("/").content.decode()
