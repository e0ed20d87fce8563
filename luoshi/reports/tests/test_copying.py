"""How much is copied, what is passed over, how passages are named; never touches a database."""

import time
import unicodedata

import pytest

from luoshi.reports.rules.copying import (
    RUN,
    Copying,
    Mark,
    Problem,
    copied,
    copied_words,
    copying_stands,
    fold,
    mark_of,
    measure,
    mentions,
    named,
    paragraphs,
    passed_over,
    says_nothing,
)

SOURCE = "与本地龙头企业共建智能制造产业学院揭牌，首批选派青年教师六名到企业实践锻炼。"
OWN = "各学院产教融合取得进展，条件保障到位。"


def passages(text, *sources, **more):
    return [text[span.since : span.until] for span in copied(text, sources, **more)]


def test_a_run_of_thirteen_is_copied_and_one_of_twelve_is_not():
    run = SOURCE[:RUN]
    assert len(run) == 13
    assert passages(f"开头{run}结尾", SOURCE) == [run]
    assert passages(f"开头{run[:-1]}结尾", SOURCE) == []


def test_spaces_line_breaks_and_punctuation_neither_count_nor_break_a_run():
    typed = "首批，选派 青年\n教师；六名 到 企业“实践”锻炼"
    assert passages(f"今年{typed}，效果好", SOURCE) == [typed]


def test_full_width_capitals_and_accents_are_the_same_shape():
    assert fold("ＡＢｃ１２ é É ㈱") == "abc12ee株"
    assert passages("ISO9001QUALITYsystem", "ｉｓｏ ９００１ quality ＳＹＳＴＥＭ") == [
        "ISO9001QUALITYsystem"
    ]
    typed = unicodedata.normalize("NFD", "Café résumé élevé")
    assert fold(typed) == "caferesumeeleve"
    assert measure([typed], [], ["cafe resume eleve"]).share == 100


def test_rare_characters_count_as_one_each():
    rare = "𠮷𡈽𤭢𪚥𬺡\ue001\U0002fa1d㐂䶮龘靐齉爩"
    assert len(fold(rare)) == 13
    assert passages(f"人名：{rare}。", f"另有{rare}等") == [rare]
    assert passages(f"人名：{rare[:-1]}。", f"另有{rare}等") == []


def test_invisible_characters_do_not_hide_a_copy():
    hidden = "\u200b".join(SOURCE[:20]) + "\ufe0f"
    assert fold(hidden) == fold(SOURCE[:20])
    assert measure([hidden], [], [SOURCE]).share == 100


def test_a_run_must_stand_in_one_source():
    assert passages(SOURCE[:20], SOURCE[:10], SOURCE[10:20]) == []


def test_the_name_of_the_task_is_nobodys_words():
    title = "推进国家级高水平专业群建设并通过中期绩效评价"
    assert passages(title, f"{title}工作总结") == [title]
    assert passages(title, f"{title}工作总结", free=[title]) == []


def test_the_share_counts_quotations_and_pasted_passages_alike():
    pasted = SOURCE[:19]
    own = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌"
    seen = measure([pasted + own], [SOURCE[19:]], [SOURCE])
    marked = len(fold(SOURCE[19:]))
    assert seen.copied == len(fold(pasted)) + marked
    assert seen.total == len(fold(pasted + own)) + marked
    assert seen.passages == (SOURCE[:19].rstrip("，"), SOURCE[19:])


def test_the_share_is_rounded_up_and_nothing_written_is_nothing_copied():
    assert Copying(1000, 302).share == 31
    assert Copying(1000, 300).share == 30
    assert Copying().share == 0
    assert measure(["", "…"], [], [SOURCE]) == Copying()


@pytest.mark.parametrize(("limit", "ok"), [(None, True), (30, True), (29, False), (0, False)])
def test_the_limit_is_held_exactly(limit, ok):
    assert copying_stands(Copying(10, 3, ("抄来的",)), limit).ok is ok


def test_a_share_just_above_the_limit_is_refused_though_it_rounds_near():
    assert not copying_stands(Copying(1000, 302), 30)


def test_the_refusal_names_both_figures_and_the_passages():
    reason = str(copying_stands(Copying(10, 6, (SOURCE, "第二段")), 30).reason)
    assert "60" in reason
    assert "30" in reason
    assert SOURCE[:20] in reason
    assert "第二段" in reason


def test_many_passages_are_named_by_the_first_and_their_number():
    said = named(["甲" * 80, "乙", "丙", "丁", "戊"])
    assert "甲" * 29 + "…" in said
    assert "丁" not in said
    assert "5" in said


def test_the_words_while_typing_name_the_limit_where_there_is_one():
    assert copied_words(None, 30) == ""
    assert "31" in copied_words(Copying(1000, 302), None)
    assert "20" in copied_words(Copying(1000, 302), 20)


def test_long_texts_and_many_sources_are_quick():
    source = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(20_000))
    text = source[:10_000] + "".join(chr(0x4E00 + (n * 104729) % 20011) for n in range(10_000))
    begun = time.process_time()
    seen = measure([text], [], [source] * 40)
    assert time.process_time() - begun < 2
    assert 50 <= seen.share <= 51
    begun = time.process_time()
    assert measure(["重" * 20_000], [], ["重" * 20_000] * 40).share == 100
    assert time.process_time() - begun < 2


# ── problems ─────────────────────────────────────────────────────────────────────────────────────

TOLD = "专任教师数量不足，机器人方向缺少高级职称带头人。"


@pytest.mark.parametrize("text", ["无", "无。", " 没有 ", "暂无问题！", "None", "N/A", "", "——"])
def test_saying_that_there_is_no_problem_is_no_problem(text):
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["无高级职称教师", "没有场地", "经费"])
def test_a_problem_is_one_though_it_begins_with_no(text):
    assert not says_nothing(text)


def test_a_retelling_in_other_order_mentions_the_problem():
    assert mentions(["高级职称带头人缺乏，机器人方向教师数量也不足。"], TOLD)
    assert not mentions([OWN], TOLD)
    assert not mentions([], TOLD)


def test_what_is_quoted_mentioned_or_empty_is_not_passed_over():
    rows = [Problem("1-p", TOLD), Problem("2-p", "无"), Problem("3-h", "请协调经费五万元")]
    assert [one.name for one in passed_over(rows, [OWN], ())] == ["1-p", "3-h"]
    assert [one.name for one in passed_over(rows, [OWN], {"3-h"})] == ["1-p"]
    assert [one.name for one in passed_over(rows, [OWN, TOLD], ())] == ["3-h"]


# ── passages ─────────────────────────────────────────────────────────────────────────────────────


def test_a_mark_is_read_as_it_is_written():
    assert mark_of("17-p-3-20") == Mark(17, "p", 3, 20)
    assert str(Mark(17, "p", 3, 20)) == "17-p-3-20"
    assert Mark(17, "p", 3, 20).problem == "17-p"
    assert Mark(17, "h", 3, 20).field == "help_needed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "17",
        "17-b-0-0",
        "17-x-0-5",
        "a-b-0-5",
        "17-b--1-5",
        "1-b-0-5-6",
        "9" * 20 + "-b-0-1",
        "²-b-0-1",
    ],
)
def test_what_is_no_mark_is_none(text):
    assert mark_of(text) is None


def test_paragraphs_know_where_they_start():
    text = "  第一段。\r\n\r\n𠮷第二段 \n第三段"
    found = paragraphs(text)
    assert [one.text for one in found] == ["第一段。", "𠮷第二段", "第三段"]
    assert all(text[one.start : one.start + len(one.text)] == one.text for one in found)
