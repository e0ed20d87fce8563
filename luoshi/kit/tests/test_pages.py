"""Addresses looked up once for all keys."""

import pytest
from django.urls import NoReverseMatch, reverse

from luoshi.kit.pages import page


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("home", ()),
        ("task", (17,)),
        ("reports:amend", (17, 4)),
        ("go", ("report", 5)),
        ("files:picture", (8, 0)),
    ],
)
def test_an_address_is_that_of_reverse(name, args):
    assert page(name, *args) == reverse(name, args=args)
    assert page(name, *args) == reverse(name, args=args)


def test_keys_do_not_stick():
    assert page("task", 17) != page("task", 18)


def test_a_page_that_does_not_exist_is_told():
    with pytest.raises(NoReverseMatch):
        page("tasks:nowhere", 1)
