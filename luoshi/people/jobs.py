"""What time does to accounts."""

from luoshi.people.services.accounts import forget_old_log_ins


def tidy() -> int:
    """Forget wrong passwords and log-ins that no rule looks at any more. Idempotent."""
    return forget_old_log_ins()
