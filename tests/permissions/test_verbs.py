"""Every verb, in every status, by everybody a task can know: what HTTP answers is what PERMITS say.

The people are built so that each is one thing to the task. What they are is written down here and
compared with `facts_for`; whether they see the task is told from the rule of ARCHITECTURE §19.5;
the rest follows from `lifecycle.PERMITS` by `rules.permitted`, and for the fine print `rules.may`.
"""

import datetime as dt
import html
import itertools
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from luoshi.desk.management.doors import DOORS, Verb
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, make_person, make_unit, seat
from luoshi.reports.tests.factories import tell
from luoshi.tasks import queries, rules
from luoshi.tasks.lifecycle import PERMITS, Relation, Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.services import issuing, line, registering, signing, taking_part
from luoshi.tasks.tests.factories import make_set, new
from tests.permissions import table
from tests.permissions.table import ALLOWED, INVISIBLE, REFUSED

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
R = Relation

#: What each person is to the task below, besides somebody who may see it.
RELATIONS = {
    "creator": {R.CREATOR, R.INVOLVED},
    "owner": {R.OWNER, R.INVOLVED},
    "shared": {R.HANDLER, R.INVOLVED},
    "head": {R.HEAD, R.INVOLVED},
    "cooperating": {R.INVOLVED},
    "participant": {R.INVOLVED},
    "reviewer": {R.REVIEWER, R.INVOLVED},
    "assessor": {R.ASSESSOR, R.INVOLVED},
    "office": {R.OFFICE},
    "supervision": {R.OFFICE},
    "splitter": {R.SPLITTER, R.INVOLVED},
    "in_charge": {R.LEADER},
    "top": {R.LEADER},
    "named_leader": {R.LEADER, R.INVOLVED},
    "instructing": {R.LEADER, R.INVOLVED},
    "follower": {R.INVOLVED},
    "liaison": set(),
    "secretary": set(),
    "deputy": set(),
    "neighbour": set(),
    "outsider": set(),
}
#: Those whom a signature is asked of, where one is asked.
SIGNING = {"head", "cooperating", "participant", "owner"}
#: Who sees every task, drafts too, and who sees issued ones that are not open to everybody.
SEES_ALL = {"office", "supervision", "top", "liaison", "secretary"}
SEES_CLOSED = {name for name, said in RELATIONS.items() if R.INVOLVED in said} | {
    "in_charge",
    "deputy",
}
#: Who decides on what waits for approval.
DECIDES = {name for name, said in RELATIONS.items() if R.LEADER in said}


def _people(c: SimpleNamespace) -> dict[str, object]:
    school, root = c.school, c.root
    unit = make_unit("焊接教研室", school, "科室", "2002")
    partner = make_unit("实训中心", root, "二级学院", "21")

    def some(name: str, where=None, duty: Duty | None = None, at=None):
        person = make_person(f"某{name}"[:20], where or c.other)
        if duty:
            seat(person, at or where or c.other, duty)
        return person

    people = {name: some(name) for name in RELATIONS}
    people["creator"] = some("creator2", c.other, Duty.HEAD)
    people["owner"] = some("owner2", unit)
    people["head"] = some("head2", unit, Duty.HEAD)
    people["cooperating"] = some("cooperating2", partner, Duty.HEAD)
    people["office"] = c.chen
    people["supervision"] = c.zhou
    people["in_charge"] = c.zhao  # leader in charge of the school
    people["top"] = some("top2", root, Duty.TOP_LEADER)
    people["liaison"] = some("liaison2", root, Duty.LIAISON)
    people["secretary"] = some("secretary2", root)
    served = seat(people["top"], root, Duty.TOP_LEADER).post
    kept = seat(people["secretary"], root, Duty.SECRETARY).post
    kept.serves = served
    kept.save()
    people["deputy"] = some("deputy2", school, Duty.DEPUTY)
    people["neighbour"] = some("neighbour2", c.section)
    people["outsider"] = c.sun
    people["_unit"], people["_partner"] = unit, partner
    return people


def _switches(visibility: str, sign_off: bool, review: bool) -> dict[str, object]:
    return {
        "visibility": visibility,
        "sign_off": "always" if sign_off else "never",
        "review": "always" if review else "never",
        "assessment": "never",
        "split": "all",
        "needs_evidence": False,
        "cancel_by": "both",
        "diagnose_in": "12",
    }


def _parent(people, category) -> Task:
    """A task of the splitter's, open since long."""
    row = new(
        category,
        people["_unit"].pk,
        owner_id=people["splitter"].pk,
        title="上级任务",
        start=dt.date(2026, 1, 5),
    )
    task = registering.register(row, by=people["office"].actor, issue=True)
    Task.objects.filter(pk=task.pk).update(status=Status.ACTIVE)
    task.refresh_from_db()
    return task


