"""Quotations of sub-tasks' reports, the share copied, problems passed over (RPT-3; S0 3.3)."""

import json

import pytest
from django.urls import reverse

from luoshi.kit.verdict import Refused
from luoshi.reports import queries, services
from luoshi.reports.models import PassedOver, Quotation, Report
from luoshi.reports.queries.passages import marks_of, passages_of, quotations_of
from luoshi.reports.tests.factories import running, split, tell
from luoshi.tasks.models import Task
from luoshi.tasks.queries import facts_for
from luoshi.trail.models import Event

SAID = "完成实训基地一期设备安装调试，新增工业机器人实训工位二十四个。\n共建产业学院揭牌。"
TOLD = "专任教师数量不足，机器人方向缺少高级职称带头人。"
OWN = "本级统筹推进，条件保障到位，各单位按计划完成年度建设内容，绩效目标基本实现，后续将持续跟进。"


def now(task):
    return Task.objects.get(pk=task.pk)


@pytest.fixture
def goal(people, day):
    day("2026-03-02")
    return running(people, title="推进专业建设", rhythm="monthly", report_day=28)


@pytest.fixture
def sub(goal, people):
    return split(goal, people.li, (people.wang, people.school.pk))[0]


@pytest.fixture
def below(sub, people, day):
    """What Wang reported on the sub-task."""
    day("2026-03-05")
    return tell(sub, people.wang, 30, body=SAID, problems=TOLD)


def limit(task, percent):
    task.measure.copied_at_most = percent
    task.measure.save()


def mark(report, letter="b", start=0, length=None):
    text = {"b": report.body, "p": report.problems}[letter]
    return f"{report.pk}-{letter}-{start}-{len(text) if length is None else length}"


# ── quoting ──────────────────────────────────────────────────────────────────────────────────────


def test_a_quotation_keeps_source_version_and_place(goal, below, people):
    report = tell(goal, people.li, 10, body=OWN, quotes=[mark(below, "b", 2, 6), mark(below, "p")])
    rows = list(Quotation.objects.filter(report=report))
    assert [(row.source_id, row.letter, row.start, row.text) for row in rows] == [
        (below.pk, "b", 2, SAID[2:8]),
        (below.pk, "p", 0, TOLD),
    ]
    data = json.loads(Event.objects.filter(verb="report.submit").latest("pk").data)
    assert data["quoted"] == 2


def test_the_words_of_a_quotation_come_from_the_source_and_not_from_the_form(goal, below, people):
    with pytest.raises(Refused):
        tell(goal, people.li, 10, quotes=[f"{below.pk}-b-0-5000"])
    assert not Report.objects.filter(task=goal).exists()


@pytest.mark.parametrize("wrong", ["nonsense", "999999-b-0-5"])
def test_what_names_no_passage_is_refused(goal, below, people, wrong):
    with pytest.raises(Refused):
        tell(goal, people.li, 10, quotes=[wrong])
    assert not Quotation.objects.exists()


def test_only_sub_tasks_are_quoted(goal, below, people):
    other = running(people, title="另一任务")
    elsewhere = tell(other, people.li, 10, body="别处的一段文字")
    with pytest.raises(Refused):
        tell(goal, people.li, 10, quotes=[mark(elsewhere)])
    assert not Quotation.objects.exists()


def test_what_the_author_may_not_see_is_not_quoted(people, day):
    day("2026-03-02")
    goal = running(people, title="内部任务", visibility="involved")
    sub = split(goal, people.li, (people.wang, people.school.pk))[0]
    said = tell(sub, people.wang, 10, body="只有参与者看得到的文字")
    assert passages_of([mark(said)], now(goal), people.sun) == []
    assert len(passages_of([mark(said)], now(goal), people.wang)) == 1


def test_a_grandchild_is_quoted_too(goal, below, sub, people):
    deeper = split(now(sub), people.wang, (people.li, people.section.pk))[0]
    said = tell(deeper, people.li, 10, body="教研室完成课程标准修订")
    report = tell(goal, people.li, 10, body=OWN, quotes=[mark(said)])
    assert marks_of(report)[0].report == said.pk


def test_a_quotation_says_that_its_source_was_amended_and_links_both_versions(
    goal, below, people, day
):
    report = tell(goal, people.li, 10, body=OWN, quotes=[mark(below, "b", 0, 4)])
    day("2026-03-09")
    newer = services.amend_report(
        report=below, by=people.wang.actor, progress=35, body="改写后的内容"
    )
    quote = quotations_of([report.pk], people.li)[report.pk][0]
    assert quote.text == SAID[:4]
    assert quote.is_amended
    assert (quote.source.pk, quote.newest.pk) == (below.pk, newer.pk)


