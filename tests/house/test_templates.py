"""Pages keep the content policy: nothing inline, nothing from other hosts."""

import re

import pytest

from tests.house.code import PACKAGE, name_of, templates

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.I)
HANDLER = re.compile(r"<[^>{]*\son[a-z]+\s*=", re.I)
STYLE_BLOCK = re.compile(r"<style\b", re.I)
OTHER_HOST = re.compile(r"(?:src|href|action|url)\s*[=(]\s*[\"']?(?:https?:)?//", re.I)
UNTRIMMED = re.compile(r"{%\s*blocktranslate\b(?![^%]*\btrimmed\b)[^%]*%}[^{\n]*\n")
OLD_TAG = re.compile(r"{%\s*(?:trans|blocktrans)\b")
UNSAFE = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off")
LAWS = {
    "a script inside the page": INLINE_SCRIPT,
    "an event handler inside the page": HANDLER,
    "a block of styles inside the page": STYLE_BLOCK,
    "something of another host": OTHER_HOST,
    "a text of several lines that is not trimmed": UNTRIMMED,
    "an old translation tag": OLD_TAG,
    "text that is not escaped": UNSAFE,
}
#: template, law and the reason why it is well there
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("luoshi/files/templates/files/_page.html", "text that is not escaped"): (
        "the readable page of a document, sanitised by nh3 when it was uploaded"
    ),
}
COMMENT = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", re.S)


@pytest.mark.parametrize("law", LAWS)
def test_no_template_breaks_the_policy(law: str) -> None:
    found = []
    for path in templates():
        if (name_of(path), law) in EXCEPTIONS:
            continue
        text = COMMENT.sub(
            lambda comment: "\n" * comment.group().count("\n"), path.read_text(encoding="utf-8")
        )
        for match in LAWS[law].finditer(text):
            found.append(f"{name_of(path)}:{text.count(chr(10), 0, match.start()) + 1} {law}")
    assert not found, "\n" + "\n".join(found)


#: script and the reason why it may
HTML_OF_OURS = {
    "luoshi/kit/static/luoshi/rows.js": "copies a blank row of the page itself",
    "luoshi/kit/static/luoshi/split.js": "puts in a row that our own template drew and escaped",
}


def test_no_script_of_ours_runs_texts_as_code() -> None:
    banned = re.compile(r"\beval\(|new Function\(|\.innerHTML\s*=|document\.write\(|outerHTML\s*=")
    found = [
        f"{name_of(path)}:{text.count(chr(10), 0, match.start()) + 1} {match.group()}"
        for path in sorted((PACKAGE).rglob("static/luoshi/**/*.js"))
        for text in [path.read_text(encoding="utf-8")]
        for match in banned.finditer(text)
        if name_of(path) not in HTML_OF_OURS
    ]
    assert not found, "\n" + "\n".join(found)


def test_no_script_of_ours_imports_another() -> None:
    """Static files carry a hash in their names, which a script could not know."""
    found = [
        name_of(path)
        for path in sorted(PACKAGE.rglob("static/luoshi/**/*.js"))
        if re.search(r"^\s*import\b|\bimport\(", path.read_text(encoding="utf-8"), re.M)
    ]
    assert found == []


def test_a_law_can_be_broken() -> None:
    assert INLINE_SCRIPT.search("<script>x()</script>")
    assert not INLINE_SCRIPT.search('<script src="{% static "a.js" %}" defer></script>')
    assert HANDLER.search('<a href="#" onclick="x()">')
    assert not HANDLER.search('<a hx-on="x" data-only="1">')
    assert OTHER_HOST.search('<img src="//cdn.example.com/a.png">')
    assert UNTRIMMED.search("{% blocktranslate count n=n %}One\n task{% plural %}")
    assert not UNTRIMMED.search("{% blocktranslate count n=n %}One task{% plural %}")
    assert not UNTRIMMED.search("{% blocktranslate trimmed %}One\n task{% endblocktranslate %}")
