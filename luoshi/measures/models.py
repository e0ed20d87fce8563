"""Rule books (管理办法) as data (CAT-1…CAT-4).

Programme ── Category ──points at──> Measure (code + since = one version)
                │                       ├ ChainLink · Deadline · NodeTemplate · ReportDay
                └ OwnField              └ Light (word and colour) · Source (paragraph)
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from luoshi.measures.rules import (
    Average,
    Before,
    CancelBy,
    CompletedBy,
    FieldKind,
    Gate,
    Health,
    LateReport,
    Mode,
    OnSilence,
    ProgressRule,
    Purpose,
    Rhythm,
    RollUp,
    SplitKind,
    Urgency,
    Visibility,
)
from luoshi.people.models import Field, Unit
from luoshi.people.roles import Duty


class Programme(models.Model):
    """A family of categories: 重点工作目标任务, 督查督办 …"""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    key = models.CharField(max_length=32, unique=True, null=True, editable=False)
    rev = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"programme/{self.pk}"


class Measure(models.Model):
    """One version of a rule book. Identity is code + since; issued tasks keep their version."""

    code = models.SlugField(_("code"), max_length=40)
    since = models.DateField(_("in force since"))
    name = models.CharField(_("name"), max_length=120)
    document = models.CharField(_("basis document"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)

    # the line
    approval = models.CharField(
        _("approve before issue"), max_length=10, choices=Gate.choices, default=Gate.NEVER
    )
    sign_off = models.CharField(
        _("sign for"), max_length=10, choices=Gate.choices, default=Gate.NEVER
    )
    sign_days = models.PositiveSmallIntegerField(_("days to sign"), null=True, blank=True)
    on_silence = models.CharField(
        _("silence means"), max_length=10, choices=OnSilence.choices, default=OnSilence.NOTHING
    )
    review = models.CharField(_("review"), max_length=10, choices=Gate.choices, default=Gate.NEVER)
    assessment = models.CharField(
        _("assessment"), max_length=10, choices=Gate.choices, default=Gate.NEVER
    )
    # breaking down
    split = models.CharField(
        _("may be broken down"), max_length=10, choices=SplitKind.choices, default=SplitKind.UNIT
    )
    split_depth = models.PositiveSmallIntegerField(_("levels at most"), null=True, blank=True)
    personal_assessed = models.BooleanField(_("personal tasks are assessed"), default=False)
    child_due_within = models.BooleanField(_("due no later than the parent"), default=True)
    needs_due = models.BooleanField(_("due date required"), default=True)
    needs_details = models.BooleanField(_("details required"), default=True)
    needs_standard = models.BooleanField(_("standard required"), default=True)
    roll_up = models.CharField(
        _("progress of a parent"), max_length=12, choices=RollUp.choices, default=RollUp.MANUAL
    )
    # reporting
    rhythm = models.CharField(
        _("report rhythm"), max_length=12, choices=Rhythm.choices, default=Rhythm.NONE
    )
    report_day = models.PositiveSmallIntegerField(_("by day of month"), null=True, blank=True)
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=0)
    late_report = models.CharField(
        _("a late report counts"),
        max_length=10,
        choices=LateReport.choices,
        default=LateReport.LATE,
    )
    needs_text = models.BooleanField(_("text required"), default=True)
    needs_evidence = models.BooleanField(_("evidence required"), default=False)
    progress_rule = models.CharField(
        _("progress"), max_length=10, choices=ProgressRule.choices, default=ProgressRule.FORWARD
    )
    completed_by = models.CharField(
        _("completed by"), max_length=10, choices=CompletedBy.choices, default=CompletedBy.PROGRESS
    )
    result_only = models.BooleanField(_("only a final result is asked"), default=False)
    report_approval = models.CharField(
        _("approve reports"), max_length=10, choices=Gate.choices, default=Gate.NEVER
    )
    #: Percent of a report that may be copied from reports on sub-tasks (RPT-3); null: any share.
    copied_at_most = models.PositiveSmallIntegerField(_("copied at most"), null=True, blank=True)
    #: Reports of "no change" that may follow each other (RPT-5); null: any number.
    unchanged_at_most = models.PositiveSmallIntegerField(
        _("unchanged at most"), null=True, blank=True
    )
    # reminders: days before the due date, days of the month; both as "3,7"
    remind_before = models.CharField(_("remind days before"), max_length=40, blank=True)
    remind_on = models.CharField(_("remind on days of the month"), max_length=40, blank=True)
    # dates and change
    working_days = models.BooleanField(_("count working days"), default=False)
    extend = models.CharField(
        _("extension may be asked"), max_length=10, choices=Before.choices, default=Before.BEFORE
    )
    extend_times = models.PositiveSmallIntegerField(_("extensions at most"), null=True, blank=True)
    cancel_by = models.CharField(
        _("who may cancel"), max_length=12, choices=CancelBy.choices, default=CancelBy.CREATOR
    )
    carry_over = models.BooleanField(_("unfinished goes into next year"), default=True)
    # assessment
    average = models.CharField(
        _("points of several assessors"),
        max_length=10,
        choices=Average.choices,
        default=Average.MEAN,
    )
    # diagnosis: months as "6,12"
    diagnose_in = models.CharField(_("diagnosis in months"), max_length=40, blank=True)
    needs_cause = models.BooleanField(_("cause required"), default=False)
    needs_action_owner = models.BooleanField(_("person for an action required"), default=False)
    needs_action_date = models.BooleanField(_("date for an action required"), default=False)
    # seeing and numbering
    visibility = models.CharField(
        _("who may see"), max_length=10, choices=Visibility.choices, default=Visibility.INVOLVED
    )
    public = models.BooleanField(_("public"), default=False)
    number_pattern = models.CharField(_("number pattern"), max_length=60, default="{year}-{n:03}")
    #: Day on which the first task was issued under this version; from then on it stands (CAT-3).
    in_use_since = models.DateField(_("in use since"), null=True, blank=True, editable=False)
    key = models.CharField(max_length=32, unique=True, null=True, editable=False)
    rev = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["code", "-since"]
        constraints = [
            models.UniqueConstraint(fields=["code", "since"], name="measure_version_once"),
            models.CheckConstraint(
                condition=Q(report_day=None) | Q(report_day__range=(1, 31)),
                name="measure_report_day_in_month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.since:%Y-%m-%d})"

    @property
    def ref(self) -> str:
        return f"measure/{self.pk}"


class Category(models.Model):
    """A kind of task (任务类型): 863计划核心指标, 领导批示 …; points at a measure version."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="categories", verbose_name=_("programme")
    )
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    definition = models.TextField(_("definition"), blank=True)
    measure = models.ForeignKey(
        Measure,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
        verbose_name=_("measure"),
    )
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("field")
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("private to unit")
    )
    active = models.BooleanField(_("still in use"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    key = models.CharField(max_length=32, unique=True, null=True, editable=False)
    rev = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["programme__order", "order", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"category/{self.pk}"


class ChainLink(models.Model):
    """One step of an approval chain of a measure: who decides, how, under which conditions.

    Steps of a purpose follow each other by ``order`` (1, 2 …). A step with ``from_days`` is called
    only when an extension asks for at least so many days; one with ``from_count`` from that
    extension on (2: the second).
    """

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="chain")
    purpose = models.CharField(_("approval of"), max_length=12, choices=Purpose.choices)
    order = models.PositiveSmallIntegerField(_("order"))
    mode = models.CharField(_("agreement"), max_length=5, choices=Mode.choices, default=Mode.ANY)
    duty = models.CharField(
        _("holders of the duty"), max_length=20, choices=Duty.choices, blank=True
    )
    body = models.CharField(_("body"), max_length=30, blank=True)
    from_days = models.PositiveSmallIntegerField(_("from days on"), null=True, blank=True)
    from_count = models.PositiveSmallIntegerField(_("from time on"), null=True, blank=True)

    class Meta:
        ordering = ["purpose", "order"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "purpose", "order"], name="chain_link_once"),
            models.CheckConstraint(
                condition=(Q(duty="") & ~Q(body="")) | (~Q(duty="") & Q(body="")),
                name="chain_link_of_duty_or_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.order}: {self.duty or self.body}"


class Deadline(models.Model):
    """Days allowed for an urgency (calendar or working days as the measure counts)."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="deadlines")
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency.choices)
    days = models.PositiveSmallIntegerField(_("days allowed"))

    class Meta:
        ordering = ["days", "urgency"]
        constraints = [models.UniqueConstraint(fields=["measure", "urgency"], name="deadline_once")]

    def __str__(self) -> str:
        return f"{self.urgency}: {self.days}"


class NodeTemplate(models.Model):
    """A milestone that tasks of this measure start with, days after issue."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="nodes")
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=100)
    days = models.PositiveSmallIntegerField(_("days after issue"))

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "order"], name="node_template_once")
        ]

    def __str__(self) -> str:
        return self.name


