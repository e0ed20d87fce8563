"""The feedback query: whose reports, what was owed, how it stands, and all of it in Excel."""

import datetime as dt
import io
import itertools

import pytest
from python_calamine import CalamineWorkbook

from luoshi.desk.queries import feedback as queries
from luoshi.desk.queries import feedback_books
from luoshi.desk.queries import feedback_dues as dues
from luoshi.desk.queries.feedback import Wanted
from luoshi.kit import clock
from luoshi.people.tests.factories import cast, make_person
from luoshi.reports import rules, services
from luoshi.reports.models import Due
from luoshi.reports.services.owed import open_coming_dues
from luoshi.reports.tests.factories import at, split, tell
from luoshi.tasks.tests.factories import issued, make_set

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 5, 10)


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def day(monkeypatch):
    def turn(when):
        at(monkeypatch, when)
        open_coming_dues()

    return turn


@pytest.fixture
def world(people, day):
    """A task of Wang's and a sub-task of Li's: on time in January, late in March, nothing in April.

    Today is 10 May; Wang himself reported in January only.
    """
    day("2026-01-06")
    people.category = make_set()
    people.task = issued(
        people.category,
        people.chen,
        people.school.pk,
        owner_id=people.wang.pk,
        title="建成实训基地",
    )
    (people.child,) = split(people.task, people.wang, (people.li, people.section.pk))
    day("2026-01-20")
    people.first = tell(people.child, people.li, 10, body="完成立项\n第二行", problems="经费未到")
    people.above = tell(people.task, people.wang, 5)
    day("2026-02-28")
    people.second = tell(people.child, people.li, 20, body="=1+1 设备招标")
    day("2026-03-30")
    people.third = tell(people.child, people.li, 40)
    day("2026-04-30")
    day(TODAY.isoformat())
    return people


def wanted(**more):
    return Wanted(year=2026, **more)


def reports(person, **more):
    return queries.reports_listed(person, wanted(**more), TODAY).rows


def states(person, **more):
    rows = dues.dues_listed(person, wanted(view="dues", **more), TODAY).rows
    return [(row.due_on.month, dues.NAMED[row.state]) for row in rows]


# ── whose ────────────────────────────────────────────────────────────────────────────────────────


def test_scopes(world):
    every = [world.third.pk, world.second.pk, world.above.pk, world.first.pk]
    assert [row.pk for row in reports(world.sun)] == every
    assert [row.pk for row in reports(world.li, scope="department")] == [
        world.third.pk, world.second.pk, world.first.pk,
    ]  # fmt: skip
    assert [row.pk for row in reports(world.wang, scope="department")] == every
    assert reports(world.sun, scope="department") == []


def test_received_are_reports_on_what_one_gave_away(world):
    below = [world.third.pk, world.second.pk, world.first.pk]
    assert [row.pk for row in reports(world.wang, scope="received")] == below
    assert [row.pk for row in reports(world.chen, scope="received")] == [world.above.pk]
    assert reports(world.li, scope="received") == []


def test_below_a_task(world):
    found = reports(world.sun, scope="below", task_id=world.task.pk)
    assert [row.pk for row in found] == [world.third.pk, world.second.pk, world.first.pk]
    assert reports(world.sun, scope="below", task_id=world.child.pk) == []


@pytest.mark.parametrize("view", ["reports", "units", "tasks", "dues"])
def test_what_one_may_not_see_is_not_there(client, people, day, view):
    day("2026-01-06")
    hidden = issued(
        make_set(visibility="involved"), people.chen, people.section.pk, owner_id=people.li.pk,
        title="保密事项",
    )  # fmt: skip
    day("2026-01-20")
    report = tell(hidden, people.li, 10)
    for person, seen in ((people.sun, False), (people.li, True), (people.zhou, True)):
        client.force_login(person)
        page = client.get("/feedback/", {"view": view, "year": 2026}).content.decode()
        assert ("保密事项" in page or ">1</b>" in page) == seen, person
        exported = client.get("/feedback/export/", {"view": view, "year": 2026})
        book = rows_of(exported)
        assert (len(book) > 1) == seen
        assert client.get(f"/feedback/{report.pk}/").status_code == (200 if seen else 404)
        below = client.get("/feedback/", {"view": view, "scope": "below", "task": hidden.pk})
        assert below.status_code == (200 if seen else 404)


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


