"""The year-end pack of a unit: index and evidence as one file, built by a job (S0-2)."""

import datetime as dt
import io
import zipfile

import docx
import pytest
from django.urls import reverse

from luoshi.desk.refs import resolve
from luoshi.files.models import Attachment, Blob
from luoshi.files.queries import path_of
from luoshi.kit import clock, jobs
from luoshi.kit.verdict import NotAllowed
from luoshi.notices.models import Message
from luoshi.reports import services
from luoshi.reports.models import Pack
from luoshi.reports.queries import packs as queries
from luoshi.reports.rules import ReportKind
from luoshi.reports.rules import packs as rules
from luoshi.reports.rules.packs import PackState
from luoshi.reports.services import packs
from luoshi.reports.services.packs import ask_for_pack, build, free_left
from luoshi.reports.tests.factories import paper, running, split, tell
from luoshi.tasks.models import Task
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import make_set


@pytest.fixture
def task(people, day):
    day("2026-03-02")
    return running(people, title="建成实训基地")


def ask(people, **more):
    values = {"unit": people.school, "year": 2026, "by": people.chen.actor, **more}
    return ask_for_pack(**values)


def built(people):
    pack = ask(people)
    build(pack.pk, pack.run)
    return Pack.objects.select_related("attachment__blob").get(pk=pack.pk)


def archive_of(pack):
    return zipfile.ZipFile(path_of(pack.attachment.blob.sha256))


def words_of(pack):
    archive = archive_of(pack)
    name = next(one for one in archive.namelist() if one.endswith(".docx") and "/00" in one)
    document = docx.Document(io.BytesIO(archive.read(name)))
    lines = [line.text for line in document.paragraphs]
    lines += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    links = [
        rel.target_ref for rel in document.part.rels.values() if rel.reltype.endswith("hyperlink")
    ]
    return "\n".join(lines), links


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("年度总结.pdf", "年度总结.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d*e?.txt", "a_b_c_d_e_.txt"),
        ("con.txt", "_con.txt"),
        ("\u202e表\u200b格.xlsx", "表格.xlsx"),
        ("  结尾有点. . ", "结尾有点"),
        ("", "_"),
        ("长" * 100 + ".docx", "长" * 75 + ".docx"),
    ],
)
def test_names_stand_on_every_system(name, said):
    assert rules.safe(name, rules.FILE) == said


def test_a_name_that_is_taken_gets_a_number_whatever_its_case():
    assert rules.unique("A.pdf", {"b.pdf"}) == "A.pdf"
    assert rules.unique("A.pdf", {"a.PDF"}) == "A(2).pdf"
    assert rules.unique("A.pdf", {"a.pdf", "A(2).pdf"}) == "A(3).pdf"
    assert rules.unique("总结", {"总结"}) == "总结(2)"


def test_a_pack_at_work_is_stuck_after_three_silent_minutes():
    now = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    assert rules.is_stuck(PackState.WORKING, now - dt.timedelta(minutes=4), now)
    assert not rules.is_stuck(PackState.WORKING, now - dt.timedelta(minutes=2), now)
    assert not rules.is_stuck(PackState.WAITING, None, now)


# ── what it holds ────────────────────────────────────────────────────────────────────────────────


def test_the_index_names_task_progress_text_and_evidence(task, people):
    tell(task, people.li, 40, body="一期设备全部到位", uploads=[paper("验收单.txt")])
    pack = built(people)
    assert (pack.state, pack.tasks, pack.files) == (PackState.READY, 1, 1)
    text, links = words_of(pack)
    for word in ("机电工程学院", "2026", "建成实训基地", "40%", "一期设备全部到位", "验收单.txt"):
        assert word in text
    assert len(links) == 1
    names = archive_of(pack).namelist()
    inside = next(name for name in names if name.endswith("验收单.txt"))
    assert inside.split("/")[1].startswith("01 ")
    assert archive_of(pack).testzip() is None


def test_a_content_is_packed_once_however_many_tasks_show_it(task, people):
    sub = split(task, people.li, (people.wang, people.school.pk))[0]
    said = tell(sub, people.wang, 20, uploads=[paper("材料.txt")])
    piece = Attachment.objects.get(about_kind="report", about_id=said.pk)
    tell(Task.objects.get(pk=task.pk), people.li, 10, uploads=[], cited=[piece.pk])
    pack = built(people)
    names = [name for name in archive_of(pack).namelist() if name.endswith("材料.txt")]
    assert len(names) == 1
    text, links = words_of(pack)
    assert len(links) == 1
    assert text.count("材料.txt") == 2


def test_two_files_of_one_name_both_find_a_place(task, people):
    tell(task, people.li, 10, uploads=[paper("总结.txt"), paper("总结.TXT")])
    names = archive_of(built(people)).namelist()
    assert sorted(name.rsplit("/", 1)[1] for name in names if "总结" in name) == [
        "总结(2).txt",
        "总结.txt",
    ]


