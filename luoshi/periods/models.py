"""Time as the institution counts it.

Period   a year, half, quarter, month … with the longer one it lies in
Day      a day that differs from the week: a holiday, or a weekend day that is worked
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PeriodKind(models.TextChoices):
    """What a period is."""

    YEAR = "year", pgettext_lazy("period", "Year")
    SCHOOL_YEAR = "school_year", _("School year")
    TERM = "term", _("Term of years")
    HALF = "half", _("Half year")
    QUARTER = "quarter", _("Quarter")
    MONTH = "month", pgettext_lazy("period", "Month")
    WEEK = "week", pgettext_lazy("period", "Week")


class Period(models.Model):
    """A stretch of time with a name; both ends belong to it. Periods may overlap."""

    kind = models.CharField(_("kind"), max_length=12, choices=PeriodKind.choices)
    name = models.CharField(_("name"), max_length=60)
    since = models.DateField(_("from"))
    until = models.DateField(_("until"))
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )

    class Meta:
        ordering = ["since", "-until"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "since", "until"], name="period_once"),
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="period_runs_forward"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"period/{self.pk}"


class DayKind(models.TextChoices):
    """What a day is."""

    WORKDAY = "workday", _("Working day")
    HOLIDAY = "holiday", _("Day off")


class Day(models.Model):
    """A day whose kind is set; every other day is as its weekday."""

    date = models.DateField(_("day"), unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=DayKind.choices)
    name = models.CharField(_("name"), max_length=60, blank=True)

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {self.name}"

    @property
    def ref(self) -> str:
        return f"day/{self.date:%Y%m%d}"
