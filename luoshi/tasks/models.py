"""Tasks and what hangs on them (TSK-1; ARCHITECTURE §19.2–19.6).

Task (a tree) ── Part (who it is shown to, and as what) · Counting (sets it counts in)
              ── Milestone · Pause · Remark · OwnValue
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from luoshi.kit.tree import Tree
from luoshi.measures.models import Category, Measure, OwnField
from luoshi.measures.rules import Rhythm, Urgency
from luoshi.people.models import Person, Post, Unit
from luoshi.tasks.lifecycle import HIDDEN, Outcome, Status


class Kind(models.TextChoices):
    """Unit tasks may be broken down and assessed; personal tasks not, where the measure says so."""

    UNIT = "unit", _("unit task")
    PERSONAL = "personal", _("personal task")


class Tier(models.IntegerChoices):
    """Level of a task (任务级别)."""

    INSTITUTION = 1, _("institution level")
    UNIT = 2, _("unit level")
    SECTION = 3, _("section level")
    PERSON = 4, _("personal level")


class Origin(models.TextChoices):
    """Where a task comes from."""

    ANNUAL = "annual", _("annual key work")
    SUPERIOR = "superior", _("superior authority")
    MEETING = "meeting", _("meeting")
    INSTRUCTION = "instruction", _("leader's instruction")
    OTHER = "other", pgettext_lazy("origin", "other")


class Role(models.TextChoices):
    """As what a person or unit takes part in a task."""

    LEAD = "lead", _("lead unit")
    COOPERATING = "cooperating", _("cooperating unit")
    OWNER = "owner", _("further responsible person")
    PARTICIPANT = "participant", _("participant")
    REVIEWER = "reviewer", _("acceptance reviewer")
    ASSESSOR = "assessor", _("assessor")
    IN_CHARGE = "in_charge", _("leader in charge")
    RESPONSIBLE = "responsible", _("responsible leader")
    INSTRUCTING = "instructing", _("instructing leader")
    SHARED = "shared", _("shared with")
    FOLLOWER = "follower", _("follower")
    ADMITTED = "admitted", _("let see")


class Task(Tree):
    """A task or matter. Its rules are those of ``measure``, fixed at issue (CAT-3)."""

    number = models.CharField(_("number"), max_length=60, blank=True)
    title = models.CharField(_("title"), max_length=200)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="tasks", verbose_name=_("category")
    )
    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="tasks", null=True, blank=True
    )
    year = models.PositiveSmallIntegerField(_("year"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.UNIT)
    tier = models.PositiveSmallIntegerField(
        _("level"), choices=Tier.choices, default=Tier.INSTITUTION
    )
    details = models.TextField(_("details"), blank=True)
    standard = models.TextField(_("assessment standard"), blank=True)
    points = models.DecimalField(
        _("points"),
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    weight = models.DecimalField(
        _("weight"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=Urgency.choices, default=Urgency.NORMAL
    )
    origin = models.CharField(
        _("origin"), max_length=12, choices=Origin.choices, default=Origin.ANNUAL
    )
    origin_document = models.CharField(_("origin document"), max_length=200, blank=True)
    target_value = models.DecimalField(
        _("target value"), max_digits=16, decimal_places=4, null=True, blank=True
    )
    target_unit = models.CharField(_("unit of measurement"), max_length=20, blank=True)
    public = models.BooleanField(_("public"), default=False)

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="tasks", verbose_name=_("lead unit")
    )
    owner = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_tasks",
        verbose_name=_("responsible person"),
    )
    owner_post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, blank=True)
    creator = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="created_tasks", verbose_name=_("creator")
    )

    # dates: several kinds are kept apart (CHG-4)
    start = models.DateField(_("start"), null=True, blank=True)
    due = models.DateField(_("working due date"), null=True, blank=True)
    original_due = models.DateField(_("original due date"), null=True, blank=True)
    approved_due = models.DateField(_("approved due date"), null=True, blank=True)
    scoring_due = models.DateField(_("scoring date"), null=True, blank=True)

    # the line: chosen at registration from what the measure allows
    status = models.PositiveSmallIntegerField(choices=Status.choices, default=Status.DRAFT)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    needs_approval = models.BooleanField(_("approve before issue"), default=False)
    needs_sign_off = models.BooleanField(_("sign for"), default=False)
    needs_review = models.BooleanField(_("review"), default=False)
    needs_assessment = models.BooleanField(_("assessment"), default=False)
    #: When every assessor had scored; written by the room above that keeps the scores.
    assessed_at = models.DateTimeField(null=True, blank=True)
    rhythm = models.CharField(
        _("report rhythm"), max_length=12, choices=Rhythm.choices, default=Rhythm.NONE
    )
    report_day = models.PositiveSmallIntegerField(_("by day of month"), null=True, blank=True)

    # how far it has come
    progress = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    achieved = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    returns = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0)
    refusal = models.TextField(blank=True)
    children_count = models.PositiveIntegerField(default=0)
    paused = models.BooleanField(default=False)
    late_from = models.DateField(null=True, blank=True)
    behind_from = models.DateField(null=True, blank=True)

    # the seven times of S3-2
    issued_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    split_at = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    batch = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    rev = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=40, null=True, blank=True, unique=True)

    class Meta:
        ordering = ["year", "due", "id"]
        indexes = [
            # What lies beyond id tells who sees a task and how it stands: a page of a list is
            # found in the index alone.
            models.Index(
                fields=[
                    "unit",
                    "year",
                    "due",
                    "id",
                    "status",
                    "creator",
                    "measure",
                    "progress",
                    "paused",
                    "late_from",
                ],
                name="task_unit",
            ),
            models.Index(fields=["owner", "year", "due", "id"], name="task_owner"),
            models.Index(fields=["creator", "year", "due", "id"], name="task_creator"),
            models.Index(
                fields=[
                    "year",
                    "due",
                    "id",
                    "status",
                    "creator",
                    "measure",
                    "progress",
                    "paused",
                    "late_from",
                ],
                name="task_year",
            ),
            models.Index(
                fields=[
                    "due",
                    "id",
                    "year",
                    "status",
                    "creator",
                    "measure",
                    "progress",
                    "paused",
                    "late_from",
                ],
                name="task_due",
            ),
            models.Index(  # what is assessed, page by page (EVA-1)
                fields=["year", "due", "id", "unit", "status", "assessed_at"],
                name="task_assessed",
                condition=Q(needs_assessment=True),
            ),
            # The same of what is not done, for lists of late or idle tasks of all years.
            models.Index(
                fields=[
                    "due",
                    "id",
                    "year",
                    "status",
                    "creator",
                    "measure",
                    "progress",
                    "paused",
                    "late_from",
                ],
                name="task_open",
                condition=Q(status__lt=Status.DONE, progress__lt=100),
            ),
            models.Index(fields=["measure", "unit"], name="task_measure_unit"),
            models.Index(fields=["category", "measure"], name="task_category_measure"),
            models.Index(fields=["creator"], name="task_drafts", condition=Q(status=Status.DRAFT)),
            models.Index(
                fields=["creator"], name="task_submitted", condition=Q(status=Status.SUBMITTED)
            ),
            models.Index(
                fields=["unit"], name="task_proposed", condition=Q(status=Status.PROPOSED)
            ),
            models.Index(fields=["batch"], name="task_batch", condition=Q(batch__isnull=False)),
            models.Index(fields=["batch"], name="task_hidden", condition=Q(status=HIDDEN)),
            models.Index(
                fields=["late_from"], name="task_late", condition=Q(late_from__isnull=False)
            ),
            models.Index(
                fields=["behind_from"], name="task_behind", condition=Q(behind_from__isnull=False)
            ),
            models.Index(
                fields=[
                    "year",
                    "unit",
                    "status",
                    "paused",
                    "late_from",
                    "behind_from",
                    "progress",
                ],
                name="task_statistics",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(progress__lte=100), name="task_progress_to_100"),
            models.CheckConstraint(
                condition=Q(start=None) | Q(due=None) | Q(due__gte=F("start")),
                name="task_due_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        return f"task/{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("go", args=["task", self.pk])


class Part(models.Model):
    """A person or a unit taking part in a task; also what lets them see it (§19.5)."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="parts")
    role = models.CharField(max_length=12, choices=Role.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="parts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="parts")
    year = models.PositiveSmallIntegerField()
    order = models.PositiveSmallIntegerField(default=0)
    must_sign = models.BooleanField(default=False)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["order", "pk"]
        indexes = [
            models.Index(fields=["person", "year", "task"], name="part_person"),
            models.Index(fields=["unit", "year", "task"], name="part_unit"),
            models.Index(  # the lead unit is that of the task itself
                fields=["unit", "task"], name="part_further_unit", condition=~Q(role=Role.LEAD)
            ),
            models.Index(fields=["task"], name="part_reviewer", condition=Q(role=Role.REVIEWER)),
            models.Index(
                fields=["person", "task"], name="part_assessor", condition=Q(role=Role.ASSESSOR)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "role", "person"],
                condition=Q(person__isnull=False),
                name="part_once_per_person",
            ),
            models.UniqueConstraint(
                fields=["task", "role", "unit"],
                condition=Q(unit__isnull=False),
                name="part_once_per_unit",
            ),
            models.CheckConstraint(
                condition=Q(person=None, unit__isnull=False) | Q(person__isnull=False, unit=None),
                name="part_of_person_or_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.task_id}"


class Counting(models.Model):
    """A task counts in a set; its home set is one such row (§19.2)."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="countings")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="countings")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, null=True)
    year = models.PositiveSmallIntegerField()
    home = models.BooleanField(default=False)
    points = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    result_due = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["category", "year", "task"], name="counting_set"),
            models.Index(
                fields=["category", "task"], name="counting_further", condition=Q(home=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task", "category"], name="counting_once"),
            models.UniqueConstraint(
                fields=["task"], condition=Q(home=True), name="counting_one_home"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} in {self.category_id}"


class Milestone(models.Model):
    """A node on the way, with a date."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="milestones")
    name = models.CharField(max_length=100)
    due = models.DateField()
    done_on = models.DateField(null=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["due", "order", "pk"]

    def __str__(self) -> str:
        return self.name


class Pause(models.Model):
    """Days on which the clock of a task stands still (both included)."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="pauses")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="pause_until_after_since"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_id} since {self.since}"


class RemarkKind(models.TextChoices):
    """Instruction of a leader, comment of those involved, remark of an office."""

    INSTRUCTION = "instruction", _("instruction")
    COMMENT = "comment", _("comment")
    REMARK = "remark", _("remark")


class Remark(models.Model):
    """Something said about a task; the trail keeps only its digest (§4)."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="remarks")
    kind = models.CharField(max_length=12, choices=RemarkKind.choices)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="remarks")
    reply_to = models.ForeignKey("self", on_delete=models.CASCADE, null=True)
    text = models.TextField(_("text"))
    at = models.DateTimeField()
    key = models.CharField(max_length=40, null=True, unique=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]


class OwnValue(models.Model):
    """Value of a category's own field on a task; descriptive only (§19.14)."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="own_values")
    field = models.ForeignKey(OwnField, on_delete=models.PROTECT)
    text = models.TextField(blank=True)
    number = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    date = models.DateField(null=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "field"], name="own_value_once")]

    def __str__(self) -> str:
        return self.text
