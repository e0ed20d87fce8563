"""What people report, month by month, and what others say to it."""

import contextlib
import datetime as dt
import random
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from luoshi.demo.college import College
from luoshi.demo.days import ONE_DAY, Days, in_words, moment
from luoshi.demo.evidence import Evidence
from luoshi.demo.goal import Goal
from luoshi.demo.pace import Fate
from luoshi.demo.script import Script
from luoshi.demo.texts import read
from luoshi.demo.voice import Voice
from luoshi.files.services import Prepared
from luoshi.kit import clock
from luoshi.kit.dates import in_month
from luoshi.kit.verdict import Refused
from luoshi.people.models import Person, Unit
from luoshi.reports.models import Report
from luoshi.reports.queries import known_before
from luoshi.reports.rules import ReportKind
from luoshi.reports.rules.copying import Mark
from luoshi.reports.services import amend_report, submit_report
from luoshi.tasks.models import Counting, RemarkKind, Task, Tier
from luoshi.tasks.services.taking_part import remark, set_milestones

#: How often in a hundred a month goes by without a report, at most and at least, by unit.
_SKIPPED = (4, 26)
_PERSON_SKIPS = 22
#: In a hundred: reported after the 28th; a comment; a problem, help, next step; evidence cited.
_AFTER_THE_DAY, _COMMENTED = 9, 5
_PROBLEM, _HELP, _NEXT, _CITED = 30, 8, 60, 14
_UNCHANGED, _QUOTED = 45, 30
_INSTRUCTED_AGO = (52, 27, 9)


