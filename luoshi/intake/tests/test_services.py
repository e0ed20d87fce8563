"""Staging, checking, settling, publishing, undoing — on the database."""

import datetime as dt
import threading

import pytest
from django.db import connection

from luoshi.files.models import Attachment
from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, ImportRow, RowState, State
from luoshi.intake.rules.messages import Level
from luoshi.intake.rules.table import NameKind
from luoshi.intake.services import checking, freeing, publishing, settling, staging, sweeping
from luoshi.intake.services.settling import Answer
from luoshi.intake.tests import factories as make
from luoshi.kit.jobs import run_waiting
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people.models import UnitAlias
from luoshi.people.tests.factories import cast, make_unit
from luoshi.tasks import queries as task_queries
from luoshi.tasks.lifecycle import HIDDEN, Status
from luoshi.tasks.models import Part, Role, Task
from luoshi.tasks.services import issuing, registering
from luoshi.tasks.tests.factories import make_set
from luoshi.trail.queries import events_about

pytestmark = pytest.mark.django_db


@pytest.fixture
def who():
    people = cast()
    people.works = make_unit("后勤处", people.root, "职能部门")
    people.building = make_unit("基建处", people.root, "职能部门")
    people.category = make_set()
    return people


def verbs(batch) -> list[str]:
    return [line.verb for line in events_about("import", batch.pk)]


def name_of(batch, text):
    return batch.names.get(text=text)


# ------------------------------------------------------------------ staging


def test_an_upload_stages_every_line_and_keeps_the_file(who):
    batch = make.staged(who.chen, who.category, make.table_file("年度实事.csv"))

    assert (batch.state, batch.lines, batch.rows.count()) == (State.STAGED, 8, 8)
    assert batch.mapping[0]["columns"] == ["number", "title", "lead", "due"]
    assert queries.file_of(batch).name == "年度实事.csv"
    assert Task.objects.count() == 0
    assert "import.upload" in verbs(batch)


def test_the_same_upload_twice_is_one_batch(who):
    first = make.staged(who.chen, who.category, make.table_file("年度实事.csv"), key="k1")
    second = make.staged(who.chen, who.category, make.table_file("年度实事.csv"), key="k1")

    assert first.pk == second.pk
    assert ImportRow.objects.count() == 8


@pytest.mark.parametrize("name", ["li", "wang", "sun", "admin"])
def test_who_has_not_the_power_uploads_nothing(who, name):
    with pytest.raises(NotAllowed):
        make.staged(getattr(who, name), who.category, make.table_file("年度实事.csv"))
    assert ImportBatch.objects.count() == 0
    assert Attachment.objects.count() == 0


def test_a_bad_file_leaves_nothing_behind(who):
    with pytest.raises(Refused):
        make.staged(who.chen, who.category, make.file(b"", "空.xlsx"))
    with pytest.raises(Refused):
        make.staged(who.chen, who.category, make.file(make.xlsx([make.HEAD]), "改名.docx"))
    assert ImportBatch.objects.count() == 0


def test_a_year_that_cannot_be_is_refused(who):
    with pytest.raises(Refused) as caught:
        make.staged(who.chen, who.category, make.table_file("年度实事.csv"), year=26)
    assert caught.value.field == "year"


def test_a_category_out_of_use_is_refused(who):
    who.category.active = False
    with pytest.raises(Refused) as caught:
        make.staged(who.chen, who.category, make.table_file("年度实事.csv"))
    assert caught.value.field == "category"


def test_columns_are_confirmed_once(who):
    batch = make.staged(who.chen, who.category, make.table_file("年度实事.csv"))
    entry = {**batch.mapping[0], "columns": ["number", "title", "cooperating", "due"]}
    mapped = staging.map_columns(batch, [entry], by=who.chen.actor, rev=batch.rev)

    assert mapped.mapping[0]["columns"][2] == "cooperating"
    with pytest.raises(Stale):
        staging.map_columns(batch, [entry], by=who.chen.actor, rev=batch.rev)


@pytest.mark.parametrize(
    "columns", [["number", "note", "lead", "due"], ["number", "title", "title", "due"],
                ["lead", "title", "lead", "due"]]
)  # fmt: skip
def test_columns_that_make_no_table_are_refused(who, columns):
    batch = make.staged(who.chen, who.category, make.table_file("年度实事.csv"))
    entry = {**batch.mapping[0], "columns": columns}
    with pytest.raises(Refused):
        staging.map_columns(batch, [entry], by=who.chen.actor, rev=batch.rev)
    batch.refresh_from_db()
    assert batch.mapping[0]["columns"] == ["number", "title", "lead", "due"]


