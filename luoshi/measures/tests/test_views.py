"""Pages of measures: everybody reads, the goal office writes (CAT-1…CAT-5)."""

import datetime as dt
import io
from typing import Any

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from luoshi.kit import clock
from luoshi.measures.forms import CategorySheet, MeasureSheet
from luoshi.measures.models import Category, Measure, Programme
from luoshi.measures.queries import category_text, chapters, known_things, text_of
from luoshi.measures.services import mark_used
from luoshi.measures.tests.factories import make_category, make_measure, make_programme
from luoshi.measures.tests.test_files import GOOD
from luoshi.people.tests.factories import cast
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def college():
    return cast()


@pytest.fixture
def office(client, college):
    """A browser in which Chen of the goal office is logged in."""
    client.force_login(college.chen)
    return client


@pytest.fixture
def reader(client, college):
    """A browser in which Sun, who may edit nothing, is logged in."""
    client.force_login(college.sun)
    return client


def _fields(form) -> dict[str, Any]:
    values = {}
    for bound in form:
        value = bound.value()
        if value is True:
            value = "on"
        if value is not None and value is not False:
            values[bound.html_name] = value
    return values


def _rows(rows) -> dict[str, Any]:
    values = _fields(rows.management_form)
    for form in rows.forms:
        values |= _fields(form)
    return values


def sheet_data(measure: Measure, **changes: Any) -> dict[str, Any]:
    """What a browser sends when the form of a measure is saved with some changes."""
    sheet = MeasureSheet(None, text_of(measure), fixed=True)
    data = _fields(sheet.head) | {"rev": measure.rev}
    for part in sheet.parts:
        data |= _rows(part.rows) if part.many else _fields(part.form)
    data |= {name.replace("__", "-", 1): value for name, value in changes.items()}
    return {name: value for name, value in data.items() if value is not None}


PAGES = ["page", "explain", "compare", "explain_docx", "file"]


def test_everybody_reads_every_page(reader):
    category = make_category(rhythm="monthly", fields=[])
    for name in PAGES:
        answer = reader.get(reverse(f"measures:{name}", args=[category.measure.pk]))
        assert answer.status_code == 200, name
    for url in (
        reverse("measures:index"),
        reverse("measures:category", args=[category.pk]),
        reverse("measures:set_file", args=[category.programme.pk]),
    ):
        assert reader.get(url).status_code == 200, url


def test_strangers_are_sent_to_the_door(client):
    measure = make_measure()
    answer = client.get(reverse("measures:page", args=[measure.pk]))
    assert answer.status_code == 302
    assert "next=" in answer.url


def writing_pages() -> list[str]:
    category = make_category()
    measure = category.measure
    return [
        reverse("measures:create"),
        reverse("measures:import"),
        reverse("measures:edit", args=[measure.pk]),
        reverse("measures:new_version", args=[measure.pk]),
        reverse("measures:create_category"),
        reverse("measures:edit_category", args=[category.pk]),
        reverse("measures:create_programme"),
        reverse("measures:edit_programme", args=[category.programme.pk]),
    ]


def test_only_the_goal_office_may_write(reader):
    for url in writing_pages():
        assert reader.get(url).status_code == 403, url
        assert reader.post(url, {"code": "x"}).status_code == 403, url
    assert Measure.objects.count() == 1


def test_the_goal_office_opens_every_form(office):
    for url in writing_pages():
        assert office.get(url).status_code == 200, url


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_needs_the_same_number_of_queries(office, count, django_assert_max_num_queries):
    for n in range(count):
        make_category(f"set{n}")
    office.get(reverse("measures:index"))
    with django_assert_max_num_queries(14):
        office.get(reverse("measures:index"))


def test_saving_the_form_unchanged_changes_nothing(office):
    measure = make_category(
        rhythm="monthly",
        approval="always",
        nodes=[{"name": "中期", "days": 90}],
        lights=[{"health": "idle", "label": "未动", "colour": "#bfbfbf"}],
        diagnosis={"diagnose_in": [6, 12]},
        note="第一行\n第二行",
    ).measure
    before = text_of(measure)
    answer = office.post(reverse("measures:edit", args=[measure.pk]), sheet_data(measure))
    assert answer.status_code == 302, answer.content.decode()
    measure.refresh_from_db()
    assert text_of(measure) == before
    assert measure.rev == 0
    assert not Event.objects.filter(verb="measure.edit").exists()


