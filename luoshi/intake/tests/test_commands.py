"""``luoshi import``: the same import from the command line."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from luoshi.intake.models import ImportBatch, State
from luoshi.intake.tests import factories as make
from luoshi.people.models import Person, Unit
from luoshi.people.tests.factories import cast, make_unit
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def who():
    people = cast()
    people.works = make_unit("后勤处", people.root, "职能部门", code="30")
    people.category = make_set()
    return people


def run(*args: object) -> str:
    out = io.StringIO()
    call_command("import", *[str(arg) for arg in args], stdout=out, no_color=True)
    return out.getvalue()


def tasks(who, file: Path, *more: object) -> str:
    return run("tasks", file, "--category", who.category.code, "--year", 2026, *more)


def written(tmp_path: Path, text: str, name: str = "任务分解表.csv") -> Path:
    file = tmp_path / name
    file.write_text(text)
    return file


def test_a_clear_table_becomes_drafts(who, tmp_path):
    file = written(
        tmp_path, make.csv_of(("1", "甲", "后勤处", "全年"), ("2", "乙", "财务处", "年底"))
    )
    said = tasks(who, file)

    assert "2 项任务已导入为草稿" in said
    assert list(Task.objects.order_by("pk").values_list("title", "creator__name")) == [
        ("甲", "陈静"), ("乙", "陈静"),
    ]  # fmt: skip


def test_a_dry_run_writes_nothing(who, tmp_path):
    file = written(tmp_path, make.csv_of(("1", "甲", "后勤处", "全年")))
    said = tasks(who, file, "--dry-run")

    assert "共 1 项任务" in said
    assert (ImportBatch.objects.count(), Task.objects.count()) == (0, 0)


def test_errors_are_listed_with_their_cells_and_nothing_is_imported(who, tmp_path, capsys):
    file = written(
        tmp_path, make.csv_of(("1", "", "后勤处", "全年"), ("2", "乙", "外星局", "适时"))
    )
    out = io.StringIO()
    for more in (["--dry-run"], []):
        with pytest.raises(CommandError) as caught:
            call_command(
                "import", "tasks", str(file), "--category", who.category.code, "--year", "2026",
                *more, stdout=out, no_color=True,
            )  # fmt: skip
        assert caught.value.returncode == 1
    said = out.getvalue()
    for place in ("任务分解表!B2", "任务分解表!C3", "任务分解表!D3"):
        assert said.count(place) == 2
    assert Task.objects.count() == 0
    assert f"/import/{ImportBatch.objects.get().pk}/" in str(caught.value)


def test_assumptions_are_confirmed_by_an_option(who, tmp_path):
    file = written(tmp_path, make.csv_of(("1", "甲", "后勤处", "全年"), ("2", "乙", "", "全年")))
    with pytest.raises(CommandError):
        tasks(who, file)
    assert Task.objects.count() == 0
    tasks(who, file, "--confirm")
    assert Task.objects.count() == 2


def test_a_dictionary_settles_names_people_and_dates(who, tmp_path):
    meanings = written(
        tmp_path,
        "表中写法,含义\n基建处,30\n图书馆,财务处\n学生处,后勤处\n工会,后勤处\n项目中心,财务处\n"
        "北区建设指挥部,后勤处\n校基建处,30\n校图书馆,财务处\n校学生处,后勤处\n校工会,后勤处\n"
        "校项目中心,财务处\n校北区建设指挥部,后勤处\n〔姓名略〕,\n适时,2026-10-31\n教务处,质管办\n",
        "含义.csv",
    )
    options = ("--unit-dictionary", meanings, "--confirm")
    assert "7 项任务已导入" in tasks(who, make.TABLES / "年度实事.csv", *options)
    assert "3 项任务，0 行不能导入" in tasks(
        who, make.TABLES / "实事进展.csv", *options, "--dry-run"
    )
    assert Task.objects.count() == 7
    assert ImportBatch.objects.get().state == State.PUBLISHED


def test_a_dictionary_with_an_unknown_meaning_is_told_with_its_cell(who, tmp_path):
    meanings = written(tmp_path, "表中写法,含义\n基建处,外星局\n", "含义.csv")
    with pytest.raises(CommandError, match="含义!B2"):
        tasks(who, make.TABLES / "年度实事.csv", "--unit-dictionary", meanings)
    assert ImportBatch.objects.count() == 0


def test_what_is_not_there_is_told(who, tmp_path):
    file = written(tmp_path, make.csv_of(("1", "甲", "后勤处", "全年")))
    with pytest.raises(CommandError, match=who.category.code):
        run("tasks", file, "--category", "nope", "--year", 2026)
    with pytest.raises(CommandError, match="无法打开"):
        tasks(who, tmp_path / "没有.csv")
    with pytest.raises(CommandError, match="T9999"):
        tasks(who, file, "--as", "T9999")
    with pytest.raises(CommandError):
        tasks(who, file, "--as", who.sun.account)
    with pytest.raises(CommandError):
        tasks(who, written(tmp_path, "", "空.csv"))
    assert Task.objects.count() == 0


def test_units_and_people_come_in_too(who, tmp_path):
    file = tmp_path / "单位.xlsx"
    file.write_bytes(make.xlsx([("单位代码", "单位名称", "上级单位", "单位类型"),
                                ("40", "招生就业处", "00", "职能部门")]))  # fmt: skip
    run("units", file, "--dry-run")
    assert not Unit.objects.filter(code="40").exists()
    run("units", file)
    assert Unit.objects.get(code="40").name == "招生就业处"
    staff = tmp_path / "人员.xlsx"
    staff.write_bytes(make.xlsx([("工号", "姓名", "所在单位"), ("2001", "吴晨", "招生就业处")]))
    run("people", staff)
    assert Person.objects.get(staff_number="2001").main_unit.code == "40"
