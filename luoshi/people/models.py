"""Units, people, posts, and who sits in them (ORG-1, ORG-2, ORG-6).

UnitKind ── Unit (a tree) ── UnitSpell (dated history) · UnitAlias (other names)
              │
Field ────── Post (the chair) ── Tenure (who sits in it, from, until) ── Person ── PersonSpell
Body ── Seat (members) · Meeting ── Decision
Favourite · SavedView ── OpeningView · Draft     what a person keeps
SentForm                          what came with the key of a form
"""

import datetime as dt

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from luoshi.kit.actor import Actor
from luoshi.kit.tree import Tree
from luoshi.people.roles import Duty


def _form_key() -> "models.CharField[str | None, str | None]":
    """Column for the hidden key of the form that made a row: a double click makes one row."""
    return models.CharField(max_length=32, unique=True, null=True, editable=False)


class UnitKind(models.Model):
    """A kind of unit: 职能部门, 二级学院, 科室 … (data, ORG-1)."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Unit(Tree):
    """An organisational unit; the root is the institution itself."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=100)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    kind = models.ForeignKey(UnitKind, on_delete=models.PROTECT, verbose_name=_("kind"))
    assessment_type = models.CharField(_("assessment type"), max_length=40, blank=True)
    pinyin = models.CharField(max_length=800, blank=True, editable=False)
    order = models.PositiveIntegerField(_("order"), default=0)
    since = models.DateField(_("since"))
    until = models.DateField(_("closed on"), null=True, blank=True)
    rev = models.PositiveIntegerField(default=0, editable=False)
    key = _form_key()

    class Meta:
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="unit_until_after_since"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The short name where there is one: what tables show."""
        return self.short_name or self.name

    @property
    def ref(self) -> str:
        return f"unit/{self.pk}"

    def open_on(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class UnitSpell(models.Model):
    """A stretch of time in which a unit had this name, kind, place and assessment type."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="spells")
    name = models.CharField(max_length=100)
    kind_name = models.CharField(max_length=60)
    parent_name = models.CharField(max_length=100, blank=True)
    assessment_type = models.CharField(max_length=40, blank=True)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["since", "pk"]

    def __str__(self) -> str:
        return self.name


class UnitAlias(models.Model):
    """Another name a unit is called by in task tables."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class Field(models.Model):
    """A field of responsibility: 安全, 党建, 教学 … (scope of posts, roles and categories)."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(account__iexact=(username or "").strip())


