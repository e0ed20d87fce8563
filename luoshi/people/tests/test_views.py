"""The pages: happy path, refusal, browser and htmx; log-in, lock, idle, first password, pickers."""

import datetime as dt
import json

import pytest
from django.test import Client
from django.urls import reverse

from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.people import queries
from luoshi.people.middleware import SEEN
from luoshi.people.models import Body, Person, Tenure, Unit
from luoshi.people.queries import accounts as account_queries
from luoshi.people.roles import Duty
from luoshi.people.services import keeping, persons
from luoshi.people.tests.factories import PASSWORD, cast, make_person, make_unit, seat
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db

LOGIN = "/people/login/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def who():
    return cast()


@pytest.fixture
def li(who):
    return make_person("李四", who.section, "0210009", password=PASSWORD)


def as_(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def log_in(client: Client, account: str, password: str = PASSWORD, **more):
    return client.post(LOGIN, {"account": account, "password": password, **more})


# ── the door ──


@pytest.mark.parametrize("account", ["T0210009", "t0210009", "0210009", " Ｔ0210009 "])
def test_log_in_by_prefix_and_number_or_number_alone(client, li, account):
    response = log_in(client, account, next="/people/account/")
    assert (response.status_code, response["Location"]) == (302, "/people/account/")
    assert client.get("/people/account/").status_code == 200
    assert (
        Event.objects.filter(about_kind="person", about_id=li.pk, verb="person.log_in").count() == 1
    )


def test_a_wrong_password_is_a_sentence_and_keeps_the_account(client, li):
    response = log_in(client, "0210009", "wrong")
    assert response.status_code == 422
    assert 'value="0210009"' in response.content.decode()
    assert "账号或密码不正确" in response.content.decode()
    assert "wrong" not in response.content.decode()


def test_after_five_failures_the_account_is_locked_and_said_so(client, who, li):
    for account in ("T0210009", "t0210009", "0210009"):
        assert log_in(client, account, "wrong").status_code == 422
    assert "再错 1 次" in log_in(client, "0210009", "wrong").content.decode()
    assert log_in(client, "T0210009", "wrong").status_code == 429
    response = log_in(client, "0210009")
    text = response.content.decode()
    assert response.status_code == 429
    assert "15 分钟" in text
    assert "钱安全" in text
    assert not client.session.get("_auth_user_id")
    assert account_queries.locked_account("T0210009")

    guard = as_(who.guard)
    assert "李四" in guard.get("/people/accounts/").content.decode()
    guard.post(f"/people/persons/{li.pk}/unlock/")
    assert log_in(Client(), "0210009").status_code == 302


def test_nobody_is_told_whether_an_account_exists(client, li):
    known = log_in(client, "0210009", "wrong").content.decode()
    unknown = log_in(client, "9999999", "wrong").content.decode()
    assert "账号或密码不正确" in known
    assert "账号或密码不正确" in unknown


def test_who_left_or_is_switched_off_cannot_log_in_and_learns_why(client, li):
    yesterday = clock.today() - dt.timedelta(days=1)
    persons.let_leave(li, left_on=yesterday, by=SYSTEM, rev=0)
    assert f"已于 {yesterday.isoformat()}" in log_in(client, "0210009").content.decode()
    assert "离职" not in log_in(client, "0210009", "wrong").content.decode()
    Person.objects.filter(pk=li.pk).update(left_on=None, is_active=False)
    assert "账号已停用" in log_in(client, "0210009").content.decode()
    assert not client.session.get("_auth_user_id")


def test_a_session_ends_when_the_person_leaves(li):
    client = as_(li)
    assert client.get("/people/account/").status_code == 200
    persons.let_leave(li, left_on=clock.today() - dt.timedelta(days=1), by=SYSTEM, rev=0)
    assert client.get("/people/account/").status_code == 302


@pytest.mark.parametrize("place", ["https://example.org/", "//example.org/", "javascript:x"])
def test_after_log_in_nobody_is_sent_to_another_site(client, li, place):
    assert log_in(client, "0210009", next=place)["Location"] == "/"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("hr7", "密码太短，至少 8 位。"),
        ("12345678", "密码太常见，容易被猜到。"),
        ("0210009a", "密码与工号过于相似。"),
    ],
)
def test_a_weak_password_is_refused_in_chinese(li, new, sentence):
    client = as_(li)
    sent = {"old": PASSWORD, "new": new, "again": new}
    response = client.post("/people/password/", sent)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Person.objects.get(pk=li.pk).check_password(PASSWORD)