def _child(people, parent) -> Task:
    """A draft below it, made by the splitter and handed to a creator of its own."""
    row = new(
        parent.category,
        people["_unit"].pk,
        owner_id=people["owner"].pk,
        title="本任务",
        start=dt.date(2026, 1, 5),
        cooperating=(people["_partner"].pk,),
        participants=(people["participant"].pk,),
        reviewer_id=people["reviewer"].pk,
        assessors=(people["assessor"].pk,),
        responsible_id=people["named_leader"].pk,
        instructing_id=people["instructing"].pk,
    )
    task = registering.break_down(parent, [row], by=people["splitter"].actor)[0]
    Task.objects.filter(pk=task.pk).update(creator=people["creator"])
    for role in (Role.SHARED, Role.FOLLOWER):
        name = {Role.SHARED: "shared", Role.FOLLOWER: "follower"}[role]
        Part.objects.create(task=task, role=role, person=people[name], year=task.year)
    task.refresh_from_db()
    return task


def _brought_to(task: Task, status: Status, people) -> Task:
    """The task at a status, on the way it really goes."""
    creator, owner = people["creator"].actor, people["owner"]
    if status == Status.DRAFT:
        return task
    if status == Status.PROPOSED:  # the approval room comes later: nothing leads there yet
        Task.objects.filter(pk=task.pk).update(status=status)
        task.refresh_from_db()
        return task
    task = issuing.issue_many([task], by=creator)[0]
    if status > Status.ISSUED and task.needs_sign_off:
        signing.sign(task, by=people["head"].actor)
        task.refresh_from_db()
    if status in (Status.ISSUED, Status.ACTIVE):
        return task
    if status == Status.CANCELLED:
        line.cancel(task, by=creator, reason="不再需要")
    else:
        tell(task, owner, 100)
        task.refresh_from_db()
        if status > Status.SUBMITTED and task.status == Status.SUBMITTED:
            line.accept(task, by=people["reviewer"].actor)
        if status == Status.CLOSED:
            task.refresh_from_db()
            line.close(task, by=creator)
    task.refresh_from_db()
    return task


MEASURES = {
    "open, nothing asked": _switches("everyone", False, False),
    "closed, signed for and reviewed": _switches("involved", True, True),
}
#: (measure, status) of every task that can exist.
PLACES = [
    (name, status)
    for name, status in itertools.product(MEASURES, Status)
    if not (name == "open, nothing asked" and status in {Status.ISSUED, Status.SUBMITTED})
]


@pytest.fixture(scope="module")
def world(once):
    people = _people(cast())
    made = SimpleNamespace(people=people, tasks={})
    for name, switches in MEASURES.items():
        category = make_set(**switches)
        with transaction.atomic():
            parent = _parent(people, category)
        for status in Status:
            if (name, status) not in PLACES:
                continue
            task = _brought_to(_child(people, parent), status, people)
            assert task.status == status, (name, status, task.status)
            made.tasks[name, status] = task
    made.parts = {name: people[name] for name in RELATIONS}
    return made


def _relations(name: str, measure: str, status: Status) -> set[Relation]:
    said = {*RELATIONS[name], R.VIEWER}
    issued = status >= Status.ISSUED
    if name in SIGNING and MEASURES[measure]["sign_off"] == "always" and issued:
        said.add(R.ADDRESSEE)
    return said


def _sees(name: str, measure: str, status: Status) -> bool:
    if name in SEES_ALL or name in {"creator", "splitter"}:
        return True
    if status < Status.ISSUED:
        return status == Status.PROPOSED and name in DECIDES
    return MEASURES[measure]["visibility"] == "everyone" or name in SEES_CLOSED


@pytest.mark.parametrize(("measure", "status"), PLACES)
def test_everybody_is_to_the_task_what_the_table_says(world, measure, status):
    task = world.tasks[measure, status]
    wrong = []
    for name, person in world.parts.items():
        told = set(queries.facts_for(task, person).relations)
        expected = _relations(name, measure, status)
        if told != expected:
            wrong.append(f"{name}: {sorted(told)}, not {sorted(expected)}")
        if queries.may_see(person, task) != _sees(name, measure, status):
            wrong.append(f"{name} sees it: {queries.may_see(person, task)}")
    assert not wrong, "\n".join(wrong)


def _arguments(name: str, task: Task) -> dict[str, int] | None:
    given = {"task_id": task.pk}
    if name == "reports:amend":
        report = task.reports.filter(status="filed").first()
        return given | {"report_id": report.pk} if report else None
    if name in {"reports:result", "improvement:amend", "assessment:return_score"}:
        return None  # tried by itself
    return given


DOORS_OF_VERBS = {
    name: door.who
    for name, door in DOORS.items()
    if isinstance(door.who, Verb) and not door.who.on_parent and name != "reports:result"
}


