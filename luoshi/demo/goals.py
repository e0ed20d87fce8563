"""Core and quality indicators: handed down, broken down to schools and persons, reported on."""

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from luoshi.demo.college import College
from luoshi.demo.days import ONE_DAY, Days, between, moment
from luoshi.demo.goal import Goal
from luoshi.demo.pace import Fate, draw, given
from luoshi.demo.reporting import Reporter
from luoshi.demo.script import Script
from luoshi.demo.texts import core_indicators, read
from luoshi.kit import clock
from luoshi.measures.models import Category
from luoshi.people.models import Person, Unit
from luoshi.tasks.models import Kind, Task, Tier
from luoshi.tasks.rules import NewTask
from luoshi.tasks.services.issuing import issue_many
from luoshi.tasks.services.registering import break_down, register_many

#: The clerk of the goal office who registers everything, and who assesses beside the office.
CLERK, ASSESSOR = "罗思敏", "范国强"
GUEST_TEACHER = "骆文博"
#: What becomes of some of the institution's own tasks, by place in the list of core indicators.
_FINISHED_EARLY = frozenset({2, 8, 18, 24})
_OVERDUE = frozenset({5, 15, 21})
_LATE_RESULTS = (11, 23)
#: In a hundred: schools that give their share to persons; shares due within months; persons who go
#: beyond their target.
_TO_PERSONS, _WITHIN_MONTHS, _BEYOND = 78, 60, 15


