"""Quotation marks inside quotation marks (GB/T 15834: the inner ones are single)."""

_INNER = str.maketrans({"“": "‘", "”": "’"})


def inner(text: str) -> str:
    """A title to stand between “ and ”: marks of its own become ‘ and ’."""
    return text.translate(_INNER)
