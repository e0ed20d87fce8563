"""Pages of diagnosis and improvement: writing, the panel, the desk, the query, its exports."""

import datetime as dt
import io

import docx
import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.desk.queries.finding import results
from luoshi.desk.queries.home import work_list
from luoshi.desk.refs import resolve
from luoshi.improvement import services
from luoshi.improvement.models import Diagnosis
from luoshi.improvement.rules import NewAction
from luoshi.improvement.tests.factories import asked_task, diagnose, paper
from luoshi.people.models import Person
from luoshi.people.services.keeping import save_draft
from luoshi.tasks.services import line, taking_part

HTMX = {"HX-Request": "true"}
KEY = "0" * 31 + "1"


def typed(*actions, **more):
    """The form as a browser sends it: two rows for actions unless told otherwise."""
    rows = actions or ({"text": "每周催货"}, {})
    data = {
        "problem": "设备到货晚",
        "cause": "",
        "effect": "",
        "key": KEY,
        "action-TOTAL_FORMS": len(rows),
        "action-INITIAL_FORMS": 0,
    }
    for place, row in enumerate(rows):
        for name in ("text", "owner", "date"):
            data[f"action-{place}-{name}"] = row.get(name, "")
    return data | more


def url(name, *args):
    return reverse(f"improvement:{name}", args=args)


def text(answer):
    return answer.content.decode()


