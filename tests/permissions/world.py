"""A small college with something behind every address."""

import datetime as dt
from types import SimpleNamespace

from django.core.files.uploadedfile import SimpleUploadedFile

from luoshi.assessment.models import Assessment
from luoshi.changes.models import Change
from luoshi.changes.tests.factories import asked
from luoshi.desk.queries import listing as queries
from luoshi.desk.queries import workbooks
from luoshi.files.services import attach
from luoshi.files.tests.factories import png, upload
from luoshi.improvement.tests.factories import diagnose
from luoshi.intake.models import ChangeList
from luoshi.intake.services import changing
from luoshi.intake.tests import factories as tables
from luoshi.kit import clock
from luoshi.notices.models import Message
from luoshi.notices.services import ask_question, notify
from luoshi.people.models import Person
from luoshi.people.roles import Duty
from luoshi.people.services import bodies, viewing
from luoshi.people.tests.factories import cast, make_person, make_unit, seat
from luoshi.reports.models import Due
from luoshi.reports.tests.factories import running, tell
from luoshi.tasks.queries import Filters
from luoshi.tasks.services import registering, taking_part
from luoshi.tasks.tests.factories import issued, make_set, new
from tests.permissions.conftest import people_of_all_duties
from tests.permissions.table import ROLES, STAFF

DAY = dt.date(2026, 3, 28)


def build() -> SimpleNamespace:
    """Something behind every address."""
    people = cast()
    roles = people_of_all_duties(people, ROLES)
    world = SimpleNamespace(people=people, roles=roles, section=people.section)
    world.staff = people.li
    world.tenure = seat(people.li, people.section, Duty.SECTION_HEAD)
    world.post = world.tenure.post
    world.category = make_set(visibility="involved", sign_off="never", diagnose_in="12")
    world.measure = make_set().measure
    world.hidden = registering.register(
        new(
            world.category,
            people.section.pk,
            owner_id=people.li.pk,
            start=dt.date(2026, 1, 5),
            further_sets=((make_set().pk, None),),
        ),
        by=people.chen.actor,
        issue=True,
    )
    world.counting = world.hidden.countings.get(home=False)
    world.report = tell(world.hidden, people.li, 10)
    world.diagnosis = diagnose(world.hidden, people.li)
    world.score = Assessment.objects.create(
        task=world.hidden, assessor=people.zhao, points=1, out_of=1, at=clock.now()
    )
    world.due = Due.objects.create(
        task=world.hidden, kind="period", period="D1", since=DAY, until=DAY, due_on=DAY,
        closes_on=DAY,
    )  # fmt: skip
    world.view = viewing.save_view(people.sun, page="task-list", name="逾期", query="health=late")
    taking_part.remark(world.hidden, "请抓紧", by=people.li.actor)
    uploaded = attach(world.hidden.ref, [upload(png(), "现场.png")], by=people.li.actor)
    world.file = uploaded[0]
    notify(
        [people.sun.pk],
        "task.issue",
        about=world.hidden.ref,
        title="题目",
        by=people.chen.actor,
    )
    world.message = Message.objects.get(person=people.sun)
    world.question = ask_question(text="怎么导出？", by=people.sun.actor)
    world.digest = Message.objects.create(
        person=people.sun, kind="notices.digest", key="2026-11-25", about_kind="reminders",
        about_id=20261125, title="题目", data={"count": 1}, by_name="", at=clock.now(),
    )  # fmt: skip
    world.asked, world.asked_too = _transfers(people, roles[STAFF])
    admin = people.admin.actor
    world.minutes = make_unit("院长办公室", people.root, "职能部门", "12")
    world.clerk = make_person("钱书记员", world.minutes)
    day = dt.date(2026, 1, 1)
    world.body = bodies.create_body(
        code="B1", name="校务会", office=world.minutes, since=day, by=admin
    )
    world.seat = bodies.add_seat(world.body, person=people.zhao, since=day, by=admin)
    world.meeting = bodies.hold_meeting(world.body, number="第1次", held_on=day, by=admin)
    world.batch = tables.checked(
        people.chen,
        make_set(),
        tables.file(tables.csv_of(("1", "建设基地", "教务外", "12月底前"))),
    )
    world.returned = _returned(roles[STAFF], people)
    world.row, world.name = world.batch.rows.filter(kind="task").first(), world.batch.names.first()
    return world


def _returned(staff: Person, people: SimpleNamespace) -> ChangeList:
    """An exported list that somebody without a post brought back."""
    asked_for = workbooks.Asked("", staff.name, clock.now())
    tasks = queries.matching(people.chen, "all", Filters(), DAY)
    with workbooks.task_list(queries.rows_to_export(tasks, "due", DAY), asked_for) as book:
        file = SimpleUploadedFile("任务列表.xlsx", book.read())
    return changing.bring_back(file, by=staff.actor)


def _transfers(people: SimpleNamespace, staff: Person) -> tuple[Change, Change]:
    """One asked of somebody without a post, one asked by them."""
    own = issued(make_set(), people.chen, people.section.pk, owner_id=staff.pk)
    return asked(running(people), people.li, staff), asked(own, staff, people.li)
