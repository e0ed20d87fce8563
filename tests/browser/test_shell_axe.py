"""The frame, home and every component: accessible, no sideways scrolling, keys work."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from luoshi.kit import clock
from luoshi.people.models import Draft, Person
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, seat
from luoshi.tasks.tests.factories import draft, issued, make_set

#: Screens of an office desk, a phone, and the narrowest phone in use.
SIZES = [(1440, 900), (390, 844), (360, 740)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    people = cast()
    seat(people.sun, people.root, Duty.AUDIT_ADMIN)
    category = make_set(sign_off="always")
    year = clock.today().year
    for title in ("建成实训基地", "<img src=x onerror=alert(1)>"):
        due = clock.today() + dt.timedelta(days=3)
        issued(category, people.chen, people.school.pk, title=title, due=due, year=year)
        draft(category, people.chen, people.school.pk, title=title, year=year)
    return people


def enter(page: Page, live_server: Any, client: Any, person: Person) -> None:
    client.force_login(person)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([{**cookie, "url": live_server.url}])


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for fault in found
        for node in fault["nodes"]
    ]


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("wang", "/"),
        ("chen", "/"),
        ("li", "/"),
        ("chen", "/search/?q=实训"),
        ("chen", "/search/"),
        ("chen", "/calendar/"),
        ("chen", "/calendar/2026-11-20/"),
        ("sun", "/trail/"),
        ("chen", "/owed/"),
        ("chen", "/nowhere/"),
        ("li", "/trail/"),
    ],
)
def test_pages_are_clean(page, live_server, client, people, who, path, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, live_server, client, getattr(people, who))
    page.goto(live_server.url + path)
    assert faults(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_every_component_is_clean(page, live_server, client, people, settings, size):
    settings.DEBUG = True
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, live_server, client, people.chen)
    page.goto(live_server.url + "/style/")
    assert faults(page) == []
    assert overflow(page) <= 0


def test_log_in_is_clean(page, live_server, people):
    page.goto(live_server.url + "/people/login/")
    assert faults(page) == []


def test_keys(page, live_server, client, people):
    enter(page, live_server, client, people.wang)
    page.goto(live_server.url + "/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#keys[open]").is_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.locator(".work-row.is-at").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks/*/")


def test_the_dialog_opens_signs_and_says_so(page, live_server, client, people):
    enter(page, live_server, client, people.wang)
    page.goto(live_server.url + "/")
    row = page.locator(".work-row", has_text="待签收").filter(has_text="建成实训基地")
    row.get_by_role("link", name="签收").click()
    box = page.locator("#dialog[open]")
    box.wait_for()
    assert faults(page) == []
    box.locator("form button.btn-primary").click()
    box.wait_for(state="hidden")
    page.locator(".toast-line").wait_for()
    row.wait_for(state="detached")
    assert page.locator(".work-row", has_text="待签收").count() == 1


def test_the_drawer_opens_and_closes_on_a_phone(page, live_server, client, people):
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, live_server, client, people.chen)
    page.goto(live_server.url + "/")
    assert not page.locator("#nav").is_visible()
    page.locator("[data-nav-open]").click()
    page.locator("#nav").get_by_role("link", name="节假日和工作日").wait_for()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator("#nav").wait_for(state="hidden")


def test_a_star_stays_on_the_page_and_stands_at_home(page, live_server, client, people):
    enter(page, live_server, client, people.chen)
    page.goto(live_server.url + "/calendar/")
    page.locator(".star button").click()
    page.locator('.star button[aria-pressed="true"]').wait_for()
    assert page.url == live_server.url + "/calendar/"
    page.goto(live_server.url + "/")
    assert page.locator("#favourites a").inner_text() == "节假日和工作日"


def test_a_title_with_a_script_stays_text(page, live_server, client, people):
    page.on("dialog", lambda box: pytest.fail("a title ran as a script"))
    enter(page, live_server, client, people.chen)
    page.goto(live_server.url + "/search/?q=onerror")
    assert page.locator(".found-title").first.inner_text() == "<img src=x onerror=alert(1)>"


def test_a_draft_saves_itself_comes_back_and_goes_when_sent(page, live_server, client, people):
    enter(page, live_server, client, people.chen)
    page.goto(live_server.url + "/tasks/register/")
    page.locator("#id_title").fill("写到一半的任务")
    page.locator(".draft-note", has_text="草稿已保存").wait_for()
    page.goto(live_server.url + "/")
    page.goto(live_server.url + "/tasks/register/")
    page.locator(".draft-note").wait_for()
    assert page.locator("#id_title").input_value() == "写到一半的任务"
    draft = Draft.objects.get(person=people.chen)
    assert draft.form == "/tasks/register/"
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    sent = {"draft_of": draft.form, "year": "2026", "next": "/", "csrfmiddlewaretoken": token}
    page.request.post(live_server.url + "/year/", form=sent)
    assert not Draft.objects.exists()


def test_a_form_gone_back_to_and_changed_is_another_thing(page: Page, live_server, client, people):
    """The browser shows the sent page again as it was, with the same hidden key."""
    enter(page, live_server, client, people.chen)
    page.goto("/tasks/register/")
    key = page.locator("main form [name=key]").first
    sent = key.input_value()
    page.evaluate(
        """() => {
          for (const form of document.forms) form.dataset.sending = "yes";
          dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        }"""
    )
    assert key.input_value() == sent
    page.locator("#id_title").fill("另一项任务")
    renewed = key.input_value()
    assert renewed != sent
    assert len(renewed) == 32
    page.locator("#id_title").fill("另一项任务，改了字")
    assert key.input_value() == renewed
