"""What assessors gave, and what became of it (EVA-1; S0 任务考核).

Assessment (task, assessor) ──amends──> Assessment (the score before)
Result (task) ──amends──> Result (the one before), made of Count ──> Assessment
Kept (unit, month)        timeliness as counted last night (EVA-11)
"""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from luoshi.assessment.rules import KeptKind, ResultState, ScoreState
from luoshi.measures.rules import Average
from luoshi.people.models import Person, Unit
from luoshi.tasks.models import Task


class Assessment(models.Model):
    """What one assessor gave one task. Never edited: a correction is a new row."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assessments")
    assessor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assessments")
    points = models.DecimalField(
        _("points"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    out_of = models.DecimalField(_("out of"), max_digits=8, decimal_places=2)
    comment = models.TextField(pgettext_lazy("assessment", "comment"), blank=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ScoreState.choices, default=ScoreState.STANDS)
    amends = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="amended_by"
    )
    #: Why it corrects the score before.
    reason = models.TextField(blank=True)
    #: Why the office returned it.
    return_reason = models.TextField(blank=True)
    key = models.CharField(max_length=40, null=True, unique=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["task", "state"], name="assessment_task"),
            models.Index(fields=["assessor", "state", "task"], name="assessment_assessor"),
            models.Index(
                fields=["task"], name="assessment_stale", condition=Q(state=ScoreState.STALE)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "assessor"],
                condition=Q(state__in=[ScoreState.STANDS, ScoreState.STALE]),
                name="assessment_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0) & Q(points__lte=F("out_of")),
                name="assessment_points_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} · {self.points}/{self.out_of}"


class Result(models.Model):
    """The points of a task, frozen when the last assessor had scored: a decision, not a cache."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="results")
    points = models.DecimalField(_("points"), max_digits=8, decimal_places=2)
    out_of = models.DecimalField(_("out of"), max_digits=8, decimal_places=2)
    rule = models.CharField(max_length=10, choices=Average.choices)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ResultState.choices, default=ResultState.STANDS)
    amends = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="amended_by"
    )

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["task", "state"], name="result_task"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["task"],
                condition=~Q(state=ResultState.REPLACED),
                name="result_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} · {self.points}/{self.out_of}"


class Count(models.Model):
    """A score that went into a result; the highest or lowest may be left out of the mean."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="counts")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="counted_in")
    counted = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["result", "assessment"], name="count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} in {self.result_id}"


class Kept(models.Model):
    """Timeliness of a unit in a month as counted last night (EVA-11).

    Stored for speed: with a million tasks the count takes seconds. Written only by
    `services.timeliness.keep`; smaller houses count anew on every page and do not read it.
    """

    kind = models.CharField(max_length=10, choices=KeptKind.choices)
    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    on_time = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "kind", "unit", "month"], name="kept_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}-{self.month:02} {self.unit_id}"
