"""Reminders wait and are told once a day, in one message (§19.18)."""

import datetime as dt

import pytest
from django.urls import reverse

from luoshi.kit import clock
from luoshi.notices import kinds, queries, services
from luoshi.notices.kinds import Act, Look
from luoshi.notices.models import Message, Waiting
from luoshi.notices.services import Reminder, remind, send_digests
from luoshi.people.models import Person
from luoshi.people.tests.factories import cast

SETTLED: set[int] = set()


def _look(rows, person):
    return {row.pk: Look(row.about_id not in SETTLED, "办完了") for row in rows}


@pytest.fixture(autouse=True)
def _reminder(monkeypatch):
    SETTLED.clear()
    monkeypatch.setattr(kinds, "_REMINDERS", dict(kinds._REMINDERS))
    monkeypatch.setattr(kinds, "_ACTS", {})
    kinds.register_reminder("test.owed", "bell", "欠交", "请交%(what)s", _look)
    kinds.register_reminder("test.soon", "bell", "将到期", "快了", _look)


@pytest.fixture
def people(db):
    return cast()


@pytest.fixture
def day(monkeypatch):
    def to(text: str, hour: int = 7) -> None:
        moment = dt.datetime.fromisoformat(f"{text}T{hour:02}:30:00+08:00")
        monkeypatch.setattr(clock, "now", lambda: moment)

    to("2026-11-25")
    return to


def owe(*people: Person, number: int = 17, key: str = "", kind: str = "test.owed") -> int:
    reminder = Reminder(
        [person.pk for person in people], kind, f"task/{number}", f"任务{number}",
        key or f"{number}/25", {"what": "月报"},
    )  # fmt: skip
    return remind([reminder])


def told(person: Person) -> list[Message]:
    return list(Message.objects.filter(person=person).order_by("pk"))


def test_everything_that_waits_is_told_in_one_message_a_person(people, day):
    owe(people.li, people.wang)
    owe(people.li, number=18)
    owe(people.li, number=19, kind="test.soon")
    assert Message.objects.count() == 0
    assert send_digests() == 2
    [message] = told(people.li)
    assert (message.kind, message.about, message.data) == (
        "notices.digest", "reminders/20261125", {"count": 3},
    )  # fmt: skip
    assert message.title == "任务17；任务18；任务19"
    assert kinds.row_of(message).sentence == "有 3 项提醒：任务17；任务18；任务19"
    assert [one.data["count"] for one in told(people.wang)] == [1]


def test_the_message_names_three_and_the_page_all(client, people, day):
    for number in range(1, 6):
        owe(people.li, number=number)
    send_digests()
    assert told(people.li)[0].title == "任务1；任务2；任务3……"
    assert "任务5" in page(client, people.li).content.decode()


def test_queueing_and_telling_again_tells_nobody_twice(people, day):
    for _n in range(3):
        owe(people.li)
        send_digests()
    assert len(told(people.li)) == 1
    assert Waiting.objects.count() == 1
    day("2026-11-26")
    owe(people.li)
    assert send_digests() == 0
    assert len(told(people.li)) == 1


def test_a_worker_killed_between_two_people_goes_on_where_it_stopped(people, day, monkeypatch):
    owe(people.li, people.wang)
    first, second = sorted([people.li.pk, people.wang.pk])
    digest = services._digest

    def killed(person_id, today):
        if person_id == second:
            raise KeyboardInterrupt
        return digest(person_id, today)

    monkeypatch.setattr(services, "_digest", killed)
    with pytest.raises(KeyboardInterrupt):
        send_digests()
    assert Message.objects.count() == 1
    monkeypatch.setattr(services, "_digest", digest)
    assert send_digests() == 1
    assert [Message.objects.filter(person=pk).count() for pk in (first, second)] == [1, 1]


def test_a_telling_that_fails_half_way_leaves_everything_waiting(people, day, monkeypatch):
    owe(people.li)
    monkeypatch.setattr(Message, "reminders", None)
    with pytest.raises(AttributeError):
        send_digests()
    assert Message.objects.count() == 0
    assert Waiting.objects.filter(digest=None).count() == 1


