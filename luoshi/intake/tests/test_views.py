"""The pages of the import, as a clerk walks them."""

import io

import openpyxl
import pytest
from django.urls import reverse

from luoshi.intake.models import ImportBatch, RowState, State
from luoshi.intake.services import publishing
from luoshi.intake.tests import factories as make
from luoshi.people.tests.factories import cast, make_person, make_unit
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import make_set

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def who():
    people = cast()
    people.works = make_unit("后勤处", people.root, "职能部门")
    people.category = make_set()
    return people


@pytest.fixture
def clerk(client, who):
    client.force_login(who.chen)
    return client


def url(name: str, *args: int) -> str:
    return reverse(f"intake:{name}", args=args)


def upload(client, who, file, **more):
    data = {"upload": file, "category": who.category.pk, "year": 2026, "key": "k", **more}
    return client.post(url("upload"), data)


def dirty(who) -> ImportBatch:
    text = make.csv_of(
        ("1", "建设基地", "教务外处", "春节前"),
        ("2", "", "后勤处", "全年"),
        ("3", "丙", "", "全年"),
    )
    return make.checked(who.chen, who.category, make.file(text))


def test_the_whole_way_without_javascript(clerk, who):
    answer = upload(clerk, who, make.table_file("年度实事.csv"))
    batch = ImportBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url("batch", batch.pk))
    assert clerk.get(url("batch", batch.pk))["Location"] == url("columns", batch.pk)
    page = clerk.get(url("columns", batch.pk)).content.decode()
    assert "启动图书馆新馆建设" in page

    columns = {f"t0-column{i}": c for i, c in enumerate(batch.mapping[0]["columns"])}
    form = {"rev": batch.rev, "t0-use": "on", "t0-first": 0, "t0-last": 0, **columns}
    assert clerk.post(url("columns", batch.pk), form).status_code == 302
    batch.refresh_from_db()
    page = clerk.get(url("batch", batch.pk)).content.decode()
    assert "校工会" in page

    answers = {"rev": batch.rev}
    answers |= {f"n{name.pk}-units": "后勤处" for name in batch.names.all()}
    assert clerk.post(url("settle", batch.pk), answers).status_code == 302
    batch.refresh_from_db()
    assert (batch.waiting, batch.warnings) == (0, 1)
    clerk.post(url("confirm", batch.pk), {"rev": batch.rev})
    batch.refresh_from_db()
    answer = clerk.post(url("publish", batch.pk), {"rev": batch.rev}, follow=True)
    assert "7 项任务" in answer.content.decode()
    assert Task.objects.count() == 7

    batch.refresh_from_db()
    clerk.post(url("undo", batch.pk), {"rev": batch.rev})
    batch.refresh_from_db()
    assert (batch.state, Task.objects.count()) == (State.UNDONE, 0)


@pytest.mark.parametrize("name", ["li", "wang", "sun", "admin"])
def test_who_may_not_import_is_told_who_can(client, who, name):
    batch = make.ready(who.chen, who.category)
    client.force_login(getattr(who, name))
    for address in (url("index"), url("upload"), url("batch", batch.pk), url("marked", batch.pk)):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "目标办" in answer.content.decode()


def test_nobody_sees_the_imports_of_another_office(client, who):
    batch = make.ready(who.chen, who.category)
    stranger = make_person("郑新", who.other, "1090")
    make_duty(stranger, who)
    client.force_login(stranger)

    assert client.get(url("batch", batch.pk)).status_code == 404
    assert batch.name not in client.get(url("index")).content.decode()


def make_duty(person, who):
    from luoshi.people.roles import Duty
    from luoshi.people.tests.factories import seat

    seat(person, who.root, Duty.GOAL_OFFICE)


def test_log_in_comes_first(client, who):
    assert client.get(url("index")).status_code == 302


