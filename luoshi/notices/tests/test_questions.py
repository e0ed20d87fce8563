"""Questions about the system, and their answers (SYS-5; S0 四)."""

import pytest
from django.urls import reverse

from luoshi.kit.verdict import Refused, Stale
from luoshi.notices import services
from luoshi.notices.models import Message, Question
from luoshi.notices.queries import questions_visible_to
from luoshi.people.tests.factories import cast
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def test_a_question_reaches_the_office_and_its_answer_comes_back(people):
    asked = services.ask_question(text="怎么改进度？", page="/tasks/1/", by=people.li.actor)
    told = Message.objects.get(kind="question.ask")
    assert (told.person, told.about, told.title) == (people.chen, asked.ref, "怎么改进度？")
    services.answer_question(asked, text="修改最近一次反馈。", by=people.chen.actor)
    back = Message.objects.get(kind="question.answer")
    assert (back.person, back.title) == (people.li, "怎么改进度？")
    verbs = Event.objects.filter(about_kind="question").values_list("verb", flat=True)
    assert list(verbs) == ["question.ask", "question.answer"]


def test_a_double_click_asks_once(people):
    for _time in range(2):
        services.ask_question(text="怎么改？", by=people.li.actor, key="a" * 32)
    assert Question.objects.count() == 1
    assert Message.objects.count() == 1


def test_the_second_answer_is_told_of_the_first(people):
    asked = services.ask_question(text="怎么改？", by=people.li.actor)
    services.answer_question(asked, text="这样改。", by=people.chen.actor)
    with pytest.raises(Stale):
        services.answer_question(asked, text="那样改。", by=people.chen.actor)
    assert Question.objects.get().answer == "这样改。"


@pytest.mark.parametrize("text", ["", "　 ", "问" * 2001])
def test_nothing_and_too_much_are_refused(people, text):
    with pytest.raises(Refused):
        services.ask_question(text=text, by=people.li.actor)
    assert not Question.objects.exists()


def test_others_questions_are_seen_by_those_who_answer_only(people):
    asked = services.ask_question(text="怎么改？", by=people.li.actor)
    assert list(questions_visible_to(people.li)) == [asked]
    assert list(questions_visible_to(people.chen)) == [asked]
    assert not questions_visible_to(people.sun)


def test_the_page_names_whom_to_ask_and_keeps_what_was_typed(client, people):
    people.chen.phone = "0519-8633"
    people.chen.save()
    client.force_login(people.li)
    page = client.get(reverse("notices:help"), {"from": "/tasks/7/"}).content.decode()
    assert "陈静" in page
    assert "0519-8633" in page
    assert 'name="page" value="/tasks/7/"' in page
    answer = client.post(reverse("notices:help"), {"text": "问" * 2001})
    assert answer.status_code == 422
    assert "问" * 2001 in answer.content.decode()


def test_who_does_not_help_answers_nothing(client, people):
    asked = services.ask_question(text="怎么改？", by=people.li.actor)
    client.force_login(people.li)
    url = reverse("notices:answer", args=[asked.pk])
    assert client.post(url, {"answer": "自己答"}).status_code == 403
    client.force_login(people.sun)
    assert client.post(url, {"answer": "别人答"}).status_code == 403
    assert Question.objects.get().answer == ""


def test_an_answer_through_the_page(client, people):
    asked = services.ask_question(text="怎么改？", by=people.li.actor)
    client.force_login(people.chen)
    url = reverse("notices:answer", args=[asked.pk])
    assert client.post(url, {"answer": ""}).status_code == 422
    assert client.post(url, {"answer": "这样改。"}).status_code == 302
    client.force_login(people.li)
    assert "这样改。" in client.get(reverse("notices:help")).content.decode()


def test_the_page_takes_few_statements(client, people, django_assert_max_num_queries):
    for number in range(3):
        services.ask_question(text=f"问题{number}", by=people.li.actor)
    client.force_login(people.chen)
    client.get(reverse("notices:help"))
    with django_assert_max_num_queries(11):
        client.get(reverse("notices:help"))
