"""Views people keep of lists: what they say, who opens them, what the trail hears."""

import pytest
from django.urls import reverse

from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people import rules
from luoshi.people.models import OpeningView, SavedView
from luoshi.people.queries import viewing as queries
from luoshi.people.roles import Duty
from luoshi.people.services import viewing as services
from luoshi.people.tests.factories import cast, make_person, seat
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db
KEY = "b" * 32


@pytest.fixture
def people():
    return cast()


def keep(person, name="逾期任务", query="health=late&scope=department", **more):
    return services.save_view(person, page="task-list", name=name, query=query, **more)


def share(view, unit, **more):
    values = {"name": view.name, "rev": view.rev, "by": view.person.actor, **more}
    services.edit_view(view, unit=unit, **values)
    view.refresh_from_db()
    return view


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("?unit=3&health=late&after=x~1&saved=4", "health=late&unit=3"),
        ("health=&unit=3&evil=1", "unit=3"),
        ("q=%E5%85%9A%E5%BB%BA", "q=%E5%85%9A%E5%BB%BA"),
        ("q=a%00b", "q=a%00b"),
        ("", ""),
    ],
)
def test_a_view_keeps_the_filters_it_knows_in_one_order(typed, kept):
    assert rules.view_query(typed, {"unit", "health", "q"}) == kept


def test_filters_have_an_end():
    assert rules.query_stands("x" * 1000)
    assert not rules.query_stands("x" * 1001)


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────


def test_a_view_is_kept_once_however_often_its_form_is_sent(people):
    first, second = keep(people.li, key=KEY), keep(people.li, key=KEY)
    assert first == second
    assert SavedView.objects.get().query == "health=late&scope=department"
    assert not Event.objects.filter(about_kind="view").exists()


def test_a_name_is_used_once_by_one_person_on_one_page(people):
    keep(people.li)
    with pytest.raises(Refused) as told:
        keep(people.li, name=" 逾期任务 ")
    assert told.value.field == "name"
    keep(people.wang)
    services.save_view(people.li, page="gantt", name="逾期任务", query="")
    assert SavedView.objects.count() == 3


@pytest.mark.parametrize("name", ["", "。。。"])
def test_a_view_needs_a_name(people, name):
    with pytest.raises(Refused):
        keep(people.li, name=name)
    assert not SavedView.objects.exists()


def test_pages_that_keep_no_views_are_refused(people):
    with pytest.raises(Refused):
        services.save_view(people.li, page="home", name="我的", query="")
    assert not SavedView.objects.exists()


def test_there_is_an_end_to_views(people, monkeypatch):
    monkeypatch.setattr(services, "MOST_VIEWS", 1)
    keep(people.li)
    with pytest.raises(Refused):
        keep(people.li, name="第二个")
    assert SavedView.objects.count() == 1


def test_replacing_keeps_the_name_and_refuses_who_saw_an_older_one(people):
    view = keep(people.li)
    services.replace_view(view, query="health=done", rev=0, by=people.li.actor)
    with pytest.raises(Stale):
        services.replace_view(view, query="health=idle", rev=0, by=people.li.actor)
    view.refresh_from_db()
    assert (view.name, view.query, view.rev) == ("逾期任务", "health=done", 1)


# ── sharing ──────────────────────────────────────────────────────────────────────────────────────


def test_a_shared_view_is_found_by_the_unit_and_the_trail_knows(people):
    colleague = make_person("钱工", people.section)
    view = share(keep(people.wang), people.school)
    for person in (people.li, colleague):
        assert list(queries.views_shared_with(person, "task-list")) == [view]
    for person in (people.sun, people.wang):
        assert not queries.views_shared_with(person, "task-list").exists()
    event = Event.objects.get(about_kind="view", about_id=view.pk)
    assert event.verb == "view.share"
    assert event.by_id == people.wang.pk


def test_taking_back_and_deleting_a_shared_view_is_told(people):
    view = share(keep(people.wang), people.school)
    share(view, None)
    assert not queries.views_shared_with(people.li, "task-list").exists()
    share(view, people.school)
    services.delete_view(view, by=people.wang.actor)
    verbs = Event.objects.filter(about_kind="view").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["view.share", "view.withdraw", "view.share", "view.withdraw"]


def test_renaming_alone_is_no_news(people):
    view = share(keep(people.li), None, name="逾期")
    assert view.name == "逾期"
    assert not Event.objects.filter(about_kind="view").exists()


def test_who_shares_with_which_units(people):
    def offered(person):
        person.__dict__.pop("_powers", None)
        return {unit.pk for unit in queries.units_to_share_with(person)}

    assert offered(people.li) == {people.section.pk, people.school.pk}
    assert offered(people.sun) == {people.other.pk}
    assert people.root.pk in offered(people.chen)  # looks after all tasks
    seat(people.sun, people.office, Duty.HEAD)
    assert offered(people.sun) == {people.other.pk, people.office.pk}


