"""What is owed and what was said (RPT-1, RPT-2; ARCHITECTURE §19.3, §19.7).

Due (owed: task, kind, period) ──filed_by──> Report ──amends──> Report (the version before)
Quotation (a passage of a version of a sub-task's report)   ──report──> Report that quotes it
Pack (the year-end material of a unit: index and evidence, one file)
PassedOver (a sub-task's problem the report leaves out)     ──report──> Report that leaves it out
"""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from luoshi.files.models import Attachment
from luoshi.people.models import Person, Unit
from luoshi.reports.rules import DueKind, ReportKind, ReportStatus
from luoshi.reports.rules.copying import Mark
from luoshi.reports.rules.packs import PackState
from luoshi.tasks.models import Counting, Task


class Report(models.Model):
    """One report on a task. Never edited in place."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=12, choices=ReportKind.choices)
    status = models.CharField(max_length=10, choices=ReportStatus.choices)
    counting = models.ForeignKey(
        Counting, on_delete=models.PROTECT, null=True, related_name="reports"
    )
    period = models.CharField(_("period"), max_length=12, blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), validators=[MaxValueValidator(100)])
    achieved = models.DecimalField(
        _("achieved value"), max_digits=16, decimal_places=4, null=True, blank=True
    )
    body = models.TextField(_("work done"), blank=True)
    problems = models.TextField(_("problems"), blank=True)
    help_needed = models.TextField(_("help needed"), blank=True)
    next_step = models.TextField(_("next step"), blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="reports")
    at = models.DateTimeField()
    late = models.BooleanField(default=False)
    amends = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="amended_by"
    )
    reason = models.TextField(blank=True)
    #: Says that nothing has changed; ``body`` is why (RPT-5). Progress is that of before.
    unchanged = models.BooleanField(_("no change"), default=False)
    #: Percent copied from reports on sub-tasks when it was filed (RPT-3); null: nothing to copy.
    copied = models.PositiveSmallIntegerField(null=True)
    key = models.CharField(max_length=40, null=True, unique=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["task", "-at", "-id"], name="report_task"),
            models.Index(fields=["by", "-at"], name="report_by"),
            # the feedback query: what counts, newest first
            models.Index(fields=["status", "-at", "-id", "task"], name="report_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(progress__lte=100), name="report_progress_to_100"),
            models.CheckConstraint(
                condition=Q(kind="result", counting__isnull=False)
                | (~Q(kind="result") & Q(counting=None)),
                name="report_result_has_set",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} · {self.progress}"

    @property
    def ref(self) -> str:
        return f"report/{self.pk}"


class Quotation(models.Model):
    """A passage of another report, quoted (RPT-3). It names the version it was taken from.

    Versions never change, so the passage can be found again in its source at any time.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="quotations")
    source = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="quoted_in")
    letter = models.CharField(max_length=1, help_text="a key of rules.copying.LETTERS")
    start = models.PositiveIntegerField(help_text="characters before the passage")
    text = models.TextField()
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["report", "order"], name="quotation_order_once"),
            models.CheckConstraint(condition=~Q(text=""), name="quotation_says_something"),
            models.CheckConstraint(condition=~Q(report=F("source")), name="quotation_of_another"),
        ]

    def __str__(self) -> str:
        return str(self.mark)

    @property
    def mark(self) -> Mark:
        return Mark(self.source_id, self.letter, self.start, len(self.text))


class PassedOver(models.Model):
    """A problem of a sub-task that a report does not mention although its author was told."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="passed_over")
    source = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    letter = models.CharField(max_length=1, help_text="a key of rules.copying.LETTERS")
    text = models.TextField()
    #: Ticked as not relevant at this level; otherwise filed without a word about it.
    irrelevant = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "source", "letter"], name="passed_over_once")
        ]

    def __str__(self) -> str:
        return f"{self.source_id}-{self.letter}"


class Due(models.Model):
    """A report owed. Any holder of the task settles it."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="dues")
    kind = models.CharField(max_length=10, choices=DueKind.choices)
    period = models.CharField(max_length=12)
    counting = models.ForeignKey(Counting, on_delete=models.CASCADE, null=True)
    since = models.DateField()
    until = models.DateField()
    due_on = models.DateField()
    #: The last day on which a report still settles it; after that it is missing for good.
    closes_on = models.DateField()
    filed_by = models.ForeignKey(
        Report, on_delete=models.PROTECT, null=True, related_name="settles"
    )
    filed_on = models.DateField(null=True)
    void = models.BooleanField(default=False)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(
                fields=["closes_on", "due_on", "task"],
                name="due_open",
                condition=Q(filed_on=None, void=False),
            ),
            models.Index(fields=["task", "due_on"], name="due_task"),
            # the feedback query by period: how each due stands is told in the index alone
            models.Index(
                fields=["due_on", "id", "task", "void", "filed_on", "closes_on"], name="due_day"
            ),
            models.Index(
                fields=["due_on", "id", "task"],
                name="due_late",
                condition=Q(filed_on__gt=F("due_on")),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task", "kind", "period"], name="due_once"),
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="due_until_after_since"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} · {self.period}"


class Pack(models.Model):
    """The year-end material of a unit as one file; kept until it is built anew."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="packs")
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=PackState.choices, default=PackState.WAITING)
    #: Grows each time it is asked for: a job that works for an earlier wish stops.
    run = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    #: Files packed, and to be packed.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    #: Why it could not be made, for the reader.
    said = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    #: The last sign of life of the job.
    beat = models.DateTimeField(null=True)
    built_at = models.DateTimeField(null=True)
    #: Tasks and files in the file that is there.
    tasks = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    attachment = models.ForeignKey(
        Attachment, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    key = models.CharField(max_length=40, null=True, unique=True)

    class Meta:
        ordering = ["unit", "year"]
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="pack_once")]

    def __str__(self) -> str:
        return f"{self.unit_id} · {self.year}"

    @property
    def ref(self) -> str:
        return f"pack/{self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (PackState.WAITING, PackState.WORKING)