@pytest.fixture
def li(client, people):
    client.force_login(people.li)
    return client


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def test_it_is_written_and_the_second_click_makes_nothing_new(li, task, people):
    assert li.get(url("write", task.pk)).status_code == 200
    row = {"text": "换供应商", "owner": people.sun.staff_number, "date": "2026-12-20"}
    for _click in range(2):
        answer = li.post(url("write", task.pk), typed({"text": "每周催货"}, row))
        assert answer.status_code == 302
    (row,) = Diagnosis.objects.all()
    said = list(row.actions.values_list("text", "owner", "date"))
    assert said == [
        ("每周催货", None, None),
        ("换供应商", people.sun.pk, dt.date(2026, 12, 20)),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (typed({}, {}), "请至少填写一条改进措施"),
        (typed(problem=" "), "问题现状"),
        (typed({"owner": "1001"}), "没有内容"),
        (typed({"text": "催", "owner": "没有这个人"}), "没有这个人"),
        (typed({"text": "催", "date": "明天"}), "2026-04-18"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(li, task, data, words):
    answer = li.post(url("write", task.pk), data)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not Diagnosis.objects.exists()


def test_a_form_without_rows_is_answered(li, task):
    assert li.post(url("write", task.pk), {}).status_code == 422
    data = {"problem": "落后"}
    assert li.post(url("write", task.pk), data).status_code == 422
    data = typed() | {"action-TOTAL_FORMS": "999999999"}
    assert li.post(url("write", task.pk), data).status_code in (302, 422)


def test_the_second_of_two_sees_what_came_and_keeps_their_own(client, task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    client.force_login(people.sun)
    assert 'name="only" value="2026-12"' in text(client.get(url("write", task.pk)))
    diagnose(task, people.li, problem="李敏先写了")
    answer = client.post(url("write", task.pk), typed(problem="孙丽写的", only="2026-12"))
    assert answer.status_code == 409
    page = text(answer)
    assert "李敏先写了" in page
    assert "孙丽写的" in page
    assert Diagnosis.objects.count() == 1


@pytest.mark.parametrize("name", ["chen", "wang", "sun"])
def test_others_are_refused(client, task, people, name):
    client.force_login(getattr(people, name))
    assert client.get(url("write", task.pk)).status_code == 403
    assert client.post(url("write", task.pk), typed()).status_code == 403
    assert not Diagnosis.objects.exists()


def test_a_task_one_does_not_see_does_not_exist(client, people, day):
    day("2026-03-02")
    task = asked_task(people, visibility="involved")
    client.force_login(people.sun)
    for name in ("write", "panel"):
        assert client.get(url(name, task.pk)).status_code == 404


def test_a_kept_draft_gets_as_many_rows_as_it_had(li, task, people):
    page = text(li.get(url("write", task.pk)))
    assert 'name="action-TOTAL_FORMS" value="2"' in page
    save_draft(
        people.li, form=url("write", task.pk), data={"action-TOTAL_FORMS": ["5"], "problem": ["半"]}
    )
    assert 'name="action-TOTAL_FORMS" value="5"' in text(li.get(url("write", task.pk)))


def test_a_measure_that_asks_twice_offers_the_periods_left(li, people, day):
    day("2026-08-03")
    task = asked_task(people, diagnose_in="6,12")
    page = text(li.get(url("write", task.pk)))
    assert page.index("2026年度") < page.index("2026年上半年")
    assert li.post(url("write", task.pk), typed(period="2026-06")).status_code == 302
    assert Diagnosis.objects.get().late is True


# ── amending, the panel ──────────────────────────────────────────────────────────────────────────


def test_amending_keeps_the_version_before(li, task, people):
    old = diagnose(task, people.li, actions=(NewAction("甲", people.sun.pk), NewAction("乙")))
    path = url("amend", task.pk, old.pk)
    page = text(li.get(path))
    assert "设备到货晚，进度落后一个月。" in page
    assert f"{people.sun.name} {people.sun.staff_number}" in page
    answer = li.post(path, typed({"text": "丙"}, problem="人手不够", reason="核实"))
    assert answer.status_code == 302
    panel = text(li.get(url("panel", task.pk), headers=HTMX))
    assert "人手不够" in panel
    assert "修改前的版本（1）" in panel
    assert panel.index("人手不够") < panel.index("进度落后一个月")
    assert li.post(path, typed(key="0" * 31 + "2")).status_code == 409


def test_the_panel_on_the_task_page_says_what_is_owed_and_lets_only_those_concerned_write(
    client, task, people, day
):
    day("2026-12-05")
    client.force_login(people.li)
    page = text(client.get(reverse("task", args=[task.pk])))
    assert "诊断与改进" in page
    assert "待填写" in page
    assert url("write", task.pk) in page
    client.force_login(people.sun)
    assert url("write", task.pk) not in text(client.get(reverse("task", args=[task.pk])))


def test_a_task_whose_measure_asks_for_none_has_no_panel(li, people, day):
    day("2026-03-02")
    task = asked_task(people, diagnose_in="")
    assert "improvement-panel" not in text(li.get(reverse("task", args=[task.pk])))


def test_last_year_stands_beside_the_form(li, people, day):
    from luoshi.tasks.tests.factories import make_set

    day("2025-12-01")
    category = make_set(diagnose_in="12", needs_evidence=False)
    dates = {"start": dt.date(2025, 1, 5), "due": dt.date(2025, 12, 20)}
    old = asked_task(people, category=category, year=2025, **dates)
    diagnose(old, people.li, problem="去年的问题")
    day("2026-12-01")
    task = asked_task(people, category=category)
    assert "去年的问题" in text(li.get(url("write", task.pk)))


# ── the desk ─────────────────────────────────────────────────────────────────────────────────────


def rows_of(person, today):
    groups = work_list(Person.objects.get(pk=person.pk), today).groups
    return [row for group in groups if group.name == "do" for row in group.rows]


def test_the_desk_asks_from_december(task, people, day):
    def mine(today):
        return [row for row in rows_of(people.li, today) if row.mark.startswith("诊改")]

    assert mine(dt.date(2026, 11, 30)) == []
    (row,) = mine(dt.date(2026, 12, 1))
    assert (row.mark, row.due, row.act_url) == (
        "诊改待填写",
        dt.date(2026, 12, 31),
        url("write", task.pk),
    )
    (late,) = mine(dt.date(2027, 1, 4))
    assert (late.mark, late.loud) == ("诊改已逾期", True)
    diagnose(task, people.li)
    assert mine(dt.date(2026, 12, 1)) == []


def test_many_stand_in_one_row_that_leads_to_their_list(li, people, day):
    day("2026-03-02")
    for _ in range(5):
        asked_task(people)
    day("2026-12-01")
    rows = [row for row in rows_of(people.li, dt.date(2026, 12, 1)) if row.mark == "诊改待填写"]
    assert [row.stands_for for row in rows] == [5]
    assert text(li.get(rows[0].act_url)).count("improvement-panel") == 0
    assert text(li.get(rows[0].act_url)).count("/diagnosis/write/") == 5


def test_references_lead_to_the_page(task, people):
    row = diagnose(task, people.li)
    assert resolve(row.ref, people.li) == f"/tasks/{task.pk}/#diagnosis-{row.pk}"
    assert resolve("diagnosis/999999", people.li) is None


# ── the query ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def three(people, day):
    """Written, written late, not written; and one nobody asks about."""
    day("2026-03-02")
    written = asked_task(people, title="已写的任务", number="A-1")
    late = asked_task(people, title="晚写的任务", unit_id=people.other.pk, owner_id=people.sun.pk)
    missing = asked_task(people, title="没写的任务")
    asked_task(people, title="不要求的任务", diagnose_in="")
    cancelled = asked_task(people, title="撤销的任务")
    line.cancel(cancelled, by=people.chen.actor, reason="不再需要")
    diagnose(written, people.li, problem="师资不足=1+1", cause="引进慢")
    day("2027-01-05")
    diagnose(late, people.sun)
    return written, late, missing


def shown(client, **query):
    answer = client.get(reverse("diagnoses"), {"year": 2026, **query})
    assert answer.status_code == 200
    return [row.task.title for row in answer.context["found"].rows]


ALL = {"已写的任务", "晚写的任务", "没写的任务"}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ALL),
        ({"state": "filled"}, {"已写的任务", "晚写的任务"}),
        ({"state": "missing"}, {"没写的任务"}),
        ({"state": "late"}, {"晚写的任务"}),
        ({"state": "nonsense"}, ALL),
        ({"scope": "mine"}, {"已写的任务", "没写的任务"}),
        ({"scope": "department"}, {"已写的任务", "没写的任务"}),
        ({"q": "师资不足"}, {"已写的任务"}),
        ({"q": "晚写"}, {"晚写的任务"}),
        ({"who": "孙丽"}, {"晚写的任务"}),
        ({"year": 2025}, set()),
        ({"month": "6"}, ALL),
        ({"month": "²"}, ALL),
        ({"kind": "personal"}, set()),
    ],
)
def test_scopes_and_filters(li, three, query, titles):
    assert set(shown(li, **query)) == titles


