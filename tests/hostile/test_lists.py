"""Exported lists that come back from somebody who knows Excel better than is good for us."""

import io
import uuid
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from luoshi.intake.models import ChangeList, ChangeRow, ChangeState
from luoshi.intake.queries.changes import mark_of
from luoshi.intake.rules.changes import FIELDS, MEMORY_SHEET
from luoshi.people.tests.factories import cast
from luoshi.reports.tests.factories import at
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import draft, issued, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(monkeypatch):
    at(monkeypatch, "2026-03-10")
    found = cast()
    found.task = issued(make_set(), found.chen, found.section.pk, owner_id=found.li.pk, title="甲")
    found.draft = draft(make_set(), found.chen, found.section.pk, title="乙")
    return found


def of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def exported(person):
    answer = of(person).get(reverse("task-export"), {"year": 2026, "scope": "all"})
    return openpyxl.load_workbook(io.BytesIO(answer.getvalue()))


def marks(sheet) -> dict[str, tuple[int, int]]:
    """Rows by title; the column of the marks is found by its first mark."""
    places = {cell.value: cell.column for cell in sheet[1]}
    return {sheet.cell(r, places["任务名称"]).value: r for r in range(2, sheet.max_row + 1)}


def brought(person, book, name="任务列表.xlsx"):
    stream = io.BytesIO()
    book.save(stream) if not isinstance(book, bytes) else stream.write(book)
    sent = {"upload": SimpleUploadedFile(name, stream.getvalue()), "key": uuid.uuid4().hex}
    return of(person).post(reverse("intake:change_lists"), sent)


def _column(sheet, title):
    return next(cell.column for cell in sheet[1] if cell.value == title)


def _type(book, row_title, column, value):
    sheet = book.worksheets[0]
    sheet.cell(marks(sheet)[row_title], _column(sheet, column)).value = value


def take_all(person):
    table = ChangeList.objects.get()
    rows = list(table.rows.values_list("pk", flat=True))
    url = reverse("intake:take_over", args=[table.pk])
    return of(person).post(url, {"row": rows, "reason": "更正"})


def _remember(book, title, column, value):
    """Forge what the hidden sheet remembers of the first task whose title is this."""
    sheet = book[MEMORY_SHEET]
    names = [cell.value for cell in sheet[2]]
    for row in range(4, sheet.max_row + 1):
        if sheet.cell(row, names.index("title") + 1).value == title:
            place = column if isinstance(column, int) else names.index(column) + 1
            sheet.cell(row, place).value = value
            return
    raise AssertionError(title)


@pytest.mark.parametrize("rev", ["²", "9" * 5000, "-1", "NaN", "1.5", "", "9" * 19, "=1+1", True])
def test_a_forged_version_is_no_version(people, rev):
    book = exported(people.chen)
    _type(book, "乙", "分值", 5)
    _remember(book, "乙", 2, rev)
    answer = brought(people.chen, book)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert ChangeRow.objects.get().task_id == people.draft.pk


def test_forged_old_values_overwrite_nothing_unseen(people):
    """Whoever claims that the export had said otherwise is shown what stands, and ticks it."""
    book = exported(people.chen)
    _remember(book, "乙", "title", "从来没有过的名称")
    _type(book, "乙", "任务名称", "丙")
    assert brought(people.chen, book).status_code == 302
    row = ChangeRow.objects.get()
    assert row.state == ChangeState.TOUCHED
    assert row.fields[0]["now"] == "乙"


def test_the_mark_of_somebody_elses_task_changes_nothing(people):
    """Sun sees the task and may not change it; the row says why and cannot be ticked."""
    book = exported(people.sun)
    _type(book, "甲", "任务名称", "我的任务")
    assert brought(people.sun, book).status_code == 302
    row = ChangeRow.objects.get()
    assert row.state == ChangeState.LEFT
    assert row.fields[0]["reason"]
    take_all(people.sun)
    assert Task.objects.get(pk=people.task.pk).title == "甲"


def test_a_mark_made_up_or_of_a_task_that_is_hidden_is_not_there(people):
    closed = make_set(visibility="involved")
    hidden = issued(closed, people.chen, people.section.pk, owner_id=people.li.pk, title="保密事项")
    book = exported(people.sun)
    sheet, memory = book.worksheets[0], book[MEMORY_SHEET]
    column = _column(sheet, memory.cell(3, 1).value)
    row = marks(sheet)["甲"]
    for mark in (mark_of(hidden.pk), f"{hidden.pk}-00000000", "9" * 30, "²-x", "-1-00000000"):
        memory.cell(4, 1).value = sheet.cell(row, column).value = mark
        answer = brought(people.sun, book)
        assert answer.status_code == 302
        page = of(people.sun).get(answer.url).content.decode()
        assert "保密事项" not in page
    assert not ChangeRow.objects.filter(task=hidden).exists()


def test_a_list_of_somebody_else_is_not_there(people):
    book = exported(people.chen)
    _type(book, "乙", "任务名称", "丙")
    answer = brought(people.chen, book)
    table, row = ChangeList.objects.get(), ChangeRow.objects.get()
    for name in ("changes", "original_list"):
        url = reverse(f"intake:{name}", args=[table.pk])
        assert of(people.zhou).get(url).status_code == 404
    url = reverse("intake:take_over", args=[table.pk])
    assert of(people.zhou).post(url, {"row": row.pk, "clean": "1"}).status_code == 404
    assert Task.objects.get(pk=people.draft.pk).title == "乙"
    assert of(people.chen).get(answer.url).status_code == 200


