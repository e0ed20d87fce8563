"""Tags that keep what does not change: they say what Django's say."""

import pytest
from django.template import Context, engines
from django.urls import NoReverseMatch
from django.utils.translation import override

from luoshi.kit.nodes import Address, Constant


def compiled(text, load="i18n ui"):
    return engines["django"].from_string(f"{{% load {load} %}}{text}").template


def says(text, load="i18n ui", **context):
    return compiled(text, load).render(Context(context))


@pytest.mark.parametrize(
    "text",
    [
        '{% translate "Close" %}',
        '{% translate "Close" context "dialog" %}',
        '{% translate "Close" as word %}[{{ word }}]',
        "{% translate word %}",
        '{% translate "Close"|upper %}',
        '{% translate "Close" noop %}',
    ],
)
def test_words_are_those_of_django_in_each_language(text):
    ours, theirs = compiled(text), compiled(text, "i18n")
    for language in ("en", "zh-hans", "en"):
        with override(language):
            said = ours.render(Context({"word": "State"}))
            assert said == theirs.render(Context({"word": "State"})) != ""


def test_only_words_in_quotes_are_kept():
    assert compiled('{% translate "Close" %}').nodelist.get_nodes_by_type(Constant)
    assert not compiled("{% translate word %}").nodelist.get_nodes_by_type(Constant)
    assert says("{% for w in words %}{% translate w %},{% endfor %}", words="ab") == "a,b,"


@pytest.mark.parametrize(
    "text",
    [
        '{% url "home" %}',
        '{% url "task" pk %}',
        '{% url "go" "report" pk %}',
        '{% url "go" kind pk %}',
        '{% url "task" task_id=pk %}',
        '{% url "task" pk as where %}[{{ where }}]',
        '{% url "nowhere" pk as where %}[{{ where }}]',
        '{% url "task" missing as where %}[{{ where }}]',
        "{% url name pk %}",
    ],
)
def test_addresses_are_those_of_django(text):
    values = {"pk": 17, "kind": "task", "name": "task"}
    assert says(text, **values) == says(text, "i18n", **values) != ""


def test_an_address_follows_its_key():
    told = says('{% for pk in keys %}{% url "task" pk %} {% endfor %}', keys=[1, 2])
    assert told == "/tasks/1/ /tasks/2/ "
    assert compiled('{% url "task" pk %}').nodelist.get_nodes_by_type(Address)


def test_a_page_that_does_not_exist_is_told():
    with pytest.raises(NoReverseMatch):
        says('{% url "nowhere" pk %}', pk=1)


def test_an_icon_is_kept_only_if_all_is_told_in_the_template():
    assert compiled('{% icon "check" %}').nodelist.get_nodes_by_type(Constant)
    told = says("{% for i in icons %}{% icon i %}{% endfor %}", icons=["check", "x"])
    assert "#check" in told
    assert "#x" in told
