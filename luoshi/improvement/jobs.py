"""What time does to diagnosis and improvement."""

from luoshi.improvement import services


def remind() -> int:
    """Remind of diagnoses owed; run every morning, harmless at any time."""
    return services.remind()
