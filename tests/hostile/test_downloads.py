"""What leaves the house: names of files in headers, types, and cells that must not calculate."""

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from luoshi.desk.management.doors import DOORS
from luoshi.files.models import Attachment
from luoshi.files.services import attach
from luoshi.files.tests.factories import pdf, png
from luoshi.intake.tests import factories as tables
from luoshi.people.models import Person, Unit
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, seat
from luoshi.reports.tests.factories import running, tell
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import issued, make_set
from luoshi.trail.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def task(people, monkeypatch):
    from luoshi.reports.tests.factories import at

    at(monkeypatch, "2026-03-10")
    return running(people, needs_evidence=False)


NAMES = {
    "a new header": "x\r\nSet-Cookie: luoshi=1\r\n\r\n<script>.txt",
    "a second name": 'x"; filename="evil.html".txt',
    "a way up": "../../../etc/passwd.txt",
    "a way up on Windows": "..\\..\\windows\\system32\\calc.txt",
    "a drive": "C:\\calc.txt",
    "a turn of writing": "x\u202etxt.exe.txt",
    "nothing visible": "\u200b\u200b.txt",
    "dots": "....txt",
    "a NUL byte": "x.html\x00.txt",
    "rare characters": "𠮷㐀😀.txt",
    "very long": "长" * 250 + ".txt",
    "percent": "100%25 %0d%0aX: y.txt",
    "semicolons": "a;b=c.txt",
    "markup": "<img src=x onerror=alert(1)>.txt",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_of_a_file_stays_a_name(client, people, task, name):
    """Uploaded through the form, kept under a clean name, handed out in one well-formed header."""
    client.force_login(people.li)
    url = reverse("reports:add_document", args=[task.pk])
    upload = SimpleUploadedFile("x.txt", b"evidence")
    upload._name = name  # the client would clean it before it is sent
    answer = client.post(url, {"evidence": upload})
    kept = Attachment.objects.filter(about_kind="task", about_id=task.pk)
    if answer.status_code == 422:
        assert not kept.exists()
        return
    row = kept.get()
    assert not re.search(r'[\x00-\x1f/\\<>:"|?*\u202e\u200b]', row.name)
    assert len(row.name) <= 255
    for door in ("download", "show"):
        answer = client.get(reverse(f"files:{door}", args=[row.pk]))
        said = answer.headers["Content-Disposition"]
        assert said.isascii()
        assert "\n" not in said
        assert said.count("filename") == 1
        assert "evil.html" not in said or "%22" in said or "_" in said
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "name", "shown"),
    [
        (b"<html><script>alert(1)</script></html>", "page.html", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "picture.svg", False),
        (b"<html><script>alert(1)</script></html>", "page.txt", False),
        (png() + b"<script>alert(1)</script>", "picture.png", True),
        (pdf(), "paper.pdf", True),
    ],
)
def test_nothing_uploaded_runs_in_our_name(client, people, task, content, name, shown):
    """A page or a drawing is refused or only downloaded; what is shown runs nothing."""
    client.force_login(people.li)
    url = reverse("reports:add_document", args=[task.pk])
    answer = client.post(url, {"evidence": SimpleUploadedFile(name, content)})
    if answer.status_code == 422:
        assert not shown
        assert Attachment.objects.count() == 0
        return
    row = Attachment.objects.get()
    answer = client.get(reverse("files:show", args=[row.pk]))
    inline = answer.headers["Content-Disposition"].startswith("inline")
    assert inline == shown
    assert answer.headers["Content-Type"] not in {"text/html", "image/svg+xml", "text/xml"}
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src" not in policy or "script-src 'none'" in policy
    assert "default-src 'none'" in policy


# ── cells ────────────────────────────────────────────────────────────────────────────────────────

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", "=HYPERLINK(\"x\")",
            "http://evil.example/", "{=1+1}")  # fmt: skip


def _cells(answer) -> list:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]


def _is_text(answer, formula: str) -> None:
    """Every cell that holds the text holds it as text."""
    cells = _cells(answer)
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert not [cell.value for cell in cells if cell.hyperlink]
    held = [cell for cell in cells if formula.strip() in str(cell.value)]
    assert held
    assert all(cell.data_type == "s" for cell in held)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_calculates_in_the_exported_list(client, people, formula):
    issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk, title=formula,
           details=formula, standard=formula, origin_document=formula)  # fmt: skip
    Task.objects.update(number=formula)
    Unit.objects.filter(pk=people.section.pk).update(name=formula, short_name=formula)
    Person.objects.filter(pk=people.li.pk).update(name=formula)
    client.force_login(people.chen)
    _is_text(client.get(reverse("task-export") + "?year=2026"), formula)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_calculates_in_the_exported_trail(client, people, formula):
    seat(people.sun, people.root, Duty.AUDIT_ADMIN)
    record("task/1", "task.register", by=people.chen.actor, title=formula)
    client.force_login(people.sun)
    _is_text(client.get(reverse("trail_export")), formula)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_calculates_in_the_marked_table(client, people, formula):
    """A table with a fault in every row, sent back with its faults marked."""
    shown = formula.replace('"', '""')
    rows = tables.csv_of(("1", shown, shown, "没有的日子"), ("2", shown, "没有的单位", shown))
    batch = tables.checked(people.chen, make_set(), tables.file(rows, f"{formula[:3]}表.csv"))
    client.force_login(people.chen)
    answer = client.get(reverse("intake:marked", args=[batch.pk]))
    assert answer.headers["Content-Disposition"].isascii()
    _is_text(answer, formula)


