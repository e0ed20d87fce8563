"""Which rules govern what; lights; the three sets of S0; the command."""

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from luoshi.kit.actor import SYSTEM
from luoshi.measures import queries, services
from luoshi.measures.models import Category, Measure, Programme
from luoshi.measures.queries import LightShown
from luoshi.measures.rules.colours import READABLE, contrast
from luoshi.measures.tests.factories import make_category, make_light, make_measure
from luoshi.people.models import Body
from luoshi.people.roles import Duty
from luoshi.people.tests.factories import cast, seat

pytestmark = pytest.mark.django_db
LIBRARY = Path(queries.__file__).parent / "library"
S0 = str(LIBRARY / "S0.toml")
SHIPPED = sorted(LIBRARY.glob("*.toml"))
#: The four exact fills of S0's Gantt.
FILLS = {"idle": "#bfbfbf", "moving": "#1890ff", "stalled": "#f5222d", "done": "#95de64"}


# ── categories ───────────────────────────────────────────────────────────────────────────────────


def test_categories_are_for_all_or_for_a_unit_and_those_below_it():
    college = cast()
    make_category("open")
    make_category("gone", active=False)
    make_category("school", unit=college.school)
    make_category("drafts", measure=None)
    day = dt.date(2026, 3, 1)

    def codes(person):
        return {category.code for category in queries.categories_for(person, day)}

    assert codes(college.li) == {"open", "school", "drafts"}  # section below the school
    assert codes(college.wang) == {"open", "school", "drafts"}
    assert codes(college.sun) == {"open", "drafts"}
    seat(college.sun, college.section, Duty.DEPUTY, since=dt.date(2026, 2, 1))
    assert codes(college.sun) == {"open", "school", "drafts"}


def test_a_category_without_rules_has_no_measure():
    assert queries.measure_of(make_category(measure=None)) is None
    category = make_category("ruled")
    assert queries.measure_of(category) == category.measure


def test_the_newest_version_is_found_by_code_and_others_by_day():
    old = make_measure("rules")
    new = make_measure("rules", dt.date(2027, 1, 1))
    assert queries.version("rules") == new
    assert queries.version("rules", old.since) == old
    assert queries.version("rules", dt.date(2021, 1, 1)) is None


# ── lights ───────────────────────────────────────────────────────────────────────────────────────


def test_lights_left_out_are_the_usual_ones():
    lights = queries.lights_of(None)
    assert {health: light.colour for health, light in lights.items()} == {
        **FILLS,
        "late": "#d46b08",
        "suspended": "#b37feb",
        "cancelled": "#8c8c8c",
    }
    with translation.override("zh-hans"):
        assert queries.light_of(make_measure(), "late").colour == "#d46b08"


def test_a_usual_word_is_said_in_the_readers_language_an_own_one_as_written():
    lights = [
        {"health": "idle", "label": "未启动", "colour": "#bfbfbf"},
        {"health": "moving", "label": "在办", "colour": "#1890ff"},
    ]
    measure = make_measure(lights=lights)
    with translation.override("en"):
        assert queries.light_of(measure, "idle").label == "not started"
        assert queries.light_of(measure, "moving").label == "在办"
    with translation.override("zh-hans"):
        assert queries.light_of(measure, "idle").label == "未启动"


def test_a_measure_names_and_colours_its_own_lights():
    lights = [{"health": "idle", "label": "未动", "colour": "#d3adf7"}]
    measure = make_measure(lights=lights)
    light = queries.light_of(measure, "idle")
    assert (light.label, light.colour) == ("未动", "#d3adf7")
    assert contrast(light.ink) >= READABLE
    assert queries.light_of(measure, "done").colour == "#95de64"


def test_lights_are_asked_once_and_again_after_an_edit(django_assert_num_queries):
    measure = make_measure()
    with django_assert_num_queries(1):
        for _task in range(3):
            queries.light_of(measure, "idle")
    text = queries.text_of(measure)
    row = {"health": "idle", "label": "未动", "colour": "#d3adf7"}
    text.content["lights"] = [row]
    services.edit_measure(measure=measure, rev=0, text=text, by=SYSTEM)
    measure = Measure.objects.get()
    assert queries.light_of(measure, "idle") == LightShown(
        "idle", "未动", "#d3adf7", queries.light_of(measure, "idle").ink
    )


def test_a_factory_light_is_seen():
    measure = make_measure()
    make_light(measure, "late", "拖后", "#d46b08")
    assert queries.light_of(measure, "late").label == "拖后"


# ── S0 ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def s0():
    call_command("measures", "load", S0)
    return Programme.objects.get()


