"""Diagnosis and improvement (IMP-1; S0 任务诊断与改进).

Task ── Diagnosis (one per period; never edited in place) ── Action (measure taken, by whom, until)
          └ amends ──> Diagnosis (the version before)
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from luoshi.improvement.rules import DiagnosisStatus
from luoshi.people.models import Person
from luoshi.tasks.models import Task


class Diagnosis(models.Model):
    """What is wrong with a task and why, as its people see it for one period. Never edited."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="diagnoses")
    year = models.PositiveSmallIntegerField(_("year"))
    #: The month whose end is the date it is due: ``2026-12``.
    period = models.CharField(_("period"), max_length=7)
    due_on = models.DateField(_("due date"))
    status = models.CharField(
        max_length=10, choices=DiagnosisStatus.choices, default=DiagnosisStatus.FILED
    )
    problem = models.TextField(_("problem"))
    cause = models.TextField(_("cause"), blank=True)
    effect = models.TextField(_("effect"), blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="diagnoses")
    at = models.DateTimeField()
    late = models.BooleanField(default=False)
    amends = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="amended_by"
    )
    reason = models.TextField(blank=True)
    key = models.CharField(max_length=40, null=True, unique=True)

    class Meta:
        ordering = ["-period", "-pk"]
        indexes = [
            models.Index(fields=["task", "-period", "-id"], name="diagnosis_task"),
            models.Index(
                fields=["period", "task", "late"],
                name="diagnosis_period",
                condition=Q(status=DiagnosisStatus.FILED),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "period"],
                condition=Q(status=DiagnosisStatus.FILED),
                name="diagnosis_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_id} · {self.period}"

    @property
    def ref(self) -> str:
        return f"diagnosis/{self.pk}"


class Action(models.Model):
    """What is to be done about it, by whom and until when, as far as that was said."""

    diagnosis = models.ForeignKey(Diagnosis, on_delete=models.CASCADE, related_name="actions")
    text = models.TextField(_("improvement action"))
    owner = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        null=True,
        related_name="improvement_actions",
        verbose_name=_("responsible person"),
    )
    date = models.DateField(_("date"), null=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.text[:40]
