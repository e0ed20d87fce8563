"""One answer for guards, buttons and error pages."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy, override

from luoshi.kit.verdict import (
    ALLOWED,
    NotAllowed,
    Refused,
    Stale,
    Verdict,
    denied,
    first_denied,
    require,
    stands,
)


def test_yes_is_true_and_no_is_false_with_its_reason() -> None:
    assert ALLOWED
    no = denied("The task is closed.")
    assert not no
    assert no.reason == "The task is closed."


def test_verdicts_are_equal_by_value_and_cannot_be_changed() -> None:
    assert denied("x") == Verdict(False, "x")
    with pytest.raises(AttributeError):
        ALLOWED.ok = False  # type: ignore[misc]


def test_first_no_of_several_wins() -> None:
    assert first_denied([ALLOWED, denied("a"), denied("b")]).reason == "a"
    assert first_denied([ALLOWED, ALLOWED]) is ALLOWED
    assert first_denied([]) is ALLOWED


def test_first_denied_asks_no_further() -> None:
    asked = []

    def ask(name: str, verdict: Verdict) -> Verdict:
        asked.append(name)
        return verdict

    first_denied(ask(n, v) for n, v in [("a", denied("no")), ("b", ALLOWED)])
    assert asked == ["a"]


def test_require_lets_a_yes_pass_and_raises_the_sentence_of_a_no() -> None:
    require(ALLOWED)
    with pytest.raises(NotAllowed, match=r"^Only its owner may report\.$"):
        require(denied("Only its owner may report."))


def test_not_allowed_is_a_403_to_django() -> None:
    assert issubclass(NotAllowed, PermissionDenied)


def test_stands_names_the_field_of_the_form() -> None:
    stands(ALLOWED, "progress")
    with pytest.raises(Refused) as caught:
        stands(denied("At most 100."), "progress")
    assert (str(caught.value), caught.value.field) == ("At most 100.", "progress")


def test_refused_without_a_field_belongs_to_the_whole_form() -> None:
    assert Refused("No.").field is None


def test_lazy_sentences_become_text_when_raised() -> None:
    with override("en"), pytest.raises(NotAllowed) as caught:
        require(denied(gettext_lazy("Monday")))
    assert caught.value.args == ("Monday",)


def test_stale_says_that_nothing_was_saved_and_keeps_the_reference() -> None:
    with override("en"):
        stale = Stale("task/17")
    assert stale.ref == "task/17"
    assert "Nothing of yours was saved" in str(stale)