def test_the_first_password_must_be_changed_before_anything_else(client, li):
    Person.objects.filter(pk=li.pk).update(must_change_password=True)
    response = log_in(client, "0210009", next="/people/units/1/")
    assert response["Location"] == "/people/password/?next=%2Fpeople%2Funits%2F1%2F"
    assert client.get("/people/")["Location"].startswith("/people/password/?next=")
    part = client.get("/people/", headers=HTMX)
    assert (part.status_code, part["HX-Redirect"][:17]) == (204, "/people/password/")
    weak = {"old": PASSWORD, "new": "12345678", "again": "12345678"}
    assert client.post("/people/password/", weak).status_code == 422
    differ = {"old": PASSWORD, "new": "jiangcheng-26", "again": "jiangcheng-27"}
    assert "两次输入" in client.post("/people/password/", differ).content.decode()
    good = {"old": PASSWORD, "new": "jiangcheng-26", "again": "jiangcheng-26", "next": "/people/"}
    assert client.post("/people/password/", good)["Location"] == "/people/"
    assert client.get("/people/").status_code == 200


def idle(client: Client, minutes: int) -> None:
    session = client.session
    session[SEEN] = clock.now().timestamp() - minutes * 60
    session.save()


def test_an_idle_session_ends_and_returns_to_the_page(li):
    client = as_(li)
    client.get("/people/")
    idle(client, 29)
    assert client.get("/people/").status_code == 200
    idle(client, 31)
    response = client.get("/people/?q=wang")
    assert response["Location"] == "/people/login/?next=%2Fpeople%2F%3Fq%3Dwang"
    page = client.get(response["Location"]).content.decode()
    assert "30 分钟未操作" in page
    assert client.get("/people/").status_code == 302


def test_polling_keeps_nobody_logged_in(li):
    client = as_(li)
    client.get("/people/")
    idle(client, 20)
    client.get("/people/", headers={"X-Poll": "1"})
    assert clock.now().timestamp() - client.session[SEEN] > 19 * 60
    client.get("/people/")
    assert clock.now().timestamp() - client.session[SEEN] < 60


def test_what_arrives_too_late_is_kept_as_a_draft_and_given_back(li):
    client = as_(li)
    client.get("/people/")
    idle(client, 31)
    place = "/people/bodies/create/"
    sent = {"name": "领导小组𠮷", "code": "L", "key": "a" * 32}
    response = client.post(place, sent, headers={"Referer": f"http://testserver{place}"})
    assert response["Location"] == f"/people/login/?next={place.replace('/', '%2F')}"
    assert client.cookies["late"].value == place.replace("/", "%2F")
    log_in(client, "0210009")
    kept = client.get("/people/draft/", {"form": place}).json()["data"]
    assert kept == {"name": ["领导小组𠮷"], "code": ["L"]}
    assert Body.objects.count() == 0


def test_what_a_page_asks_by_itself_ends_no_idle_session(li):
    client = as_(li)
    client.get("/people/")
    idle(client, 31)
    assert (
        client.get("/people/pick/?q=w", headers={**HTMX, "X-Requested-With": "fetch"}).status_code
        == 401
    )
    draft = {"form": "/x/", "data": "{}"}
    assert (
        client.post("/people/draft/", draft, headers={"X-Requested-With": "fetch"}).status_code
        == 401
    )
    assert client.get("/people/", headers={**HTMX, "X-Poll": "1"})["HX-Redirect"].startswith(LOGIN)
    assert client.session["_auth_user_id"] == str(li.pk)
    assert client.get("/people/")["Location"].startswith(LOGIN)
    assert not client.session.get("_auth_user_id")