class Person(AbstractBaseUser):
    """A member of the institution, and the account that logs in."""

    account = models.CharField(_("account"), max_length=40, unique=True)
    staff_number = models.CharField(_("staff number"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    main_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="people", verbose_name=_("main unit")
    )
    assessment_type = models.CharField(_("assessment type"), max_length=40, blank=True)
    reading = models.CharField(_("pinyin of the name"), max_length=100, blank=True)
    pinyin = models.CharField(max_length=800, blank=True, editable=False)
    entered_on = models.DateField(_("entered on"))
    left_on = models.DateField(_("left on"), null=True, blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=True)
    language = models.CharField(max_length=10, blank=True)
    rev = models.PositiveIntegerField(default=0, editable=False)
    key = _form_key()

    USERNAME_FIELD = "account"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["staff_number", "name"]
    objects = PersonManager()

    class Meta:
        ordering = ["staff_number"]
        indexes = [models.Index(fields=["main_unit", "staff_number"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=F("entered_on")),
                name="person_left_after_entered",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"person/{self.pk}"

    @property
    def actor(self) -> Actor:
        """This person acting: for themselves, or for a leader they serve (`act_for`)."""
        leader: Person | None = self.__dict__.get("_acts_for")
        if leader is None:
            return Actor(self.pk, self.name)
        return Actor(self.pk, self.name, leader.pk, leader.name)

    def act_for(self, leader: "Person") -> None:
        """From now on, as long as this object lives, what is done is done for the leader."""
        self.__dict__["_acts_for"] = leader

    def present_on(self, day: dt.date) -> bool:
        return self.is_active and (self.left_on is None or day <= self.left_on)


class PersonSpell(models.Model):
    """A stretch of time in which a person belonged to this unit, with this assessment type."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="spells")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="person_spells")
    assessment_type = models.CharField(max_length=40, blank=True)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["since", "pk"]

    def __str__(self) -> str:
        return f"{self.person_id} {self.since}"


class Post(models.Model):
    """A chair: a duty in (or over) a unit, perhaps for one field. It stays when its holder goes."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    duty = models.CharField(max_length=20, choices=Duty.choices)
    field = models.ForeignKey(Field, on_delete=models.PROTECT, null=True, blank=True)
    title = models.CharField(_("title"), max_length=80)
    serves = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="secretaries"
    )
    order = models.PositiveSmallIntegerField(default=0)
    key = _form_key()

    class Meta:
        ordering = ["order", "pk"]
        indexes = [models.Index(fields=["unit", "duty"])]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        return f"post/{self.pk}"


class Tenure(models.Model):
    """Who sits in a post, from when, until when (both days included)."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="tenures")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tenures")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    key = _form_key()

    class Meta:
        ordering = ["since", "pk"]
        indexes = [models.Index(fields=["person", "until"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="tenure_until_after_since"
            )
        ]

    def __str__(self) -> str:
        return f"{self.post_id} {self.person_id} {self.since}"


class Body(models.Model):
    """A body that decides: 领导小组, 党委会, 院长办公会 … (ORG-6)."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=100)
    office = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="bodies", verbose_name=_("secretary office")
    )
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    rev = models.PositiveIntegerField(default=0, editable=False)
    key = _form_key()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="body_until_after_since"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"body/{self.pk}"


class Seat(models.Model):
    """A member of a body: a person, or an office as such; with dates."""

    body = models.ForeignKey(Body, on_delete=models.CASCADE, related_name="seats")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True)
    title = models.CharField(max_length=40, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    key = _form_key()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="seat_until_after_since"
            ),
            models.CheckConstraint(
                condition=Q(person=None, unit__isnull=False) | Q(person__isnull=False, unit=None),
                name="seat_of_person_or_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body_id} {self.since}"


class Meeting(models.Model):
    """A meeting of a body on a day."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="meetings")
    number = models.CharField(_("number"), max_length=40)
    held_on = models.DateField(_("held on"))
    topic = models.CharField(_("topic"), max_length=200, blank=True)
    key = _form_key()

    class Meta:
        ordering = ["-held_on"]
        constraints = [
            models.UniqueConstraint(fields=["body", "number"], name="meeting_number_once")
        ]

    def __str__(self) -> str:
        return self.number


class Decision(models.Model):
    """What a meeting decided, with its document."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="decisions")
    number = models.CharField(_("number"), max_length=40)
    text = models.TextField(_("decision"))
    document = models.CharField(_("document"), max_length=200, blank=True)
    key = _form_key()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "number"], name="decision_number_once")
        ]

    def __str__(self) -> str:
        return self.number


class Favourite(models.Model):
    """A page a person starred; shown at the foot of home as 我的服务 (SEE-1)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="favourites")
    url = models.CharField(max_length=300)
    title = models.CharField(max_length=80)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["person", "url"], name="favourite_once")]

    def __str__(self) -> str:
        return self.title


class Draft(models.Model):
    """What a person typed into a form and has not sent yet; survives log-out (SYS-7).

    ``form`` is the path of the form; ``data`` is its fields as JSON text.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="drafts")
    form = models.CharField(max_length=200)
    data = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "form"], name="draft_once")]

    def __str__(self) -> str:
        return self.form


class SavedView(models.Model):
    """Filters and order of a list under a name (TSK-6), perhaps shared with the people of a unit.

    ``page`` is one of `kinds.pages`, ``query`` the part of its address behind the question mark.
    What somebody else sees when opening it is what they may see.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="views")
    page = models.CharField(max_length=20)
    name = models.CharField(_("name of the view"), max_length=40)
    query = models.CharField(max_length=1000, blank=True)
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shared_views",
        verbose_name=_("shared with"),
    )
    created_at = models.DateTimeField()
    rev = models.PositiveIntegerField(default=0, editable=False)
    key = _form_key()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "page", "name"], name="view_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"view/{self.pk}"


class OpeningView(models.Model):
    """The view with which a page opens for a person."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="opening_views")
    page = models.CharField(max_length=20)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="openings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "page"], name="opening_view_once")]

    def __str__(self) -> str:
        return f"{self.page} {self.view_id}"


class SentForm(models.Model):
    """What came with the key of a form: the same key with other content is not a double click."""

    key = models.CharField(max_length=32, primary_key=True)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.key