def test_the_result_for_an_overlapping_set_is_marked_and_listed(task, people):
    other = make_set()
    other.name = "高质量发展考核指标"
    other.save()
    for measure in (task.measure, other.measure):
        measure.needs_evidence = False
        measure.save()
    row = taking_part.count_in(task, other, by=people.chen.actor)
    services.submit_report(
        task=task,
        by=people.li.actor,
        kind=ReportKind.RESULT,
        counting=row,
        body="全部指标达到优秀",
    )
    text, _links = words_of(built(people))
    assert text.count("高质量发展考核指标") >= 2
    assert text.count("全部指标达到优秀") == 2


def test_a_report_of_no_change_stands_behind_the_one_that_told_what_was_done(task, people, day):
    tell(task, people.li, 40, body="设备全部到位")
    day("2026-04-02")
    services.submit_report(
        task=task, by=people.li.actor, body="等待招标结果", unchanged=True, uploads=[]
    )
    text, _links = words_of(built(people))
    assert "设备全部到位" in text
    assert "等待招标结果" not in text


def test_drafts_other_years_and_other_units_are_left_out(task, people):
    assert queries.contents_of(people.school, 2025).tasks == 0
    assert queries.contents_of(people.other, 2026).tasks == 0
    assert queries.contents_of(people.school, 2026).tasks == 1
    assert queries.contents_of(people.root, 2026).tasks == 1


def test_a_content_missing_from_the_store_is_told_and_does_not_stop_the_rest(task, people):
    tell(task, people.li, 10, uploads=[paper("甲.txt"), paper("乙.txt")])
    path_of(Attachment.objects.get(name="甲.txt").blob.sha256).unlink()
    pack = built(people)
    assert (pack.state, pack.files) == (PackState.READY, 1)
    assert not any(name.endswith("甲.txt") for name in archive_of(pack).namelist())
    assert "甲.txt" in words_of(pack)[0]


def test_signs_that_word_cannot_hold_are_left_out(task, people):
    tell(task, people.li, 10, body="含\x0b控制\x00字符"[:3] + "正常")
    assert built(people).state == PackState.READY


# ── asked for, built, built anew ─────────────────────────────────────────────────────────────────


def test_only_who_sees_all_tasks_of_the_unit_may_ask(task, people):
    for person in (people.chen, people.wang, people.zhao):
        assert queries.reaches(person, people.school)
    with pytest.raises(NotAllowed):
        ask(people, by=people.sun.actor)
    with pytest.raises(NotAllowed):
        ask(people, by=people.li.actor)
    assert not Pack.objects.exists()


