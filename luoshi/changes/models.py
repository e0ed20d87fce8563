"""Changes of issued tasks that somebody has to answer (TSK-4, CHG-3; S0 任务转交).

Task ── Change (asked by, answered by) ── giver, taker
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from luoshi.changes.rules import ChangeKind, ChangeState
from luoshi.people.models import Person
from luoshi.tasks.models import Task


class Change(models.Model):
    """Something asked for about a task, and what came of it. Rows stay: they are the history."""

    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="changes")
    giver = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="given_changes"
    )
    taker = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="taken_changes"
    )
    reason = models.TextField(_("reason"))
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.ASKED)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="asked_changes")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opinion = models.TextField(_("opinion"), blank=True)
    #: Whether the taker sees the task only because they were asked.
    admitted = models.BooleanField(default=False)
    key = models.CharField(max_length=60, null=True, unique=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(fields=["task", "-asked_at"], name="change_task"),
            models.Index(
                fields=["taker"], name="change_to_answer", condition=Q(state=ChangeState.ASKED)
            ),
            models.Index(fields=["asked_by", "-asked_at"], name="change_asked_by"),
            models.Index(fields=["taker", "-asked_at"], name="change_taker"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "kind"],
                condition=Q(state=ChangeState.ASKED),
                name="change_one_waits",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ChangeKind.TRANSFER)
                | Q(giver__isnull=False, taker__isnull=False),
                name="change_transfer_has_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.task_id}: {self.state}"

    @property
    def ref(self) -> str:
        return f"change/{self.pk}"
