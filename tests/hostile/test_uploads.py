"""Bad files at every door that takes one: a sentence, nothing kept, and not for long."""

import io
import time
import zipfile

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from luoshi.files.models import Attachment, Blob
from luoshi.files.tests.factories import pdf, png, raw_docx, zipped
from luoshi.intake.models import ImportBatch
from luoshi.intake.tests.factories import HEAD
from luoshi.measures.models import Measure
from luoshi.people.models import Person
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import running
from luoshi.tasks.tests.factories import make_set
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECONDS = 20  # on a busy machine; a file of this size takes well under one


def _encrypted() -> bytes:
    """What Excel writes when a workbook has a password: an OLE container with two streams."""
    from luoshi.files.tests.factories import ole

    return ole("EncryptedPackage", "EncryptionInfo")


def _empty_book() -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.add_worksheet("空")
    book.close()
    return stream.getvalue()


def _million_rows() -> bytes:
    """A heading, and a million rows that hold nothing but a colour or a blank."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    style = book.add_format({"bg_color": "#FFFF00"})
    for row in range(1, 100_000):
        sheet.write_blank(row, 0, None, style)
    sheet.write_string(1_048_575, 0, " ")
    book.close()
    return stream.getvalue()


def _bomb() -> bytes:
    return zipped([("xl/worksheets/sheet1.xml", b"<x>" + b" " * 80_000_000)])


def _laughs(name: str) -> bytes:
    """Entities that grow when they are read."""
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    xml = f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><x>&a9;</x>'.encode()
    if name == "docx":
        return raw_docx(xml)
    return zipped([("[Content_Types].xml", xml), ("xl/workbook.xml", xml)])


def _outside() -> bytes:
    """A document that asks for a file of the server."""
    xml = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    return raw_docx(xml)


def _climbing() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../../tmp/luoshi-climbed", b"x")
        archive.writestr("[Content_Types].xml", b"<Types/>")
    return stream.getvalue()


FILES = {
    "nothing in it": ("表.xlsx", lambda: b""),
    "a picture called .xlsx": ("表.xlsx", png),
    "a PDF called .docx": ("表.docx", pdf),
    "a program called .docx": ("表.docx", lambda: b"MZ" + b"\0" * 2000),
    "a text called .xlsx": ("表.xlsx", lambda: "序号,任务".encode()),
    "an archive called .xlsx": ("表.xlsx", lambda: zipped([("a.txt", b"x")])),
    "an encrypted workbook": ("表.xlsx", _encrypted),
    "an old workbook of rubbish": ("表.xls", lambda: OLE + b"\0" * 5000),
    "half a workbook": ("表.xlsx", lambda: _empty_book()[:900]),
    "an empty workbook": ("表.xlsx", _empty_book),
    "a million empty rows": ("表.xlsx", _million_rows),
    "a bomb": ("表.xlsx", _bomb),
    "growing entities in a workbook": ("表.xlsx", lambda: _laughs("xlsx")),
    "growing entities in a document": ("表.docx", lambda: _laughs("docx")),
    "a document that asks for our files": ("表.docx", _outside),
    "an archive that climbs out": ("表.xlsx", _climbing),
    "bytes that are no text": ("表.csv", lambda: b"\xff\xfe\x00\x81" * 500),
    "a csv of NUL bytes": ("表.csv", lambda: b"\x00" * 5000),
    "a csv of one endless line": ("表.csv", lambda: b"a," * 400_000),
    "an unknown kind": ("表.exe", lambda: b"x" * 100),
    "no ending at all": ("表", lambda: b"x" * 100),
}


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def refused(client):
    """Send a file to a door: a Chinese sentence within seconds, and nothing written."""

    def send(url, field, name, data, **more):
        tables = (ImportBatch, Attachment, Blob, Report, Measure, Person)
        before = [model.objects.count() for model in tables], Event.objects.count()
        began = time.monotonic()
        answer = client.post(url, {field: SimpleUploadedFile(name, data), **more})
        assert time.monotonic() - began < SECONDS
        page = answer.content.decode()
        assert answer.status_code == 422, (answer.status_code, page[-300:])
        errors = answer.context["form"].errors
        assert errors, page[:500]
        said = [str(error) for sentences in errors.values() for error in sentences]
        assert all(any("一" <= c <= "鿿" for c in sentence) for sentence in said), said
        assert "Traceback" not in page
        assert ([model.objects.count() for model in tables], Event.objects.count()) == before
        return said

    return send


@pytest.mark.parametrize(("name", "make"), FILES.values(), ids=FILES)
def test_as_a_table_of_tasks(client, people, refused, name, make):
    client.force_login(people.chen)
    category = make_set()
    refused(reverse("intake:upload"), "upload", name, make(), category=category.pk, year=2026)


@pytest.mark.parametrize(("name", "make"), FILES.values(), ids=FILES)
def test_as_a_table_of_people(client, people, refused, name, make):
    client.force_login(people.admin)
    refused(reverse("people:import", args=["people"]), "file", name, make())


#: These are files like any other when they are evidence.
AS_EVIDENCE = {
    name: file
    for name, file in FILES.items()
    if name not in {"an empty workbook", "a million empty rows", "a csv of one endless line"}
}


@pytest.mark.parametrize(("name", "make"), AS_EVIDENCE.values(), ids=AS_EVIDENCE)
def test_as_evidence(client, people, refused, monkeypatch, name, make):
    """Refused, or kept as a file that nobody has to read: never half a report."""
    from luoshi.reports.tests.factories import at

    at(monkeypatch, "2026-03-10")
    task = running(people)
    client.force_login(people.li)
    url = reverse("reports:submit", args=[task.pk])
    data = {"progress": 40, "body": "已经写了很久的内容", "rev": 0}
    answer = client.post(url, {**data, "evidence": SimpleUploadedFile(name, make())})
    if answer.status_code == 302:
        assert Report.objects.count() == 1
        assert Attachment.objects.count() == 1
        page = client.get(reverse("files:page", args=[Attachment.objects.get().pk]), follow=True)
        assert page.status_code == 200
        content = b"".join(page.streaming_content) if page.streaming else page.content
        assert b"root:" not in content
        return
    assert answer.status_code == 422
    assert Report.objects.count() == Attachment.objects.count() == Blob.objects.count() == 0
    assert "已经写了很久的内容" in answer.content.decode()
    assert any("一" <= c <= "鿿" for c in str(answer.context["form"].errors["evidence"]))


BOOKS = {
    "nothing in it": b"",
    "a picture": png(),
    "not UTF-8": "办法 = 1".encode("gb18030"),
    "half a table": b"[measure",
    "NUL bytes": b"\x00" * 100,
    "endless brackets": b"a = " + b"[" * 20_000,
    "too large": b"# " + b"x" * 5_000_000,
}


@pytest.mark.parametrize("content", BOOKS.values(), ids=BOOKS)
def test_as_a_book_of_rules(client, people, content):
    client.force_login(people.chen)
    before = Measure.objects.count()
    url = reverse("measures:import")
    upload = SimpleUploadedFile("办法.toml", content)
    answer = client.post(url, {"file": upload, "load": "1"})
    assert answer.status_code == 422
    assert any("一" <= c <= "鿿" for c in answer.content.decode().partition("<main")[2])
    assert Measure.objects.count() == before