class Reporter:
    """Lets the owners of goals report as they come along."""

    def __init__(
        self, college: College, days: Days, script: Script, luck: random.Random, evidence: Evidence
    ) -> None:
        self.college, self.days, self.script, self.luck = college, days, script, luck
        self.evidence, self.voice = evidence, Voice(luck)
        self.words = read("words")
        self.amended = False
        self.on_completed: Callable[[Goal], None] = lambda _goal: None
        self._skips: dict[int, int] = {}

    def _at(self, day: dt.date, act: Callable[[], None]) -> None:
        self.script.at(moment(day, self.luck), act)

    def _happens(self, in_a_hundred: int) -> bool:
        return self.luck.randint(1, 100) <= in_a_hundred

    # ── when ─────────────────────────────────────────────────────────────────────────────────────

    def accompany(self, goal: Goal) -> None:
        """Plan the reports of a goal from its issue to today."""
        for day in self._monthly(goal):
            self._at(day, lambda: self._report_if_due(goal))
        if goal.pace and goal.pace.fate is Fate.DONE:
            self._at(goal.pace.until, lambda: self._report(goal))
        if goal.is_top:
            self._plan_milestones(goal)
            self._plan_results(goal)

    def _monthly(self, goal: Goal) -> Iterator[dt.date]:
        """A day in each month: persons report before their heads, heads before departments."""
        year, month = goal.issued.year, goal.issued.month
        since, until = (16, 24) if goal.is_personal else (21, 26) if goal.parent else (25, 28)
        while dt.date(year, month, 1) <= self.days.today:
            late = not goal.is_top and self._happens(_AFTER_THE_DAY)
            day = in_month(year, month, self.luck.randint(*((29, 31) if late else (since, until))))
            if day > goal.issued and not self._happens(self._skipped(goal)):
                yield day
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)

    def _skipped(self, goal: Goal) -> int:
        """In a hundred months, how many this owner lets go by."""
        if goal.is_top:
            return 8
        habit = self._skips.setdefault(goal.unit.pk, self.luck.randint(*_SKIPPED))
        return max(habit, _PERSON_SKIPS) if goal.is_personal else habit

    def _report_if_due(self, goal: Goal) -> None:
        today = max(goal.on(clock.today()), goal.said)
        if today == 0 and (goal.reports or not self._happens(30)):
            return
        if today <= goal.said and not goal.is_top and self._happens(45):
            return
        if today == goal.said < 100 and goal.reports and self._happens(_UNCHANGED):
            self._say_no_change(goal)
            return
        self._report(goal)

    # ── a report ─────────────────────────────────────────────────────────────────────────────────

    def _report(self, goal: Goal) -> None:
        progress = max(goal.on(clock.today()), goal.said)
        if goal.said >= 100:
            return
        stage = _stage(progress)
        words = self._words_now(goal, progress)
        self.voice.hear(goal, goal.children)
        asides: dict[str, Any] = self._asides(goal, stage, words)
        said: dict[str, Any] = {
            "task": goal.task,
            "by": goal.owner.actor,
            "person": goal.owner,
            "progress": progress,
            "achieved": _achieved(goal, progress, self.luck),
            "uploads": self._papers(goal, stage),
            "cited": self._cited(goal),
        }
        try:
            body, quotes = self._body(goal, stage, words), self._quotes(goal)
            report = submit_report(**said, body=body, quotes=quotes, **asides)
        except Refused:  # too much of it was copied from below: said again, in fewer words
            level = "units" if goal.is_top else "persons"
            body = self.voice.tell(goal, [_fitting(self.words["summary"][level], words)], words)
            report = submit_report(**said, body=body)
        goal.said, goal.reports = progress, goal.reports + 1
        self._follow_up(goal, report)

    def _say_no_change(self, goal: Goal) -> None:
        """Nothing has changed, and why (RPT-5); not more often than the measure lets one say so."""
        said = self.voice.pick(goal, read("afterwards")["unchanged"]["reasons"])
        with contextlib.suppress(Refused):
            goal.newest = submit_report(
                task=goal.task, by=goal.owner.actor, progress=goal.said, body=said, unchanged=True
            )

    def _quotes(self, goal: Goal) -> list[str]:
        """The first sentence of what somebody below said last, quoted with its source (RPT-3)."""
        told = [c.newest for c in goal.children if c.newest and not c.newest.unchanged]
        if not told or not self._happens(_QUOTED):
            return []
        newest = self.luck.choice(told)
        return [str(Mark(newest.pk, "b", 0, newest.body.index("。") + 1))]

    def _body(self, goal: Goal, stage: str, words: Mapping[str, object]) -> str:
        text = goal.text
        if stage == "zero":
            return self.voice.tell(goal, [self.words["zero"]["body"]], words)
        said = [text[stage]]
        if goal.is_personal:
            if self._happens(70):
                said.append(self.words["person"][stage])
        elif goal.pace is None:
            level = "units" if goal.is_top else "persons"
            pools = self.words["summary" if goal.children else "prepare"]
            said = [_fitting(pools[level], words), *self._own_part(goal, stage)]
        elif stage == "mid":
            said.append(text["mid"])
        if goal.over and stage == "done":
            said.append(self.words["over"]["body"])
        return self.voice.tell(goal, said, words)

    def _own_part(self, goal: Goal, stage: str) -> list[list[str]]:
        """What somebody adds to the sum of what was reported below, as a pool of sentences."""
        text = goal.text
        if not goal.children:
            return []
        if not goal.is_top or stage == "done":
            return [text[stage]]
        told = [child for child in goal.children if 0 < child.said < 100]
        if told and self._happens(50):
            child = self.luck.choice(told)
            words = self._words_now(child, child.said)
            one = self.voice.fill(self.voice.pick(goal, text["mid"]), words)
            return [[f"{child.unit.label}：{one}"]]
        return [text["dept"]]

    def _asides(self, goal: Goal, stage: str, words: Mapping[str, object]) -> dict[str, str]:
        """Problems, help needed and the next step, where there are any."""
        if stage in {"done", "zero"}:
            return {}
        said: dict[str, str] = {}
        for name, often in (("problems", _PROBLEM), ("help_needed", _HELP), ("next_step", _NEXT)):
            pool = [*goal.text.get(name, ()), *self.words["aside"][name]]
            if self._happens(often) and (new := self.voice.pick_new(goal, pool)):
                said[name] = self.voice.fill(new, words)
        return said

    def _papers(self, goal: Goal, stage: str) -> list[Prepared]:
        bases = self.words["evidence"]["start" if stage == "zero" else stage]
        count = 2 if self._happens(25) else 1
        return [
            self.evidence.named(base, f"{goal.unit.label}{clock.today().month}月{base}")
            for base in self.luck.sample(bases, count)
        ]

    def _cited(self, goal: Goal) -> list[int]:
        """Evidence of sub-tasks, quoted (S0 任务反馈 4)."""
        if not goal.children or not self._happens(_CITED):
            return []
        pieces = list(known_before(goal.task, goal.owner, None).citable)
        return pieces[: self.luck.randint(1, 2)]

    # ── words ────────────────────────────────────────────────────────────────────────────────────

    def words_of(self, unit: Unit, person: Person) -> dict[str, object]:
        """Names that fit a unit and somebody of it."""
        school = self.college.schools.get(unit.code[:2])
        if school is None:
            school = self.luck.choice(list(self.college.schools.values()))
        staff = [one for one in self.college.staff[unit.code[:2]] if one.pk != person.pk]
        section = person.main_unit.name if person.main_unit.depth > 1 else unit.label
        return {
            "major": self.luck.choice(school["majors"]),
            "firm": self.luck.choice(school["firms"]),
            "room": self.luck.choice(school["rooms"]),
            "person": self.luck.choice(staff).name + "老师",
            "section": section,
        }

    def _words_now(self, goal: Goal, progress: int) -> dict[str, object]:
        today = clock.today()
        recent = today - self.luck.randint(2, 17) * ONE_DAY
        value = _achieved(goal, progress, self.luck)
        return {
            **self.words_of(goal.unit, goal.owner),
            **self._counted(goal),
            "day": in_words(max(recent, goal.issued)),
            "month": f"{today.month}月",
            "coming": f"{today.month % 12 + 1}月",
            "part": goal.text["part"],
            "title": goal.task.title,
            "measured": goal.task.target_unit,
            "value": f"{value:f}" if value is not None else "",
        }

    def _counted(self, goal: Goal) -> dict[str, object]:
        """Figures of the sub-tasks as they stand, for sentences that sum up."""
        children = sorted(goal.children, key=lambda child: -child.said)
        if not children:
            return {"total": goal.planned}
        done = sum(child.said >= 100 for child in children)
        idle = sum(child.said == 0 for child in children)
        names = "、".join(child.owner.name for child in children[:2])
        best, worst = children[0], children[-1]
        by = (lambda one: one.unit.label) if goal.is_top else (lambda one: one.owner.name)
        return {
            "total": len(children),
            "done": done,
            "idle": idle,
            "moving": len(children) - done - idle,
            "mean": round(sum(child.said for child in children) / len(children)),
            "names": names,
            "level": best.said == worst.said,
            "best": by(best),
            "worst": by(worst),
        }

    # ── what follows a report ────────────────────────────────────────────────────────────────────

    def _follow_up(self, goal: Goal, report: Report) -> None:
        soon = clock.today() + self.luck.randint(1, 3) * ONE_DAY
        parent = goal.parent
        goal.newest = report
        if goal.said == 100:
            self.on_completed(goal)
        if goal.said == 100 and parent and parent.on(clock.today()) == 100:
            self._at(soon + ONE_DAY, lambda: self._report(parent))
        elif not self.amended and 30 <= goal.said <= 75 and goal.pace and self._is_recent():
            self.amended = True
            self._at(soon, lambda: self._amend(goal, report))
        elif goal.task.tier <= Tier.UNIT and self._happens(_COMMENTED):
            self._at(soon, lambda: self._comment(goal))

    def _is_recent(self) -> bool:
        return clock.today() > self.days.ago(45)

    def _amend(self, goal: Goal, report: Report) -> None:
        text, words = self.words["amended"], self._words_now(goal, goal.said)
        goal.said += 5
        amend_report(
            report=report,
            by=goal.owner.actor,
            progress=goal.said,
            body=report.body + self.voice.fill(text["body"], words),
            achieved=_achieved(goal, goal.said, self.luck),
            reason=text["reason"],
        )

    def _comment(self, goal: Goal) -> None:
        by = goal.parent.owner if goal.parent else self.college.people["罗思敏"]
        remark(goal.task, self.luck.choice(self.words["aside"]["comments"]), by=by.actor)

    def instruct(self, goals: list[Goal]) -> None:
        """Plan the leaders' instructions on goals of units they are in charge of."""
        for (name, said), ago in zip(
            self.words["aside"]["instructions"], _INSTRUCTED_AGO, strict=True
        ):
            self._at(self.days.ago(ago), self._instruction(goals, name, said))

    def _instruction(self, goals: list[Goal], name: str, said: str) -> Callable[[], None]:
        def act() -> None:
            leader = self.college.people[name]
            led = {code for code, one in self.college.leaders.items() if one.pk == leader.pk}
            fit = [g for g in goals if g.is_top and g.unit.code in led and g.said < 100]
            if fit:
                goal = min(fit, key=lambda one: (one.said, one.task.pk))
                remark(goal.task, said, by=leader.actor, kind=RemarkKind.INSTRUCTION)

        return act

    # ── milestones and results ───────────────────────────────────────────────────────────────────

    def _plan_milestones(self, goal: Goal) -> None:
        for milestone in goal.task.milestones.all():
            if self._happens(75):
                day = milestone.due + self.luck.randint(-3, 5) * ONE_DAY
                self._at(day, self._reaching(goal, milestone.pk))

    def _reaching(self, goal: Goal, milestone_id: int) -> Callable[[], None]:
        def act() -> None:
            task = Task.objects.get(pk=goal.task.pk)
            if goal.said >= 100:
                return
            today = clock.today()
            rows = [
                (one.name, one.due, today if one.pk == milestone_id else one.done_on)
                for one in task.milestones.all()
            ]
            set_milestones(task, rows, by=goal.owner.actor, rev=task.rev)

        return act

    def _plan_results(self, goal: Goal) -> None:
        """Results for the further set: most are still to come, some are given, one is overdue."""
        for counting in Counting.objects.filter(task=goal.task, home=False):
            overdue = counting.result_due and counting.result_due < self.days.today
            if overdue and goal.task.pk % 2:
                continue
            if overdue or self._happens(35):
                day = self.days.ago(self.luck.randint(9, 20))
                self._at(day, self._giving(goal, counting))

    def _giving(self, goal: Goal, counting: Counting) -> Callable[[], None]:
        def act() -> None:
            words = self._words_now(goal, 100)
            submit_report(
                task=goal.task,
                by=goal.owner.actor,
                body=self.voice.tell(goal, [self.words["result"]["body"]], words),
                achieved=_achieved(goal, max(goal.said, 60), self.luck),
                uploads=self._papers(goal, "late"),
                kind=ReportKind.RESULT,
                counting=counting,
            )

        return act


