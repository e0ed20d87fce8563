"""及时与诊改: every figure is the number of its rows; results alone; as at any day; by reach."""

import io

import openpyxl
import pytest

from luoshi.assessment.models import Kept
from luoshi.assessment.queries import timeliness as counting
from luoshi.assessment.rules import Tally
from luoshi.assessment.services import timeliness as keeping
from luoshi.desk.queries import timeliness as queries
from luoshi.improvement.tests.factories import diagnose
from luoshi.kit import clock
from luoshi.people.tests.factories import cast
from luoshi.reports.rules import period_words
from luoshi.reports.tests.factories import at, tell
from luoshi.tasks.services import line
from luoshi.tasks.tests.factories import issued, make_set


@pytest.fixture
def day(monkeypatch):
    return lambda when, hour=10: at(monkeypatch, when, hour)


@pytest.fixture
def people(db, day):
    """Li's section: January in time, February late, March missing; due on the 20th of a month."""
    day("2026-01-06")
    people = cast()
    people.category = make_set(needs_evidence=False, diagnose_in="12", report_day=20)
    people.task = issued(people.category, people.chen, people.section.pk, owner_id=people.li.pk)
    day("2026-01-15")
    tell(people.task, people.li, 10)
    day("2026-02-25")
    tell(people.task, people.li, 20)
    day("2026-04-10")
    return people


def table(person, **query):
    wanted = queries.read(query, int(query.get("year", 2026)), clock.today())
    return queries.table(person, wanted, clock.today())


def figures(told):
    """Owed, in time, late, missing of reports, by unit."""
    return {
        (row.place.name, row.own): tuple(n for n, _query in row.figures[0].cells)
        for row in told.rows
    }


def lines(person, **query):
    wanted = queries.read(query, 2026, clock.today())
    period = (queries.periods_asked(wanted) or [None])[-1]
    return queries.rows(person, wanted, period, period_words).lines


def test_what_was_owed_by_the_day_and_what_became_of_it(people):
    told = table(people.chen)
    assert figures(told) == {("机电工程学院", False): (3, 1, 1, 1)}
    assert str(told.rows[0].figures[0].share) == "33.3"


def test_as_at_an_earlier_day_less_was_owed(people):
    def on(day):
        return figures(table(people.chen, day=day)).get(("机电工程学院", False))

    assert on("2026-01-14") is None
    assert on("2026-01-15") == (1, 1, 0, 0)
    assert on("2026-02-20") == (1, 1, 0, 0)
    assert on("2026-02-21") == (2, 1, 0, 1)  # not given yet, its day is over
    assert on("2026-02-25") == (2, 1, 1, 0)
    assert on("2026-03-20") == (2, 1, 1, 0)
    assert on("2026-03-21") == (3, 1, 1, 1)
    assert on("2027-01-01") == (3, 1, 1, 1)  # never beyond today


def test_days_of_grace_are_given(people):
    type(people.category.measure).objects.update(grace_days=5)
    assert figures(table(people.chen))["机电工程学院", False] == (3, 2, 0, 1)
    assert table(people.chen, day="2026-03-25").rows[0].reports.missing == 0


def test_a_month_by_itself(people):
    assert figures(table(people.chen, month="2")) == {("机电工程学院", False): (1, 0, 1, 0)}
    assert figures(table(people.chen, month="5")) == {}


def test_the_tree_opens_level_by_level(people):
    told = table(people.chen, unit=str(people.school.pk))
    assert figures(told) == {("数控教研室", False): (3, 1, 1, 1)}
    told = table(people.chen, unit=str(people.section.pk))
    assert figures(told) == {("数控教研室", True): (3, 1, 1, 1)}
    assert [name for name, _url in told.crumbs] == [
        "江城职业技术学院",
        "机电工程学院",
        "数控教研室",
    ]


def test_every_figure_is_the_number_of_its_rows(people):
    for row in table(people.chen).rows:
        for told in row.figures:
            for n, query in told.cells:
                asked = dict(part.split("=") for part in query.split("&"))
                assert len(lines(people.chen, **asked)) == n


def test_the_rows_say_what_was_given_when(people):
    found = [(one.what, one.state, one.settled_on) for one in lines(people.chen)]
    assert [(what, state, str(day)) for what, state, day in found] == [
        ("2026年3月", "missing", "None"),
        ("2026年2月", "late", "2026-02-25"),
        ("2026年1月", "on_time", "2026-01-15"),
    ]


def test_what_was_taken_back_is_owed_no_more(people):
    line.cancel(people.task, by=people.chen.actor, reason="不再需要")
    assert table(people.chen).rows[0].reports.missing == 1  # its day had passed before


# ── diagnoses ────────────────────────────────────────────────────────────────────────────────────


def diagnoses(person, **query):
    rows = table(person, **query).rows
    return tuple(n for n, _q in rows[0].figures[1].cells) if rows else None


def test_diagnoses_are_owed_when_their_day_has_passed(people, day):
    assert diagnoses(people.chen) == (0, 0, 0, 0)
    day("2026-12-31")
    assert diagnoses(people.chen) == (0, 0, 0, 0)
    day("2027-01-01")
    assert diagnoses(people.chen, year="2026") == (1, 0, 0, 1)


