"""A form sent again under its key: the same content is a double click, other content another thing.

The second comes of the browser's back button where no script renews the key. It must not be
answered as done: the form says so, keeps what was typed, and can be sent again.
"""

import re
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from luoshi.intake.models import ImportBatch
from luoshi.kit.once import SentBefore, hold, look, sending
from luoshi.measures.models import Programme
from luoshi.people.models import Body, SentForm
from luoshi.people.tests.factories import cast
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import at, running
from luoshi.tasks.models import Remark, Task
from luoshi.tasks.tests.factories import issued, make_set

pytestmark = pytest.mark.django_db
KEY = "a" * 32
SENTENCE = "已经提交过一次"


@pytest.fixture
def people(monkeypatch):
    at(monkeypatch, "2026-03-10")
    return cast()


def form(client, who, url, data, model, field, other):
    client.force_login(who)
    return SimpleNamespace(client=client, url=url, data=data, model=model, field=field, other=other)


def task_form(client, people):
    data = {
        "category": make_set().pk, "title": "建成实训基地", "kind": "unit", "year": 2026,
        "unit": "2001", "unit_key": people.section.pk, "due": "2026-12-20", "details": "完成建设",
        "standard": "通过验收", "urgency": "normal", "origin": "annual",
    }  # fmt: skip
    return form(client, people.chen, "/tasks/register/", data, Task, "title", "另一项任务")


def rows_form(client, people):
    task = issued(make_set(), people.chen, people.section.pk, owner_id=people.li.pk)
    row = {"title": "子任务", "kind": "unit", "unit": "2001", "unit_key": people.section.pk,
           "due": "2026-10-01", "details": "内容", "standard": "标准"}  # fmt: skip
    data = {f"child-0-{name}": value for name, value in row.items()}
    data |= {"child-TOTAL_FORMS": 1, "child-INITIAL_FORMS": 0}
    url = reverse("tasks:break_down", args=[task.pk])
    return form(client, people.li, url, data, Task, "child-0-title", "另一项子任务")


def comment_form(client, people):
    url = reverse("tasks:comment", args=[running(people).pk])
    return form(client, people.li, url, {"text": "请协助"}, Remark, "text", "不用协助了")


def report_form(client, people):
    url = reverse("reports:submit", args=[running(people, needs_evidence=False).pk])
    data = {"progress": 30, "body": "三成"}
    return form(client, people.li, url, data, Report, "body", "另一份进展说明")


def programme_form(client, people):
    data = {"code": "new", "name": "新计划", "order": 0}
    url = reverse("measures:create_programme")
    return form(client, people.chen, url, data, Programme, "name", "另一个计划")


def body_form(client, people):
    office = people.office
    data = {"name": "领导小组", "code": "L", "office": office.code, "office_key": office.pk,
            "since": "2026-01-01"}  # fmt: skip
    return form(client, people.admin, reverse("people:create_body"), data, Body, "name", "委员会")


FORMS = [task_form, rows_form, comment_form, report_form, programme_form, body_form]


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_the_same_content_is_a_double_click(client, people, make):
    at_hand = make(client, people)
    before = at_hand.model.objects.count()
    for _n in range(2):
        answer = at_hand.client.post(at_hand.url, {**at_hand.data, "key": KEY})
        assert answer.status_code == 302, answer.content.decode()
    assert at_hand.model.objects.count() == before + 1


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_other_content_is_told_kept_and_can_be_sent_again(client, people, make):
    at_hand = make(client, people)
    before = at_hand.model.objects.count()
    assert client.post(at_hand.url, {**at_hand.data, "key": KEY}).status_code == 302
    changed = {**at_hand.data, at_hand.field: at_hand.other}
    answer = client.post(at_hand.url, {**changed, "key": KEY})
    page = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert SENTENCE in page
    assert at_hand.other in page
    assert at_hand.model.objects.count() == before + 1
    fresh = key_on(page)
    assert re.fullmatch("[0-9a-f]{32}", fresh)
    assert fresh != KEY
    # a code may have to be another one; what stands against it is no longer the key
    again = client.post(at_hand.url, {**changed, "key": fresh})
    assert SENTENCE not in again.content.decode()


def key_on(page):
    tag = re.search(r'<input[^>]*name="key"[^>]*>', page)
    return re.search(r'value="([^"]*)"', tag.group()).group(1)


