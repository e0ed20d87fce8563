"""Workbooks: what Excel reads is what was written; one at a time; nothing is left behind."""

import datetime as dt
import tempfile
import threading
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from django.utils import timezone

from luoshi.kit.books import LONGEST, Bold, Share, writing


def read(*rows, columns=()):
    with writing() as book:
        sheet = book.sheet("表", columns)
        for row in rows:
            sheet.line(row)
        file = book.file()
    return openpyxl.load_workbook(file).worksheets[0]


def values(*rows):
    return [[cell.value for cell in row] for row in read(*rows).iter_rows()]


def test_numbers_stay_numbers_and_days_days():
    noon = timezone.make_aware(dt.datetime(2026, 3, 1, 12, 30))
    row = [7, 0, 2.5, Decimal("12.50"), dt.date(2026, 11, 20), noon, Share(0.25), True]
    (sheet_row,) = read(row).iter_rows()
    assert [cell.value for cell in sheet_row] == [
        7, 0, 2.5, 12.5, dt.datetime(2026, 11, 20), dt.datetime(2026, 3, 1, 12, 30), 0.25, 1,
    ]  # fmt: skip
    assert [cell.number_format for cell in sheet_row][4:7] == [
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm",
        "0%",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "a & b < c > d \"e\" 'f'",
        " 前后 ",
        "一\n二",
        "007",
        "https://a.cn",
    ],
)
def test_texts_stay_what_they_are(text):
    ((cell,),) = read([text]).iter_rows()
    assert (cell.value, cell.data_type) == (text, "s")


def test_markup_of_the_writer_stays_text():
    ((cell,),) = read(["<r><t>1</t></r>"]).iter_rows()
    assert (cell.value, cell.data_type) == ("<r><t>1</t></r> ", "s")


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a\x00b", "a_x0000_b"), ("a\x0bb", "a_x000B_b"), ("_x0041_", "_x005F_x0041_")],
)
def test_what_no_file_may_hold_is_written_as_excel_writes_it(text, stored):
    with writing() as book:
        book.sheet("表").line([text])
        with zipfile.ZipFile(book.file()) as parts:
            assert stored in parts.read("xl/worksheets/sheet1.xml").decode()


def test_empty_cells_and_rows_leave_their_places():
    assert values(["甲", None, "", 1], [], ["乙"]) == [
        ["甲", None, None, 1],
        [None] * 4,
        ["乙", None, None, None],
    ]


def test_more_columns_than_letters():
    sheet = read([None] * 27 + ["末"])
    assert sheet["AB1"].value == "末"


def test_long_texts_are_cut_to_what_excel_takes():
    ((long, wide),) = values(["长" * 40_000, "😀" * 20_000])
    assert long == "长" * LONGEST
    assert wide == "😀" * (LONGEST // 2)


def test_days_excel_cannot_count_are_texts():
    assert values([dt.date(1026, 1, 1), dt.date(1900, 3, 1)]) == [
        ["1026-01-01", dt.datetime(1900, 3, 1)]
    ]


def test_titles_are_bold_fixed_and_filtered():
    with writing() as book:
        sheet = book.sheet("表", [("甲", 10), ("乙", 20)])
        sheet.line([Bold("粗"), "细"])
        sheet.filters(2)
        assert sheet.rows == 1
        found = openpyxl.load_workbook(book.file()).worksheets[0]
    assert [cell.font.b for cell in found[1]] == [True, True]
    assert [cell.font.b for cell in found[2]] == [True, False]
    assert (found.freeze_panes, found.auto_filter.ref) == ("B2", "A1:B2")
    assert found.column_dimensions["B"].width == pytest.approx(20, abs=1)


def test_one_book_at_a_time():
    second = threading.Event()

    def write_another():
        with writing():
            second.set()

    with writing() as book:
        waiting = threading.Thread(target=write_another)
        waiting.start()
        assert not second.wait(0.1)
        book.file()
    waiting.join(5)
    assert second.is_set()


def test_a_failing_row_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(TypeError), writing() as book:
        book.sheet("表").line(7)
    assert list(tmp_path.iterdir()) == []
    with writing() as book:  # nobody waits for the one that failed
        assert book.file().read(2) == b"PK"
