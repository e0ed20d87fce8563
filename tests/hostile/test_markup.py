"""Script in anything that can be stored stays text on every page that shows it.

Every text column of every row is filled with markup, behind the services' back where they would
refuse it, and every address is asked for. Whatever a later room stores is covered by itself.
"""

import html
import json
import re

import pytest
from django.apps import apps
from django.db import models, transaction

from luoshi.desk.management.doors import DOORS, Who
from luoshi.intake.models import ImportBatch
from luoshi.people.models import Favourite, Person
from luoshi.people.services import keeping
from luoshi.tasks.models import OwnValue, Task
from luoshi.tasks.services import taking_part
from tests.hostile.conftest import url_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MARKUP = "'\"><img src=x onerror=alert(1)>"
LINK = "javascript:alert(1)"
#: Columns that are no text of anybody's: keys, places, words of a list; and what is HTML by
#: purpose and was cleaned when it was made (files: tests/test_readers.py).
NOT_TEXT = {
    "path", "key", "password", "account", "sha256", "about_kind", "verb", "form", "url", "color",
    "colour", "language", "html", "grams", "hash", "prev", "seal", "digest", "kind", "mime",
    "rhythm", "duty", "state", "place", "code", "diagnose_in",
    "period", "unit_code", "session_key", "suffix", "session_data",
}  # fmt: skip


def _columns(model: type[models.Model]) -> list[models.Field]:
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not field.choices
        and field.name not in NOT_TEXT
        and not field.primary_key
        and (field.max_length is None or field.max_length >= len(MARKUP))
    ]


def _plant(text: str) -> set[str]:
    """Fill every text column; the columns that took it."""
    planted = set()
    for model in apps.get_models():
        if not model.__module__.startswith("luoshi.") or model._meta.app_label in (
            "trail",
            "search",
        ):
            continue
        for field in _columns(model):
            for pk in model.objects.values_list("pk", flat=True):
                unique = f"{text}{pk}" if field.unique else text
                try:
                    with transaction.atomic():
                        model.objects.filter(pk=pk).update(**{field.name: unique})
                except Exception:  # noqa: BLE001 — a rule of the database said no
                    continue
                planted.add(f"{model._meta.label}.{field.name}")
    return planted


@pytest.fixture(scope="module")
def dirty(world):
    """The world with something in every drawer, and the drawers full of markup."""
    taking_part.set_milestones(
        world.hidden,
        [("节点", world.hidden.due, None)],
        by=world.people.chen.actor,
        rev=Task.objects.get(pk=world.hidden.pk).rev,
    )
    keeping.toggle_favourite(world.master, url="/tasks/", title="任务")
    keeping.save_draft(world.master, form="/tasks/register/", data={"title": [MARKUP]})
    from luoshi.notices.services import notify

    about = {"about": world.hidden.ref, "title": "题", "by": world.people.chen.actor}
    notify([world.master.pk], "task.comment", **about)
    world.markup = _plant(MARKUP)
    return world


def test_every_drawer_people_write_in_was_filled(dirty):
    """The ones the issue names, and more; a column renamed away would show here."""
    wanted = {
        "tasks.Task.title", "tasks.Task.details", "tasks.Task.standard",
        "tasks.Task.origin_document", "tasks.Task.number", "tasks.Remark.text",
        "tasks.Milestone.name", "reports.Report.body", "people.Unit.name",
        "people.Unit.short_name", "people.Person.name", "people.Post.title", "people.Body.name",
        "people.Meeting.topic", "people.Favourite.title", "people.UnitKind.name",
        "files.Attachment.name", "measures.Category.name", "measures.Measure.name",
        "measures.Programme.name", "notices.Message.title", "intake.ImportBatch.name",
        "intake.UnresolvedName.text",
    }  # fmt: skip
    assert wanted <= dirty.markup, sorted(wanted - dirty.markup)
    assert {OwnValue, Favourite, ImportBatch, Person} <= set(apps.get_models())