def test_asking_twice_while_it_is_built_asks_once(task, people, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as put:
        first = ask(people)
        second = ask(people, by=people.wang.actor)
    assert (first.pk, first.run) == (second.pk, second.run)
    assert len(put) == 1


def test_the_same_key_again_changes_nothing(task, people):
    pack = ask(people, key="a" * 32)
    build(pack.pk, pack.run)
    again = ask(people, key="a" * 32)
    assert (again.run, again.state) == (pack.run, PackState.READY)


def test_who_asked_is_told_when_it_is_there(task, people):
    pack = built(people)
    told = Message.objects.filter(kind="report.pack")
    assert [(row.person_id, row.about_id) for row in told] == [(people.chen.pk, pack.pk)]
    assert str(pack.unit_id) in resolve(pack.ref, people.chen)
    assert resolve(pack.ref, people.sun) is None
    build(pack.pk, pack.run)
    assert told.count() == 1


def test_the_job_is_idempotent(task, people):
    pack = built(people)
    before = pack.attachment_id, pack.built_at
    build(pack.pk, pack.run)
    pack.refresh_from_db()
    assert (pack.attachment_id, pack.built_at) == before


def test_building_anew_takes_the_place_of_the_old_file(task, people, settings, day):
    tell(task, people.li, 10, uploads=[paper("一.txt")])
    old = built(people)
    sha = old.attachment.blob.sha256
    day("2026-03-09")
    tell(task, people.li, 20, uploads=[paper("二.txt")])
    new = built(people)
    assert new.run == 2
    assert new.files == 2
    assert not Attachment.objects.filter(pk=old.attachment_id).exists()
    assert not Blob.objects.filter(sha256=sha).exists()
    assert Attachment.objects.filter(about_kind="pack").count() == 1


def test_the_old_file_stays_until_the_new_one_is_there(task, people):
    old = built(people)
    ask(people)
    pack = Pack.objects.get(pk=old.pk)
    assert pack.state == PackState.WAITING
    assert pack.attachment_id == old.attachment_id


def test_a_job_for_an_earlier_wish_does_nothing(task, people):
    pack = ask(people)
    Pack.objects.filter(pk=pack.pk).update(run=2)
    build(pack.pk, 1)
    assert Pack.objects.get(pk=pack.pk).state == PackState.WAITING


def test_a_pack_whose_worker_was_killed_is_built_by_the_next(task, people, monkeypatch):
    tell(task, people.li, 10)
    pack = ask(people)

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(packs, "_write", die)
        with pytest.raises(Killed):
            build(pack.pk, pack.run)
    assert Pack.objects.get(pk=pack.pk).state == PackState.WORKING
    build(pack.pk, pack.run)
    assert Pack.objects.get(pk=pack.pk).state == PackState.WORKING  # it may still be at work
    silent = clock.now() - dt.timedelta(minutes=4)
    Pack.objects.filter(pk=pack.pk).update(beat=silent)
    build(pack.pk, pack.run)
    assert Pack.objects.get(pk=pack.pk).state == PackState.READY


def test_a_pack_taken_over_in_the_middle_is_left_to_the_other(task, people, monkeypatch):
    pack = ask(people)
    write = packs._write

    def meanwhile(file, contents, mine):
        Pack.objects.filter(pk=pack.pk).update(run=9, state=PackState.WAITING)
        write(file, contents, mine)

    monkeypatch.setattr(packs, "_write", meanwhile)
    build(pack.pk, pack.run)
    row = Pack.objects.get(pk=pack.pk)
    assert (row.run, row.state, row.attachment_id) == (9, PackState.WAITING, None)


def test_after_three_attempts_it_is_given_up_with_a_sentence(task, people):
    pack = ask(people)
    Pack.objects.filter(pk=pack.pk).update(tries=3)
    build(pack.pk, pack.run)
    row = Pack.objects.get(pk=pack.pk)
    assert row.state == PackState.FAILED
    assert row.said
    assert ask(people).state == PackState.WAITING


def test_a_full_disk_is_told(task, people, monkeypatch):
    pack = ask(people)

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packs, "_write", full)
    build(pack.pk, pack.run)
    row = Pack.objects.get(pk=pack.pk)
    assert row.state == PackState.FAILED
    assert row.said


def test_packs_left_behind_are_put_to_work_again(task, people, monkeypatch):
    pack = ask(people)
    assert free_left() == 0
    Pack.objects.filter(pk=pack.pk).update(asked_at=clock.now() - dt.timedelta(hours=1))
    put = []
    monkeypatch.setattr(packs, "enqueue", lambda *args: put.append(args))
    assert free_left() == 1
    assert put == [("luoshi.reports.jobs.build_pack", pack.pk, pack.run)]
    assert jobs.job_at("luoshi.reports.jobs.build_pack")


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def url(name, *args):
    return reverse(f"reports:{name}", args=args) + "?year=2026"


def test_the_head_asks_watches_and_downloads(client, task, people):
    client.force_login(people.wang)
    assert "建成实训基地" in client.get(url("pack", people.school.pk)).content.decode()
    response = client.post(url("pack", people.school.pk), {"key": "c" * 32})
    assert response.status_code == 302
    body = client.get(url("pack_progress", people.school.pk), headers={"HX-Request": "true"})
    assert "hx-get" in body.content.decode()
    pack = Pack.objects.get()
    build(pack.pk, pack.run)
    pack.refresh_from_db()
    body = client.get(url("pack", people.school.pk)).content.decode()
    file = reverse("files:download", args=[pack.attachment_id])
    assert file in body
    response = client.get(file)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"


def test_who_does_not_reach_the_unit_gets_neither_page_nor_file(client, task, people):
    pack = built(people)
    client.force_login(people.sun)
    assert client.get(url("pack", people.school.pk)).status_code == 403
    assert client.post(url("pack", people.school.pk)).status_code == 403
    assert client.get(url("pack_progress", people.school.pk)).status_code == 403
    assert client.get(url("packs")).status_code == 403
    assert client.get(reverse("files:download", args=[pack.attachment_id])).status_code == 404


def test_the_list_shows_units_within_reach_that_lead_tasks(client, task, people):
    client.force_login(people.wang)
    body = client.get(url("packs")).content.decode()
    assert "机电工程学院" in body
    assert "财务处" not in body
    names = [line.unit.name for line in queries.pack_lines(people.chen, 2026, clock.today())]
    assert names[0] == people.root.name
    assert people.school.name in names


def test_gathering_takes_the_same_statements_for_one_and_for_three(
    task, people, django_assert_max_num_queries
):
    tell(task, people.li, 10)
    with django_assert_max_num_queries(8):
        queries.contents_of(people.school, 2026)
    for number in range(2):
        tell(running(people, title=f"任务{number}"), people.li, 10)
    with django_assert_max_num_queries(8):
        assert queries.contents_of(people.school, 2026).tasks == 3
