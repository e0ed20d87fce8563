"""工作台: what a person is to do, to check and to read (SEE-1).

work_list(person, today) ── to do: the month · sign · report · mend and send again · issue
                         ── to check: tasks to approve, handed in, to score
                         ── to read: messages
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from luoshi.assessment.queries import waiting as waiting_for_score
from luoshi.assessment.queries import year_over
from luoshi.changes.queries import Waits, waiting_for
from luoshi.improvement.queries import owed_by
from luoshi.improvement.rules import Period
from luoshi.kit.statements import among, statement
from luoshi.notices.kinds import rows_of
from luoshi.notices.queries import messages_of
from luoshi.people.models import Person
from luoshi.people.queries import powers_of
from luoshi.people.roles import Duty
from luoshi.reports.models import Due
from luoshi.reports.queries import dues_waiting_until
from luoshi.reports.rules import DueKind
from luoshi.reports.rules.month import month_of
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.queries import answered_by, posts_held, proposed_to

#: Rows of one sort shown at most; the list behind "all" has the rest.
MOST = 20
MOST_MESSAGES = 5
#: Reports owed in the month that are looked at; beyond it they are only counted.
MOST_OWED = 200
MOST_DRAFTS = 3
#: A report appears this many days before it is due.
AHEAD = 3
#: What comes next, shown when nothing is to be done now.
NEXT_DAYS = 7


@dataclass(frozen=True)
class Row:
    """One thing to do: what, from whom, until when, and the button."""

    mark: str
    title: str
    url: str
    source: str = ""
    due: dt.date | None = None
    label: str = ""
    act_url: str = ""
    dialog: bool = False
    loud: bool = False
    note: str = ""
    why: str = ""
    stands_for: int = 1


@dataclass
class Group:
    """Rows of one sort of work."""

    name: str
    title: str | Promise
    rows: list[Row] = field(default_factory=list)
    total: int = 0
    all_url: str = ""

    @property
    def more(self) -> int:
        return self.total - sum(row.stands_for for row in self.rows)


@dataclass(frozen=True)
class WorkList:
    """The groups that hold something, and how much is to be done or checked."""

    groups: list[Group]
    count: int
    unread: int
    month: int = 0  # reports still owed in this month


def work_list(person: Person, today: dt.date) -> WorkList:
    """Everything that waits for this person. Eleven statements at any number of rows."""
    do = Group("do", pgettext("work list", "To do"), all_url=task_list(scope="mine"))
    reports = _to_report(person, today)
    for rows, total in (
        reports[:2],
        _to_sign(person),
        _to_take(person),
        _to_diagnose(person, today),
        _to_send(person),
    ):
        do.rows += rows
        do.total += total
    do.rows.sort(key=_pressing)
    check = Group("check", pgettext("work list", "To check"))
    for rows, total in (_to_decide(person), _to_check(person), _to_score(person, today)):
        check.rows += rows
        check.total += total
    read = Group("read", pgettext("work list", "To read"), *_to_read(person))
    read.all_url = reverse("notices:inbox")
    groups = [group for group in (do, check, read) if group.rows]
    return WorkList(groups, do.total + check.total, read.total, reports.month)


def _pressing(row: Row) -> tuple[bool, dt.date]:
    """Dated rows first, the earliest on top."""
    return row.due is None, row.due or dt.date.max


# ── to do ──────────────────────────────────────────────────────────────────────────────────


def my_tasks(person: Any, posts: Any) -> QuerySet[Task]:
    """Tasks the person answers for or shares in, by key and posts; takes places."""
    return Task.objects.filter(answered_by(person, posts))


class _Reports(NamedTuple):
    """Rows of reports, how many are due now, and how many this month asks for."""

    rows: list[Row]
    total: int
    month: int


def _to_report(person: Person, today: dt.date) -> _Reports:
    """Reports due within a few days or overdue, and tasks past their date, one row a task.

    Before them the month, if more than these few are owed in it.
    """
    soon, last = today + dt.timedelta(days=AHEAD), month_of(today).last
    asked = {"person": person.pk, "posts": posts_held(person), "today": today}
    owed = _told(_OWED, _owed_until(**asked, soon=soon, until=max(soon, last)))
    now = [row for row in owed if row["first"] <= soon]
    days = [row["first"] for row in owed if row["first"] <= last and _open_now(row, today)]
    total, month = len(now), len(days)
    if len(owed) > MOST_OWED:
        total = len(_all_owed_until(**asked, until=soon))
        month = len(_all_owed_until(**asked, until=last))
    rows = [_month_row(days, month, today)] if month > 1 or (month and not now) else []
    rows += [_report_row(row, today) for row in now[:MOST]]
    known = {row["task_id"] for row in now}
    late = [row for row in _told(_TASK, _late(**asked)) if row["pk"] not in known][: MOST + 1]
    rows += [_late_row(row, today) for row in late[:MOST]]
    return _Reports(rows, total + len(late), month)


def _open_now(row: dict[str, Any], today: dt.date) -> bool:
    """Whether the page of the month takes this report already."""
    return bool(row["counting_id"]) or row["since_first"] <= today


def _told(columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _open_dues(person: Any, posts: Any, today: Any, until: Any) -> QuerySet[Due]:
    """What can still be reported on the person's tasks."""
    mine = my_tasks(person, posts).order_by().values("pk")
    return (
        dues_waiting_until(today, until)
        .filter(task_id__in=mine, task__paused=False)
        .filter(
            Q(kind=DueKind.PERIOD, task__status=Status.ACTIVE)
            | Q(kind=DueKind.RESULT, task__status__range=(Status.ACTIVE, Status.DONE))
        )
        .order_by()
    )