def test_a_line_tells_how_far_the_task_came(world):
    third, second, _above, first = reports(world.sun)
    assert (first.before, first.progress, third.before, third.progress) == (None, 10, 20, 40)
    assert (first.evidence, first.problems, first.period_said) == (1, "经费未到", "2026年1月")
    assert [row.state.value for row in (first, second, third)] == ["on_time", "on_time", "late"]


def test_a_second_report_of_a_period_settles_nothing(world, day):
    again = tell(world.child, world.li, 45)
    (row,) = [row for row in reports(world.sun) if row.pk == again.pk]
    assert row.state is not None  # the first of May
    more = tell(world.child, world.li, 50)
    (row,) = [row for row in reports(world.sun) if row.pk == more.pk]
    assert (row.state, row.due_id, row.before) == (None, None, 45)


def test_a_version_amended_since_is_left_out(world, monkeypatch):
    newer = services.amend_report(
        report=world.third, by=world.li.actor, progress=35, body="更正", reason="多报了"
    )
    found = reports(world.sun, month=5)
    assert [row.pk for row in found] == [newer.pk]
    assert found[0].before == 20
    assert found[0].state.value == "late"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"month": 1}, ["above", "first"]),
        ({"month": 4}, []),
        ({"state": "late"}, ["third"]),
        ({"state": "on_time"}, ["second", "above", "first"]),
        ({"problems": True}, ["first"]),
        ({"words": "招标"}, ["second"]),
        ({"words": "没有这个词"}, []),
        ({"tier": 1}, ["above"]),
        ({"tier": 4}, []),
    ],
)
def test_filters_of_reports(world, more, found):
    names = {getattr(world, n).pk: n for n in ("first", "second", "third", "above")}
    assert [names[row.pk] for row in reports(world.sun, **more)] == found


def test_filters_by_unit_person_and_category(world):
    below = [world.third.pk, world.second.pk, world.first.pk]
    assert [row.pk for row in reports(world.sun, unit_id=world.section.pk)] == below
    assert len(reports(world.sun, unit_id=world.school.pk)) == 4
    assert [r.pk for r in reports(world.sun, unit_id=world.school.pk, own=True)] == [world.above.pk]
    assert [row.pk for row in reports(world.sun, person_id=world.li.pk)] == below
    assert len(reports(world.sun, category_id=world.category.pk)) == 4
    assert reports(world.sun, category_id=make_set().pk) == []
    assert reports(world.sun, unit_id=world.other.pk) == []


def test_pages_of_reports_hold_every_report_once(world, monkeypatch):
    monkeypatch.setattr(queries, "SIZE", 2)
    one = queries.reports_listed(world.sun, wanted(), TODAY)
    two = queries.reports_listed(world.sun, wanted(), TODAY, after=one.page.next)
    assert [r.pk for r in [*one.rows, *two.rows]] == [
        world.third.pk, world.second.pk, world.above.pk, world.first.pk,
    ]  # fmt: skip
    assert (one.count, two.page.next) == (4, "")
    back = queries.reports_listed(world.sun, wanted(), TODAY, before=two.page.previous)
    assert [r.pk for r in back.rows] == [r.pk for r in one.rows]


def test_many_tasks_are_asked_row_by_row_with_the_same_answer(world, monkeypatch):
    few = [row.pk for row in reports(world.li, scope="department")]
    monkeypatch.setattr(queries, "FEW", 0)
    assert [row.pk for row in reports(world.li, scope="department")] == few != []
    monkeypatch.undo()


# ── what was owed ────────────────────────────────────────────────────────────────────────────────


def test_how_what_was_owed_stands(world):
    assert states(world.sun, unit_id=world.section.pk) == [
        (5, "waiting"), (4, "missing"), (3, "late"), (2, "on_time"), (1, "on_time"),
    ]  # fmt: skip
    assert states(world.sun, state="late") == [(3, "late")]
    assert states(world.wang, scope="received", month=4) == [(4, "missing")]
    assert states(world.sun, person_id=world.wang.pk, month=1) == [(1, "on_time")]


