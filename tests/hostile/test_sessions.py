"""A session that ends while somebody types: nothing typed is lost, nothing is half done."""

import pytest
from django.test import Client
from django.urls import reverse

from luoshi.kit import clock
from luoshi.people.middleware import SEEN
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import running
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import make_set
from tests.hostile.test_forms import typed

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-9"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def people():
    made = cast()
    for person in (made.li, made.chen):
        person.set_password(PASSWORD)
        person.save()
    return made


def _logged_in(client: Client, person) -> None:
    data = {"account": person.account, "password": PASSWORD}
    assert client.post("/people/login/", data).status_code == 302


def _idle(client: Client) -> None:
    client.get("/")
    session = client.session
    session[SEEN] = clock.now().timestamp() - 31 * 60
    session.save()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["browser", "htmx"])
def test_a_report_sent_too_late_is_given_back(client, people, monkeypatch, headers):
    """The text comes back after the log-in, on the page of the form; the report is not filed."""
    task = running(people, needs_evidence=False)
    url = reverse("reports:submit", args=[task.pk])
    _logged_in(client, people.li)
    _idle(client)
    body = "写了一个下午的进展𠮷"
    page = f"http://testserver{url}"
    sent = {"progress": 40, "body": body, "key": "a" * 32, "rev": 0}
    answer = client.post(url, sent, headers={**headers, "Referer": page, "HX-Current-URL": page})
    there = answer.headers.get("Location") or answer.headers["HX-Redirect"]
    assert there == f"/people/login/?next={url.replace('/', '%2F')}"
    assert Report.objects.count() == 0
    _logged_in(client, people.li)
    kept = client.get("/people/draft/", {"form": url}).json()["data"]
    assert kept["body"] == [body]
    assert kept["progress"] == ["40"]
    assert "key" not in kept
    assert client.post(url, {**sent, "key": "b" * 32}).status_code == 302
    assert Report.objects.get().body == body


def test_a_registration_sent_too_late_is_given_back_once(client, people):
    _logged_in(client, people.chen)
    _idle(client)
    data = typed(people, make_set(), title="写到一半的任务")
    assert client.post("/tasks/register/", data).status_code == 302
    assert Task.objects.count() == 0
    _logged_in(client, people.chen)
    kept = client.get("/people/draft/", {"form": "/tasks/register/"}).json()["data"]
    assert kept["title"] == ["写到一半的任务"]


def test_what_somebody_typed_is_given_to_nobody_else(client, people):
    """The next person at the same computer does not find it."""
    _logged_in(client, people.chen)
    _idle(client)
    client.post("/tasks/register/", typed(people, make_set(), title="陈静的内容"))
    _logged_in(client, people.li)
    answer = client.get("/people/draft/", {"form": "/tasks/register/"})
    assert answer.status_code == 204
    assert "陈静的内容" not in client.get("/people/account/").content.decode()


def test_a_password_typed_too_late_is_not_kept(client, people):
    _logged_in(client, people.li)
    _idle(client)
    data = {"old": PASSWORD, "new": "a-new-secret-9", "again": "a-new-secret-9", "x": "1"}
    client.post("/people/password/", data)
    people.li.refresh_from_db()
    assert people.li.check_password(PASSWORD)
    assert not people.li.drafts.filter(data__contains="secret").exists()
    assert not people.li.drafts.filter(data__contains=PASSWORD).exists()


def test_a_log_out_elsewhere_ends_the_session_here_at_once(people):
    here, there = Client(), Client()
    _logged_in(here, people.li)
    _logged_in(there, people.li)
    people.li.set_password("another-horse-9")
    people.li.save()
    assert here.get("/").status_code == 302
    assert there.get("/").status_code == 302


def test_the_door_does_not_tell_which_accounts_exist(client, people):
    """The same sentence for a wrong password and for an account that is not there."""
    pages = []
    for account in (people.li.account, "T99999999"):
        answer = client.post("/people/login/", {"account": account, "password": "wrong-one-9"})
        assert answer.status_code == 422
        pages.append(str(answer.context["form"].errors))
    assert pages[0] == pages[1]


def test_five_wrong_passwords_lock_the_account_and_say_for_how_long(client, people):
    data = {"account": people.li.account, "password": "wrong-one-9"}
    codes = [client.post("/people/login/", data).status_code for _n in range(6)]
    assert codes[-1] == 429
    answer = client.post("/people/login/", {**data, "password": PASSWORD})
    assert answer.status_code == 429
    assert "15" in answer.content.decode()