def test_a_reader_who_may_not_see_the_source_gets_the_words_and_no_link(people, day):
    day("2026-03-02")
    goal = running(people, title="公开的任务")
    sub = split(goal, people.li, (people.wang, people.school.pk))[0]
    said = tell(sub, people.wang, 10, body="下级写的一段话")
    report = tell(goal, people.li, 10, body=OWN, quotes=[mark(said)])
    hidden = running(people, title="别的", visibility="involved").measure
    Task.objects.filter(pk=sub.pk).update(measure=hidden)
    quote = quotations_of([report.pk], people.sun)[report.pk][0]
    assert quote.text == "下级写的一段话"
    assert not quote.seen
    assert quotations_of([report.pk], people.wang)[report.pk][0].seen


def test_amending_keeps_quotations_or_takes_new_ones(goal, below, people):
    first = tell(goal, people.li, 10, body=OWN, quotes=[mark(below, "b", 0, 4)])
    second = services.amend_report(report=first, by=people.li.actor, progress=12, body=OWN)
    assert marks_of(second) == marks_of(first)
    third = services.amend_report(
        report=second, by=people.li.actor, progress=12, body=OWN, quotes=[mark(below, "p")]
    )
    assert [row.letter for row in marks_of(third)] == ["p"]
    fourth = services.amend_report(
        report=third, by=people.li.actor, progress=12, body=OWN, quotes=[]
    )
    assert marks_of(fourth) == []
    assert len(marks_of(first)) == 1


# ── the share copied ─────────────────────────────────────────────────────────────────────────────


def test_the_share_is_kept_with_the_report_and_null_where_there_is_nothing_to_copy(
    goal, below, people
):
    assert below.copied is None
    assert tell(goal, people.li, 10, body=OWN).copied == 0
    assert tell(goal, people.li, 11, body=SAID).copied >= 80


def test_above_the_limit_filing_is_refused_with_both_figures(goal, below, people):
    limit(goal, 30)
    with pytest.raises(Refused) as refused:
        tell(goal, people.li, 10, body=SAID.splitlines()[0])
    assert "100" in str(refused.value)
    assert "30" in str(refused.value)
    assert "新增工业机器人" in str(refused.value)
    assert refused.value.field == "body"
    assert not Report.objects.filter(task=goal).exists()


def test_a_quotation_counts_as_copied(goal, below, people):
    limit(goal, 30)
    with pytest.raises(Refused):
        tell(goal, people.li, 10, body="见引用。", quotes=[mark(below)])
    tell(goal, people.li, 10, body=OWN, quotes=[mark(below, "b", 0, 6)])


def test_amending_is_held_to_the_limit_too(goal, below, people):
    limit(goal, 30)
    first = tell(goal, people.li, 10, body=OWN)
    with pytest.raises(Refused):
        services.amend_report(report=first, by=people.li.actor, progress=12, body=SAID)
    assert Report.objects.get(pk=first.pk).status == "filed"


def test_words_of_a_report_amended_since_still_count(goal, below, people, day):
    day("2026-03-09")
    services.amend_report(report=below, by=people.wang.actor, progress=35, body="改写后的内容")
    assert tell(goal, people.li, 11, body=SAID).copied >= 80


# ── problems passed over ─────────────────────────────────────────────────────────────────────────


def test_what_is_left_out_is_recorded_with_the_choice(goal, below, people):
    report = tell(goal, people.li, 10, body=OWN)
    row = PassedOver.objects.get(report=report)
    assert (row.source_id, row.letter, row.text, row.irrelevant) == (below.pk, "p", TOLD, False)
    again = services.amend_report(
        report=report, by=people.li.actor, progress=10, body=OWN, irrelevant=[f"{below.pk}-p"]
    )
    assert PassedOver.objects.get(report=again).irrelevant


def test_what_is_told_or_quoted_is_not_left_out(goal, below, people):
    tell(goal, people.li, 10, body=OWN, problems="教师数量不足，高级职称带头人缺少")
    assert not PassedOver.objects.exists()


def test_a_problem_once_passed_on_does_not_come_back(goal, below, people, day):
    tell(goal, people.li, 10, body=OWN)
    day("2026-03-20")
    report = tell(goal, people.li, 12, body=OWN)
    assert not PassedOver.objects.filter(report=report).exists()


def test_a_problem_quoted_in_between_reaches_the_top(people, day):
    day("2026-03-02")
    top = running(people, title="学校任务")
    middle = split(top, people.li, (people.wang, people.school.pk))[0]
    bottom = split(middle, people.wang, (people.li, people.section.pk))[0]
    said = tell(bottom, people.li, 10, problems=TOLD)
    tell(middle, people.wang, 10, body=OWN, quotes=[mark(said, "p")])
    report = tell(top, people.li, 10, body=OWN)
    assert PassedOver.objects.get(report=report).source_id == said.pk


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def li(client, people):
    client.force_login(people.li)
    return client


