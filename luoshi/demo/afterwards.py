"""What follows the reports: scores, diagnoses, tasks handed over, questions about the system."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal

from luoshi.assessment.services import score
from luoshi.changes.models import Change
from luoshi.changes.services import accept_transfer, ask_transfer, decline_transfer
from luoshi.demo.college import College
from luoshi.demo.days import ONE_DAY, Days, moment
from luoshi.demo.goal import Goal
from luoshi.demo.script import Script
from luoshi.demo.texts import read
from luoshi.improvement.rules import NewAction, Paper
from luoshi.improvement.services import file_diagnosis
from luoshi.kit import clock
from luoshi.measures.models import Category
from luoshi.notices.services import answer_question, ask_question
from luoshi.people.models import Person
from luoshi.people.services.viewing import edit_view, save_view
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Part, Role, Task

#: In a hundred of the tasks completed: scored by all assessors, by the first of them only.
_SCORED, _PARTLY = 70, 15
#: Days before today on which some people write their diagnosis, and how many of them each day.
_DIAGNOSED_AGO, _A_DAY = (17, 14, 11, 8, 6, 4, 2), 8
#: Shares of the points that assessors give, in a hundred.
_SHARES = (100, 97, 95, 95, 92, 90, 90, 86, 80)
GUEST, DEAN, CLERK = "骆文博", "许振华", "罗思敏"


class Afterwards:
    """Puts what comes after reporting into the script."""

    def __init__(
        self,
        college: College,
        days: Days,
        script: Script,
        luck: random.Random,
        goals: list[Goal],
    ) -> None:
        self.college, self.days, self.script, self.luck = college, days, script, luck
        self.goals, self.texts = goals, read("afterwards")
        self._diagnosed: set[int] = set()

    def plan(self) -> None:
        """Everything but the scores, which follow as tasks are completed."""
        for ago in _DIAGNOSED_AGO:
            self._at(self.days.ago(ago), self._diagnose)
        self._at(self.days.ago(20), self._hand_over_for_good)
        self._at(self.days.ago(3), self._offer_to_guest)
        for place, (asked, answered) in enumerate(self.texts["question"]["rows"]):
            self._at(self.days.ago(13 - 12 * place), self._asking(asked, answered))
        self._at(self.days.ago(30), self._save_view)

    def _at(self, day: dt.date, act: Callable[[], object]) -> None:
        self.script.at(moment(day, self.luck), act)

    # ── scores ───────────────────────────────────────────────────────────────────────────────────

    def completed(self, goal: Goal) -> None:
        """A task is complete: its assessors score it within some weeks (S0 任务考核)."""
        if goal.is_personal:
            return
        rows = Part.objects.filter(task=goal.task, role=Role.ASSESSOR).select_related("person")
        assessors = [row.person for row in rows if row.person]
        drawn = self.luck.randint(1, 100)
        if drawn > _SCORED:
            assessors = assessors[:1] if drawn <= _SCORED + _PARTLY else []
        for place, person in enumerate(assessors):
            day = clock.today() + (self.luck.randint(4, 12) + 3 * place) * ONE_DAY
            self._at(day, self._scoring(goal.task.pk, person))

    def _scoring(self, task_id: int, person: Person) -> Callable[[], None]:
        def act() -> None:
            task = Task.objects.get(pk=task_id)
            if task.status != Status.DONE or task.owner_id == person.pk:
                return
            points = (task.points or Decimal(100)) * self.luck.choice(_SHARES) / 100
            said = self.luck.choice(self.texts["score"]["comments"])
            score(task=task, by=person.actor, points=round(points, 2), comment=said)

        return act

    # ── diagnosis and improvement ────────────────────────────────────────────────────────────────

    def _diagnose(self) -> None:
        """Some write their diagnosis of the year before December (S0 任务诊断与改进)."""
        left = [g for g in self.goals if g.said >= 60 and g.task.pk not in self._diagnosed]
        for goal in self.luck.sample(left, min(_A_DAY, len(left))):
            self._diagnosed.add(goal.task.pk)
            problem, action = self.luck.choice(self.texts["diagnosis"]["rows"])
            paper = Paper(problem=problem, actions=(NewAction(text=action),))
            owner = Task.objects.select_related("owner").get(pk=goal.task.pk).owner
            if owner:
                file_diagnosis(goal.task, paper, by=owner.actor)

    # ── handing over ─────────────────────────────────────────────────────────────────────────────

    def _hand_over_for_good(self) -> None:
        """Somebody changes posts: what they have open goes to a colleague (S0 任务转交)."""
        owner = self._with_open_tasks(at_least=2)
        taker = owner and self._colleague(owner)
        if not owner or not taker:
            return
        tasks = self._open_tasks(owner)[:3]
        reason = self.texts["transfer"]["moved"].format(section=taker.main_unit.name)
        asked = ask_transfer(tasks, taker, reason, by=owner.actor)
        self._at(clock.today() + ONE_DAY, lambda: self._taken(asked, taker))

    def _taken(self, asked: list[Change], taker: Person) -> None:
        accept_transfer(asked, by=taker.actor)
        keys = {change.task_id for change in asked}
        for goal in self.goals:
            if goal.task.pk in keys:
                goal.owner = taker

    def _offer_to_guest(self) -> None:
        """One task waits for the guest's answer, one was declined."""
        guest = self.college.people[GUEST]
        givers = [
            person
            for person in self.college.doers(self._school(guest))
            if person.pk != guest.pk and self._open_tasks(person)
        ]
        if not givers:
            return
        words = self.texts["transfer"]
        ask_transfer(self._open_tasks(givers[0])[:1], guest, words["offered"], by=givers[0].actor)
        mine = self._open_tasks(guest)
        if mine:
            asked = ask_transfer(mine[:1], givers[0], words["asked"], by=guest.actor)
            self._at(
                clock.today() + ONE_DAY,
                lambda: decline_transfer(asked, by=givers[0].actor, opinion=words["declined"]),
            )

    def _with_open_tasks(self, at_least: int) -> Person | None:
        """Somebody who is no guest and has so many tasks under way."""
        counted: dict[int, int] = {}
        for goal in self.goals:
            if goal.is_personal and 0 < goal.said < 100:
                counted[goal.owner.pk] = counted.get(goal.owner.pk, 0) + 1
        guest = self.college.people[GUEST].pk
        fit = sorted(pk for pk, n in counted.items() if n >= at_least and pk != guest)
        return Person.objects.get(pk=self.luck.choice(fit)) if fit else None

    def _colleague(self, person: Person) -> Person | None:
        people = [p for p in self.college.doers(self._school(person)) if p.pk != person.pk]
        return self.luck.choice(people) if people else None

    def _school(self, person: Person) -> str:
        """The code of the school somebody belongs to: the first two signs of their unit's."""
        return str(person.main_unit.code[:2])

    def _open_tasks(self, person: Person) -> list[Task]:
        rows = Task.objects.filter(owner=person, status=Status.ACTIVE, parent__isnull=False)
        return list(rows.order_by("pk"))

    # ── questions and views ──────────────────────────────────────────────────────────────────────

    def _asking(self, asked: str, answered: str) -> Callable[[], None]:
        def act() -> None:
            question = ask_question(text=asked, by=self.college.people[DEAN].actor)
            clerk = self.college.people[CLERK].actor
            if answered:
                answer = lambda: answer_question(question, text=answered, by=clerk)  # noqa: E731
                self._at(clock.today() + ONE_DAY, answer)

        return act

    def _save_view(self) -> None:
        """The clerk keeps two views and shares one with the whole college."""
        clerk = self.college.people[CLERK]
        core = Category.objects.get(code="863")
        late = save_view(
            clerk, page="task-list", name="到期未反馈", query="scope=all&health=stalled"
        )
        save_view(clerk, page="gantt", name="核心指标", query=f"scope=all&category={core.pk}")
        edit_view(late, name=late.name, unit=clerk.main_unit, rev=late.rev, by=clerk.actor)
