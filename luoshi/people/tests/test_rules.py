"""Rules of people: spelling, accounts, dates, closing. No database."""

import datetime as dt

import pytest

from luoshi.people import rules
from luoshi.people.roles import POWERS, Duty, Power
from luoshi.people.rules import UnitFacts

DAY = dt.date(2026, 3, 1)
BEFORE = DAY - dt.timedelta(days=1)
AFTER = DAY + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("张三", {"zhangsan", "zs"}),
        ("单小明", {"shanxiaoming", "sxm", "dxm"}),
        ("曾强", {"zengqiang", "zq", "cq"}),
        ("尉迟恭", {"yuchigong", "ycg"}),
        ("解放", {"xiefang", "xf", "jf"}),
        ("Ann Lee", {"annlee"}),
        ("3D打印中心", {"3ddayinzhongxin"}),
    ],
)
def test_a_name_is_found_by_every_reading(name, spellings):
    assert spellings <= set(rules.searchable(name).split())


@pytest.mark.parametrize("name", ["𠮷", "㐀", "😀", "——"])
def test_a_name_nobody_can_spell_does_no_harm(name):
    assert rules.searchable(name).isascii()


def test_a_correction_of_the_reading_comes_first():
    assert rules.searchable("乐乐", "yue le").split()[:2] == ["yuele", "yl"]


def test_the_search_column_never_grows_too_long():
    text = rules.searchable("重" * 100, limit=300)
    assert len(text) <= 300
    assert not text.endswith(" ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  机电\u3000工程 ", "机电 工程"),
        ("名\x00字\n二", "名 字 二"),
        ("e\u0301", "é"),
        ("𠮷😀", "𠮷😀"),
        ("\u202e反", "反"),
    ],
)
def test_names_are_tidied(typed, kept):
    assert rules.tidy(typed) == kept


@pytest.mark.parametrize(("text", "ok"), [("张", True), ("𠮷", True), ("A", True), ("7", True)])
def test_letters_and_characters_make_a_name(text, ok):
    assert bool(rules.is_name(text)) is ok


@pytest.mark.parametrize("text", ["", " ", "😀", "——", "…"])
def test_marks_alone_make_none(text):
    assert not rules.is_name(text)


@pytest.mark.parametrize(
    ("number", "prefix", "account"),
    [
        ("0210001", "T", "T0210001"),
        ("t0210001", "T", "T0210001"),
        (" 0210001 ", "T", "T0210001"),
        ("0210001", "", "0210001"),
        ("ab1", "hz", "HZAB1"),
    ],
)
def test_the_account_is_prefix_and_number(number, prefix, account):
    assert rules.account_of(number, prefix) == account


def test_log_in_takes_account_or_number():
    assert rules.accounts_meant("１001", "T") == ("1001", "T1001")
    assert rules.accounts_meant("", "T") == ()


@pytest.mark.parametrize(
    ("since", "until", "ok"),
    [
        (DAY, None, True),
        (DAY, DAY, True),
        (DAY, AFTER, True),
        (DAY, BEFORE, False),
        (None, DAY, True),
    ],
)
def test_nothing_ends_before_it_begins(since, until, ok):
    assert bool(rules.dates_stand(since, until)) is ok


@pytest.mark.parametrize(
    ("since", "until", "ok"),
    [(DAY, None, True), (AFTER, None, False), (BEFORE, DAY, True), (BEFORE, BEFORE, False)],
)
def test_a_unit_is_open_between_its_days(since, until, ok):
    verdict = rules.unit_open_stands(name="系", since=since, until=until, day=DAY)
    assert bool(verdict) is ok
    assert ok or "系" in str(verdict.reason)


@pytest.mark.parametrize(
    ("entered", "left", "active", "ok"),
    [
        (DAY, None, True, True),
        (AFTER, None, True, False),
        (BEFORE, DAY, True, True),
        (BEFORE, BEFORE, True, False),
        (BEFORE, None, False, False),
    ],
)
def test_a_person_is_there_between_their_days(entered, left, active, ok):
    verdict = rules.person_present_stands(
        name="孙丽", entered=entered, left=left, active=active, day=DAY
    )
    assert bool(verdict) is ok
    assert ok or "孙丽" in str(verdict.reason)


@pytest.mark.parametrize(
    ("facts", "ok"),
    [
        (UnitFacts(), True),
        (UnitFacts(open_children=1), False),
        (UnitFacts(people=1), False),
        (UnitFacts(seated=1), False),
    ],
)
def test_only_an_empty_unit_closes(facts, ok):
    assert bool(rules.may_close_unit(is_root=False, until=None, facts=facts)) is ok
    assert not rules.may_close_unit(is_root=True, until=None, facts=facts)
    assert not rules.may_close_unit(is_root=False, until=DAY, facts=facts)


@pytest.mark.parametrize(
    ("since", "until", "ok"),
    [
        (dt.date(2026, 1, 1), dt.date(2026, 1, 31), True),
        (dt.date(2026, 1, 1), DAY, False),
        (dt.date(2026, 6, 1), None, True),
        (dt.date(2026, 5, 31), None, False),
        (dt.date(2025, 1, 1), None, False),
    ],
)
def test_two_times_in_one_post_do_not_overlap(since, until, ok):
    held = [(dt.date(2026, 2, 1), dt.date(2026, 5, 31))]
    assert bool(rules.tenure_stands(since, until, held)) is ok


def test_a_unit_never_stands_below_itself():
    assert not rules.place_stands(own_path="0000100002", parent_path="000010000200003")
    assert not rules.place_stands(own_path="0000100002", parent_path="0000100002")
    assert rules.place_stands(own_path="0000100002", parent_path="00001")


def test_nobody_holds_two_of_the_three_administrations():
    assert rules.duty_stands(Duty.AUDIT_ADMIN, {Duty.HEAD, Duty.AUDIT_ADMIN})
    assert rules.duty_stands(Duty.HEAD, {Duty.SYSTEM_ADMIN})
    assert not rules.duty_stands(Duty.AUDIT_ADMIN, {Duty.HEAD, Duty.SYSTEM_ADMIN})
    assert not rules.may_seat(themselves=True)


def test_the_three_administrators_share_no_power():
    three = [POWERS[d] for d in (Duty.SYSTEM_ADMIN, Duty.SECURITY_ADMIN, Duty.AUDIT_ADMIN)]
    assert all(not a & b for i, a in enumerate(three) for b in three[i + 1 :])
    assert Power.SEE not in frozenset().union(*three)


@pytest.mark.parametrize(
    "facts", [(True, False, False), (False, True, False), (False, False, True)]
)
def test_a_number_is_seen_by_oneself_the_house_and_who_reaches_it(facts):
    themselves, same_house, reaches = facts
    assert rules.may_see_phone(themselves=themselves, same_house=same_house, reaches=reaches)


def test_a_number_is_not_seen_by_anybody_else():
    verdict = rules.may_see_phone(themselves=False, same_house=False, reaches=False)
    assert not verdict
    assert "电话" in str(verdict.reason)


def test_the_house_is_the_department_below_the_institution():
    assert rules.house_of("00001") == "00001"
    assert rules.house_of("0000100002") == rules.house_of("000010000200003") == "0000100002"
    assert rules.house_of(None) == ""