def test_no_table_chosen_is_refused(who):
    batch = make.staged(who.chen, who.category, make.table_file("年度实事.csv"))
    with pytest.raises(Refused):
        staging.map_columns(
            batch, [{**batch.mapping[0], "use": False}], by=who.chen.actor, rev=batch.rev
        )


# ------------------------------------------------------------------ checking


def test_a_dirty_table_is_understood_or_asked(who):
    batch = make.checked(who.chen, who.category, make.table_file("年度实事.csv"))

    assert (batch.state, batch.tasks, batch.errors) == (State.READY, 7, 0)
    assert sorted(queries.open_names(batch).values_list("text", flat=True)) == [
        "校北区建设指挥部", "校图书馆", "校学生处", "校工会", "校项目中心",
    ]  # fmt: skip
    row = batch.rows.get(row=7)
    assert row.parsed["title"] == "开工建设老年大学分校"
    assert (row.parsed["number"], row.state) == ("5", RowState.OPEN)
    assert {m["code"] for m in row.messages} >= {"unit_assumed", "same_number"}
    assert batch.rows.get(row=3).parsed["due"] == "2026-09-30"
    assert batch.rows.get(row=3).parsed["notes"] == [["完成时限", "9月投入使用"]]
    assert ["校基建处", "基建处", 2] in batch.loose


def test_a_table_without_due_dates_and_with_redacted_names(who):
    batch = make.checked(who.chen, who.category, make.table_file("实事进展.csv"))

    assert (batch.tasks, batch.errors, batch.waiting) == (3, 0, 3)
    rows = [row.parsed for row in batch.rows.exclude(state=RowState.NO_TASK)]
    assert [(r["number"], r["group"], r["due"]) for r in rows] == [
        ("7", "育人条件", None), ("8", "育人条件", None), ("9", "育人条件", None),
    ]  # fmt: skip
    names = {(n.kind, n.text): n.count for n in queries.open_names(batch)}
    assert names == {(NameKind.PERSON, "〔姓名略〕"): 3, (NameKind.UNIT, "教务处"): 1}
    assert ["监督电话", "〔电话略〕"] in rows[0]["notes"]


def test_checking_twice_writes_nothing_new(who, django_assert_max_num_queries):
    batch = make.checked(who.chen, who.category, make.table_file("年度实事.csv"))
    before = list(batch.rows.values())
    checking.begin_check(batch)
    with django_assert_max_num_queries(40):
        checking.check_now(batch)

    assert list(batch.rows.values()) == before
    assert batch.names.count() == 5


def test_only_one_checks_at_a_time(who):
    batch = make.staged(who.chen, who.category, make.table_file("年度实事.csv"))
    checking.begin_check(batch)
    with pytest.raises(Refused):
        checking.begin_check(batch)


def test_the_tasks_own_rules_speak_at_their_cell(who):
    text = make.csv_of(("1", "甲项", "后勤处", "6月底前"), ("1.1", "甲一", "后勤处", "12月底前"))
    batch = make.checked(who.chen, who.category, make.file(text))

    (fault,) = queries.faults_of(batch, Level.ERROR)
    assert fault.place == "任务分解表!D3"
    assert "2026-06-30" in fault.sentence


def test_a_unit_that_closed_is_asked(who):
    make_unit("基建办", who.root, "职能部门", until=dt.date(2021, 1, 1))
    batch = make.checked(who.chen, who.category, make.file(make.csv_of(("1", "甲", "基建办", ""))))

    codes = [m["code"] for m in batch.rows.get(row=2).messages]
    assert "unit_closed" in codes


def test_somebody_who_left_is_asked(who):
    who.li.left_on = dt.date(2021, 1, 1)
    who.li.save()
    text = make.csv_of(
        ("1", "甲", "后勤处", "李敏"), head=("序号", "任务名称", "责任单位", "责任人")
    )
    batch = make.checked(who.chen, who.category, make.file(text))

    assert [n.text for n in queries.open_names(batch)] == ["李敏"]


