import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.search.rules import (
    MOST_GRAMS,
    Phrase,
    fts_query,
    grams,
    phrase,
    ts_query,
    ts_vector,
)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("党建工作", ["党建", "建工", "工作", "作"]),
        ("党", ["党"]),
        ("2026年党建", ["2026", "年党", "党建", "建"]),
        ("Excel表", ["excel", "表"]),
        ("ＡＢＣ１２", ["abc12"]),
        ("《质量》保证", ["质量", "量", "保证", "证"]),
        ("第3季度", ["第", "3", "季度", "度"]),
        ("3.5%", ["3", "5"]),
        ("𠮷祥", ["u20bb7祥", "祥"]),
        ("㐀人", ["㐀人", "人"]),
        ("〇八", ["〇八", "八"]),
        ("café", ["cafe"]),
        ("a_b", ["a", "b"]),
        ("😀！", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_grams(text, cut):
    assert grams(text) == cut


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("党建", [Phrase(("党建",))]),
        ("党建工作", [Phrase(("党建", "建工", "工作"))]),
        ("党", [Phrase(("党",), prefix=True)]),
        ("2026年", [Phrase(("2026", "年"), prefix=True)]),
        ("2026年党建", [Phrase(("2026", "年党", "党建"))]),
        ("质量3", [Phrase(("质量", "量", "3"))]),
        ("党建 2026", [Phrase(("党建",)), Phrase(("2026",))]),
        ("党建　工作", [Phrase(("党建",)), Phrase(("工作",))]),
        ("𠮷", [Phrase(("u20bb7",), prefix=True)]),
        ("！ ？", []),
        ("", []),
    ],
)
def test_a_query_is_the_phrase_of_its_grams(query, asked):
    assert phrase(query) == asked


def test_the_query_as_each_database_reads_it():
    asked = phrase("2026年 质量保证")
    assert fts_query(asked) == '"2026 年" * AND "质量 量保 保证"'
    assert ts_query(asked) == "('2026' <-> '年':*) & ('质量' <-> '量保' <-> '保证')"


def test_a_vector_holds_every_place():
    assert ts_vector(["党建", "建", "党建"]) == "'党建':1,3 '建':2"


def test_no_more_than_the_cap_is_indexed():
    assert len(grams("党" * 40_000)) == MOST_GRAMS
    assert len(grams("a " * 40_000)) == MOST_GRAMS


def test_a_word_without_end_is_cut():
    assert grams("x" * 5000) == ["x" * 64]
    assert phrase("x" * 5000) == [Phrase(("x" * 64,))]


def test_a_query_of_many_words_is_cut():
    assert len(phrase("党建 " * 100)) == 16


@given(st.text())
def test_any_text_can_be_cut_and_written(text):
    found = grams(text)
    assert all(gram.isalnum() or gram for gram in found)
    assert not any(set(gram) & set("'\"\\ :&|()*-<>!") for gram in found)
    fts_query(phrase(text))
    ts_vector(found)


CHARS = st.text(alphabet="党建工作质量年ab12 。", max_size=30)


@given(CHARS, st.data())
def test_whatever_stands_in_a_text_within_one_line_of_words_is_found(text, data):
    """A piece of the text that starts and ends inside Chinese is a phrase of it."""
    words = [word for word in text.replace("。", " ").split() if word]
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    start = data.draw(st.integers(0, len(word) - 1))
    stop = data.draw(st.integers(start + 1, len(word)))
    piece = word[start:stop]
    latin = set("ab12")
    if (start and word[start - 1] in latin and piece[0] in latin) or (
        stop < len(word) and word[stop] in latin and piece[-1] in latin
    ):
        return  # part of a Latin word: not found, on purpose
    found = grams(text)
    (asked,) = phrase(piece)
    assert any(_stands_at(found, place, asked) for place in range(len(found)))


def _stands_at(found, place, asked):
    here = found[place : place + len(asked.grams)]
    if asked.prefix:
        return here[:-1] == list(asked.grams[:-1]) and bool(
            len(here) == len(asked.grams) and here[-1].startswith(asked.grams[-1])
        )
    return here == list(asked.grams)
