"""任务考核查询: three queries, filters, paging, the workbook; and silence before its time."""

import io

import openpyxl
import pytest

from luoshi.assessment.tests.factories import done, give
from luoshi.desk.queries import assessed as queries
from luoshi.kit import clock
from luoshi.people.tests.factories import cast
from luoshi.reports.tests.factories import at
from luoshi.tasks.tests.factories import make_set


@pytest.fixture
def people(db, monkeypatch):
    at(monkeypatch, "2026-06-01")
    return cast()


def titles(person, **query):
    wanted = queries.read(query, int(query.get("year", 2026)))
    return [row.task.title for row in queries.listed(person, wanted, clock.today()).rows]


def test_the_whole_institution_what_i_assess_and_my_own(people):
    done(people, people.wang, title="甲")
    done(people, people.sun, title="乙")
    assert titles(people.chen) == ["甲", "乙"]
    assert titles(people.wang, scope="assessing") == ["甲"]
    assert titles(people.li, scope="mine") == ["甲", "乙"]
    assert titles(people.sun, scope="mine") == []


def test_drafts_cancelled_and_closed_measures_are_not_in_it(people):
    done(people, people.wang, switches={"visibility": "involved"}, title="甲")
    assert titles(people.guard) == []
    assert titles(people.wang) == ["甲"]


def test_filters_of_state_unit_category_and_words(people):
    category = make_set(needs_evidence=False)
    one = done(people, people.wang, people.sun, category=category, title="实训基地")
    done(people, people.wang, title="就业率")
    give(one, people.wang, 18)
    assert titles(people.chen, state="partly") == ["实训基地"]
    assert titles(people.chen, state="open") == ["就业率"]
    assert titles(people.wang, scope="assessing", state="todo") == ["就业率"]
    assert titles(people.wang, scope="assessing", state="given") == ["实训基地"]
    assert titles(people.chen, category=str(category.pk)) == ["实训基地"]
    assert titles(people.chen, unit=str(people.other.pk)) == []
    assert titles(people.chen, unit=str(people.school.pk)) == ["实训基地", "就业率"]
    assert titles(people.chen, q="就业率") == ["就业率"]
    assert titles(people.chen, year="2025") == []


@pytest.mark.parametrize("state", ["todo", "nonsense", "", "\x00"])
def test_a_state_that_is_none_here_is_left_out(people, state):
    done(people, people.wang, title="甲")
    assert titles(people.chen, state=state) == ["甲"]


def test_pages_follow_each_other(people, monkeypatch):
    monkeypatch.setattr(queries, "SIZE", 2)
    for name in "甲乙丙":
        done(people, people.wang, title=name)
    wanted = queries.read({"year": "2026"}, 2026)
    first = queries.listed(people.chen, wanted, clock.today())
    assert (len(first.rows), first.count) == (2, 3)
    second = queries.listed(people.chen, wanted, clock.today(), after=first.page.next)
    assert [row.task.title for row in second.rows] == ["丙"]


def test_the_page_says_nothing_before_its_time(client, people):
    task = done(people)
    give(task, people.wang, "13.37", comment="评语")
    for who in (people.li, people.sun):
        client.force_login(who)
        assert "13.37" not in client.get("/assessments/?year=2026").content.decode()
        cells = sheet(client.get("/assessments/export/?year=2026"))
        assert not any("13.37" in str(cell) for row in cells for cell in row)
    client.force_login(people.chen)
    assert "13.37" in str(sheet(client.get("/assessments/export/?year=2026")))


def sheet(answer):
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def test_the_workbook_holds_numbers_and_no_formula(client, people):
    task = done(people, title="=1+1", points="20")
    give(task, people.wang, "18.5")
    give(task, people.sun, 16)
    client.force_login(people.li)
    head, row = sheet(client.get("/assessments/export/?year=2026"))
    told = dict(zip(head, row, strict=True))
    assert told["任务名称" if "任务名称" in told else head[1]] == "=1+1"
    assert told["考核结果"] == 17.25
    assert told["满分"] == 20
    assert told["各考核人评分"] == "王建国 18.5；孙丽 16"


def test_the_page_costs_the_same_for_one_row_and_three(
    client, people, django_assert_max_num_queries
):
    client.force_login(people.sun)
    client.get("/assessments/?scope=assessing&year=2026")
    for _n in range(3):
        task = done(people)
        give(task, people.wang, 18)
        with django_assert_max_num_queries(16):
            client.get("/assessments/?scope=assessing&year=2026")