def test_a_diagnosis_counts_from_the_day_it_was_written(people, day):
    day("2026-11-10")
    diagnose(people.task, people.li)
    assert diagnoses(people.chen) == (1, 1, 0, 0)
    assert diagnoses(people.chen, day="2026-11-09") == (0, 0, 0, 0)
    (row,) = lines(people.chen, kind="diagnoses")
    assert (row.state, str(row.settled_on)) == ("on_time", "2026-11-10")
    assert str(table(people.chen).rows[0].figures[1].share) == "100.0"


def test_a_late_diagnosis_is_written_all_the_same(people, day):
    day("2027-01-10")
    diagnose(people.task, people.li)
    assert diagnoses(people.chen, year="2026") == (1, 0, 1, 0)
    told = table(people.chen, year="2026").rows[0].figures[1]
    assert str(told.share) == "100.0"


# ── who sees what ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "units"),
    [
        ("chen", {"机电工程学院", "财务处"}),
        ("zhou", {"机电工程学院", "财务处"}),
        ("zhao", {"数控教研室"}),
        ("wang", {"数控教研室"}),
        ("li", {"数控教研室"}),
        ("sun", {"财务处"}),
    ],
)
def test_offices_see_all_units_heads_theirs_and_staff_their_own(people, day, who, units):
    day("2026-01-06")
    issued(people.category, people.chen, people.other.pk, owner_id=people.sun.pk)
    day("2026-04-10")
    told = table(getattr(people, who))
    assert {row.place.name for row in told.rows} == units
    asked = table(getattr(people, who), unit=str(people.other.pk))
    seen = {row.place.name for row in asked.rows}
    assert ("财务处" in seen) is ("财务处" in units)


def test_staff_count_only_tasks_they_may_see(people, day):
    day("2026-01-06")
    hidden = make_set(visibility="involved", needs_evidence=False)
    issued(hidden, people.chen, people.section.pk, owner_id=people.wang.pk)
    day("2026-04-10")
    assert table(people.li).rows[0].reports.owed == 3
    assert table(people.wang).rows[0].reports.owed == 4
    assert len(lines(people.li)) == 3


# ── counted at night ─────────────────────────────────────────────────────────────────────────────


def test_very_many_are_counted_at_night(people, monkeypatch):
    monkeypatch.setattr(counting, "MOST", 1)
    told = table(people.chen)
    assert (told.kept, told.day, told.rows) == (True, None, [])
    assert keeping.keep() == Kept.objects.count() > 0
    told = table(people.chen)
    assert (told.kept, told.day) == (True, clock.today())
    assert figures(told) == {("机电工程学院", False): (3, 1, 1, 1)}
    assert keeping.keep() == Kept.objects.count()


def test_what_is_kept_is_what_is_counted(people, day):
    day("2027-01-10")
    diagnose(people.task, people.li)
    keeping.keep()
    assert Kept.objects.filter(year=2026).count() == 4
    for month in (None, *range(1, 13)):
        dues = counting.dues_of_year(2026, month)
        told = counting.report_tallies(dues, clock.today())
        assert by_unit(counting.kept(2026, "reports", month)[1]) == by_unit(told), month
        told = counting.diagnosis_tallies(lambda tasks: tasks, 2026, clock.today(), month)
        assert by_unit(counting.kept(2026, "diagnoses", month)[1]) == by_unit(told), month


def by_unit(tallies):
    found = {}
    for (unit_id, _month), told in tallies.items():
        found[unit_id] = found.get(unit_id, Tally()) + told
    return found


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def test_the_page_says_that_log_ins_count_nowhere(client, people):
    client.force_login(people.chen)
    page = client.get("/timeliness/").content.decode()
    assert "登录次数、在线时长一律不计" in page
    assert "33.3%" in page


@pytest.mark.parametrize(
    "query", ["day=abc", "month=13", "month=²", "unit=abc", "unit=99999", "kind=x&state=y", "own=1"]
)
def test_nonsense_is_left_out(client, people, query):
    client.force_login(people.chen)
    for path in ("/timeliness/", "/timeliness/rows/", "/timeliness/export/"):
        assert client.get(f"{path}?{query}").status_code == 200


def test_the_workbook_is_the_table(client, people):
    client.force_login(people.chen)
    answer = client.get("/timeliness/export/")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    head, row = ([cell.value for cell in line] for line in book.active.iter_rows())
    told = dict(zip(head, row, strict=True))
    assert (told["部门"] if "部门" in told else row[0]) == "机电工程学院"
    assert (told["应反馈"], told["按时反馈"], told["未反馈"]) == (3, 1, 1)
    assert abs(told["及时率"] - 0.333) < 1e-9


def test_statements_do_not_grow_with_units_and_reports(
    client, people, day, django_assert_max_num_queries
):
    client.force_login(people.chen)
    client.get("/timeliness/")
    for unit in (people.other, people.office, people.school):
        day("2026-01-06")
        issued(people.category, people.chen, unit.pk, owner_id=people.li.pk)
        day("2026-04-10")
        with django_assert_max_num_queries(14):
            client.get("/timeliness/")
        with django_assert_max_num_queries(14):
            client.get("/timeliness/rows/")