_TASK_AND_SET = (
    "task_id",
    "task__title",
    "task__creator__name",
    "counting_id",
    "counting__category__name",
)
_OWED = (*_TASK_AND_SET, "first", "since_first", "periods")


def _by_task_and_set(dues: QuerySet[Due], soon: Any) -> QuerySet[Due, Any]:
    """One row per task and set: when the first is due and how many are due until ``soon``."""
    grouped = dues.values(*_TASK_AND_SET).annotate(
        first=Min("due_on"),
        since_first=Min("since"),
        periods=Count("pk", filter=Q(due_on__lte=soon)),
    )
    ordered = grouped.order_by("first", "task_id", "counting_id")
    rows: QuerySet[Due, Any] = ordered.values_list(*_OWED)
    return rows


@statement
def _owed_until(person: Any, posts: Any, today: Any, soon: Any, until: Any) -> QuerySet[Due, Any]:
    return _by_task_and_set(_open_dues(person, posts, today, until), soon)[: MOST_OWED + 1]


@statement
def _all_owed_until(person: Any, posts: Any, today: Any, until: Any) -> QuerySet[Due, Any]:
    dues = _open_dues(person, posts, today, until)
    return dues.values_list("task_id", "counting_id").distinct()


def _month_row(days: list[dt.date], n: int, today: dt.date) -> Row:
    """What this month asks for, and the way to the page where it is filed at once (RPT-5).

    It stands beside the reports that are due now and counts none of them a second time.
    """
    next_due = min((day for day in days if day >= today), default=min(days))
    words = ngettext(
        "%(n)d report to be filed this month, by the %(day)s",
        "%(n)d reports to be filed this month, by the %(day)s",
        n,
    )
    url = reverse("reports:month")
    return Row(
        mark=_("Month on one page"),
        title=words % {"n": n, "day": max(days).day},
        url=url,
        due=next_due,
        label=pgettext("work list", "File on one page"),
        act_url=url,
        stands_for=0,
    )


_TASK = ("pk", "title", "creator__name", "due", "returns", "number", "refusal", "batch")


@statement
def _late(person: Any, posts: Any, today: Any) -> QuerySet[Task, Any]:
    """Tasks past their date: so many that enough are left without those owed a report."""
    mine = my_tasks(person, posts)
    late = mine.filter(status=Status.ACTIVE, paused=False, late_from__lte=today)
    return late.order_by("due", "pk").values_list(*_TASK)[: 2 * (MOST + 1)]


def _report_row(row: dict[str, Any], today: dt.date) -> Row:
    if row["counting_id"]:
        return _result_row(row, today)
    note = ""
    if row["periods"] > 1:
        note = ngettext("%(n)d report owed", "%(n)d reports owed", row["periods"]) % {
            "n": row["periods"]
        }
    return Row(
        mark=_("Report due") if row["first"] >= today else _("Report overdue"),
        title=row["task__title"],
        url=task_url(row["task_id"]),
        source=row["task__creator__name"],
        due=row["first"],
        loud=row["first"] < today,
        note=note,
        why=_address("why", row["task_id"]),
        **_button("report", row["task_id"]),
    )


def _result_row(row: dict[str, Any], today: dt.date) -> Row:
    """The result of a task for a further set (CAT-1)."""
    return Row(
        mark=_("Result due") if row["first"] >= today else _("Result overdue"),
        title=row["task__title"],
        url=task_url(row["task_id"]),
        source=row["task__creator__name"],
        due=row["first"],
        loud=row["first"] < today,
        note=row["counting__category__name"],
        why=_address("why", row["task_id"]),
        **_button("result", row["task_id"], row["counting_id"]),
    )


