"""Numbers from outside."""

import pytest

from luoshi.kit.typed import keys, whole


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("17", 17), (17, 17), ("9" * 18, 10**18 - 1)]
)
def test_plain_digits_are_a_number(text, number):
    assert whole(text) == number


@pytest.mark.parametrize(
    "text", [None, "", " 1", "-1", "+1", "1.0", "²", "٣", "x", "9" * 19, "9" * 5000]
)
def test_anything_else_is_none(text):
    assert whole(text) is None


def test_of_many_the_numbers_stay_in_their_order():
    assert keys(["3", "x", "²", "1", "9" * 30]) == [3, 1]
