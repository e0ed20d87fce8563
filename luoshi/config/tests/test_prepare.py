"""``luoshi prepare``: once it works, again it is quick, and the demo only in demo mode."""

import pytest
from django.core.management import CommandError, call_command

from luoshi.config.management.commands import prepare


@pytest.fixture
def called(monkeypatch, settings, tmp_path) -> list[str]:
    """Names of the commands that were called."""
    names: list[str] = []
    settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(prepare, "call_command", lambda name, *_a, **_k: names.append(name))
    monkeypatch.setattr(prepare, "get_commands", lambda: {"demo": "luoshi.demo"})
    monkeypatch.setattr(prepare.Command, "check", lambda *_a, **_k: None)
    return names


@pytest.mark.django_db
def test_a_new_house_is_migrated_and_dressed(called, monkeypatch) -> None:
    monkeypatch.setattr(prepare, "migrations_wait", lambda: True)
    call_command(prepare.Command())
    assert called == ["migrate", "collectstatic"]


@pytest.mark.django_db
def test_the_second_time_nothing_is_left_to_do(called) -> None:
    call_command(prepare.Command())
    called.clear()
    call_command(prepare.Command())
    assert called == []


@pytest.mark.django_db
def test_a_changed_file_is_collected_again(called, monkeypatch) -> None:
    call_command(prepare.Command())
    called.clear()
    monkeypatch.setattr(prepare, "static_print", lambda: "another")
    call_command(prepare.Command())
    assert called == ["collectstatic"]


@pytest.mark.django_db
def test_the_demo_is_loaded_in_demo_mode(called, settings) -> None:
    settings.DEMO = True
    call_command(prepare.Command(), demo=True)
    assert called == ["collectstatic", "demo"]


@pytest.mark.django_db
def test_the_demo_is_refused_elsewhere_before_anything_is_done(called, settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="in demo mode only"):
        call_command(prepare.Command(), demo=True)
    assert called == []


@pytest.mark.django_db
def test_the_database_of_the_tests_lacks_no_migration() -> None:
    assert prepare.migrations_wait() is False


def test_the_fingerprint_of_static_files_stays_as_long_as_they_do() -> None:
    assert prepare.static_print() == prepare.static_print()