def test_what_comes_later_on_the_day_joins_its_message_and_makes_it_unread(people, day):
    owe(people.li)
    send_digests()
    [message] = told(people.li)
    services.mark_read([message.pk], by=people.li.actor)
    owe(people.li, number=18)
    assert send_digests() == 1
    [message] = told(people.li)
    assert (message.data, message.read_at) == ({"count": 2}, None)
    assert len(queries.reminders_in(message)) == 2


def test_what_was_settled_while_it_waited_is_not_told(people, day):
    owe(people.li)
    owe(people.li, people.wang, number=18)
    SETTLED.update({18})
    assert send_digests() == 1
    assert told(people.li)[0].data == {"count": 1}
    assert told(people.wang) == []
    assert Waiting.objects.filter(digest=None).count() == 0


@pytest.mark.parametrize("off", ["2026-11-28", "2026-10-01", "2026-02-17"])
def test_nobody_is_told_anything_on_a_day_off(people, day, off):
    owe(people.li)
    day(off)
    assert send_digests() == 0
    assert Message.objects.count() == 0
    assert Waiting.objects.filter(digest=None).count() == 1


def test_a_make_up_day_is_worked(people, day):
    owe(people.li)
    day("2026-02-28")  # a Saturday worked for the Spring Festival
    assert send_digests() == 1


def test_who_left_meanwhile_is_told_nothing(people, day):
    owe(people.li)
    Person.objects.filter(pk=people.li.pk).update(left_on=dt.date(2026, 11, 24))
    assert send_digests() == 0
    assert Waiting.objects.count() == 0


def test_a_kind_nobody_registered_and_a_missing_word_show_at_once(people, day):
    with pytest.raises(LookupError):
        remind([Reminder([people.li.pk], "test.nothing", "task/1", "题目", "1")])
    with pytest.raises(KeyError):
        remind([Reminder([people.li.pk], "test.owed", "task/1", "题目", "1")])
    assert Waiting.objects.count() == 0


def test_old_reminders_are_forgotten(people, day):
    owe(people.li)
    send_digests()
    day("2027-07-01")
    send_digests()
    assert Waiting.objects.count() == 0
    assert len(told(people.li)) == 1


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def page(client, person, *args) -> str:
    client.force_login(person)
    return client.get(reverse("notices:reminders" + ("_of" if args else ""), args=args))


def test_the_page_groups_them_and_leads_to_the_act(client, people, day):
    kinds.register_acts("task", lambda ids, person: {17: Act("反馈进展", "/here/")})
    owe(people.li)
    owe(people.li, number=18)
    owe(people.li, number=19, kind="test.soon")
    send_digests()
    SETTLED.update({18})
    text = page(client, people.li).content.decode()
    assert "欠交" in text
    assert "将到期" in text
    assert "请交月报" in text
    assert text.count('href="/here/"') == 1
    assert "办完了" in text
    assert text.index("任务17") < text.index("任务18")
    assert told(people.li)[0].read_at is not None


def test_the_message_leads_to_its_day(client, people, day):
    owe(people.li)
    send_digests()
    client.force_login(people.li)
    answer = client.get(reverse("notices:read", args=[told(people.li)[0].pk]), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("notices:reminders_of", args=[20261125])
    assert "任务17" in answer.content.decode()


def test_nobody_sees_the_reminders_of_others(client, people, day):
    owe(people.li)
    send_digests()
    assert page(client, people.wang, 20261125).status_code == 404
    assert "还没有提醒" in page(client, people.wang).content.decode()


def test_the_page_costs_the_same_with_one_and_with_twenty(
    client, people, day, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    owe(people.li)
    send_digests()
    page(client, people.li)
    with CaptureQueriesContext(connection) as one:
        page(client, people.li)
    for number in range(20, 40):
        owe(people.li, number=number)
    send_digests()
    page(client, people.li)
    with CaptureQueriesContext(connection) as many:
        page(client, people.li)
    assert len(many) <= len(one)
