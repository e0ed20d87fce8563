"""An exported list that comes back: compared, ticked, taken over; with the dirt of offices."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from luoshi.intake import jobs
from luoshi.intake.models import ChangeList, ChangeRow, ChangeState
from luoshi.intake.queries.changes import mark_of, task_marked
from luoshi.intake.rules.changes import BY_NAME, Stand, Unread, alike, beginning, read, stand_of
from luoshi.intake.services import changing
from luoshi.kit.jobs import run_waiting
from luoshi.kit.verdict import NotAllowed, Refused
from luoshi.people.tests.factories import cast, make_person
from luoshi.tasks.models import Task
from luoshi.tasks.services import registering
from luoshi.tasks.services.correcting import correct
from luoshi.tasks.tests.factories import draft, issued, make_set, new
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def c(client):
    people = cast()
    people.goals = make_set()
    people.draft = draft(people.goals, people.chen, people.school.pk, title="甲", points=Decimal(5))
    people.task = issued(people.goals, people.chen, people.school.pk, title="乙")
    client.force_login(people.chen)
    return people


def exported(client, **query):
    answer = client.get(reverse("task-export"), query)
    return openpyxl.load_workbook(io.BytesIO(answer.getvalue()))


def columns(sheet):
    return {cell.value: cell.column for cell in sheet[1]}


def write(book, title, values):
    """Type into the row of a task: values by the titles of columns."""
    sheet = book.worksheets[0]
    places = columns(sheet)
    row = next(
        r for r in range(2, sheet.max_row + 1) if sheet.cell(r, places["任务名称"]).value == title
    )
    for name, value in values.items():
        sheet.cell(row, places[name]).value = value
    return row


def saved(book, name="任务列表.xlsx"):
    stream = io.BytesIO()
    book.save(stream)
    return SimpleUploadedFile(name, stream.getvalue())


def brought(client, by, book):
    return changing.bring_back(saved(book), by=by.actor)


def fields(row):
    return {told["name"]: told for told in row.fields}


def now(task):
    return Task.objects.get(pk=task.pk)


# ── cells ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("due", "2026.9.1", dt.date(2026, 9, 1)),
        ("due", "2026年9月1日", dt.date(2026, 9, 1)),
        ("due", "２０２６/９/１", dt.date(2026, 9, 1)),
        ("due", "2026-09-01", dt.date(2026, 9, 1)),
        ("due", " ", None),
        ("points", "１２．５", Decimal("12.5")),
        ("points", " 1,000 分", Decimal(1000)),
        ("points", "—", None),
        ("points", "0.333333", Decimal("0.33")),
        ("title", " 建成\n实训基地　", "建成实训基地"),
        ("details", "一、\r\n二、 ", "一、\n二、"),
        ("owner_id", " 王 建国 ", "王 建国"),
        ("urgency", "", "normal"),
    ],
)
def test_dirt_of_cells_is_read(name, text, value):
    assert read(BY_NAME[name], text, 2026) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("due", "尽快"), ("due", "3-5月"), ("points", "五分"), ("points", "1e9"), ("points", "nan"),
        ("urgency", "火急火燎"), ("title", "#REF!"), ("due", "#N/A"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_said(name, text):
    with pytest.raises(Unread):
        read(BY_NAME[name], text, 2026)


def test_three_values_beside_each_other():
    title, owner = BY_NAME["title"], BY_NAME["owner_id"]
    assert stand_of(title, "甲", "甲", "甲") is None
    assert stand_of(title, "甲", "甲", "乙") == Stand.CHANGE
    assert stand_of(title, "甲", "丙", "乙") == Stand.TOUCHED
    assert stand_of(title, "甲", "丙", "甲") is None  # nobody typed anything in Excel
    assert stand_of(title, "甲", "乙", "乙") is None  # it stands already
    assert alike(owner, "王 丽", "王丽")


def test_long_texts_are_cut_where_they_differ():
    same = "按月推进，" * 60
    one, other = beginning([same + "年底验收。", same + "十月验收。"])
    assert one.startswith("…")
    assert one.endswith("年底验收。")
    assert other.endswith("十月验收。")
    assert len(one) < 170
    assert beginning(["甲", "乙"]) == ["甲", "乙"]
    assert beginning(["", "乙" * 500]) == ["", "乙" * 160 + "…"]


def test_marks_tell_tasks_apart_and_notice_a_slip():
    mark = mark_of(17)
    assert task_marked(f" {mark} ") == 17
    assert task_marked(mark.replace("17-", "18-")) is None
    assert [task_marked(text) for text in ("", "17", "x-y", "²-1")] == [None] * 4


# ── bringing back ────────────────────────────────────────────────────────────────────────────────


def test_an_export_that_was_not_edited_says_nothing(c, client):
    table = brought(client, c.chen, exported(client))
    assert (table.same, table.rows.count(), table.said) == (2, 0, {})
    assert table.query == "范围：全校；年度：2026"
    assert table.exported_at


def test_the_export_is_marked_and_hides_what_it_remembers(c, client):
    book = exported(client)
    sheet, about, memory = book.worksheets
    assert [s.sheet_state for s in book.worksheets] == ["visible", "visible", "veryHidden"]
    last = openpyxl.utils.get_column_letter(columns(sheet)["任务标识（勿改）"])
    assert sheet.column_dimensions[last].hidden
    told = {about.cell(r, 1).value: about.cell(r, 2).value for r in range(1, about.max_row + 1)}
    assert (told["导出人"], told["筛选条件"], told["任务数"]) == (
        "陈静",
        "范围：全校；年度：2026",
        "2",
    )
    assert memory["A1"].value == "luoshi task list 1"


def test_every_difference_is_shown_old_beside_new(c, client):
    book = exported(client)
    row = write(
        book,
        "甲",
        {
            "任务名称": "甲（改）",
            "完成时限": "2026.11.30",
            "分值": "６．５",
            "任务负责人": "李敏",
            "权重": "10",
        },
    )
    table = brought(client, c.chen, book)

    one = table.rows.get()
    assert (one.row, one.task, one.state, table.same) == (row, c.draft, ChangeState.CLEAN, 1)
    told = {name: (t["now"], t["wanted"]) for name, t in fields(one).items()}
    assert told == {
        "title": ("甲", "甲（改）"),
        "due": ("2026-12-20", "2026-11-30"),
        "points": ("5", "6.5"),
        "weight": ("", "10"),
        "owner_id": ("", "李敏"),
    }
    assert now(c.draft).title == "甲"


def test_of_issued_tasks_only_corrections_come_back_and_the_reason_is_said(c, client):
    book = exported(client)
    write(book, "乙", {"任务名称": "乙（改）", "完成时限": "2026-11-30", "任务负责人": "李敏"})
    one = brought(client, c.chen, book).rows.get()

    assert one.state == ChangeState.PARTLY
    stands = {name: told["stand"] for name, told in fields(one).items()}
    assert stands == {"title": "change", "due": "left", "owner_id": "left"}
    assert "延期" in fields(one)["due"]["reason"]
    assert "转办" in fields(one)["owner_id"]["reason"]


def test_who_may_not_change_a_task_is_told_so(c, client):
    client.force_login(c.sun)
    book = exported(client)
    write(book, "乙", {"任务名称": "乙（改）"})
    one = brought(client, c.sun, book).rows.get()
    assert one.state == ChangeState.LEFT
    assert fields(one)["title"]["reason"]


def test_unknown_and_shared_names_are_said(c, client):
    make_person("李敏", c.other, "2001")
    book = exported(client)
    write(book, "甲", {"任务负责人": "查无此人", "责任部门": "外星局"})
    one = brought(client, c.chen, book).rows.get()
    assert one.state == ChangeState.LEFT
    assert "查无此人" in fields(one)["owner_id"]["reason"]
    assert "外星局" in fields(one)["unit_id"]["reason"]
    write(book, "甲", {"任务负责人": "2001", "责任部门": "数控教研室"})
    again = brought(client, c.chen, book).rows.get()
    assert again.state == ChangeState.CLEAN


def test_rows_added_deleted_doubled_and_mangled_are_said_and_change_nothing(c, client):
    third = draft(c.goals, c.chen, c.school.pk, title="丙")
    fourth = draft(c.goals, c.chen, c.school.pk, title="丁")
    book = exported(client)
    sheet, key = book.worksheets[0], columns(book.worksheets[0])["任务标识（勿改）"]
    places = columns(sheet)
    rows = {sheet.cell(r, places["任务名称"]).value: r for r in range(2, sheet.max_row + 1)}
    sheet.cell(rows["丙"], key).value = mark_of(third.pk).replace(f"{third.pk}-", "99-")
    last = sheet.max_row
    sheet.cell(last + 1, places["任务名称"]).value = "新增的任务"
    sheet.cell(last + 2, places["任务名称"]).value = "甲（抄）"
    sheet.cell(last + 2, key).value = mark_of(c.draft.pk)
    sheet.delete_rows(rows["丁"])
    table = brought(client, c.chen, book)

    assert table.rows.count() == 0
    said = {kind: len(texts) for kind, texts in table.said.items()}
    assert said == {"strange": 1, "added": 1, "twice": 1, "deleted": 2}
    assert "新增的任务" in table.said["added"][0]
    page = client.get(reverse("intake:changes", args=[table.pk])).content.decode()
    assert "表中新增了 1 行" in page
    assert Task.objects.filter(pk=fourth.pk).exists()


def test_columns_may_move_or_go_and_rows_may_be_sorted(c, client):
    book = exported(client)
    write(book, "甲", {"任务名称": "甲（改）"})
    sheet = book.worksheets[0]
    sheet.insert_rows(1)
    sheet["A1"] = "质量管理办公室任务一览"
    place = {cell.value: cell.column for cell in sheet[2]}["考核标准"]
    sheet.delete_cols(place)
    table = brought(client, c.chen, book)
    assert fields(table.rows.get()).keys() == {"title"}
    assert table.said == {"missing": ["考核标准"]}


@pytest.mark.parametrize("spoil", ["memory", "key", "csv"])
def test_a_file_that_is_no_export_is_refused(c, client, spoil):
    book = exported(client)
    upload = saved(book)
    if spoil == "memory":
        del book["_luoshi"]
        upload = saved(book)
    elif spoil == "key":
        sheet = book.worksheets[0]
        sheet.delete_cols(columns(sheet)["任务标识（勿改）"])
        upload = saved(book)
    else:
        upload = SimpleUploadedFile("表.csv", "标题\n甲".encode())
    with pytest.raises(Refused):
        changing.bring_back(upload, by=c.chen.actor)
    assert ChangeList.objects.count() == 0


def test_the_same_upload_twice_makes_one_list(c, client):
    book = exported(client)
    first = changing.bring_back(saved(book), by=c.chen.actor, key="a" * 32)
    assert changing.bring_back(saved(book), by=c.chen.actor, key="a" * 32) == first


def test_formulas_in_titles_stay_texts(c, client):
    registering.edit(
        c.draft,
        new(c.goals, c.school.pk, title='=HYPERLINK("http://x")'),
        by=c.chen.actor,
        rev=c.draft.rev,
    )
    book = exported(client)
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert brought(client, c.chen, book).rows.count() == 0


# ── taking over ──────────────────────────────────────────────────────────────────────────────────


def test_ticked_rows_are_taken_over_through_the_ordinary_services_once(c, client):
    book = exported(client)
    write(book, "甲", {"任务名称": "甲（改）", "完成时限": "2026.11.30", "任务负责人": "李敏"})
    write(book, "乙", {"任务名称": "乙（改）", "分值": "8"})
    table = brought(client, c.chen, book)
    keys = list(table.rows.values_list("pk", flat=True))
    with pytest.raises(Refused):
        changing.take_over(table, keys, by=c.chen.actor)  # an issued task wants a reason
    assert now(c.task).title == "乙"
    assert changing.take_over(table, keys, by=c.chen.actor, reason="文字有误") == 2
    assert changing.take_over(table, keys, by=c.chen.actor, reason="文字有误") == 0  # second click

    one, other = now(c.draft), now(c.task)
    assert (one.title, one.due, one.owner, one.rev) == (
        "甲（改）", dt.date(2026, 11, 30), c.li, c.draft.rev + 1,
    )  # fmt: skip
    assert (one.points, one.details, one.creator) == (5, c.draft.details, c.chen)
    assert (other.title, other.points, other.rev) == ("乙（改）", 8, c.task.rev + 1)
    assert set(table.rows.values_list("state", flat=True)) == {ChangeState.APPLIED}
    for task, verb in ((one, "task.edit"), (other, "task.correct")):
        (event,) = Event.objects.filter(about_kind="task", about_id=task.pk, verb=verb)
        assert table.ref in event.data


def test_what_somebody_changed_since_is_shown_and_overwritten_only_when_ticked(c, client):
    book = exported(client)
    write(book, "乙", {"任务名称": "乙（表中）"})
    correct(c.task, {"title": "乙（系统中）"}, by=c.zhou.actor, rev=c.task.rev, reason="写错")
    table = brought(client, c.chen, book)
    one = table.rows.get()

    assert one.state == ChangeState.TOUCHED
    told = fields(one)["title"]
    assert (told["exported"], told["now"], told["wanted"]) == ("乙", "乙（系统中）", "乙（表中）")
    assert changing.take_over(table, None, by=c.chen.actor, reason="写错") == 0  # not a clean one
    page = client.get(reverse("intake:changes", args=[table.pk])).content.decode()
    assert f'value="{one.pk}" aria-label="乙（系统中）">' in page  # not ticked by itself
    changing.take_over(table, [one.pk], by=c.chen.actor, reason="以表为准")
    assert now(c.task).title == "乙（表中）"


def test_who_is_faster_than_the_tick_is_not_overwritten(c, client):
    book = exported(client)
    write(book, "乙", {"任务名称": "乙（表中）", "任务详情": "新的内容"})
    table = brought(client, c.chen, book)
    row = table.rows.get()
    correct(c.task, {"title": "乙（刚改）"}, by=c.zhou.actor, rev=c.task.rev, reason="写错")
    changing.take_over(table, [row.pk], by=c.chen.actor, reason="写错")

    row.refresh_from_db()
    assert (now(c.task).title, row.state) == ("乙（刚改）", ChangeState.TOUCHED)
    assert fields(row)["title"]["now"] == "乙（刚改）"
    assert row.failure
    changing.take_over(table, [row.pk], by=c.chen.actor, reason="写错")
    assert (now(c.task).title, now(c.task).details) == ("乙（表中）", "新的内容")


def test_a_row_that_is_refused_leaves_the_others_alone(c, client):
    book = exported(client)
    write(book, "甲", {"完成时限": "2025-01-01"})  # before its start
    write(book, "乙", {"任务名称": "乙（改）"})
    table = brought(client, c.chen, book)
    changing.take_over(
        table, list(table.rows.values_list("pk", flat=True)), by=c.chen.actor, reason="写错"
    )
    states = dict(table.rows.values_list("task_id", "state"))
    assert states == {c.draft.pk: ChangeState.FAILED, c.task.pk: ChangeState.APPLIED}
    failed = table.rows.get(task=c.draft)
    assert "完成时限" in failed.failure
    assert now(c.draft).due == c.draft.due


def test_only_who_brought_it_takes_it_over(c, client):
    book = exported(client)
    write(book, "甲", {"任务名称": "甲（改）"})
    table = brought(client, c.chen, book)
    with pytest.raises(NotAllowed):
        changing.take_over(table, None, by=c.zhou.actor)
    client.force_login(c.zhou)
    for name in ("intake:changes", "intake:original_list"):
        assert client.get(reverse(name, args=[table.pk])).status_code == 404
    assert client.post(reverse("intake:take_over", args=[table.pk])).status_code == 404
    assert now(c.draft).title == "甲"


def test_many_rows_are_taken_over_by_the_worker(
    c, client, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(changing, "AT_ONCE", 1)
    book = exported(client)
    write(book, "甲", {"任务名称": "甲（改）"})
    write(book, "乙", {"任务名称": "乙（改）"})
    table = brought(client, c.chen, book)
    with django_capture_on_commit_callbacks(execute=True):
        changing.take_over(table, None, by=c.chen.actor, reason="写错")
    assert set(table.rows.values_list("state", flat=True)) == {ChangeState.CHOSEN}
    assert run_waiting() >= 1
    assert (now(c.draft).title, now(c.task).title) == ("甲（改）", "乙（改）")
    jobs.take_over(table.pk)
    jobs.take_over(10_000)
    assert now(c.draft).rev == c.draft.rev + 1


def test_what_a_killed_worker_left_is_taken_over_later(c, client):
    book = exported(client)
    write(book, "甲", {"任务名称": "甲（改）"})
    table = brought(client, c.chen, book)
    ChangeRow.objects.update(state=ChangeState.CHOSEN)
    jobs.free_stuck()
    assert now(c.draft).title == "甲（改）"
    assert table.rows.get().state == ChangeState.APPLIED


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def test_the_pages_from_upload_to_the_changed_task(c, client):
    book = exported(client, scope="created")
    write(book, "甲", {"任务名称": "<b>甲</b>"})
    url = reverse("intake:change_lists")
    key = client.get(url).context["form"].initial["key"]
    answer = client.post(url, {"upload": saved(book), "key": key})
    table = ChangeList.objects.get()
    assert answer.url == reverse("intake:changes", args=[table.pk])
    page = client.get(answer.url).content.decode()
    assert "&lt;b&gt;甲&lt;/b&gt;" in page
    assert "<ins><b>" not in page
    assert " checked>" in page
    sent = client.post(reverse("intake:take_over", args=[table.pk]), {})
    assert sent.status_code == 422
    row = table.rows.get()
    client.post(reverse("intake:take_over", args=[table.pk]), {"row": row.pk})
    assert now(c.draft).title == "<b>甲</b>"
    assert "已采用" in client.get(answer.url).content.decode()
    assert client.get(reverse("intake:original_list", args=[table.pk])).status_code == 200
    assert client.get(reverse("go", args=["change_list", table.pk])).url == answer.url


def test_a_file_that_cannot_be_read_is_told_in_the_form(c, client):
    url = reverse("intake:change_lists")
    answer = client.post(url, {"upload": SimpleUploadedFile("a.txt", b"hello"), "key": "b" * 32})
    assert answer.status_code == 422
    assert "请把导出的列表存为" in answer.content.decode()


def test_comparing_costs_the_same_for_one_row_and_many(c, client, django_assert_max_num_queries):
    for place in range(6):
        draft(c.goals, c.chen, c.school.pk, title=f"戊{place}")
    book = exported(client)
    for place in range(6):
        write(book, f"戊{place}", {"任务名称": f"己{place}"})
    upload = saved(book)
    with django_assert_max_num_queries(40):
        table = changing.bring_back(upload, by=c.chen.actor)
    assert table.rows.count() == 6
    url = reverse("intake:changes", args=[table.pk])
    client.get(url)
    with django_assert_max_num_queries(12):
        client.get(url)
