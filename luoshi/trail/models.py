"""The story of every subject, append-only and tamper-evident (ARCHITECTURE §4).

    Event   one act on one subject; each carries the hash of the one before
    Head    where the chain of a subject ends
    Seal    a keyed fingerprint over all events of a day

No foreign key to anything: the trail outlives what it describes. No rule, score or statistic
reads it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One act: who did what to which subject, when, for whom, and what changed."""

    about_kind = models.CharField(_("kind of subject"), max_length=30)
    about_id = models.BigIntegerField(_("number of subject"))
    seq = models.PositiveIntegerField(_("place in its story"))
    verb = models.CharField(_("act"), max_length=60)
    by_id = models.BigIntegerField(_("number of person"), null=True)
    by_name = models.CharField(_("person"), max_length=100)
    for_id = models.BigIntegerField(_("number of person acted for"), null=True)
    for_name = models.CharField(_("acted for"), max_length=100, blank=True)
    at = models.DateTimeField(_("time"))
    data = models.TextField(_("details"))
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["about_kind", "about_id", "seq"], name="trail_event_once"
            ),
        ]
        indexes = [
            models.Index(fields=["at", "id"], name="trail_event_at"),
            models.Index(fields=["by_id", "id"], name="trail_event_by"),
            models.Index(fields=["verb", "id"], name="trail_event_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.about}#{self.seq} {self.verb}"

    @property
    def about(self) -> str:
        return f"{self.about_kind}/{self.about_id}"


class Head(models.Model):
    """The end of a subject's chain, signed. Its row is locked while an event is added."""

    about_kind = models.CharField(max_length=30)
    about_id = models.BigIntegerField()
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    mark = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["about_kind", "about_id"], name="trail_head_once"),
        ]

    def __str__(self) -> str:
        return f"{self.about_kind}/{self.about_id}#{self.seq}"


class Seal(models.Model):
    """A keyed fingerprint over all events since the seal before, up to the end of a day."""

    day = models.DateField(_("day"), unique=True)
    count = models.PositiveIntegerField(_("events"))
    first_hash = models.CharField(max_length=64, blank=True)
    last_hash = models.CharField(max_length=64, blank=True)
    events = models.CharField(_("digest of the events"), max_length=64)
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(_("fingerprint"), max_length=64)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.hash[:12]}"
