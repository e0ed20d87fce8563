"""The inbox: unread first, newest first, a page at a time."""

from itertools import chain

import pytest

from luoshi.notices import queries
from luoshi.notices.services import mark_read
from luoshi.notices.tests.factories import tell
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def fill(people, count: int, read: set[int]) -> None:
    """Li's messages 0, 1 … of which some are read; Wang has one too."""
    for number in range(count):
        message = tell(people.li, str(number), by=people.chen.actor)
        if number in read:
            mark_read([message.pk], by=people.li.actor)
    tell(people.wang, "别人的", by=people.chen.actor)


def pages(person, **more) -> list[list[str]]:
    found, after = [], ""
    while True:
        page = queries.inbox(person.pk, after=after, **more)
        found.append([message.title for message in page.messages])
        after = page.after
        if not after:
            return found


def test_unread_come_first_and_each_newest_first(people):
    fill(people, 5, read={1, 4})
    assert pages(people.li) == [["3", "2", "0", "4", "1"]]
    assert pages(people.li, unread_only=True) == [["3", "2", "0"]]
    assert pages(people.sun) == [[]]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_pages_follow_without_gap_or_repetition(people, monkeypatch, size):
    monkeypatch.setattr(queries, "PAGE", size)
    fill(people, 6, read={0, 2, 5})
    found = pages(people.li)
    assert list(chain(*found)) == ["4", "3", "1", "5", "2", "0"]
    assert {len(page) for page in found[:-1]} <= {size}
    assert list(chain(*pages(people.li, unread_only=True))) == ["4", "3", "1"]


@pytest.mark.parametrize("after", ["x", "u", "u-1", "r1e9", "u" + "9" * 30, "u²"])
def test_an_unreadable_place_is_the_beginning(people, after):
    fill(people, 1, read=set())
    assert [m.title for m in queries.inbox(people.li.pk, after=after).messages] == ["0"]


def test_unread_are_counted(people):
    fill(people, 3, read={0})
    assert queries.unread_count(people.li.pk) == 2
    count, newest = queries.unread(people.li.pk)
    assert (count, newest) == (2, queries.messages_of(people.li.pk).latest("pk").pk)
    assert queries.unread(people.sun.pk) == (0, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_an_inbox_takes_two_statements(people, django_assert_num_queries, count):
    fill(people, count, read={0})
    with django_assert_num_queries(2):
        queries.inbox(people.li.pk)
    with django_assert_num_queries(1):
        queries.inbox(people.li.pk, unread_only=True)
