"""Files of every kind become grids; files that are none are refused with a sentence."""

import contextlib
import datetime as dt
import io
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.files.tests.factories import ole
from luoshi.intake.readers import read_tables
from luoshi.intake.readers.cells import as_text
from luoshi.intake.tests import factories as make
from luoshi.kit.verdict import Refused

LIMIT = 50 * 1024 * 1024
ROWS = [make.HEAD, ("1", "完成论证", "教务处", "12月底前")]


def read(name: str, data: bytes):
    return read_tables(name, data, limit=LIMIT)


def cells(grid) -> list[tuple[str, ...]]:
    return [line.cells for line in grid.lines]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20210001.0, "20210001"),
        (0.5, "0.5"),
        (dt.date(2026, 4, 18), "2026-04-18"),
        (dt.datetime(2026, 4, 18), "2026-04-18"),
        (dt.datetime(2026, 4, 18, 9, 30), "2026-04-18 09:30"),
        (dt.time(9, 30), "09:30"),
        (True, "是"),
        (None, ""),
        ("　甲\r\n乙 ", "甲\n乙"),
    ],
)
def test_one_text_for_one_cell(value, text):
    assert as_text(value) == text


# ------------------------------------------------------------------ workbooks


def test_a_workbook_with_merged_cells_numbers_and_dates():
    data = make.xlsx(
        [
            ("序号", "类别", "任务名称", "完成时限"),
            (1.0, "党建", "甲", dt.date(2026, 4, 18).isoformat()),
            (2.0, "", "乙", "年底"),
        ],
        merged=[(1, 1, 2, 1)],
    )
    (grid,) = read("表.xlsx", data)

    assert grid.name == "任务分解表"
    assert cells(grid)[1:] == [("1", "党建", "甲", "2026-04-18"), ("2", "党建", "乙", "年底")]
    assert grid.lines[2].down == {1}


def test_cells_formatted_as_dates_come_as_days():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, make.HEAD)
    sheet.write_datetime(1, 3, dt.datetime(2026, 4, 18), book.add_format({"num_format": "m月d日"}))
    sheet.write(1, 1, "甲")
    book.close()

    assert read("表.xlsx", stream.getvalue())[0].lines[1].cells[3] == "2026-04-18"


def test_addresses_count_from_the_top_of_the_sheet():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("实事")
    sheet.write_row(4, 2, make.HEAD)
    sheet.write_row(6, 2, ROWS[1])
    book.close()
    (grid,) = read("表.xlsx", stream.getvalue())

    assert [line.row for line in grid.lines] == [5, 7]
    assert grid.lines[0].cells == ("", "", *make.HEAD)


def test_several_sheets_but_no_hidden_and_no_empty_ones():
    book = openpyxl.Workbook()
    book.active.title = "一"
    for name in ("一", "二", "三"):
        sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
        sheet.append(list(make.HEAD))
    book.create_sheet("空")
    book["三"].sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)

    assert [grid.name for grid in read("表.xlsx", stream.getvalue())] == ["一", "二"]


def test_an_opendocument_or_old_workbook_named_otherwise_is_told_apart():
    with pytest.raises(Refused, match=r"名|name"):
        read("表.csv", make.xlsx(ROWS))


def test_a_million_empty_rows_cost_nothing():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, make.HEAD)
    sheet.write_row(1, 0, ROWS[1])
    style = book.add_format({"bg_color": "#FFFF00"})
    for row in range(2, 200_000):
        sheet.write_blank(row, 0, None, style)
    sheet.write_string(1_048_575, 0, " ")
    book.close()
    (grid,) = read("表.xlsx", stream.getvalue())

    assert cells(grid) == [tuple(row) for row in ROWS]


def test_a_stray_cell_at_the_end_of_the_sheet_is_told():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, make.HEAD)
    sheet.write_string(1_048_575, 16_383, "x")
    book.close()

    with pytest.raises(Refused, match="XFD1048576"):
        read("表.xlsx", stream.getvalue())


def test_a_workbook_that_eats_all_memory_ends_its_own_program_only():
    data = make.xlsx([["任务名称", "责任单位"]])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if "sheet1" in name:  # the guard that counts cells does not know this spelling
                content = content.replace(b'<c r="B1"', b"<c r='XFD1048576'")
            new.writestr(name, content)

    with pytest.raises(Refused):
        read("表.xlsx", stream.getvalue())


def test_too_many_columns_are_told():
    with pytest.raises(Refused, match="100"):
        read("表.xlsx", make.xlsx([["任务"] * 150]))


