"""Words of the templates."""

import datetime as dt

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from luoshi.kit.templatetags.ui import days_left, due_badge, highlight, progress, state_mark
from luoshi.kit.verdict import ALLOWED, denied

TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _chinese():
    with translation.override("zh-hans"):
        yield


def render(text, path="/", **context):
    request = RequestFactory().get(path)
    return Template("{% load ui %}" + text).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("due", "done", "kind", "words"),
    [
        ("2026-11-23", None, "soon", "剩 3 天"),
        ("2026-11-24", None, "far", "剩 4 天"),
        ("2026-11-20", None, "soon", "今日到期"),
        ("2026-11-15", None, "late", "逾 5 天"),
        ("2026-11-15", "2026-11-15", "done", "按期办结"),
        ("2026-11-15", "2026-11-17", "late", "迟 2 天办结"),
    ],
)
def test_days_left(due, done, kind, words):
    done = dt.date.fromisoformat(done) if done else None
    assert days_left(dt.date.fromisoformat(due), done, TODAY) == (kind, words)


def test_a_due_badge_has_the_date_beside_the_days():
    html = due_badge(dt.date(2026, 11, 15), today=TODAY)
    assert "2026-11-15" in html
    assert "逾 5 天" in html
    assert due_badge(None).count("<") == 2


def test_an_act_allowed_is_a_link():
    html = render('{% act v "/x/" "下达" kind="primary" %}', v=ALLOWED)
    assert html == '<a class="btn btn-primary" href="/x/">下达</a>'


def test_an_act_denied_says_why_and_leads_nowhere():
    html = render('{% act v "/x/" "下达" %}', v=denied("只有<b>创建人</b>可以下达"))
    assert "/x/" not in html
    assert 'aria-disabled="true"' in html
    assert html.count("只有&lt;b&gt;创建人&lt;/b&gt;可以下达") == 2


def test_an_act_that_posts_carries_its_token():
    html = render('{% act v "/x/" "签收" post=True %}', v=ALLOWED, csrf_token="abc")
    assert 'method="post" action="/x/"' in html
    assert 'name="csrfmiddlewaretoken" value="abc"' in html


def test_an_act_in_the_dialog_is_a_link_too():
    html = render('{% act v "/x/" "签收" dialog=True %}', v=ALLOWED)
    assert 'href="/x/" hx-get="/x/" hx-target="#dialog"' in html


@pytest.mark.parametrize("value", [-5, 0, 45, 100, 140, None])
def test_progress_stays_on_its_bar(value):
    share = max(0, min(100, value or 0))
    assert f"width:{share}%" in progress(value)


def test_state_of_an_unknown_health_is_plain_and_escaped():
    html = state_mark('"><script>', "<i>")
    assert html == '<span class="state state-idle">&lt;i&gt;</span>'


@pytest.mark.parametrize(
    ("text", "words", "html"),
    [
        ("实训基地", ["实训"], "<mark>实训</mark>基地"),
        ("<b>实训", ["实训"], "&lt;b&gt;<mark>实训</mark>"),
        ("aAa", ["a"], "<mark>a</mark><mark>A</mark><mark>a</mark>"),
        ("没有", ["实训"], "没有"),
        ("实训", [], "实训"),
        ("İx", ["x"], "İx"),  # small letters longer than capitals: escaped, not marked
    ],
)
def test_highlight_marks_and_escapes(text, words, html):
    assert highlight(text, words) == html


def test_highlight_takes_one_word_as_a_word():
    assert highlight("信息工程学院", "信息") == "<mark>信息</mark>工程学院"


def test_query_changes_one_filter_and_keeps_the_rest():
    assert render("{% query unit=3 page=None %}", "/?page=2&q=a") == "?q=a&amp;unit=3"


def test_plain_text_keeps_its_lines_and_nothing_else():
    assert render("{{ t|plain }}", t="一<b>\n二") == "一&lt;b&gt;<br>二"


def test_icons_are_silent_unless_named():
    assert 'aria-hidden="true"' in render('{% icon "x" %}')
    assert 'role="img" aria-label="关闭"' in render('{% icon "x" "关闭" %}')


def test_a_constant_is_written_once_per_language():
    template = Template(
        "{% load ui i18n %}{% constant %}{% translate 'Close' %}{{ n }}{% endconstant %}"
    )
    assert template.render(Context({"n": 1})) == "关闭1"
    assert template.render(Context({"n": 2})) == "关闭1"
    with translation.override("en"):
        assert template.render(Context({"n": 3})) == "Close3"
    assert template.render(Context({"n": 4})) == "关闭1"