def _pages(dirty, knock):
    """Every address with a GET door, as a browser and as htmx ask for it."""
    for name, door in DOORS.items():
        if "GET" not in door.methods or door.who == Who.BUILDERS:
            continue
        for headers in ({}, HTMX):
            yield name, knock(dirty.master, "GET", url_of(dirty, name), **headers)
    tried = {
        "home of the owner": (dirty.people.li, "/"),
        "owed by the owner": (dirty.people.li, "/owed/"),
        "a report": (dirty.people.li, f"/tasks/{dirty.hidden.pk}/reports/submit/"),
        "a break-down": (dirty.people.li, f"/tasks/{dirty.hidden.pk}/break-down/"),
        "an amendment": (
            dirty.people.li,
            f"/tasks/{dirty.hidden.pk}/reports/{dirty.report.pk}/amend/",
        ),
        "the month of the owner": (dirty.people.li, "/reports/month/"),
        "the months to come": (dirty.people.li, "/reports/month/?month=2026-12"),
        "a diagnosis": (dirty.people.li, f"/tasks/{dirty.hidden.pk}/diagnosis/write/"),
        "a score": (dirty.people.zhao, f"/tasks/{dirty.hidden.pk}/assess/"),
        "scores": (dirty.people.zhao, "/assess/"),
        "the messages of somebody": (dirty.people.sun, "/messages/"),
        "the views of somebody": (dirty.people.sun, "/people/views/?page=task-list"),
        "a view of somebody": (dirty.people.sun, f"/people/views/{dirty.view.pk}/edit/"),
        "a list that came back": (dirty.people.sun, f"/import/changes/{dirty.returned.pk}/"),
        "lists that came back": (dirty.people.sun, "/import/changes/"),
        "the help of somebody": (dirty.people.sun, "/messages/help/"),
        "found": (dirty.master, "/search/?q=img"),
        "people found": (dirty.master, "/people/?q=img"),
        "picked": (dirty.master, "/people/pick/?q=img"),
        "units picked": (dirty.master, "/people/pick-units/?q=img"),
        "the list filtered": (dirty.master, f"/tasks/?q={MARKUP}&person={dirty.people.li.pk}"),
        "the trail filtered": (dirty.master, f"/trail/?words={MARKUP}&about={MARKUP}"),
        "what is not there": (dirty.master, f"/people/import/{MARKUP}/"),
        "asked to return": (dirty.master, f"/people/account/?next={MARKUP}&{MARKUP}={MARKUP}"),
    }
    for show in ("waiting", "asked", "answered"):
        tried[f"transfers {show}"] = (dirty.people.sun, f"/transfers/?show={show}")
    for view in ("reports", "units", "tasks", "dues"):
        below = f"&scope=below&task={dirty.hidden.pk}"
        for more in ("", below, f"&q={MARKUP}&who={MARKUP}"):
            tried[f"feedback {view}{more}"] = (dirty.master, f"/feedback/?view={view}{more}")
    for kind in ("reports", "diagnoses", "months"):
        url = f"/timeliness/rows/?kind={kind}&unit={dirty.section.pk}&period={MARKUP}"
        tried[f"timeliness of {kind}"] = (dirty.master, url)
    for name, (person, url) in tried.items():
        yield name, knock(person, "GET", url)


def test_no_page_holds_it_unescaped(dirty, knock):
    wrong, shown = [], 0
    for name, answer in _pages(dirty, knock):
        if answer.streaming:
            continue
        kind = answer.headers.get("Content-Type", "")
        text = answer.content.decode(errors="replace")
        if not kind.startswith("text/html"):
            if "nosniff" not in answer.headers.get("X-Content-Type-Options", ""):
                wrong.append(f"{name}: {kind} may be taken for a page")
            continue
        shown += html.escape("<img src=x") in text
        for cut in re.finditer(r"<img src=x|<[a-z][^<>]*onerror=alert\(1\)[^<>]*>", text):
            if cut.group() == "<img src=x" or _runs(cut.group()):
                start = max(cut.start() - 60, 0)
                wrong.append(f"{name}: …{text[start : cut.end() + 20]!r}")
    assert not wrong, "\n".join(wrong)
    assert shown > 60


def _runs(tag: str) -> bool:
    """Whether the handler is an attribute of the tag, not text inside a quoted value."""
    bare = re.sub(r'"[^"]*"', '""', tag)
    return "onerror=" in re.sub(r"'[^']*'", "''", bare)


def test_the_data_of_charts_is_data(dirty, knock):
    """JSON is sent as JSON, and inside a page it cannot end the element it stands in."""
    answer = knock(dirty.master, "GET", "/gantt/data/")
    assert answer.headers["Content-Type"] == "application/json"
    assert MARKUP in json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')
    page = knock(dirty.master, "GET", "/mosaic/").content.decode()
    for script in re.findall(r"<script[^>]*json[^>]*>(.*?)</script>", page, re.S):
        assert "<" not in script


def test_sentences_for_toasts_and_headers_are_plain(dirty, knock):
    """What a header says cannot begin a new header, and is text when it is shown."""
    data = {"on": "1"}
    answer = knock(dirty.master, "POST", f"/tasks/{dirty.hidden.pk}/follow/", data, **HTMX)
    assert answer.status_code == 204
    for header, value in answer.headers.items():
        assert value.isascii(), header
        assert "\n" not in value
    url = f"/people/persons/{dirty.staff.pk}/unlock/"
    answer = knock(dirty.people.guard, "POST", url, **HTMX)
    assert all("\n" not in value and "\r" not in value for value in answer.headers.values())


def test_no_text_becomes_the_target_of_a_link(world, knock):
    """``javascript:`` in a text is never an address of a link, a form or a picture."""
    with transaction.atomic():
        _plant(LINK)
        wrong = []
        for name, answer in _pages(world, knock):
            if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
                continue
            text = html.unescape(answer.content.decode(errors="replace"))
            for attribute in re.findall(
                r'\b(?:href|src|action|formaction|hx-[a-z]+)="\s*javascript:', text
            ):
                wrong.append(f"{name}: {attribute}")
        transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)