def test_a_table_that_goes_on_keeps_columns_section_and_unit(who):
    first = [make.HEAD, ("一、党建引领", "", "", ""), ("1", "甲项", "后勤处", "全年")]
    data = make.word(
        first, [("2", "乙项", "基建处", "年底"), ("", "丙项", "", "年底")], merged=[(0, 1, 0, 1, 3)]
    )
    batch = make.checked(who.chen, who.category, make.file(data, "分解表.docx"))

    rows = [row.parsed for row in batch.rows.exclude(state=RowState.NO_TASK)]
    assert [(r["title"], r["group"], r["number"]) for r in rows] == [
        ("甲项", "党建引领", "1"), ("乙项", "党建引领", "2"), ("丙项", "党建引领", "2"),
    ]  # fmt: skip
    assert rows[2]["lead"] == who.building.pk
    assert (batch.errors, batch.warnings) == (0, 1)


# ------------------------------------------------------------------ settling


def test_answers_settle_names_and_dates_in_all_rows(who):
    text = make.csv_of(
        ("1", "甲", "后勤服务公司", "春节前"), ("2", "乙", "后勤服务公司、基建处", "适时")
    )
    batch = make.checked(who.chen, who.category, make.file(text))
    answers = [
        Answer(name_of(batch, "后勤服务公司"), units=(who.works.pk,), remember=True),
        Answer(name_of(batch, "春节前"), day=dt.date(2026, 2, 16)),
        Answer(name_of(batch, "适时"), ignore=True),
    ]
    batch = settling.settle_names(batch, answers, by=who.chen.actor, rev=batch.rev)

    assert (batch.waiting, queries.open_names(batch).count()) == (0, 0)
    rows = [row.parsed for row in batch.rows.filter(state=RowState.OK)]
    assert [(r["lead"], r["cooperating"], r["due"]) for r in rows] == [
        (who.works.pk, [], "2026-02-16"),
        (who.works.pk, [who.building.pk], None),
    ]
    assert UnitAlias.objects.get(name="后勤服务公司").unit == who.works
    assert "import.settle" in verbs(batch)
    again = make.checked(who.chen, who.category, make.file(text))
    assert [n.text for n in queries.open_names(again).filter(kind=NameKind.UNIT)] == []


def test_a_name_may_mean_several_units(who):
    batch = make.checked(
        who.chen, who.category, make.file(make.csv_of(("1", "甲", "各部门", "全年")))
    )
    answer = Answer(name_of(batch, "各部门"), units=(who.works.pk, who.building.pk), remember=True)
    batch = settling.settle_names(batch, [answer], by=who.chen.actor, rev=batch.rev)

    parsed = batch.rows.get(row=2).parsed
    assert (parsed["lead"], parsed["cooperating"]) == (who.works.pk, [who.building.pk])
    assert not UnitAlias.objects.filter(name="各部门").exists()


def test_an_answer_not_given_leaves_the_name_open(who):
    batch = make.checked(
        who.chen, who.category, make.file(make.csv_of(("1", "甲", "外星局", "全年")))
    )
    batch = settling.settle_names(
        batch, [Answer(name_of(batch, "外星局"))], by=who.chen.actor, rev=batch.rev
    )

    assert queries.open_names(batch).count() == 1


def test_an_answer_can_be_taken_back(who):
    batch = make.checked(
        who.chen, who.category, make.file(make.csv_of(("1", "甲", "外星局", "全年")))
    )
    answer = Answer(name_of(batch, "外星局"), units=(who.works.pk,))
    batch = settling.settle_names(batch, [answer], by=who.chen.actor, rev=batch.rev)
    batch = settling.reopen_name(name_of(batch, "外星局"), by=who.chen.actor, rev=batch.rev)

    assert queries.open_names(batch).count() == 1
    assert batch.rows.get(row=2).state == RowState.OPEN


def test_two_clerks_the_second_is_told(who):
    batch = make.checked(
        who.chen, who.category, make.file(make.csv_of(("1", "甲", "外星局", "全年")))
    )
    rev = batch.rev
    settling.edit_row(batch.rows.get(row=2), {"title": "乙"}, by=who.zhou.actor, rev=rev)
    with pytest.raises(Stale):
        settling.settle_names(
            batch, [Answer(name_of(batch, "外星局"), units=(who.works.pk,))],
            by=who.chen.actor, rev=rev,
        )  # fmt: skip
    assert queries.open_names(batch).count() == 1
    assert batch.rows.get(row=2).parsed["title"] == "乙"


