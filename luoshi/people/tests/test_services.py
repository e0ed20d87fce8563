"""Units, persons, posts, bodies, accounts: what happens, what is refused, what the trail says."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people import queries
from luoshi.people.models import Body, Draft, Person, Post, Tenure, Unit, UnitSpell
from luoshi.people.queries import accounts as account_queries
from luoshi.people.queries import bodies as body_queries
from luoshi.people.roles import Duty, Power
from luoshi.people.services import accounts, bodies, keeping, persons, posts, units
from luoshi.people.tests.factories import cast, make_field, make_kind, make_person, seat
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 3, 1)
KEY = "a" * 32


def verbs(ref: str) -> list[str]:
    kind, pk = ref.split("/")
    return list(
        Event.objects.filter(about_kind=kind, about_id=pk)
        .order_by("seq")
        .values_list("verb", flat=True)
    )


def open_unit(who, **more):
    values = {
        "name": "智能制造系",
        "code": "21",
        "kind": make_kind(),
        "parent": who.school,
        "since": DAY,
        "by": who.admin.actor,
        **more,
    }
    return units.create_unit(**values)


def enter(who, **more):
    values = {
        "staff_number": "5001",
        "name": "冯明",
        "main_unit": who.school,
        "entered_on": DAY,
        "by": who.admin.actor,
        **more,
    }
    return persons.enter_person(**values)


# ── units ──


def test_a_unit_is_opened_below_another_and_told_in_the_trail():
    who = cast()
    unit = open_unit(who, short_name="智造系", aliases=["智造专业群"])
    assert unit.path.startswith(who.school.path)
    assert unit.depth == who.school.depth + 1
    assert " zhinengzhizaoxi" in unit.pinyin
    assert " zzx" in unit.pinyin
    assert [s.name for s in unit.spells.all()] == ["智能制造系"]
    assert queries.unit_names()["智造专业群"] == unit.pk
    assert verbs(unit.ref) == ["unit.create"]


def test_the_same_form_sent_twice_opens_one_unit():
    who = cast()
    first = open_unit(who, key=KEY)
    assert open_unit(who, key=KEY).pk == first.pk
    assert Unit.objects.filter(code="21").count() == 1
    assert verbs(first.ref) == ["unit.create"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "20"}, "code"),
        ({"name": "数控教研室"}, "name"),
        ({"name": "😀"}, "name"),
        ({"name": "   "}, "name"),
        ({"since": dt.date(2019, 1, 1)}, "parent"),
        ({"parent": None}, "parent"),
        ({"aliases": ["财务科"]}, "aliases"),
    ],
)
def test_what_cannot_be_a_unit_is_refused_and_nothing_is_written(change, field):
    who = cast()
    units.edit_unit(who.other, by=SYSTEM, rev=0, aliases=["财务科"])
    before = Unit.objects.count()
    if "parent" in change:
        change = {**change, "by": SYSTEM}
    with pytest.raises(Refused) as refusal:
        open_unit(who, **change)
    assert refusal.value.field == field
    assert Unit.objects.count() == before


@pytest.mark.parametrize("name", ["𠮷林分院", "㐀文研究所", "信息学院😀", "A座实训中心"])
def test_rare_characters_and_emoji_in_names_are_kept(name):
    who = cast()
    assert Unit.objects.get(pk=open_unit(who, name=name).pk).name == name


def test_only_who_reaches_the_unit_may_open_one_below_it():
    who = cast()
    local = make_person("本院管理", who.school)
    seat(local, who.school, Duty.SYSTEM_ADMIN)
    assert open_unit(who, by=local.actor).parent_id == who.school.pk
    with pytest.raises(NotAllowed):
        open_unit(who, by=local.actor, parent=who.root, code="22")
    with pytest.raises(NotAllowed):
        open_unit(who, by=who.wang.actor, code="23", name="另一系")


def test_a_renamed_unit_keeps_its_old_name_in_history():
    who = cast()
    unit = units.rename_unit(
        who.school, name="智能制造学院", on=DAY, by=who.admin.actor, rev=who.school.rev
    )
    assert unit.name == "智能制造学院"
    assert queries.name_on(unit, DAY - dt.timedelta(days=1)) == "机电工程学院"
    assert queries.name_on(unit, DAY) == "智能制造学院"
    assert verbs(unit.ref) == ["unit.rename"]
    assert queries.unit_names()["机电工程学院"] == unit.pk
    assert queries.units_matching("znzz")[0] == unit


def test_a_moved_unit_takes_everything_below_along():
    who = cast()
    moved = units.move_unit(
        who.school, parent=who.office, on=clock.today(), by=who.admin.actor, rev=0
    )
    section = Unit.objects.get(pk=who.section.pk)
    assert section.path.startswith(who.office.path)
    assert section.depth == 3
    assert [s.parent_name for s in moved.spells.all()] == ["江城职业技术学院", "质量管理办公室"]
    assert verbs(moved.ref) == ["unit.move"]


@pytest.mark.parametrize("target", ["school", "section"])
def test_a_unit_cannot_move_below_itself(target):
    who = cast()
    with pytest.raises(Refused, match=r"."):
        units.move_unit(who.school, parent=getattr(who, target), on=DAY, by=SYSTEM, rev=0)
    assert Unit.objects.get(pk=who.school.pk).path == who.school.path
    assert verbs(who.school.ref) == []


def test_changes_lie_neither_in_the_future_nor_before_the_last_one():
    who = cast()
    later = clock.today() + dt.timedelta(days=1)
    for day in (later, dt.date(2019, 1, 1)):
        with pytest.raises(Refused) as refusal:
            units.rename_unit(who.school, name="新名", on=day, by=SYSTEM, rev=0)
        assert refusal.value.field == "on"
    assert Unit.objects.get(pk=who.school.pk).name == "机电工程学院"


def test_two_people_change_a_unit_and_the_second_is_told():
    who = cast()
    units.rename_unit(who.school, name="甲学院", on=DAY, by=who.admin.actor, rev=0)
    with pytest.raises(Stale):
        units.rename_unit(who.school, name="乙学院", on=DAY, by=who.admin.actor, rev=0)
    assert Unit.objects.get(pk=who.school.pk).name == "甲学院"
    assert UnitSpell.objects.filter(unit=who.school).count() == 2


def test_a_unit_with_people_units_or_posts_does_not_close():
    who = cast()
    for unit in (who.school, who.section, who.root):
        with pytest.raises(NotAllowed):
            units.close_unit(unit, until=DAY, by=SYSTEM, rev=0)
    assert Unit.objects.filter(until=None).count() == 5


def test_an_empty_unit_closes_and_opens_again():
    who = cast()
    unit = open_unit(who)
    with pytest.raises(Refused) as refusal:
        units.close_unit(unit, until=DAY - dt.timedelta(days=1), by=SYSTEM, rev=0)
    assert refusal.value.field == "until"
    units.close_unit(unit, until=DAY, by=SYSTEM, rev=0)
    assert unit.pk not in {u.pk for u in queries.units_open()}
    with pytest.raises(Refused, match=r"."):
        enter(who, main_unit=Unit.objects.get(pk=unit.pk), entered_on=DAY + dt.timedelta(days=1))
    units.reopen_unit(unit, by=SYSTEM, rev=1)
    assert unit.pk in {u.pk for u in queries.units_open()}
    assert verbs(unit.ref) == ["unit.create", "unit.close", "unit.reopen"]


# ── persons ──


def test_a_person_is_entered_with_account_and_first_password():
    who = cast()
    first = accounts.first_password()
    person = enter(who, first=first)
    assert person.account == "T5001"
    assert person.must_change_password
    assert person.check_password(first.told)
    assert len(first.told) == 12
    assert [s.unit_id for s in person.spells.all()] == [who.school.pk]
    assert verbs(person.ref) == ["person.enter"]
    assert first.told not in Event.objects.get(about_kind="person", about_id=person.pk).data


@override_settings(INITIAL_PASSWORD="123456")
def test_the_initial_password_of_the_institution_is_exempt_from_the_rules_once():
    who = cast()
    person = enter(who)
    assert person.check_password("123456")
    assert person.must_change_password
    with pytest.raises(Refused) as refusal:
        accounts.change_password(person, old="123456", new="654321", by=person.actor)
    assert refusal.value.field == "new"
    accounts.change_password(person, old="123456", new="jiangcheng-2026", by=person.actor)
    person.refresh_from_db()
    assert not person.must_change_password
    assert person.check_password("jiangcheng-2026")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"staff_number": "1001"}, "staff_number"),
        ({"staff_number": "T1001"}, "staff_number"),
        ({"name": "😀"}, "name"),
        ({"entered_on": dt.date(2019, 1, 1)}, "main_unit"),
    ],
)
def test_who_cannot_be_entered_is_refused(change, field):
    who = cast()
    before = Person.objects.count()
    with pytest.raises(Refused) as refusal:
        enter(who, **change)
    assert refusal.value.field == field
    assert Person.objects.count() == before


def test_a_double_click_enters_one_person():
    who = cast()
    assert enter(who, key=KEY).pk == enter(who, key=KEY).pk
    assert Person.objects.filter(staff_number="5001").count() == 1


def test_a_transfer_ends_the_old_posts_the_day_before():
    who = cast()
    persons.transfer_person(
        who.wang, unit=who.other, on=DAY, by=who.admin.actor, rev=0, end_posts=True
    )
    wang = Person.objects.get(pk=who.wang.pk)
    assert wang.main_unit_id == who.other.pk
    assert queries.heads_of(who.school, DAY) == []
    assert queries.heads_of(who.school, DAY - dt.timedelta(days=1)) == [wang]
    assert [s.until for s in wang.spells.all()] == [DAY - dt.timedelta(days=1), None]
    assert verbs(wang.ref) == ["person.transfer"]


def test_a_transfer_to_the_same_or_a_closed_unit_is_refused():
    who = cast()
    closed = open_unit(who)
    units.close_unit(closed, until=DAY, by=SYSTEM, rev=0)
    closed.refresh_from_db()
    for unit in (who.school, closed):
        with pytest.raises(Refused) as refusal:
            persons.transfer_person(
                who.wang, unit=unit, on=DAY + dt.timedelta(days=9), by=SYSTEM, rev=0
            )
        assert refusal.value.field == "unit"
    assert verbs(who.wang.ref) == []


def test_leaving_ends_posts_and_seats_and_coming_back_restores_none():
    who = cast()
    body = bodies.create_body(code="B", name="领导小组", office=who.office, since=DAY, by=SYSTEM)
    bodies.add_seat(body, person=who.wang, since=DAY, by=SYSTEM)
    last = DAY + dt.timedelta(days=30)
    persons.let_leave(who.wang, left_on=last, by=who.admin.actor, rev=0)
    wang = Person.objects.get(pk=who.wang.pk)
    assert not wang.present_on(last + dt.timedelta(days=1))
    assert queries.heads_of(who.school, last + dt.timedelta(days=1)) == []
    assert list(body_queries.seats_of(body, last + dt.timedelta(days=1))) == []
    with pytest.raises(NotAllowed):
        persons.let_leave(wang, left_on=last, by=SYSTEM, rev=wang.rev)
    with pytest.raises(Refused) as refusal:
        persons.readmit_person(wang, unit=who.other, on=last, by=SYSTEM, rev=wang.rev)
    assert refusal.value.field == "on"
    persons.readmit_person(
        wang, unit=who.other, on=last + dt.timedelta(days=9), by=SYSTEM, rev=wang.rev
    )
    wang.refresh_from_db()
    assert wang.left_on is None
    assert wang.main_unit_id == who.other.pk
    assert wang.tenures.filter(until=None).count() == 0
    assert verbs(wang.ref) == ["person.leave", "person.readmit"]


def test_who_left_is_given_no_post():
    who = cast()
    persons.let_leave(who.sun, left_on=DAY, by=SYSTEM, rev=0)
    with pytest.raises(Refused) as refusal:
        posts.appoint(
            person=who.sun, unit=who.other, duty=Duty.HEAD, since=DAY + dt.timedelta(1), by=SYSTEM
        )
    assert refusal.value.field == "person"
    assert "孙丽" in str(refusal.value)
    assert Tenure.objects.filter(person=who.sun).count() == 0
    assert Post.objects.filter(unit=who.other).count() == 0


def test_two_people_change_a_person_and_the_second_is_told():
    who = cast()
    persons.edit_person(who.li, by=who.admin.actor, rev=0, phone="1")
    with pytest.raises(Stale):
        persons.edit_person(who.li, by=who.admin.actor, rev=0, phone="2")
    assert Person.objects.get(pk=who.li.pk).phone == "1"


def test_a_new_staff_number_is_a_new_account():
    who = cast()
    persons.edit_person(who.li, by=who.admin.actor, rev=0, staff_number="7001", reading="li ming")
    li = account_queries.person_by_account("t7001", "T")
    assert li == who.li
    assert li in queries.people_matching("liming")


# ── posts ──


def test_a_vacant_post_is_filled_and_another_set_up_when_it_is_taken():
    who = cast()
    post = who.wang.tenures.get().post
    posts.unseat_person(who.wang.tenures.get(), until=DAY, by=who.admin.actor)
    day = DAY + dt.timedelta(days=1)
    first = posts.appoint(
        person=who.sun, unit=who.school, duty=Duty.HEAD, since=day, by=who.admin.actor
    )
    assert first.post_id == post.pk
    second = posts.appoint(
        person=who.li, unit=who.school, duty=Duty.HEAD, title="党总支书记", since=day, by=SYSTEM
    )
    assert second.post.title == "党总支书记"
    assert queries.heads_of(who.school, day) == [who.sun, who.li]
    assert queries.powers_of(who.sun, day).has(Power.ISSUE)
    assert verbs(who.sun.ref) == ["post.seat"]


def test_a_post_is_not_held_twice_by_one_person_at_a_time():
    who = cast()
    tenure = who.wang.tenures.get()
    with pytest.raises(Refused) as refusal:
        posts.seat_person(post=tenure.post, person=who.wang, since=DAY, by=SYSTEM)
    assert refusal.value.field == "person"
    with pytest.raises(Refused) as refusal:
        posts.seat_person(
            post=tenure.post, person=who.sun, since=DAY, until=dt.date(2026, 2, 1), by=SYSTEM
        )
    assert refusal.value.field == "until"
    assert Tenure.objects.filter(post=tenure.post).count() == 1


def test_ending_a_post_ended_meanwhile_is_stale():
    who = cast()
    tenure = who.wang.tenures.get()
    assert posts.unseat_person(tenure, until=DAY, by=SYSTEM).until == DAY
    with pytest.raises(Refused):
        posts.unseat_person(tenure, until=dt.date(2019, 1, 1), by=SYSTEM)


def test_a_secretary_serves_a_leader_and_nobody_else_does():
    who = cast()
    leader = who.zhao.tenures.get().post
    with pytest.raises(Refused) as refusal:
        posts.create_post(unit=who.root, duty=Duty.SECRETARY, by=SYSTEM)
    assert refusal.value.field == "serves"
    with pytest.raises(Refused):
        posts.create_post(unit=who.root, duty=Duty.HEAD, serves=leader, by=SYSTEM)
    post = posts.create_post(unit=who.root, duty=Duty.SECRETARY, serves=leader, by=SYSTEM)
    assert post.serves == leader


def test_a_post_for_a_field_says_so_in_its_title():
    who = cast()
    post = posts.create_post(
        unit=who.root, duty=Duty.FUNCTIONAL, field=make_field("安全"), by=who.admin.actor
    )
    assert "安全" in post.title
    assert verbs(who.root.ref) == ["post.create"]


def test_nobody_takes_a_post_themselves_nor_two_of_the_three_administrations():
    who = cast()
    with pytest.raises(NotAllowed):
        posts.appoint(
            person=who.admin, unit=who.root, duty=Duty.GOAL_OFFICE, since=DAY, by=who.admin.actor
        )
    with pytest.raises(Refused) as refusal:
        posts.appoint(
            person=who.guard, unit=who.root, duty=Duty.AUDIT_ADMIN, since=DAY, by=who.admin.actor
        )
    assert refusal.value.field == "person"
    assert Tenure.objects.filter(person__in=[who.admin, who.guard]).count() == 2
    assert not Post.objects.filter(duty=Duty.AUDIT_ADMIN).exists()


# ── bodies ──


def test_the_secretary_office_records_meetings_and_decisions():
    who = cast()
    body = bodies.create_body(
        code="LD", name="目标管理领导小组", office=who.office, since=DAY, by=who.admin.actor
    )
    bodies.add_seat(body, person=who.zhao, title="组长", since=DAY, by=who.chen.actor)
    bodies.add_seat(body, unit=who.other, since=DAY, by=who.chen.actor)
    meeting = bodies.hold_meeting(body, number="3", held_on=DAY, by=who.chen.actor, key=KEY)
    assert bodies.hold_meeting(body, number="3", held_on=DAY, by=who.chen.actor, key=KEY) == meeting
    bodies.record_decision(meeting, number="1", text="同意", by=who.chen.actor)
    assert verbs(body.ref) == ["body.create", "body.seat", "body.seat", "body.meet", "body.decide"]
    assert body_queries.sits_in(who.zhao, body)
    assert body_queries.sits_in(who.sun, body)
    assert not body_queries.sits_in(who.li, body)


def test_others_do_not_record_for_a_body():
    who = cast()
    body = bodies.create_body(code="LD", name="领导小组", office=who.office, since=DAY, by=SYSTEM)
    with pytest.raises(NotAllowed):
        bodies.hold_meeting(body, number="3", held_on=DAY, by=who.sun.actor)
    with pytest.raises(NotAllowed):
        bodies.create_body(code="X", name="小组", office=who.office, since=DAY, by=who.chen.actor)
    assert Body.objects.count() == 1
    assert body.meetings.count() == 0


def test_bodies_refuse_what_cannot_be():
    who = cast()
    body = bodies.create_body(code="LD", name="领导小组", office=who.office, since=DAY, by=SYSTEM)
    bodies.add_seat(body, person=who.zhao, since=DAY, by=SYSTEM)
    refused = [
        ("person", lambda: bodies.add_seat(body, since=DAY, by=SYSTEM)),
        ("person", lambda: bodies.add_seat(body, person=who.zhao, since=DAY, by=SYSTEM)),
        (
            "until",
            lambda: bodies.add_seat(
                body, person=who.li, since=DAY, until=dt.date(2026, 1, 1), by=SYSTEM
            ),
        ),
        (
            "held_on",
            lambda: bodies.hold_meeting(body, number="1", held_on=dt.date(2025, 1, 1), by=SYSTEM),
        ),
        (
            "code",
            lambda: bodies.create_body(
                code="ld", name="另一组", office=who.office, since=DAY, by=SYSTEM
            ),
        ),
    ]
    for field, act in refused:
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.field == field
    assert body.seats.count() == 1
    assert body.meetings.count() == 0


# ── accounts ──


def test_a_reset_gives_a_password_that_must_be_changed():
    who = cast()
    told = accounts.reset_password(who.li, by=who.guard.actor)
    li = Person.objects.get(pk=who.li.pk)
    assert li.check_password(told)
    assert li.must_change_password
    assert verbs(li.ref) == ["person.reset_password"]


def test_only_a_security_administrator_resets_and_nobody_changes_another_password():
    who = cast()
    for act in (accounts.reset_password, accounts.unlock_account):
        with pytest.raises(NotAllowed):
            act(who.li, by=who.admin.actor)
    with pytest.raises(NotAllowed):
        accounts.change_password(who.li, old="x", new="y", by=who.guard.actor)
    with pytest.raises(NotAllowed):
        accounts.switch_account(who.guard, active=False, by=who.guard.actor, rev=0)
    assert Person.objects.get(pk=who.li.pk).password == who.li.password


def test_a_wrong_or_unchanged_password_is_refused():
    who = cast()
    li = make_person("李四", who.other, password="correct-horse-9")
    for old, new, field in [
        ("wrong", "another-horse-9", "old"),
        ("correct-horse-9",) * 2 + ("new",),
    ]:
        with pytest.raises(Refused) as refusal:
            accounts.change_password(li, old=old, new=new, by=li.actor)
        assert refusal.value.field == field
    assert Person.objects.get(pk=li.pk).check_password("correct-horse-9")


def test_a_switched_off_account_holds_no_powers():
    who = cast()
    accounts.switch_account(who.wang, active=False, by=who.guard.actor, rev=0)
    wang = Person.objects.get(pk=who.wang.pk)
    assert not queries.powers_of(wang).has(Power.ISSUE)
    with pytest.raises(Stale):
        accounts.switch_account(who.wang, active=True, by=who.guard.actor, rev=0)


# ── keeping ──


def test_a_page_is_starred_and_unstarred():
    who = cast()
    assert keeping.toggle_favourite(who.li, url="/tasks/", title="任务列表")
    assert [f.title for f in queries.favourites_of(who.li)] == ["任务列表"]
    assert not keeping.toggle_favourite(who.li, url="/tasks/", title="任务列表")
    assert list(queries.favourites_of(who.li)) == []


@pytest.mark.parametrize("url", ["https://example.org/", "//example.org/", "", "/" + "x" * 300])
def test_other_sites_are_not_starred(url):
    who = cast()
    with pytest.raises(Refused):
        keeping.toggle_favourite(who.li, url=url, title="x")
    assert who.li.favourites.count() == 0


def test_a_draft_is_kept_replaced_and_dropped_without_secrets():
    who = cast()
    form = "/tasks/1/reports/submit/"
    keeping.save_draft(who.li, form=form, data={"body": ["一"], "password": ["geheim"]})
    keeping.save_draft(who.li, form=form, data={"body": ["二😀𠮷"], "csrfmiddlewaretoken": ["x"]})
    assert queries.draft_for(who.li, form) == {"body": ["二😀𠮷"]}
    assert queries.draft_for(who.sun, form) is None
    keeping.drop_draft(who.li, form)
    assert queries.draft_for(who.li, form) is None


def test_a_draft_that_is_too_long_is_refused():
    who = cast()
    with pytest.raises(Refused):
        keeping.save_draft(who.li, form="/x/", data={"body": ["字" * 500_000]})
    assert Draft.objects.count() == 0


def test_an_unknown_language_is_refused():
    who = cast()
    with pytest.raises(Refused):
        keeping.switch_language(who.li, language="xx")
    keeping.switch_language(who.li, language="en")
    assert Person.objects.get(pk=who.li.pk).language == "en"


# ── setting up ──


def test_a_new_installation_gets_its_institution_and_administrators(capsys):
    with pytest.raises(CommandError, match="--institution"):
        call_command("administrator", "system", "0001", "何管理")
    assert Person.objects.count() == 0
    call_command("administrator", "system", "0001", "何管理", institution="江城学院")
    person = Person.objects.get()
    told = capsys.readouterr().out
    assert "T0001" in told
    assert person.check_password(told.rsplit(maxsplit=1)[-1].rstrip("。."))
    assert queries.powers_of(person).over_unit(Power.EDIT_PEOPLE, queries.root_unit().path)
    call_command("administrator", "security", "0002", "钱安全")
    call_command("administrator", "audit", "0003", "孙审计")
    assert Person.objects.count() == 3
    assert Unit.objects.get().name == "江城学院"
    for duty, number in (("audit", "0001"), ("system", "0001")):
        with pytest.raises(CommandError):
            call_command("administrator", duty, number, "何管理")
    assert Tenure.objects.count() == 3
