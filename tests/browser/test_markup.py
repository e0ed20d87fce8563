"""Markup in titles and names stays text where scripts of ours draw: charts, pickers, toasts."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from luoshi.kit import clock
from luoshi.people.models import Person
from luoshi.people.services import keeping
from luoshi.people.tests.factories import cast, make_unit
from luoshi.tasks.tests.factories import issued, make_set

MARKUP = "\"'><img src=x onerror=alert(1)>"
#: What is drawn on each page before we look.
DRAWN = {
    "/": "#desk-work",
    "/tasks/": ".grid tbody tr",
    "/gantt/": "[role=row], .gantt-row, canvas, svg",
    "/mosaic/": "canvas, svg, table",
    "/search/?q=img": ".found-title",
    "/messages/": "main",
    "/people/": ".tree a",
    "/people/account/": "main",
}


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    people = cast()
    unit = make_unit(MARKUP, people.root, short_name=MARKUP)
    for person in (people.li, people.wang):
        Person.objects.filter(pk=person.pk).update(name=MARKUP)
    year = clock.today().year
    category = make_set(sign_off="never")
    people.task = issued(
        category,
        people.chen,
        unit.pk,
        owner_id=people.li.pk,
        title=MARKUP,
        details=MARKUP,
        standard=MARKUP,
        due=clock.today() + dt.timedelta(days=3),
        year=year,
    )
    keeping.toggle_favourite(people.chen, url="/tasks/", title=MARKUP)
    keeping.save_draft(people.chen, form="/tasks/register/", data={"title": [MARKUP]})
    return people


@pytest.fixture
def enter(page: Page, live_server: Any, client: Any, people: SimpleNamespace) -> Any:
    page.on("dialog", lambda box: pytest.fail("markup ran as a script"))
    client.force_login(people.chen)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([{**cookie, "url": live_server.url}])
    return lambda path: page.goto(live_server.url + path)


def pictures(page: Page) -> int:
    """Elements that the markup would have made."""
    return page.locator('img[src="x"], [onerror]').count()


@pytest.mark.parametrize("path", DRAWN)
def test_pages_that_draw_themselves(page: Page, enter: Any, path: str) -> None:
    enter(path)
    page.locator(DRAWN[path]).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    assert pictures(page) == 0


def test_a_bar_of_the_gantt_and_its_panel(page: Page, enter: Any, people: SimpleNamespace) -> None:
    enter("/gantt/")
    text = page.locator("#gantt").get_by_text("<img src=x").first
    text.wait_for()
    text.click()
    page.wait_for_load_state("networkidle")
    assert pictures(page) == 0


def test_a_picker_offers_names_as_text(page: Page, enter: Any, people: SimpleNamespace) -> None:
    enter("/tasks/register/")
    box = page.locator("#id_unit")
    box.fill("img")
    page.locator("[role=option]").first.wait_for()
    assert "<img" in page.locator("[role=option]").first.inner_text()
    page.locator("[role=option]").first.click()
    assert pictures(page) == 0


def test_a_draft_is_given_back_as_text(page: Page, enter: Any, people: SimpleNamespace) -> None:
    enter("/tasks/register/")
    expect(page.locator("#id_title")).to_have_value(MARKUP)
    assert pictures(page) == 0


def test_a_toast_says_names_as_text(page: Page, enter: Any, people: SimpleNamespace) -> None:
    enter("/tasks/")
    page.evaluate(
        "said => document.body.dispatchEvent("
        "new CustomEvent('toast', {detail: {value: said}, bubbles: true}))",
        MARKUP,
    )
    page.locator(".toast-line").first.wait_for()
    assert "<img" in page.locator(".toast-line").first.inner_text()
    assert pictures(page) == 0