def test_a_row_is_corrected_and_stays_corrected(who):
    text = make.csv_of(("1", "", "外星局", "适时"), ("2", "乙", "外星局", "全年"))
    batch = make.checked(who.chen, who.category, make.file(text))
    values = {"title": "补上的标题", "lead": who.works.pk, "due": dt.date(2026, 6, 30)}
    batch = settling.edit_row(batch.rows.get(row=2), values, by=who.chen.actor, rev=batch.rev)

    row = batch.rows.get(row=2)
    assert (row.state, row.parsed["title"], row.due) == (
        RowState.OK, "补上的标题", dt.date(2026, 6, 30),
    )  # fmt: skip
    assert [n.text for n in queries.open_names(batch)] == ["外星局"]
    checking.check(batch, by=who.chen.actor)
    assert batch.rows.get(row=2).parsed["title"] == "补上的标题"


def test_a_title_too_long_is_refused_and_nothing_written(who):
    batch = make.ready(who.chen, who.category)
    row = batch.rows.get(row=2)
    with pytest.raises(Refused) as caught:
        settling.edit_row(row, {"title": "长" * 201}, by=who.chen.actor, rev=batch.rev)
    assert caught.value.field == "title"
    assert batch.rows.get(row=2).edits == {}


def test_a_row_left_out_becomes_no_task_and_asks_nothing(who):
    text = make.csv_of(("1", "甲", "外星局", "适时"), ("2", "乙", "后勤处", "全年"))
    batch = make.checked(who.chen, who.category, make.file(text))
    batch = settling.edit_row(
        batch.rows.get(row=2), {}, by=who.chen.actor, rev=batch.rev, leave_out=True
    )

    assert (batch.tasks, batch.left_out, queries.open_names(batch).count()) == (1, 1, 0)
    batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert list(Task.objects.values_list("title", flat=True)) == ["乙"]


def test_rows_in_error_are_left_out_together(who):
    text = make.csv_of(
        ("1", "", "后勤处", "全年"), ("2", "", "后勤处", ""), ("3", "丙", "后勤处", "")
    )
    batch = make.checked(who.chen, who.category, make.file(text))
    assert batch.errors == 2
    batch = settling.leave_out_rows(batch, by=who.chen.actor, rev=batch.rev)

    assert (batch.errors, batch.left_out, batch.tasks) == (0, 2, 1)


def test_assumptions_are_confirmed_by_row_or_all(who):
    text = make.csv_of(
        ("1", "甲", "后勤处", "全年"), ("2", "乙", "", "全年"), ("3", "丙", "", "全年")
    )
    batch = make.checked(who.chen, who.category, make.file(text))
    assert batch.warnings == 2
    with pytest.raises(NotAllowed):
        publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    one = batch.rows.get(row=3)
    batch = settling.confirm_rows(batch, [one.pk], by=who.chen.actor, rev=batch.rev)
    assert batch.warnings == 1
    batch = settling.confirm_rows(batch, None, by=who.chen.actor, rev=batch.rev)
    assert batch.warnings == 0
    checking.check(batch, by=who.chen.actor)
    batch.refresh_from_db()
    assert batch.warnings == 0  # what was confirmed stays confirmed


def test_a_confirmation_falls_with_its_assumption(who):
    text = make.csv_of(("1", "甲", "后勤处", "全年"), ("2", "乙", "", "全年"))
    batch = make.checked(who.chen, who.category, make.file(text))
    batch = settling.confirm_rows(batch, None, by=who.chen.actor, rev=batch.rev)
    values = {"title": "甲"}
    batch = settling.edit_row(batch.rows.get(row=3), values, by=who.chen.actor, rev=batch.rev)

    assert batch.warnings == 1  # now it has the title of the row above: another question


# ------------------------------------------------------------------ publishing