def test_a_colleague_of_the_same_office_sees_it(client, who):
    batch = make.ready(who.chen, who.category)
    client.force_login(who.zhou)

    assert batch.name in client.get(url("index")).content.decode()
    assert client.get(url("batch", batch.pk)).status_code == 200


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"", "空.xlsx"), (b"abc", "改名.docx"), (b"a\nb", "一列.csv"), (b"\x00\x01", "乱.csv")],
)
def test_a_bad_file_is_told_at_its_field_and_nothing_is_kept(clerk, who, data, name):
    answer = upload(clerk, who, make.file(data, name))

    assert answer.status_code == 422
    assert 'class="field-error"' in answer.content.decode()
    assert ImportBatch.objects.count() == 0


def test_a_form_without_category_keeps_what_was_typed(clerk, who):
    answer = upload(clerk, who, make.table_file("年度实事.csv"), category="", year=2031)

    assert answer.status_code == 422
    assert "2031" in answer.content.decode()


def test_the_header_can_be_moved_and_is_read_again(clerk, who):
    text = "任务表,,\n说明,,\n" + make.csv_of(("1", "甲", "后勤处", "全年"))
    batch = make.staged(who.chen, who.category, make.file(text))
    batch.mapping[0] |= {
        "first": 0,
        "last": 0,
        "columns": ["title", "nothing", "nothing", "nothing"],
    }
    ImportBatch.objects.filter(pk=batch.pk).update(mapping=batch.mapping)
    form = {"rev": batch.rev, "t0-use": "on", "t0-first": 2, "t0-last": 2}
    form |= {f"t0-column{i}": "nothing" for i in range(4)}
    answer = clerk.post(url("columns", batch.pk), form)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert '<option value="lead" selected>' in page
    batch.refresh_from_db()
    assert batch.state == State.STAGED


def test_two_title_columns_are_refused_on_the_page(clerk, who):
    batch = make.staged(who.chen, who.category, make.table_file("年度实事.csv"))
    form = {"rev": batch.rev, "t0-use": "on", "t0-first": 0, "t0-last": 0}
    form |= {f"t0-column{i}": "title" for i in range(4)}
    answer = clerk.post(url("columns", batch.pk), form)

    assert answer.status_code == 422
    assert "任务名称" in answer.content.decode()


def test_the_result_says_what_is_in_the_way(clerk, who):
    batch = dirty(who)
    page = clerk.get(url("batch", batch.pk)).content.decode()

    assert "任务分解表!2" in page
    assert "教务外处" in page
    assert "导入 3 项任务为草稿" in page
    assert "disabled" in page
    assert clerk.post(url("publish", batch.pk), {"rev": batch.rev}).status_code == 403
    assert Task.objects.count() == 0


def test_rows_are_filtered_by_state_and_words(clerk, who):
    batch = dirty(who)
    page = clerk.get(url("batch", batch.pk), {"state": RowState.ERROR}).content.decode()
    assert "任务分解表!3" in page
    assert "任务分解表!4" not in page
    page = clerk.get(url("batch", batch.pk), {"q": "丙"}).content.decode()
    assert "任务分解表!4" in page
    assert "任务分解表!3" not in page
    assert clerk.get(url("batch", batch.pk), {"state": "nonsense"}).status_code == 200
    assert clerk.get(url("batch", batch.pk), {"after": "1'--"}).status_code == 200


def test_a_row_is_corrected_in_a_dialog_and_as_a_page(clerk, who):
    batch = dirty(who)
    row = batch.rows.get(row=3)
    address = url("row", batch.pk, row.pk)
    part = clerk.get(address, **HTMX).content.decode()
    assert part.lstrip().startswith('<div id="intake-row"')
    assert "<html" in clerk.get(address).content.decode()

    wrong = {"rev": batch.rev, "title": "乙", "lead": "没有的单位"}
    assert clerk.post(address, wrong, **HTMX).status_code == 422
    right = {"rev": batch.rev, "title": "乙", "lead": "后勤处", "due": "2026-12-31"}
    answer = clerk.post(address, right, **HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, url("batch", batch.pk))
    row.refresh_from_db()
    assert (row.state, row.parsed["title"]) == (RowState.OK, "乙")
    assert clerk.post(address, right).status_code == 409  # somebody was faster: the same rev again


