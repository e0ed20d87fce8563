"""What belongs to somebody else or was never ours: slips, drafts, views, transfers, packs."""

import json
import re
import time
from types import SimpleNamespace

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from luoshi.changes.models import Change
from luoshi.changes.rules import ChangeState
from luoshi.changes.tests.factories import asked
from luoshi.files import forms as slips
from luoshi.files.models import Attachment
from luoshi.improvement.models import Action, Diagnosis
from luoshi.notices.models import Question
from luoshi.people.models import Draft, SavedView, Tenure
from luoshi.people.roles import Duty
from luoshi.people.services import viewing
from luoshi.people.tests.factories import cast, make_person, seat
from luoshi.reports.models import Pack, Report
from luoshi.reports.services.packs import build
from luoshi.reports.tests.factories import at, paper, running, split, tell
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import issued, make_set

pytestmark = pytest.mark.django_db
KEY = "a" * 32
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def people(monkeypatch):
    at(monkeypatch, "2026-03-28")
    return cast()


def of(person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


# ── slips: files received before they are filed ──────────────────────────────────────────────────


@pytest.fixture
def month(people) -> SimpleNamespace:
    task = running(people)
    kept = of(people.li).post(
        reverse("reports:keep_evidence", args=[task.pk]), {"evidence": paper("验收单.txt")}
    )
    return SimpleNamespace(task=task, slip=kept.json()["kept"][0]["slip"], row=f"t{task.pk}")


def row(month, **more) -> dict:
    typed = {"key": KEY, "rev": 0, "was": 0, "progress": 30, "body": "完成三成", **more}
    return {f"{month.row}-{name}": value for name, value in typed.items()}


def test_who_may_not_report_leaves_no_file(people, month):
    url = reverse("reports:keep_evidence", args=[month.task.pk])
    for person in (people.sun, people.wang, people.chen):
        answer = of(person).post(url, {"evidence": paper()})
        assert answer.status_code in (403, 404)
        assert "slip" not in answer.content.decode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda slip: slip[:-1] + ("A" if slip[-1] != "A" else "B"),
        lambda slip: signing.dumps(["0" * 64, "x.txt", 1], salt="another"),
        lambda slip: signing.dumps(["../../../../etc/passwd", "x.txt", 1], salt="luoshi.files"),
        lambda slip: slip * 50,
        lambda slip: "\x00",
        lambda slip: "",
        lambda slip: slips.slip_for(
            SimpleNamespace(content=SimpleNamespace(sha256="0" * 64, size=1), name="无.txt")
        ),
    ],
)
def test_a_slip_that_was_made_up_or_whose_file_is_gone_is_no_file(people, month, spoil):
    sent = row(month, **{"evidence-kept": spoil(month.slip)})
    answer = of(people.li).post(reverse("reports:month"), sent)
    assert answer.status_code == 422
    assert "完成三成" in answer.content.decode()
    assert Report.objects.count() == Attachment.objects.count() == 0


def test_a_slip_holds_for_forty_days(people, month, monkeypatch):
    monkeypatch.setattr(slips, "_HOLDS", -1)
    sent = row(month, **{"evidence-kept": month.slip})
    assert of(people.li).post(reverse("reports:month"), sent).status_code == 422
    assert Report.objects.count() == 0


def test_a_slip_in_a_row_of_a_task_of_somebody_else_files_nothing(people, month):
    """Whoever holds it may hang the file on their own reports only; it opens no other task."""
    other = issued(make_set(), people.chen, people.other.pk, owner_id=people.sun.pk)
    sent = row(SimpleNamespace(row=f"t{other.pk}"), **{"evidence-kept": month.slip})
    assert of(people.li).post(reverse("reports:month"), sent).status_code == 422
    assert Report.objects.count() == Attachment.objects.count() == 0


def test_what_is_received_for_a_row_is_judged_like_any_file(people, month):
    url = reverse("reports:keep_evidence", args=[month.task.pk])
    bad = [
        SimpleUploadedFile("材料.docx", b"MZ\x90\x00" + b"\0" * 200),
        SimpleUploadedFile("材料.pdf", b"<html><script>alert(1)</script></html>"),
        SimpleUploadedFile("材料.exe", b"MZ"),
        SimpleUploadedFile("空.txt", b""),
    ]
    answer = of(people.li).post(url, {"evidence": bad})
    assert answer.status_code == 422
    assert answer.json()["kept"] == []
    assert answer.json()["said"]
    assert of(people.li).post(url).status_code == 422


