"""A store of its own for every test, and somebody who decides who may see what."""

import pytest

from luoshi.files import kinds
from luoshi.people.models import Person


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "store"
    return settings.MEDIA_ROOT


@pytest.fixture
def seen(monkeypatch) -> dict[str, set[int]]:
    """Who may see which thing: references and people's numbers."""
    table: dict[str, set[int]] = {}

    def decide(about: str, person: Person) -> bool:
        return person.pk in table.get(about, set())

    monkeypatch.setattr(kinds, "_decide", [decide])
    return table
