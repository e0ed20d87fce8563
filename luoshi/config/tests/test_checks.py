"""The ground must sort texts byte by byte."""

import pytest
from django.db import connection

from luoshi.config import checks


@pytest.mark.parametrize(
    ("provider", "collate", "locale", "fits"),
    [
        ("c", "C", None, True),
        ("c", "C.UTF-8", None, True),
        ("c", "C.utf8", None, True),
        ("c", "POSIX", None, True),
        ("c", "en_US.UTF-8", None, False),
        ("c", "zh_CN.UTF-8", None, False),
        ("b", "en_US.UTF-8", "C.UTF-8", True),
        ("i", "C", "zh", False),
        ("i", "C.UTF-8", "und", False),
    ],
)
def test_which_collations_sort_by_bytes(provider, collate, locale, fits) -> None:
    assert checks.is_byte_order(provider, collate, locale) is fits


@pytest.mark.django_db
def test_the_database_of_the_tests_is_accepted() -> None:
    assert checks.collation_of_bytes(["default"]) == []


@pytest.mark.django_db
def test_without_a_database_nothing_is_asked(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert checks.collation_of_bytes(None) == []


@pytest.mark.django_db
def test_a_wrong_collation_is_refused_with_the_way_out(monkeypatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite always compares bytes.")
    monkeypatch.setattr(checks, "BYTE_ORDERS", {"other"})
    (found,) = checks.collation_of_bytes(["default"])
    name = connection.settings_dict["NAME"]
    assert found.id == "luoshi.E001"
    assert f"{name!r} sorts text by 'C.UTF-8'" in found.msg
    assert f"CREATE DATABASE {name} TEMPLATE template0" in found.hint