def test_htmx_on_an_expired_session_goes_to_the_log_in_page_as_a_whole(li):
    client = as_(li)
    client.get("/people/")
    idle(client, 31)
    now = {**HTMX, "HX-Current-URL": "http://testserver/people/units/3/?whole=1"}
    response = client.get("/people/pick/?q=w", headers=now)
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/people/login/?next=%2Fpeople%2Funits%2F3%2F%3Fwhole%3D1"
    again = client.get("/people/pick/?q=w", headers=now)
    assert again["HX-Redirect"] == response["HX-Redirect"]


def test_demo_accounts_are_one_click_away_in_demo_mode_only(client, who, settings):
    settings.DEMO = True
    page = client.get(LOGIN).content.decode()
    assert "陈静" in page
    assert "目标办" in page
    assert "孙丽" not in page
    assert client.post("/people/demo-login/", {"person": who.chen.pk}).status_code == 302
    assert client.session["_auth_user_id"] == str(who.chen.pk)
    assert Client().post("/people/demo-login/", {"person": who.sun.pk}).status_code == 404
    settings.DEMO = False
    other = Client()
    assert "陈静" not in other.get(LOGIN).content.decode()
    assert other.post("/people/demo-login/", {"person": who.chen.pk}).status_code == 404
    assert not other.session.get("_auth_user_id")


def test_demo_log_in_is_guarded_against_other_sites(who, settings):
    settings.DEMO = True
    client = Client(enforce_csrf_checks=True)
    assert client.post("/people/demo-login/", {"person": who.chen.pk}).status_code == 403


def test_logging_out_and_switching_the_language(li):
    client = as_(li)
    client.post("/people/language/", {"language": "en", "next": "/people/account/"})
    assert Person.objects.get(pk=li.pk).language == "en"
    assert "My account" in client.get("/people/account/").content.decode()
    assert client.post("/people/language/", {"language": "xx"}).status_code == 404
    assert client.post("/people/logout/")["Location"] == LOGIN
    assert client.get("/people/account/").status_code == 302


# ── keeping ──


def test_a_draft_travels_through_the_form(li):
    client = as_(li)
    data = json.dumps({"body": ["写了一半"], "csrfmiddlewaretoken": ["x"]})
    saved = client.post("/people/draft/", {"form": "/x/", "data": data}).json()
    assert saved["saved_at"][:4] == str(clock.today().year)
    assert client.get("/people/draft/", {"form": "/x/"}).json() == {"data": {"body": ["写了一半"]}}
    assert client.get("/people/draft/", {"form": "/y/"}).status_code == 204
    assert client.post("/people/draft/", {"form": "/x/", "drop": "1"}).status_code == 204
    assert client.get("/people/draft/", {"form": "/x/"}).status_code == 204


def test_a_form_that_is_taken_drops_its_draft_and_one_that_is_not_keeps_it(who):
    client, place = as_(who.admin), "/people/bodies/create/"
    keeping.save_draft(who.admin, form=place, data={"name": ["小组"]})
    form = {"name": "领导小组", "code": "L", "office": "质管办", "since": "2026-03-01"}
    assert client.post(place, {**form, "code": "", "draft_of": place}).status_code == 422
    assert queries.draft_for(who.admin, place) == {"name": ["小组"]}
    assert client.post(place, {**form, "draft_of": place}).status_code == 302
    assert queries.draft_for(who.admin, place) is None


@pytest.mark.parametrize("data", ["", "[1]", "{", '"x"'])
def test_a_draft_that_is_none_is_refused(li, data):
    assert as_(li).post("/people/draft/", {"form": "/x/", "data": data}).status_code == 422


def test_the_star_is_set_and_taken_away(li):
    client = as_(li)
    body = {"url": "/people/", "title": "通讯录"}
    assert client.post("/people/favourite/", body)["Location"] == "/people/"
    assert [f.title for f in li.favourites.all()] == ["通讯录"]
    assert client.post("/people/favourite/", body, headers=HTMX).status_code == 204
    assert li.favourites.count() == 0


def test_the_picker_lists_people_of_the_own_unit_first(who, li):
    far = make_person("李五", who.other, "0000001")
    page = as_(li).get("/people/pick/", {"q": "li"}).content.decode()
    assert page.index("李四") < page.index("李五")
    assert f'data-key="{far.pk}"' in page
    assert "没有找到" in as_(li).get("/people/pick/", {"q": "无此人"}).content.decode()
    units = as_(li).get("/people/pick-units/", {"q": "jd"}).content.decode()
    assert f'data-key="{who.school.pk}"' in units


