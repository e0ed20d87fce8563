"""The rush at the end of the month: many people filing at once, and nothing lost (issue B 12).

rush_plan()      inside Django: who files on which task, with a session for each
rush()           outside: everybody opens the form, files, pauses, for a minute
left_behind()    inside Django: which reports are there, compared with what was answered
"""

import json
import random
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.test import Client
from django.urls import reverse

from luoshi.bench.measuring import p95
from luoshi.bench.pages import own_words
from luoshi.bench.visiting import Visitor
from luoshi.kit import clock
from luoshi.people.models import Person
from luoshi.reports.models import Due, Report
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.trail.models import Event

PEOPLE = 200
SECONDS = 60.0
#: Seconds people take between two reports, drawn evenly; they read and type.
PAUSE = (4.0, 12.0)

# ── inside Django ────────────────────────────────────────────────────────────────────────────────


def rush_plan(people: int = PEOPLE) -> dict[str, Any]:
    """People with a session and the form of one of their tasks under way; fewer if there are.

    ``after`` is the newest report before the rush.
    """
    rows = Task.objects.filter(status=Status.ACTIVE, year=clock.today().year, progress__lt=97)
    of_person: dict[int, int] = {}
    for person_id, task_id in rows.order_by("pk").values_list("owner", "pk").iterator():
        if person_id is not None and len(of_person) < people:
            of_person.setdefault(person_id, task_id)
    found = []
    for person in Person.objects.filter(pk__in=of_person).order_by("pk"):
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(person, backend="luoshi.people.backends.PresentPeopleBackend")
        cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        url = reverse("reports:submit", args=[of_person[person.pk]])
        found.append({"url": url, "cookies": cookies})
    newest = Report.objects.order_by("-pk").values_list("pk", flat=True).first()
    return {"people": found, "after": newest or 0}


def left_behind(keys: Iterable[str], after: int) -> dict[str, int]:
    """What the rush left: reports answered but not there, there but not answered, not in the trail.

    ``keys`` are those of the forms that were answered as filed; ``after`` as the plan says.
    """
    wanted = set(keys)
    made = dict(Report.objects.filter(pk__gt=after).values_list("pk", "key"))
    events = Event.objects.filter(verb="report.submit", about_kind="task")
    told = {json.loads(data)["report"] for data in events.values_list("data", flat=True)}
    return {
        "lost": len(wanted - set(made.values())),
        "not_asked_for": len(set(made.values()) - wanted),
        "missing_in_trail": len(made.keys() - told),
        "half_settled": Due.objects.filter(filed_by__isnull=False, filed_on=None).count(),
    }


# ── outside ──────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Rush:
    """What was seen from outside; times in milliseconds."""

    people: int
    seconds: float = 0.0
    reports: int = 0
    reports_per_s: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    form_p95_ms: float = 0.0
    errors: int = 0
    kinds_of_error: list[str] = field(default_factory=list)


@dataclass
class _Seen:
    posts: list[float] = field(default_factory=list)
    forms: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def rush(
    port: int, told: Sequence[dict[str, Any]], typed: dict[str, str], seconds: float = SECONDS
) -> tuple[Rush, list[str]]:
    """Let everybody file for some seconds. Returns the figures and the keys that were taken."""
    seen = _Seen()
    begun = time.monotonic()
    threads = [
        threading.Thread(target=_file_until, args=(port, one, typed, begun + seconds, place, seen))
        for place, one in enumerate(told)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    found = Rush(
        people=len(told),
        seconds=round(took, 1),
        reports=len(seen.keys),
        reports_per_s=round(len(seen.keys) / took, 1),
        errors=len(seen.failed),
        kinds_of_error=sorted(set(seen.failed))[:5],
    )
    if seen.posts:
        found.p50_ms, found.p95_ms = round(median(seen.posts), 1), round(p95(seen.posts), 1)
        found.form_p95_ms = round(p95(seen.forms), 1)
    return found, seen.keys


def _file_until(
    port: int, one: dict[str, Any], typed: dict[str, str], until: float, place: int, seen: _Seen
) -> None:
    """One person: open the form, file, pause, again until the time is over."""
    pauses = random.Random(place)
    visitor = Visitor(port, dict(one["cookies"]))
    time.sleep(pauses.uniform(0, PAUSE[0]))
    while time.monotonic() < until:
        failed = ""
        try:
            failed = _file(visitor, one["url"], typed, seen)
        except (OSError, KeyError, RuntimeError) as error:
            failed = f"{type(error).__name__}: {error}"
        if failed:
            with seen.lock:
                seen.failed.append(failed[:200])
        time.sleep(pauses.uniform(*PAUSE))
    visitor.close()


def _file(visitor: Visitor, url: str, typed: dict[str, str], seen: _Seen) -> str:
    """File one report; what went wrong, if anything did."""
    form = visitor.open(url)
    if form.status != 200:
        return f"form: {form.status}"
    hidden = {name: form.hidden(name) for name in ("csrfmiddlewaretoken", "key", "rev")}
    evidence = (f"记录{uuid.uuid4().hex[:6]}.txt", f"会议记录 {hidden['key']}".encode())
    answer = visitor.post(url, typed | hidden | own_words(hidden["key"]), evidence)
    with seen.lock:
        seen.forms.append(form.ms)
        if answer.status == 302:
            seen.posts.append(answer.ms)
            seen.keys.append(hidden["key"])
    return "" if answer.status == 302 else f"filing: {answer.status}"
