"""Who holds what, how far powers reach, and how names are found."""

import datetime as dt

import pytest

from luoshi.kit import clock
from luoshi.people import queries
from luoshi.people.models import UnitAlias, UnitSpell
from luoshi.people.queries import NobodyHolds, Powers, trees
from luoshi.people.queries import accounts as account_queries
from luoshi.people.roles import Duty, Power
from luoshi.people.tests.factories import (
    cast,
    make_field,
    make_person,
    make_post,
    make_unit,
    seat,
)

pytestmark = pytest.mark.django_db


def test_powers_reach_as_far_as_the_post():
    who = cast()
    wang = queries.powers_of(who.wang)
    assert wang.has(Power.ISSUE)
    assert wang.reach(Power.ISSUE) == (who.school.path,)
    assert wang.over_unit(Power.ISSUE, who.section.path)
    assert not wang.over_unit(Power.ISSUE, who.other.path)
    chen = queries.powers_of(who.chen)
    assert chen.reach(Power.EDIT_MEASURES) == (who.root.path,)
    assert chen.over_unit(Power.IMPORT, who.section.path)
    sun = queries.powers_of(who.sun)
    assert not sun.has(Power.SEE)
    assert sun.reach(Power.SEE) == ()


def test_powers_take_one_query_and_are_kept(django_assert_num_queries):
    who = cast()
    with django_assert_num_queries(1):
        first = queries.powers_of(who.wang)
        assert queries.powers_of(who.wang) is first


def test_powers_end_with_the_post_and_with_leaving():
    who = cast()
    day = clock.today()
    seat(who.sun, who.other, Duty.HEAD, until=day - dt.timedelta(days=1))
    assert not queries.powers_of(who.sun).has(Power.ISSUE)
    assert queries.powers_of(who.sun, day - dt.timedelta(days=1)).has(Power.ISSUE)
    who.wang.left_on = day - dt.timedelta(days=1)
    assert queries.powers_of(who.wang) == Powers(who.wang.pk)


def test_a_post_for_one_field_reaches_only_that_field():
    who = cast()
    safety, party = make_field("安全"), make_field("党建")
    seat(who.sun, who.root, Duty.FUNCTIONAL, field=safety)
    powers = queries.powers_of(who.sun)
    assert powers.reach(Power.ISSUE) == ()
    assert powers.field_reach(Power.ISSUE) == ((who.root.path, safety.pk),)
    assert powers.over_unit(Power.ISSUE, who.school.path, safety.pk)
    assert not powers.over_unit(Power.ISSUE, who.school.path, party.pk)
    assert not powers.over_unit(Power.ISSUE, who.school.path)
    assert powers.fields == {safety.pk}


def test_a_secretary_sees_as_far_as_the_leader_served():
    who = cast()
    leader_post = who.zhao.tenures.get().post
    post = make_post(who.root, Duty.SECRETARY, serves=leader_post)
    who.sun.tenures.create(post=post, since=dt.date(2020, 1, 1))
    powers = queries.powers_of(who.sun)
    assert powers.reach(Power.SEE) == (who.school.path,)
    assert not powers.has(Power.ISSUE)
    assert powers.holdings[0].serves_name == leader_post.title


def test_heads_leaders_and_an_empty_post():
    who = cast()
    assert queries.head_of(who.school) == who.wang
    second = make_person("吴书记", who.school)
    seat(second, who.school, Duty.HEAD)
    assert queries.heads_of(who.school) == [who.wang, second]
    assert queries.leaders_of(who.school) == [who.zhao]
    assert queries.leaders_of(who.section) == [who.zhao]
    assert queries.leaders_of(who.other) == []
    assert [u.pk for u in queries.units_led_by(who.zhao)] == [who.school.pk]
    with pytest.raises(NobodyHolds, match="财务处"):
        queries.head_of(who.other)
    assert queries.heads_of_all([who.school.pk, who.other.pk]) == {
        who.school.pk: [who.wang, second]
    }
    assert queries.empty_head_posts(clock.today()) == [who.office, who.section, who.other]


def test_who_left_holds_nothing_any_more():
    who = cast()
    type(who.wang).objects.filter(pk=who.wang.pk).update(left_on=dt.date(2021, 1, 1))
    assert queries.heads_of(who.school) == []
    assert queries.heads_of(who.school, dt.date(2020, 12, 1)) == [who.wang]