def test_templates_hold_no_formula(client, people):
    client.force_login(people.chen)
    for url in (
        reverse("intake:template"),
        reverse("people:import_template", args=["people"]),
        reverse("people:import_template", args=["units"]),
    ):
        cells = _cells(client.get(url))
        assert cells
        assert not [cell.value for cell in cells if cell.data_type == "f"]


def test_a_name_in_the_header_of_an_export_is_well_formed(client, people):
    """Codes and names of measures and tables go into names of files."""
    hostile = 'x"\r\nSet-Cookie: a=b; 中文%0d%0a'
    batch = tables.checked(
        people.chen, make_set(), tables.file(tables.csv_of(("1", "事", "财务处", "12月底前")))
    )
    type(batch).objects.update(name=hostile + ".csv")
    category = make_set()
    type(category.measure).objects.filter(pk=category.measure_id).update(name=hostile, code=hostile)
    type(category.programme).objects.update(code=hostile)
    client.force_login(people.chen)
    for url in (
        reverse("intake:marked", args=[batch.pk]),
        reverse("measures:file", args=[category.measure_id]),
        reverse("measures:explain_docx", args=[category.measure_id]),
        reverse("measures:set_file", args=[category.programme_id]),
    ):
        answer = client.get(url)
        assert answer.status_code == 200
        said = answer.headers["Content-Disposition"]
        assert said.isascii()
        assert "\r" not in said
        assert "\n" not in said
        assert '"' not in said.partition("filename*=")[2]


# ── headers of every page ────────────────────────────────────────────────────────────────────────


def test_every_page_forbids_what_it_does_not_need(client, people):
    client.force_login(people.chen)
    for url in ("/", "/tasks/", "/gantt/", "/people/", "/tasks/999/", "/trail/", "/people/login/"):
        answer = client.get(url, follow=False)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "object-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] in {"SAMEORIGIN", "DENY"}
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_of_somebody_are_not_kept_by_others(client, people):
    """No page behind the log-in may be stored by a proxy between us and the reader."""
    client.force_login(people.chen)
    for name, door in DOORS.items():
        if "GET" in door.methods and name in {"home", "counts", "notices:inbox", "people:draft"}:
            answer = client.get(reverse(name))
            assert "private" in answer.headers["Cache-Control"], name
    for url in ("/tasks/", "/gantt/data/"):
        assert "Cookie" in client.get(url).headers.get("Vary", ""), url


def test_the_cookie_of_the_session_is_kept_from_scripts(client, people):
    people.chen.set_password("correct-horse-9")
    people.chen.save()
    data = {"account": people.chen.account, "password": "correct-horse-9"}
    answer = client.post("/people/login/", data)
    assert answer.status_code == 302
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_number_of_a_session_changes_at_log_in(client, people):
    """A number planted before the log-in is worth nothing after it."""
    client.get("/people/login/")
    session = client.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    people.chen.set_password("correct-horse-9")
    people.chen.save()
    client.post("/people/login/", {"account": people.chen.account, "password": "correct-horse-9"})
    assert client.session.session_key != before


def test_evidence_of_a_report_is_seen_with_the_report_only(client, people, monkeypatch):
    """A number guessed in an address opens nothing that hangs on a hidden task."""
    from luoshi.reports.tests.factories import at

    at(monkeypatch, "2026-03-10")
    hidden = running(people, visibility="involved")
    report = tell(hidden, people.li, 10)
    loose = attach(hidden.ref, [SimpleUploadedFile("a.txt", b"a")], by=people.li.actor)
    rows = [*Attachment.objects.filter(about_kind="report", about_id=report.pk), *loose]
    assert len(rows) >= 2
    for row in rows:
        for door in ("page", "show", "download"):
            url = reverse(f"files:{door}", args=[row.pk])
            client.force_login(people.sun)
            assert client.get(url).status_code == 404
            client.force_login(people.li)
            assert client.get(url).status_code in (200, 302)
