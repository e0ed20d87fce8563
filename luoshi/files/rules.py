"""What may be stored, judged by content and never by name (RPT-6)."""

NAME_LENGTH = 200


def place_of(sha256: str) -> str:
    """Where a content lies below ``MEDIA_ROOT``."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
