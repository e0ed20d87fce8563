"""What people are told (MSG-1).

A message lies in its addressee's inbox the moment it is written: that is its delivery on this site.
"""

from django.db import models
from django.db.models import Q

from luoshi.kit import ref
from luoshi.kit.address import is_page

#: The kind of message that tells reminders, one a person and day.
DIGEST = "notices.digest"


class Message(models.Model):
    """One thing told to one person. The sentence is made of ``kind`` and ``data`` when read.

    ``key`` makes telling idempotent: the same person hears of (kind, key) once.
    """

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=60)
    about_kind = models.CharField(max_length=20)
    about_id = models.PositiveBigIntegerField()
    title = models.CharField(max_length=300)
    data = models.JSONField(default=dict)
    by_id = models.PositiveBigIntegerField(null=True)
    by_name = models.CharField(max_length=60)
    key = models.CharField(max_length=100, null=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "key"], name="message_told_once")
        ]
        indexes = [
            models.Index(fields=["person", "id"], name="message_of_person"),
            models.Index(fields=["person", "id"], condition=Q(read_at=None), name="message_unread"),
            models.Index(fields=["about_kind", "about_id"], name="message_about"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        return ref.join(self.about_kind, self.about_id)


class Waiting(models.Model):
    """A reminder that waits for the digest of its person, or was told in one (§19.18).

    ``key`` makes reminding idempotent: the same person is reminded of (kind, key) once.
    """

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=60)
    about_kind = models.CharField(max_length=20)
    about_id = models.PositiveBigIntegerField()
    title = models.CharField(max_length=300)
    data = models.JSONField(default=dict)
    key = models.CharField(max_length=100)
    at = models.DateTimeField()
    #: The message that told it; null as long as it waits.
    digest = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="reminders"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "key"], name="waiting_queued_once")
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(digest=None), name="waiting_untold"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        return ref.join(self.about_kind, self.about_id)


class Question(models.Model):
    """A question about the system, and its answer (SYS-5; S0 四)."""

    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="questions")
    text = models.TextField()
    #: The page on which it came up; empty if none was named.
    page = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=32, null=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["by", "-id"], name="question_by"),
            models.Index(fields=["-id"], name="question_open", condition=Q(answered_at=None)),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def ref(self) -> str:
        return f"question/{self.pk}"

    @property
    def place(self) -> str:
        """The page as something one may be led to; empty for any other address."""
        return self.page if is_page(self.page) else ""