def test_an_answer_that_is_no_unit_is_told_and_the_others_kept(clerk, who):
    batch = dirty(who)
    unit, date = batch.names.get(kind="unit"), batch.names.get(kind="date")
    form = {
        "rev": batch.rev, f"n{unit.pk}-units": "没有的单位", f"n{date.pk}-day": "2026-02-16",
    }  # fmt: skip
    answer = clerk.post(url("settle", batch.pk), form)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2026-02-16" in page
    assert "没有的单位" in page
    assert not batch.names.filter(settled=True).exists()


def test_an_answer_is_taken_back_on_the_page(clerk, who):
    batch = dirty(who)
    unit = batch.names.get(kind="unit")
    clerk.post(url("settle", batch.pk), {"rev": batch.rev, f"n{unit.pk}-units": "后勤处"})
    batch.refresh_from_db()
    assert "重新填写" in clerk.get(url("batch", batch.pk)).content.decode()
    clerk.post(url("reopen", batch.pk, unit.pk), {"rev": batch.rev})
    unit.refresh_from_db()
    assert not unit.settled


def test_the_double_click_on_import_acts_once(clerk, who):
    batch = make.ready(who.chen, who.category, 2)
    for _time in range(2):
        assert clerk.post(url("publish", batch.pk), {"rev": batch.rev}).status_code == 302
    assert Task.objects.count() == 2


def test_an_old_form_is_told_so(clerk, who):
    batch = make.ready(who.chen, who.category, 2)
    answer = clerk.post(url("publish", batch.pk), {"rev": batch.rev + 7})

    assert answer.status_code == 409
    assert Task.objects.count() == 0


def test_progress_is_shown_and_ends_with_the_result(clerk, who):
    batch = make.ready(who.chen, who.category)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.CHECKING, done=1)
    page = clerk.get(url("batch", batch.pk)).content.decode()
    assert "可离开此页" in page
    assert "已核对 1 行，共 3 行" in clerk.get(url("progress", batch.pk), **HTMX).content.decode()
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.READY)
    assert clerk.get(url("progress", batch.pk), **HTMX)["HX-Redirect"] == url("batch", batch.pk)


@pytest.mark.parametrize("kind", ["xlsx", "csv", "docx"])
def test_the_marked_copy_has_the_questions_at_their_cells(clerk, who, kind):
    rows = [make.HEAD, ("1", "建设基地", "教务外处", "春节前"), ("2", "", "后勤处", "=1+1")]
    data = {
        "xlsx": lambda: make.xlsx(rows),
        "csv": lambda: make.csv_of(*rows[1:]).encode(),
        "docx": lambda: make.word(rows),
    }[kind]()
    if kind == "xlsx":
        rows[2] = ("2", "", "后勤处", "全年")
        data = make.xlsx(rows)
    batch = make.checked(who.chen, who.category, make.file(data, f"任务分解表.{kind}"))
    answer = clerk.get(url("marked", batch.pk))

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    assert sheet["A2"].value == "1"
    assert "教务外处" in sheet["C2"].comment.text
    assert "春节前" in sheet["D2"].comment.text
    assert sheet["B3"].comment is not None
    assert sheet["B3"].fill.fgColor.rgb.endswith("FFC7CE")
    listed = book.worksheets[-1]
    assert listed["A2"].value.endswith("!C2")
    if kind != "xlsx":
        assert sheet["D3"].data_type == "s"  # never a formula


def test_downloads(clerk, who):
    batch = make.ready(who.chen, who.category)
    answer = clerk.get(url("original", batch.pk))
    assert b"".join(answer.streaming_content).decode().startswith('"序号"')
    book = openpyxl.load_workbook(io.BytesIO(clerk.get(url("template")).content))
    assert book.active["C1"].value == "任务名称"


