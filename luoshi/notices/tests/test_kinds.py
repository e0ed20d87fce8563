"""The register of what people may be told. No database."""

import pytest
from django.utils import translation

from luoshi.notices import kinds
from luoshi.notices.models import Message


def test_a_kind_is_registered_once():
    kinds.register("test.issue", "send", "%(by)s → “%(title)s” → %(due)s")
    with pytest.raises(ValueError, match="twice"):
        kinds.register("test.issue", "send", "another sentence")
    with pytest.raises(LookupError, match="nobody"):
        kinds.kind_of("nobody.knows")


def test_the_sentence_names_the_leader_a_secretary_acts_for():
    words = {"due": "2026-12-20", "for_name": "赵志刚"}
    with translation.override("en"):
        said = kinds.sentence_of("test.issue", title="甲", by_name="吴秘书", data=words)
    assert said == "吴秘书 on behalf of 赵志刚 → “甲” → 2026-12-20"


def test_a_percent_sign_or_markup_in_a_title_is_only_text():
    title = "就业率达98%(s)、<img src=x onerror=alert(1)>"
    said = kinds.sentence_of("test.issue", title=title, by_name="陈静", data={"due": ""})
    assert title in said


def test_a_kind_no_longer_known_shows_its_title():
    row = kinds.row_of(Message(kind="gone.room", title="旧事", about_kind="task", about_id=1))
    assert (row.sentence, row.icon, row.unread) == ("旧事", "message", True)


def test_marks_of_a_title_are_single_inside_those_of_the_sentence():
    said = kinds.sentence_of("test.issue", title="落实“双高”计划", by_name="陈静", data={"due": ""})
    assert "‘双高’" in said
    assert "“双高”" not in said


def test_the_sentence_is_in_the_language_of_the_reader():
    message = Message(kind="test.plain", title="甲", about_kind="task", about_id=1)
    with translation.override("en"):
        assert kinds.row_of(message).sentence == "Messages"
