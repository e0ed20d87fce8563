"""How first passwords are stored."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FirstPasswordHasher(PBKDF2PasswordHasher):
    """For random first passwords only, so that an import of thousands of people stays quick.

    Stretching protects guessable secrets; these are drawn by chance and changed at first log-in.
    """

    algorithm = "first_pbkdf2_sha256"
    iterations = 1000
