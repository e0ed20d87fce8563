"""The shape of the data: which tasks there are, on which level, in which unit, in which state.

Everything follows from the number of tasks and a fixed seed, so two runs measure the same thing.
A third-level task belongs to a second-level one and that to a first-level one: 119, 714 and 9,167
of 10,000. Half of them are of the present year, the rest of the four years before.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from luoshi.kit.tree import segment
from luoshi.tasks.lifecycle import Status

#: Units of the institution: the root, departments and schools, and sections below them.
UNITS = 1_821
DEPARTMENTS = 100
PEOPLE = 2_000
#: A family is one first-level task with everything below it.
MIDDLE, LEAVES = 6, 77
FAMILY = 1 + MIDDLE + LEAVES
#: Tasks the person who logs in answers for, at any size: two full pages.
OWNED = 120
#: Tasks of the person whose page of the month is measured; each is owed every month.
MONTHLY = 40
#: Second-level tasks of the first family that are reported on every month; their page is measured.
SHOWN = 3
#: How many years there are, the present one included.
YEARS = 5

_VERBS = ("推进", "落实", "完善", "加强", "开展", "建设", "优化", "制定", "修订", "组织")
_TOPICS = (
    "党建工作责任制", "教学质量保证体系", "双高计划项目", "校企合作基地", "产业学院",
    "课程思政示范课",
    "国家规划教材", "技能竞赛集训", "就业率提升", "招生宣传", "实训中心", "信息化校园", "科研平台",
    "师资队伍", "学生资助", "安全生产检查", "消防隐患整改", "食堂食品安全", "图书资源", "国际交流",
    "社会培训", "财务内控", "资产清查", "档案整理", "心理健康教育", "创新创业", "职业技能鉴定",
    "专业群", "一流课程", "绩效考核办法",
)  # fmt: skip
_ENDS = ("", "，形成工作台账", "并按期验收", "，完成年度目标", "，召开专题会议", "并上报总结")
#: Occurs in few titles, for the search after a rare word.
RARE = "量子通信"
STANDARDS = ("按期完成，材料齐全。", "达到年度指标。", "通过专家验收。", "形成制度并公布。")
DETAILS = (
    "明确分工和时限，按月反馈进展。",
    "对照任务书逐项落实，附支撑材料。",
    "会同有关部门制定方案并实施。",
    "摸清底数，建立清单，逐条销号。",
)
REPORT_TEXTS = (
    "本月召开推进会两次，已完成方案起草并征求各部门意见，进入审批流程。",
    "已完成阶段任务，相关材料整理归档，下一步组织验收。",
    "与合作企业签订协议，设备到位，正在安装调试。",
    "组织教师培训一期，参训四十人，形成培训总结。",
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志海"


@dataclass(frozen=True)
class Place:
    """Where families stand: a department and its sections, by the keys of their units."""

    department: int
    sections: tuple[int, ...]


@dataclass
class Shape:
    """One task to be. ``parent`` is a key; keys are given in order from 1."""

    pk: int
    parent: int | None
    path: str
    depth: int
    department: int
    unit: int
    title: str
    year: int
    start: dt.date
    due: dt.date
    status: Status
    progress: int
    rhythm: str
    ended: dt.date | None = None
    children: int = field(default=0)
    reports: int = 0


def family_sizes(count: int) -> Iterator[int]:
    """Sizes of the families that make up ``count`` tasks."""
    while count > 0:
        yield min(FAMILY, count)
        count -= FAMILY


@cache
def title_of(verb: int, topic: int, end: int, rare: bool) -> str:
    topic_words = RARE + "实验室" if rare else _TOPICS[topic]
    return _VERBS[verb] + topic_words + _ENDS[end]


def random_title(dice: random.Random) -> str:
    rare = dice.random() < 0.0003
    return title_of(dice.randrange(len(_VERBS)), dice.randrange(len(_TOPICS)),
                    dice.randrange(len(_ENDS)), rare)  # fmt: skip


def person_name(place: int) -> str:
    """A name for the person of that number; names repeat, as they do."""
    first, second = divmod(place, len(_GIVEN))
    return _SURNAMES[place % len(_SURNAMES)] + _GIVEN[second] + _GIVEN[first % len(_GIVEN)]


class Shaper:
    """Draws families of tasks, one after the other."""

    def __init__(self, places: list[Place], today: dt.date) -> None:
        self._places = places
        self._today = today
        self._dice = random.Random(863)
        self._next = 1

    def families(self, count: int) -> Iterator[list[Shape]]:
        """All families of an institution with so many tasks, the top of each first."""
        for number, size in enumerate(family_sizes(count)):
            yield self._family(number, size)

    def _year(self, number: int) -> int:
        """Every second family is of the present year."""
        back = 0 if number % 2 == 0 else 1 + (number // 2) % (YEARS - 1)
        return self._today.year - back

    def _family(self, number: int, size: int) -> list[Shape]:
        place = self._places[(number // 2) % len(self._places)]
        year = self._year(number)
        first = dt.date(year, 1, 5)
        end = dt.date(year, 12, 20)
        top = self._shape(None, place, place.department, year, (first, end))
        made = [top]
        middles: list[Shape] = []
        for _ in range(min(MIDDLE, size - 1)):
            due = end - dt.timedelta(days=self._dice.randrange(0, 40))
            middles.append(self._shape(top, place, self._section(place), year, (first, due)))
        made += middles
        for rank in range(size - 1 - len(middles)):
            above = middles[rank % len(middles)]
            start = dt.date(year, self._dice.randrange(1, 10), 10)
            due = start + dt.timedelta(days=self._dice.randrange(20, 330))
            days = (start, min(due, above.due))
            made.append(self._shape(above, place, self._section(place), year, days))
        if number == 0:
            self._dwell_on(middles[:SHOWN])
        return made

    def _dwell_on(self, middles: list[Shape]) -> None:
        """Tasks whose page is measured: reported on every month."""
        for shape in middles:
            shape.status, shape.rhythm, shape.progress, shape.reports = (
                Status.ACTIVE, "monthly", 60, 10,
            )  # fmt: skip

    def _section(self, place: Place) -> int:
        return self._dice.choice(place.sections or (place.department,))

    def _shape(
        self,
        above: Shape | None,
        place: Place,
        unit: int,
        year: int,
        days: tuple[dt.date, dt.date],
    ) -> Shape:
        pk = self._next
        self._next += 1
        if above:
            above.children += 1
        shape = Shape(
            pk=pk,
            parent=above.pk if above else None,
            path=(above.path if above else "") + segment(pk),
            depth=above.depth + 1 if above else 0,
            department=place.department,
            unit=unit,
            title=random_title(self._dice),
            year=year,
            start=days[0],
            due=days[1],
            status=Status.ACTIVE,
            progress=0,
            rhythm="none",
        )
        self._paint(shape)
        return shape

    def _paint(self, shape: Shape) -> None:
        """Choose state, progress, rhythm and reports."""
        chance = self._dice.random()
        leaf = shape.depth == 2
        if shape.start > self._today and leaf:
            shape.status = Status.DRAFT
            return
        if shape.year < self._today.year:
            self._end(shape, Status.CANCELLED if leaf and chance > 0.97 else Status.CLOSED)
            return
        shape.rhythm = self._dice.choice(("none", "none", "quarterly", "quarterly", "monthly"))
        if leaf and chance < 0.02:
            shape.status = Status.DRAFT
        elif leaf and chance < 0.04:
            self._end(shape, Status.CANCELLED)
        elif leaf and chance < 0.30:
            self._end(shape, Status.DONE)
        else:
            shape.progress = 0 if chance < 0.55 else self._dice.randrange(5, 96)
        shape.reports = self._dice.choice((0, 0, 0, 1, 2)) if shape.progress else 0

    def _end(self, shape: Shape, status: Status) -> None:
        """The task ended some time before its date, or before today."""
        shape.status = status
        span = max((min(shape.due, self._today) - shape.start).days, 1)
        shape.ended = shape.start + dt.timedelta(days=self._dice.randrange(span // 2, span))
        shape.progress = 0 if status == Status.CANCELLED else 100
