"""One college for all tests that only look at it: building takes some seconds."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone

from luoshi.demo.build import Built, build
from luoshi.kit import clock


class _Over(Exception):
    """Ends the transaction that holds the college."""


@pytest.fixture(scope="module")
def college(django_db_setup: None, django_db_blocker: object) -> Iterator[Built]:
    """The whole college on a working day in November, the clock held; gone after the module.

    Its tests bear the mark ``django_db``; what each of them writes is taken back after it.
    """
    moment = timezone.make_aware(dt.datetime(2026, 11, 20, 17, 45))
    with django_db_blocker.unblock():
        try:
            with transaction.atomic(), clock.at(moment):
                yield build()
                raise _Over
        except _Over:
            pass