def _late_row(row: dict[str, Any], today: dt.date) -> Row:
    return Row(
        mark=_("Task overdue"),
        title=row["title"],
        url=task_url(row["pk"]),
        source=row["creator__name"],
        due=row["due"],
        loud=True,
        why=_address("why", row["pk"]),
        **_button("report", row["pk"]),
    )


_PART = ("task_id", "task__title", "task__creator__name", "task__due")


def _unsigned(person: Any, headed: Any) -> QuerySet[Part, Any]:
    addressed = Q(person_id=person)
    if headed:
        addressed |= Q(among("unit_id", headed))
    rows = Part.objects.filter(
        addressed,
        must_sign=True,
        signed_at=None,
        refused_at=None,
        task__status__in=[Status.ISSUED, Status.ACTIVE],
    )
    return rows.order_by().values_list(*_PART).distinct()


@statement
def _first_unsigned(person: Any, headed: Any) -> QuerySet[Part, Any]:
    return _unsigned(person, headed).order_by("task__due", "task_id")[: MOST + 1]


def _to_sign(person: Person) -> tuple[list[Row], int]:
    """Dispatched to the person, or to a unit they head, and not answered yet."""
    headed = [h.unit_id for h in powers_of(person).holdings if h.duty == Duty.HEAD]
    found = _told(_PART, _first_unsigned(person=person.pk, headed=headed))
    total = len(found) if len(found) <= MOST else _unsigned(person.pk, headed).count()
    return [_sign_row(row) for row in found[:MOST]], total


def _sign_row(row: dict[str, Any]) -> Row:
    return Row(
        mark=_("To sign for"),
        title=row["task__title"],
        url=task_url(row["task_id"]),
        source=row["task__creator__name"],
        due=row["task__due"],
        **_button("sign", row["task_id"]),
    )


def _to_take(person: Person) -> tuple[list[Row], int]:
    """Tasks others hand over to the person; many stand in one row that leads to their list."""
    found = waiting_for(person)
    if len(found) <= MOST_DRAFTS:
        return [_take_row(waits) for waits in found], len(found)
    words = ngettext(
        "%(n)d task is handed over to you", "%(n)d tasks are handed over to you", len(found)
    )
    row = _together(
        pgettext("work list", "Transfer"),
        words % {"n": len(found)},
        reverse("changes:index"),
        "answer",
        len(found),
        source=found[0].giver,
    )
    return [row], len(found)


def _together(mark: str, title: str, url: str, verb: str, n: int, **more: Any) -> Row:
    """One row for many things, that leads to their list."""
    label = str(_LABELS[verb])
    return Row(mark=mark, title=title, url=url, label=label, act_url=url, stands_for=n, **more)


def _take_row(waits: Waits) -> Row:
    return Row(
        mark=pgettext("work list", "Transfer"),
        title=waits.title,
        url=task_url(waits.task_id),
        source=waits.giver,
        due=waits.due,
        note=waits.reason[:60],
        **_button("answer", waits.pk),
    )


def _to_diagnose(person: Person, today: dt.date) -> tuple[list[Row], int]:
    """Diagnoses to be written, from the month in which they are due; many in one row (IMP-1)."""
    rows: list[Row] = []
    total = 0
    for period, tasks in owed_by(person, today):
        found = list(tasks.order_by("due", "pk").values("pk", "title")[: MOST_DRAFTS + 1])
        if len(found) <= MOST_DRAFTS:
            rows += [_diagnose_row(row["pk"], row["title"], period, today) for row in found]
            total += len(found)
            continue
        count = tasks.count()
        words = ngettext(
            "%(n)d task wants its diagnosis and improvement",
            "%(n)d tasks want their diagnosis and improvement",
            count,
        )
        where = f"year={period.year}&month={period.month}&scope=mine&state=missing"
        url = f"{reverse('diagnoses')}?{where}"
        row = _together(
            _diagnosis_mark(period, today), words % {"n": count}, url, "diagnose", count
        )
        rows.append(replace(row, due=period.due_on, loud=today > period.due_on))
        total += count
    return rows, total


def _diagnosis_mark(period: Period, today: dt.date) -> str:
    return _("Diagnosis due") if today <= period.due_on else _("Diagnosis overdue")


def _diagnose_row(task_id: int, title: str, period: Period, today: dt.date) -> Row:
    return Row(
        mark=_diagnosis_mark(period, today),
        title=title,
        url=task_url(task_id),
        due=period.due_on,
        note=period.words,
        loud=today > period.due_on,
        **_button("diagnose", task_id),
    )