def test_a_second_one_is_made_under_the_fresh_key(client, people):
    at_hand = comment_form(client, people)
    client.post(at_hand.url, {"text": "请协助", "key": KEY})
    page = client.post(at_hand.url, {"text": "请尽快", "key": KEY}).content.decode()
    for _n in range(2):
        fresh = {"text": "请尽快", "key": key_on(page)}
        assert client.post(at_hand.url, fresh).status_code == 302
    assert list(Remark.objects.order_by("pk").values_list("text", flat=True)) == [
        "请协助",
        "请尽快",
    ]


def test_a_report_sent_again_with_other_content_answers_to_the_first(client, people):
    at_hand = report_form(client, people)
    client.post(at_hand.url, {**at_hand.data, "rev": 0, "key": KEY})
    other = {"progress": 40, "body": "又有进展"}
    page = client.post(at_hand.url, {**other, "rev": 0, "key": KEY}).content.decode()
    first = Report.objects.get()
    assert re.search(rf'<input[^>]*name="rev"[^>]*value="{first.pk}"', page)
    fresh = {**other, "rev": first.pk, "key": key_on(page)}
    assert client.post(at_hand.url, fresh).status_code == 302
    assert list(Report.objects.order_by("pk").values_list("progress", flat=True)) == [30, 40]


def test_another_button_is_another_content(client, people):
    """Saved as drafts, then back and “issue”: not silently answered as done."""
    at_hand = rows_form(client, people)
    assert client.post(at_hand.url, {**at_hand.data, "key": KEY}).status_code == 302
    answer = client.post(at_hand.url, {**at_hand.data, "key": KEY, "issue": "1"})
    assert answer.status_code == 422
    assert SENTENCE in answer.content.decode()


def test_what_was_refused_leaves_the_key_free(client, people):
    at_hand = comment_form(client, people)
    assert client.post(at_hand.url, {"text": "", "key": KEY}).status_code == 422
    assert client.post(at_hand.url, {"text": "请协助", "key": KEY}).status_code == 302
    at_hand = report_form(client, people)
    wrong = {**at_hand.data, "progress": 30, "cited": [987654]}
    assert client.post(at_hand.url, {**wrong, "key": "b" * 32}).status_code == 422
    assert not SentForm.objects.filter(key="b" * 32).exists()
    assert client.post(at_hand.url, {**at_hand.data, "key": "b" * 32}).status_code == 302


def workbook(*titles):
    book, out = Workbook(), BytesIO()
    sheet = book.active
    sheet.append(["序号", "任务名称", "责任单位", "完成时间"])
    for number, title in enumerate(titles, 1):
        sheet.append([number, title, "教务处", "2026-12-20"])
    book.save(out)
    return out.getvalue()


def test_an_upload_with_another_file_is_no_double_click(client, people):
    category = make_set()
    client.force_login(people.chen)
    url = reverse("intake:upload")
    content = workbook("建成实训基地")

    def send(content, key=KEY):
        file = SimpleUploadedFile("任务.xlsx", content)
        return client.post(url, {"category": category.pk, "year": 2026, "key": key, "upload": file})

    first = send(content)
    assert first.status_code == 302, first.content.decode()
    assert send(content)["Location"] == first["Location"]
    assert ImportBatch.objects.count() == 1
    answer = send(workbook("建成实训基地", "又一项"))
    assert answer.status_code == 422
    assert SENTENCE in answer.content.decode()
    assert ImportBatch.objects.count() == 1
    assert (
        send(workbook("建成实训基地", "又一项"), key_on(answer.content.decode())).status_code == 302
    )
    assert ImportBatch.objects.count() == 2


def test_outside_a_request_a_key_is_only_held(db):
    hold(KEY)
    look(KEY)
    assert SentForm.objects.count() == 0


def test_looking_writes_nothing(rf, people):
    first, other = (rf.post("/x/", {"key": KEY, "text": text}) for text in ("甲", "乙"))
    first.user = other.user = people.li
    with sending(first):
        look(KEY)
        assert SentForm.objects.count() == 0
        hold(KEY)
        hold(f"{KEY}-0")
        look("f" * 32)  # another key than the form's
    with sending(other), pytest.raises(SentBefore):
        look(KEY)
    assert other.POST["key"] != KEY
    assert other.POST["text"] == "乙"
    assert SentForm.objects.count() == 1


def test_the_same_content_of_somebody_else_is_no_double_click(rf, people):
    first, other = (rf.post("/x/", {"key": KEY, "text": "甲"}) for _n in range(2))
    first.user, other.user = people.li, people.wang
    with sending(first):
        hold(KEY)
    with sending(other), pytest.raises(SentBefore):
        hold(KEY)
