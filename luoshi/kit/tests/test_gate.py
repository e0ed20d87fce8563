"""Asking for a power without knowing people; the year; the language."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from luoshi.kit import clock, gate, year

SOMEBODY = SimpleNamespace(is_authenticated=True)
NOBODY = SimpleNamespace(is_authenticated=False)


def says_yes(user, power):
    return power == "x"


@pytest.fixture(autouse=True)
def _answerer(monkeypatch):
    monkeypatch.setattr(gate, "_answerer", f"{__name__}.says_yes")


def test_the_room_that_knows_answers():
    assert gate.holds(SOMEBODY, "x")
    assert not gate.holds(SOMEBODY, "y")
    assert not gate.holds(NOBODY, "x")


def test_nobody_holds_anything_while_no_room_answers(monkeypatch):
    monkeypatch.setattr(gate, "_answerer", "")
    assert not gate.holds(SOMEBODY, "x")


@pytest.mark.parametrize(
    ("path", "kept", "told"),
    [
        ("/?year=2024", 2023, 2024),
        ("/", 2023, 2023),
        ("/", "2022", 2022),
        ("/?year=abc", 2023, 2023),
        ("/?year=1066", None, None),
        ("/", None, None),
    ],
)
def test_chosen_year(path, kept, told):
    request = RequestFactory().get(path)
    request.session = {} if kept is None else {year.KEY: kept}
    assert year.chosen_year(request) == (told or clock.today().year)