def _drafts(person: Any) -> QuerySet[Task]:
    """The person's own drafts that can be issued; those of sets without rules can only wait."""
    drafts = Task.objects.filter(creator_id=person, status=Status.DRAFT).order_by()
    return drafts.filter(category__measure__isnull=False)


@statement
def _first_drafts(person: Any) -> QuerySet[Task, Any]:
    return _drafts(person).order_by("-refusals", "-pk").values_list(*_TASK)[: MOST + 1]


def _to_send(person: Person) -> tuple[list[Row], int]:
    """The person's own drafts: refused by somebody, or waiting to be issued.

    Many drafts (an imported table) stand in one row that leads to their list.
    """
    found = _told(_TASK, _first_drafts(person=person.pk))
    total = len(found) if len(found) <= MOST else _drafts(person.pk).count()
    refused = [row for row in found[:MOST] if row["refusal"]]
    waiting = [row for row in found[:MOST] if not row["refusal"]]
    rows = [_draft_row(row) for row in refused]
    if total - len(refused) > MOST_DRAFTS:
        return [*rows, _drafts_row(total - len(refused))], total
    return rows + [_draft_row(row) for row in waiting], total


def _drafts_row(n: int) -> Row:
    url = task_list(scope="created", status=int(Status.DRAFT))
    words = ngettext("%(n)d task waits to be issued", "%(n)d tasks wait to be issued", n)
    return Row(
        mark=_("To issue"),
        title=words % {"n": n},
        url=url,
        label=pgettext("verb", "Issue"),
        act_url=url,
        stands_for=n,
    )


def _draft_row(row: dict[str, Any]) -> Row:
    refused = bool(row["refusal"])
    return Row(
        mark=_("Refused") if refused else _("To issue"),
        title=row["title"],
        url=task_url(row["pk"]),
        source=row["number"],
        due=row["due"],
        loud=refused,
        note=row["refusal"],
        **_button("edit" if refused else "issue", row["pk"]),
    )


# ── to check, to read ──────────────────────────────────────────────────────────────────────


def _handed_in(person: Any) -> QuerySet[Task]:
    """Handed in for review: to the reviewer named, else to the creator."""
    submitted = Task.objects.filter(status=Status.SUBMITTED).order_by()
    named = Part.objects.filter(role=Role.REVIEWER, task=OuterRef("pk"))
    reviewing = Part.objects.filter(person_id=person, role=Role.REVIEWER).order_by()
    own = submitted.filter(~Exists(named), creator_id=person)
    return submitted.filter(pk__in=reviewing.values("task_id").union(own.values("pk"), all=True))


@statement
def _first_handed_in(person: Any) -> QuerySet[Task, Any]:
    rows = _handed_in(person).order_by("due", "pk")
    return rows.values_list(*_TASK, "owner__name")[: MOST + 1]


def _to_check(person: Person) -> tuple[list[Row], int]:
    """What waits for this person's review."""
    found = _told((*_TASK, "owner__name"), _first_handed_in(person=person.pk))
    total = len(found) if len(found) <= MOST else _handed_in(person.pk).count()
    return [_check_row(row) for row in found[:MOST]], total


def _to_decide(person: Person) -> tuple[list[Row], int]:
    """What waits for this person's approval before it is issued; seldom anything."""
    keys = proposed_to(person)
    if not keys:
        return [], 0
    found = Task.objects.filter(pk__in=keys).order_by("due", "pk").values(*_TASK)[:MOST]
    return [_decide_row(row) for row in found], len(keys)


def _decide_row(row: dict[str, Any]) -> Row:
    return Row(
        mark=_("To approve"),
        title=row["title"],
        url=task_url(row["pk"]),
        source=row["creator__name"],
        due=row["due"],
        **_button("approve", row["pk"]),
    )


def _check_row(row: dict[str, Any]) -> Row:
    return Row(
        mark=_("To review"),
        title=row["title"],
        url=task_url(row["pk"]),
        source=row["owner__name"] or "",
        due=row["due"],
        **_button("accept", row["pk"]),
    )


def _unscored(person: Any, today: Any, year: Any) -> QuerySet[Task]:
    """Tasks the person is named to assess and has to score now (EVA-1)."""
    return waiting_for_score(person, today, year)


@statement
def _first_unscored(person: Any, today: Any, year: Any) -> QuerySet[Task, Any]:
    rows = _unscored(person, today, year).order_by("due", "pk")
    return rows.values_list(*_TASK, "owner__name")[: MOST + 1]