def test_a_row_of_another_list_is_not_taken_over(people):
    for title in ("丙", "丁"):
        book = exported(people.chen)
        _type(book, "乙", "任务名称", title)
        brought(people.chen, book)
    first, second = ChangeList.objects.order_by("pk")
    url = reverse("intake:take_over", args=[first.pk])
    answer = of(people.chen).post(url, {"row": second.rows.get().pk, "reason": "更正"})
    assert answer.status_code in (302, 422)
    assert Task.objects.get(pk=people.draft.pk).title == "乙"


NASTY = {
    "script": "<script>alert(1)</script>",
    "a formula as text": "'=cmd|' /C calc'!A0",
    "NUL as Excel writes it": "a_x0000_b",
    "control characters as Excel writes them": "a_x0008__x001F_b",
    "half a pair as Excel writes it": "a_xD842_b",
    "huge": "长" * 32_000,
    "rare": "𠮷㐀😀",
    "turned around": "x\u202etxt",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("column", ["任务名称", "目标内容", "责任人", "截止日期", "分值"])
def test_nasty_cells(people, text, column):
    book = exported(people.chen)
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    column = column if column in titles else book[MEMORY_SHEET].cell(3, 11).value
    _type(book, "乙", column, text)
    answer = brought(people.chen, book)
    assert answer.status_code == 302
    page = of(people.chen).get(answer.url).content.decode()
    assert "<script>alert" not in page
    assert take_all(people.chen).status_code in (302, 422)
    assert "\x00" not in str(list(Task.objects.values()))
    assert of(people.chen).get(answer.url).status_code == 200


def test_formulas_count_as_what_they_show(people):
    """A formula without a value kept says nothing new; nobody's title becomes one."""
    book = exported(people.chen)
    _type(book, "乙", "任务名称", '=HYPERLINK("http://evil.example","乙")')
    answer = brought(people.chen, book)
    assert answer.status_code in (302, 422)
    if ChangeRow.objects.exists():
        take_all(people.chen)
    assert "=" not in Task.objects.get(pk=people.draft.pk).title


def test_merged_cells(people):
    book = exported(people.chen)
    sheet = book.worksheets[0]
    sheet.merge_cells(start_row=2, end_row=3, start_column=1, end_column=sheet.max_column)
    assert brought(people.chen, book).status_code in (302, 422)
    sheet = (book := exported(people.chen)).worksheets[0]
    column = _column(sheet, "任务名称")
    sheet.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    assert brought(people.chen, book).status_code in (302, 422)
    assert {t.title for t in Task.objects.all()} == {"甲", "乙"}


def _zip_bomb(book) -> bytes:
    stream, out = io.BytesIO(), io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        with new.open("xl/media/bomb.bin", "w", force_zip64=True) as member:
            for _n in range(2100):
                member.write(b"\0" * 1_000_000)
    return out.getvalue()


def _with_macros(book) -> bytes:
    stream, out = io.BytesIO(), io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "[Content_Types].xml":
                data = data.replace(
                    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                )
            new.writestr(name, data)
        new.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    return out.getvalue()


@pytest.mark.parametrize("name", ["任务列表.xlsm", "任务列表.xlsx"])
def test_a_workbook_with_macros_is_refused(people, name):
    answer = brought(people.chen, _with_macros(exported(people.chen)), name)
    assert answer.status_code == 422
    assert ChangeList.objects.count() == 0


@pytest.mark.slow
def test_a_bomb_is_refused(people):
    answer = brought(people.chen, _zip_bomb(exported(people.chen)))
    assert answer.status_code == 422
    assert ChangeList.objects.count() == 0


NO_BOOKS = (b"", b"PK\x03\x04", b"%PDF-1.7", b"\x00" * 4096, b"a,b,c\n1,2,3")


@pytest.mark.parametrize("content", NO_BOOKS)
def test_what_is_no_workbook_is_refused(people, content):
    answer = brought(people.chen, content)
    assert answer.status_code == 422
    assert ChangeList.objects.count() == 0


def test_a_memory_of_nonsense(people):
    """Names of fields that are none, twice, of columns nobody may change."""
    for names in (["pk", "status", "creator_id"], ["title", "title"], ["__class__"], [None]):
        book = exported(people.chen)
        memory = book[MEMORY_SHEET]
        for place, name in enumerate(names, start=3):
            memory.cell(2, place).value = name
        _type(book, "乙", "分值", 7)
        assert brought(people.chen, book).status_code in (302, 422)
    for row in ChangeRow.objects.all():
        assert {told["name"] for told in row.fields} <= {field.name for field in FIELDS}


def test_the_address_of_a_forged_query_leads_nowhere_else(people):
    book = exported(people.chen)
    book[MEMORY_SHEET].cell(1, 4).value = '"><script>alert(1)</script>&next=//evil.example'
    book[MEMORY_SHEET].cell(1, 2).value = "<b>昨天</b>" * 50
    answer = brought(people.chen, book)
    assert answer.status_code == 302
    page = of(people.chen).get(answer.url).content.decode()
    assert "<script>alert" not in page
    assert 'href="//' not in page
    assert "<b>昨天" not in page
