from importlib import import_module

import pytest
from django.core.management import CommandError, call_command


def test_the_drawn_document_is_the_one_in_docs():
    call_command("draw-lines", check=True)


def test_a_changed_document_is_noticed(tmp_path, monkeypatch):
    command = import_module("luoshi.tasks.management.commands.draw-lines")
    changed = tmp_path / "lifecycle.md"
    changed.write_text("something else", "utf-8")
    monkeypatch.setattr(command, "TARGET", changed)
    with pytest.raises(CommandError):
        call_command("draw-lines", check=True)