def url(name, *args):
    return reverse(f"reports:{name}", args=args)


def typed(**more):
    values = {"progress": 20, "body": OWN, "problems": "", "help_needed": "", "next_step": ""}
    return values | {"key": "b" * 32, "rev": 0} | more


@pytest.fixture
def easy(goal):
    goal.measure.needs_evidence = False
    goal.measure.save()
    return goal


def test_the_page_shows_new_reports_with_a_tick_box_for_each_paragraph(li, goal, below):
    body = li.get(url("submit", goal.pk)).content.decode()
    assert f'value="{below.pk}-b-0-{len(SAID.splitlines()[0])}"' in body
    assert f'value="{mark(below, "p")}"' in body
    assert "产业学院揭牌" in body
    assert 'data-problem="' in body


def test_without_script_a_tick_becomes_a_quotation(li, easy, below):
    ticked = {"quoted": [mark(below, "p")]}
    assert li.post(url("submit", easy.pk), typed(**ticked)).status_code == 302
    assert Quotation.objects.get().text == TOLD


def test_filing_warns_once_and_goes_through_on_the_second_time(li, easy, below):
    response = li.post(url("submit", easy.pk), typed())
    assert response.status_code == 422
    assert not Report.objects.filter(task=easy).exists()
    assert f'name="warned" value="{below.pk}-p"' in response.content.decode()
    again = li.post(url("submit", easy.pk), typed(warned=[f"{below.pk}-p"]))
    assert again.status_code == 302
    assert not PassedOver.objects.get().irrelevant


def test_a_problem_ticked_as_not_relevant_is_not_warned_about(li, easy, below):
    assert li.post(url("submit", easy.pk), typed(irrelevant=[f"{below.pk}-p"])).status_code == 302
    assert PassedOver.objects.get().irrelevant


def test_above_the_limit_the_page_comes_back_with_what_was_typed(li, easy, below):
    limit(easy, 30)
    data = typed(body=SAID, quotes=mark(below, "p"))
    response = li.post(url("submit", easy.pk), data)
    assert response.status_code == 422
    body = response.content.decode()
    assert "30" in body
    assert f'value="{mark(below, "p")}"' in body
    assert not Report.objects.filter(task=easy).exists()


def test_the_look_tells_share_quotations_and_what_is_left(li, goal, below):
    limit(goal, 30)
    said = li.post(url("look", goal.pk), {"body": SAID, "quotes": mark(below, "b", 0, 4)}).json()
    assert said["over"] is True
    assert [quote["text"] for quote in said["quotes"]] == [SAID[:4]]
    assert said["left"] == [f"{below.pk}-p"]
    assert said["passages"]
    said = li.post(url("look", goal.pk), {"body": OWN, "quotes": mark(below, "p")}).json()
    assert said["left"] == []


def test_the_look_is_for_who_sees_the_task(client, people, day):
    day("2026-03-02")
    hidden = running(people, visibility="involved")
    client.force_login(people.sun)
    assert client.post(url("look", hidden.pk), {"body": "x"}).status_code == 404


def test_the_story_shows_quotations_and_what_was_left_out(li, goal, below, people):
    tell(goal, people.li, 10, body=OWN, quotes=[mark(below, "b", 0, 4)])
    body = li.get(url("reports", goal.pk)).content.decode()
    assert "<blockquote" in body
    assert SAID[:4] in body
    assert TOLD in body
    assert reverse("go", args=["report", below.pk]) in body


def test_the_amending_page_brings_the_quotations_along(li, goal, below, people):
    report = tell(goal, people.li, 10, body=OWN, quotes=[mark(below, "p")])
    body = li.get(url("amend", goal.pk, report.pk)).content.decode()
    assert f'value="{mark(below, "p")}"' in body


def test_the_panel_asks_nothing_more_where_nothing_can_be_quoted(
    people, day, django_assert_num_queries
):
    day("2026-03-02")
    task = running(people)
    tell(task, people.li, 10)
    row = Task.objects.select_related("measure", "category__measure").get(pk=task.pk)
    facts = facts_for(row, people.li)
    with django_assert_num_queries(5):
        queries.panel(row, facts, people.li)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_much_for_three_sub_tasks_as_for_one(
    li, goal, people, count, django_assert_max_num_queries
):
    for sub in split(goal, people.li, *[(people.wang, people.school.pk)] * count):
        tell(sub, people.wang, 20, body=SAID, problems=TOLD)
    li.get(url("submit", goal.pk))
    with django_assert_max_num_queries(30):
        assert li.get(url("submit", goal.pk)).status_code == 200
