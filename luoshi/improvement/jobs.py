"""What time does to diagnosis and improvement."""

from luoshi.improvement.services import reminding


def remind() -> int:
    """Queue reminders of diagnoses owed; run every morning before the digest, harmless always."""
    return reminding.remind()