def test_editing_a_switch_a_row_and_a_source(office):
    measure = make_category(rhythm="monthly", nodes=[{"name": "中期", "days": 90}]).measure
    data = sheet_data(
        measure,
        reporting__report_day=25,
        reporting__report_day__source="通知二",
        reporting__needs_text=None,
        diagnosis__diagnose_in=["6", "12"],
    )
    data |= {"nodes-1-name": "收尾", "nodes-1-days": "60", "nodes-1-ORDER": "1"}
    data |= {"nodes-0-ORDER": "2"}
    answer = office.post(reverse("measures:edit", args=[measure.pk]), data)
    assert answer.status_code == 302, answer.content.decode()
    text = text_of(Measure.objects.get(pk=measure.pk))
    assert text.content["reporting"]["report_day"] == 25
    assert text.content["reporting"]["needs_text"] is False
    assert text.content["diagnosis"]["diagnose_in"] == [6, 12]
    assert [row["name"] for row in text.content["nodes"]] == ["收尾", "中期"]
    assert text.sources == {"reporting.report_day": "通知二"}
    event = Event.objects.get(verb="measure.edit")
    assert event.by_name == "陈静"
    assert "reporting.report_day" in event.data


def test_a_row_is_removed(office):
    measure = make_category(
        nodes=[{"name": "中期", "days": 90}, {"name": "收尾", "days": 95}]
    ).measure
    data = sheet_data(measure) | {"nodes-0-DELETE": "on"}
    assert office.post(reverse("measures:edit", args=[measure.pk]), data).status_code == 302
    assert [node.name for node in measure.nodes.all()] == ["收尾"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reporting__report_day": "32"}, "reporting-report_day"),
        ({"reporting__report_day": "-1"}, "reporting-report_day"),
        ({"reporting__report_day": None}, "reporting-report_day"),
        ({"reporting__rhythm": "hourly"}, "reporting-rhythm"),
        ({"line__sign_days": "3"}, "line-sign_days"),
        ({"line__approval": "always"}, "line-approval"),
        ({"numbering__number_pattern": "{n}"}, "numbering-number_pattern"),
        ({"report_days__dates": "12-15, 03-31"}, "report_days-dates"),
        ({"head__name": ""}, "head-name"),
        ({"head__name": "长" * 121}, "head-name"),
        ({"visibility__public": "on"}, "visibility-public"),
    ],
)
def test_what_cannot_stand_is_shown_at_its_field_and_nothing_is_saved(office, changes, field):
    measure = make_category(rhythm="monthly").measure
    before = text_of(measure)
    answer = office.post(
        reverse("measures:edit", args=[measure.pk]), sheet_data(measure, **changes)
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'href="#id_{field}"' in page
    assert text_of(Measure.objects.get(pk=measure.pk)) == before
    assert not Event.objects.filter(verb="measure.edit").exists()


def test_wrong_rows_are_shown_at_their_cell(office):
    measure = make_category().measure
    row = {"health": "idle", "label": "未启动", "colour": "#fffbe6"}
    data = sheet_data(measure) | {f"lights-0-{name}": value for name, value in row.items()}
    answer = office.post(reverse("measures:edit", args=[measure.pk]), data)
    assert answer.status_code == 422
    assert 'href="#id_lights-0-colour"' in answer.content.decode()
    assert not measure.lights.exists()


def test_two_people_editing_the_second_is_told(office):
    measure = make_category(rhythm="monthly").measure
    data = sheet_data(measure, reporting__report_day=25)
    assert office.post(reverse("measures:edit", args=[measure.pk]), data).status_code == 302
    late = data | {"reporting-report_day": 20}
    answer = office.post(reverse("measures:edit", args=[measure.pk]), late)
    assert answer.status_code == 409
    assert Measure.objects.get(pk=measure.pk).report_day == 25
    assert "其他人刚刚修改过此项" in answer.content.decode()
    again = late | {"rev": answer.context["rev"]}  # what was typed is still there
    assert office.post(reverse("measures:edit", args=[measure.pk]), again).status_code == 302
    assert Measure.objects.get(pk=measure.pk).report_day == 20


def test_rules_of_issued_tasks_are_not_edited_and_the_page_says_the_way(office):
    measure = make_category().measure
    mark_used(measure)
    answer = office.get(reverse("measures:edit", args=[measure.pk]))
    assert answer.status_code == 403
    page = office.get(reverse("measures:page", args=[measure.pk])).content.decode()
    assert 'aria-disabled="true"' in page


def test_a_new_measure_is_written_once_however_often_the_button_is_pressed(office):
    measure = make_measure("model", rhythm="monthly")
    data = sheet_data(measure) | {
        "head-code": "new",
        "head-since": "2027-01-01",
        "head-name": "新办法",
        "key": "a" * 32,
    }
    data.pop("rev")
    for _press in range(2):
        assert office.post(reverse("measures:create"), data).status_code == 302
    new = Measure.objects.get(code="new")
    assert (new.since, new.report_day) == (dt.date(2027, 1, 1), 28)
    assert Event.objects.filter(verb="measure.create", about_id=new.pk).count() == 1


def test_a_version_that_is_there_is_not_written_again(office):
    measure = make_measure("model", rhythm="monthly")
    data = sheet_data(measure) | {
        "head-code": "model",
        "head-since": measure.since.isoformat(),
        "head-name": "又一个",
        "key": "b" * 32,
    }
    answer = office.post(reverse("measures:create"), data)
    assert answer.status_code == 422
    assert Measure.objects.count() == 1


def test_a_new_version_moves_the_categories_chosen(office):
    category = make_category(rhythm="monthly")
    other = make_category("other", measure=category.measure)
    old = category.measure
    data = {
        "since": "2027-01-01",
        "name": "新办法",
        "categories": [category.pk],
        "key": "c" * 32,
    }
    answer = office.post(reverse("measures:new_version", args=[old.pk]), data)
    new = Measure.objects.get(since=dt.date(2027, 1, 1))
    assert answer.url == reverse("measures:edit", args=[new.pk])
    assert Category.objects.get(pk=category.pk).measure == new
    assert Category.objects.get(pk=other.pk).measure == old
    assert text_of(new).content == text_of(old).content
    assert Event.objects.filter(verb="category.point", about_id=category.pk).count() == 2
    page = office.get(reverse("measures:compare", args=[new.pk])).content.decode()
    assert "新办法" in page


def test_a_new_version_is_later_than_the_old_one(office):
    measure = make_category().measure
    data = {"since": "2019-01-01", "name": "旧", "key": "d" * 32}
    answer = office.post(reverse("measures:new_version", args=[measure.pk]), data)
    assert answer.status_code == 422
    assert Measure.objects.count() == 1


def test_a_version_made_by_mistake_is_removed_by_its_button(office, college):
    measure = make_measure("mistake")
    url = reverse("measures:remove", args=[measure.pk])
    assert url in office.get(reverse("measures:page", args=[measure.pk])).content.decode()
    assert office.get(url).status_code == 405
    office.force_login(college.sun)
    assert office.post(url).status_code == 403
    assert Measure.objects.exists()
    office.force_login(college.chen)
    assert office.post(url).status_code == 302
    assert not Measure.objects.exists()


def test_differences_between_versions_are_shown_in_words(office):
    old = make_measure("rules", rhythm="monthly")
    new = make_measure("rules", dt.date(2027, 1, 1), rhythm="monthly", report_day=25)
    page = office.get(reverse("measures:compare", args=[new.pk])).content.decode()
    rows = page[page.index('id="differences"') :]
    assert rows.count("<tr>") == 3  # head, day in force, reporting day
    assert ">28<" in rows
    assert ">25<" in rows
    assert reverse("measures:page", args=[old.pk]) in page
    assert 'data-label="2020-01-01"' in rows


def test_a_new_version_is_proposed_for_the_next_year(office, monkeypatch):
    monkeypatch.setattr(clock, "today", lambda: dt.date(2026, 11, 20))
    measure = make_measure("rules")
    page = office.get(reverse("measures:new_version", args=[measure.pk])).content.decode()
    assert 'value="2027-01-01"' in page


def category_data(category: Category, **changes: Any) -> dict[str, Any]:
    sheet = CategorySheet(None, category_text(category), category)
    data = _fields(sheet.form) | _rows(sheet.rows) | {"rev": category.rev} | changes
    return {name: value for name, value in data.items() if value is not None}


FIELD = {
    "code": "batch",
    "name": "批次",
    "kind": "choice",
    "required": False,
    "choices": ["一", "二"],
}


def test_saving_a_category_unchanged_changes_nothing(office):
    category = make_category(fields=[FIELD], definition="说明")
    url = reverse("measures:edit_category", args=[category.pk])
    assert office.post(url, category_data(category)).status_code == 302
    assert Category.objects.get(pk=category.pk).rev == 0


def test_a_category_gets_a_field_and_other_rules(office):
    category = make_category(fields=[FIELD])
    newer = make_measure("863", dt.date(2027, 1, 1))
    data = category_data(category, version="863:2027-01-01")
    data |= {"fields-1-code": "note", "fields-1-name": "备注", "fields-1-kind": "text"}
    url = reverse("measures:edit_category", args=[category.pk])
    assert office.post(url, data).status_code == 302
    category = Category.objects.get(pk=category.pk)
    assert category.measure == newer
    assert [field.code for field in category.own_fields.all()] == ["batch", "note"]
    assert Event.objects.filter(verb="category.point", about_id=category.pk).count() == 2


@pytest.mark.parametrize(
    "row",
    [
        {"code": "x", "name": "甲", "kind": "choice"},
        {"code": "x", "name": "甲", "kind": "text", "choices": "一\n二"},
        {"code": "batch", "name": "甲", "kind": "text"},
        {"code": "有 空格", "name": "甲", "kind": "text"},
        {"code": "", "name": "甲", "kind": "text"},
    ],
)
def test_an_own_field_that_cannot_stand_is_refused(office, row):
    category = make_category(fields=[FIELD])
    data = category_data(category) | {f"fields-1-{name}": value for name, value in row.items()}
    url = reverse("measures:edit_category", args=[category.pk])
    assert office.post(url, data).status_code == 422
    assert category.own_fields.count() == 1


def test_a_new_category_without_rules(office):
    make_programme()
    data = {
        "code": "other",
        "name": "其他",
        "programme": "goals",
        "version": "",
        "active": "on",
        "order": "5",
        "key": "e" * 32,
        "fields-TOTAL_FORMS": "1",
        "fields-INITIAL_FORMS": "0",
    }
    for _press in range(2):
        assert office.post(reverse("measures:create_category"), data).status_code == 302
    category = Category.objects.get(code="other")
    assert (category.measure, category.order) == (None, 5)


def test_programmes_are_written_and_renamed(office):
    url = reverse("measures:create_programme")
    data = {"code": "goals", "name": "目标", "order": "1", "key": "f" * 32}
    for _press in range(2):
        assert office.post(url, data).status_code == 302
    programme = Programme.objects.get()
    url = reverse("measures:edit_programme", args=[programme.pk])
    assert office.post(url, {"name": "重点目标", "order": "2", "rev": 0}).status_code == 302
    programme.refresh_from_db()
    assert (programme.name, programme.order, programme.rev) == ("重点目标", 2, 1)
    assert office.post(url, {"name": "旧", "order": "2", "rev": "0"}).status_code == 409
    assert office.post(url, {"name": "旧", "order": "2", "rev": "x"}).status_code == 409


def upload(text: str | bytes, name: str = "rules.toml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())


SIMPLE = GOOD.replace('body = "leading-group"', 'duty = "in_charge"')


def test_a_file_is_loaded_in_the_browser(office):
    url = reverse("measures:import")
    assert office.post(url, {"file": upload(SIMPLE), "check": "1"}).status_code == 200
    assert not Measure.objects.exists()
    assert office.post(url, {"file": upload(SIMPLE), "load": "1"}).status_code == 200
    measure = Measure.objects.get()
    assert Category.objects.get().measure == measure
    assert Event.objects.get(verb="measure.create").by_name == "陈静"
    again = office.post(url, {"file": upload(SIMPLE), "load": "1"})
    assert again.status_code == 200
    assert Event.objects.filter(about_kind="measure").count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        SIMPLE.replace("report_day = 28", "report_day = 32"),
        b"\xff\xfe",
        "",
        SIMPLE.replace("核心指标管理办法", "<script>alert(1)</script>" * 9),
    ],
)
def test_errors_of_an_uploaded_file_are_shown_and_nothing_is_loaded(office, broken):
    answer = office.post(reverse("measures:import"), {"file": upload(broken), "load": "1"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()
    assert not Measure.objects.exists()
    assert not Programme.objects.exists()


def test_a_downloaded_file_changes_nothing_when_loaded(office):
    category = make_category(rhythm="monthly", fields=[FIELD])
    file = office.get(reverse("measures:file", args=[category.measure.pk])).content
    events = Event.objects.count()
    answer = office.post(reverse("measures:import"), {"file": upload(file), "load": "1"})
    assert answer.status_code == 200
    assert Event.objects.count() == events
    whole = office.get(reverse("measures:set_file", args=[category.programme.pk])).content
    assert whole == file


def test_the_word_document_says_what_the_page_says(office):
    measure = make_category(rhythm="monthly", note="备注").measure
    answer = office.get(reverse("measures:explain_docx", args=[measure.pk]))
    paper = docx.Document(io.BytesIO(answer.content))
    texts = [paragraph.text.split("\n")[0] for paragraph in paper.paragraphs]
    found = chapters(text_of(measure), known_things())
    assert found
    for chapter in found:
        assert chapter.title in texts
        for said in chapter.said:
            assert said.text in texts
    page = office.get(reverse("measures:explain", args=[measure.pk])).content.decode()
    assert all(chapter.title in page for chapter in found)


def test_script_in_a_name_stays_text(office):
    measure = make_measure("evil", name="<img src=x onerror=alert(1)>")
    make_category("evil2", measure=measure, name="<img src=x>", fields=[FIELD | {"name": "<b>"}])
    for name in ("page", "explain", "compare"):
        page = office.get(reverse(f"measures:{name}", args=[measure.pk])).content.decode()
        assert "<img src=x" not in page
    assert "<img src=x" not in office.get(reverse("measures:index")).content.decode()