@pytest.mark.parametrize("words", ["张三", "zhangsan", "zs", "ZS", "张", "9001", "T9001", "ｚｓ"])
def test_people_are_found_by_characters_pinyin_initials_and_number(words):
    who = cast()
    zhang = make_person("张三", who.other, "9001")
    assert queries.people_matching(words) == [zhang]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("单小明", "shanxiaoming"),
        ("单小明", "sxm"),
        ("单小明", "dxm"),
        ("曾强", "zengqiang"),
        ("仇英", "qiuying"),
        ("尉迟恭", "ycg"),
        ("𠮷野", "𠮷"),
        ("㐀文", "㐀文"),
        ("Smith", "smith"),
    ],
)
def test_surnames_with_two_readings_and_rare_characters_are_found(name, words):
    who = cast()
    person = make_person(name, who.other)
    assert person in queries.people_matching(words)


def test_people_of_the_own_unit_come_first():
    who = cast()
    far = make_person("张三", who.other, "0001")
    near = make_person("张三丰", who.section, "9999")
    assert queries.people_matching("zhang", near=who.school.path) == [near, far]
    assert queries.people_matching("", near=who.section.path) == [who.li, near]
    assert queries.people_matching("张三") == [far, near]
    assert queries.people_matching("zhang", 1) == [far]


@pytest.mark.parametrize("words", ["机电", "jdgcxy", "jidian", "机电学院", "20", "工程 jd"])
def test_units_are_found(words):
    who = cast()
    assert queries.units_matching(words)[0] == who.school


def test_wild_cards_in_a_search_are_plain_characters():
    cast()
    assert queries.people_matching("%") == []
    assert queries.people_matching("_") == []
    assert queries.units_matching("%_") == []


def test_every_name_of_a_unit_leads_to_it_and_shared_names_are_left_out():
    who = cast()
    UnitAlias.objects.create(unit=who.school, name="机电系")
    UnitSpell.objects.filter(unit=who.school).update(name="机械系", until=dt.date(2020, 12, 31))
    first = make_unit("办公室", who.school)
    second = make_unit("办公室", who.other)
    closed = make_unit("老部门", who.root, until=dt.date(2021, 1, 1))
    names = queries.unit_names()
    assert [names[n] for n in ("机电工程学院", "机电学院", "机电系", "机械系")] == [
        who.school.pk
    ] * 4
    assert "办公室" not in names
    assert queries.unit_names_shared() == {"办公室": [first.pk, second.pk]}
    assert closed.name not in names


def test_a_unit_keeps_its_old_name_on_old_days():
    who = cast()
    UnitSpell.objects.filter(unit=who.school).update(name="机械系", until=dt.date(2022, 12, 31))
    UnitSpell.objects.create(
        unit=who.school, name="机电工程学院", kind_name="二级学院", since=dt.date(2023, 1, 1)
    )
    assert queries.name_on(who.school, dt.date(2022, 6, 1)) == "机械系"
    assert queries.name_on(who.school, dt.date(2023, 1, 1)) == "机电工程学院"
    assert queries.name_on(who.school, dt.date(2019, 1, 1)) == "机械系"
    assert queries.names_on([who.school.pk], dt.date(2022, 6, 1)) == {who.school.pk: "机械系"}


def test_the_tree_counts_people_in_two_queries(django_assert_num_queries):
    who = cast()
    make_unit("老部门", who.root, until=dt.date(2021, 1, 1))
    with django_assert_num_queries(2):
        tree = trees.unit_tree()
    assert [b.unit for b in tree] == [who.root]
    root = tree[0]
    assert [b.unit for b in root.branches] == [who.office, who.other, who.school]
    assert root.people_below == 8
    assert root.branches[2].branches[0].people == 1
    assert len(trees.unit_tree(closed_too=True)[0].branches) == 4


@pytest.mark.parametrize("typed", ["T1001", "t1001", "1001", " Ｔ1001 "])
def test_a_person_is_known_by_account_and_by_bare_number(typed):
    who = cast()
    assert account_queries.person_by_account(typed, "T") == who.li


@pytest.mark.parametrize("typed", ["", "  ", "nobody", "T"])
def test_nobody_is_known_by_what_is_no_account(typed):
    cast()
    assert account_queries.person_by_account(typed, "T") is None


def test_names_of_people_for_the_importer_keep_namesakes_apart():
    who = cast()
    other = make_person("李敏", who.other, "8001")
    names = queries.person_names()
    assert names["李敏"] == (who.li.pk, other.pk)
    assert names["8001"] == (other.pk,)


def test_people_in_a_unit_carry_their_posts_in_two_queries(django_assert_num_queries):
    who = cast()
    with django_assert_num_queries(2):
        rows = list(queries.people_in(who.school, clock.today(), below_too=True))
        assert [(p.name, len(p.posts_now)) for p in rows] == [("王建国", 1), ("李敏", 0)]
