"""Which row is the header, and which column means what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from luoshi.intake.rules.grid import Grid, Line
from luoshi.intake.rules.text import folded


class Column(TextChoices):
    """What a column of a task table holds."""

    NUMBER = "number", pgettext_lazy("table column", "Number")
    GROUP = "group", pgettext_lazy("table column", "Section of the table")
    TITLE = "title", pgettext_lazy("table column", "Title")
    DETAILS = "details", pgettext_lazy("table column", "Details")
    STANDARD = "standard", pgettext_lazy("table column", "Assessment standard")
    POINTS = "points", pgettext_lazy("table column", "Points")
    LEAD = "lead", pgettext_lazy("table column", "Responsible unit")
    COOPERATING = "cooperating", pgettext_lazy("table column", "Cooperating units")
    OWNER = "owner", pgettext_lazy("table column", "Responsible person")
    LEADER = "leader", pgettext_lazy("table column", "Responsible leader")
    START = "start", pgettext_lazy("table column", "Start")
    DUE = "due", pgettext_lazy("table column", "Due")
    PROGRESS = "progress", pgettext_lazy("table column", "Progress so far (kept with the details)")
    NOTE = "note", pgettext_lazy("table column", "Remark (kept with the details)")
    EXTRA = "extra", pgettext_lazy("table column", "Other (kept with the details)")
    NOTHING = "nothing", pgettext_lazy("table column", "Leave out")


#: Columns of which a table has only one; a second one that matches becomes the substitute.
SINGLE = {
    Column.NUMBER: Column.EXTRA,
    Column.TITLE: Column.DETAILS,
    Column.POINTS: Column.EXTRA,
    Column.LEAD: Column.COOPERATING,
    Column.OWNER: Column.EXTRA,
    Column.LEADER: Column.EXTRA,
    Column.START: Column.EXTRA,
    Column.DUE: Column.EXTRA,
}

_EXACT: dict[Column, str] = {
    Column.NUMBER: ("序号 编号 项目编号 任务编号 指标编号 序 号 no no. #"),
    Column.TITLE: (
        "任务名称 工作任务 重点工作 重点任务 民生实事 民生事项 民生事项名称 实事项目 事项 "
        "事项名称 督查事项 督办事项 项目名称 项目 目标任务 任务 任务内容 主要任务 "
        "重点工作任务 工作事项 工作内容 工作项目 指标名称 考核指标 核心指标 三级指标 指标 "
        "议定事项 名称 title task"
    ),
    Column.LEAD: (
        "责任单位 牵头单位 承办单位 主办单位 责任部门 牵头部门 承办部门 主办部门 落实单位 "
        "实施单位 实施主体 责任主体 牵头责任单位 主要责任单位 单位 部门 责任处室 牵头处室 "
        "责任学院"
    ),
    Column.COOPERATING: (
        "配合单位 协办单位 参与单位 协同单位 配合部门 协办部门 参与部门 协助单位 协助部门 "
        "联办单位 会办单位 成员单位 共同责任单位"
    ),
    Column.OWNER: (
        "责任人 负责人 任务负责人 具体责任人 主要责任人 部门负责人 单位负责人 经办人 联系人 "
        "承办人 主办人 责任人员 owner"
    ),
    Column.LEADER: (
        "分管领导 责任领导 分管市领导 分管县领导 分管校领导 分管院领导 牵头领导 包保领导 "
        "联系领导 挂点领导 校领导 院领导 市领导 县领导 牵头校领导 主管领导"
    ),
    Column.DUE: (
        "完成时限 完成时间 办结时限 时间节点 截止日期 截止时间 完成日期 时限 时限要求 "
        "办理时限 完成期限 期限 计划完成时间 时间安排 起止时间 进度安排 完成时限及要求 due"
    ),
    Column.START: ("开始时间 启动时间 开工时间 开始日期 启动日期 起始时间 start"),
    Column.GROUP: (
        "类别 板块 模块 分类 类型 领域 项目类别 任务类别 任务分类 一级指标 二级指标 所属模块 大类"
    ),
    Column.STANDARD: (
        "考核标准 评价标准 验收标准 评分标准 考评标准 评分细则 考核办法 评分办法 完成标准 "
        "考核要求 standard"
    ),
    Column.DETAILS: (
        "目标 年度目标 任务目标 年度任务目标 工作目标 目标要求 工作要求 具体内容 任务描述 "
        "具体措施 工作措施 主要措施 推进措施 工作举措 建设内容 主要内容 预期成果 目标值 "
        "任务要求 details"
    ),
    Column.POINTS: ("分值 权重 分数 标准分 基准分 满分 points"),
    Column.NOTE: ("备注 说明 备注说明 note"),
    Column.PROGRESS: (
        "进展情况 完成情况 工作进展 推进情况 落实情况 进展 目前进展 工作完成情况 "
        "工作取得成效 取得成效 完成进度"
    ),
}
_SYNONYMS = {
    word: (column, rank)
    for column, words in _EXACT.items()
    for rank, word in enumerate(words.split())
}

#: When no header equals a synonym: the first of these that it contains.
_CONTAINS: tuple[tuple[str, Column], ...] = (
    ("电话", Column.EXTRA),
    ("联系方式", Column.EXTRA),
    ("进展", Column.PROGRESS),
    ("完成情况", Column.PROGRESS),
    ("成效", Column.PROGRESS),
    ("落实情况", Column.PROGRESS),
    ("推进情况", Column.PROGRESS),
    ("配合", Column.COOPERATING),
    ("协办", Column.COOPERATING),
    ("协同单位", Column.COOPERATING),
    ("参与单位", Column.COOPERATING),
    ("领导", Column.LEADER),
    ("责任单位", Column.LEAD),
    ("牵头", Column.LEAD),
    ("承办", Column.LEAD),
    ("责任部门", Column.LEAD),
    ("主办", Column.LEAD),
    ("责任人", Column.OWNER),
    ("负责人", Column.OWNER),
    ("时限", Column.DUE),
    ("完成时间", Column.DUE),
    ("时间节点", Column.DUE),
    ("截止", Column.DUE),
    ("标准", Column.STANDARD),
    ("评分", Column.STANDARD),
    ("分值", Column.POINTS),
    ("任务目标", Column.DETAILS),
    ("年度目标", Column.DETAILS),
    ("目标值", Column.DETAILS),
    ("措施", Column.DETAILS),
    ("具体内容", Column.DETAILS),
    ("事项", Column.TITLE),
    ("任务", Column.TITLE),
    ("重点工作", Column.TITLE),
    ("实事", Column.TITLE),
    ("项目", Column.TITLE),
    ("名称", Column.TITLE),
    ("类别", Column.GROUP),
    ("序号", Column.NUMBER),
    ("编号", Column.NUMBER),
    ("备注", Column.NOTE),
)
_BRACKETS = re.compile(r"[(（〔\[【][^)）〕\]】]*[)）〕\]】]")
_YEAR = re.compile(r"20\d\d(?:年度?|学年)?|^\d{1,2}[-—~至]\d{1,2}月份?|[:：*_]")
_LONGEST_HEADER = 24
_LOOK_AT = 25


@dataclass(frozen=True)
class Header:
    """Where the header stands and what it says.

    ``first`` and ``last`` are positions in ``grid.lines``; ``names`` are the titles as printed.
    """

    first: int
    last: int
    names: tuple[str, ...]
    columns: tuple[Column, ...]


def meaning(name: str) -> tuple[Column, int] | None:
    """What a column title means, and how good the match is (less is better)."""
    key = _YEAR.sub("", _BRACKETS.sub("", folded(name)))
    if key in _SYNONYMS:
        return _SYNONYMS[key]
    if not key or len(key) > _LONGEST_HEADER:
        return None
    for part, column in _CONTAINS:
        if part in key:
            return column, 100 + len(key)
    return None


def columns_of(names: Sequence[str]) -> tuple[Column, ...]:
    """A meaning for every column; where one may stand only once the best match takes it."""
    found = [meaning(name) for name in names]
    best: dict[Column, int] = {}
    for index, match in enumerate(found):
        if match and match[0] in SINGLE:
            held = best.get(match[0])
            if held is None or match[1] < (found[held] or match)[1]:
                best[match[0]] = index
    columns = []
    for index, match in enumerate(found):
        column = match[0] if match else (Column.EXTRA if names[index] else Column.NOTHING)
        if column in SINGLE and best[column] != index:
            column = SINGLE[column]
        columns.append(column)
    if Column.TITLE not in columns:
        for stand_in in (Column.DETAILS, Column.GROUP):
            if stand_in in columns:
                columns[columns.index(stand_in)] = Column.TITLE
                break
    return tuple(columns)


def _worth(columns: Sequence[Column]) -> int:
    """How many different meanings a header gives; none without a title."""
    known = {c for c in columns if c not in (Column.EXTRA, Column.NOTHING)}
    return len(known) if Column.TITLE in known else 0


def _short(line: Line) -> bool:
    return all(len(folded(line.cells[i])) <= _LONGEST_HEADER for i in line.own)


def _lower(upper: Line, lower: Line, width: int) -> tuple[str, ...] | None:
    """Titles of a two-row header: the lower title under its group; None if it is not one."""
    if not _short(lower) or not any(meaning(lower.cells[i]) for i in lower.own):
        return None
    names: list[str] = []
    under_group, shown = False, ""
    for i in range(width):
        above, below = upper.text(i), lower.text(i)
        if i in lower.down or not below:
            shown = above or shown
            names.append(above)
            continue
        shown = above or shown
        if _grouped(upper, lower, i):
            under_group = True
        elif not meaning(below):
            return None
        if not meaning(below) and shown and shown != below:
            names.append(f"{shown} {below}")
        else:
            names.append(below)
    return tuple(names) if under_group else None


def _grouped(upper: Line, lower: Line, i: int) -> bool:
    """Whether the upper title of a column spans it and a neighbour: merged, or blank beside it."""
    above, beside = upper.text(i), upper.text(i + 1)
    merged = i in upper.across or i + 1 in upper.across
    return merged or not above or (not beside and bool(lower.text(i + 1)))


def find_header(grid: Grid) -> Header | None:
    """The best header among the first rows; one or two rows; None if nothing looks like one."""
    best: Header | None = None
    best_worth = 1
    width = grid.width
    for index, line in enumerate(grid.lines[:_LOOK_AT]):
        if not _short(line):
            continue
        names = tuple(line.text(i) for i in range(width))
        single = tuple("" if i in line.across else name for i, name in enumerate(names))
        options = [(index, names if not line.across else single)]
        if index + 1 < len(grid.lines):
            double = _lower(line, grid.lines[index + 1], width)
            if double:
                options.append((index + 1, double))
        for last, titles in options:
            columns = columns_of(titles)
            worth = _worth(columns)
            tighter = best is not None and not line.down and last == best.last
            if worth > best_worth or (tighter and worth == best_worth):
                best, best_worth = Header(index, last, titles, columns), worth
    return best