def _to_score(person: Person, today: dt.date) -> tuple[list[Row], int]:
    """What waits for this person's score; many stand in one row that leads to their table."""
    asked = {"person": person.pk, "today": today, "year": year_over(today)}
    found = _told((*_TASK, "owner__name"), _first_unscored(**asked))
    if len(found) <= MOST_DRAFTS:
        return [_score_row(row) for row in found], len(found)
    total = len(found) if len(found) <= MOST else _unscored(**asked).count()
    url = reverse("assessment:many")
    words = ngettext("%(n)d task waits for your score", "%(n)d tasks wait for your score", total)
    row = Row(
        mark=_("To score"),
        title=words % {"n": total},
        url=url,
        label=str(_LABELS["assess"]),
        act_url=url,
        stands_for=total,
    )
    return [row], total


def _score_row(row: dict[str, Any]) -> Row:
    return Row(
        mark=_("To score"),
        title=row["title"],
        url=task_url(row["pk"]),
        source=row["owner__name"] or "",
        **_button("assess", row["pk"]),
    )


def _to_read(person: Person) -> tuple[list[Row], int]:
    unread = messages_of(person.pk).filter(read_at=None)
    found = list(unread.order_by("-pk")[: MOST_MESSAGES + 1])
    total = len(found) if len(found) <= MOST_MESSAGES else unread.count()
    return [_message_row(row) for row in rows_of(found[:MOST_MESSAGES])], total


def _message_row(message: Any) -> Row:
    return Row(
        mark=pgettext("work list", "Message"),
        title=message.sentence,
        url=reverse("notices:read", args=[message.pk]),
        note=timezone.localtime(message.at).strftime("%Y-%m-%d %H:%M"),
    )


# ── where the buttons lead ─────────────────────────────────────────────────────────────────

#: Verb → its page, the word on the button, and whether it opens in the dialog.
_VERBS = {
    "report": ("reports:submit", False),
    "result": ("reports:result", False),
    "sign": ("tasks:sign", True),
    "issue": ("tasks:issue", True),
    "edit": ("tasks:edit", False),
    "accept": ("tasks:accept", True),
    "assess": ("assessment:assess", False),
    "approve": ("tasks:approve", True),
    "answer": ("changes:answer", True),
    "diagnose": ("improvement:write", False),
}


#: The word on each button.
_LABELS = {
    "report": pgettext_lazy("verb", "Report"),
    "result": pgettext_lazy("verb", "Report"),
    "sign": pgettext_lazy("verb", "Sign"),
    "issue": pgettext_lazy("verb", "Issue"),
    "edit": pgettext_lazy("verb", "Change"),
    "accept": pgettext_lazy("verb", "Review"),
    "assess": gettext_lazy("Score"),
    "approve": pgettext_lazy("verb", "Approve"),
    "answer": pgettext_lazy("transfer", "Answer it"),
    "diagnose": pgettext_lazy("diagnosis", "Write"),
}


def _button(verb: str, *keys: int) -> dict[str, Any]:
    """Label and address of a verb's page."""
    name, dialog = _VERBS[verb]
    return {"label": str(_LABELS[verb]), "act_url": _address(name, *keys), "dialog": dialog}


@cache
def _pattern(name: str, keys: int) -> str:
    """The address of a page with places for its keys; sixty rows need not look it up each."""
    stand_ins = [900_000_001 + place for place in range(keys)]
    pattern = reverse(name, args=stand_ins)
    for place, stand_in in enumerate(stand_ins):
        pattern = pattern.replace(str(stand_in), f"{{{place}}}")
    return pattern


def _address(name: str, *keys: int) -> str:
    return _pattern(name, len(keys)).format(*keys)


def task_url(task_id: int) -> str:
    return _address("task", task_id)


def task_list(**filters: Any) -> str:
    """Address of the task list with these filters."""
    return f"{reverse('task-list')}?{urlencode(filters)}"


# ── when nothing is to be done ──────────────────────────────────────────────────────────────


@statement
def _owed_next(person: Any, posts: Any, today: Any, after: Any, until: Any) -> QuerySet[Due, Any]:
    dues = _open_dues(person, posts, today, until).filter(due_on__gt=after)
    return _by_task_and_set(dues, until)[:5]


def coming(person: Person, today: dt.date) -> list[Row]:
    """What comes in the next days, for an empty work list."""
    rows = _owed_next(
        person=person.pk,
        posts=posts_held(person),
        today=today,
        after=today,
        until=today + dt.timedelta(days=NEXT_DAYS),
    )
    return [_report_row(row, today) for row in _told(_OWED, rows)]
