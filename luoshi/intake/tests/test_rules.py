"""Task tables read by pure rules; no test here touches the database."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.intake.rules import permits
from luoshi.intake.rules.dates import Calendar, DateKind, understand
from luoshi.intake.rules.drafts import Into, new_tasks
from luoshi.intake.rules.grid import address, column_name
from luoshi.intake.rules.headers import Column, columns_of, find_header, meaning
from luoshi.intake.rules.messages import SENTENCES, Level, Message
from luoshi.intake.rules.names import PersonEntry, directory
from luoshi.intake.rules.numbers import parents, split_number, tidy_number
from luoshi.intake.rules.stored import (
    edits_from,
    message_from,
    packed_edits,
    packed_message,
    packed_row,
    row_from,
)
from luoshi.intake.rules.table import Books, NameKind, RowKind, full_details, understand_table
from luoshi.intake.rules.text import chinese_number, cleaned, folded, is_left_out, one_line
from luoshi.intake.rules.units import UnitEntry, dictionary
from luoshi.intake.tests import factories as make

YEAR = 2026
EDUCATION, STUDENTS, FINANCE, BUILDING, LIBRARY, PARTY, HEADQUARTERS, CENTRE = range(1, 9)
UNITS = [
    UnitEntry(EDUCATION, ("教务处",)),
    UnitEntry(STUDENTS, ("学生工作处", "学工处")),
    UnitEntry(FINANCE, ("计划财务处", "财务处")),
    UnitEntry(BUILDING, ("基建处",)),
    UnitEntry(LIBRARY, ("图书馆",)),
    UnitEntry(PARTY, ("党委组织部",)),
    UnitEntry(HEADQUARTERS, ("北区建设指挥部",)),
    UnitEntry(CENTRE, ("项目中心",)),
    UnitEntry(9, ("教材科",), closed=True),
]
LI, WANG, WANG_TOO = 11, 12, 13
PEOPLE = [
    PersonEntry(LI, "李敏", (EDUCATION,)),
    PersonEntry(WANG, "王伟", (EDUCATION,)),
    PersonEntry(WANG_TOO, "王伟", (FINANCE,)),
]


def books(**more: object) -> Books:
    names = {entry.id: entry.names[0] for entry in UNITS}
    return Books(dictionary(UNITS), directory(PEOPLE), Calendar(YEAR), names, **more)


def codes(row) -> list[tuple[str, str]]:
    return [(str(m.level), m.code) for m in row.messages]


# ------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("text", "kind", "since", "until", "asks"),
    [
        ("12月底前", "by", None, "2026-12-31", False),
        ("9月投入使用", "by", None, "2026-09-30", False),
        ("5月底前动工", "by", None, "2026-05-31", False),
        ("全年", "all_year", "2026-01-01", "2026-12-31", False),
        ("贯穿全年", "all_year", "2026-01-01", "2026-12-31", False),
        ("每季度", "repeated", "2026-01-01", "2026-12-31", False),
        ("每月28日前", "repeated", "2026-01-01", "2026-12-31", False),
        ("每年12月底前", "repeated", None, "2026-12-31", False),
        ("长期", "standing", "2026-01-01", "2026-12-31", False),
        ("持续推进", "standing", "2026-01-01", "2026-12-31", False),
        ("年底前", "by", None, "2026-12-31", False),
        ("6月30日前", "by", None, "2026-06-30", False),
        ("六月三十日前", "by", None, "2026-06-30", False),
        ("十二月底前", "by", None, "2026-12-31", False),
        ("2026年3月", "by", None, "2026-03-31", False),
        ("2026年4月18日", "by", None, "2026-04-18", False),
        ("2026.4.18", "by", None, "2026-04-18", False),
        ("2026/4/18", "by", None, "2026-04-18", False),
        ("2026-04-18 12:00", "by", None, "2026-04-18", False),
        ("20260418", "by", None, "2026-04-18", False),
        ("46130", "by", None, "2026-04-18", True),
        ("上半年", "by", "2026-01-01", "2026-06-30", False),
        ("第三季度", "by", None, "2026-09-30", False),
        ("三季度末前", "by", None, "2026-09-30", False),
        ("3-5月", "span", "2026-03-01", "2026-05-31", False),
        ("3月至12月", "span", "2026-03-01", "2026-12-31", False),
        ("2026.3.1-2026.12.31", "span", "2026-03-01", "2026-12-31", False),
        ("2026年3月—2027年6月", "span", "2026-03-01", "2027-06-30", True),
        ("12月中旬", "by", None, "2026-12-20", False),
        ("2月下旬", "by", None, "2026-02-28", False),
        ("6.30前", "by", None, "2026-06-30", False),
        ("6月底前完成80%", "by", None, "2026-06-30", False),
        ("明年3月底前", "by", None, "2027-03-31", True),
        ("2025年12月底前", "by", None, "2025-12-31", True),
        ("6月底前完成初稿，12月底前完成", "several", None, "2026-12-31", True),
        ("２０２６年９月３０日", "by", None, "2026-09-30", False),
        ("2026.1", "by", None, "2026-01-31", True),  # a number: it may have been 2026.10
        ("", "none", None, None, False),
        ("——", "none", None, None, False),
    ],
)
def test_date_phrases_are_understood(text, kind, since, until, asks):
    said = understand(text, YEAR)

    assert (said.kind, said.asks) == (kind, asks)
    assert said.since == (dt.date.fromisoformat(since) if since else None)
    assert said.until == (dt.date.fromisoformat(until) if until else None)


@pytest.mark.parametrize(
    "text",
    [
        "春节前",
        "适时",
        "尽快",
        "6月前",
        "2026年9月前",
        "6.3",
        "9月初",
        "2月30日",
        "13月",
        "每学期",
        "印发后15日内",
        "一周内",
        "6月中旬前",
        "12月底前，春节前",
        "已完成",
        "2023—2026年",
        "按要求",
        "第五季度",
        "12月32日",
        "开学前",
        "30个工作日内",
        "12",
        "x" * 200,
    ],
)
def test_unclear_dates_are_never_guessed(text):
    assert understand(text, YEAR).kind == DateKind.UNCLEAR


def test_words_beside_the_date_are_kept():
    assert understand("9月投入使用", YEAR).note == "投入使用"
    assert understand("5月底前动工", YEAR).note == "动工"


def test_the_answer_of_the_clerk_goes_before_the_reading():
    calendar = Calendar(YEAR, {"春节前": dt.date(2026, 2, 16), "适时": None})

    assert calendar.read("春节前").until == dt.date(2026, 2, 16)
    assert calendar.read("适 时").kind == DateKind.NONE


PIECES = st.sampled_from(
    [
        *list("0123456789年月日季度上下旬底前末初至到-—~.、，（）()/ "),
        "春节",
        "全年",
        "每",
        "长期",
        "2026",
        "半年",
        "第",
        "一",
        "十",
        "完成",
        "%",
        "12月",
        "底前",
    ]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=10).map("".join)))
def test_no_date_phrase_makes_the_reader_stumble(text):
    said = understand(text, YEAR)

    assert said.understood or said.until is None
    if said.since and said.until:
        assert said.since <= said.until


# ------------------------------------------------------------------ units and people


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("教务处", [EDUCATION]),
        ("教务处、学工处", [EDUCATION, STUDENTS]),
        ("教务处，财务处；基建处", [EDUCATION, FINANCE, BUILDING]),
        ("教务处 学工处", [EDUCATION, STUDENTS]),
        ("教务处\n学工处\n财务处", [EDUCATION, STUDENTS, FINANCE]),
        ("教务处学工处计划财务处", [EDUCATION, STUDENTS, FINANCE]),
        ("教务处/财务处", [EDUCATION, FINANCE]),
        ("教务处和财务处", [EDUCATION, FINANCE]),
        ("教务处、财务处等部门", [EDUCATION, FINANCE]),
        ("校教务处", [EDUCATION]),
        ("学校教务处学校财务处", [EDUCATION, FINANCE]),
        ("校基建处校北区建设指挥部", [BUILDING, HEADQUARTERS]),
        ("组织部", [PARTY]),
        ("计划财\n务处", [FINANCE]),
        ("教务处（教学办）", [EDUCATION]),
        ("教务处、教务处", [EDUCATION]),
    ],
)
def test_units_of_one_cell(text, found):
    said = dictionary(UNITS).read(text)

    assert list(said.all) == found
    assert said.unknown == ()


@pytest.mark.parametrize(
    ("text", "lead", "helping"),
    [
        ("教务处（牵头）、财务处（配合）", (EDUCATION,), (FINANCE,)),
        ("教务处牵头，学工处、基建处配合", (EDUCATION,), (STUDENTS, BUILDING)),
        ("由教务处牵头，财务处配合", (EDUCATION,), (FINANCE,)),
        ("教务处、财务处（配合）", (EDUCATION,), (FINANCE,)),
        ("牵头单位：教务处；配合单位：财务处", (EDUCATION,), (FINANCE,)),
    ],
)
def test_roles_written_beside_units(text, lead, helping):
    said = dictionary(UNITS).read(text)

    assert (said.lead, said.helping) == (lead, helping)


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("县教育体育局", [], ["县教育体育局"]),
        ("教务处、招生办", [EDUCATION], ["招生办"]),
        ("教务处招生办", [EDUCATION], ["招生办"]),
        ("国有财务处", [], ["国有财务处"]),  # what is left over is no unit, so nothing is found
        ("各二级学院", [], ["各二级学院"]),
        ("相关部门", [], ["相关部门"]),
        ("〔单位略〕", [], ["〔单位略〕"]),
        ("教材科", [], ["教材科"]),
    ],
)
def test_what_is_no_unit_is_asked_and_never_guessed(text, found, unknown):
    said = dictionary(UNITS).read(text)

    assert (list(said.all), list(said.unknown)) == (found, unknown)


def test_a_name_that_two_units_share_is_asked():
    names = dictionary([UnitEntry(1, ("党委办公室",)), UnitEntry(2, ("学院办公室",))])

    assert names.read("办公室").unknown == ("办公室",)
    assert names.read("党委办").all == (1,)


def test_the_clerks_answer_may_be_several_units_or_none():
    names = dictionary(UNITS, {"各部门": (EDUCATION, FINANCE), "〔单位略〕": ()})

    assert names.read("各部门").all == (EDUCATION, FINANCE)
    assert names.read("〔单位略〕、教务处").all == (EDUCATION,)


def test_likely_units_are_offered_for_a_name_that_is_unknown():
    assert dictionary(UNITS).likely("教务外处")[0] == EDUCATION
    assert dictionary(UNITS).likely("外星") == []


@settings(max_examples=200)
@given(st.text(alphabet="教务处财学工党委组织部校院县、，；/ \n（）()牵头配合等和", max_size=30))
def test_no_cell_of_units_makes_the_reader_stumble(text):
    said = dictionary(UNITS).read(text)

    assert not set(said.lead) & set(said.helping)


@pytest.mark.parametrize(
    ("text", "unit", "found", "unknown"),
    [
        ("李敏", None, (LI,), ()),
        ("李 敏", None, (LI,), ()),
        ("李敏处长", None, (LI,), ()),
        ("李敏（教务处）", None, (LI,), ()),
        ("李敏、王伟", EDUCATION, (LI, WANG), ()),
        ("李敏 王伟", FINANCE, (LI, WANG_TOO), ()),
        ("王伟", None, (), ("王伟",)),
        ("〔姓名略〕", None, (), ("〔姓名略〕",)),
        ("—", None, (), ()),
    ],
)
def test_people_of_one_cell(text, unit, found, unknown):
    said = directory(PEOPLE).read(text, unit)

    assert (said.found, said.unknown) == (found, unknown)


# ------------------------------------------------------------------ numbers and texts


@pytest.mark.parametrize(
    ("title", "number", "rest"),
    [
        ("14.改扩建实训大楼", "14", "改扩建实训大楼"),
        ("（三）加强师德建设", "（三）", "加强师德建设"),
        ("1、推进招生", "1", "推进招生"),
        ("一、育人条件", "一、", "育人条件"),
        ("1.1 完成论证", "1.1", "完成论证"),
        ("1.1.2完成论证", "1.1.2", "完成论证"),
        ("(2)完成论证", "（2）", "完成论证"),
        ("①完成论证", "①", "完成论证"),
        ("第三项：完成论证", "三", "完成论证"),
        ("3.5亿元项目建设", "", "3.5亿元项目建设"),
        ("2026年招生", "", "2026年招生"),
        ("12345热线办理", "", "12345热线办理"),
        ("5G实训室建设", "", "5G实训室建设"),
        ("1+X证书试点", "", "1+X证书试点"),
        ("2座连廊", "", "2座连廊"),
    ],
)
def test_numbers_glued_to_titles(title, number, rest):
    assert split_number(title) == (number, rest)


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [
        ("14.", "14"),
        ("1．2", "1.2"),
        ("20210001", "20210001"[:30]),
        ("（三）", "（三）"),
        ("", ""),
    ],
)
def test_numbers_in_their_own_column(typed, tidy):
    assert tidy_number(typed) == tidy


def test_dotted_numbers_make_a_tree():
    assert parents(["1", "1.1", "1.1.1", "1.1.2", "2", "2.1", "3.1"]) == [
        None, 0, 1, 1, None, 4, None,
    ]  # fmt: skip


def test_the_nearest_parent_counts_where_numbers_begin_anew():
    assert parents(["1", "1.1", "1", "1.1"]) == [None, 0, None, 2]


def test_texts_are_cleaned():
    assert cleaned(" a\u200b\r\n b\x00 ") == "a\nb"
    assert one_line("教务\n处 a\n b") == "教务处 a b"
    assert folded("Ａ 教\n务 处") == "a教务处"
    assert is_left_out("〔姓名略〕")
    assert not is_left_out("战略部")
    assert [chinese_number(t) for t in ("一", "十", "十二", "三十一", "百", "")] == [
        1, 10, 12, 31, None, None,
    ]  # fmt: skip
    assert (column_name(0), column_name(25), column_name(26), column_name(701)) == (
        "A", "Z", "AA", "ZZ",
    )  # fmt: skip
    assert address("任务表", 7, 1) == "任务表!B7"


# ------------------------------------------------------------------ headers


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("序 号", Column.NUMBER),
        ("2026年度任务目标", Column.DETAILS),
        ("分管市领导", Column.LEADER),
        ("责任\n单位", Column.LEAD),
        ("牵头单位（部门）", Column.LEAD),
        ("配合责任单位", Column.COOPERATING),
        ("办结时限", Column.DUE),
        ("1-9月份工作完成情况", Column.PROGRESS),
        ("考核评分标准", Column.STANDARD),
        ("民生事项名称", Column.TITLE),
        ("实事名称", Column.TITLE),
    ],
)
def test_titles_of_columns_in_many_wordings(title, column):
    found = meaning(title)
    assert found is not None
    assert found[0] == column


def test_a_column_that_means_nothing_known_is_kept_as_other():
    assert meaning("颜色") is None
    assert columns_of(["任务名称", "颜色", ""]) == (Column.TITLE, Column.EXTRA, Column.NOTHING)


def test_the_better_of_two_titles_is_the_title():
    assert columns_of(["工作内容", "任务名称"]) == (Column.DETAILS, Column.TITLE)


def test_the_header_is_found_below_a_heading():
    grid = make.grid(
        [
            ["二〇二六年重点工作任务分解表", "", ""],
            ["填表单位：目标办", "", ""],
            list(make.HEAD),
            ["1", "完成论证", "教务处", "年底前"],
        ]
    )
    header = find_header(grid)
    assert header is not None
    assert grid.lines[header.first].row == 3


def test_a_header_of_two_rows():
    rows = [
        ["序号", "任务名称", "责任落实", "", "", "完成时限"],
        ["", "", "牵头单位", "配合单位", "责任人", ""],
        ["1", "完成论证", "教务处", "财务处", "李敏", "12月底前"],
    ]
    merged = [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 4), (0, 5, 1, 5)]
    header = find_header(make.grid(rows, merged=merged))

    assert header is not None
    assert (header.first, header.last) == (0, 1)
    assert header.columns == (
        Column.NUMBER, Column.TITLE, Column.LEAD, Column.COOPERATING, Column.OWNER, Column.DUE,
    )  # fmt: skip


def test_a_table_without_any_header_is_not_guessed():
    assert find_header(make.grid([["甲", "乙"], ["丙", "丁"]])) is None


# ------------------------------------------------------------------ tables


def test_four_digits_are_a_number_only_where_their_column_says_so():
    rows = make.understand(
        [
            make.HEAD,
            ("1024", "1024.完成论证", "基建处", "年底"),
            ("2026", "2026.招生工作", "基建处", "年底"),
            ("", "2026.招生改革", "基建处", "年底"),
            ("3", "2026、招生宣传", "基建处", "年底"),
        ],
        books(),
    )
    assert [r.title for r in rows] == ["完成论证", "招生工作", "2026.招生改革", "2026、招生宣传"]
    assert [r.number for r in rows] == ["1024", "2026", "2026", "3"]


def test_an_empty_number_and_unit_are_asked_not_guessed():
    rows = make.understand(
        [
            make.HEAD,
            ("5", "开工建设活动中心。", "基建处", "5月底前动工"),
            ("", "开工建设分校。", "", "12月底前"),
        ],
        books(),
    )

    assert [r.title for r in rows] == ["开工建设活动中心", "开工建设分校"]
    assert [r.number for r in rows] == ["5", "5"]
    assert rows[0].notes == (("完成时限", "5月底前动工"),)
    assert rows[1].lead == BUILDING
    assert codes(rows[1]) == [("note", "same_number"), ("ask", "unit_assumed")]
    assert rows[1].asks


def test_an_empty_unit_below_an_unknown_one_is_asked_too():
    rows = make.understand(
        [make.HEAD, ("5", "甲项工作", "外星局", "年底"), ("6", "乙项工作", "", "年底")], books()
    )

    assert rows[1].open == ((NameKind.UNIT, "外星局"),)
    assert ("ask", "unit_assumed") in codes(rows[1])


def test_an_empty_unit_in_the_first_row_is_an_error():
    (row,) = make.understand([make.HEAD, ("1", "甲项工作", "", "年底")], books())

    assert codes(row) == [("error", "no_unit")]
    assert row.wrong


def test_a_merged_unit_is_inherited_without_asking():
    rows = make.understand(
        [make.HEAD, ("1", "甲项工作", "教务处", "年底"), ("2", "乙项工作", "", "年底")],
        books(),
        merged=[(1, 2, 2, 2)],
    )

    assert rows[1].lead == EDUCATION
    assert not rows[1].asks


def test_the_section_of_a_table_is_filled_down():
    head = ("类别", "任务名称", "责任单位")
    rows = make.understand(
        [head, ("四、育人条件", "14.改扩建大楼", "基建处"), ("", "15.改造球场", "基建处")], books()
    )

    assert [(r.number, r.title, r.group) for r in rows] == [
        ("14", "改扩建大楼", "育人条件"),
        ("15", "改造球场", "育人条件"),
    ]
    assert full_details(rows[1], section_label="类别") == "类别：育人条件"


def test_a_heading_over_the_whole_table_is_a_section_not_a_task():
    rows = make.understand(
        [make.HEAD, ("一、党建引领", "", "", ""), ("1", "甲项工作", "教务处", "年底")],
        books(),
        merged=[(1, 0, 1, 3)],
    )

    assert [r.kind for r in rows] == [RowKind.SECTION, RowKind.TASK]
    assert rows[1].group == "党建引领"


def test_a_repeated_header_a_sum_and_a_remark_are_no_tasks():
    rows = make.understand(
        [
            make.HEAD,
            ("1", "甲项工作", "教务处", "年底"),
            make.HEAD,
            ("2", "乙项工作", "教务处", "年底"),
            ("合计", "", "", ""),
            ("注：红字为重点", "", "", ""),
        ],
        books(),
    )

    assert [r.kind for r in rows] == [
        RowKind.TASK, RowKind.HEADER, RowKind.TASK, RowKind.TOTAL, RowKind.TOTAL,
    ]  # fmt: skip


def test_a_title_merged_over_rows_gathers_their_units_and_texts():
    head = ("序号", "任务名称", "年度目标", "责任单位", "完成时限")
    rows = make.understand(
        [
            head,
            ("1", "建设基地", "完成论证", "教务处", "6月底前"),
            ("", "", "完成验收", "基建处", "年底前"),
        ],
        books(),
        merged=[(1, 0, 2, 0), (1, 1, 2, 1)],
    )

    assert [r.kind for r in rows] == [RowKind.TASK, RowKind.CONTINUED]
    assert (rows[0].lead, rows[0].cooperating) == (EDUCATION, (BUILDING,))
    assert rows[0].details == "完成论证\n完成验收"
    assert rows[0].due == dt.date(2026, 12, 31)


def test_columns_of_their_own_for_lead_cooperating_owner_leader_points():
    head = (
        "序号",
        "任务名称",
        "牵头单位",
        "配合单位",
        "责任人",
        "分管领导",
        "分值",
        "完成时限",
        "监督电话",
    )
    (row,) = make.understand(
        [
            head,
            (
                "1",
                "建设基地",
                "教务处",
                "财务处、基建处",
                "王伟",
                "李敏",
                "5分",
                "年底前",
                "〔电话略〕",
            ),
        ],
        books(),
    )

    assert (row.lead, row.cooperating) == (EDUCATION, (FINANCE, BUILDING))
    assert (row.owner, row.leader, row.points) == (WANG, LI, Decimal(5))
    assert row.notes == (("监督电话", "〔电话略〕"),)


def test_a_column_without_dates_leaves_them_open_or_takes_the_day_given():
    head = ("任务名称", "责任单位")
    (row,) = make.understand([head, ("建设基地", "教务处")], books())
    (dated,) = make.understand(
        [head, ("建设基地", "教务处")], books(default_due=dt.date(2026, 11, 30))
    )

    assert (row.due, codes(row)) == (None, [("note", "no_due")])
    assert dated.due == dt.date(2026, 11, 30)


def test_dates_reversed_are_an_error():
    head = ("任务名称", "责任单位", "开始时间", "完成时限")
    (row,) = make.understand([head, ("建设基地", "教务处", "2026-09-01", "2026-06-30")], books())

    assert codes(row) == [("error", "date_reversed")]


def test_long_titles_are_cut_at_the_first_sentence_and_asked():
    text = "推进产教融合共同体建设。" + "完善机制，" * 60
    (row,) = make.understand([make.HEAD, ("1", text, "教务处", "年底前")], books())

    assert row.title == "推进产教融合共同体建设"
    assert row.details == text.rstrip("。；; ")
    assert codes(row) == [("ask", "title_long")]


def test_the_error_of_a_formula_is_no_title():
    (row,) = make.understand([make.HEAD, ("1", "#REF!", "教务处", "年底前")], books())

    assert codes(row) == [("error", "title_formula")]


def test_the_same_title_twice_is_asked():
    rows = make.understand([make.HEAD] + [("1", "建设基地", "教务处", "年底前")] * 2, books())

    assert codes(rows[1]) == [("ask", "twice")]


def test_rare_characters_emoji_and_script_stay_text():
    title = "𠮷㐀🎉<img src=x onerror=alert(1)>"
    (row,) = make.understand([make.HEAD, ("1", title, "教务处", "年底前")], books())

    assert row.title == title
    assert not row.messages


def test_sub_tasks_hang_below_the_number_above():
    rows = make.understand(
        [
            make.HEAD,
            ("1", "甲项工作", "教务处", "年底前"),
            ("1.1", "甲一", "教务处", "6月底前"),
            ("1.2", "甲二", "财务处", "年底前"),
            ("3.1", "丙一", "财务处", "年底前"),
        ],
        books(),
    )

    assert [r.parent for r in rows] == [None, 2, 2, None]
    assert codes(rows[3]) == [("note", "parent_missing")]
    drafts = new_tasks([(0, r) for r in rows], Into(1, YEAR, "类别", "任务表.csv"))
    assert [d.parent_index for d in drafts] == [None, 0, 0, None]
    assert [d.origin_document for d in drafts[:2]] == ["任务表.csv № 1", "任务表.csv № 1.1"]


def test_an_edit_settles_what_was_said_about_its_column():
    table = make.grid([make.HEAD, ("1", "", "外星局", "适时")])
    header = find_header(table)
    assert header is not None

    def read(edits):
        return understand_table(
            table.lines[1:], header.names, header.columns, books(), edits={2: edits}
        )[0]

    plain = read({})
    assert [code for _level, code in codes(plain)] == [
        "no_title",
        "unit_unknown",
        "date_unclear",
    ]
    edited = read({"title": "补上", "lead": EDUCATION, "due": dt.date(2026, 6, 30)})
    assert (edited.title, edited.lead, edited.messages, edited.open) == ("补上", EDUCATION, (), ())
    emptied = read({"lead": None})
    assert ("error", "no_unit") in codes(emptied)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    "",
                    "1",
                    "1.1",
                    "教务处",
                    "年底前",
                    "合计",
                    "序号",
                    "任务名称",
                    "责任单位",
                    "#REF!",
                ]
            )
            | st.text(max_size=12),
            max_size=6,
        ),
        max_size=12,
    ),
    st.lists(st.tuples(*[st.integers(0, 6)] * 4), max_size=4),
)
def test_no_table_makes_the_reader_stumble(rows, ranges):
    merged = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in ranges]
    grid = make.grid([make.HEAD, *rows], merged=merged)
    header = find_header(grid)
    if header is None:
        return
    read = understand_table(grid.lines[header.last + 1 :], header.names, header.columns, books())
    assert len(read) == len(grid.lines) - header.last - 1
    for row in read:
        assert row.kind != RowKind.TASK or row.title or row.wrong
        stored = packed_row(row)
        assert packed_row(row_from(row.row, row.kind, stored)) == stored
        for said in row.messages:
            assert said.sentence


# ------------------------------------------------------------------ storing, permits


def test_messages_survive_being_stored_and_unknown_codes_are_dropped():
    said = Message(Level.ASK, "twice", Column.TITLE, {"row": "3"})

    assert message_from(packed_message(said)) == said
    assert message_from({**packed_message(said), "code": "gone"}) is None


def test_edits_survive_being_stored():
    edits = {
        "due": dt.date(2026, 6, 30),
        "points": Decimal("2.5"),
        "cooperating": (1, 2),
        "lead": None,
    }

    assert edits_from(packed_edits(edits)) == edits


def test_every_sentence_can_be_said():
    values = dict.fromkeys(
        ["size", "text", "unit", "name", "due", "start", "number", "row", "reason"], "x"
    )
    for code in SENTENCES:
        assert Message(Level.NOTE, code, Column.TITLE, values).sentence


def counts(**more: int) -> permits.Counts:
    return permits.Counts(**{"tasks": 3, "warnings": 0, "errors": 0, "names": 0} | more)


def test_only_a_batch_without_questions_is_published():
    assert permits.may_publish(counts(), checked=True)
    assert not permits.may_publish(counts(), checked=False)
    for name in ("warnings", "errors", "names"):
        verdict = permits.may_publish(counts(**{name: 2}), checked=True)
        assert not verdict
        assert "2" in str(verdict.reason)
    assert not permits.may_publish(counts(tasks=0), checked=True)
    assert permits.may_publish(counts(tasks=10_000), checked=True)
    assert not permits.may_publish(counts(tasks=10_001), checked=True)


def test_an_import_is_undone_only_while_its_tasks_are_untouched():
    assert permits.may_undo(published=True, issued=0, changed=0)
    assert not permits.may_undo(published=False, issued=0, changed=0)
    assert "2" in str(permits.may_undo(published=True, issued=2, changed=0).reason)
    assert "3" in str(permits.may_undo(published=True, issued=0, changed=3).reason)


def test_who_has_not_the_power_may_not_import():
    assert permits.may_import(power=True)
    assert not permits.may_import(power=False)
