"""Who acts."""

from dataclasses import FrozenInstanceError

import pytest

from luoshi.kit.actor import SYSTEM, Actor


def test_only_the_system_has_no_number() -> None:
    assert SYSTEM.is_system
    assert not Actor(7, "李老师").is_system


def test_an_actor_acts_for_nobody_unless_said() -> None:
    li = Actor(7, "李老师")
    assert (li.for_id, li.for_name) == (None, "")
    secretary = Actor(8, "陈秘书", for_id=7, for_name="李老师")
    assert (secretary.for_id, secretary.for_name) == (7, "李老师")


def test_an_actor_is_a_value() -> None:
    assert Actor(7, "李") == Actor(7, "李")
    assert Actor(7, "李") != Actor(7, "李", for_id=1)
    with pytest.raises(FrozenInstanceError):
        SYSTEM.id = 1  # type: ignore[misc]
