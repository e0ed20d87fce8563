"""Nonsense in addresses, parameters and forms: a sentence each time, and never a broken page."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from luoshi.desk.management.doors import DOORS
from luoshi.people.models import Favourite
from tests.hostile.conftest import url_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PARAMETERS = (
    "q", "year", "month", "unit", "category", "tier", "kind", "status", "health", "person",
    "urgency", "scope", "sort", "after", "before", "state", "with", "parent", "place", "task",
    "show", "form", "next", "programme", "verb", "about", "since", "until", "words", "whole",
    "closed", "poll", "origin", "cited", "version", "page", "tab", "level", "scale",
)  # fmt: skip
VALUES = {
    "empty": "",
    "NUL": "\x00",
    "NUL inside": "党\x00建",
    "superscript": "²",
    "Arabic digits": "٣",
    "beyond 64 bits": "9" * 30,
    "just beyond 64 bits": "9223372036854775808",
    "negative": "-1",
    "not a number": "NaN",
    "endless": "1e999",
    "quotes": "' OR 1=1 --",
    "markup": '"><img src=x onerror=alert(1)>',
    "cursor of words": "abc~5",
    "cursor of a wrong figure": "NaN~5",
    "cursor beyond 64 bits": f"{'9' * 30}~{'9' * 18}",
    "cursor of superscripts": "²~²",
    "first day of all": "0001-01-01",
    "last day of all": "9999-12-31",
    "no day": "2026-02-30",
    "rare characters": "𠮷㐀😀",
    "half a pair": "\ud842".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "percent": "%",
    "long": "长" * 3000,
    "thousands of digits": "7" * 5000,
    "spaces": " \t\r\n ",
    "wildcards": "%_\\*?[",
}

#: Of these every page and every form gets its share.
AT_EVERY_DOOR = ("empty", "NUL", "superscript", "just beyond 64 bits", "markup", "rare characters",
                 "last day of all", "thousands of digits")  # fmt: skip


def _tried(world, knock, method, url, data=None, **headers) -> str:
    """What is wrong with the answer, or nothing."""
    try:
        answer = knock(world.master, method, url, data, **headers)
    except Exception as error:  # noqa: BLE001 — every break is gathered and told at once
        return f"{type(error).__name__}: {str(error)[:120]}"
    return f"{answer.status_code}" if answer.status_code >= 500 else ""


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**30], ids=["63 bits", "64 bits", "more"])
def test_numbers_too_large_are_not_there(world, knock, number):
    wrong = []
    for name, door in DOORS.items():
        given = world.arguments[name]
        for key, value in given.items():
            if not isinstance(value, int):
                continue
            url = reverse(name, kwargs={**given, key: number})
            for method in door.methods.split():
                if said := _tried(world, knock, method, url, **HTMX):
                    wrong.append(f"{method} {name} {key}: {said}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("value", [VALUES[name] for name in AT_EVERY_DOOR], ids=AT_EVERY_DOOR)
def test_parameters_of_every_page(world, knock, value):
    wrong = []
    for name, door in DOORS.items():
        if "GET" in door.methods and name != "healthz":
            data = dict.fromkeys(PARAMETERS, value)
            if said := _tried(world, knock, "GET", url_of(world, name), data, **HTMX):
                wrong.append(f"{name}: {said}")
    assert not wrong, "\n".join(wrong)


_FILTERS = {"year", "unit", "category", "tier", "status", "health", "person", "scope", "q"}
#: Tried one by one, because one parameter may hide what another would break.
ASKED = {
    "task-list": _FILTERS | {"after", "before"},
    "gantt_data": _FILTERS,
    "trail": {"before", "since", "until"},
    "notices:inbox": {"after", "show"},
    "people:accounts": {"q", "state"},
    "people:directory": {"q"},
    "people:create_unit": {"parent"},
    "people:enter_person": {"unit"},
    "intake:batch": {"after", "before", "state"},
    "measures:compare": {"with"},
    "measures:create_category": {"programme"},
    "periods:calendar": {"year", "month"},
    "tasks:category_fields": {"category"},
    "tasks:complete_drafts": {"task"},
    "tasks:blank_row": {"place"},
    "people:draft": {"form"},
}
SINGLY = ("superscript", "beyond 64 bits", "just beyond 64 bits", "negative", "cursor of words",
          "cursor of a wrong figure", "cursor beyond 64 bits", "NUL", "first day of all",
          "last day of all", "wildcards")  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_parameters_one_by_one(world, knock, name):
    wrong, url = [], url_of(world, name)
    plain = knock(world.master, "GET", url, **HTMX).content.decode(errors="replace")
    for parameter in sorted(ASKED[name] | _fields(plain) & set(PARAMETERS)):
        for value in SINGLY:
            if said := _tried(world, knock, "GET", url, {parameter: VALUES[value]}, **HTMX):
                wrong.append(f"{parameter}={value}: {said}")
    assert not wrong, "\n".join(wrong)


def test_cursors_of_every_order(world, knock):
    from luoshi.desk.queries.listing import ORDERS

    wrong = []
    for order in ORDERS:
        for value in ("NaN", "abc", "9" * 40, "2026-02-30", "\x00", "²", "1e999", "Infinity"):
            for side in ("after", "before"):
                url = reverse("task-list") + f"?sort={order}"
                for cursor in (f"{value}~1",):
                    got = _tried(world, knock, "GET", reverse("task-list"),
                                 {"sort": order, side: cursor}, **HTMX)  # fmt: skip
                    if got:
                        wrong.append(f"{url}&{side}={cursor[:20]!r}: {got}")
    assert not wrong, "\n".join(wrong)


def _fields(page: str) -> set[str]:
    return set(re.findall(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"', page))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*AT_EVERY_DOOR, "nothing at all"])
def test_forms_full_of_nonsense(world, knock, name):
    """Every field of every form says the same nonsense; nothing breaks."""
    value, wrong = VALUES.get(name), []
    for door_name, door in DOORS.items():
        if "POST" not in door.methods or door_name == "people:logout":
            continue
        url, fields = url_of(world, door_name), {"rev", "key", "task", "person", "row", "on"}
        if "GET" in door.methods:
            page = knock(world.master, "GET", url, **HTMX).content.decode(errors="replace")
            fields |= _fields(page)
        data = {} if value is None else dict.fromkeys(fields, value)
        data.pop("csrfmiddlewaretoken", None)
        if said := _tried(world, knock, "POST", url, data, **HTMX):
            wrong.append(f"{door_name}: {said}")
    assert not wrong, "\n".join(wrong)


# ── the request itself ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def client_of(world):
    def enter(person=None, **settings) -> Client:
        client = Client(**settings)
        client.force_login(person or world.master)
        return client

    return enter


def test_bytes_that_are_no_text_in_address_and_query(client_of):
    client = client_of()
    for tail in ("?q=%ff%fe", "?unit=%C0%AF", "?q=%ED%A0%80", "?q=" + "a" * 20_000):
        for path in ("/tasks/", "/search/", "/gantt/", "/people/", "/people/pick/"):
            assert client.get(path + tail).status_code == 200, path + tail
    assert client.get("/tasks/%ff/").status_code == 404
    assert client.get("/people/import/%c3%28/").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/../luoshi/config/settings.py", "/static/%2e%2e/%2e%2e/etc/passwd",
     "/static/..%2f..%2f..%2fetc/passwd", "/files/../../etc/passwd", "/people/import/..%2funits/",
     "/go/../../etc/passwd/1/", "/tasks/1/../../people/"],
)  # fmt: skip
def test_no_path_leads_out_of_the_house(client_of, path):
    answer = client_of().get(path)
    assert answer.status_code in (301, 302, 404), answer.status_code
    assert b"SECRET_KEY" not in answer.content
    assert b"root:" not in answer.content
    assert "evil.example" not in answer.headers.get("Location", "")


def test_a_broken_upload_form_is_refused(client_of):
    """A body that is not what its header says: nothing arrives, the form is shown again."""
    client = client_of()
    for path in ("/import/upload/", "/people/import/people/", "/measures/import/"):
        for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "text/xml", "a/b;;"):
            answer = client.generic("POST", path, b"--y\r\nrubbish\x00\xff", content_type=kind)
            assert answer.status_code in (200, 400, 422), (path, kind, answer.status_code)


def test_a_form_of_too_many_fields_is_refused(client_of, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
    answer = client_of().post("/tasks/issue/", {"task": [str(n) for n in range(1200)]})
    assert answer.status_code == 400


def test_a_foreign_host_is_refused(client_of, settings):
    settings.ALLOWED_HOSTS = ["luoshi.example"]
    answer = client_of().get("/tasks/", headers={"host": "evil.example"})
    assert answer.status_code == 400


# ── forms from elsewhere ─────────────────────────────────────────────────────────────────────────


def test_every_form_wants_its_token(world, client_of):
    client, wrong = client_of(enforce_csrf_checks=True), []
    for name, door in DOORS.items():
        if "POST" not in door.methods:
            continue
        answer = client.post(url_of(world, name), {"text": "x"})
        if answer.status_code != 403 or ("表单" not in answer.content.decode() and "重新" not in (
            answer.content.decode()
        )):  # fmt: skip
            wrong.append(f"{name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "http:///evil.example", "javascript:alert(1)", "https:evil.example",
    "/\t/evil.example", " //evil.example", "http://testserver@evil.example/", "data:text/html,x",
    "\x01//evil.example", "http://testserver.evil.example/",
)  # fmt: skip


@pytest.mark.parametrize("place", ELSEWHERE)
def test_nobody_is_sent_elsewhere(world, knock, place):
    """Open redirects: ``next``, the page before, the address of a favourite."""
    doors = {
        "people:login": {"account": "x", "password": "y"},
        "people:language": {"language": "en"},
        "people:favourite": {"url": "/tasks/"},
        "people:password": {"old": "a", "new": "b"},
        "year": {"year": "2026"},
        "people:unlock": {},
        "people:switch_account": {"active": "1", "rev": "0"},
        "people:reset_password": {},
    }
    for name, data in doors.items():
        url = url_of(world, name)
        for headers in ({}, HTMX, {"referer": place}, {**HTMX, "HX-Current-URL": place}):
            answer = knock(world.master, "POST", url, {**data, "next": place}, **headers)
            _stays(answer, place, name)
            answer = knock(None, "POST", url, {**data, "next": place}, **headers)
            _stays(answer, place, name)
    kept = Favourite.objects.count()

    def not_kept() -> None:
        assert Favourite.objects.count() == kept

    data = {"url": place, "title": "x"}
    answer = knock(world.master, "POST", "/people/favourite/", data, after=not_kept)
    assert answer.status_code == 422
    _stays(answer, place, "favourite")
    _stays(knock(world.master, "GET", "/people/login/", {"next": place}), place, "login")
    page = knock(None, "GET", "/people/login/", {"next": place}).content.decode()
    assert f'value="{place}"' not in page
    batch = world.arguments["intake:row"]
    answer = knock(world.master, "POST", reverse("intake:row", kwargs=batch), {}, referer=place)
    _stays(answer, place, "row")


def _stays(answer, place, name) -> None:
    for header in ("Location", "HX-Redirect", "HX-Location"):
        there = answer.headers.get(header, "")
        if "next=" in there:
            there = there.partition("?")[0]
        host = urlsplit(there.replace("\\", "/")).netloc
        assert "evil" not in host, (name, header, there)
        assert not there.startswith(("javascript:", "data:", "//", "\\")), (name, there)
