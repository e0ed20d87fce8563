"""The college as visitors find it: how much there is, how it stands, and that it holds together."""

import re
from collections import Counter

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from luoshi.assessment.models import Assessment, Result
from luoshi.changes.models import Change
from luoshi.demo.build import Built
from luoshi.demo.college import PASSWORD
from luoshi.demo.guests import GUESTS
from luoshi.demo.texts import core_indicators, read
from luoshi.files.models import Attachment, Blob
from luoshi.files.queries import storage_faults
from luoshi.improvement.models import Diagnosis
from luoshi.kit import clock
from luoshi.measures.models import Category
from luoshi.measures.rules import Health
from luoshi.notices.models import Message, Question
from luoshi.people.models import Body, Decision, Meeting, Person, SavedView, Unit
from luoshi.people.queries import empty_head_posts, heads_of, leaders_of
from luoshi.people.queries.accounts import demo_people
from luoshi.people.roles import Duty
from luoshi.reports.models import Due, Quotation, Report
from luoshi.reports.rules import ReportStatus
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Counting, Kind, Milestone, Remark, RemarkKind, Task, Tier
from luoshi.tasks.queries import scope
from luoshi.tasks.rules import health
from luoshi.trail.queries import faults

pytestmark = [pytest.mark.usefixtures("college"), pytest.mark.django_db, pytest.mark.slow]


def test_there_are_thirty_indicators_and_everybody_who_works_on_them(college: Built) -> None:
    core = Task.objects.filter(category__code="863", parent=None)
    assert core.count() == 30 == len(core_indicators())
    assert Person.objects.count() == college.people == 160
    kinds = Counter(Unit.objects.values_list("kind__name", flat=True))
    assert (kinds["职能部门"], kinds["二级学院"]) == (15, 9)
    assert college.tasks >= 400
    assert college.reports >= 900


def test_goals_stand_on_three_levels_and_some_on_a_fourth() -> None:
    tiers = Counter(Task.objects.values_list("tier", flat=True))
    assert tiers[Tier.INSTITUTION] >= 40
    assert tiers[Tier.UNIT] >= 120
    assert tiers[Tier.PERSON] >= 120
    assert tiers[Tier.SECTION] >= 1
    assert not Task.objects.filter(kind=Kind.PERSONAL, children_count__gt=0).exists()


def test_all_fills_and_marks_are_there_today() -> None:
    told = Counter(health(task, clock.today()) for task in Task.objects.all())
    for state, least in (
        (Health.IDLE, 8),
        (Health.MOVING, 40),
        (Health.STALLED, 4),
        (Health.LATE, 8),
        (Health.DONE, 60),
        (Health.CANCELLED, 1),
    ):
        assert told[state] >= least, state


def test_the_second_rule_book_shows_every_station() -> None:
    rows = Task.objects.filter(category__code="instructions")
    assert set(rows.values_list("status", flat=True)) == {
        Status.DRAFT,
        Status.ISSUED,
        Status.ACTIVE,
        Status.SUBMITTED,
        Status.DONE,
        Status.CLOSED,
        Status.CANCELLED,
    }
    assert rows.filter(returns=1).count() == 1
    drafts = Task.objects.filter(category__code="other-goals")
    assert set(drafts.values_list("status", flat=True)) == {Status.DRAFT}


def test_overlapping_indicators_count_in_both_sets_with_a_day_for_the_result() -> None:
    rows = Counting.objects.filter(home=False)
    assert 8 <= rows.count() <= 14
    assert not rows.filter(result_due=None).exists()
    assert set(rows.values_list("category__code", flat=True)) == {"quality"}
    assert Report.objects.filter(kind="result").exists()
    assert Due.objects.filter(kind="result", filed_on=None).exists()


def test_reports_differ_and_are_chinese() -> None:
    bodies = Counter(Report.objects.filter(unchanged=False).values_list("body", flat=True))
    twice = sum(count - 1 for count in bodies.values())
    assert twice < len(bodies) * 0.04
    assert max(bodies.values()) <= 6
    for body in bodies:
        assert re.search(r"[\u4e00-\u9fff]", body)
        assert not re.search(r"[{}]|None|\blorem\b", body), body
        assert body.endswith(("。", "”"))


def test_reports_are_late_amended_over_target_and_ask_for_help() -> None:
    reports = Report.objects.all()
    assert reports.filter(late=True).count() >= 15
    assert reports.filter(status=ReportStatus.AMENDED).count() == 1
    assert reports.exclude(problems="").count() >= 100
    assert reports.exclude(help_needed="").count() >= 20
    done = Task.objects.filter(progress=100, target_value__isnull=False)
    assert any(task.achieved and task.achieved > task.target_value for task in done)
    assert Due.objects.filter(kind="period", filed_on=None, void=False).exists()