def test_every_verb_that_has_a_door_is_tried():
    assert {who.name for who in DOORS_OF_VERBS.values()} == set(PERMITS)


#: Whom a secretary serves, and what is done for a leader under both names.
SERVES = {"secretary": "top"}
FOR_A_LEADER = queries.FOR_A_LEADER


def _expected(world, verb: str, name: str, measure: str, status: Status) -> tuple[str, str]:
    """What the tables say: the answer, and the reason of a refusal."""
    if not _sees(name, measure, status):
        return INVISIBLE, ""
    told = rules.permitted(verb, status, frozenset(_relations(name, measure, status)))
    served = SERVES.get(name) if verb in FOR_A_LEADER else None
    if not told and served:
        told_leader = rules.permitted(verb, status, frozenset(_relations(served, measure, status)))
        return (ALLOWED, "") if told_leader else (REFUSED, str(told.reason))
    if not told:
        return REFUSED, str(told.reason)
    task = world.tasks[measure, status]
    fine = rules.may(verb, task, queries.facts_for(task, world.parts[name]))
    return (ALLOWED, "") if fine else (REFUSED, str(fine.reason))


#: Where a door has rules of its own beyond PERMITS; their reasons are tested in their room.
OWN_RULES = {
    "reports:submit",
    "reports:amend",
    "changes:ask",
    "improvement:write",
    "assessment:assess",
    "assessment:name_assessors",
}


def _try(world, knock, name, method, measure, status, people, data=None):
    """Every person of ``people`` at one door; lines of what is not as the tables say."""
    task, verb = world.tasks[measure, status], DOORS_OF_VERBS[name].name
    given = _arguments(name, task)
    if given is None or method not in DOORS[name].methods:
        return []
    url, wrong = reverse(name, kwargs=given), []
    for who in people:
        with translation.override("zh-hans"):
            expected, reason = _expected(world, verb, who, measure, status)
        answer = knock(world.parts[who], method, url, data, **HTMX)
        got = table.heard(answer)
        where = f"{who} {method} {name} while {status.name}"
        if expected == ALLOWED and name in OWN_RULES and got == REFUSED:
            continue
        if got != expected:
            wrong.append(f"{where}: {got}, not {expected} ({answer.content.decode()[:80]})")
        elif reason and name not in OWN_RULES:
            said = html.unescape(answer.content.decode())
            if reason not in said:
                wrong.append(f"{where}: “{said[:60]}” for “{reason}”")
    return wrong


def _one_of_each(measure: str, status: Status) -> list[str]:
    """People who differ in what they are to the task, or in seeing it."""
    found = {
        (frozenset(_relations(name, measure, status)), _sees(name, measure, status)): name
        for name in reversed(RELATIONS)
    }
    return [name for (_said, sees), name in found.items() if sees or name == "outsider"]


#: Where HTTP is tried: each status under the measure that makes more of it.
TRIED = [
    (measure, status)
    for measure, status in PLACES
    if (measure == "open, nothing asked")
    == (status in {Status.DRAFT, Status.PROPOSED, Status.CLOSED, Status.CANCELLED})
]


@pytest.mark.parametrize(("measure", "status"), TRIED)
def test_who_may_look_at_the_form_of_a_verb(world, knock, measure, status):
    """Everybody whom PERMITS name, and some of the others: others at each door, all in turn."""
    wrong, people = [], _one_of_each(measure, status)
    turns = itertools.cycle(people)
    for name, who in DOORS_OF_VERBS.items():
        named = PERMITS[who.name].relations
        may = [n for n in people if named & _relations(n, measure, status)]
        tried = dict.fromkeys([*may[:6], *itertools.islice(turns, 3)])
        wrong += _try(world, knock, name, "GET", measure, status, tried)
    assert not wrong, "\n".join(wrong)


#: What a form must carry so that nothing but a permission stands in the way.
POSTED = {
    "tasks:reject": {"text": "退回"},
    "tasks:refuse": {"text": "不属于本单位"},
    "tasks:send_back": {"text": "补充", "progress": 50},
    "tasks:cancel": {"text": "不再需要"},
    "tasks:comment": {"text": "说一句"},
    "tasks:instruct": {"text": "抓紧"},
    "tasks:follow": {"on": "1"},
    "reports:submit": {"progress": 100, "body": "完成"},
    "improvement:write": {
        "problem": "进度落后",
        "action-TOTAL_FORMS": 1,
        "action-INITIAL_FORMS": 0,
        "action-0-text": "倒排工期",
    },
    "reports:amend": {"progress": 90, "body": "改", "reason": "写错"},
}


