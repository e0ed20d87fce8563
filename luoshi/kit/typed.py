"""Numbers and words as they come in addresses and forms: plain digits, short texts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms

DIGITS = 18  # any number of so many digits fits a 64-bit column


def whole(text: object) -> int | None:
    """The number typed, or None for anything that is none (nothing, ``-1``, ``²``, 10^30)."""
    said = str(text) if text is not None else ""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= DIGITS else None


def words(text: object, longest: int) -> str:
    """Words to look for: no NUL (PostgreSQL takes none), no blanks around, not too long."""
    return str(text or "").replace("\x00", "").strip()[:longest]


def keys(texts: Iterable[object]) -> list[int]:
    """The numbers among what was typed; what is none is left out."""
    return [number for number in map(whole, texts) if number is not None]


if TYPE_CHECKING:
    _Several = forms.ModelMultipleChoiceField[Any]
else:
    _Several = forms.ModelMultipleChoiceField


class TickedField(_Several):
    """Rows that were ticked; a number that can be no key is an invalid choice, no broken page."""

    def clean(self, value: Any) -> Any:
        for typed in value or ():
            if whole(typed) is None:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": str(typed)[:40]},
                )
        return super().clean(value)