class Office:
    """Hands goals down and sees them broken down, as the year goes."""

    def __init__(
        self, college: College, days: Days, script: Script, luck: random.Random, reporter: Reporter
    ) -> None:
        self.college, self.days, self.script, self.luck = college, days, script, luck
        self.reporter = reporter
        self.sets = {category.code: category for category in Category.objects.all()}
        self.goals: list[Goal] = []
        self._given_to_guest = 0

    def plan(self, core_count: int) -> None:
        """Put the year's first acts into the script; ``core_count`` core indicators of thirty."""
        core = core_indicators()[:core_count]
        for start in range(0, len(core), 10):
            places = range(start, min(start + 10, len(core)))
            self._at(self.days.after(start // 5), self._handing_down("863", core, places))
        quality = read("quality")["indicator"]
        day = self.days.after(12)
        self._at(day, self._handing_down("quality", quality, range(len(quality))))
        self._at(self.days.ago(33), self._register_drafts)

    def _at(self, day: dt.date, act: Callable[[], None]) -> None:
        self.script.at(moment(day, self.luck), act)

    # ── the institution's tasks ──────────────────────────────────────────────────────────────────

    def _handing_down(
        self, code: str, texts: Sequence[Mapping[str, Any]], places: range
    ) -> Callable[[], None]:
        def act() -> None:
            rows = [self._institution_row(code, texts[place], place) for place in places]
            clerk = self.college.people[CLERK].actor
            tasks = register_many(rows, by=clerk)
            self._at(clock.today() + ONE_DAY, lambda: issue(tasks))

        def issue(tasks: list[Task]) -> None:
            issued = issue_many(tasks, by=self.college.people[CLERK].actor)
            for place, task in zip(places, issued, strict=True):
                self._accompany_top(texts[place], task)

        return act

    def _institution_row(self, code: str, text: Mapping[str, Any], place: int) -> NewTask:
        """A task of the institution as the goal office registers it."""
        unit, core = self.college.units[text["owner"]], code == "863"
        due = self._institution_due(place if core else -1)
        leader = self.college.leaders.get(text["owner"])
        return NewTask(
            title=text["title"],
            category_id=self.sets[code].pk,
            year=self.days.year,
            unit_id=unit.pk,
            details=text["details"],
            standard=text["standard"],
            points=Decimal(3 if core else 2),
            start=clock.today(),
            due=due,
            target_value=Decimal(text["target"]),
            target_unit=text["measured"],
            origin_document=f"江职委〔{self.days.first.year}〕3号",
            assessors=(self.college.people[ASSESSOR].pk, self.college.head("12").pk),
            in_charge_id=leader.pk if leader else None,
            cooperating=tuple(
                self.college.units[other].pk for other in text.get("departments", ())
            ),
            further_sets=self._further_sets(text, place) if core else (),
            milestones=self._milestones(due) if core and place % 3 == 0 else (),
        )

    def _institution_due(self, place: int) -> dt.date:
        if place in _FINISHED_EARLY:
            return self.days.ago(self.luck.randint(12, 40))
        if place in _OVERDUE:
            return self.days.ago(self.luck.randint(6, 24))
        latest = self.days.last
        return max(latest - self.luck.choice([0, 0, 5, 11, 16]) * ONE_DAY, self.days.today)

    def _further_sets(
        self, text: Mapping[str, Any], place: int
    ) -> tuple[tuple[int, dt.date | None], ...]:
        """The quality set, for indicators that stand in both; most results are still to come."""
        if not text.get("quality"):
            return ()
        day = self.days.ago(8) if place in _LATE_RESULTS else self.days.today + 10 * ONE_DAY
        return ((self.sets["quality"].pk, day),)

    def _milestones(self, due: dt.date) -> tuple[tuple[str, dt.date], ...]:
        length = (due - self.days.first).days
        return tuple(
            (name, self.days.after(length * share // 100))
            for name, share in read("words")["plan"]["milestones"]
        )

    def _accompany_top(self, text: Mapping[str, Any], task: Task) -> None:
        """Break the task down some weeks later, and report on it every month."""
        owner = self.college.head(text["owner"])
        goal = Goal(text, task, owner, self.college.units[text["owner"]])
        codes = [*text.get("schools", ()), *text.get("departments", ())]
        if text.get("section"):
            codes.append(text["section"])
        self.luck.shuffle(codes)
        codes = codes[: max(3, len(codes) * 7 // 8)]
        goal.planned = len(codes)
        self._keep(goal)
        assert task.due is not None
        half = len(codes) if task.due <= self.days.today else (len(codes) + 1) // 2
        early = self.days.after(self.luck.randint(40, 70))
        self._at(early, lambda: self._to_units(goal, codes[:half]))
        if half < len(codes):
            middle = self.days.after((self.days.today - self.days.first).days // 2)
            later = between(middle, self.days.ago(30), self.luck)
            self._at(later, lambda: self._to_units(goal, codes[half:]))

    def _keep(self, goal: Goal) -> None:
        self.goals.append(goal)
        if goal.parent:
            goal.parent.children.append(goal)
            goal.parent.planned = max(0, goal.parent.planned - 1)
        self.reporter.accompany(goal)

    # ── to schools ───────────────────────────────────────────────────────────────────────────────

    def _to_units(self, goal: Goal, codes: Sequence[str]) -> None:
        """Copy the task to units, each with its own standard and due date (S0 任务分解 7)."""
        if goal.said >= 100 or not codes:
            return
        plans = [(self._place_of(code), self._unit_due(goal)) for code in codes]
        rows = [self._unit_row(goal, unit, due) for (unit, _owner), due in plans]
        tasks = break_down(goal.task, rows, by=goal.owner.actor, issue=True)
        for ((unit, owner), _due), task in zip(plans, tasks, strict=True):
            child = Goal(goal.text, task, owner, unit, goal)
            self._accompany_unit(child)

    def _place_of(self, code: str) -> tuple[Unit, Person]:
        """A unit by its code, or a section by its name, and who answers for it."""
        if code in self.college.units:
            return self.college.units[code], self.college.head(code)
        section = self.college.sections[code]
        return section, next(
            person for person in self.college.people.values() if person.main_unit_id == section.pk
        )

    def _unit_due(self, goal: Goal) -> dt.date:
        """Half of the shares are due within some months, the rest near the end of the whole."""
        issued = clock.today()
        if self.luck.randint(1, 100) <= _WITHIN_MONTHS:
            return min(issued + self.luck.randint(45, 105) * ONE_DAY, goal.due)
        return max(goal.due - self.luck.choice([0, 3, 7, 10, 15]) * ONE_DAY, issued)

    def _unit_row(self, goal: Goal, unit: Unit, due: dt.date) -> NewTask:
        text = goal.text
        low, high = text["share"]
        step = 10 if high >= 100 else 1
        share = max(low, self.luck.randint(low, high) // step * step)
        section = unit.depth > 1
        return NewTask(
            title=f"{text['part']}（{unit.label}）",
            category_id=goal.task.category_id,
            year=self.days.year,
            unit_id=unit.pk,
            tier=Tier.SECTION if section else Tier.UNIT,
            owner_id=self._place_of(unit.name)[1].pk if section else None,
            details=f"{text['details']}{unit.label}承担其中“{text['part']}”部分。",
            standard=text["part_standard"].replace("{n}", str(share)),
            points=Decimal(2),
            start=clock.today(),
            due=min(due, goal.due),
            target_value=Decimal(share),
            target_unit=text["measured"],
            assessors=(goal.owner.pk, self.college.people["孔令仪"].pk),
        )

    def _accompany_unit(self, child: Goal) -> None:
        """A school's head gives the work to persons, or has it done without."""
        doers = self._doers(child)
        if not doers or self.luck.randint(1, 100) > _TO_PERSONS or not _has_time(child):
            child.pace = given(clock.today(), child.due, self.days.today, self.luck)
            self._keep(child)
            return
        works = list(child.text["works"])
        self.luck.shuffle(works)
        count = min(self.luck.choice([1, 1, 1, 2, 2]), len(works), len(doers))
        parts = list(zip(self._chosen(doers, count), works, strict=False))
        child.planned = count
        self._keep(child)
        self._at(self._person_day(child), lambda: self._to_persons(child, parts))

    def _chosen(self, doers: list[Person], count: int) -> list[Person]:
        """Some of a unit's people; the teacher visitors enter as is never without work."""
        people = self.luck.sample(doers, count)
        guest = self.college.people[GUEST_TEACHER]
        if guest in doers and guest not in people and self._given_to_guest < 4:
            people[0] = guest
        self._given_to_guest += guest in people
        return people

    def _doers(self, child: Goal) -> list[Person]:
        """Who may be given a part of a unit's work: its people but the one who answers for it."""
        if child.unit.depth > 1:
            return []
        return self.college.doers(child.unit.code)

    def _person_day(self, child: Goal) -> dt.date:
        """When a school's head asks somebody: mostly soon, sometimes later in the year."""
        soon = clock.today() + self.luck.randint(6, 20) * ONE_DAY
        latest = min(child.due - 28 * ONE_DAY, self.days.ago(4))
        if latest <= soon or self.luck.random() < 0.6:
            return min(soon, max(latest, clock.today() + 2 * ONE_DAY))
        return between(soon, latest, self.luck)

    # ── to persons ───────────────────────────────────────────────────────────────────────────────

    def _to_persons(self, goal: Goal, parts: Sequence[tuple[Person, str]]) -> None:
        """Give parts of a school's task to persons who do them (S0 任务分解 4)."""
        paces = [draw(clock.today(), goal.due, self.days.today, self.luck) for _part in parts]
        rows = [
            self._personal_row(goal, person, work, pace.due)
            for (person, work), pace in zip(parts, paces, strict=True)
        ]
        tasks = break_down(goal.task, rows, by=goal.owner.actor, issue=True)
        for (person, _work), pace, task in zip(parts, paces, tasks, strict=True):
            child = Goal(goal.text, task, person, goal.unit, goal, pace)
            child.over = pace.fate is Fate.DONE and self.luck.randint(1, 100) <= _BEYOND
            self._keep(child)

    def _personal_row(self, goal: Goal, person: Person, work: str, due: dt.date) -> NewTask:
        words = self.reporter.words_of(goal.unit, person)
        title = self.reporter.voice.fill(work, words)
        return NewTask(
            title=f"{title}（{person.name}）",
            category_id=goal.task.category_id,
            year=self.days.year,
            unit_id=goal.unit.pk,
            kind=Kind.PERSONAL,
            details=f"承担“{goal.text['part']}”中的“{title}”工作，按月反馈进展，材料交学院汇总。",
            standard=f"按期完成“{title}”，过程材料齐全，经{goal.owner.name}审核合格。",
            start=clock.today(),
            due=due,
            owner_id=person.pk,
        )

    # ── drafts ───────────────────────────────────────────────────────────────────────────────────

    def _register_drafts(self) -> None:
        """Tasks of the set whose rules are not announced yet; they stay drafts."""
        rows = [
            NewTask(
                title=draft["title"],
                category_id=self.sets["other-goals"].pk,
                year=self.days.year,
                unit_id=self.college.units[draft["owner"]].pk,
                details=draft["details"],
                due=self.days.last,
            )
            for draft in read("quality")["draft"]
        ]
        register_many(rows, by=self.college.people[CLERK].actor)


def _has_time(child: Goal) -> bool:
    """Whether there is time enough to give the work to somebody else."""
    return child.due > clock.today() + 32 * ONE_DAY