def test_the_same_slip_twice_in_a_row_is_one_file(people, month):
    sent = row(month, **{"evidence-kept": [month.slip] * 15})
    assert of(people.li).post(reverse("reports:month"), sent).status_code == 302
    assert Attachment.objects.count() == 1
    answer = of(people.li).post(reverse("reports:month"), sent)
    assert answer.status_code == 302
    assert Attachment.objects.count() == Report.objects.count() == 1


# ── the page of the month ────────────────────────────────────────────────────────────────────────


def test_a_row_sent_again_with_another_progress_is_not_taken_for_done(people):
    task = running(people, needs_evidence=False)
    there = SimpleNamespace(row=f"t{task.pk}")
    client, url = of(people.li), reverse("reports:month")
    assert client.post(url, row(there)).status_code == 302
    assert client.post(url, row(there)).status_code == 302
    answer = client.post(url, row(there, progress=60))
    assert answer.status_code == 422
    assert "已经提交过一次" in answer.content.decode()
    assert [report.progress for report in Report.objects.all()] == [30]


def test_ten_thousand_rows_break_nothing(people, settings):
    task = running(people, needs_evidence=False)
    sent = {f"t{9_000_000 + n}-key": KEY for n in range(9_000)}
    sent |= row(SimpleNamespace(row=f"t{task.pk}"))
    answer = of(people.li).post(reverse("reports:month"), sent, headers=FETCH)
    assert answer.status_code in (200, 302, 400, 422)
    assert any("一" <= c <= "鿿" for c in answer.content.decode())


def test_rows_with_numbers_that_are_none(people):
    fronts = ("t" + "9" * 18, "s" + "9" * 18, "t" + "9" * 30, "t²", "t-1", "t0", "x1", "t")
    names = ("key", "body", "progress", "rev")
    sent = {f"{front}-{name}": "文字" for name in names for front in fronts}
    answer = of(people.li).post(reverse("reports:month"), sent)
    assert answer.status_code in (302, 422)
    assert Report.objects.count() == 0


# ── drafts ───────────────────────────────────────────────────────────────────────────────────────

DRAFTS = {
    "a list": "[1, 2]",
    "a number": "1",
    "nothing": "",
    "not even JSON": "{",
    "deep": "[" * 100_000,
    "deep below a name": '{"a":' * 50_000,
    "lists of lists": '{"body": [["x"], {"y": null}]}',
    "no list": '{"body": "text", "action-TOTAL_FORMS": null}',
    "an empty list": '{"body": [], "action-TOTAL_FORMS": [], "evidence-kept": []}',
    "half a pair": '{"body": ["\\ud842"], "\\udc00": ["x"]}',
    "NUL": '{"body": ["a\\u0000b"], "\\u0000": ["x"]}',
    "huge figures": '{"action-TOTAL_FORMS": ["' + "9" * 4000 + '"], "child-TOTAL_FORMS": ["1e9"]}',
    "an endless figure": '{"a": ' + "9" * 6000 + "}",
    "infinity": '{"a": Infinity, "b": NaN}',
    "slips made up": '{"evidence-kept": ["x", "\\u0000", ""], "cited": ["-1", "²"]}',
}


@pytest.mark.parametrize("data", DRAFTS.values(), ids=DRAFTS)
def test_a_draft_of_nonsense_breaks_no_page(people, data):
    task = issued(make_set(diagnose_in="3"), people.chen, people.section.pk, owner_id=people.li.pk)
    client = of(people.li)
    pages = [
        reverse("reports:submit", args=[task.pk]),
        reverse("improvement:write", args=[task.pk]),
        reverse("tasks:break_down", args=[task.pk]),
    ]
    for page in pages:
        answer = client.post(reverse("people:draft"), {"form": page, "data": data})
        assert answer.status_code in (200, 422), answer.content.decode()[:300]
    for page in (*pages, reverse("reports:month"), reverse("people:account")):
        assert client.get(page).status_code == 200, page
        assert client.get(reverse("people:draft"), {"form": page}).status_code in (200, 204)


def test_nobody_reads_or_drops_the_draft_of_another(people):
    page = reverse("reports:submit", args=[running(people).pk])
    data = json.dumps({"body": ["没有写完的话"]})
    of(people.li).post(reverse("people:draft"), {"form": page, "data": data})
    assert of(people.wang).get(reverse("people:draft"), {"form": page}).status_code == 204
    of(people.wang).post(reverse("people:draft"), {"form": page, "drop": "1"})
    assert Draft.objects.get().person == people.li


# ── questions ────────────────────────────────────────────────────────────────────────────────────