def test_the_unit_filter_reaches_below(li, three, people):
    assert set(shown(li, unit=people.school.pk)) == {"已写的任务", "没写的任务"}


def test_what_is_hidden_is_neither_listed_nor_exported(client, people, day):
    day("2026-03-02")
    task = asked_task(people, visibility="involved", title="不公开的任务")
    diagnose(task, people.li)
    client.force_login(people.sun)
    assert shown(client) == []
    book = openpyxl.load_workbook(
        io.BytesIO(b"".join(client.get(reverse("diagnoses-export"), {"year": 2026})))
    )
    assert book.active.max_row == 1
    answer = client.get(reverse("diagnoses-paper"), {"year": 2026, "task": task.pk})
    assert answer.status_code == 302  # back to the list, which says why
    assert "没有可以导出" in client.get(answer.url).content.decode()


def test_excel_has_what_the_page_shows_and_no_formula(li, three):
    answer = li.get(reverse("diagnoses-export"), {"year": 2026, "state": "filled"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][5:9] == ["问题现状", "产生原因", "改进成效", "改进措施"]
    by_title = {row[1]: row for row in rows[1:]}
    assert set(by_title) == {"已写的任务", "晚写的任务"}
    assert by_title["已写的任务"][5] == "师资不足=1+1"
    assert by_title["已写的任务"][8] == "1. 每周催货，倒排工期。"
    assert by_title["晚写的任务"][9] == "逾期填写"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def _words(answer):
    paper = docx.Document(io.BytesIO(b"".join(answer)))
    lines = [paragraph.text for paragraph in paper.paragraphs]
    for table in paper.tables:
        for row in table.rows:
            lines.append("|".join(cell.text for cell in row.cells))
    return "\n".join(lines)


def test_word_goes_unit_by_unit_and_names_what_is_missing(li, three):
    said = _words(li.get(reverse("diagnoses-paper"), {"year": 2026}))
    assert "2026年度任务诊断与改进情况" in said
    assert "共 3 项任务，已填写 2 项" in said
    assert "1. 已写的任务（A-1）" in said
    assert "产生原因|引进慢" in said
    assert "未填写（1 项）" in said
    assert "没写的任务（李敏）" in said
    assert said.index("数控教研室") < said.index("财务处") or said.index("财务处") > 0


def test_word_of_ticked_tasks_holds_those_alone(li, three):
    _written, late, _missing = three
    said = _words(li.get(reverse("diagnoses-paper"), {"year": 2026, "task": [late.pk]}))
    assert "晚写的任务" in said
    assert "已写的任务" not in said


def test_word_holds_no_control_signs(li, people, day):
    day("2026-03-02")
    task = asked_task(people)
    row = diagnose(task, people.li)
    Diagnosis.objects.filter(pk=row.pk).update(problem="有\x0b怪\x01字符\nfffe\ufffe")
    said = _words(li.get(reverse("diagnoses-paper"), {"year": 2026}))
    assert "有怪字符" in said


def test_a_list_costs_the_same_at_any_length(li, people, day, django_assert_max_num_queries):
    day("2026-03-02")
    diagnose(asked_task(people), people.li, actions=(NewAction("甲", people.sun.pk),))
    path = reverse("diagnoses") + "?year=2026"
    li.get(path)
    with CaptureQueriesContext(connection) as one:
        li.get(path)
    for _ in range(2):
        diagnose(asked_task(people), people.li, actions=(NewAction("甲", people.sun.pk),))
    with django_assert_max_num_queries(len(one)):
        li.get(path)
    assert len(one) <= 16, [q["sql"][:120] for q in one]


def test_pages_follow_each_other(li, people, day, monkeypatch):
    from luoshi.desk.queries import diagnoses

    monkeypatch.setattr(diagnoses, "SIZE", 2)
    day("2026-03-02")
    for n in range(5):
        asked_task(people, title=f"任务{n}")
    first = li.get(reverse("diagnoses"), {"year": 2026}).context["found"]
    assert [row.task.title for row in first.rows] == ["任务0", "任务1"]
    after = li.get(reverse("diagnoses"), {"year": 2026, "after": first.page.next}).context["found"]
    assert [row.task.title for row in after.rows] == ["任务2", "任务3"]
    assert (first.count, after.count) == (5, 5)


def test_the_search_finds_the_words_of_a_diagnosis(li, task, people):
    diagnose(task, people.li, actions=(NewAction("推行校企互聘制度"),))
    (found,) = results(people.li, "校企互聘").tasks
    assert "推行校企互聘制度" in found.snippet
    assert (found.in_diagnosis, found.in_files, found.in_reports) == (True, 0, 0)
    assert "诊断与改进中提到" in text(li.get(reverse("search"), {"q": "校企互聘"}))


def test_amending_by_service_stands_in_the_list(li, task, people):
    row = diagnose(task, people.li)
    services.amend_diagnosis(row, paper(problem="更正后的问题"), by=people.li.actor)
    page = text(li.get(reverse("diagnoses"), {"year": 2026}))
    assert "更正后的问题" in page
    assert "进度落后一个月" not in page
