"""The frame: menu by power, counts, year, star."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import RequestFactory
from django.urls import NoReverseMatch

from luoshi.desk import context
from luoshi.desk.context import Entry, Group, Shell, counts_key, menu_for, page_url
from luoshi.desk.queries.portrait import _ACTS
from luoshi.notices import kinds
from luoshi.people.roles import Duty, Power
from luoshi.people.tests.factories import cast, seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def labels(groups):
    return [str(group.label) for group in groups]


def test_a_page_that_does_not_exist_has_no_address():
    assert page_url("no:such") == ""
    assert page_url("no:such", "home") == "/"


def test_menu_leaves_out_groups_without_a_page_for_the_person(people, monkeypatch):
    entries = (Entry("日历", "calendar", "periods:calendar", (Power.EDIT_CALENDAR,)),)
    nowhere = Group("没有", "x", (Entry("没有", "x", "no:such"),))
    monkeypatch.setattr(context, "NAV", (Group("系统", "settings", entries), nowhere))
    assert labels(menu_for(people.chen)) == ["系统"]
    assert labels(menu_for(people.sun)) == []


def test_every_entry_of_the_menu_has_a_label_and_an_icon_of_the_sprite():
    names = set((Path(settings.PACKAGE) / "kit" / "icons.txt").read_text().split("\n"))
    for group in context.NAV:
        assert group.icon in names
        for entry in group.entries:
            assert entry.icon in names, entry.icon
            assert str(entry.label)


def test_every_icon_a_template_names_is_in_the_sprite():
    package = Path(settings.PACKAGE)
    names = set((package / "kit" / "icons.txt").read_text().split("\n"))
    named = re.compile(r"""\bicon=["']([a-z0-9-]+)["']""")
    for template in package.rglob("*.html"):
        strange = set(named.findall(template.read_text())) - names
        assert not strange, f"{template.name}: {strange}"


def test_every_act_of_a_task_has_an_icon_of_the_sprite():
    names = set((Path(settings.PACKAGE) / "kit" / "icons.txt").read_text().split("\n"))
    assert {icon for _verb, _label, icon, *_more in _ACTS} <= names


def test_every_kind_of_message_has_an_icon_of_the_sprite():
    names = set((Path(settings.PACKAGE) / "kit" / "icons.txt").read_text().split("\n"))
    assert {kind.icon for kind in kinds._KINDS.values()} <= names


def test_the_longest_fitting_address_is_marked(people):
    groups = menu_for(people.chen, "/messages/17/")
    marked = [str(link.label) for group in groups for link in group.items if link.current]
    assert marked == ["消息"]
    groups = menu_for(people.chen, "/")
    assert [str(link.label) for g in groups for link in g.items if link.current] == ["工作台"]


def test_importing_people_belongs_to_units_and_people(people):
    for path in ("/people/import/people/", "/people/import/units/apply/", "/people/units/3/"):
        groups = menu_for(people.admin, path)
        marked = [str(link.label) for g in groups for link in g.items if link.current]
        assert marked == ["单位和人员"], path


def test_audit_administrator_gets_the_trail(people):
    assert "trail" not in {i.url.strip("/") for g in menu_for(people.sun) for i in g.items}
    seat(people.sun, people.root, Duty.AUDIT_ADMIN)
    assert "trail" in {i.url.strip("/") for g in menu_for(people.sun) for i in g.items}


def test_shell_of_nobody_asks_nothing(django_assert_num_queries):
    request = RequestFactory().get("/")
    shell = Shell(request)
    with django_assert_num_queries(0):
        assert shell.nav == []
        assert shell.counts is None
        assert shell.star_url == ""
        assert shell.search_url == ""


def test_counts_are_those_kept_for_the_person(people, client):
    cache.set(counts_key(people.li.pk), {"work": 4, "unread": 2})
    client.force_login(people.li)
    page = client.get("/search/").content.decode()
    assert 'id="shell-work">4<' in page
    assert '<b class="top-badge">2<' in page


def test_frame_survives_a_page_without_counts(people, client):
    client.force_login(people.li)
    page = client.get("/search/").content.decode()
    assert 'hx-trigger="load, every 30s' in page


def test_names_of_the_menu_are_urls_or_missing():
    for group in context.NAV:
        for entry in group.entries:
            try:
                context.reverse(entry.page)
            except NoReverseMatch:
                assert page_url(entry.page) == ""


def test_the_menu_is_kept_for_each_page_language_and_count(people, client):
    client.force_login(people.sun)
    current = '<a class="nav-item nav-top" href="/" aria-current="page"'
    assert current in client.get("/").content.decode()
    page = client.get("/tasks/").content.decode()
    assert current not in page
    assert '<a class="nav-item" href="/tasks/" aria-current="page" title="任务列表">' in page
    cache.set(counts_key(people.sun.pk), {"work": 7, "unread": 0})
    assert 'id="shell-work">7<' in client.get("/tasks/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert 'title="Task list"' in client.get("/tasks/").content.decode()
