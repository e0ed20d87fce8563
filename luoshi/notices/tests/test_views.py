"""The inbox in the browser."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from luoshi.notices.models import Message
from luoshi.notices.tests.factories import tell
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def shown(client, person, query="", **headers) -> str:
    client.force_login(person)
    response = client.get(f"/messages/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_everybody_sees_their_own_messages_only(client, people):
    tell(people.li, "实训基地建设", by=people.chen.actor)
    assert "陈静 → “实训基地建设” → 2026-12-20" in shown(client, people.li)
    assert "实训基地建设" not in shown(client, people.sun)
    assert client.get("/messages/").status_code == 200
    client.logout()
    assert client.get("/messages/").status_code == 302


def test_an_empty_inbox_says_why(client, people):
    assert "empty-note" in shown(client, people.li)
    assert "empty-note" in shown(client, people.li, "?show=unread")


def test_opening_a_message_reads_it_and_goes_there(client, people):
    message = tell(people.li, by=people.chen.actor)
    client.force_login(people.li)
    response = client.get(f"/messages/{message.pk}/")
    assert response["Location"] == "/go/task/17/"
    assert Message.objects.get().read_at is not None


def test_others_cannot_open_it(client, people):
    message = tell(people.li, by=people.chen.actor)
    client.force_login(people.sun)
    assert client.get(f"/messages/{message.pk}/").status_code == 404
    assert Message.objects.get().read_at is None


def test_all_are_marked_read_as_browser_and_as_htmx(client, people):
    first = tell(people.li, by=people.chen.actor)
    late = tell(people.li, by=people.chen.actor)
    client.force_login(people.li)
    response = client.post("/messages/read/", {"newest": first.pk})
    assert response["Location"] == "/messages/"
    assert Message.objects.get(read_at=None) == late
    response = client.post("/messages/read/", headers={"hx-request": "true"})
    assert response.status_code == 204
    assert "inbox-changed" in response["HX-Trigger"]
    assert not Message.objects.filter(read_at=None).exists()
    assert client.get("/messages/read/").status_code == 405


@pytest.mark.parametrize("newest", ["x", "-1", "9" * 40, ""])
def test_a_strange_figure_does_no_harm(client, people, newest):
    tell(people.li, by=people.chen.actor)
    client.force_login(people.li)
    assert client.post("/messages/read/", {"newest": newest}).status_code == 302


def test_a_title_with_markup_stays_text(client, people):
    tell(people.li, "<img src=x onerror=alert(1)>", by=people.chen.actor)
    page = shown(client, people.li)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_list_refreshes_itself_as_a_part(client, people):
    tell(people.li, by=people.chen.actor)
    part = shown(client, people.li, hx_request="true")
    assert part.lstrip().startswith('<div id="notices-inbox"')
    assert 'hx-trigger="inbox-changed from:body"' in part


def test_a_full_page_leads_on(client, people):
    for number in range(31):
        tell(people.li, f"第{number}件", by=people.chen.actor)
    page = shown(client, people.li)
    oldest_shown = Message.objects.get(title="第1件").pk
    assert f"after=u{oldest_shown}" in page
    assert "第0件" in shown(client, people.li, f"?after=u{oldest_shown}")


def test_the_page_costs_the_same_for_one_and_for_three(client, people, django_assert_num_queries):
    client.force_login(people.li)
    tell(people.li, by=people.chen.actor)
    client.get("/messages/")
    with CaptureQueriesContext(connection) as one:
        client.get("/messages/")
    for _ in range(2):
        tell(people.li, by=people.chen.actor)
    with django_assert_num_queries(len(one)):
        client.get("/messages/")
