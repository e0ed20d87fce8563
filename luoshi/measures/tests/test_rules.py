"""Colours, numbers, places in a file, and sentences: pure functions."""

import tomllib

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from luoshi.measures.kinds import sections
from luoshi.measures.queries import chapters
from luoshi.measures.rules import Health
from luoshi.measures.rules.books import MeasureText
from luoshi.measures.rules.colours import READABLE, STANDS_OUT, contrast, ink_of, is_colour
from luoshi.measures.rules.keys import DEFAULT_LIGHTS, Kind, Known, content_faults
from luoshi.measures.rules.lines import line_of, lines_of
from luoshi.measures.rules.numbers import number_of, pattern_stands
from luoshi.measures.tests.factories import content, measure_text

# ── colours ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "stands"),
    [("#1890ff", True), ("#1890FF", False), ("#18f", False), ("1890ff", False), ("#1890fg", False)],
)
def test_a_colour_is_a_hash_and_six_small_digits(text, stands):
    assert is_colour(text) is stands


def test_contrast_is_that_of_wcag():
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("health", Health)
def test_the_usual_lights_can_be_seen_and_read(health):
    colour, ink = DEFAULT_LIGHTS[health]
    assert contrast(colour) >= STANDS_OUT
    assert contrast(ink) >= READABLE


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_has_an_ink_that_can_be_read(number):
    assert contrast(ink_of(f"#{number:06x}")) >= READABLE


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("督〔{year}〕{n}号", "督〔2026〕18号"),
        ("{year}-{n:03}", "2026-018"),
        ("{n:01}/{year}", "18/2026"),
        ("%s{year}%(n)s{n:09}", "%s2026%(n)s000000018"),
    ],
)
def test_a_pattern_is_filled_in(pattern, number):
    assert pattern_stands(pattern)
    assert number_of(pattern, 2026, 18) == number


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{n}",
        "{year}",
        "{year}{n}{n}",
        "{year}{n:3}",
        "{year}{n:012}",
        "{year}{n!r}",
        "{year.__class__}{n}",
        "{{year}}{n}",
        "{year}{n}}",
        "{year}{n}\n",
        "{year}{n}" + "x" * 60,
    ],
)
def test_a_pattern_with_anything_else_does_not_stand(pattern):
    assert not pattern_stands(pattern)


# ── places in a file ─────────────────────────────────────────────────────────────────────────────


TEXT = '''\
# first
a = 1
[t]  # [not.a.table]
"quoted key" = "[x]"
'literal' = """
[not.a.table]
b = 2 \\""" still
"""
list = [
  1, # ]
  "]", # b = 3
]
dotted.key = 2
[[t.rows]]
x = 1
[[t.rows]]
x = 2
[t.rows.inner]
y = \'\'\'
[z]
\'\'\'
[ t . spaced ]
z = { a = 1, b = "}" }
'''


def test_every_table_and_key_has_its_line():
    tomllib.loads(TEXT)
    assert lines_of(TEXT) == {
        ("a",): 2,
        ("t",): 3,
        ("t", "quoted key"): 4,
        ("t", "literal"): 5,
        ("t", "list"): 9,
        ("t", "dotted"): 13,
        ("t", "dotted", "key"): 13,
        ("t", "rows", 0): 14,
        ("t", "rows", 0, "x"): 15,
        ("t", "rows", 1): 16,
        ("t", "rows", 1, "x"): 17,
        ("t", "rows", 1, "inner"): 18,
        ("t", "rows", 1, "inner", "y"): 19,
        ("t", "spaced"): 22,
        ("t", "spaced", "z"): 23,
    }


def test_what_has_no_line_stands_where_its_table_does():
    lines = lines_of(TEXT)
    assert line_of(lines, ("t", "rows", 1, "missing")) == 16
    assert line_of(lines, ("t", "spaced", "z", "a")) == 23
    assert line_of(lines, ("unknown",)) is None


@given(st.text())
def test_the_scanner_never_fails(text):
    assert all(line >= 1 for line in lines_of(text).values())


