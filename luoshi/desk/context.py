"""What every page shows around its content: menu, year, counts, star (DESIGN: Frame)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from django.core.cache import cache as kept
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from luoshi.desk.queries import shell as queries
from luoshi.kit import clock
from luoshi.kit.year import chosen_year
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.people.roles import Power

Label = str | Promise


@dataclass(frozen=True)
class Entry:
    """One line of the menu: shown if its page exists and the person has one of the powers."""

    label: Label
    icon: str
    page: str
    powers: tuple[Power, ...] = ()
    counted: str = ""
    also: tuple[str, ...] = ()  # beginnings of further addresses that belong to it


@dataclass(frozen=True)
class Group:
    """One job of the menu. A group that is one page of its own name stands without a heading."""

    label: Label
    icon: str
    entries: tuple[Entry, ...]


@dataclass
class Link:
    """An entry as this person sees it."""

    label: Label
    icon: str
    url: str
    current: bool = False
    counted: str = ""
    also: tuple[str, ...] = ()


@dataclass
class Links:
    """A group as this person sees it."""

    label: Label
    icon: str
    items: list[Link] = field(default_factory=list)

    @property
    def single(self) -> bool:
        return len(self.items) == 1 and self.items[0].label == self.label


NAV: tuple[Group, ...] = (
    Group(_("Desk"), "home", (Entry(_("Desk"), "home", "home", counted="work"),)),
    Group(
        _("Goals"),
        "target-arrow",
        (Entry(_("Measures"), "book", "measures:index"),),
    ),
    Group(
        pgettext_lazy("menu", "Tasks"),
        "checklist",
        (
            Entry(_("Task list"), "list-details", "task-list"),
            Entry(_("Gantt"), "chart-gantt", "gantt"),
            Entry(_("Mosaic"), "chart-treemap", "mosaic"),
            Entry(_("Transfers"), "switch-horizontal", "changes:index"),
            Entry(_("Register"), "plus", "tasks:register", (Power.REGISTER,)),
            Entry(_("Import a task table"), "table-import", "intake:index", (Power.IMPORT,)),
            Entry(
                _("Change lists"),
                "table-export",
                "intake:change_lists",
                (Power.REGISTER, Power.IMPORT),
            ),
        ),
    ),
    Group(
        pgettext_lazy("menu", "Reports"),
        "message-report",
        (
            Entry(_("Month on one page"), "calendar-event", "reports:month", counted="month"),
            Entry(pgettext_lazy("menu", "Reports owed"), "message-report", "owed"),
            Entry(_("Feedback query"), "report-search", "feedback"),
            Entry(_("Final results"), "report-analytics", "reports:sets"),
            Entry(_("Year-end material"), "file-zip", "reports:packs", (Power.SEE,)),
        ),
    ),
    Group(
        pgettext_lazy("menu", "Assessment"),
        "clipboard-check",
        (
            Entry(_("Tasks to score"), "clipboard-check", "assessment:many"),
            Entry(_("Assessment query"), "clipboard-list", "assessments"),
            Entry(_("Timeliness"), "chart-bar", "timeliness"),
        ),
    ),
    Group(
        _("Diagnosis and improvement"),
        "stethoscope",
        (Entry(_("Diagnosis and improvement"), "stethoscope", "diagnoses"),),
    ),
    Group(
        _("Statistics"),
        "chart-bar",
        (Entry(_("Statistics"), "chart-bar", "statistics"),),
    ),
    Group(
        _("Information"),
        "bell",
        (
            Entry(_("Messages"), "bell", "notices:inbox"),
            Entry(_("Directory"), "users", "people:directory"),
        ),
    ),
    Group(
        _("System"),
        "settings",
        (
            Entry(
                _("Units and people"),
                "sitemap",
                "people:units",
                (Power.EDIT_PEOPLE,),
                also=("/people/import/", "/people/posts/", "/people/tenures/"),
            ),
            Entry(_("Accounts"), "key", "people:accounts", (Power.EDIT_ACCOUNTS,)),
            Entry(
                _("Holidays and working days"),
                "calendar",
                "periods:calendar",
                (Power.EDIT_CALENDAR,),
            ),
            Entry(_("Trail"), "history", "trail", (Power.READ_TRAIL,)),
        ),
    ),
)

#: Pages the frame links to; where several names stand the first that exists is taken.
YEAR, SEARCH, COUNTS = ("year",), ("search",), ("counts",)
MESSAGES = ("notices:inbox",)
ACCOUNT = ("people:account",)
HELP = ("notices:help",)
LOGOUT = ("people:logout",)
STAR = ("people:favourite",)
LANGUAGE = ("people:language",)

COUNTS_KEPT = 30  # seconds
NAMES_KEPT = 300  # seconds


@cache
def page_url(*names: str) -> str:
    """Address of the first page of these names that exists; empty if none does."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def menu_for(person: Person, path: str = "") -> list[Links]:
    """The groups with at least one page the person may enter; the page at ``path`` is marked."""
    powers = powers_of(person)
    groups = [_links(group, powers) for group in NAV]
    shown = [group for group in groups if group.items]
    _mark(shown, path)
    return shown