def test_conditions_say_what_the_rules_say(people):
    """The SQL twin, over every order of days and with days of grace."""
    task = issued(make_set(), people.chen, people.school.pk)
    graced = issued(make_set(grace_days=3), people.chen, people.school.pk)
    Due.objects.all().delete()
    days = [TODAY + dt.timedelta(days=n) for n in (-9, -4, -3, -1, 0, 1)]
    filed = [None, *days]
    told = itertools.product((task, graced), days, days, filed, (False, True))
    for n, (one, due_on, closes, filed_on, void) in enumerate(told):
        if closes < due_on or (void and filed_on):
            continue
        Due.objects.create(
            task=one, kind="period", period=f"P{n}", since=due_on, until=due_on, due_on=due_on,
            closes_on=closes + dt.timedelta(days=3), filed_on=filed_on, void=void,
        )  # fmt: skip
    grace = dues.graces()
    assert grace == {graced.measure_id: 3}
    for name in queries.STATES:
        rows = Due.objects.filter(dues.state_is(name, TODAY, grace), void=False)
        by_rule = {
            due.pk
            for due in Due.objects.filter(void=False)
            if dues.NAMED[rules.due_state(due, TODAY, grace=3 if due.task_id == graced.pk else 0)]
            == name
        }
        assert set(rows.values_list("pk", flat=True)) == by_rule != set(), name


def test_units_and_months(world):
    table = dues.by_unit(world.sun, wanted(view="units"), TODAY)
    assert table.months == [1, 2, 3, 4, 5]
    (school,) = table.lines
    assert (school.name, school.has_more) == ("机电学院", True)
    assert school.cells[1]["on_time"] == 2
    assert (school.cells[3]["late"], school.cells[3]["missing"]) == (1, 1)
    assert table.total["missing"] == 4
    inside = dues.by_unit(world.sun, wanted(view="units", unit_id=world.school.pk), TODAY)
    assert [(line.name, line.alone) for line in inside.lines] == [
        ("机电学院", True),
        ("数控教研室", False),
    ]


def test_every_number_of_the_table_is_the_length_of_its_list(world, client):
    for table, unit in (
        (dues.by_unit(world.sun, wanted(view="units"), TODAY), {}),
        (dues.by_unit(world.sun, wanted(view="units", unit_id=world.school.pk), TODAY), {}),
    ):
        for line in table.lines:
            for month, counts in line.cells.items():
                for state, n in counts.items():
                    asked = {"unit_id": line.unit_id, "own": line.alone, "month": month, **unit}
                    assert len(states(world.sun, state=state, **asked)) == n


def test_too_many_to_count(world, monkeypatch, client):
    monkeypatch.setattr(dues, "MOST", 2)
    assert dues.by_unit(world.sun, wanted(view="units"), TODAY).too_many
    client.force_login(world.sun)
    page = client.get("/feedback/?view=units&year=2026").content.decode()
    assert "请选择月份、单位或类别" in page


def test_tasks_and_months(world):
    table = dues.by_task(world.sun, wanted(view="tasks"), TODAY)
    told = {
        line.title: {m: dues.NAMED[marks[0].state] for m, marks in line.cells.items()}
        for line in table.lines
    }
    assert told["建成实训基地"] == {
        1: "on_time", 2: "missing", 3: "missing", 4: "missing", 5: "waiting",
    }  # fmt: skip
    late = dues.by_task(world.sun, wanted(view="tasks", state="late"), TODAY)
    assert [line.pk for line in late.lines] == [world.child.pk]


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("view", ["reports", "units", "tasks", "dues"])
def test_pages_cost_the_same_for_one_row_and_four(
    client, world, view, django_assert_max_num_queries
):
    client.force_login(world.wang)
    for month in (1, ""):
        url = f"/feedback/?view={view}&scope=department&year=2026&month={month}"
        client.get(url)
        clock_now = clock.today()
        assert clock_now == TODAY
        with django_assert_max_num_queries(16):
            answer = client.get(url)
        assert answer.status_code == 200


def test_marks_lead_to_their_reasons(client, world):
    client.force_login(world.sun)
    due = Due.objects.get(filed_by=world.third)
    why = f"/tasks/{world.child.pk}/dues/{due.pk}/why/"
    for view in ("reports", "tasks", "dues"):
        page = client.get("/feedback/", {"view": view, "year": 2026}).content.decode()
        assert f'hx-get="{why}"' in page
    told = client.get(why).content.decode()
    assert "比最后期限2026-03-28晚2天" in told
    assert "目标任务管理办法" in told
    assert "每月 28 日前至少反馈一次" in told
    assert client.get(f"/tasks/{world.task.pk}/dues/{due.pk}/why/").status_code == 404


