"""Pages for the campus and its VPN alone (SYS-5; S0 三)."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory

from luoshi.people.middleware import NetworkMiddleware


def served(settings, path: str, address: str) -> HttpResponse:
    settings.NETWORKS = ["10.0.0.0/8", "fd00::/8"]
    request = RequestFactory().get(path, REMOTE_ADDR=address, headers={"HX-Request": "true"})
    request.htmx = SimpleNamespace(boosted=False)  # the sentence alone
    return NetworkMiddleware(lambda _request: HttpResponse("page"))(request)


@pytest.mark.parametrize("address", ["10.3.4.5", "fd00::1"])
def test_the_campus_gets_its_pages(settings, address):
    assert served(settings, "/", address).status_code == 200


@pytest.mark.parametrize("address", ["11.3.4.5", "2001:db8::1", "", "nonsense"])
def test_others_get_a_sentence(settings, address):
    answer = served(settings, "/", address)
    assert answer.status_code == 403
    assert "VPN" in answer.content.decode()


def test_the_state_of_the_house_is_told_to_everybody(settings):
    assert served(settings, "/healthz", "11.3.4.5").status_code == 200


def test_without_networks_nothing_is_asked(settings):
    settings.NETWORKS = []
    with pytest.raises(MiddlewareNotUsed):
        NetworkMiddleware(lambda _request: HttpResponse())
