"""What people are told: messages, and how they left the house (MSG-1).

A message lies in its addressee's inbox the moment it is written: that needs no second row. Every
other channel has a `Delivery` with its own state; now there is one, the pop-up, shown until it is
confirmed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from luoshi.kit import ref


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


class Channel(models.TextChoices):
    POPUP = "popup", _("pop-up")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", _("delivered")


class Delivery(models.Model):
    """A message on its way through one channel other than the inbox."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    state = models.CharField(max_length=20, choices=DeliveryState.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_channel_once")
        ]
        indexes = [
            models.Index(
                fields=["channel", "id"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.channel} {self.state}"
