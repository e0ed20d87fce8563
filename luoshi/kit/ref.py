"""References: ``task/17`` names a thing of another room without importing it."""


def split(ref: str) -> tuple[str, int]:
    """``task/17`` as ("task", 17). Raises ValueError for anything else."""
    kind, slash, number = ref.partition("/")
    if not (kind and slash and number.isascii() and number.isdigit()):
        raise ValueError(f"{ref!r} is not a reference like task/17")
    return kind, int(number)


def join(kind: str, number: int) -> str:
    return f"{kind}/{number}"
