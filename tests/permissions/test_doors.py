"""Every address of the house is in the table, and answers every role as the table says."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from luoshi.desk.management.doors import DOORS, Verb, Who
from luoshi.people.roles import Duty, Power
from luoshi.people.tests.factories import make_person, seat
from luoshi.tasks.services import line, registering
from luoshi.tasks.tests.factories import new
from luoshi.trail.models import Event
from tests.permissions import table
from tests.permissions.table import ALLOWED, INVISIBLE, LOGIN, REFUSED, ROLES, STAFF
from tests.permissions.world import build

pytestmark = pytest.mark.django_db
CHINESE = re.compile(r"[一-鿿]")
SAYS_WHO = re.compile(r"只|仅|由")
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def world(once):
    made = build()
    made.arguments = table.arguments(made)
    return made


def url_of(world, name):
    return reverse(name, kwargs=world.arguments[name])


def test_every_address_is_in_the_table_and_nothing_else():
    from importlib import import_module

    drawing = import_module("luoshi.desk.management.commands.draw-permissions")
    names = [name for name, _path in drawing.paths()]
    assert sorted(set(names)) == sorted(DOORS)
    assert len(set(names)) == len(names)


def test_the_document_is_as_drawn():
    from django.core.management import call_command

    call_command("draw-permissions", "--check")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_at_every_door(role, world, knock):
    """The doors that ask for a power, for sight of a thing, or for nothing but a log-in."""
    person, wrong = world.roles[role], []
    for name, door in table.plain_doors(role).items():
        url, expected = url_of(world, name), table.answer_to(role, door)
        for method in door.methods.split():
            headers = HTMX if role not in (STAFF, Duty.GOAL_OFFICE) else {}
            answer = knock(person, method, url, **headers)
            got = table.heard(answer)
            if name == "people:logout":
                got = ALLOWED if answer.status_code == 302 else got
            if name in PARTLY and got == INVISIBLE:
                got = ALLOWED
            if name in BY_STATE and got == REFUSED and expected == ALLOWED:
                got = ALLOWED
            if name == "healthz" and got == "503":
                got = ALLOWED  # no worker runs beside the tests
            if got != expected:
                wrong.append(f"{method} {url} ({name}): {got}, not {expected}")
            elif got == REFUSED and not _told(answer):
                wrong.append(f"{method} {url} ({name}): no word on who can")
    assert not wrong, "\n".join(wrong)


#: 404 for want of a value in the form, not of a permission.
PARTLY = {"people:views", "people:save_view", "people:opening_view", "people:language"}
#: Refused to those who may because of how far the thing has come, not because of who asks.
BY_STATE = {"intake:publish", "intake:undo", "measures:remove"}


def _told(answer) -> bool:
    """Whether a refusal says in Chinese who can do it."""
    text = answer.content.decode()
    if "errors-reason" in text or "<main" in text:
        text = text.partition("<main")[2].partition("</main>")[0]
    return bool(CHINESE.search(text) and SAYS_WHO.search(text))


#: Without a log-in these answer as they please.
OPEN = {Who.ANYBODY, Who.DEMO}


def test_whoever_is_not_logged_in_is_sent_to_the_log_in(world, knock):
    wrong = []
    for name, door in DOORS.items():
        url = url_of(world, name)
        for method in door.methods.split():
            got = table.heard(knock(None, method, url))
            part = knock(None, method, url, **HTMX)
            data = knock(None, method, url, **{"X-Requested-With": "fetch"})
            if door.who in OPEN:
                if LOGIN in (got, table.heard(part)):
                    wrong.append(f"{method} {name} asks for a log-in")
                continue
            if got != LOGIN:
                wrong.append(f"{method} {name}: {got}")
            if part.status_code != 204 or table.heard(part) != LOGIN:
                wrong.append(f"{method} {name} by htmx: {part.status_code}")
            if data.status_code != 401:
                wrong.append(f"{method} {name} by fetch: {data.status_code}")
    assert not wrong, "\n".join(wrong)


def test_what_does_not_exist_asks_for_a_log_in_too(world, knock):
    """Nobody learns from outside which numbers exist."""
    wrong = []
    for name, door in DOORS.items():
        given = world.arguments[name]
        numbers = {key: 999_999 for key, value in given.items() if isinstance(value, int)}
        if not numbers or door.who in OPEN:
            continue
        url = reverse(name, kwargs={**given, **numbers})
        if table.heard(knock(None, door.methods.split()[0], url)) != LOGIN:
            wrong.append(name)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [STAFF, Duty.GOAL_OFFICE.value, Duty.SYSTEM_ADMIN.value])
def test_what_does_not_exist_is_not_there_or_refused(role, world, knock):
    wrong = []
    for name, door in DOORS.items():
        given = world.arguments[name]
        numbers = {key: 999_999 for key, value in given.items() if isinstance(value, int)}
        if not numbers or name in {"periods:seed", "go"}:
            continue
        url = reverse(name, kwargs={**given, **numbers})
        for method in door.methods.split():
            got = table.heard(knock(world.roles[role], method, url, **HTMX))
            if got not in (INVISIBLE, REFUSED):
                wrong.append(f"{method} {name}: {got}")
    assert not wrong, "\n".join(wrong)


def test_methods_that_no_door_has_are_refused(world, knock):
    wrong = []
    for name, door in DOORS.items():
        if door.who in {Who.BUILDERS}:
            continue
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(door.methods.split()):
            answer = knock(world.roles[Duty.GOAL_OFFICE], method, url_of(world, name), **HTMX)
            if answer.status_code != 405:
                wrong.append(f"{method} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_looking_changes_nothing(world, knock):
    before, wrong = Event.objects.count(), []

    def count() -> None:
        if Event.objects.count() != before:
            wrong.append(name)

    for name, door in DOORS.items():
        if "GET" in door.methods:
            role = Duty.SYSTEM_ADMIN if door.who == Power.EDIT_PEOPLE else Duty.GOAL_OFFICE
            knock(world.roles[role], "GET", url_of(world, name), after=count, **HTMX)
    assert not wrong, "\n".join(wrong)


def test_a_first_password_opens_nothing_else(world, knock):
    person = make_person("钱新来", world.people.other, must_change_password=True)
    seat(person, world.people.root, Duty.GOAL_OFFICE)
    open_ones = {"people:password", "people:logout", "people:language", "healthz"}
    wrong = []
    for name, door in DOORS.items():
        if name in open_ones:
            continue
        for method in door.methods.split():
            answer = knock(person, method, url_of(world, name))
            if answer.status_code != 302 or not answer.url.startswith("/people/password/"):
                wrong.append(f"{method} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_whoever_left_is_out_at_once(world, knock):
    person = make_person("钱走了", world.people.other, left_on=dt.date(2026, 3, 9))
    seat(person, world.people.root, Duty.GOAL_OFFICE)
    for name in ("home", "task-list", "tasks:register", "measures:create"):
        assert table.heard(knock(person, "GET", url_of(world, name))) == LOGIN


# ── powers reach as far as the post does ─────────────────────────────────────────────────────────


def test_an_administrator_of_one_unit_keeps_to_it(world, knock):
    """Everything about units, people and posts of another unit is refused."""
    people = world.people
    person = make_person("钱院管", people.school)
    seat(person, people.school, Duty.SYSTEM_ADMIN)
    elsewhere, wrong = seat(people.sun, people.other, Duty.MEMBER), []
    outside = {
        "unit_id": people.other.pk,
        "person_id": people.sun.pk,
        "post_id": elsewhere.post_id,
        "tenure_id": elsewhere.pk,
        "body_id": world.body.pk,
        "seat_id": world.seat.pk,
        "meeting_id": world.meeting.pk,
    }
    for name, door in DOORS.items():
        given = world.arguments[name]
        if str(door.who) != "edit_people" or not set(given) & set(outside):
            continue
        there = {key: outside.get(key, value) for key, value in given.items()}
        for method in door.methods.split():
            inside = table.heard(knock(person, method, url_of(world, name), **HTMX))
            beyond = table.heard(knock(person, method, reverse(name, kwargs=there), **HTMX))
            in_body = name in BODY_DOORS
            if not in_body and inside != ALLOWED:
                wrong.append(f"{method} {name} inside: {inside}")
            if beyond != REFUSED and name != "people:appoint":
                wrong.append(f"{method} {name} outside: {beyond}")
    assert not wrong, "\n".join(wrong)


#: Bodies of the world are kept by another unit.
BODY_DOORS = {name for name in DOORS if name.startswith("people:") and "body" in name} | {
    "people:add_seat",
    "people:hold_meeting",
    "people:end_seat",
    "people:record_decision",
}


def test_an_administrator_of_one_unit_gives_no_post_above_it(world, knock):
    """Posts are the way to every power: nobody takes one that lies beyond their own reach."""
    from luoshi.people.models import Tenure

    people = world.people
    person = make_person("钱小管", people.school)
    seat(person, people.school, Duty.SYSTEM_ADMIN)
    held = Tenure.objects.count()

    def nothing() -> None:
        assert Tenure.objects.count() == held

    data = {"unit": people.root.code, "duty": Duty.GOAL_OFFICE, "since": "2026-01-01"}
    data["unit"] = str(people.root.pk)
    answer = knock(
        person, "POST", reverse("people:appoint", args=[person.pk]), data, after=nothing, **HTMX
    )
    assert answer.status_code in (403, 422), answer.content.decode()


def test_the_secretary_office_of_a_body_keeps_its_book(world, knock):
    """Its people hold no post at all."""
    own = ("people:add_seat", "people:hold_meeting", "people:end_seat", "people:record_decision")
    for name in own:
        assert table.heard(knock(world.clerk, "GET", url_of(world, name))) == ALLOWED
        assert table.heard(knock(world.people.li, "GET", url_of(world, name))) == REFUSED
    assert table.heard(knock(world.clerk, "GET", url_of(world, "people:edit_body"))) == REFUSED


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_an_uploaded_table_is_not_open_through_the_files(world, knock):
    """The attachment of a batch is seen by whom the batch is seen by, on every way to it."""
    from luoshi.files.models import Attachment

    file = Attachment.objects.get(about_kind="import", about_id=world.batch.pk)
    ways = [reverse(f"files:{name}", args=[file.pk]) for name in ("page", "show", "download")]
    ways.append(reverse("go", args=["import", world.batch.pk]))
    for role in ROLES:
        seen = role in table.UPLOADERS
        for url in ways:
            got = table.heard(knock(world.roles[role], "GET", url, **HTMX))
            assert got == (ALLOWED if seen else INVISIBLE), (role, url)


def test_a_file_cited_elsewhere_is_seen_from_there_only_by_who_sees_that(world, knock):
    url = reverse("files:download", args=[world.file.pk])
    assert table.heard(knock(world.people.sun, "GET", url)) == INVISIBLE
    assert table.heard(knock(world.people.li, "GET", url)) == ALLOWED


# ── lists, searches and charts show nothing that is hidden ───────────────────────────────────────

TITLE = "不公开的事项九七三一"


def test_a_hidden_task_is_nowhere_for_somebody_else(world, knock):
    task = registering.register(
        new(
            world.category,
            world.people.section.pk,
            owner_id=world.people.li.pk,
            title=TITLE,
            details=TITLE,
        ),
        by=world.people.chen.actor,
        issue=True,
    )
    line.id_of(world.people.li.actor)
    looked = [
        reverse("task-list") + f"?scope=all&q={TITLE}",
        reverse("task-list") + "?scope=department",
        reverse("gantt_data"),
        reverse("mosaic"),
        reverse("search") + f"?q={TITLE}",
        reverse("home"),
        reverse("owed"),
        *(reverse("feedback") + f"?view={view}" for view in ("reports", "units", "tasks", "dues")),
    ]
    for url in looked:
        page = knock(world.people.sun, "GET", url).content.decode()
        rest = page.replace(f'value="{TITLE}"', "").replace("?q=", "")
        shown = rest.count(TITLE)
        bare = knock(world.people.sun, "GET", url.replace(TITLE, "完全没有的词")).content.decode()
        assert f"task/{task.pk}/" not in page, url
        assert f"tasks/{task.pk}/" not in page, url
        assert shown <= max(bare.count("完全没有的词"), 3), url
    seen = knock(world.people.li, "GET", reverse("search") + f"?q={TITLE}").content.decode()
    assert f"/tasks/{task.pk}/" in seen


def test_verbs_are_tried_elsewhere():
    assert {door.who.name for door in table.verb_doors().values() if isinstance(door.who, Verb)}