def _links(group: Group, powers: Any) -> Links:
    links = Links(group.label, group.icon)
    for entry in group.entries:
        open_to = not entry.powers or any(powers.has(power) for power in entry.powers)
        if open_to and (url := page_url(entry.page)):
            links.items.append(
                Link(entry.label, entry.icon, url, counted=entry.counted, also=entry.also)
            )
    return links


def _mark(groups: Sequence[Links], path: str) -> None:
    """Mark the link whose address is the longest beginning of the path."""
    links = [link for group in groups for link in group.items]
    fitting = [
        (len(start), place)
        for place, link in enumerate(links)
        for start in (link.url, *link.also)
        if path == start or _under(path, start)
    ]
    if fitting:
        links[max(fitting)[1]].current = True


def _under(path: str, url: str) -> bool:
    return url != "/" and path.startswith(url)


def counts_key(person_id: int) -> str:
    return f"shell-counts-{person_id}"


class Shell:
    """The frame of one page; each part is worked out only if the page shows it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        user = getattr(request, "user", None)
        self._person = user if isinstance(user, Person) else None

    @cached_property
    def nav(self) -> list[Links]:
        return menu_for(self._person, self._request.path) if self._person else []

    @cached_property
    def menu(self) -> str:
        """The menu as HTML. It is kept, as people with the same powers see the same menu."""
        counts = self.counts or {}
        told = (
            get_language(),
            *((link.url, link.current) for group in self.nav for link in group.items),
            *(counts.get(name) for name in ("work", "month")),
        )
        key = f"menu-{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"
        return kept.get_or_set(key, self._written_menu, NAMES_KEPT) or ""

    def _written_menu(self) -> str:
        return render_to_string("components/nav_groups.html", {"groups": self.nav, "shell": self})

    @cached_property
    def institution(self) -> str:
        return kept.get_or_set("institution", queries.institution_name, NAMES_KEPT) or ""

    @cached_property
    def years(self) -> list[int]:
        if self._person is None or not page_url(*YEAR):
            return []
        known = kept.get_or_set("years", queries.years, NAMES_KEPT) or []
        return sorted({*known, self.year}, reverse=True)

    @cached_property
    def year(self) -> int:
        return chosen_year(self._request)

    @property
    def today(self) -> Any:
        return clock.today()

    @property
    def folded(self) -> bool:
        return self._request.COOKIES.get("nav") == "folded"

    @property
    def year_url(self) -> str:
        return page_url(*YEAR)

    @property
    def search_url(self) -> str:
        return page_url(*SEARCH) if self._person else ""

    @property
    def messages_url(self) -> str:
        return page_url(*MESSAGES) if self._person else ""

    @property
    def counts_url(self) -> str:
        return page_url(*COUNTS) if self._person else ""

    @property
    def account_url(self) -> str:
        return page_url(*ACCOUNT)

    @property
    def help_url(self) -> str:
        return page_url(*HELP)

    @property
    def language_url(self) -> str:
        return page_url(*LANGUAGE)

    @property
    def logout_url(self) -> str:
        return page_url(*LOGOUT)

    @cached_property
    def counts(self) -> dict[str, int] | None:
        """Counts as last worked out for this person; None asks the page to fetch them."""
        return kept.get(counts_key(self._person.pk)) if self._person else None

    @property
    def star_url(self) -> str:
        return page_url(*STAR) if self._person else ""

    @cached_property
    def starred(self) -> bool:
        if self._person is None:
            return False
        return queries.is_favourite(self._person, self._request.get_full_path())


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: ``shell`` in every template."""
    return {"shell": Shell(request)}
