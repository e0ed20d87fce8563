"""The demonstration on any day of the year: on the fifth of January as in November."""

import datetime as dt
import random
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from luoshi.demo.build import build
from luoshi.demo.days import LEAST_BEHIND, Days, moment
from luoshi.kit import clock
from luoshi.measures.rules import Health
from luoshi.people.models import Person
from luoshi.reports.models import Report
from luoshi.tasks.models import Task
from luoshi.tasks.rules import health
from luoshi.trail.queries import faults

DAYS = [
    dt.date(2027, 1, 5),
    dt.date(2028, 2, 29),
    dt.date(2026, 6, 28),
    dt.date(2026, 12, 31),
]


@pytest.mark.parametrize("today", DAYS)
def test_enough_lies_behind_and_the_year_is_this_one(today: dt.date) -> None:
    days = Days(today)
    assert days.year == today.year
    assert (today - days.first).days >= LEAST_BEHIND
    assert days.settled < days.first < today <= days.last


@pytest.mark.parametrize("today", DAYS)
def test_moments_lie_in_office_hours_of_working_days(today: dt.date) -> None:
    luck = random.Random(1)
    for ago in range(30):
        at = timezone.localtime(moment(today - dt.timedelta(days=ago), luck))
        assert at.weekday() < 5
        assert 8 <= at.hour < 18
        assert at.date() <= today - dt.timedelta(days=ago)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("today", DAYS)
def test_every_state_is_there_whatever_the_day(today: dt.date, with_triggers: None) -> None:
    """Twelve indicators of the thirty show it as well."""
    with clock.at(timezone.make_aware(dt.datetime.combine(today, dt.time(18)))):
        build(core_count=12)
        told = Counter(health(task, today) for task in Task.objects.all())
        for state in (Health.IDLE, Health.MOVING, Health.STALLED, Health.LATE, Health.DONE):
            assert told[state] >= 1, state
        assert set(Task.objects.values_list("year", flat=True)) == {today.year}
        assert Report.objects.filter(late=True).exists()
        assert not list(faults())


@pytest.mark.django_db
def test_outside_demo_mode_nothing_is_built() -> None:
    with pytest.raises(CommandError):
        call_command("demo")
    with pytest.raises(CommandError):
        call_command("demo", "--if-empty")
    assert not Person.objects.exists()
