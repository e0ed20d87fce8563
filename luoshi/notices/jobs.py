"""What time does to messages."""

from luoshi.notices.services import send_digests


def digest() -> int:
    """Tell everybody what waits for them, in one message a person and day. Idempotent."""
    return send_digests()
