"""任务画像: everything the page of one task shows, and what this person may do on it (TSK-7)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from luoshi.assessment.queries import Panel as Assessment
from luoshi.assessment.queries import panel as assessment_panel
from luoshi.changes.queries import Panel as Transfers
from luoshi.changes.queries import panel as transfers_panel
from luoshi.desk.queries.listing import LINE, Row, rows_of
from luoshi.desk.queries.listing import Line as TaskLine
from luoshi.improvement.queries import Panel as Improvement
from luoshi.improvement.queries import panel as improvement_panel
from luoshi.kit.statements import statement
from luoshi.kit.verdict import Verdict
from luoshi.measures.queries import LightShown, lights_of
from luoshi.people.models import Person
from luoshi.reports.queries import Panel
from luoshi.reports.queries import panel as reports_panel
from luoshi.tasks import queries, rules
from luoshi.tasks.lifecycle import PERMITS, Relation, Status
from luoshi.tasks.models import Kind, Milestone, OwnValue, Part, Remark, RemarkKind, Role, Task
from luoshi.trail.queries import Line, events_about

Word = str | Promise


@dataclass(frozen=True)
class ActShown:
    """A verb as a button: allowed, or disabled with its reason."""

    verb: str
    label: Word
    icon: str
    url: str
    verdict: Verdict
    kind: str = "plain"
    dialog: bool = True


class Child(NamedTuple):
    """A sub-task as a row with a bar; one of a person is not copied."""

    row: Row[TaskLine]
    may_be_copied: bool


@dataclass(frozen=True)
class Seat:
    """People and units in one role, in their order."""

    label: Word
    names: list[tuple[str, str]]  # (name, note)


@dataclass(frozen=True)
class Moment:
    """One of the seven times of S3-2."""

    label: Word
    at: dt.datetime | None


@dataclass(frozen=True)
class Portrait:
    """The page of a task."""

    task: Task
    facts: rules.Facts
    light: LightShown
    explained: rules.Explained
    expected: int | None
    acts: list[ActShown]
    ancestors: list[Task]
    children: list[Child]
    drafts: int
    seats: list[Seat]
    moments: list[Moment]
    milestones: list[Milestone]
    instructions: list[Remark]
    comments: list[Remark]
    own_values: list[tuple[str, str]]
    reports: Panel
    assessment: Assessment
    transfers: Transfers
    improvement: Improvement
    trail: list[tuple[dt.date, list[Line]]]
    follows: bool

    @property
    def owns(self) -> bool:
        """Whether this person is responsible for the task."""
        return Relation.OWNER in self.facts.relations

    @property
    def main_acts(self) -> list[ActShown]:
        """What this person may do now."""
        return [act for act in self.acts if act.verdict]

    @property
    def other_acts(self) -> list[ActShown]:
        """What they may not, each with its reason."""
        return [act for act in self.acts if not act.verdict]


#: Verb, label, icon, kind of button, dialog. In the order people need them.
_ACTS: tuple[tuple[str, Word, str, str, bool], ...] = (
    ("sign", _("Sign for"), "signature", "primary", True),
    ("refuse", _("Refuse"), "hand-stop", "plain", True),
    ("issue", _("Issue"), "send", "primary", True),
    ("approve", _("Agree"), "check", "primary", True),
    ("reject", pgettext_lazy("act", "Return"), "arrow-back-up", "plain", True),
    ("break_down", _("Break down"), "sitemap", "plain", False),
    ("accept", _("Accept"), "circle-check", "primary", True),
    ("send_back", _("Return for more work"), "arrow-back-up", "plain", True),
    ("close", _("Close the matter"), "lock", "plain", True),
    ("edit", _("Change"), "pencil", "plain", False),
    ("correct", _("Correct"), "pencil", "plain", True),
    ("set_milestones", _("Milestones"), "flag", "plain", True),
    ("share", _("Share"), "share", "plain", True),
    ("count_in", _("Count in a further set"), "stack-2", "plain", True),
    ("instruct", _("Give an instruction"), "writing", "plain", True),
    ("comment", _("Comment"), "message", "plain", True),
    ("discard", _("Throw away"), "trash", "danger", True),
    ("cancel", _("Cancel the task"), "ban", "danger", True),
)

#: Verbs that make no sense in some states are not shown there at all, allowed or not.
_SHOWN_IN = {
    "sign": {Status.ISSUED},
    "refuse": {Status.ISSUED},
    "issue": {Status.DRAFT},
    "approve": {Status.PROPOSED},
    "reject": {Status.PROPOSED},
    "accept": {Status.SUBMITTED},
    "send_back": {Status.SUBMITTED},
    "close": {Status.DONE},
    "edit": {Status.DRAFT},
    "correct": {Status.ISSUED, Status.ACTIVE},
    "discard": {Status.DRAFT},
}


def _acts(task: Task, facts: rules.Facts, person: Person) -> list[ActShown]:
    shown = []
    for verb, label, icon, kind, dialog in _ACTS:
        verdict, leader = queries.principal(task, person, verb, facts)
        if leader:
            words = gettext("%(act)s (for %(leader)s)")
            label = words % {"act": label, "leader": leader.name}
        states = _SHOWN_IN.get(verb)
        if (states is not None and task.status not in states and not verdict) or (
            task.status in {Status.CLOSED, Status.CANCELLED}
        ):
            continue
        url = reverse(f"tasks:{verb}", args=[task.pk])
        shown.append(ActShown(verb, label, icon, url, verdict, kind, dialog))
    return shown


def _handing_over(transfers: Transfers) -> list[ActShown]:
    """Handing over, while there is something to hand over."""
    task = transfers.task
    if task.status not in PERMITS["transfer"].statuses or transfers.waiting:
        return []
    url = reverse("changes:ask", args=[task.pk])
    label, icon = pgettext_lazy("verb", "Hand over"), "switch-horizontal"
    return [ActShown("transfer", label, icon, url, transfers.may_ask)]


def light_of(task: Task, today: dt.date) -> LightShown:
    """The mark of a task on a day, in the words and colours of its measure."""
    lights = lights_of(queries.measure_for(task))
    return lights[rules.health(task, today).value]


@statement
def _below(parent: Any) -> QuerySet[Task, Any]:
    """Sub-tasks in the order they were made: creator, kind, and the columns of a line."""
    rows = Task.objects.filter(parent_id=parent).exclude(status=Status.CANCELLED).order_by("pk")
    return rows.values_list("creator_id", "kind", *LINE)


@statement
def _above(keys: Any) -> QuerySet[Task]:
    return Task.objects.filter(pk__in=keys).order_by("path").only("title", "path")


@statement
def _remarks(task: Any) -> QuerySet[Remark]:
    return Remark.objects.filter(task_id=task).select_related("by", "by__main_unit")


@statement
def _milestones(task: Any) -> QuerySet[Milestone]:
    return Milestone.objects.filter(task_id=task)


@statement
def _values(task: Any) -> QuerySet[OwnValue, Any]:
    rows = OwnValue.objects.filter(task_id=task).order_by("field__order")
    return rows.values_list("field__name", "person__name", "text")


def _children(task: Task, person: Person, today: dt.date) -> tuple[list[Child], int]:
    found = [(by, kind, TaskLine(*line)) for by, kind, *line in _below(parent=task.pk)]
    told = {line.pk: (by, line.status, line.measure_id) for by, _kind, line in found}
    seen = queries.keys_seen(told, person)
    kinds = [kind for _by, kind, line in found if line.pk in seen]
    rows = rows_of([line for *_told, line in found if line.pk in seen], today)
    children = [Child(row, kind == Kind.UNIT) for row, kind in zip(rows, kinds, strict=True)]
    return children, sum(child.row.is_draft for child in children)


def _part_note(part: Part) -> Word:
    if part.refused_at:
        return _("refused")
    if part.must_sign:
        return _("signed") if part.signed_at else _("not signed yet")
    return ""


def _name(part: Part) -> str:
    return str(part.person or part.unit)


def _seats(parts: Sequence[Part]) -> list[Seat]:
    """Everybody taking part by role; the lead unit and the owner stand in the head of the page."""
    rows = [p for p in queries.lead_first(parts) if p.role != Role.FOLLOWER]
    seats = []
    for role, members in groupby(rows, key=lambda part: part.role):
        names = [(_name(part), str(_part_note(part))) for part in members]
        if role != Role.LEAD or any(note for _name, note in names):
            seats.append(Seat(Role(role).label, names))
    return seats


def _moments(task: Task) -> list[Moment]:
    return [
        Moment(_("issued"), task.issued_at),
        Moment(_("accepted"), task.accepted_at),
        Moment(_("broken down"), task.split_at),
        Moment(_("begun"), task.begun_at),
        Moment(_("last reported"), task.reported_at),
        Moment(_("completed"), task.completed_at),
        Moment(_("closed"), task.closed_at),
    ]


def _own_values(task: Task) -> list[tuple[str, str]]:
    return [(name, person or text) for name, person, text in _values(task=task.pk)]


def _by_day(lines: Sequence[Line]) -> list[tuple[dt.date, list[Line]]]:
    def day(line: Line) -> dt.date:
        return timezone.localtime(line.at).date()

    return [(when, list(some)) for when, some in groupby(lines, key=day)]


def _told(lines: Sequence[Line], *, sees_scores: bool) -> list[Line]:
    """The story as this person may hear it: reasons of scores only with the scores themselves."""
    if sees_scores:
        return list(lines)
    return [
        replace(line, data={}) if line.verb.startswith("assessment.") else line for line in lines
    ]


def portrait(task: Task, person: Person, today: dt.date) -> Portrait:
    """Gather the page of a task: about fifteen statements at any size."""
    facts = queries.facts_for(task, person)
    transfers = transfers_panel(task, person, facts)
    parts = queries.parts_of([task])[task.pk]
    remarks = _remarks.instances(task=task.pk)
    children, drafts = _children(task, person, today) if task.children_count else ([], 0)
    assessment = assessment_panel(task, facts, person, today)
    return Portrait(
        task=task,
        facts=facts,
        light=light_of(task, today),
        explained=rules.explain(task, task.due, today),
        expected=rules.expected(task.start, task.due, today),
        acts=[*_acts(task, facts, person), *_handing_over(transfers)],
        ancestors=_above.instances(keys=task.ancestor_ids) if task.parent_id else [],
        children=children,
        drafts=drafts if Relation.OWNER in facts.relations else 0,
        seats=_seats(parts),
        moments=_moments(task),
        milestones=_milestones.instances(task=task.pk),
        instructions=[r for r in remarks if r.kind == RemarkKind.INSTRUCTION],
        comments=[r for r in remarks if r.kind != RemarkKind.INSTRUCTION],
        own_values=_own_values(task),
        reports=reports_panel(task, facts, person, today),
        assessment=assessment,
        transfers=transfers,
        improvement=improvement_panel(task, person, facts),
        trail=_by_day(_told(events_about("task", task.pk), sees_scores=assessment.sees)),
        follows=any(p.role == Role.FOLLOWER and p.person_id == person.pk for p in parts),
    )
