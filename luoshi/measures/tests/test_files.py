"""Broken rule books: one precise error each — file, line, table, key, found, allowed (CAT-4)."""

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from luoshi.measures.kinds import sections
from luoshi.measures.models import Category, Measure, Programme
from luoshi.measures.rules.books import Book, House, Problem
from luoshi.measures.rules.files import read_files
from luoshi.measures.rules.keys import Known
from luoshi.measures.rules.writing import file_of
from luoshi.measures.tests.factories import measure_text

GOOD = """\
schema = 1

[programme]
code = "goals"
name = "重点工作目标任务"

[[category]]
code = "863"
name = "核心指标"
measure = "863"

[[category.fields]]
code = "batch"
name = "批次"
kind = "choice"
choices = ["第一批", "第二批"]

[[measure]]
code = "863"
since = 2026-01-01
name = "核心指标管理办法"

[measure.line]
approval = "always"
sign_off = "always"
sign_days = 3
on_silence = "accepted"

[[measure.chain]]
purpose = "issue"
duty = "head"

[[measure.chain]]
purpose = "issue"
body = "leading-group"
mode = "all"

[measure.breaking_down]
split = "unit"
needs_due = true

[[measure.nodes]]
name = "中期"
days = 90

[[measure.nodes]]
name = "收尾"
days = 180

[measure.reporting]
rhythm = "monthly"
report_day = 28

[measure.reporting.source]
report_day = "通知二"

[measure.change]

[measure.diagnosis]
diagnose_in = [6, 12]

[measure.visibility]
visibility = "everyone"

[measure.numbering]
number_pattern = "督〔{year}〕{n:03}号"

[[measure.lights]]
health = "idle"
label = "未启动"
colour = "#bfbfbf"

[[measure.lights]]
health = "done"
label = "已完成"
colour = "#95de64"
"""

HOUSE = House(known=Known(bodies={"leading-group": "领导小组"}))


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def read(text: str | bytes, house: House = HOUSE) -> tuple[list[Book], list[Problem]]:
    data = text if isinstance(text, bytes) else text.encode()
    return read_files([("rules.toml", data)], sections(), house)


