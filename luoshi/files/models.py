"""What is stored once, what hangs on what, and the readable page of a document (RPT-6).

Blob ── one content, stored once by its SHA-256
  ├── Page        the readable web page of a Word file, shared by all its attachments
  │     └── Picture   its pictures (1, 2 …), each a blob; number 0 of an image is its thumbnail
  └── Attachment  a name given to a content, hung on anything (task/17, report/5)
        └── Citation  the same attachment quoted by something else
"""

from django.db import models
from django.db.models import Q

from luoshi.files import rules
from luoshi.kit import ref


class Blob(models.Model):
    """A content. It lies under ``MEDIA_ROOT`` at ``aa/bb/<sha256>`` and never changes."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField(help_text="bytes")
    kind = models.CharField(max_length=10, help_text="a key of rules.KINDS, found from the content")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def place(self) -> str:
        return rules.place_of(self.sha256)


class PageState(models.TextChoices):
    """How far the readable page of a document has come."""

    WAITING = "waiting"  # a job makes it
    READY = "ready"
    FAILED = "failed"  # `said` says why
    NONE = "none"  # download only


class Page(models.Model):
    """The readable page of a document. ``html`` is sanitised; ``said`` tells what is amiss."""

    blob = models.OneToOneField(Blob, on_delete=models.CASCADE, related_name="page")
    state = models.CharField(max_length=10, choices=PageState.choices)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    said = models.CharField(max_length=30, blank=True, help_text="a key of rules.SAID")
    left_out = models.PositiveIntegerField(default=0, help_text="pictures that could not be shown")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.blob_id} {self.state}"


class Picture(models.Model):
    """A picture that belongs to a content: in a document 1, 2 …; number 0 is a thumbnail."""

    blob = models.ForeignKey(Blob, on_delete=models.CASCADE, related_name="pictures")
    number = models.PositiveIntegerField()
    picture = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["blob", "number"], name="picture_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.blob_id}/{self.number}"


class Attachment(models.Model):
    """A file hung on a thing, under the name its giver used.

    The same content under the same name hangs on a thing once: sending a form twice adds nothing.
    """

    about_kind = models.CharField(max_length=20)
    about_id = models.PositiveBigIntegerField()
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=rules.NAME_LENGTH)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["about_kind", "about_id", "blob", "name"], name="attachment_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref.join("attachment", self.pk)

    @property
    def about(self) -> str:
        return ref.join(self.about_kind, self.about_id)


class Citation(models.Model):
    """An attachment quoted as evidence by another thing; the file stays where it hangs."""

    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="citations")
    about_kind = models.CharField(max_length=20)
    about_id = models.PositiveBigIntegerField()
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["about_kind", "about_id", "attachment"], name="citation_once"
            ),
            models.CheckConstraint(condition=~Q(about_kind=""), name="citation_about_something"),
        ]

    def __str__(self) -> str:
        return f"{self.about} → {self.attachment_id}"

    @property
    def about(self) -> str:
        return ref.join(self.about_kind, self.about_id)
