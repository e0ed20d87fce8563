"""A kind of message for the tests alone."""

import pytest
from django.utils.translation import gettext_lazy as _

from luoshi.notices import kinds
from luoshi.notices.tests.factories import KIND


@pytest.fixture(autouse=True)
def _known_kinds(monkeypatch):
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    kinds.register(KIND, "send", "%(by)s → “%(title)s” → %(due)s")
    kinds.register("test.plain", "bell", _("Messages"))