@pytest.mark.parametrize(("measure", "status"), TRIED)
def test_who_may_send_the_form_of_a_verb(world, knock, measure, status):
    """One who may, if there is one, and three who are something else to the task."""
    wrong = []
    others = ["outsider", "follower", "secretary"]
    for name, who in DOORS_OF_VERBS.items():
        may = PERMITS[who.name].relations
        held = [n for n in RELATIONS if may & _relations(n, measure, status)][:1]
        people = dict.fromkeys(held + others)
        data = dict(POSTED.get(name, {}))
        if name == "tasks:set_milestones":
            data = {"node-TOTAL_FORMS": 0, "node-INITIAL_FORMS": 0, "rev": 0}
        wrong += _try(world, knock, name, "POST", measure, status, people, data)
    assert not wrong, "\n".join(wrong)


def test_a_refused_verb_writes_nothing(world, knock):
    """The trail has no line more, and the task stands as it stood."""
    from luoshi.trail.models import Event

    measure, status = "closed, signed for and reviewed", Status.ACTIVE
    task = world.tasks[measure, status]
    before, stood = Event.objects.count(), Task.objects.values().get(pk=task.pk)

    def same() -> None:
        assert Event.objects.count() == before
        assert Task.objects.values().get(pk=task.pk) == stood

    for name, who in DOORS_OF_VERBS.items():
        if "POST" not in DOORS[name].methods or who.name in {"follow", "comment"}:
            continue
        given = _arguments(name, task)
        if given is None:
            continue
        for person in ("outsider", "follower", "liaison"):
            url = reverse(name, kwargs=given)
            knock(world.parts[person], "POST", url, POSTED.get(name), after=same, **HTMX)


def test_the_owner_of_the_parent_copies_and_nobody_else(world, knock):
    """The break-down of S0 7) is asked of the parent task."""
    task = world.tasks["open, nothing asked", Status.ACTIVE]
    for name, person in world.parts.items():
        for method in ("GET", "POST"):
            url = reverse("tasks:copy", args=[task.pk])
            got = table.heard(knock(person, method, url, {"units": ""}, **HTMX))
            assert got == (ALLOWED if name == "splitter" else REFUSED), (name, method)


def test_drafts_below_are_issued_by_who_may_issue_each_of_them(world, knock):
    parent = world.tasks["open, nothing asked", Status.DRAFT].parent
    url = reverse("tasks:issue_children", args=[parent.pk])
    for name, person in world.parts.items():
        got = table.heard(knock(person, "POST", url, **HTMX))
        office = {"office", "supervision", "splitter", "creator"}
        assert got == (ALLOWED if name in office else REFUSED), name


@pytest.mark.parametrize("name", ["tasks:issue_many", "tasks:complete_drafts"])
def test_many_drafts_are_asked_for_one_by_one(world, knock, name):
    """A draft one may not see or issue does not slip through beside others."""
    task = world.tasks["open, nothing asked", Status.DRAFT]

    def still_a_draft() -> None:
        assert Task.objects.get(pk=task.pk).status == Status.DRAFT

    data = {"task": [task.pk], "draft-TOTAL_FORMS": 1, "draft-INITIAL_FORMS": 1, "issue": "1"}
    data |= {
        "draft-0-task": task.pk, "draft-0-rev": task.rev, "draft-0-title": "换掉",
        "draft-0-unit": task.unit_id, "draft-0-due": "2026-12-01", "draft-0-details": "换",
        "draft-0-standard": "换",
    }  # fmt: skip
    for who in ("outsider", "owner", "head", "deputy", "liaison", "follower", "in_charge"):
        knock(world.parts[who], "POST", reverse(name), data, after=still_a_draft)


def test_a_result_for_a_further_set_is_the_handlers_to_file(world, knock):
    measure, status = "closed, signed for and reviewed", Status.ACTIVE
    task = world.tasks[measure, status]
    further = make_set(needs_evidence=False)
    counting = taking_part.count_in(task, further, by=world.parts["office"].actor)
    url = reverse("reports:result", args=[task.pk, counting.pk])
    for name, person in world.parts.items():
        expected = ALLOWED if name in {"owner", "shared"} else REFUSED
        if not _sees(name, measure, status):
            expected = INVISIBLE
        for method in ("GET", "POST"):
            answer = knock(person, method, url, {"body": "结果"}, **HTMX)
            assert table.heard(answer) == expected, (name, method)


def test_a_report_of_another_task_is_not_amended_through_this_one(world, knock):
    """Numbers in an address belong together, or there is nothing there."""
    done = world.tasks["open, nothing asked", Status.DONE]
    other = world.tasks["closed, signed for and reviewed", Status.DONE]
    report = done.reports.get()
    url = reverse("reports:amend", args=[other.pk, report.pk])
    assert table.heard(knock(world.parts["owner"], "GET", url, **HTMX)) == INVISIBLE
    home = done.countings.get(home=True)
    url = reverse("reports:result", args=[done.pk, home.pk])
    assert table.heard(knock(world.parts["owner"], "GET", url, **HTMX)) == INVISIBLE
