"""People are told once, never of their own acts, and only they mark it read."""

import datetime as dt
import threading

import pytest
from django.db import connection

from luoshi.kit.actor import Actor
from luoshi.notices.models import Message
from luoshi.notices.services import Note, mark_all_read, mark_read, notify, notify_many
from luoshi.notices.tests.factories import KIND, tell
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def told() -> list[tuple[int, str]]:
    return list(Message.objects.order_by("pk").values_list("person_id", "title"))


def test_a_message_says_who_what_and_about_what(people):
    due = dt.date(2026, 12, 20)
    assert (
        notify([people.li.pk], KIND, about="task/17", title="甲", by=people.chen.actor, due=due)
        == 1
    )
    message = Message.objects.get()
    assert (message.person_id, message.about, message.title) == (people.li.pk, "task/17", "甲")
    assert (message.by_id, message.by_name) == (people.chen.pk, "陈静")
    assert (message.data, message.read_at) == ({"due": "2026-12-20"}, None)


def test_nobody_is_told_twice_at_once_nor_of_what_they_did(people):
    ids = [people.li.pk, people.chen.pk, people.li.pk, people.wang.pk]
    assert notify(ids, KIND, about="task/17", title="甲", by=people.chen.actor, due="") == 2
    assert told() == [(people.li.pk, "甲"), (people.wang.pk, "甲")]


def test_a_leader_hears_what_the_secretary_did_in_their_name(people):
    secretary = Actor(people.sun.pk, "孙丽", people.zhao.pk, "赵志刚")
    notify([people.zhao.pk, people.sun.pk], KIND, about="task/1", title="甲", by=secretary, due="")
    message = Message.objects.get()
    assert (message.person_id, message.data["for_name"]) == (people.zhao.pk, "赵志刚")


def test_with_a_key_a_person_hears_it_once(people):
    for _ in range(2):
        notify(
            [people.li.pk, people.wang.pk],
            KIND,
            about="task/17",
            title="到期提醒",
            by=people.chen.actor,
            key="due/17/2026-12",
            due="",
        )
    assert len(told()) == 2
    tell(people.li, by=people.chen.actor, key="due/17/2027-01")
    tell(people.li, by=people.chen.actor)
    tell(people.li, by=people.chen.actor)
    assert len(told()) == 5


@pytest.mark.django_db(transaction=True)
def test_two_jobs_telling_the_same_at_once_tell_it_once(people):
    barrier = threading.Barrier(2)
    faults: list[BaseException] = []

    def job() -> None:
        try:
            barrier.wait(5)
            tell(people.li, by=people.chen.actor, key="due/17")
        except BaseException as fault:  # noqa: BLE001
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=job) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (faults, len(told())) == ([], 1)


@pytest.mark.parametrize("size", [1, 3])
def test_many_are_told_in_a_few_statements(people, django_assert_num_queries, size):
    by = people.chen.actor
    everyone = [people.li.pk, people.wang.pk, people.zhao.pk]
    notes = [
        Note(everyone, KIND, f"task/{n}", f"任务{n}", by, f"k{n}" if n % 2 else "", {"due": ""})
        for n in range(2 * size)
    ]
    with django_assert_num_queries(2):  # those with a key, those without
        assert notify_many(notes) == 6 * size
    assert Message.objects.count() == 6 * size


@pytest.mark.parametrize(
    ("kind", "about", "data", "error"),
    [
        ("nobody.knows", "task/17", {}, LookupError),
        (KIND, "task/17", {}, KeyError),  # the sentence wants a due date
        (KIND, "task17", {"due": ""}, ValueError),
        (KIND, "task/17", {"due": object()}, TypeError),
    ],
)
def test_a_slip_of_the_pen_is_an_error_and_tells_nobody(people, kind, about, data, error):
    with pytest.raises(error):
        notify([people.li.pk], kind, about=about, title="甲", by=people.chen.actor, **data)
    assert told() == []


def test_nobody_to_tell_is_nothing(people, django_assert_max_num_queries):
    assert notify([], KIND, about="task/1", title="甲", by=people.chen.actor, due="") == 0


def test_a_title_of_any_length_and_letters_is_told(people):
    title = "𠮷㐀📈" * 200
    assert tell(people.li, title, by=people.chen.actor).title == title[:300]


def test_only_the_addressee_marks_it_read(people):
    message = tell(people.li, by=people.chen.actor)
    assert mark_read([message.pk], by=people.wang.actor) == 0
    assert mark_read([message.pk], by=people.li.actor) == 1
    first = Message.objects.get().read_at
    assert mark_read([message.pk], by=people.li.actor) == 0
    assert Message.objects.get().read_at == first


def test_all_are_read_up_to_what_was_on_the_screen(people):
    seen = tell(people.li, "甲", by=people.chen.actor)
    others = tell(people.wang, "丙", by=people.chen.actor)
    late = tell(people.li, "乙", by=people.chen.actor)
    assert mark_all_read(by=people.li.actor, up_to=seen.pk) == 1
    unread = Message.objects.filter(read_at=None).order_by("pk")
    assert [message.pk for message in unread] == [others.pk, late.pk]
    assert mark_all_read(by=people.li.actor) == 1