ELSEWHERE = ("javascript:alert(1)", "//evil.example/", "/\\evil.example", "https://evil.example/",
             "/\t/evil.example", "data:text/html,x", "\x01//evil.example", "tasks/")  # fmt: skip


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_question_leads_nobody_elsewhere(people, place):
    of(people.sun).post(reverse("notices:help"), {"text": "请看这里", "page": place})
    page = of(people.chen).get(reverse("notices:help")).content.decode()
    asked = Question.objects.first()
    assert "evil.example" not in page
    assert 'href="javascript' not in page
    assert asked is None or asked.page == ""
    shown = of(people.sun).get(reverse("notices:help"), {"from": place}).content.decode()
    assert not re.search(r'name="page" value="[^"]', shown)


def test_the_page_a_question_came_from_is_kept(people):
    of(people.sun).post(reverse("notices:help"), {"text": "请看这里", "page": "/tasks/?q=a&b=1"})
    assert Question.objects.get().page == "/tasks/?q=a&b=1"
    page = of(people.chen).get(reverse("notices:help")).content.decode()
    assert 'href="/tasks/?q=a&amp;b=1"' in page


def test_the_question_of_another_is_neither_read_nor_answered(people):
    of(people.li).post(reverse("notices:help"), {"text": "只给解答的人看", "key": KEY})
    asked = Question.objects.get()
    assert "只给解答的人看" not in of(people.sun).get(reverse("notices:help")).content.decode()
    url = reverse("notices:answer", args=[asked.pk])
    for person in (people.sun, people.li, people.wang):
        assert of(person).post(url, {"answer": "我来答"}).status_code == 403
    assert of(people.sun).get(f"/go/question/{asked.pk}/").status_code == 404
    answer = of(people.sun).post(reverse("notices:help"), {"text": "别人的钥匙", "key": KEY})
    assert answer.status_code == 422
    assert Question.objects.count() == 1
    assert of(people.chen).post(url, {"answer": "一"}).status_code == 302
    assert of(people.chen).post(url, {"answer": "二"}).status_code == 409
    asked.refresh_from_db()
    assert asked.answer == "一"


# ── views ────────────────────────────────────────────────────────────────────────────────────────


def test_a_view_shows_everybody_only_what_they_may_see(people):
    """Shared filters are asked anew as whoever opens them; a scope of somebody else is none."""
    hidden = issued(
        make_set(visibility="involved"), people.chen, people.section.pk,
        owner_id=people.li.pk, title="保密事项",
    )  # fmt: skip
    query = f"scope=all&person={people.li.pk}&owner={people.li.pk}&as={people.chen.pk}&q=保密"
    view = viewing.save_view(people.chen, page="task-list", name="全校", query=query)
    viewing.edit_view(view, name="全校", unit=people.root, rev=view.rev, by=people.chen.actor)
    url = reverse("people:open_view", args=[view.pk])
    assert "保密事项" in of(people.chen).get(url, follow=True).content.decode()
    page = of(people.sun).get(url, follow=True)
    assert page.status_code == 200
    assert "保密事项" not in page.content.decode()
    assert "as=" not in page.redirect_chain[-1][0]
    assert hidden.title


NAMES = ("<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "𠮷㐀😀", "名" * 500,
         "\x00", " \t ", "../..", "%00", "{{ request.user }}")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_of_views(people, name):
    sent = {"page": "task-list", "name": name, "query": "health=late", "key": KEY}
    answer = of(people.sun).post(reverse("people:save_view"), sent)
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        for url in (answer.url, reverse("people:views") + "?page=task-list"):
            page = of(people.sun).get(url).content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page


@pytest.mark.parametrize(
    "query",
    ["next=//evil.example&q=x", "?" + "q=" + "长" * 5000, "q=\x00", "q=%00&q=%ff", "&" * 3000,
     "\r\nSet-Cookie: a=b", "//evil.example", "sort=x&after=9~9&saved=1&page=people"],
)  # fmt: skip
def test_queries_of_views(people, query):
    sent = {"page": "task-list", "name": "视图", "query": query, "key": KEY}
    answer = of(people.sun).post(reverse("people:save_view"), sent)
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        assert answer.url.startswith("/tasks/?")
        assert "evil" not in answer.url
        assert "Set-Cookie" not in answer.headers.get("Location", "")
        assert of(people.sun).get(answer.url, follow=True).status_code == 200


