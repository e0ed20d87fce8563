"""Template tags that work out what does not change once per process instead of once per page.

`ui` registers them under the names of Django's own, so ``{% load i18n ui %}`` is enough: words
that stand in a template are looked up once for each language, patterns of addresses once.
"""

from collections.abc import Callable
from typing import Any

from django.template import Node, NodeList, Variable
from django.template.base import FilterExpression, Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as compile_url
from django.templatetags.i18n import TranslateNode, do_translate
from django.urls import NoReverseMatch
from django.utils.translation import get_language

from luoshi.kit.pages import page

Compile = Callable[[Parser, Token], Node]


class Constant(Node):
    """What the tag holds, written once per language."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._known: dict[str | None, str] = {}

    def render(self, context: Any) -> str:
        language = get_language()
        if language not in self._known:
            self._known[language] = self.nodelist.render(context)
        return self._known[language]


def constant(parser: Parser, token: Token) -> Constant:
    """``{% constant %}…{% endconstant %}``: a part that is the same on every page for everybody.

    Words, icons, addresses: worked out once for each language. Nothing of a person, of a page or of
    the day may stand inside.
    """
    nodelist = parser.parse(("endconstant",))
    parser.delete_first_token()
    return Constant(nodelist)


def _kept(node: Node, token: Token) -> Constant:
    node.token = token
    return Constant(NodeList([node]))


def _literal(told: FilterExpression | None) -> str | None:
    """The text an expression is; None where it is anything but a text in quotes."""
    if told is None or told.filters:
        return None
    found = told.var.literal if isinstance(told.var, Variable) else told.var
    return str(found) if isinstance(found, str) else None


def translate(parser: Parser, token: Token) -> Node:
    """Django's tag; words that stand in the template are looked up once for each language."""
    node = do_translate(parser, token)
    told = node.message_context
    is_fixed = (
        isinstance(node, TranslateNode)
        and not node.asvar
        and _literal(node.filter_expression) is not None
        and (told is None or _literal(told) is not None)
    )
    return _kept(node, token) if is_fixed else node


def fixed(compile_tag: Compile) -> Compile:
    """A tag whose result is kept where all it is given are texts in quotes."""

    def compile_fixed(parser: Parser, token: Token) -> Node:
        node: Any = compile_tag(parser, token)
        given = [*node.args, *node.kwargs.values()]
        is_fixed = not node.target_var and all(_literal(one) is not None for one in given)
        return _kept(node, token) if is_fixed else node

    return compile_fixed


class Address(Node):
    """An address whose pattern is looked up once; whatever is unusual is left to Django."""

    def __init__(self, node: URLNode, name: str) -> None:
        self._node, self._name, self._asvar = node, name, node.asvar
        words = [_literal(told) for told in node.args]
        count = next((at for at, word in enumerate(words) if word is None), len(words))
        self._words = [word for word in words[:count] if word is not None]
        self._keys = node.args[count:]

    def render(self, context: Any) -> str:
        keys = [told.resolve(context) for told in self._keys]
        if not all(type(key) is int for key in keys):
            return self._node.render(context)
        try:
            address = page(self._name, *self._words, *keys)
        except NoReverseMatch:
            return self._node.render(context)
        if self._asvar:
            context[self._asvar] = address
            return ""
        return address


def url(parser: Parser, token: Token) -> Node:
    """Django's tag; of a page named in quotes the pattern is looked up once."""
    node = compile_url(parser, token)
    name = _literal(node.view_name)
    return node if name is None or node.kwargs else Address(node, name)