def test_too_many_rows_are_told():
    text = "任务名称,责任单位\n" + "甲,乙\n" * 50_001
    with pytest.raises(Refused, match="50000"):
        read("表.csv", text.encode())


# ------------------------------------------------------------------ documents


def test_a_document_with_merged_cells_in_both_directions():
    data = make.word(
        [
            ("序号", "类别", "任务名称", "责任单位"),
            ("1", "党建", "甲", "教务处"),
            ("2", "", "乙", "财务处"),
            ("合计", "", "", ""),
        ],
        merged=[(0, 1, 1, 2, 1), (0, 3, 0, 3, 3)],
    )
    (grid,) = read("表.docx", data)

    assert grid.name == "表1"
    assert cells(grid)[1:3] == [("1", "党建", "甲", "教务处"), ("2", "党建", "乙", "财务处")]
    assert grid.lines[2].down == {1}
    assert grid.lines[3].across == {1, 2, 3}


def test_line_breaks_in_cells_of_a_document_are_kept():
    (grid,) = read("表.docx", make.word([make.HEAD, ("1", "甲", "教务处\n财务处", "年底")]))

    assert grid.lines[1].cells[2] == "教务处\n财务处"


def test_every_table_of_a_document_is_one():
    grids = read("表.docx", make.word(ROWS, [("2", "乙", "财务处", "年底")]))

    assert [grid.name for grid in grids] == ["表1", "表2"]
    assert grids[1].lines[0].cells == ("2", "乙", "财务处", "年底")


def test_a_document_without_a_table_is_told():
    with pytest.raises(Refused):
        read("表.docx", make.word())


# ------------------------------------------------------------------ texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found(encoding):
    data = make.csv_of(ROWS[1]).encode(encoding)

    assert cells(read("表.csv", data)[0]) == [tuple(row) for row in ROWS]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found(separator):
    text = "\n".join(separator.join(row) for row in ROWS)

    assert cells(read("表.csv", text.encode())[0]) == [tuple(row) for row in ROWS]


def test_rare_characters_and_emoji_survive():
    text = make.csv_of(("1", "𠮷㐀🎉", "教务处", "年底"))

    assert read("表.csv", text.encode())[0].lines[1].cells[1] == "𠮷㐀🎉"
    assert read("表.csv", text.encode("gb18030"))[0].lines[1].cells[1] == "𠮷㐀🎉"


def test_the_tables_beside_the_tests():
    (grid,) = read("年度实事.csv", (make.TABLES / "年度实事.csv").read_bytes())
    assert grid.lines[1].cells[2] == "校基建处\n校后勤处\n校北区建设指挥部"
    assert grid.lines[6].cells == ("", "开工建设老年大学分校。", "", "12月底前")
    (grid,) = read("实事进展.csv", (make.TABLES / "实事进展.csv").read_bytes())
    assert len(grid.lines) == 4


# ------------------------------------------------------------------ what is no table


def test_bad_files_get_a_sentence():
    xlsx = make.xlsx(ROWS)
    bad = {
        "空.xlsx": b"",
        "改名.docx": xlsx,
        "文字.xlsx": "任务名称,责任单位".encode(),
        "加密.xlsx": ole("EncryptedPackage"),
        "旧.doc": ole("WordDocument"),
        "图.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "断.xlsx": xlsx[: len(xlsx) // 2],
        "坏.xlsx": damaged(xlsx),
        "一列.csv": b"a\nb\nc",
        "空白.csv": b",,\n ,\n",
        "乱.csv": bytes(range(128, 256)) * 3,
        "旧.xls": ole("Workbook"),
        "炸弹.xlsx": bomb(),
    }
    for name, data in bad.items():
        with pytest.raises(Refused) as caught:
            read(name, data)
        assert str(caught.value), name
        assert caught.value.field == "file" or caught.value.field is None, name


def damaged(data: bytes) -> bytes:
    """A workbook whose sheet is no XML."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = b"<worksheet><c r=" if "sheet1" in name else old.read(name)
            new.writestr(name, content)
    return stream.getvalue()


def bomb() -> bytes:
    """A small workbook that unpacks to a quarter of a gigabyte."""
    stream = io.BytesIO(make.xlsx(ROWS))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as container:
        container.writestr("xl/media/image1.png", bytes(250 * 1024 * 1024))
    return stream.getvalue()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(["表.csv", "表.xlsx", "表.docx", "表.xls"]))
def test_no_file_makes_the_reader_stumble(data, name):
    for prefix in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        with contextlib.suppress(Refused):
            read(name, prefix + data)
