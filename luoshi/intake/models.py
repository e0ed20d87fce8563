"""Task tables on their way in (TSK-5; ARCHITECTURE §19.12): staged, checked, settled, published.

ImportBatch ─┬─ ImportRow        every line of the file as read, and what it was understood to be
             └─ UnresolvedName   names and dates that are not clear, and the clerk's answers
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from luoshi.intake.rules.table import NameKind, RowKind
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.tasks.models import Task


class State(models.TextChoices):
    """How far a batch has come."""

    STAGED = "staged", pgettext_lazy("import", "columns to be confirmed")
    CHECKING = "checking", pgettext_lazy("import", "being checked")
    READY = "ready", pgettext_lazy("import", "checked")
    PUBLISHING = "publishing", pgettext_lazy("import", "being imported")
    PUBLISHED = "published", pgettext_lazy("import", "imported")
    FAILED = "failed", pgettext_lazy("import", "failed, nothing imported")
    UNDOING = "undoing", pgettext_lazy("import", "being undone")
    UNDONE = "undone", pgettext_lazy("import", "undone")
    DROPPED = "dropped", pgettext_lazy("import", "dropped")


class RowState(models.TextChoices):
    """How a row stands after the check."""

    OK = "ok", pgettext_lazy("row", "ready")
    WARN = "warn", pgettext_lazy("row", "to be confirmed")
    OPEN = "open", pgettext_lazy("row", "waits for a name or date")
    ERROR = "error", pgettext_lazy("row", "cannot be imported so")
    LEFT_OUT = "left_out", pgettext_lazy("row", "left out")
    NO_TASK = "no_task", pgettext_lazy("row", "no task")


class ImportBatch(models.Model):
    """One file on its way in.

    ``mapping`` holds, per table of the file: name, header (first and last position among the staged
    lines of that table), titles, columns, and whether it is used. The counts are of the last check;
    ``loose`` lists unit names found without their prefix: text, unit, rows.
    """

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="+", verbose_name=_("category")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    default_due = models.DateField(_("due date of rows without one"), null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.STAGED)
    mapping = models.JSONField(default=list)
    lines = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    tasks = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    loose = models.JSONField(default=list)
    failure = models.TextField(blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    working_since = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=40, null=True, unique=True)
    rev = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"import/{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether something can still be changed about it."""
        return self.state in (State.STAGED, State.READY, State.FAILED)

    @property
    def is_working(self) -> bool:
        return self.state in (State.CHECKING, State.PUBLISHING, State.UNDOING)


class ChangeState(models.TextChoices):
    """How far a row of a list of changes has come."""

    CLEAN = "clean", pgettext_lazy("change", "can be taken over")
    PARTLY = "partly", pgettext_lazy("change", "can be taken over in part")
    TOUCHED = "touched", pgettext_lazy("change", "changed here meanwhile")
    LEFT = "left", pgettext_lazy("change", "cannot be taken over")
    CHOSEN = "chosen", pgettext_lazy("change", "being taken over")
    APPLIED = "applied", pgettext_lazy("change", "taken over")
    FAILED = "failed", pgettext_lazy("change", "refused")


#: Rows that wait for a tick.
WAITING = (ChangeState.CLEAN, ChangeState.PARTLY, ChangeState.TOUCHED, ChangeState.FAILED)


class ChangeList(models.Model):
    """An exported task list that was edited in Excel and came back (TSK-5).

    ``said`` holds what is said of the whole: kind → texts (rows added, rows deleted, columns
    missing, keys that are not ours). ``reason`` is why issued tasks are corrected.
    """

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    exported_at = models.CharField(max_length=40, blank=True)
    query = models.TextField(blank=True)
    same = models.PositiveIntegerField(default=0)
    said = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    key = models.CharField(max_length=40, null=True, unique=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["by", "-id"], name="change_list_by")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"change_list/{self.pk}"


class ChangeRow(models.Model):
    """A task whose row differs. ``fields`` are `rules.changes` in JSON, see `services.changing`.

    ``rev`` is the version of the task the values beside each other are of.
    """

    table = models.ForeignKey(ChangeList, on_delete=models.CASCADE, related_name="rows")
    row = models.PositiveIntegerField()
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+")
    rev = models.PositiveIntegerField()
    fields = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=ChangeState.choices)
    failure = models.TextField(blank=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["row"]
        indexes = [models.Index(fields=["table", "state", "row"], name="change_row_state")]
        constraints = [models.UniqueConstraint(fields=["table", "task"], name="change_row_once")]

    def __str__(self) -> str:
        return f"{self.table_id}:{self.row}"


class ImportRow(models.Model):
    """A line of the file: its texts, what it was understood to be, what the clerk typed over it.

    ``cells``, ``down`` and ``across`` are a `rules.grid.Line`, ``text`` is all of it for searching;
    ``parsed`` and ``edits`` are fields of a `rules.table.Row`; ``messages`` and ``names`` are what
    is to be said and settled.
    """

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    table = models.PositiveSmallIntegerField()
    row = models.PositiveIntegerField()
    cells = models.JSONField()
    text = models.TextField(blank=True)
    down = models.JSONField(default=list)
    across = models.JSONField(default=list)
    kind = models.CharField(max_length=10, choices=RowKind.choices, default=RowKind.TASK)
    state = models.CharField(max_length=10, choices=RowState.choices, default=RowState.NO_TASK)
    parsed = models.JSONField(default=dict)
    edits = models.JSONField(default=dict)
    messages = models.JSONField(default=list)
    names = models.JSONField(default=list)
    confirmed = models.BooleanField(default=False)
    left_out = models.BooleanField(default=False)
    due_text = models.CharField(max_length=120, blank=True)
    due = models.DateField(null=True)
    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["table", "row"]
        indexes = [models.Index(fields=["batch", "state", "table", "row"], name="import_row_state")]
        constraints = [
            models.UniqueConstraint(fields=["batch", "table", "row"], name="import_row_once")
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.table}:{self.row}"


class UnresolvedName(models.Model):
    """A name or a date of the file that is not clear. Settled by an answer, or by ignoring it."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(max_length=8, choices=NameKind.choices)
    text = models.CharField(max_length=120)
    count = models.PositiveIntegerField(default=0)
    first = models.CharField(max_length=80, blank=True)
    settled = models.BooleanField(default=False)
    units: "models.ManyToManyField[Unit, models.Model]" = models.ManyToManyField(
        Unit, related_name="+"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    day = models.DateField(null=True)

    class Meta:
        ordering = ["settled", "kind", "-count", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "kind", "text"], name="import_name_once")
        ]

    def __str__(self) -> str:
        return self.text