def test_script_in_a_title_stays_text(clerk, who):
    text = make.csv_of(("1", "<img src=x onerror=alert(1)>", "后勤处", "全年"))
    batch = make.checked(who.chen, who.category, make.file(text))
    page = clerk.get(url("batch", batch.pk)).content.decode()

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_list_asks_as_much_for_three_as_for_one(clerk, who, django_assert_max_num_queries):
    make.ready(who.chen, who.category)
    clerk.get(url("index"))
    with django_assert_max_num_queries(40) as one:
        clerk.get(url("index"))
    for _time in range(2):
        make.ready(who.chen, who.category)
    with django_assert_max_num_queries(len(one)):
        clerk.get(url("index"))


def test_the_result_asks_as_much_for_many_rows_as_for_few(
    clerk, who, django_assert_max_num_queries
):
    few, many = make.ready(who.chen, who.category, 1), make.ready(who.chen, who.category, 40)
    clerk.get(url("batch", few.pk))
    with django_assert_max_num_queries(60) as one:
        clerk.get(url("batch", few.pk))
    with django_assert_max_num_queries(len(one)):
        clerk.get(url("batch", many.pk))


def test_pages_of_rows_lead_on_and_back(clerk, who):
    batch = make.ready(who.chen, who.category, 120)
    seen, after = [], ""
    for _page in range(3):
        page = clerk.get(url("batch", batch.pk), {"after": after} if after else {}).context["page"]
        seen += [row.row for row in page.rows]
        after = page.next
    assert seen == list(range(2, 122))
    assert after is None
    back = clerk.get(url("batch", batch.pk), {"before": page.previous}).context["page"]
    assert [row.row for row in back.rows] == list(range(52, 102))


def test_a_table_is_dropped_from_its_page(clerk, who):
    batch = make.ready(who.chen, who.category)
    clerk.post(url("drop", batch.pk), {"rev": batch.rev})
    batch.refresh_from_db()
    assert batch.state == State.DROPPED


def test_rows_in_error_are_left_out_from_the_page(clerk, who):
    batch = dirty(who)
    clerk.post(url("leave_out", batch.pk), {"rev": batch.rev})
    batch.refresh_from_db()
    assert (batch.errors, batch.left_out) == (0, 1)


def test_published_rows_link_to_their_tasks(clerk, who):
    batch = make.ready(who.chen, who.category, 1)
    publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    page = clerk.get(url("batch", batch.pk)).content.decode()

    assert reverse("go", args=["task", Task.objects.get().pk]) in page


def test_all_units_of_a_kind_are_offered_for_a_name_that_means_them(clerk, who):
    text = make.csv_of(("1", "甲", "各二级学院", "全年"))
    batch = make.checked(who.chen, who.category, make.file(text))
    page = clerk.get(url("batch", batch.pk)).content.decode()
    assert "全部二级学院（1 个）" in page
    name = batch.names.get()
    kind = who.school.kind_id
    clerk.post(url("settle", batch.pk), {"rev": batch.rev, f"n{name.pk}-likely": f"k{kind}"})

    assert batch.rows.get(row=2).parsed["lead"] == who.school.pk


def test_a_cooperating_unit_stands_once_in_the_dialog(clerk, who):
    batch = make.checked(
        who.chen, who.category, make.file(make.csv_of(("1", "甲", "后勤处、财务处", "全年")))
    )
    row = batch.rows.get(row=2)
    page = clerk.get(url("row", batch.pk, row.pk), **HTMX).content.decode()

    assert page.count('value="财务处"') == 0
    assert page.count(f'name="cooperating_key" value="{who.other.pk}"') == 1
    form = {"rev": batch.rev, "title": "甲", "lead": "后勤处", "due": "2026-12-31"}
    clerk.post(url("row", batch.pk, row.pk), form, **HTMX)  # the chip was taken away
    row.refresh_from_db()
    assert row.parsed["cooperating"] == []