def test_the_picker_names_again_what_a_draft_had_chosen(who, li):
    page = as_(li).get("/people/pick/", {"keys": f"{who.sun.pk},{who.li.pk},x,999999"})
    text = page.content.decode()
    assert text.index("孙丽 1006") < text.index("李敏 1001")
    units = as_(li).get("/people/pick-units/", {"keys": str(who.other.pk)}).content.decode()
    assert "财务处" in units


@pytest.mark.parametrize("words", ["<img src=x onerror=alert(1)>", "%", "'", "𠮷", "x" * 500])
def test_the_picker_takes_any_words(li, words):
    response = as_(li).get("/people/pick/", {"q": words})
    assert response.status_code == 200
    assert "<img" not in response.content.decode()


def test_the_pickers_are_for_people_of_the_house(client):
    for place in ("/people/pick/", "/people/pick-units/", "/people/", "/people/draft/"):
        assert client.get(place).status_code == 302


# ── organisation ──


def test_everybody_sees_the_organisation_and_only_administrators_the_buttons(who):
    page = as_(who.sun).get(f"/people/units/{who.school.pk}/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "王建国" in text
    assert "赵志刚" in text
    assert "登记人员" not in text
    assert "登记人员" in as_(who.admin).get(f"/people/units/{who.school.pk}/").content.decode()


def test_the_directory_finds_people_and_units(who):
    client = as_(who.sun)
    assert "王建国" in client.get("/people/", {"q": "wjg"}).content.decode()
    assert "机电工程学院" in client.get("/people/", {"q": "jdgc"}).content.decode()
    assert "没有找到" in client.get("/people/", {"q": "无此人"}).content.decode()


def test_the_directory_asks_the_same_number_of_questions_for_one_and_for_many(
    who, django_assert_max_num_queries
):
    client = as_(who.sun)
    place = f"/people/units/{who.school.pk}/"
    client.get(place)
    with django_assert_max_num_queries(24) as one:
        client.get(place)
    for number in range(3):
        person = make_person(f"新人{number}", who.school)
        seat(person, who.school, Duty.DEPUTY)
    with django_assert_max_num_queries(len(one)):
        client.get(place)


def test_the_table_of_units_asks_the_same_number_of_questions(who, django_assert_max_num_queries):
    client = as_(who.admin)
    client.get("/people/units/")
    with django_assert_max_num_queries(24) as one:
        client.get("/people/units/")
    for number in range(3):
        unit = make_unit(f"新系{number}", who.school)
        seat(make_person(f"主任{number}", unit), unit, Duty.HEAD)
    with django_assert_max_num_queries(len(one)):
        assert "主任2" in client.get("/people/units/").content.decode()


def test_the_refused_page_says_who_can(who):
    for place in ("/people/units/", "/people/units/create/", "/people/import/people/"):
        response = as_(who.wang).get(place)
        assert response.status_code == 403
        assert "何管理" in response.content.decode()
    assert "钱安全" in as_(who.admin).get("/people/accounts/").content.decode()


def unit_form(who, **more):
    return {
        "name": "智能制造系",
        "code": "21",
        "kind": who.school.kind_id,
        "parent": who.school.name,
        "parent_key": who.school.pk,
        "since": "2026-03-01",
        "order": "3",
        "aliases": "智造、智造系",
        "key": "b" * 32,
        **more,
    }


def test_a_unit_is_opened_by_form_and_a_double_click_opens_one(who):
    client = as_(who.admin)
    for _turn in range(2):
        response = client.post("/people/units/create/", unit_form(who))
        assert response.status_code == 302
    unit = Unit.objects.get(code="21")
    assert response["Location"] == f"/people/units/{unit.pk}/"
    assert unit.parent_id == who.school.pk
    assert unit.aliases.count() == 2


def test_the_form_works_without_javascript_by_name_alone(who):
    client = as_(who.admin)
    form = unit_form(who, parent="机电学院")
    del form["parent_key"]
    assert client.post("/people/units/create/", form).status_code == 302
    assert Unit.objects.get(code="21").parent_id == who.school.pk


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "名" * 101}, "100"),
        ({"code": "a b"}, "只能使用数字"),
        ({"code": "20"}, "已由“机电工程学院”使用"),
        ({"since": "2026-13-01"}, "日期无法识别"),
        ({"since": "0026-01-01"}, "日期无法识别"),
        ({"parent": "无此单位", "parent_key": ""}, "没有名为“无此单位”"),
        ({"kind": "999"}, ""),
        ({"order": "-1"}, ""),
    ],
)
def test_a_form_that_cannot_stand_keeps_what_was_typed(who, change, sentence):
    response = as_(who.admin).post("/people/units/create/", unit_form(who, **change))
    text = response.content.decode()
    assert response.status_code == 422
    assert sentence in text
    assert change.get("name", "智能制造系") in text
    assert not Unit.objects.filter(code="21").exists()


