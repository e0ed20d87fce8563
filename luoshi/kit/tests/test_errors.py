"""How a no reaches the reader."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from luoshi.kit import errors
from luoshi.kit.verdict import NotAllowed, Refused, Stale

pytestmark = pytest.mark.django_db


def asked(htmx=False, **extra):
    headers = {"HX-Request": "true"} if htmx else {}
    request = RequestFactory().get("/x/", headers=headers, **extra)
    request.htmx = HtmxDetails(request)
    request.session = {}
    return request


def answer(error, htmx):
    middleware = errors.SentenceMiddleware(lambda request: HttpResponse())
    return middleware.process_exception(asked(htmx), error)


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotAllowed("不行"), 403), (Refused("不行"), 422), (Stale("task/1"), 409)],
)
def test_htmx_gets_the_sentence_alone(error, status):
    got = answer(error, htmx=True)
    assert got.status_code == status
    assert got["Content-Type"].startswith("text/plain")
    assert got.content.decode() == str(error)


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotAllowed("<不行>"), 403), (Refused("<不行>"), 422), (Stale(), 409)],
)
def test_a_browser_gets_a_page(error, status):
    got = answer(error, htmx=False)
    assert got.status_code == status
    assert "<!doctype html>" in got.content.decode()
    assert "<不行>" not in got.content.decode()


def test_other_errors_are_left_alone():
    assert answer(KeyError("x"), htmx=True) is None


def test_the_address_of_a_form_opened_by_hand_is_explained():
    from_form = HttpResponse(status=405, headers={"Allow": "POST"})
    got = errors.SentenceMiddleware(lambda request: from_form)(asked())
    assert got.status_code == 405
    assert 'href="/"' in got.content.decode()


def test_back_never_leads_to_another_house():
    def back(before):
        return errors.told(asked(HTTP_REFERER=before), "x", 409).content.decode()

    assert 'href="http://testserver/tasks/1/"' in back("http://testserver/tasks/1/")
    assert "elsewhere.example" not in back("http://elsewhere.example/")


def test_missing_tells_ours_and_hides_django_s():
    assert "没有这一天。" in errors.missing(asked(), Http404("没有这一天。")).content.decode()
    got = errors.missing(asked(), Http404("No Task matches the given query."))
    assert "No Task" not in got.content.decode()
    assert got.status_code == 404


def test_forbidden_and_csrf_speak_plainly():
    assert errors.forbidden(asked(), PermissionDenied("请找目标办")).status_code == 403
    assert errors.forbidden(asked(True)).content.decode()
    assert errors.csrf_failed(asked(), "CSRF cookie not set.").status_code == 403
    assert "CSRF" not in errors.csrf_failed(asked(True), "CSRF cookie not set.").content.decode()


def test_broken_needs_nothing(monkeypatch, django_assert_num_queries):
    with django_assert_num_queries(0):
        got = errors.broken(asked())
    assert got.status_code == 500
    assert "没有保存" in got.content.decode()

    def fail(*args):
        raise ValueError

    monkeypatch.setattr(errors, "render_to_string", fail)
    assert errors.broken(asked()).status_code == 500
    assert errors.broken(asked(True))["Content-Type"].startswith("text/plain")