def test_a_batch_becomes_drafts_with_everything_the_table_said(who):
    table = """
        序号|类别|任务名称|年度目标|考核标准|牵头单位|配合单位|责任人|分管领导|分值|完成时限|备注
        1|一、育人|建设基地|完成论证|通过验收|后勤处|基建处|李敏|赵志刚|5|3-10月|重点
        1.1||编制方案|||后勤处|||||6月底前|
    """
    head, *rows = [line.strip().split("|") for line in table.strip().splitlines()]
    text = make.csv_of(*rows, head=head)
    batch = make.checked(who.chen, who.category, make.file(text))
    batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert (batch.state, batch.failure) == (State.PUBLISHED, "")
    task, child = Task.objects.order_by("pk")
    assert (task.title, task.status, task.year, task.batch) == (
        "建设基地", Status.DRAFT, 2026, batch.pk,
    )  # fmt: skip
    assert (task.start, task.due) == (dt.date(2026, 3, 1), dt.date(2026, 10, 31))
    assert (task.unit, task.owner, task.creator) == (who.works, who.li, who.chen)
    assert (task.standard, task.points) == ("通过验收", 5)
    assert task.details == "完成论证\n\n类别：育人\n备注：重点\n完成时限：3-10月"
    assert task.origin_document.endswith(" № 1")
    assert child.parent == task
    parts = set(Part.objects.filter(task=task).values_list("role", "unit__name", "person__name"))
    assert parts == {
        (Role.LEAD, "后勤处", None),
        (Role.COOPERATING, "基建处", None),
        (Role.RESPONSIBLE, None, "赵志刚"),
    }
    assert list(batch.rows.exclude(task=None).values_list("task", flat=True)) == [task.pk, child.pk]
    assert "import.publish" in verbs(batch)


def test_publishing_twice_imports_once(who):
    batch = make.ready(who.chen, who.category, 3)
    rev = batch.rev
    publishing.publish_batch(batch, by=who.chen.actor, rev=rev)
    again = ImportBatch.objects.get(pk=batch.pk)
    publishing.publish_batch(again, by=who.chen.actor, rev=rev)
    assert publishing.publish_now(again)

    assert Task.objects.count() == 3


def test_two_clerks_publish_one_import(who):
    batch = make.ready(who.chen, who.category, 3)
    mine, yours = (ImportBatch.objects.get(pk=batch.pk) for _ in range(2))
    publishing.publish_batch(mine, by=who.chen.actor, rev=batch.rev)
    publishing.publish_batch(yours, by=who.zhou.actor, rev=batch.rev)

    assert Task.objects.count() == 3
    assert ImportBatch.objects.get().published_by == who.chen


def breaks_after(monkeypatch, steps, error):
    """Let writing break in the step after so many."""
    write, left = publishing.write_hidden, [steps]

    def breaks(*args, **kwargs):
        if not left[0]:
            raise error
        left[0] -= 1
        return write(*args, **kwargs)

    monkeypatch.setattr(publishing, "STEP", 2)
    monkeypatch.setattr(publishing, "write_hidden", breaks)


@pytest.mark.parametrize("error", [RuntimeError("gone"), Refused("nicht so"), NotAllowed("nein")])
def test_nothing_is_half_imported_when_publishing_fails(who, monkeypatch, error):
    batch = make.ready(who.chen, who.category, 5)
    with monkeypatch.context() as patch:
        breaks_after(patch, 1, error)
        batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert batch.state == State.FAILED
    assert batch.failure
    assert "gone" not in batch.failure
    assert (Task.objects.count(), Part.objects.count()) == (0, 0)
    assert not batch.rows.exclude(task=None).exists()
    batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert (batch.state, Task.objects.count()) == (State.PUBLISHED, 5)
    assert set(Task.objects.values_list("status", flat=True)) == {Status.DRAFT}


def test_nobody_sees_an_import_that_is_half_written(who, monkeypatch):
    batch = make.ready(who.chen, who.category, 5)
    dies_midway(batch, who.chen, monkeypatch)

    hidden = list(Task.objects.all())
    assert [task.status for task in hidden] == [HIDDEN] * 2
    for person in (who.chen, who.li, who.zhao, who.sun):
        assert not task_queries.tasks_visible_to(person).exists()
        assert task_queries.visible_among(hidden, person) == []
        assert not task_queries.visible_keys([task.pk for task in hidden], person)
        assert not task_queries.visible_one(person, hidden[0].pk).exists()
        for name in task_queries.SCOPES:
            assert not task_queries.scope(name, person).exists()
    with pytest.raises(Stale):
        issuing.issue_many(hidden, by=who.chen.actor)
    assert registering.discard_drafts(hidden, by=who.chen.actor) == 0
    assert Task.objects.filter(status=HIDDEN).count() == 2
    with pytest.raises(Stale):
        task_queries.locked(hidden[0])