def change(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_good_file_has_no_problem_and_says_what_it_says():
    books, problems = read(GOOD)
    assert problems == []
    measure = books[0].measures[0]
    assert measure.head["since"] == dt.date(2026, 1, 1)
    assert measure.content["reporting"]["report_day"] == 28
    assert [link["body"] for link in measure.content["chain"]] == ["", "leading-group"]
    assert measure.sources == {"reporting.report_day": "通知二"}
    assert books[0].categories[0].points_at == ("863", dt.date(2026, 1, 1))
    assert books[0].categories[0].data["programme"] == "goals"


NOT_SIGNED = "nothing, as nobody has to sign (sign_off is “never”)"

#: (what is broken, the file, what the line holds, table, key, found, beginning of allowed)
BROKEN = [
    (
        "unknown key",
        change("report_day = 28", "reprt_day = 28").replace(
            'rhythm = "monthly"', 'rhythm = "none"'
        ),
        "reprt_day",
        "[measure.reporting]",
        "reprt_day",
        "an unknown key",
        "rhythm, report_day, grace_days, late_report, needs_text, needs_evidence, progress_rule, "
        "completed_by, result_only, report_approval, copied_at_most, "
        "unchanged_at_most, source; perhaps report_day is meant",
    ),
    (
        "unknown table",
        change("[measure.change]", "[measure.change]\n\n[measure.changes]"),
        "[measure.changes]",
        "[[measure]] 1",
        "changes",
        "an unknown table",
        "code, since, name,",
    ),
    (
        "unknown table at the top",
        GOOD + "\n[measures]\n",
        "[measures]",
        "",
        "measures",
        "an unknown table",
        "schema, programme, category, measure; perhaps measure is meant",
    ),
    (
        "wrong type: text for a number",
        change("report_day = 28", 'report_day = "28"'),
        'report_day = "28"',
        "[measure.reporting]",
        "report_day",
        "the text “28”",
        "a whole number from 1 to 31",
    ),
    (
        "truth value as text",
        change("needs_due = true", 'needs_due = "true"'),
        "needs_due",
        "[measure.breaking_down]",
        "needs_due",
        "the text “true”",
        "true or false, without quotation marks",
    ),
    (
        "truth value for a number",
        change("sign_days = 3", "sign_days = true"),
        "sign_days",
        "[measure.line]",
        "sign_days",
        "the truth value true",
        "a whole number from 1 to 90",
    ),
    (
        "number with a decimal point",
        change("sign_days = 3", "sign_days = 3.5"),
        "sign_days",
        "[measure.line]",
        "sign_days",
        "the number 3.5",
        "a whole number from 1 to 90",
    ),
    (
        "missing table",
        change("[measure.change]\n", ""),
        "[[measure]]",
        "[[measure]] 1",
        "change",
        "nothing",
        "the table [measure.change] (Dates and changes); it may be empty",
    ),
    (
        "missing key",
        change('name = "核心指标管理办法"\n', ""),
        "[[measure]]",
        "[[measure]] 1",
        "name",
        "nothing",
        "a text of 1 to 120 characters on one line",
    ),
    (
        "list instead of table",
        change("[measure.change]", "").replace(
            'name = "核心指标管理办法"', 'name = "办法"\nchange = []'
        ),
        "change = []",
        "[[measure]] 1",
        "change",
        "a list",
        "a table [measure.change]",
    ),
    (
        "text instead of tables",
        change("[[category.fields]]", "[category.fields]").replace(
            '[category.fields]\ncode = "batch"\nname = "批次"\nkind = "choice"\n'
            'choices = ["第一批", "第二批"]',
            'fields = "批次"',
        ),
        'fields = "批次"',
        "[[category]] 1",
        "fields",
        "the text “批次”",
        "tables that begin with [[category.fields]]",
    ),
    (
        "bad colour",
        change('"#95de64"', '"green"'),
        '"green"',
        "[[measure.lights]] 2",
        "colour",
        "the text “green”",
        'a colour such as "#1890ff"',
    ),
    (
        "colour that cannot be seen on white",
        change('"#95de64"', '"#fffbe6"'),
        '"#fffbe6"',
        "[[measure.lights]] 2",
        "colour",
        "“#fffbe6”, with a contrast of 1.04 to white",
        "a darker colour, with a contrast of at least 1.5 to white",
    ),
    (
        "light twice",
        change('health = "done"', 'health = "idle"'),
        None,
        "[[measure.lights]] 2",
        "health",
        "the text “idle”",
        "each state once; it already stands above",
    ),
    (
        "two lights of one colour",
        change('"#95de64"', '"#BFBFBF"'),
        '"#BFBFBF"',
        "[[measure.lights]] 2",
        "colour",
        "the text “#bfbfbf”",
        "a colour of its own; another light has this one already",
    ),
    (
        "chain to an unknown duty",
        change('duty = "head"', 'duty = "boss"'),
        'duty = "boss"',
        "[[measure.chain]] 1",
        "duty",
        "the text “boss”",
        "“top_leader” (Top leader), “in_charge” (Leader in charge)",
    ),
    (
        "chain to an unknown body",
        change('body = "leading-group"', 'body = "committee"'),
        'body = "committee"',
        "[[measure.chain]] 2",
        "body",
        "the text “committee”",
        "“leading-group” (领导小组)",
    ),
    (
        "chain to nobody",
        change('duty = "head"\n', ""),
        "[[measure.chain]]",
        "[[measure.chain]] 1",
        "duty",
        "neither duty nor body",
        "exactly one of duty and body",
    ),
    (
        "approval without a chain",
        GOOD.replace(
            GOOD[GOOD.index("[[measure.chain]]") : GOOD.index("[measure.breaking_down]")], ""
        ),
        'approval = "always"',
        "[measure.line]",
        "approval",
        "the text “always”",
        'at least one [[measure.chain]] with purpose = "issue"',
    ),
    (
        "chain of an approval that never happens",
        change(
            'mode = "all"', 'mode = "all"\n\n[[measure.chain]]\npurpose = "report"\nduty = "head"'
        ),
        'purpose = "report"',
        "[[measure.chain]] 3",
        "purpose",
        "the text “report”",
        "another purpose: this approval never happens ([measure.reporting] report_approval is",
    ),
    (
        "milestones out of order",
        change("days = 180", "days = 30"),
        "days = 30",
        "[[measure.nodes]] 2",
        "days",
        "the number 30",
        "90 or more: milestones stand in the order of their days",
    ),
    (
        "months out of order",
        change("[6, 12]", "[12, 6]"),
        "diagnose_in",
        "[measure.diagnosis]",
        "diagnose_in",
        "a list",
        "a list of whole numbers from 1 to 12, each greater than the last",
    ),
    (
        "reporting days out of order",
        change("report_day = 28\n", "")
        .replace('"monthly"', '"own_dates"')
        .replace(
            "[measure.change]",
            '[measure.report_days]\ndates = ["12-15", "03-31"]\n\n[measure.change]',
        )
        .replace('report_day = "通知二"\n', ""),
        "dates =",
        "[measure.report_days]",
        "dates",
        "a list",
        'a list of days such as ["03-31", "12-15"], each later in the year than the last',
    ),
    (
        "duplicate code of a category",
        GOOD + '\n[[category]]\ncode = "863"\nname = "又一个"\n',
        "LAST code",
        "[[category]] 2",
        "code",
        "a code that stands in rules.toml, line 7 already",
        "each once",
    ),
    (
        "duplicate version",
        GOOD + GOOD[GOOD.index("[[measure]]") :],
        "LAST code",
        "[[measure]] 2",
        "code",
        "a code that stands in rules.toml, line 18 already",
        "each once",
    ),
    (
        "own field twice",
        change(
            'choices = ["第一批", "第二批"]',
            'choices = ["第一批", "第二批"]\n\n[[category.fields]]\ncode = "batch"\n'
            'name = "批"\nkind = "text"',
        ),
        None,
        "[[category.fields]] 2",
        "code",
        "the text “batch”",
        "each once",
    ),
    (
        "not UTF-8",
        GOOD.encode().replace("核心指标管理办法".encode(), "办法".encode("gbk")),
        "办法-line",
        "",
        "",
        "a byte that is not UTF-8 (0xb0)",
        "a text file saved as UTF-8",
    ),
    (
        "UTF-16",
        GOOD.encode("utf-16"),
        1,
        "",
        "",
        "a byte that is not UTF-8 (0xff)",
        "a text file saved as UTF-8",
    ),
    ("empty file", "", 1, "", "", "an empty file", "schema = 1 and at least one programme"),
    ("only blanks", "\n \n# 说明\n", 1, "", "", "an empty file", "schema = 1 and at least one"),
    ("only a schema", "schema = 1\n", 1, "", "", "no tables", "a [programme], [[category]] or"),
    (
        "NUL",
        change('name = "核心指标管理办法"', 'name = "核心\0"'),
        "核心\0",
        "",
        "",
        "a NUL character",
        "text only; the file may be damaged",
    ),
    ("more than 1 MB", b"#" * (1024 * 1024 + 1), 1, "", "", "more than 1 MB", "a rule book of at"),
    (
        "duplicate key",
        change("report_day = 28", "report_day = 28\nreport_day = 25"),
        "report_day = 25",
        "[measure.reporting]",
        "report_day",
        "a key that was given before",
        "each key once",
    ),
    (
        "table begun twice",
        change("[measure.diagnosis]", "[measure.change]"),
        None,
        "[measure.change]",
        "",
        "a table that was begun before",
        "each table once",
    ),
    (
        "not TOML: Chinese quotation marks",
        change('code = "goals"', "code = “goals”"),
        "code = “goals”",
        "",
        "",
        "“code = “goals””, which cannot be read",
        "key = value, texts in straight quotation marks",
    ),
    (
        "not TOML: a bracket left open",
        GOOD + "\nx = [1, 2\n",
        None,
        "",
        "",
        None,
        "key = value, texts in straight quotation marks",
    ),
    (
        "bad number pattern: no number",
        change("督〔{year}〕{n:03}号", "督〔{year}〕号"),
        "number_pattern",
        "[measure.numbering]",
        "number_pattern",
        "the text “督〔{year}〕号”",
        "a text with {year} once and {n} or {n:03} once",
    ),
    (
        "bad number pattern: something to evaluate",
        change("督〔{year}〕{n:03}号", "{year}{n}{n.__class__}"),
        "number_pattern",
        "[measure.numbering]",
        "number_pattern",
        "the text “{year}{n}{n.__class__}”",
        "a text with {year} once and {n} or {n:03} once",
    ),
    (
        "day 32",
        change("report_day = 28", "report_day = 32"),
        "report_day = 32",
        "[measure.reporting]",
        "report_day",
        "the number 32",
        "a whole number from 1 to 31",
    ),
    (
        "no reporting day",
        change("report_day = 28\n", ""),
        "[measure.reporting]",
        "[measure.reporting]",
        "report_day",
        "nothing",
        "the day of the month reports are due by, 1 to 31 (31 is the last day)",
    ),
    (
        "month 13",
        change("[6, 12]", "[13]"),
        "diagnose_in",
        "[measure.diagnosis]",
        "diagnose_in",
        "a list",
        "a list of whole numbers from 1 to 12",
    ),
    (
        "unknown value",
        change('"monthly"', '"fortnightly"'),
        '"fortnightly"',
        "[measure.reporting]",
        "rhythm",
        "the text “fortnightly”",
        "“none” (not at fixed times), “weekly” (every week), “monthly” (every month)",
    ),
    (
        "negative days",
        change("days = 180", "days = -1"),
        "days = -1",
        "[[measure.nodes]] 2",
        "days",
        "the number -1",
        "a whole number from 0 to 999",
    ),
    ("no schema", GOOD.replace("schema = 1\n", ""), 1, "", "schema", "nothing", "1"),
    ("unknown schema", change("schema = 1", "schema = 0"), 1, "", "schema", "the number 0", "1"),
    (
        "newer schema",
        change("schema = 1", "schema = 2"),
        1,
        "",
        "schema",
        "the number 2",
        "1; this file was written for a newer version of Luoshi",
    ),
    (
        "category pointing to an unknown measure",
        change('measure = "863"', 'measure = "683"'),
        'measure = "683"',
        "[[category]] 1",
        "measure",
        "the text “683”",
        "one of: 863",
    ),
    (
        "category pointing to an unknown version",
        change('measure = "863"', 'measure = "863"\nmeasure_since = 2025-01-01'),
        "measure_since",
        "[[category]] 1",
        "measure_since",
        "the date 2025-01-01",
        "one of: 2026-01-01",
    ),
    (
        "category without a programme",
        GOOD.replace('[programme]\ncode = "goals"\nname = "重点工作目标任务"\n', ""),
        "[[category]]",
        "[[category]] 1",
        "programme",
        "nothing, and the file has no [programme]",
        "a [programme] table, or this key",
    ),
    (
        "category in an unknown programme",
        change('measure = "863"', 'measure = "863"\nprogramme = "gaols"'),
        "programme =",
        "[[category]] 1",
        "programme",
        "the text “gaols”",
        "one of: goals",
    ),
    (
        "choice without choices",
        change('choices = ["第一批", "第二批"]\n', ""),
        "[[category.fields]]",
        "[[category.fields]] 1",
        "choices",
        "fewer than two choices",
        "at least two choices",
    ),
    (
        "bad code",
        change('code = "goals"', 'code = "重点 目标"'),
        "重点 目标",
        "[programme]",
        "code",
        "the text “重点 目标”",
        "a code of at most 40 letters a–z, digits, “-” and “_”, without blanks",
    ),
    (
        "name too long",
        change("核心指标管理办法", "长" * 121),
        "长长",
        "[[measure]] 1",
        "name",
        "the text “" + "长" * 59 + "…”",
        "a text of 1 to 120 characters on one line",
    ),
    (
        "name of blanks",
        change("核心指标管理办法", "  "),
        '"  "',
        "[[measure]] 1",
        "name",
        "the text “  ”",
        "a text of 1 to 120 characters on one line",
    ),
    (
        "date as text",
        change("since = 2026-01-01", 'since = "2026-01-01"'),
        "since",
        "[[measure]] 1",
        "since",
        "the text “2026-01-01”",
        "a date such as 2026-01-01 without quotation marks",
    ),
    (
        "date with time",
        change("since = 2026-01-01", "since = 2026-01-01T08:00:00"),
        "since",
        "[[measure]] 1",
        "since",
        "the date with time 2026-01-01 08:00:00",
        "a date such as 2026-01-01 without quotation marks",
    ),
    (
        "day of signing without signing",
        change('sign_off = "always"', 'sign_off = "never"').replace(
            'on_silence = "accepted"\n', ""
        ),
        "sign_days",
        "[measure.line]",
        "sign_days",
        "the number 3",
        NOT_SIGNED,
    ),
    (
        "public, but not to all inside",
        change('visibility = "everyone"', 'visibility = "involved"\npublic = true'),
        "public",
        "[measure.visibility]",
        "public",
        "the truth value true",
        "false, unless everyone inside may see the tasks too",
    ),
    (
        "source of an unknown key",
        change('report_day = "通知二"', 'report_days = "通知二"'),
        "report_days =",
        "[measure.reporting.source]",
        "report_days",
        "an unknown key",
        "rhythm, report_day,",
    ),
]


def _line(text, mark) -> int | None:
    if isinstance(mark, int) or mark is None:
        return mark
    if mark == "办法-line":
        return line_of(GOOD, "核心指标管理办法")
    if mark == "LAST code":
        return text[: text.rindex('code = "863"')].count("\n") + 1
    return line_of(text, mark)


@pytest.mark.parametrize("broken", BROKEN, ids=[broken[0] for broken in BROKEN])
def test_a_broken_file_gives_one_precise_error(broken):
    _what, text, mark, table, key, found, allowed = broken
    _books, problems = read(text)
    assert len(problems) == 1, [str(problem) for problem in problems]
    problem = problems[0]
    assert (problem.file, problem.table, problem.key) == ("rules.toml", table, key)
    if (line := _line(text, mark)) is not None:
        assert problem.line == line
    if found is not None:
        assert problem.found == found
    assert problem.allowed.startswith(allowed)


@pytest.mark.django_db
@pytest.mark.parametrize("broken", BROKEN, ids=[broken[0] for broken in BROKEN])
def test_a_broken_file_loads_nothing(broken, tmp_path: Path, capsys):
    path = tmp_path / "rules.toml"
    path.write_bytes(broken[1] if isinstance(broken[1], bytes) else broken[1].encode())
    with pytest.raises(CommandError):
        call_command("measures", "load", str(path))
    assert not Programme.objects.exists()
    assert not Category.objects.exists()
    assert not Measure.objects.exists()


def test_the_place_of_every_broken_file_is_a_line_of_it():
    for what, text, *_rest in BROKEN:
        if isinstance(text, str):
            problem = read(text)[1][0]
            assert problem.line is not None, what
            assert 1 <= problem.line <= text.count("\n") + 1, what


def test_all_errors_of_a_file_are_reported_in_one_go():
    text = (
        GOOD.replace("report_day = 28", "report_day = 32")
        .replace('"#bfbfbf"', '"grey"')
        .replace("[6, 12]", "[0]")
    )
    assert [problem.key for problem in read(text)[1]] == ["report_day", "diagnose_in", "colour"]


def test_what_does_not_fit_together_is_reported_beside_what_cannot_be_read():
    text = (
        GOOD.replace("[measure.change]\n", "")
        .replace('"#95de64"', '"#fffbe6"')
        .replace("days = 180", "days = 30")
    )
    assert [problem.key for problem in read(text)[1]] == ["change", "days", "colour"]


def test_an_error_is_one_sentence_with_file_line_table_key_found_allowed():
    problem = read(change("report_day = 28", "report_day = 32"))[1][0]
    assert str(problem) == (
        "rules.toml, line 52, [measure.reporting], key report_day: found the number 32; "
        "allowed: a whole number from 1 to 31."
    )


def test_a_byte_order_mark_and_windows_lines_are_read():
    data = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    books, problems = read(data)
    assert problems == []
    assert books[0].measures == read(GOOD)[0][0].measures
    broken = data.replace(b"report_day = 28", b"report_day = 32")
    assert read(broken)[1][0].line == 52


def test_rules_of_issued_tasks_do_not_change_by_a_file():
    books, _problems = read(GOOD)
    used = books[0].measures[0]
    house = House(known=HOUSE.known, versions=frozenset({used.version}), used={used.version: used})
    assert read(GOOD, house)[1] == []
    problem = read(change("report_day = 28", "report_day = 25"), house)[1][0]
    assert (problem.line, problem.key) == (20, "since")
    assert problem.found == (
        "other rules than those under which tasks were issued (reporting.report_day)"
    )
    assert "new version" in problem.allowed
    newer = change("report_day = 28", "report_day = 25").replace("2026-01-01", "2027-01-01")
    assert read(newer, house)[1] == []


def test_the_kind_of_an_own_field_stays():
    house = House(known=HOUSE.known, own_fields={("863", "batch"): "text"})
    problem = read(GOOD, house)[1][0]
    assert (problem.table, problem.key) == ("[[category.fields]] 1", "kind")


def test_a_code_that_stands_in_another_file_is_found():
    files = [("a.toml", GOOD.encode()), ("b.toml", GOOD.encode())]
    problems = read_files(files, sections(), HOUSE)[1]
    assert {problem.file for problem in problems} == {"b.toml"}
    assert [problem.found for problem in problems] == [
        "a code that stands in a.toml, line 3 already",
        "a code that stands in a.toml, line 7 already",
        "a code that stands in a.toml, line 18 already",
    ]


def test_a_category_may_point_at_a_measure_of_another_file_or_of_none():
    rules = "schema = 1\n" + GOOD[GOOD.index("[[measure]]") :]
    categories = GOOD[: GOOD.index("[[measure]]")]
    both = [("a.toml", categories.encode()), ("b.toml", rules.encode())]
    books, problems = read_files(both, sections(), HOUSE)
    assert problems == []
    assert books[0].categories[0].points_at == ("863", dt.date(2026, 1, 1))
    drafts = categories.replace('measure = "863"\n', "")
    books, problems = read(drafts)
    assert problems == []
    assert books[0].categories[0].points_at is None


def test_rows_of_a_chain_are_kept_by_purpose():
    chain = (
        '[[measure.chain]]\npurpose = "extend"\nduty = "head"\nfrom_days = 7\n\n'
        '[[measure.chain]]\npurpose = "issue"\nduty = "in_charge"\nsource = "第三条"\n\n'
    )
    text = change("[measure.breaking_down]", chain + "[measure.breaking_down]")
    books, problems = read(text)
    assert problems == []
    measure = books[0].measures[0]
    assert [(r["purpose"], r["duty"] or r["body"]) for r in measure.content["chain"]] == [
        ("issue", "head"),
        ("issue", "leading-group"),
        ("issue", "in_charge"),
        ("extend", "head"),
    ]
    assert measure.sources["chain.issue.3"] == "第三条"


def test_what_is_written_is_read_again():
    text = measure_text(rhythm="quarterly", report_day=31, note='第一行\n第二行 \\ " #')
    book = Book(measures=[text])
    books, problems = read(file_of(book, sections()))
    assert problems == []
    assert books[0].measures == [text]