def test_a_view_of_another_is_not_changed(people):
    view = viewing.save_view(people.li, page="task-list", name="我的", query="health=late")
    for name in ("edit_view", "replace_view", "delete_view"):
        url = reverse(f"people:{name}", args=[view.pk])
        answer = of(people.sun).post(url, {"name": "你的", "query": "", "rev": view.rev})
        assert answer.status_code == 404
    sent = {"page": "task-list", "view": view.pk}
    assert of(people.sun).post(reverse("people:opening_view"), sent).status_code == 404
    stood = SavedView.objects.get()
    assert (stood.name, stood.query, stood.rev) == ("我的", "health=late", view.rev)


# ── transfers ────────────────────────────────────────────────────────────────────────────────────


def test_nobody_answers_or_withdraws_a_transfer_of_others(people):
    change = asked(running(people), people.li, people.sun)
    for person in (people.wang, people.chen, people.zhou, people.li):
        url = reverse("changes:answer", args=[change.pk])
        for verb in ("accept", "decline", "withdraw", ""):
            sent = {"answer": verb, "opinion": "同意"}
            assert of(person).post(url, sent).status_code == 404
        many = {"answer": "accept", "change": [change.pk, 2**63, "²"], "opinion": ""}
        of(person).post(reverse("changes:answer_many"), many)
    for person in (people.sun, people.wang):
        url = reverse("changes:withdraw", args=[change.pk])
        assert of(person).post(url).status_code in (403, 404)
    assert Change.objects.get().state == ChangeState.ASKED


def test_verbs_out_of_order_change_nothing(people):
    change = asked(running(people), people.li, people.sun)
    answer, withdraw = (
        reverse(f"changes:{name}", args=[change.pk]) for name in ("answer", "withdraw")
    )
    assert of(people.sun).post(answer, {"answer": "delete"}).status_code == 422
    assert of(people.sun).post(answer, {"answer": "decline"}).status_code == 422  # no reason
    assert of(people.li).post(withdraw).status_code == 302
    for verb in ("accept", "decline"):
        late = of(people.sun).post(answer, {"answer": verb, "opinion": "晚了"})
        assert late.status_code in (403, 404, 409, 422)
    assert of(people.li).post(withdraw).status_code == 302  # once more: it is withdrawn
    change.refresh_from_db()
    assert change.state == ChangeState.WITHDRAWN
    assert change.task.owner == people.li


def test_tasks_of_others_are_not_handed_over(people):
    task = running(people)
    sent = {"tasks": [task.pk, 2**63, "²", "-1"], "to": "1006", "to_key": people.sun.pk,
            "reason": "调岗", "key": KEY}  # fmt: skip
    answer = of(people.sun).post(reverse("changes:ask_many"), sent)
    assert answer.status_code == 422
    sent["tasks"] = [task.pk]
    assert of(people.sun).post(reverse("changes:ask_many"), sent).status_code == 422
    assert of(people.sun).post(reverse("changes:ask", args=[task.pk]), sent).status_code in (
        403,
        404,
    )
    assert Change.objects.count() == 0


# ── diagnosis ────────────────────────────────────────────────────────────────────────────────────


def test_ten_thousand_actions_are_refused_in_a_sentence(people):
    task = issued(make_set(diagnose_in="3"), people.chen, people.section.pk, owner_id=people.li.pk)
    rows = {f"action-{n}-text": "措施" for n in range(200)}
    for total in ("10000", "9" * 30, "-1", "²", "", "1e3"):
        sent = {"problem": "问题", "cause": "原因", "action-TOTAL_FORMS": total,
                "action-INITIAL_FORMS": "0", **rows}  # fmt: skip
        answer = of(people.li).post(reverse("improvement:write", args=[task.pk]), sent)
        assert answer.status_code == 422, total
        assert "问题" in answer.content.decode()
    assert Diagnosis.objects.count() == Action.objects.count() == 0


def test_a_diagnosis_of_another_task_is_not_amended_through_mine(people):
    one, two = (
        issued(make_set(diagnose_in="3"), people.chen, people.section.pk, owner_id=owner.pk)
        for owner in (people.li, people.sun)
    )
    sent = {"problem": "问题", "cause": "原因", "action-TOTAL_FORMS": 1, "action-INITIAL_FORMS": 0,
            "action-0-text": "措施", "key": KEY}  # fmt: skip
    assert of(people.li).post(reverse("improvement:write", args=[one.pk]), sent).status_code == 302
    row = Diagnosis.objects.get()
    url = reverse("improvement:amend", args=[two.pk, row.pk])
    assert of(people.sun).post(url, {**sent, "reason": "改"}).status_code == 404
    url = reverse("improvement:amend", args=[one.pk, row.pk])
    fresh = {**sent, "reason": "改", "key": "b" * 32}
    assert of(people.sun).post(url, fresh).status_code in (403, 404)
    assert Diagnosis.objects.count() == 1