@pytest.mark.parametrize(
    ("month", "words"),
    [
        (1, "在2026-01-28（含）以前反馈为按时"),
        (4, "不能补报"),
    ],
)
def test_reasons(client, world, month, words):
    client.force_login(world.sun)
    due = Due.objects.get(task=world.child, due_on__month=month)
    page = client.get(f"/tasks/{world.child.pk}/dues/{due.pk}/why/").content.decode()
    assert words in page


def test_a_report_in_full(client, world):
    client.force_login(world.sun)
    part = client.get(f"/feedback/{world.first.pk}/", headers={"HX-Request": "true"})
    said = part.content.decode()
    assert said.startswith('<article id="desk-report"')
    assert "第二行" in said
    assert "经费未到" in said
    assert client.get("/feedback/999999/").status_code == 404


def test_texts_are_escaped(client, people, day):
    day("2026-01-06")
    bad = "<img src=x onerror=alert(1)>"
    person = make_person("<b>甲</b>", people.section)
    task = issued(make_set(), people.chen, people.section.pk, owner_id=person.pk, title=bad)
    day("2026-01-20")
    tell(task, person, 10, body=bad, problems=bad)
    client.force_login(people.chen)
    for view in ("reports", "units", "tasks", "dues"):
        page = client.get("/feedback/", {"view": view, "year": 2026}).content.decode()
        assert bad not in page
        assert "<b>甲</b>" not in page


@pytest.mark.parametrize(
    "query",
    [
        "view=x&scope=y&month=13&unit=²&state=z&tier=9&person=-1",
        "scope=below",
        "scope=below&task=99999999999999999999",
        "after=x&before=~&view=dues",
        "after=2026-01-01~x",
        "q=%00&who=%00",
        "month=0&unit=999999999&category=99999999&view=units",
        "state=missing&view=reports",
    ],
)
def test_addresses_that_make_no_sense_are_pages_all_the_same(client, world, query):
    client.force_login(world.sun)
    assert client.get(f"/feedback/?{query}").status_code == 200
    assert client.get(f"/feedback/export/?{query}").status_code == 200


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────


def rows_of(answer):
    content = io.BytesIO(b"".join(answer.streaming_content))
    return CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()


def test_reports_in_excel(client, world):
    client.force_login(world.sun)
    head, *rows = rows_of(client.get("/feedback/export/?year=2026"))
    assert [row[0] for row in rows] == [
        world.child.title, world.child.title, "建成实训基地", world.child.title,
    ]  # fmt: skip
    first = dict(zip(head, rows[-1], strict=True))
    assert first["进度"] == 0.1
    assert first["支撑材料"] == 1
    assert first["反馈时间"] == dt.datetime(2026, 1, 20, 10)
    assert first["工作进展"] == "完成立项\n第二行"
    second = dict(zip(head, rows[1], strict=True))
    assert second["工作进展"] == "=1+1 设备招标"  # a text, never worked out
    assert second["反馈前进度"] == 0.1


def test_dues_units_and_tasks_in_excel(client, world):
    client.force_login(world.sun)
    head, *rows = rows_of(client.get("/feedback/export/?year=2026&view=dues&state=late"))
    row = dict(zip(head, rows[0], strict=True))
    assert (row["反馈期限"], row["反馈日期"], row["状态"]) == (
        dt.date(2026, 3, 28), dt.date(2026, 3, 30), "迟报",
    )  # fmt: skip
    assert len(rows) == 1
    head, *rows = rows_of(client.get("/feedback/export/?year=2026&view=units"))
    assert rows[0][0] == "机电学院"
    assert rows[0][head.index("1月 按时")] == 2
    assert rows[-1][head.index("合计 未报")] == 4
    head, *rows = rows_of(client.get("/feedback/export/?year=2026&view=tasks"))
    assert [row[head.index("4月")] for row in rows] == ["未报", "未报"]


def test_a_book_that_ends_early_says_so(client, world, monkeypatch):
    monkeypatch.setattr(feedback_books, "MOST_EXPORTED", 2)
    client.force_login(world.sun)
    for view, whole in (("reports", 4), ("dues", 10)):
        _head, *rows = rows_of(client.get(f"/feedback/export/?year=2026&view={view}"))
        assert len(rows) == 3 < whole
        assert rows[-1][0].startswith("只导出前2行")


def test_an_export_asks_by_the_piece(world, django_assert_max_num_queries, client, monkeypatch):
    client.force_login(world.sun)
    with django_assert_max_num_queries(14):
        client.get("/feedback/export/?year=2026")
