"""Files and batches of the tests; the tables carry the dirt of real ones in our own words."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from luoshi.intake.models import ImportBatch
from luoshi.intake.rules.grid import Grid, grid_of
from luoshi.intake.rules.headers import find_header
from luoshi.intake.rules.table import Books, Row, body, understand_table
from luoshi.intake.services import checking, staging
from luoshi.measures.models import Category
from luoshi.people.models import Person

TABLES = Path(__file__).parent / "tables"
HEAD = ("序号", "任务名称", "责任单位", "完成时限")


def grid(rows: Sequence[Sequence[str]], name: str = "表", merged: Sequence[Any] = ()) -> Grid:
    return grid_of(name, enumerate(rows), merged)


def understand(
    rows: Sequence[Sequence[str]], books: Books, merged: Sequence[Any] = ()
) -> list[Row]:
    """Rows of a table whose header is found by itself."""
    table = grid(rows, merged=merged)
    header = find_header(table)
    assert header is not None
    heads = table.lines[header.first : header.last + 1]
    return understand_table(body(table, header), header.names, header.columns, books, headers=heads)


def xlsx(
    rows: Sequence[Sequence[Any]],
    merged: Sequence[tuple[int, int, int, int]] = (),
    sheet: str = "任务分解表",
) -> bytes:
    """A workbook; merged ranges as (top, left, bottom, right)."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    page = book.add_worksheet(sheet)
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if value != "":
                page.write(row, column, value)
    for top, left, bottom, right in merged:
        page.merge_range(top, left, bottom, right, rows[top][left])
    book.close()
    return stream.getvalue()


def word(
    *tables: Sequence[Sequence[str]], merged: Sequence[tuple[int, int, int, int, int]] = ()
) -> bytes:
    """A document; merged ranges as (table, top, left, bottom, right)."""
    document = docx.Document()
    made = []
    for rows in tables:
        document.add_paragraph("二〇二六年重点工作任务分解")
        table = document.add_table(rows=len(rows), cols=max(len(r) for r in rows))
        for i, cells in enumerate(rows):
            for j, text in enumerate(cells):
                table.cell(i, j).text = text
        made.append(table)
    for number, top, left, bottom, right in merged:
        table = made[number]
        text = table.cell(top, left).text
        table.cell(top, left).merge(table.cell(bottom, right)).text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def file(data: bytes | str, name: str = "任务分解表.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)


def table_file(name: str) -> SimpleUploadedFile:
    """One of the files beside the tests."""
    return SimpleUploadedFile(name, (TABLES / name).read_bytes())


def csv_of(*rows: Sequence[str], head: Sequence[str] = HEAD) -> str:
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in (head, *rows))


def staged(
    by: Person, category: Category, upload: SimpleUploadedFile, year: int = 2026, **more: Any
) -> ImportBatch:
    return staging.upload_table(upload, category=category, year=year, by=by.actor, **more)


def checked(
    by: Person, category: Category, upload: SimpleUploadedFile, year: int = 2026, **more: Any
) -> ImportBatch:
    """A batch with the columns as they were found, checked."""
    batch = staged(by, category, upload, year, **more)
    return checking.check(batch, by=by.actor)


def ready(by: Person, category: Category, tasks: int = 2, unit: str = "财务处") -> ImportBatch:
    """A batch that can be published."""
    rows = [(str(n), f"完成第{n}项工作", unit, "12月底前") for n in range(1, tasks + 1)]
    return checked(by, category, file(csv_of(*rows)))
