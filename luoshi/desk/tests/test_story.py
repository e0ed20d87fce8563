"""What the trail remembers, in words and not in machine words."""

import datetime as dt

import pytest
from django.utils import translation

from luoshi.desk.queries import story
from luoshi.people.tests.factories import make_person, make_unit
from luoshi.trail.queries import Line


@pytest.fixture(autouse=True)
def _chinese():
    with translation.override("zh-hans"):
        yield


def line(kind="task", number=17, **data):
    at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    return Line(1, kind, number, 1, "task.sign", 1, "李敏", "", at, data)


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [("task", 17, "任务 17"), ("day", 20261120, "日期 2026-11-20"), ("strange", 3, "strange 3")],
)
def test_subjects_have_names(kind, number, words):
    assert story.subject(line(kind, number)) == words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"new": "ACTIVE", "old": "ISSUED"}, "原：待签收；现：进行中"),
        ({"progress": 0, "late": False, "period": "2026-11"}, "进度：0；迟报：否；报告期：2026-11"),
        ({"batch": None, "title": "实训基地"}, "标题：实训基地"),
        ({"children": [39, 40]}, "子任务编号：39、40"),
        ({"text": "sha256:" + "62b40e52" * 8}, "文字指纹：62b40e52"),
        (
            {"files": [{"name": "佐证.pdf", "sha256": "d3089071" * 8}]},
            "文件：名称：佐证.pdf、指纹：d3089071",
        ),
        ({"files": [{"from": "report/96", "name": "表.xlsx"}]}, "文件：自：反馈 96、名称：表.xlsx"),
        ({"duty": "head"}, "岗位：部门负责人"),
        ({"before": {"staff_number": "001"}, "after": {"staff_number": "002"}}, None),
        ({}, ""),
    ],
)
def test_details_are_words(data, words):
    told = story.details(line(**data))
    if words is None:
        assert "staff_number" not in told
    else:
        assert told == words


@pytest.mark.django_db
def test_subjects_bear_their_names_one_statement_for_each_kind(django_assert_num_queries):
    unit = make_unit("教务处")
    person = make_person("韩明哲", unit)
    lines = [line("unit", unit.pk), line("person", person.pk), line("person", 10**6)]
    with django_assert_num_queries(2):
        found = story.subjects([*lines, line("strange", 3), line("person", person.pk)])
    assert found == ["单位 教务处", "人员 韩明哲", "人员 1000000", "strange 3", "人员 韩明哲"]
