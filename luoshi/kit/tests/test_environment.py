"""Readings of the environment: typed, and refused with a sentence."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from luoshi.kit import environment as env

HOME = Path("/srv/luoshi")


@pytest.mark.parametrize("word", ["1", "true", "YES", " on "])
def test_flag_is_on(monkeypatch, word: str) -> None:
    monkeypatch.setenv("LUOSHI_X", word)
    assert env.flag("LUOSHI_X") is True


@pytest.mark.parametrize("word", ["0", "false", "No", "off"])
def test_flag_is_off(monkeypatch, word: str) -> None:
    monkeypatch.setenv("LUOSHI_X", word)
    assert env.flag("LUOSHI_X", default=True) is False


def test_flag_of_an_empty_variable_is_its_default(monkeypatch) -> None:
    monkeypatch.setenv("LUOSHI_X", "")
    assert env.flag("LUOSHI_X", default=True) is True


def test_flag_refuses_a_word_it_does_not_know(monkeypatch) -> None:
    """A misspelt LUOSHI_PRODUCTION must not mean no."""
    monkeypatch.setenv("LUOSHI_X", "treu")
    with pytest.raises(ImproperlyConfigured, match="LUOSHI_X is 'treu'; it may be 1 or 0"):
        env.flag("LUOSHI_X")


@pytest.mark.parametrize("word", ["many", "-1", "1.5", "０"])
def test_number_refuses_what_is_not_a_whole_number(monkeypatch, word: str) -> None:
    monkeypatch.setenv("LUOSHI_X", word)
    with pytest.raises(ImproperlyConfigured, match="must be a whole number from 0"):
        env.number("LUOSHI_X", 5)


def test_number_has_a_least_value_and_a_default(monkeypatch) -> None:
    assert env.number("LUOSHI_X", 5) == 5
    monkeypatch.setenv("LUOSHI_X", "7")
    assert env.number("LUOSHI_X", 5) == 7
    with pytest.raises(ImproperlyConfigured):
        env.number("LUOSHI_X", 5, least=8)


def test_words_are_split_at_commas(monkeypatch) -> None:
    monkeypatch.setenv("LUOSHI_X", " a.cn, ,b.cn ")
    assert env.words("LUOSHI_X") == ["a.cn", "b.cn"]


def test_nothing_set_means_sqlite_in_the_data_folder() -> None:
    entry = env.database("", HOME)
    assert entry["ENGINE"] == "django.db.backends.sqlite3"
    assert entry["NAME"] == "/srv/luoshi/luoshi.sqlite3"
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////tmp/a.sqlite3", "/tmp/a.sqlite3"),
        ("sqlite:///tmp/a.sqlite3", "/tmp/a.sqlite3"),
        ("sqlite:///tmp/%E8%90%BD.sqlite3", "/tmp/落.sqlite3"),
    ],
)
def test_sqlite_by_path(url: str, name: str) -> None:
    assert env.database(url, HOME)["NAME"] == name


def test_postgresql_with_everything_in_the_address() -> None:
    entry = env.database("postgresql://li:p%40ss@db.example.cn:5433/luoshi?sslmode=require", HOME)
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["USER"], entry["PASSWORD"]) == ("li", "p@ss")
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example.cn", "5433", "luoshi")
    assert entry["OPTIONS"] == {
        "connect_timeout": "5",
        "options": "-c jit=off -c max_parallel_workers_per_gather=0",
        "sslmode": "require",
    }


def test_postgresql_through_a_socket() -> None:
    entry = env.database("postgresql://luoshi@/luoshi?host=/run/pg", HOME)
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("/run/pg", "", "luoshi")


def test_another_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="'mysql' is neither sqlite nor postgresql"):
        env.database("mysql://u@h/n", HOME)
