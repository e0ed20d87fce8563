"""The doors of reporting, as a browser and as htmx; bad input keeps what was typed."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from luoshi.people.services import keeping
from luoshi.reports import queries, services
from luoshi.reports.models import Report
from luoshi.reports.tests.factories import paper, running, split, tell
from luoshi.tasks.models import Task
from luoshi.tasks.services import taking_part
from luoshi.tasks.tests.factories import make_set

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def task(people, day):
    day("2026-03-02")
    return running(people)


@pytest.fixture
def li(client, people):
    client.force_login(people.li)
    return client


def url(name, *args):
    return reverse(f"reports:{name}", args=args)


def typed(**more):
    return {"progress": "30", "body": "完成立项", "key": "a" * 32, "rev": "0", **more}


def text(response):
    return response.content.decode()


def test_the_page_shows_the_floor_and_the_last_report(li, task, people):
    tell(task, people.li, 40, body="上月完成招标")
    page = text(li.get(url("submit", task.pk)))
    assert 'min="40"' in page
    assert 'data-floor="40"' in page
    assert "上月完成招标" in page
    assert f'value="{Report.objects.get().pk}"' in page
    assert f'data-draft="{url("submit", task.pk)}"' in page


def test_filing_leads_back_to_the_task_and_forgets_the_draft(li, task, people):
    path = url("submit", task.pk)
    keeping.save_draft(people.li, form=path, data={"body": ["草稿"]})
    response = li.post(path, typed(evidence=paper()))
    assert (response.status_code, response["Location"]) == (302, f"/go/task/{task.pk}/")
    assert Report.objects.get().body == "完成立项"
    assert not people.li.drafts.exists()


def test_filing_by_htmx_answers_with_events(li, task):
    response = li.post(url("submit", task.pk), typed(evidence=paper()), **HTMX)
    assert response.status_code == 204
    assert "task-changed" in response["HX-Trigger"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("progress", "101"),
        ("progress", "-1"),
        ("progress", "abc"),
        ("progress", ""),
        ("progress", "12.5"),
        ("progress", "9" * 40),
        ("achieved", "十"),
        ("achieved", "1e30"),
        ("achieved", "NaN"),
        ("body", ""),
        ("body", "长" * 20_001),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_lost(li, task, field, value):
    data = typed(problems="场地紧张，需要协调", evidence=paper("验收单.txt")) | {field: value}
    response = li.post(url("submit", task.pk), data)
    page = text(response)
    assert response.status_code == 422
    assert 'class="field-error"' in page or "field-error" in page
    assert "场地紧张，需要协调" in page
    assert "验收单.txt" in page
    assert not Report.objects.exists()
    assert field in response.context["form"].errors


def test_a_kept_file_counts_when_the_form_is_sent_again(li, task):
    path = url("submit", task.pk)
    page = text(li.post(path, typed(progress="101", evidence=paper("验收单.txt"))))
    slip = re.search(r'name="evidence-kept" value="([^"]+)"', page).group(1)
    response = li.post(path, typed(**{"evidence-kept": slip}))
    assert response.status_code == 302
    report = Report.objects.get()
    assert [row.name for row in queries.evidence_of([report.pk])[report.pk]] == ["验收单.txt"]


def test_missing_evidence_is_told(li, task):
    response = li.post(url("submit", task.pk), typed())
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["evidence"]
    assert not Report.objects.exists()


def test_a_file_that_is_not_what_it_says_is_refused(li, task):
    bad = paper("报告.docx")
    bad.file.write(b"MZ\x90\x00" * 50)
    response = li.post(url("submit", task.pk), typed(evidence=bad))
    assert response.status_code == 422
    assert "报告.docx" in text(response)
    assert not Report.objects.exists()


def test_markup_stays_text(li, task):
    li.post(url("submit", task.pk), typed(body="<img src=x onerror=alert(1)>𠮷", evidence=paper()))
    page = text(li.get(url("reports", task.pk)))
    assert "&lt;img src=x onerror=alert(1)&gt;𠮷" in page
    assert "<img src=x" not in page


def test_the_same_button_twice_makes_one_report(li, task):
    data = typed()
    evidence = paper("验收单.txt")
    for _n in range(2):
        evidence.seek(0)
        response = li.post(url("submit", task.pk), data | {"evidence": evidence})
        assert response.status_code == 302
    assert Report.objects.count() == 1


def test_the_second_of_two_is_told_and_keeps_what_was_typed(li, task, people):
    taking_part.share(task, [people.sun], by=people.li.actor)
    path = url("submit", task.pk)
    tell(task, people.sun, 35, body="孙丽先报了")
    data = typed(progress="50", body="我写的内容")
    response = li.post(path, data | {"evidence": paper("验收单.txt")})
    page = text(response)
    assert response.status_code == 409
    assert "孙丽" in page
    assert "孙丽先报了" in page
    assert "我写的内容" in page
    assert "验收单.txt" in page
    assert Report.objects.count() == 1
    fresh = str(Report.objects.get().pk)
    assert response.context["form"].data["rev"] == fresh
    again = li.post(path, data | {"rev": fresh, "evidence": paper()})
    assert again.status_code == 302
    assert Task.objects.get(pk=task.pk).progress == 50


def test_a_task_that_ended_while_typing_keeps_the_text(li, task, people):
    tell(task, people.li, 100)
    response = li.post(
        url("submit", task.pk),
        typed(rev=Report.objects.get().pk, progress="100", evidence=paper(), body="晚到的内容"),
    )
    assert response.status_code == 403
    assert "晚到的内容" in text(response)
    assert Report.objects.count() == 1


def test_who_may_not_report_is_told_why(client, task, people):
    client.force_login(people.sun)
    response = client.get(url("submit", task.pk))
    assert response.status_code == 403
    assert client.post(url("submit", task.pk), typed(evidence=paper())).status_code == 403
    assert not Report.objects.exists()


def test_a_task_one_may_not_see_does_not_exist(client, people, day):
    day("2026-03-02")
    hidden = running(people, visibility="involved")
    client.force_login(people.sun)
    for name in ("submit", "reports", "children", "add_document"):
        assert client.get(url(name, hidden.pk)).status_code == 404


def test_nobody_reports_without_logging_in(client, task):
    response = client.post(url("submit", task.pk), typed())
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_s0_feedback_3_the_page_shows_what_sub_tasks_reported(li, task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    tell(child, people.wang, 50, body="机电学院完成一半", uploads=[paper("学院验收单.txt")])
    for name in ("submit", "children"):
        page = text(li.get(url(name, task.pk)))
        assert "机电学院完成一半" in page
        assert "学院验收单.txt" in page


def test_s0_feedback_4_ticking_a_sub_tasks_evidence_cites_it(li, task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    piece = queries.evidence_of([tell(child, people.wang, 50).pk]).popitem()[1][0]
    page = text(li.get(url("submit", task.pk)))
    assert f'name="cited" value="{piece.pk}"' in page
    response = li.post(url("submit", task.pk), typed(cited=[piece.pk]))
    assert response.status_code == 302
    report = Report.objects.get(task=task)
    assert [row.pk for row in queries.evidence_of([report.pk])[report.pk]] == [piece.pk]


def test_a_tick_stays_when_something_else_is_wrong(li, task, people):
    child = split(task, people.li, (people.wang, people.school.pk))[0]
    piece = queries.evidence_of([tell(child, people.wang, 50).pk]).popitem()[1][0]
    page = text(li.post(url("submit", task.pk), typed(cited=[piece.pk], progress="101")))
    assert re.search(rf'name="cited" value="{piece.pk}"[^>]* checked', page)


def test_amending_shows_the_old_words_and_writes_a_version(li, task, people):
    old = tell(task, people.li, 60, body="原来的说法")
    path = url("amend", task.pk, old.pk)
    page = text(li.get(path))
    assert "原来的说法" in page
    assert 'min="0"' in page
    response = li.post(path, typed(progress="50", body="更正", rev=old.pk, reason="核对"))
    assert response.status_code == 302
    new = Report.objects.get(amends=old)
    assert (new.progress, new.body, new.reason) == (50, "更正", "核对")
    assert queries.evidence_of([new.pk])[new.pk]


def test_s0_feedback_2_only_the_newest_opens_for_amending(li, task, people):
    first = tell(task, people.li, 20)
    tell(task, people.li, 40)
    assert li.get(url("amend", task.pk, first.pk)).status_code == 403


def test_an_amendment_goes_to_the_version_that_counts(li, task, people):
    old = tell(task, people.li, 20)
    new = services.amend_report(report=old, by=people.li.actor, progress=25, body="别人改了")
    response = li.post(url("amend", task.pk, old.pk), typed(body="我也改了"))
    page = text(response)
    assert response.status_code == 409
    assert f'action="{url("amend", task.pk, new.pk)}"' in page
    assert "我也改了" in page


def test_the_result_for_a_further_set_has_its_own_page(li, task, people):
    further = make_set()
    counting = taking_part.count_in(
        task, further, by=people.chen.actor, result_due=dt.date(2026, 11, 30)
    )
    path = url("result", task.pk, counting.pk)
    page = text(li.get(path))
    assert further.name in page
    assert 'name="progress"' not in page
    response = li.post(path, {"body": "最终结果", "rev": "0", "evidence": paper()})
    assert response.status_code == 302
    assert Report.objects.get().kind == "result"
    assert li.get(path).status_code == 403


def test_beside_a_result_stands_the_newest_report_and_no_period_is_asked(li, task, people):
    counting = taking_part.count_in(
        task, make_set(), by=people.chen.actor, result_due=dt.date(2026, 3, 20)
    )
    tell(task, people.li, 40, body="上月完成招标")
    assert "上月完成招标" in text(li.get(url("result", task.pk, counting.pk)))
    assert li.get(url("submit", task.pk)).context["waiting"] == []


def test_beside_an_amendment_stands_the_report_before(li, task, people):
    tell(task, people.li, 20, body="第一次的内容")
    newest = tell(task, people.li, 40, body="第二次的内容")
    known = li.get(url("amend", task.pk, newest.pk)).context["known"]
    assert known.last.body == "第一次的内容"
    assert known.last_evidence
    assert known.used == []


def test_the_home_set_has_no_result_page(li, task):
    home = task.countings.get(home=True)
    assert li.get(url("result", task.pk, home.pk)).status_code == 404


def test_the_panel_refreshes_itself(li, task, people):
    tell(task, people.li, 20)
    part = text(li.get(url("reports", task.pk), **HTMX))
    assert (
        part.startswith('<section class="panel" id="reports-panel"')
        or part.index('id="reports-panel"') < 200
    )
    assert "<html" not in part
    assert "<html" in text(li.get(url("reports", task.pk)))


def test_process_documents_are_added_with_or_without_a_report(li, task):
    path = url("add_document", task.pk)
    assert li.get(path).status_code == 200
    assert li.post(path, {"evidence": paper("会议纪要.txt")}).status_code == 302
    assert [r.name for r in queries.documents_of([task.pk])[task.pk]] == ["会议纪要.txt"]
    assert li.post(path, {}).status_code == 422
    assert li.post(path, {"evidence": paper()}, **HTMX).status_code == 204


def test_strangers_add_no_documents(client, task, people):
    client.force_login(people.sun)
    assert client.post(url("add_document", task.pk), {"evidence": paper()}).status_code == 403
    assert queries.documents_of([task.pk])[task.pk] == []


def test_filing_through_the_door_takes_few_statements(
    li, task, people, django_assert_max_num_queries
):
    tell(task, people.li, 10)
    task.measure.needs_evidence = False
    task.measure.save()
    data = typed(rev=Report.objects.get().pk)
    with django_assert_max_num_queries(44):
        assert li.post(url("submit", task.pk), data).status_code == 302
