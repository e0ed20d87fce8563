"""The data set and the knocker of the permissions, and somebody who may do everything."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from luoshi.people.roles import Duty
from luoshi.people.tests.factories import make_person, seat
from tests.permissions import table
from tests.permissions.conftest import knock, once
from tests.permissions.world import build

__all__ = ["knock", "once"]


@pytest.fixture(scope="module")
def world(once: Any) -> SimpleNamespace:
    made = build()
    made.arguments = table.arguments(made)
    made.master = make_person("钱全权", made.people.office)
    for duty in Duty:
        seat(made.master, made.people.root, duty)
    cache.clear()
    return made


def url_of(world: SimpleNamespace, name: str) -> str:
    return reverse(name, kwargs=world.arguments[name])
