"""Pages of the desk through the client."""

import io

import pytest
from python_calamine import CalamineWorkbook

from luoshi.desk.queries import finding
from luoshi.kit import clock
from luoshi.people.models import Favourite
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, seat
from luoshi.tasks.tests.factories import issued, make_set
from luoshi.trail.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def test_home_asks_for_a_login(client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.url.startswith("/people/")


def test_home_of_somebody_without_work(client, people):
    client.force_login(people.sun)
    page = client.get("/").content.decode()
    assert "今日无待办" in page
    assert "未来七天也没有到期事项" in page


def test_home_shows_the_work_and_its_button(client, people):
    category = make_set(sign_off="always")
    task = issued(category, people.chen, people.school.pk, title="<img src=x onerror=1>")
    client.force_login(people.wang)
    page = client.get("/").content.decode()
    assert f'href="/tasks/{task.pk}/sign/"' in page
    assert "签收" in page
    assert "<img src=x" not in page


def test_home_gives_htmx_the_work_list_alone(client, people):
    client.force_login(people.sun)
    page = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert page.startswith('<div id="desk-work"')
    assert page.count("hx-swap-oob") == 1  # and how many there are, beside the title
    assert 'id="desk-waiting" hx-swap-oob="true"' in page


def test_home_costs_fifteen_statements_at_most(client, people, django_assert_max_num_queries):
    category = make_set(sign_off="always")
    client.force_login(people.wang)
    client.get("/")
    for _n in range(3):
        issued(category, people.chen, people.school.pk)
        with django_assert_max_num_queries(15):
            client.get("/")


def test_favourites_stand_at_the_foot(client, people):
    Favourite.objects.create(person=people.sun, url="/search/?q=党建", title="党建")
    client.force_login(people.sun)
    assert '<a href="/search/?q=党建">党建</a>' in client.get("/").content.decode()
    sent = {"url": "/search/?q=党建", "title": "党建", "next": "/"}
    assert client.post("/people/favourite/", sent).url == "/"
    assert not Favourite.objects.exists()


def test_counts_are_one_fragment(client, people):
    issued(make_set(sign_off="always"), people.chen, people.school.pk)
    client.force_login(people.wang)
    page = client.get("/counts/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="shell-unread"' in page
    assert 'id="shell-work" hx-swap-oob="true">1<' in page


def test_go_leads_to_what_may_be_seen_and_nowhere_else(client, people):
    closed = make_set(visibility="involved")
    task = issued(closed, people.chen, people.school.pk, owner_id=people.li.pk)
    client.force_login(people.sun)
    assert client.get(f"/go/task/{task.pk}/").status_code == 404
    assert client.get("/go/nothing/1/").status_code == 404
    client.force_login(people.li)
    answer = client.get(f"/go/task/{task.pk}/")
    assert answer.status_code == 302
    assert str(task.pk) in answer.url


def test_year_is_kept_and_the_address_forgets_its_own(client, people):
    client.force_login(people.sun)
    answer = client.post("/year/", {"year": "2024", "next": "/search/?q=a&year=2023"})
    assert answer.url == "/search/?q=a"
    assert "2024年" in client.get("/search/").content.decode()


@pytest.mark.parametrize("year", ["", "1800", "99999", "abc", "²"])
def test_a_year_that_is_none_changes_nothing(client, people, year):
    client.force_login(people.sun)
    client.post("/year/", {"year": year, "next": "https://elsewhere.example/"})
    assert "year" not in client.session


def test_year_never_leads_out_of_the_house(client, people):
    client.force_login(people.sun)
    answer = client.post("/year/", {"year": "2024", "next": "https://elsewhere.example/"})
    assert answer.url == "/"


def test_language_is_chinese_until_chosen_otherwise(client, people):
    client.force_login(people.sun)
    assert 'lang="zh-hans"' in client.get("/", headers={"Accept-Language": "en"}).content.decode()
    client.post("/people/language/", {"language": "en", "next": "/"})
    assert "Nothing to do today" in client.get("/").content.decode()


def test_search_marks_the_words_and_escapes_the_rest(client, people):
    category = make_set(visibility="everyone")
    issued(category, people.chen, people.school.pk, title="<b>实训</b>基地")
    client.force_login(people.sun)
    page = client.get("/search/", {"q": "实训"}).content.decode()
    assert "&lt;b&gt;<mark>实训</mark>&lt;/b&gt;基地" in page
    assert "没有找到" in client.get("/search/", {"q": "无此字词"}).content.decode()


def test_search_tells_how_many_there_are_and_pages_on(client, people, monkeypatch):
    category = make_set(visibility="everyone")
    for number in range(5):
        issued(category, people.chen, people.school.pk, title=f"实训基地{number}")
    monkeypatch.setattr(finding, "MOST_TASKS", 2)
    client.force_login(people.sun)
    pages = [client.get("/search/", {"q": "实训", "page": n}) for n in (1, 2, 3, 9, "x")]
    shown = [[f.task.title for f in page.context["results"].tasks] for page in pages]
    assert [len(titles) for titles in shown] == [2, 2, 1, 1, 2]
    assert len({title for titles in shown[:3] for title in titles}) == 5
    assert "5 项" in pages[0].content.decode()
    assert "page=2" in pages[0].content.decode()
    monkeypatch.setattr(finding, "MOST_HITS", 5)
    assert "超过 5 项" in client.get("/search/", {"q": "实训"}).content.decode()


@pytest.mark.parametrize("words", ["𠮷", "' OR 1=1 --", "a" * 500, "\x00", "%_", '"', "😀 党"])
def test_search_bears_any_words(client, people, words):
    client.force_login(people.sun)
    assert client.get("/search/", {"q": words}).status_code == 200


# ── the trail ──────────────────────────────────────────────────────────────────────────────


def test_the_trail_is_refused_to_everybody_else(client, people):
    client.force_login(people.chen)
    for path in ("/trail/", "/trail/export/"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "审计管理员" in answer.content.decode()


def test_the_trail_is_searched_by_the_auditor(client, people):
    seat(people.sun, people.root, Duty.AUDIT_ADMIN)
    record("unit/1", "unit.rename", by=people.admin.actor, old="旧名", new="=1+1")
    record("unit/2", "unit.close", by=people.guard.actor)
    client.force_login(people.sun)
    page = client.get("/trail/", {"person": "何管理"}).content.decode()
    assert "旧名" in page
    assert "钱安全" not in page.split("<tbody>")[1]


def test_the_trail_goes_into_a_workbook_as_text(client, people):
    seat(people.sun, people.root, Duty.AUDIT_ADMIN)
    record("unit/1", "unit.rename", by=people.admin.actor, old="旧名", new="=1+1")
    client.force_login(people.sun)
    answer = client.get("/trail/export/", {"about": "unit/1"})
    assert clock.today().isoformat() in answer["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
    head, row = book.get_sheet_by_index(0).to_python()
    assert head[0] == "时间"
    assert (row[1], row[4]) == ("何管理", "单位 1")
    assert "=1+1" in row[6]


def test_the_style_page_is_for_builders_only(client, people, settings):
    client.force_login(people.sun)
    assert client.get("/style/").status_code == 404
    settings.DEBUG = True
    assert client.get("/style/").status_code == 200