def dies_midway(batch, person, monkeypatch, done=2):
    """A worker is killed after its first step."""
    with monkeypatch.context() as patch:
        breaks_after(patch, 1, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            publishing.publish_batch(batch, by=person.actor, rev=batch.rev)
    batch.refresh_from_db()
    assert (batch.state, batch.done) == (State.PUBLISHING, done)


def test_who_comes_after_a_killed_worker_goes_on_where_it_stopped(who, monkeypatch):
    text = make.csv_of(*[(f"1.{n}" if n else "1", f"任务{n}", "后勤处", "全年") for n in range(5)])
    batch = make.checked(who.chen, who.category, make.file(text))
    dies_midway(batch, who.chen, monkeypatch, done=1)
    before = set(Task.objects.values_list("pk", flat=True))

    assert publishing.publish_now(batch)
    assert Task.objects.filter(status=Status.DRAFT).count() == 5
    assert before < set(Task.objects.values_list("pk", flat=True))
    assert Task.objects.get(parent=None).children_count == 4
    assert sorted(batch.rows.exclude(task=None).values_list("task__title", flat=True)) == sorted(
        f"任务{n}" for n in range(5)
    )


def test_what_a_killed_worker_left_is_taken_back(who, monkeypatch):
    batch = make.ready(who.chen, who.category, 5)
    dies_midway(batch, who.chen, monkeypatch)
    sweeping.sweep_all()
    assert Task.objects.count() == 2  # somebody may still be writing
    freeing.free_batch(batch)
    sweeping.sweep_all()

    batch.refresh_from_db()
    assert (batch.state, Task.objects.count(), Part.objects.count()) == (State.FAILED, 0, 0)
    batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert Task.objects.filter(status=Status.DRAFT).count() == 5


def test_rows_changed_after_a_failure_are_written_anew(who, monkeypatch):
    """Leftovers nobody could delete are not taken for the rows as they are now."""
    batch = make.ready(who.chen, who.category, 5)
    monkeypatch.setattr(sweeping, "throw_away", None)
    with monkeypatch.context() as patch:
        breaks_after(patch, 1, RuntimeError())
        batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert (batch.state, Task.objects.count()) == (State.FAILED, 2)
    monkeypatch.undo()
    batch = settling.edit_row(
        batch.rows.get(row=2), {"title": "另一件"}, by=who.chen.actor, rev=batch.rev
    )
    batch = publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert Task.objects.count() == 5
    assert Task.objects.filter(title="另一件", status=Status.DRAFT).exists()


def test_a_batch_with_questions_is_not_published(who):
    batch = make.checked(
        who.chen, who.category, make.file(make.csv_of(("1", "甲", "外星局", "全年")))
    )
    with pytest.raises(NotAllowed):
        publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert Task.objects.count() == 0
    batch.refresh_from_db()
    assert batch.state == State.READY


def test_a_published_batch_cannot_be_changed(who):
    batch = publishing.publish_batch(make.ready(who.chen, who.category), by=who.chen.actor, rev=0)
    with pytest.raises(NotAllowed):
        settling.edit_row(batch.rows.get(row=2), {"title": "x"}, by=who.chen.actor, rev=batch.rev)
    with pytest.raises(NotAllowed):
        publishing.drop_batch(batch, by=who.chen.actor, rev=batch.rev)
    with pytest.raises(Refused):
        checking.check(batch, by=who.chen.actor)


# ------------------------------------------------------------------ undo, drop, free


def test_an_import_is_undone_while_its_drafts_are_untouched(who):
    batch = publishing.publish_batch(
        make.ready(who.chen, who.category, 3), by=who.chen.actor, rev=0
    )
    batch = publishing.undo_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert (batch.state, batch.failure, Task.objects.count()) == (State.UNDONE, "", 0)
    assert "import.undo" in verbs(batch)


def test_an_import_with_an_issued_task_is_not_undone(who):
    batch = publishing.publish_batch(
        make.ready(who.chen, who.category, 2), by=who.chen.actor, rev=0
    )
    task = Task.objects.first()
    Task.objects.filter(pk=task.pk).update(details="细则", standard="标准", owner=who.sun)
    issuing.issue_many([Task.objects.get(pk=task.pk)], by=who.chen.actor)
    with pytest.raises(NotAllowed):
        publishing.undo_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert Task.objects.count() == 2


def test_an_import_with_a_draft_worked_on_is_not_undone(who):
    batch = publishing.publish_batch(
        make.ready(who.chen, who.category, 2), by=who.chen.actor, rev=0
    )
    Task.objects.filter(pk=Task.objects.first().pk).update(rev=1)
    with pytest.raises(NotAllowed):
        publishing.undo_batch(batch, by=who.chen.actor, rev=batch.rev)
    assert Task.objects.count() == 2


def test_undoing_that_fails_gives_everything_back(who, monkeypatch):
    batch = publishing.publish_batch(
        make.ready(who.chen, who.category, 2), by=who.chen.actor, rev=0
    )

    def fails(_batch):
        raise RuntimeError

    monkeypatch.setattr(publishing, "hide_drafts", fails)
    batch = publishing.undo_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert (batch.state, Task.objects.count()) == (State.PUBLISHED, 2)
    assert batch.failure


def test_what_undoing_could_not_delete_is_out_of_sight_and_deleted_later(who, monkeypatch):
    batch = publishing.publish_batch(
        make.ready(who.chen, who.category, 2), by=who.chen.actor, rev=0
    )
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "throw_away", None)
        batch = publishing.undo_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert (batch.state, Task.objects.count()) == (State.UNDONE, 2)
    assert not task_queries.tasks_visible_to(who.chen).exists()
    assert not batch.rows.exclude(task=None).exists()
    sweeping.sweep_all()
    assert not Task.objects.exists()