def test_a_script_in_a_name_stays_text(who):
    name = "<img src=x onerror=alert(1)>"
    as_(who.admin).post("/people/units/create/", unit_form(who, name=name))
    unit = Unit.objects.get(code="21")
    text = as_(who.sun).get(f"/people/units/{unit.pk}/").content.decode()
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_two_people_change_a_unit_and_nothing_typed_is_lost(who):
    client = as_(who.admin)
    place = f"/people/units/{who.other.pk}/edit/"
    form = unit_form(who, name="财务管理处", code="11", parent="学院", parent_key=who.root.pk)
    form |= {"rev": 0, "on": clock.today().isoformat(), "aliases": ""}
    assert client.post(place, form).status_code == 302
    second = client.post(place, {**form, "name": "财务部"})
    text = second.content.decode()
    assert second.status_code == 409
    assert "其他人刚刚修改过" in text
    assert "财务部" in text
    assert 'name="rev" value="1"' in text
    assert Unit.objects.get(pk=who.other.pk).name == "财务管理处"


def test_a_dialog_answers_htmx_with_the_part_and_then_the_whole_page(who):
    client = as_(who.admin)
    part = client.get("/people/units/create/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'id="people-form"' in part
    wrong = client.post("/people/units/create/", unit_form(who, code=""), headers=HTMX)
    assert wrong.status_code == 422
    done = client.post("/people/units/create/", unit_form(who), headers=HTMX)
    assert done.status_code == 204
    assert done["HX-Redirect"] == f"/people/units/{Unit.objects.get(code='21').pk}/"


def test_closing_a_unit_that_is_in_use_says_why(who):
    client = as_(who.admin)
    place = f"/people/units/{who.school.pk}/close/"
    assert "下级还有 1 个单位" in client.get(place).content.decode()
    response = client.post(place, {"rev": 0, "until": "2026-03-01"})
    assert response.status_code == 403
    assert Unit.objects.get(pk=who.school.pk).until is None


# ── persons ──


def person_form(who, **more):
    return {
        "staff_number": "5001",
        "name": "冯明",
        "main_unit": who.school.name,
        "main_unit_key": who.school.pk,
        "entered_on": "2026.3.1",
        "key": "c" * 32,
        **more,
    }


def test_a_person_is_entered_and_the_first_password_shown_once(who):
    client = as_(who.admin)
    response = client.post("/people/persons/enter/", person_form(who))
    person = Person.objects.get(staff_number="5001")
    assert person.entered_on == dt.date(2026, 3, 1)
    shown = response.context["told"]
    assert person.check_password(shown)
    assert shown not in client.get(f"/people/persons/{person.pk}/").content.decode()
    again = client.post("/people/persons/enter/", person_form(who))
    assert again.status_code == 302
    assert Person.objects.filter(staff_number="5001").count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"staff_number": "1001"}, "已由李敏使用"),
        ({"staff_number": "工号1"}, "工号由数字和拉丁字母组成"),
        ({"name": "😀"}, "至少要有一个汉字或字母"),
        ({"name": "名" * 61}, "60"),
        ({"email": "x"}, ""),
        ({"entered_on": "昨天"}, "日期无法识别"),
        ({"entered_on": "2019-01-01"}, "自 2020-01-01 起设立"),
    ],
)
def test_a_person_who_cannot_be_entered_is_not(who, change, sentence):
    response = as_(who.admin).post("/people/persons/enter/", person_form(who, **change))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Person.objects.filter(main_unit=who.school).count() == 1