def _fitting(pool: list[str], words: Mapping[str, object]) -> list[str]:
    """Sentences that read well with these figures: no "0 under way", no first among one."""
    unfit = set()
    if words["total"] == 1:
        unfit |= {"{best}", "{total}"}
    if words.get("level"):
        unfit |= {"{best}", "{worst}"}
    if words.get("moving") == 0:
        unfit.add("{moving}")
    return [sentence for sentence in pool if not any(slot in sentence for slot in unfit)]


def _stage(progress: int) -> str:
    """The part of the way a progress lies in: the name of the sentences that fit it."""
    stages = ((0, "zero"), (20, "start"), (70, "mid"), (99, "late"), (100, "done"))
    return next(name for most, name in stages if progress <= most)


def _achieved(goal: Goal, progress: int, luck: random.Random) -> Decimal | None:
    """The value reached by then; beyond the target for those that go beyond it."""
    target = goal.task.target_value
    if target is None or progress < 20:
        return None
    if goal.task.target_unit == "%":
        value = target * (70 + 30 * Decimal(progress) / 100) / 100
        return min(Decimal(100), round(value, 1))
    share = Decimal(progress) / 100
    if progress == 100:
        share = Decimal(luck.choice(["1", "1", "1.1", "1.25"]))
    return round(target * share, 0)
