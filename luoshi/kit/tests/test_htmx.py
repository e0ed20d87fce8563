"""Whole page for a browser, the part for htmx; events after a write."""

import json

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from luoshi.kit import htmx

FACTORY = RequestFactory()


def asked(**headers: str) -> HttpRequest:
    request = FACTORY.get("/", headers=headers)
    request.htmx = HtmxDetails(request)
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)
    return request


BROWSER: dict[str, str] = {}
HTMX = {"hx-request": "true"}
BOOSTED = {"hx-request": "true", "hx-boosted": "true"}


@pytest.mark.parametrize(("headers", "part"), [(BROWSER, False), (HTMX, True), (BOOSTED, False)])
def test_wants_part_only_for_htmx_that_is_not_boosted(headers, part) -> None:
    assert htmx.wants_part(asked(**headers)) is part


def test_request_without_the_middleware_is_a_browser() -> None:
    assert htmx.wants_part(FACTORY.get("/")) is False


@pytest.mark.parametrize(("headers", "text"), [(BROWSER, "page 1"), (HTMX, "part 1")])
def test_respond_draws_page_or_part(monkeypatch, headers, text) -> None:
    texts = {"page.html": "page {{ n }}", "_part.html": "part {{ n }}"}
    engine = engines["django"]

    def draw(request, template, context, status):
        return htmx.HttpResponse(engine.from_string(texts[template]).render(context), status=status)

    monkeypatch.setattr(htmx, "render", draw)
    response = htmx.respond(asked(**headers), "page.html", "_part.html", {"n": 1}, status=422)
    assert response.content.decode() == text
    assert response.status_code == 422
    assert response["Vary"] == "HX-Request"


def test_finish_redirects_a_browser_and_keeps_the_sentence() -> None:
    request = asked()
    response = htmx.finish(request, "/tasks/17/", "task-changed", said="已提交。")
    assert (response.status_code, response["Location"]) == (302, "/tasks/17/")
    assert [str(message) for message in request._messages] == ["已提交。"]
    assert "HX-Trigger" not in response


def test_finish_tells_htmx_what_changed_and_closes_the_dialog() -> None:
    response = htmx.finish(asked(**HTMX), "/tasks/17/", "task-changed", said="已提交。")
    assert response.status_code == 204
    assert json.loads(response["HX-Trigger"]) == {
        "task-changed": True,
        "close-dialog": True,
        "toast": "已提交。",
    }
    assert response["HX-Trigger"].isascii()
    assert response["Vary"] == "HX-Request"


def test_finish_without_a_sentence_says_nothing() -> None:
    request = asked(**HTMX)
    response = htmx.finish(request, "/", "inbox-changed")
    assert json.loads(response["HX-Trigger"]) == {"inbox-changed": True, "close-dialog": True}
    assert list(request._messages) == []
