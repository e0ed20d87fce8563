"""Finding tasks, reports, files and people by words; only what the reader may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import QuerySet

from luoshi.desk.queries.home import task_url
from luoshi.improvement.models import Diagnosis
from luoshi.kit.statements import statement
from luoshi.people.models import Person, Unit
from luoshi.people.queries import people_matching, units_matching, with_phones
from luoshi.reports.models import Report
from luoshi.search.queries import Hit, hits
from luoshi.tasks.models import Task
from luoshi.tasks.queries import visible_keys

#: Tasks on one page of results, and texts looked at.
MOST_TASKS = 30
MOST_HITS = 400
SNIPPET = 90  # characters


class TaskFound(NamedTuple):
    """Columns of a task that the list of results shows."""

    pk: int
    number: str
    title: str
    year: int
    details: str
    standard: str
    category: str
    unit: str
    unit_short: str
    owner: str | None

    @property
    def url(self) -> str:
        return task_url(self.pk)


@statement
def _tasks_found(keys: Any) -> QuerySet[Task, Any]:
    return Task.objects.filter(pk__in=keys).order_by().values_list(
        "pk", "number", "title", "year", "details", "standard",
        "category__name", "unit__name", "unit__short_name", "owner__name",
    )  # fmt: skip


@dataclass
class Found:
    """A task in which the words occur, with a passage of the text that holds them."""

    task: TaskFound
    snippet: str = ""
    in_reports: int = 0
    in_files: int = 0
    in_diagnosis: bool = False


@dataclass
class Results:
    """What the words led to, a page of it.

    ``total``: tasks found; ``capped``: there are more, which were not looked for.
    """

    words: list[str]
    tasks: list[Found] = field(default_factory=list)
    total: int = 0
    capped: bool = False
    page: int = 1
    pages: int = 1
    people: list[Person] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.tasks or self.people or self.units)


def results(person: Person, words: str, page: int = 1) -> Results:
    """Tasks newest first, people and units by name. Seven statements at most."""
    found = Results(words.split(), page=page)
    if not found.words:
        return found
    _add_tasks(found, person, words)
    found.people = with_phones(people_matching(words, limit=10), person)
    found.units = units_matching(words, limit=10)
    return found


def _add_tasks(found: Results, person: Person, words: str) -> None:
    told = [hit for hit in hits(words, limit=MOST_HITS) if hit.task_id]
    by_task: dict[int, list[Hit]] = {}
    for hit in told:
        by_task.setdefault(hit.task_id or 0, []).append(hit)
    seen = visible_keys(list(by_task), person)
    order = [pk for pk in by_task if pk in seen]
    found.total, found.capped = len(order), len(told) >= MOST_HITS
    found.pages = max(1, -(-found.total // MOST_TASKS))
    found.page = min(max(found.page, 1), found.pages)
    shown = order[(found.page - 1) * MOST_TASKS : found.page * MOST_TASKS]
    rows = {row[0]: TaskFound(*row) for row in _tasks_found(keys=shown)}
    bodies = _texts_hit([hit for pk in shown for hit in by_task[pk]])
    for pk in shown:
        found.tasks.append(_found(rows[pk], by_task[pk], bodies, found.words))


def _texts_hit(told: Sequence[Hit]) -> dict[tuple[str, str], str]:
    """Texts of the reports and diagnoses hit, by kind and key; a statement for each kind."""
    found: dict[tuple[str, str], str] = {}
    for kind, read in (("report", _texts), ("diagnosis", _diagnoses)):
        keys = [int(hit.key) for hit in told if hit.kind == kind and hit.key.isdigit()][:200]
        for pk, *texts in read(keys=keys) if keys else ():
            known = found.get((kind, str(pk)), "")
            found[kind, str(pk)] = "\n".join(filter(None, [known, *texts]))
    return found


@statement
def _texts(keys: Any) -> QuerySet[Report, Any]:
    rows = Report.objects.filter(pk__in=keys).order_by()
    return rows.values_list("pk", "body", "problems", "help_needed", "next_step")


@statement
def _diagnoses(keys: Any) -> QuerySet[Diagnosis, Any]:
    rows = Diagnosis.objects.filter(pk__in=keys).order_by("pk", "actions__order")
    return rows.values_list("pk", "problem", "cause", "effect", "actions__text")


def _found(
    task: TaskFound, told: list[Hit], bodies: dict[tuple[str, str], str], words: list[str]
) -> Found:
    texts = [task.details, task.standard, *(bodies.get((h.kind, h.key), "") for h in told)]
    return Found(
        task,
        next((cut for text in texts if (cut := snippet(text, words))), ""),
        in_reports=sum(hit.kind == "report" for hit in told),
        in_files=sum(hit.kind not in {"task", "report", "diagnosis"} for hit in told),
        in_diagnosis=any(hit.kind == "diagnosis" for hit in told),
    )


def snippet(text: str, words: Iterable[str], length: int = SNIPPET) -> str:
    """The passage around the first word that occurs; empty if none does."""
    flat = " ".join(text.split())
    low = flat.lower()
    places = [place for word in words if (place := low.find(word.lower())) >= 0]
    if not places:
        return ""
    start = max(0, min(places) - length // 3)
    end = start + length
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")