def test_a_view_is_not_shared_with_a_strange_unit(people):
    view = keep(people.li)
    with pytest.raises(NotAllowed):
        share(view, people.other)
    view.refresh_from_db()
    assert view.unit is None


def test_only_the_owner_changes_a_view(people):
    view = share(keep(people.wang), people.school)
    by = people.li.actor
    with pytest.raises(NotAllowed):
        services.replace_view(view, query="", rev=view.rev, by=by)
    with pytest.raises(NotAllowed):
        share(view, None, by=by)
    with pytest.raises(NotAllowed):
        services.delete_view(view, by=by)
    view.refresh_from_db()
    assert view.unit == people.school


# ── opening a page ───────────────────────────────────────────────────────────────────────────────


def test_a_page_opens_with_a_view_as_long_as_it_is_open(people):
    view = share(keep(people.wang), people.school)
    services.open_with(people.li, page="task-list", view=view)
    assert queries.opening_view(people.li, "task-list") == view
    assert queries.opening_view(people.li, "gantt") is None
    share(view, None)
    assert queries.opening_view(people.li, "task-list") is None
    services.open_with(people.li, page="task-list", view=None)
    assert not OpeningView.objects.exists()


def test_nobody_opens_a_page_with_a_view_of_others(people):
    view = keep(people.wang)
    with pytest.raises(Refused):
        services.open_with(people.li, page="task-list", view=view)
    assert not OpeningView.objects.exists()


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_of_views_keeps_what_the_page_shows(client, people):
    client.force_login(people.li)
    asked = {"page": "task-list", "query": "health=late&after=3"}
    page = client.get(reverse("people:views"), asked).content.decode()
    assert 'value="health=late"' in page
    sent = {"page": "task-list", "query": "health=late", "name": "逾期", "key": KEY}
    answer = client.post(reverse("people:save_view"), sent)
    view = SavedView.objects.get()
    assert answer.url == f"/tasks/?health=late&saved={view.pk}"
    again = client.post(reverse("people:save_view"), {**sent, "key": "c" * 32})
    assert again.status_code == 422
    assert "您已有同名视图" in again.content.decode()
    assert client.get("/tasks/").status_code == 200
    client.post(reverse("people:opening_view"), {"page": "task-list", "view": view.pk})
    assert client.get("/tasks/").url == f"/tasks/?health=late&saved={view.pk}"
    assert client.get("/tasks/?scope=all").status_code == 200
    assert "视图：逾期" in client.get(f"/tasks/?health=late&saved={view.pk}").content.decode()


def test_htmx_is_led_to_the_view(client, people):
    client.force_login(people.li)
    sent = {"page": "gantt", "query": "unit=3", "name": "甘特", "key": KEY}
    answer = client.post(reverse("people:save_view"), sent, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/gantt/?unit=3&saved={SavedView.objects.get().pk}"


def test_views_of_others_are_not_there(client, people):
    view = keep(people.wang)
    client.force_login(people.li)
    assert client.get(reverse("people:open_view", args=[view.pk])).status_code == 404
    share(view, people.school)
    assert client.get(reverse("people:open_view", args=[view.pk])).status_code == 302
    for name in ("edit_view", "delete_view", "replace_view"):
        assert client.post(reverse(f"people:{name}", args=[view.pk])).status_code == 404
    assert SavedView.objects.count() == 1
    page = client.get(reverse("people:views"), {"page": "task-list"}).content.decode()
    assert "王建国" in page
    assert "共享给机电学院" in page


def test_sharing_by_form(client, people):
    view = keep(people.wang)
    client.force_login(people.wang)
    url = reverse("people:edit_view", args=[view.pk])
    assert "机电工程学院" in client.get(url).content.decode()
    sent = {"name": "全院逾期", "unit": people.school.pk, "rev": 0}
    assert client.post(url, sent).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.unit) == ("全院逾期", people.school)
    assert client.post(url, sent).status_code == 409
    assert client.post(url, {**sent, "rev": 1, "unit": people.other.pk}).status_code == 422
    asked = client.get(reverse("people:delete_view", args=[view.pk])).content.decode()
    assert "已共享给机电工程学院" in asked
    client.post(reverse("people:delete_view", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_the_list_costs_the_same_for_one_view_and_three(
    client, people, django_assert_max_num_queries
):
    client.force_login(people.wang)
    url = f"{reverse('people:views')}?page=task-list"
    for n in range(3):
        share(keep(people.wang, name=f"视图{n}"), people.school)
        client.get(url)
        with django_assert_max_num_queries(12):
            client.get(url)