# ── packs ────────────────────────────────────────────────────────────────────────────────────────


def test_a_pack_is_gone_with_the_post(people):
    """Built by the head; after the post nobody asks whether the link is still known."""
    tell(running(people), people.li, 30, uploads=[paper("验收单.txt")])
    page = reverse("reports:pack", args=[people.school.pk]) + "?year=2026"
    assert of(people.wang).post(page, {"key": KEY}).status_code == 302
    asked_for = Pack.objects.get()
    build(asked_for.pk, asked_for.run)
    pack = Pack.objects.get()
    doors = [page, f"/go/pack/{pack.pk}/"]
    doors += [reverse(f"files:{name}", args=[pack.attachment_id]) for name in ("download", "show")]
    for url in doors:
        assert of(people.wang).get(url).status_code in (200, 302), url
        assert of(people.sun).get(url).status_code in (403, 404), url
        assert of(people.li).get(url).status_code in (403, 404), url
    Tenure.objects.filter(person=people.wang).delete()
    people.wang.__dict__.pop("_powers", None)
    for url in doors:
        assert of(people.wang).get(url).status_code in (403, 404), url
    assert of(people.wang).post(page, {"key": "b" * 32}).status_code == 403
    other = make_person("郑院长", people.other)
    seat(other, people.other, Duty.HEAD)
    for url in doors:
        assert of(other).get(url).status_code in (403, 404), url


@pytest.mark.parametrize("year", ["0", "²", "9" * 30, "1989", "2101", "-1", "\x00", "2026'"])
def test_packs_of_years_that_are_none(people, year):
    url = reverse("reports:pack", args=[people.school.pk])
    answer = of(people.wang).post(f"{url}?year={year}", {"key": KEY})
    assert answer.status_code == 302
    assert Pack.objects.get().year == 2026


# ── quotations ───────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_quoted_from_what_one_may_not_see(people):
    """Marks of a hidden report, of a task that is not below, of figures that are none."""
    hidden = running(people, visibility="involved", needs_evidence=False)
    said = tell(hidden, people.li, 30, body="保密的进展情况说明", uploads=[])
    task = issued(
        make_set(needs_evidence=False), people.chen, people.other.pk, owner_id=people.sun.pk
    )
    marks = [f"{said.pk}-b-0-9", f"{'9' * 18}-b-0-9", f"{said.pk}-b-{'9' * 18}-{'9' * 18}",
             "²-b-0-9", "1-x-0-1", "-1-b-0-9", "\x00", "1-b-0-0"]  # fmt: skip
    url = reverse("reports:look", args=[task.pk])
    answer = of(people.sun).post(url, {"body": "正文", "quotes": " ".join(marks)})
    assert answer.status_code == 200
    assert answer.json()["quotes"] == []
    assert "保密" not in answer.content.decode()
    sent = {"progress": 30, "body": "正文", "rev": 0, "key": KEY, "quotes": " ".join(marks)}
    answer = of(people.sun).post(reverse("reports:submit", args=[task.pk]), sent)
    assert answer.status_code in (302, 422)
    assert "保密" not in answer.content.decode()
    assert not any("保密" in report.body for report in Report.objects.filter(task=task))


def test_a_huge_text_is_measured_in_a_moment(people):
    """The worst case of comparing: one character again and again, above and below."""
    parent = running(people, needs_evidence=False, copied_at_most=30)
    for child in split(parent, people.li, (people.sun, people.section.pk)):
        for progress in range(1, 6):
            tell(child, people.sun, progress, body="啊" * 5_000, uploads=[])
    begun = time.process_time()
    url = reverse("reports:look", args=[parent.pk])
    answer = of(people.li).post(url, {"body": "啊" * 4_999 + "呀", "problems": "啊" * 9_000})
    assert answer.status_code == 200
    assert time.process_time() - begun < 3


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("day", ["0206-12-20", "0001-01-01", "9999-12-31", "1899-12-31"])
def test_a_year_that_slipped_is_told_at_the_field(people, day):
    category = make_set()
    sent = {
        "category": category.pk, "title": "建成实训基地", "kind": "unit", "year": 2026,
        "unit": "2001", "unit_key": people.section.pk, "due": day, "details": "完成建设",
        "standard": "通过验收", "urgency": "normal", "origin": "annual",
    }  # fmt: skip
    answer = of(people.chen).post("/tasks/register/", sent)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"due"}
    assert not Task.objects.filter(title="建成实训基地").exists()
    url = reverse("reports:date_set", args=[category.pk])
    assert of(people.chen).post(url, {"result_due": day}).status_code == 422
