"""Leaders' instructions handed over for action: signed for, reported on, reviewed."""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from typing import Any

from luoshi.demo.college import College
from luoshi.demo.days import ONE_DAY, Days, moment
from luoshi.demo.script import Script
from luoshi.demo.texts import read
from luoshi.measures.models import Category
from luoshi.reports.services import submit_report
from luoshi.tasks.models import Origin, RemarkKind, Task
from luoshi.tasks.rules import NewTask
from luoshi.tasks.services import line, signing
from luoshi.tasks.services.registering import register
from luoshi.tasks.services.taking_part import remark

SUPERVISOR = "毛志强"


class SupervisionOffice:
    """Hands leaders' instructions over and follows them to the station their text names."""

    def __init__(self, college: College, days: Days, script: Script, luck: random.Random) -> None:
        self.college, self.days, self.script, self.luck = college, days, script, luck
        self.by = college.people[SUPERVISOR].actor
        self.category = Category.objects.get(code="instructions")

    def plan(self) -> None:
        """Put every matter into the script."""
        for text in read("instructions")["matter"]:
            self._at(self.days.ago(text["issued"]), self._handing_over(text))

    def _at(self, day: dt.date, act: Callable[[], object]) -> None:
        self.script.at(moment(day, self.luck), act)

    def _handing_over(self, text: Mapping[str, Any]) -> Callable[[], None]:
        def act() -> None:
            issued = text["station"] != "draft"
            task = register(self._row(text), by=self.by, issue=issued)
            if issued:
                leader = self.college.people[text["leader"]].actor
                remark(task, text["said"], by=leader, kind=RemarkKind.INSTRUCTION)
                self._follow(text, task)

        return act

    def _row(self, text: Mapping[str, Any]) -> NewTask:
        leader, day = self.college.people[text["leader"]], self.days.ago(text["issued"])
        return NewTask(
            title=text["title"],
            category_id=self.category.pk,
            year=self.days.year,
            unit_id=self.college.units[text["unit"]].pk,
            cooperating=tuple(self.college.units[code].pk for code in text.get("cooperating", ())),
            details=text["details"],
            standard=text["standard"],
            origin=Origin.INSTRUCTION,
            urgency="urgent" if text["days"] <= 25 else "normal",
            start=day,
            due=day + text["days"] * ONE_DAY,
            reviewer_id=leader.pk,
            instructing_id=leader.pk,
        )

    def _follow(self, text: Mapping[str, Any], task: Task) -> None:
        """What happens to it after it was handed over, up to its station."""
        station, day = text["station"], self.days.ago(text["issued"])
        if station == "issued":
            return
        if station == "cancelled":
            cancel = lambda: line.cancel(task, by=self.by, reason=text["cancelled"])  # noqa: E731
            self._at(day + 12 * ONE_DAY, cancel)
            return
        for place, code in enumerate([text["unit"], *text.get("cooperating", ())]):
            self._at(day + (1 + place) * ONE_DAY, self._signing(task, code))
        self._at_end(text, task, self._reporting(text, task, day))

    def _signing(self, task: Task, code: str) -> Callable[[], None]:
        return lambda: signing.sign(task, by=self.college.head(code).actor)

    def _reporting(self, text: Mapping[str, Any], task: Task, day: dt.date) -> dt.date:
        """Plan the reports; the day of the last one."""
        owner, rows = self.college.head(text["unit"]).actor, text["reports"]
        length = max(6, (min(text["issued"], text["days"]) - 8) // len(rows))
        for place, (progress, said) in enumerate(rows, 1):
            self._at(day + place * length * ONE_DAY, self._report(task, owner, progress, said))
        return day + len(rows) * length * ONE_DAY

    def _report(self, task: Task, owner: Any, progress: int, said: str) -> Callable[[], object]:
        return lambda: submit_report(task=task, by=owner, progress=progress, body=said)

    def _at_end(self, text: Mapping[str, Any], task: Task, day: dt.date) -> None:
        leader, station = self.college.people[text["leader"]].actor, text["station"]
        after = day + 3 * ONE_DAY
        if station == "returned":
            back = {"opinion": text["returned"], "progress": text["returned_to"]}
            self._at(after, lambda: line.send_back(task, by=leader, **back))
        if station in {"done", "closed"}:
            said = text["accepted"]
            self._at(after, lambda: line.accept(task, by=leader, opinion=said))
        if station == "closed":
            self._at(after + 5 * ONE_DAY, lambda: line.close(task, by=self.by))
