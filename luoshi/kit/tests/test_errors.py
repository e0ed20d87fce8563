"""How a no reaches the reader."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from luoshi.kit import errors
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people.tests.factories import cast

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


def test_a_strange_name_gets_a_page_in_both_languages(client):
    answer = client.get("/", headers={"Host": "evil.example"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "这个网址不属于本系统" in page
    assert "not served under this name" in page
    assert "evil" not in page


def test_what_cannot_be_read_gets_another_page_than_a_strange_name(client):
    answer = errors.unreadable(asked(), SuspiciousOperation("x"))
    assert answer.status_code == 400
    assert "无法处理这次请求" in answer.content.decode()
    assert errors.unreadable(asked(True)).content.decode() == "内容无法识别，没有保存。请重新操作。"


def test_a_refused_page_names_the_people_who_hold_the_power(client):
    people = cast()
    client.force_login(people.sun)
    page = client.get(reverse("periods:calendar")).content.decode()
    assert "以下人员可以办理" in page
    assert people.chen.name in page
    assert people.admin.name in page
    assert people.wang.name not in page
    part = client.get(reverse("periods:calendar"), headers={"HX-Request": "true"}).content.decode()
    assert people.chen.name in part


def test_where_no_one_power_is_missing_those_who_answer_questions_are_named():
    people = cast()
    page = errors.refused(asked_by(people.sun), NotAllowed("这不行。")).content.decode()
    assert "可以联系以下人员" in page
    assert people.chen.name in page
    part = errors.refused(asked(True), NotAllowed("这不行。")).content.decode()
    assert part == "这不行。"


def asked_by(person):
    request = asked()
    request.user = person
    return request
