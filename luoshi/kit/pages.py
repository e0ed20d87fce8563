"""Addresses of pages whose rows stand many times on a page."""

from functools import cache

from django.urls import reverse

#: No key is as large; they stand in the pattern where keys will.
_STAND_IN = 900_000_001


@cache
def _pattern(name: str, words: tuple[str, ...], keys: int) -> str:
    stand_ins = [_STAND_IN + place for place in range(keys)]
    pattern = reverse(name, args=[*words, *stand_ins])
    for place, stand_in in enumerate(stand_ins):
        pattern = pattern.replace(str(stand_in), f"{{{place}}}")
    return pattern


def page(name: str, *args: str | int) -> str:
    """The address `reverse` gives, looked up once for all keys: words first, then keys.

    Raises NoReverseMatch for a page that does not exist.
    """
    words = tuple(arg for arg in args if isinstance(arg, str))
    keys = args[len(words) :]
    return _pattern(name, words, len(keys)).format(*keys)
