import pytest

from luoshi.people.tests.factories import cast
from luoshi.reports.tests.factories import at
from luoshi.trail import kinds


@pytest.fixture(autouse=True)
def _every_verb_has_words(monkeypatch):
    monkeypatch.setattr(kinds, "strict", True)


@pytest.fixture
def people(db):
    return cast()


@pytest.fixture
def day(monkeypatch):
    """Set the day: ``day("2026-12-10")``."""
    return lambda when, hour=10: at(monkeypatch, when, hour)


@pytest.fixture
def task(people, day):
    """A task of the section under a measure like S0's, answered for by Li, made by Chen."""
    from luoshi.improvement.tests.factories import asked_task

    day("2026-03-02")
    return asked_task(people)