def test_every_report_of_the_core_set_has_evidence_stored_once() -> None:
    told = Report.objects.filter(task__category__code="863", status=ReportStatus.FILED)
    told = told.filter(unchanged=False)
    hung = set(Attachment.objects.filter(about_kind="report").values_list("about_id", flat=True))
    amended = {row.amends_id for row in told if row.amends_id}
    assert set(told.values_list("pk", flat=True)) - hung <= {
        row.pk for row in told if row.amends_id
    }
    assert len(amended) <= 1
    assert Blob.objects.count() < 30 < Attachment.objects.count()
    assert storage_faults().missing == ()


def test_leaders_speak_and_milestones_are_reached() -> None:
    assert Remark.objects.filter(kind=RemarkKind.INSTRUCTION).count() >= 2
    assert Remark.objects.filter(kind=RemarkKind.COMMENT).count() >= 8
    assert Milestone.objects.filter(done_on=None).exists()
    assert Milestone.objects.exclude(done_on=None).exists()


def test_every_unit_has_heads_and_a_leader_and_bodies_have_met() -> None:
    assert not [unit for unit in empty_head_posts(clock.today()) if unit.depth == 1]
    for unit in Unit.objects.filter(depth=1):
        assert leaders_of(unit), unit
        assert len(heads_of(unit)) == (2 if unit.kind.code == "school" else 1)
    assert Body.objects.count() == 3
    assert Meeting.objects.count() == len(read("college")["meeting"])
    assert Decision.objects.count() >= 7


def test_time_runs_forward_in_every_story() -> None:
    for task in Task.objects.exclude(issued_at=None):
        assert task.created_at <= task.issued_at <= clock.now()
        told = list(task.reports.order_by("pk").values_list("at", "progress"))
        assert told == sorted(told)
    assert not Message.objects.filter(at__gt=clock.now()).exists()
    assert Message.objects.filter(read_at=None).exists()
    assert Message.objects.exclude(read_at=None).exists()


def test_sub_tasks_lie_within_their_parents() -> None:
    for task in Task.objects.exclude(parent=None).select_related("parent"):
        assert task.due <= task.parent.due
        assert task.issued_at >= task.parent.issued_at
        assert task.parent.progress < 100 or task.progress == 100


def test_the_trail_and_every_stored_value_hold(with_triggers: None) -> None:
    assert [fault.sentence for fault in faults()] == []
    call_command("check")


def test_everybody_logs_in_and_nobody_must_change_the_password() -> None:
    stored = set(Person.objects.values_list("password", flat=True))
    assert all(check_password(PASSWORD, one) for one in stored)
    assert not Person.objects.filter(must_change_password=True).exists()
    for person in Person.objects.all():
        visitor = Client()
        typed = {"account": person.staff_number, "password": PASSWORD}
        assert visitor.post(reverse("people:login"), typed).status_code == 302, person


def test_visitors_enter_as_every_role_with_one_click(settings) -> None:
    settings.DEMO = True
    shown = demo_people()
    assert [(guest.person.name, guest.role) for guest in shown] == [
        (name, str(role)) for name, role in GUESTS
    ]
    for guest in shown:
        visitor = Client()
        page = visitor.post(reverse("people:demo_login"), {"person": guest.person.pk})
        assert page.status_code == 302
        assert visitor.get(reverse("home")).status_code == 200


def test_visitors_find_something_of_their_own() -> None:
    people = {guest.person.name: guest.person for guest in demo_people()}
    assert scope("mine", people["骆文博"]).filter(kind=Kind.PERSONAL).count() >= 2
    assert scope("mine", people["许振华"]).count() >= 8
    assert scope("created", people["罗思敏"]).count() >= 40
    assert scope("assessing", people["范国强"]).count() >= 30
    assert people["陶然"].tenures.filter(post__duty=Duty.SYSTEM_ADMIN).exists()
    for person in people.values():
        assert person.favourites.count() == 3


def test_sets_and_rules_are_those_of_the_documents() -> None:
    codes = set(Category.objects.values_list("code", flat=True))
    assert codes == {"863", "quality", "other-goals", "instructions"}


def test_doing_it_again_changes_nothing(settings) -> None:
    before = Task.objects.count()
    call_command("demo", "--if-empty")
    assert Task.objects.count() == before
    settings.DEMO = True
    with pytest.raises(CommandError):
        call_command("demo")
    assert Task.objects.count() == before


def test_the_college_is_unknown_to_the_rest_of_the_world() -> None:
    assert not Person.objects.exclude(email__endswith="@jczy.example").exists()
    assert not Person.objects.exclude(phone__startswith="1390000").exists()


def test_what_follows_the_reports_is_there() -> None:
    assert Assessment.objects.count() >= 100
    assert 50 <= Result.objects.count() < Assessment.objects.count()
    assert Diagnosis.objects.count() >= 30
    assert not Diagnosis.objects.filter(late=True).exists()
    states = set(Change.objects.values_list("state", flat=True))
    assert {"accepted", "asked", "declined"} <= states
    assert Report.objects.filter(unchanged=True).count() >= 20
    assert Quotation.objects.count() >= 40
    assert Question.objects.filter(answered_at=None).count() == 1
    assert SavedView.objects.filter(unit__isnull=False).count() == 1