def test_s0_has_three_sets_and_the_third_waits_for_its_rules(s0):
    rows = Category.objects.values_list("name", "measure__code")
    assert list(rows) == [
        ("863计划三十大核心指标", "863"),
        ("高质量发展考核指标", "quality"),
        ("其他重点目标任务", None),
    ]


@pytest.mark.parametrize("code", ["863", "quality"])
def test_s0_says_what_its_document_says(s0, code):
    measure = Measure.objects.get(code=code)
    assert (measure.rhythm, measure.report_day) == ("monthly", 28)  # 通知二（1）
    assert (measure.needs_text, measure.needs_evidence) == (True, True)  # 通知二（1）
    assert measure.diagnose_in == "12"  # 通知二（1）
    assert (measure.split, measure.personal_assessed) == ("unit", False)  # 任务分解 2
    assert measure.assessment == "always"  # 任务分解 5、任务考核
    assert (measure.needs_due, measure.needs_details, measure.needs_standard) == (True,) * 3
    assert measure.roll_up == "manual"  # 任务反馈 3
    assert (measure.progress_rule, measure.completed_by) == ("forward", "progress")  # 任务反馈 1、2
    assert measure.visibility == "everyone"  # 任务查询
    lights = {light.health: light.colour for light in measure.lights.all()}
    assert lights == FILLS  # 反馈进度查询甘特图
    assert {light.label for light in measure.lights.all()} == {
        "未启动",
        "进行中",
        "到期未反馈",
        "已完成",
    }


def test_s0_differs_in_the_overlap_only(s0):
    """通知二（2）: what repeats the core indicators owes a final result; the rest is as there."""
    core, quality = (queries.text_of(queries.version(code)) for code in ("863", "quality"))
    assert not core.content["reporting"]["result_only"]
    assert quality.content["reporting"]["result_only"]
    assert "通知二（2）" in quality.sources["reporting.result_only"]
    quality.content["reporting"]["result_only"] = False
    quality.content["numbering"] = core.content["numbering"]
    assert quality.content == core.content


def test_every_rule_of_s0_has_its_paragraph(s0):
    sources = queries.text_of(queries.version("863")).sources
    for setting in (
        "reporting.rhythm",
        "reporting.report_day",
        "reporting.progress_rule",
        "reporting.completed_by",
        "breaking_down.split",
        "breaking_down.needs_due",
        "diagnosis.diagnose_in",
        "visibility.visibility",
        "lights.stalled",
    ):
        assert sources[setting]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_right_and_loading_them_again_does_nothing(path, capsys):
    root = cast().root
    Body.objects.create(code="leading-group", name="领导小组", office=root, since="2020-01-01")
    call_command("measures", "check", str(path))
    call_command("measures", "load", str(path))
    revs = list(Measure.objects.values_list("rev")) + list(Category.objects.values_list("rev"))
    call_command("measures", "load", str(path))
    again = list(Measure.objects.values_list("rev")) + list(Category.objects.values_list("rev"))
    assert again == revs


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def test_what_is_dumped_loads_without_a_change(s0, tmp_path, capsys):
    for code in ("key-goals", "863"):
        path = tmp_path / f"{code}.toml"
        call_command("measures", "dump", code, out=str(path))
        capsys.readouterr()
        call_command("measures", "--language", "en", "load", str(path))
        lines = capsys.readouterr().out.splitlines()
        assert lines
        assert all(line.endswith(": the same already.") for line in lines)


def test_a_version_is_dumped_by_its_day(capsys):
    make_measure("rules", rhythm="monthly", report_day=20)
    make_measure("rules", dt.date(2027, 1, 1), rhythm="monthly", report_day=25)
    call_command("measures", "dump", "rules", "--since", "2020-01-01")
    assert "report_day = 20" in capsys.readouterr().out
    call_command("measures", "dump", "rules")
    assert "report_day = 25" in capsys.readouterr().out


def test_the_command_refuses_with_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="nope"):
        call_command("measures", "dump", "nope")
    with pytest.raises(CommandError, match="none"):
        call_command("measures", "load", str(tmp_path / "none.toml"))
    with pytest.raises(CommandError):
        call_command("measures", "load", str(tmp_path))


def test_check_loads_nothing(capsys):
    call_command("measures", "check", S0)
    assert not Measure.objects.exists()


def test_errors_come_in_the_readers_language(tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text("schema = 7\n", encoding="utf-8")
    said = {}
    for language in ("zh-hans", "en"):
        with pytest.raises(CommandError):
            call_command("measures", "--language", language, "check", str(path))
        said[language] = capsys.readouterr().err
    assert "line 1" in said["en"]
    assert "第 1 行" in said["zh-hans"]