def test_a_person_is_transferred_seated_unseated_and_leaves(who):
    client = as_(who.admin)
    page = f"/people/persons/{who.sun.pk}/"
    today = clock.today().isoformat()
    moved = {"unit": who.school.name, "unit_key": who.school.pk, "on": today, "rev": 0}
    assert client.post(page + "transfer/", moved)["Location"] == page
    post = {"unit": "20", "duty": "deputy", "title": "副院长", "since": today}
    assert client.post(page + "appoint/", post)["Location"] == page
    text = client.get(page).content.decode()
    assert "副院长" in text
    assert "机电工程学院" in text
    tenure = Tenure.objects.get(person=who.sun)
    assert (
        client.post(f"/people/tenures/{tenure.pk}/unseat/", {"until": "2020-01-01"}).status_code
        == 422
    )
    assert client.post(f"/people/tenures/{tenure.pk}/unseat/", {"until": today}).status_code == 302
    assert client.post(page + "leave/", {"left_on": today, "rev": 1}).status_code == 302
    sun = Person.objects.get(pk=who.sun.pk)
    assert (sun.main_unit_id, sun.left_on) == (who.school.pk, clock.today())


def test_a_person_who_is_not_one_alone_is_asked_for_the_number(who):
    make_person("孙丽", who.school, "8001")
    post = who.wang.tenures.get().post
    client = as_(who.admin)
    place = f"/people/posts/{post.pk}/seat/"
    response = client.post(place, {"person": "孙丽", "since": "2026-03-01"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "8001" in text
    assert "1006" in text
    assert client.post(place, {"person": "1006", "since": "2026-03-01"}).status_code == 302
    assert Tenure.objects.filter(post=post, person=who.sun).count() == 1


def test_text_in_the_box_decides_over_an_old_key(who):
    post = who.wang.tenures.get().post
    form = {"person": "孙丽 1006", "person_key": who.li.pk, "since": "2026-03-01"}
    as_(who.admin).post(f"/people/posts/{post.pk}/seat/", form)
    assert set(post.tenures.values_list("person", flat=True)) == {who.wang.pk, who.sun.pk}


def test_somebody_without_the_power_changes_nobody(who):
    client = as_(who.wang)
    for act in ("edit", "transfer", "leave"):
        assert client.get(f"/people/persons/{who.sun.pk}/{act}/").status_code == 403
    assert (
        client.post(f"/people/persons/{who.sun.pk}/leave/", {"left_on": "2026-03-01"}).status_code
        == 403
    )
    assert Person.objects.get(pk=who.sun.pk).left_on is None


# ── bodies and accounts ──


def test_a_body_its_members_meetings_and_decisions(who):
    admin, office = as_(who.admin), as_(who.chen)
    form = {"name": "目标管理领导小组", "code": "LD", "office": "质管办", "since": "2026-03-01"}
    place = admin.post("/people/bodies/create/", form)["Location"]
    member = {"person": "赵志刚", "title": "组长", "since": "2026-03-01"}
    assert office.post(place + "seat/", member).status_code == 302
    meeting = {"number": "〔2026〕3号", "held_on": "2026-03-02", "topic": "任务分解"}
    assert office.post(place + "meet/", meeting).status_code == 302
    pk = Body.objects.get().meetings.get().pk
    decision = {"number": "1", "text": "同意<b>印发</b>", "document": "江职院发〔2026〕12号"}
    assert office.post(f"/people/meetings/{pk}/decide/", decision).status_code == 302
    text = as_(who.sun).get(place).content.decode()
    assert "赵志刚" in text
    assert "江职院发〔2026〕12号" in text
    assert "&lt;b&gt;印发" in text
    assert as_(who.sun).post(place + "meet/", meeting).status_code == 403
    assert "目标管理领导小组" in as_(who.sun).get("/people/bodies/").content.decode()


def test_a_reset_shows_the_password_once_and_switching_off_ends_the_session(who, li):
    guard, own = as_(who.guard), as_(li)
    response = guard.post(f"/people/persons/{li.pk}/reset/")
    assert Person.objects.get(pk=li.pk).check_password(response.context["told"])
    assert own.get("/people/").status_code == 302
    own = as_(Person.objects.get(pk=li.pk))
    rev = Person.objects.get(pk=li.pk).rev
    guard.post(f"/people/persons/{li.pk}/switch/", {"active": "0", "rev": rev})
    assert own.get("/people/account/").status_code == 302
    assert "李四" in guard.get("/people/accounts/", {"state": "off"}).content.decode()


def test_every_page_opens(who):
    body = Body.objects.create(code="B", name="小组", office=who.office, since="2026-01-01")
    tenure = who.wang.tenures.get()
    admin = as_(who.admin)
    for name, args in [
        ("directory", []),
        ("units", []),
        ("create_unit", []),
        ("edit_unit", [who.school.pk]),
        ("close_unit", [who.school.pk]),
        ("reopen_unit", [who.school.pk]),
        ("create_post", [who.school.pk]),
        ("create_kind", []),
        ("create_field", []),
        ("rename_post", [tenure.post_id]),
        ("seat", [tenure.post_id]),
        ("enter_person", []),
        ("person", [who.wang.pk]),
        ("edit_person", [who.wang.pk]),
        ("transfer_person", [who.wang.pk]),
        ("leave", [who.wang.pk]),
        ("readmit_person", [who.wang.pk]),
        ("appoint", [who.wang.pk]),
        ("unseat", [tenure.pk]),
        ("bodies", []),
        ("create_body", []),
        ("edit_body", [body.pk]),
        ("add_seat", [body.pk]),
        ("hold_meeting", [body.pk]),
        ("import", ["units"]),
        ("import", ["people"]),
        ("import_template", ["people"]),
        ("import_template", ["units"]),
        ("account", []),
        ("password", []),
    ]:
        assert admin.get(reverse(f"people:{name}", args=args)).status_code == 200, name


# ── what is shown to whom, and kept where ─────────────────────────────────────────────────────

NUMBER = "13800001111"


def page_of(person) -> str:
    return reverse("people:person", args=[person.pk])


def reads_number(who, reader, page) -> bool:
    Person.objects.filter(pk=who.li.pk).update(phone=NUMBER)
    return NUMBER in as_(reader).get(page).content.decode()


@pytest.mark.parametrize(
    ("reader", "sees"),
    [
        ("li", True),  # herself
        ("wang", True),  # head of the school her section lies in
        ("zhao", True),  # leader in charge of the school
        ("chen", True),  # goal office of the whole institution
        ("admin", True),  # keeps people
        ("guard", True),  # keeps accounts
        ("sun", False),  # another department, no post
    ],
)
def test_numbers_are_shown_to_the_house_and_to_who_leads_it(who, reader, sees):
    reader = getattr(who, reader)
    for page in (
        page_of(who.li),
        f"/people/?q={who.li.name}",
        reverse("people:unit", args=[who.section.pk]),
        f"/search/?q={who.li.name}",
    ):
        assert reads_number(who, reader, page) is sees, page


def test_a_colleague_of_the_same_department_sees_the_number(who):
    colleague = make_person("同事甲", who.school)
    assert reads_number(who, colleague, page_of(who.li))
    stranger = make_person("局外人", who.root)
    assert not reads_number(who, stranger, page_of(who.li))


def test_pages_of_people_logged_in_are_stored_nowhere(who):
    client = as_(who.li)
    for page in ("/people/", page_of(who.li), "/people/pick/?q=w", "/nothing/"):
        assert client.get(page)["Cache-Control"] == "private, no-store", page
    assert "Cache-Control" not in Client().get("/people/")


def test_what_says_itself_how_it_is_kept_stays_so(who, rf):
    from django.http import HttpResponse

    from luoshi.people.middleware import AccountMiddleware

    def download(request):
        return HttpResponse("x", headers={"Cache-Control": "private, max-age=600"})

    request = rf.get("/x/")
    request.user, request.session = who.li, as_(who.li).session
    assert AccountMiddleware(download)(request)["Cache-Control"] == "private, max-age=600"
