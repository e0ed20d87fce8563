"""Which addresses are measured, chosen from the data that were built; runs inside Django.

plan()     everything the measuring process must know, as plain data
"""

import random
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from luoshi.bench import shapes
from luoshi.bench.building import FILER_NUMBER, OFFICE_NUMBER, PASSWORD, PERSON_NUMBER
from luoshi.bench.visiting import Answer
from luoshi.desk.queries import charts
from luoshi.kit import clock
from luoshi.kit.tree import below
from luoshi.people.models import Person, Unit
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import tasks_visible_to

COMMON = "党建"
SCOPES = ("all", "department", "mine")
FEEDBACK = ("all", "department", "received")
#: Filters of the task list; the slowest of each scope is the one that is reported.
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"year": "all"},
    {"health": "stalled"},
    {"health": "idle"},
    {"health": "late", "year": "all"},
    {"health": "done", "year": "all"},
    {"kind": "unit", "tier": 2},
    {"status": int(Status.DRAFT)},
    {"q": COMMON},
    {"q": shapes.RARE, "year": "all"},
    {"category": "last"},
    {"unit": "department", "health": "moving"},
    {"sort": "title"},
)
#: Tasks that are reported on, a multiple of the number of visitors.
MOST_REPORTED = 96


def plan() -> dict[str, Any]:
    """Pages with the addresses each may be measured at, and the queries of every address."""
    reader = Person.objects.get(staff_number=PERSON_NUMBER)
    office = Person.objects.get(staff_number=OFFICE_NUMBER)
    filer = Person.objects.get(staff_number=FILER_NUMBER)
    pages: list[dict[str, Any]] = [
        {"name": "home", "who": "reader", "urls": [reverse("home")]},
        {"name": "home_office", "who": "office", "urls": [reverse("home")]},
        *({"name": f"list_{name}", "who": "reader", "urls": _lists(name)} for name in SCOPES),
        {"name": "task", "who": "reader", "urls": [_task(reader)]},
        {"name": "gantt_data", "who": "office", "urls": [_gantt(office)]},
        {"name": "search_common", "who": "reader", "urls": [_search(COMMON)]},
        {"name": "search_rare", "who": "reader", "urls": [_search(shapes.RARE)]},
        {"name": "month", "who": "filer", "urls": [reverse("reports:month")]},
        *({"name": f"feedback_{n}", "who": "reader", "urls": _feedback(n)} for n in FEEDBACK),
        {"name": "export", "who": "office", "urls": [_gantt(office, "task-export")]},
    ]
    people = {"reader": reader, "office": office, "filer": filer}
    for page in pages:
        page["queries"] = queries_of(people[page["who"]], page["urls"])
    forms = _forms(reader)
    return {
        "database": _database(),
        "log_in": reverse("people:login"),
        "accounts": {name: person.account for name, person in people.items()},
        "password": PASSWORD,
        "pages": pages,
        "gantt_page": _gantt(office).replace(reverse("gantt_data"), reverse("gantt"), 1),
        "forms": forms,
        "form_queries": _post_queries(reader, forms[-1]) if forms else 0,
    }


def _database() -> str:
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        number: int = connection.connection.info.server_version
        return f"PostgreSQL {number // 10_000}.{number % 10_000}"
    version = ".".join(map(str, connection.Database.sqlite_version_info))  # type: ignore[attr-defined]
    return f"SQLite {version}"


def _lists(scope: str) -> list[str]:
    last = Task.objects.order_by("-category").values_list("category", flat=True).first()
    department = Unit.objects.filter(depth=1).order_by("pk").values_list("pk", flat=True).first()
    stands_for = {"last": last, "department": department}
    return [
        f"{reverse('task-list')}?"
        + urlencode({"scope": scope} | {k: stands_for.get(v, v) for k, v in wanted.items()})
        for wanted in FILTERS
    ]


def _feedback(scope: str) -> list[str]:
    """The feedback query: by report, by what was owed, and with the worst of its filters."""
    views: tuple[dict[str, Any], ...] = (
        {},
        {"view": "units"},
        {"view": "tasks"},
        {"year": "all", "q": COMMON},
    )
    return [f"{reverse('feedback')}?{urlencode({'scope': scope} | view)}" for view in views]


def _task(reader: Person) -> str:
    """The task of the reader with the most reports, sub-tasks below it."""
    mine = Task.objects.filter(owner=reader, children_count__gt=0)
    ranked = mine.annotate(n=Count("reports")).order_by("-n", "-children_count", "pk")
    key = ranked.values_list("pk", flat=True).first() or Task.objects.earliest("pk").pk
    return reverse("task", args=[key])


def _gantt(person: Person, page: str = "gantt_data") -> str:
    """As many rows as one Gantt shows: everything, or the largest department that fits."""
    shown = tasks_visible_to(person).filter(status__gte=Status.ISSUED)
    shown = shown.exclude(status=Status.CANCELLED)
    wanted: dict[str, Any] = {"scope": "all", "year": "all"}
    if shown.order_by()[: charts.MOST + 1].count() > charts.MOST:
        wanted["unit"] = _largest(shown)
    return f"{reverse(page)}?{urlencode(wanted)}"


def _largest(shown: Any) -> int:
    departments = Unit.objects.filter(depth=1).order_by("pk")
    sizes = [
        (shown.filter(unit__in=Unit.objects.filter(below(unit.path or ""))).count(), unit.pk)
        for unit in departments[:3]
    ]
    return max((size for size in sizes if size[0] <= charts.MOST), default=min(sizes))[1]


def _search(words: str) -> str:
    return f"{reverse('search')}?{urlencode({'q': words})}"


def _forms(reader: Person) -> list[str]:
    """Forms of reports on the reader's tasks under way."""
    rows = Task.objects.filter(owner=reader, status=Status.ACTIVE, year=clock.today().year)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_REPORTED])
    keys = keys[: len(keys) // 8 * 8] or keys
    return [reverse("reports:submit", args=[pk]) for pk in keys]


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def _client(person: Person) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person, backend="luoshi.people.backends.PresentPeopleBackend")
    return client


def queries_of(person: Person, urls: Iterable[str]) -> dict[str, int]:
    """How many statements each page takes, once what is kept for all pages is there."""
    client = _client(person)
    found = {}
    for url in urls:
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        found[url] = len(captured)
    return found


#: What is typed into a report.
TYPED = {
    "progress": "96",
    "body": "本月完成方案起草，征求了各部门意见，支撑材料见附件。",
    "problems": "",
    "help_needed": "",
    "next_step": "下月组织验收。",
    "achieved": "",
}


_WORDS = (
    "本月", "方案", "起草", "征求", "部门", "意见", "支撑", "材料", "附件", "完成", "会议", "讨论",
    "调研", "修改", "上报", "整理", "台账", "落实", "检查", "总结",
)  # fmt: skip


def own_words(key: str) -> dict[str, str]:
    """The text of a report, a different one for every form: what repeats sub-tasks is refused."""
    return {"body": "".join(random.Random(key).sample(_WORDS, len(_WORDS)))}


def _post_queries(person: Person, url: str) -> int:
    """How many statements filing a report takes."""
    client = _client(person)
    form = Answer(200, client.get(url).content, 0.0)
    data = TYPED | {name: form.hidden(name) for name in ("key", "rev")}
    data |= own_words(data["key"])
    file = SimpleUploadedFile("记录.txt", "会议记录：已讨论。".encode())
    with CaptureQueriesContext(connection) as captured:
        answer = client.post(url, data | {"evidence": file})
    assert answer.status_code == 302, answer.status_code
    return len(captured)