# ── in plain words: no switch is unexplained (CAT-5) ─────────────────────────────────────────────

LINK = {"duty": "head", "body": "", "mode": "any", "from_days": None, "from_count": None}
FULL = {
    "approval": "choose",
    "sign_off": "always",
    "sign_days": 3,
    "rhythm": "monthly",
    "report_day": 28,
    "report_approval": "choose",
    "extend": "any",
    "extend_times": 2,
    "chain": [{"purpose": "extend", **LINK}],
    "deadlines": [{"urgency": "urgent", "days": 3}],
    "nodes": [{"name": "中期", "days": 90}],
    "lights": [{"health": "idle", "label": "未动", "colour": "#bfbfbf"}],
    "report_days": {"after_issue": [1], "dates": ["03-31"]},
    "reminders": {"remind_before": [1], "remind_on": [25]},
    "diagnosis": {
        "diagnose_in": [6],
        "needs_cause": False,
        "needs_action_owner": False,
        "needs_action_date": False,
    },
}
KNOWN = Known(bodies={"group": "领导小组", "committee": "党委会"})


def words(text: MeasureText) -> list[str]:
    with translation.override("en"):
        said = [one for chapter in chapters(text, KNOWN) for one in chapter.said]
        return [f"{one.text} {one.colour}".strip() for one in said]  # a colour is shown as a swatch


def another(key, value):
    """Some other value of a key."""
    if key.kind == Kind.FLAG:
        return not value
    if key.kind == Kind.CHOICE:
        return next(v for v in key.choices.values if v != value)
    if key.kind == Kind.WHOLE:
        return 5 if value is None else value + 1
    others = {
        Kind.TEXT: "别的",
        Kind.KNOWN: "committee",
        Kind.COLOUR: "#1890ff",
        Kind.PATTERN: "别{year}{n}",
        Kind.NUMBERS: [2, 3],
        Kind.YEAR_DAYS: ["12-15"],
    }
    return others[key.kind]


SWITCHES = [(section.name, key.name) for section in sections() for key in section.keys]


@pytest.mark.parametrize(("name", "key_name"), SWITCHES)
def test_every_switch_changes_the_plain_words_page(name, key_name):
    section = next(s for s in sections() if s.name == name)
    key = section.key(key_name)
    before, after = content(**FULL), content(**FULL)
    table = after[name][0] if section.many else after[name]
    if key_name == "body":
        table["duty"] = before[name][0]["duty"] = ""
    table[key_name] = another(key, table[key_name])
    head = measure_text().head
    assert words(MeasureText(head, before)) != words(MeasureText(head, after))


@pytest.mark.parametrize(("name", "key_name"), SWITCHES)
def test_every_value_of_a_choice_is_said_differently(name, key_name):
    section = next(s for s in sections() if s.name == name)
    key = section.key(key_name)
    if key.kind != Kind.CHOICE:
        return
    said = set()
    for value in key.choices.values:
        data = content(**FULL)
        (data[name][0] if section.many else data[name])[key_name] = value
        said.add(tuple(words(MeasureText(measure_text().head, data))))
    assert len(said) == len(key.choices.values)


@pytest.mark.parametrize("section", sections(), ids=lambda s: s.name)
def test_every_switch_is_named_as_the_origin_of_a_sentence(section):
    data = content(**FULL)
    named = {
        setting
        for sentence in section.explain(data[section.name], data, KNOWN)
        for setting in sentence.settings
    }
    wanted = set(section.settings(data[section.name]))
    assert wanted <= named


def test_a_source_stands_beside_its_sentence():
    text = measure_text(rhythm="monthly")
    text = MeasureText(text.head, text.content, {"reporting.report_day": "通知二"})
    said = [s for c in chapters(text, KNOWN) for s in c.said if s.sources]
    assert [s.sources for s in said] == [("通知二",)]


def test_every_section_has_words_for_a_reader_and_a_help():
    for section in sections():
        assert section.title
        assert section.help
        for key in section.keys:
            assert key.label, key.name
            assert key.help, key.name


def test_defaults_fit_together():
    assert list(content_faults(sections(), content())) == []