def test_a_table_is_dropped_and_stays_in_the_list(who):
    batch = make.ready(who.chen, who.category)
    batch = publishing.drop_batch(batch, by=who.chen.actor, rev=batch.rev)

    assert batch.state == State.DROPPED
    assert Task.objects.count() == 0


@pytest.mark.parametrize(
    ("stuck", "back"),
    [
        (State.CHECKING, State.STAGED),
        (State.PUBLISHING, State.FAILED),
        (State.UNDOING, State.PUBLISHED),
    ],
)
def test_stuck_work_is_given_back(who, stuck, back):
    batch = make.ready(who.chen, who.category)
    ImportBatch.objects.filter(pk=batch.pk).update(state=stuck)
    batch.refresh_from_db()
    freeing.free_batch(batch)
    batch.refresh_from_db()

    assert batch.state == back
    assert batch.failure


# ------------------------------------------------------------------ at size


def test_five_thousand_rows_in_few_statements(
    who, django_assert_max_num_queries, django_capture_on_commit_callbacks
):
    """Statements grow by the chunk, never by the row; nothing is asked that the table says."""
    rows = [
        (
            n,
            f"{n}.完成第{n}项重点工作",
            "校后勤处\n基建处财务处",
            ("12月底前", "全年", "第三季度")[n % 3],
        )
        for n in range(1, 5001)
    ]
    upload = make.file(make.xlsx([make.HEAD, *rows]), "大表.xlsx")
    with django_assert_max_num_queries(250):
        batch = make.staged(who.chen, who.category, upload)
    with django_assert_max_num_queries(250), django_capture_on_commit_callbacks(execute=True):
        checking.check(batch, by=who.chen.actor)
        assert batch.state == State.CHECKING
    run_waiting()
    batch.refresh_from_db()
    assert (batch.state, batch.tasks, batch.done) == (State.READY, 5000, 5001)
    assert (batch.errors, batch.warnings, batch.waiting) == (0, 0, 0)

    with django_capture_on_commit_callbacks(execute=True):
        publishing.publish_batch(batch, by=who.chen.actor, rev=batch.rev)
    with django_assert_max_num_queries(2000):
        run_waiting()
    batch.refresh_from_db()
    assert (batch.state, Task.objects.filter(batch=batch.pk).count()) == (State.PUBLISHED, 5000)
    assert Part.objects.filter(role=Role.COOPERATING).count() == 10_000


@pytest.mark.django_db(transaction=True)
def test_two_threads_publish_one_import():
    people = cast()
    batch = make.ready(people.chen, make_set(), 5, unit="财务处")
    gate, ended = threading.Barrier(2), []

    def publish(person):
        try:
            mine = ImportBatch.objects.get(pk=batch.pk)
            gate.wait()
            ended.append(publishing.publish_batch(mine, by=person.actor, rev=batch.rev).state)
        except (NotAllowed, Stale) as error:
            ended.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=[p]) for p in (people.chen, people.zhou)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert State.PUBLISHED in ended
    assert len(ended) == 2
    assert Task.objects.count() == 5