class ReportDay(models.Model):
    """A reporting day: days after issue, or a day of the year (month + day)."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="report_days")
    after_days = models.PositiveSmallIntegerField(_("days after issue"), null=True, blank=True)
    month = models.PositiveSmallIntegerField(_("month"), null=True, blank=True)
    day = models.PositiveSmallIntegerField(_("day"), null=True, blank=True)

    class Meta:
        ordering = ["after_days", "month", "day"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(after_days__isnull=False, month=None, day=None)
                    | Q(after_days=None, month__range=(1, 12), day__range=(1, 31))
                ),
                name="report_day_after_issue_or_of_year",
            )
        ]

    def __str__(self) -> str:
        return (
            f"{self.after_days}"
            if self.after_days is not None
            else f"{self.month:02}-{self.day:02}"
        )


class Light(models.Model):
    """How a measure names and colours a health of a task (SEE-2; CAT-2 warning colours)."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="lights")
    health = models.CharField(_("state"), max_length=10, choices=Health.choices)
    label = models.CharField(_("word"), max_length=30)
    colour = models.CharField(_("colour"), max_length=7)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["measure", "health"], name="light_once")]

    def __str__(self) -> str:
        return self.label


class OwnField(models.Model):
    """A field a category adds to its tasks; descriptive only (ARCHITECTURE §19.14)."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="own_fields")
    code = models.SlugField(_("code"), max_length=30)
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind of field"), max_length=10, choices=FieldKind.choices)
    required = models.BooleanField(_("required"), default=False)
    choices = models.TextField(_("choices, one per line"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["category", "code"], name="own_field_once")]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """The paragraph of the document a setting comes from (§19.15).

    ``setting`` is the name of the section and what it is about: ``reporting.rhythm``,
    ``lights.idle``, ``chain.issue.1``.
    """

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="sources")
    setting = models.CharField(max_length=60)
    paragraph = models.CharField(max_length=200)

    class Meta:
        ordering = ["setting"]
        constraints = [models.UniqueConstraint(fields=["measure", "setting"], name="source_once")]

    def __str__(self) -> str:
        return f"{self.setting}: {self.paragraph}"


class Sequence(models.Model):
    """The last number given in a category and year; numbers are given once and never reused."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "year"], name="sequence_once")]

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"
