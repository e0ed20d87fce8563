"""Words of the templates: icons, buttons that explain themselves, due badges, states, days."""

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from html import escape as escape_text
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BoundField
from django.template.base import NodeList
from django.template.context import RequestContext
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from luoshi.kit import clock, nodes

register = template.Library()
Context = RequestContext | Mapping[str, Any]

#: States that have a mark: those of `measures.rules.Health`, and a few more.
STATE_WORDS = (
    "idle",
    "moving",
    "stalled",
    "late",
    "done",
    "behind",
    "ahead",
    "suspended",
    "draft",
    "cancelled",
)


register.tag("constant", nodes.constant)
register.tag("translate", nodes.translate)
register.tag("url", nodes.url)


@register.simple_tag
def icon(name: str, title: str = "", css: str = "") -> SafeString:
    """One symbol of the sprite; silent for a screen reader unless it has a title."""
    if not title:
        return _silent_icon(name, css)
    return format_html(
        '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"/></svg>',
        css,
        title,
        f"{_sprite()}#{name}",
    )


register.tag("icon", nodes.fixed(register.tags["icon"]))


@cache
def _silent_icon(name: str, css: str) -> SafeString:
    """The same in every language; a page shows thirty of them."""
    where = f"{_sprite()}#{name}"
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}"/></svg>', css, where)


def _sprite() -> str:
    return static("vendor/icons.svg")


def _safe(html: str) -> SafeString:
    """HTML whose every value was escaped; for tags that stand fifty times on a page."""
    return mark_safe(html)  # noqa: S308


def _said(value: Any) -> str:
    """A value escaped, unless it is HTML; `conditional_escape` without its lazy wrapping."""
    return value.__html__() if hasattr(value, "__html__") else escape_text(str(value))


@register.simple_tag(takes_context=True)
def repeat_block(context: Any, name: str) -> SafeString:
    """What a block of the page says, once more (the title as the heading)."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    nodes: NodeList = block.nodelist if block else NodeList()
    return nodes.render(context)


@register.simple_tag(takes_context=True)
def act(
    context: Any,
    verdict: Any,
    url: str,
    label: str,
    icon: str = "",
    kind: str = "plain",
    dialog: bool = False,
    post: bool = False,
    small: bool = False,
) -> SafeString:
    """A link or button for a verb: enabled if the verdict is yes, else disabled with the reason.

    kind: primary | plain | quiet | danger. dialog: opens in the page's dialog. post: posts at once.
    """
    css = _button_class(kind, small)
    text = _safe(_icon(icon) + _said(label))
    if not verdict:
        return _act_off(css, text, str(getattr(verdict, "reason", "")))
    if post:
        return format_html(
            '<form method="post" action="{}" class="act"><input type="hidden" '
            'name="csrfmiddlewaretoken" value="{}"><button class="{}">{}</button></form>',
            url,
            context.get("csrf_token", ""),
            css,
            text,
        )
    where = _said(url)
    more = f' hx-get="{where}" hx-target="#dialog"' if dialog else ""
    return _safe(f'<a class="{css}" href="{where}"{more}>{text}</a>')


def _button_class(kind: str, small: bool) -> str:
    kinds = {"primary": "btn-primary", "danger": "btn-danger-quiet", "quiet": "btn-quiet"}
    return " ".join(filter(None, ["btn", kinds.get(kind, ""), "btn-sm" if small else ""]))


def _icon(name: str) -> SafeString:
    return icon(name) if name else mark_safe("")


def _act_off(css: str, text: str, reason: str) -> SafeString:
    return format_html(
        '<span class="act-off"><button type="button" class="{} is-off" aria-disabled="true" '
        'title="{}">{}</button><span class="act-why" role="note">{}</span></span>',
        css,
        reason,
        text,
        reason,
    )


def days_left(due: dt.date, done: dt.date | None, today: dt.date) -> tuple[str, str]:
    """Kind and words of a due badge: late | soon | far | done, 剩 3 天 / 逾 5 天."""
    if done:
        late = (done - due).days
        if late > 0:
            return "late", ngettext("Done %(n)d day late", "Done %(n)d days late", late) % {
                "n": late
            }
        return "done", _("Done in time")
    left = (due - today).days
    if left < 0:
        return "late", ngettext("%(n)d day over", "%(n)d days over", -left) % {"n": -left}
    if left == 0:
        return "soon", _("Due today")
    words = ngettext("%(n)d day left", "%(n)d days left", left) % {"n": left}
    return ("soon" if left <= 3 else "far"), words


@register.simple_tag
def due_badge(
    due: dt.date | None, done: dt.date | None = None, today: dt.date | None = None
) -> SafeString:
    """The day something is due, and how far away it is."""
    if due is None:
        return format_html('<span class="due">{}</span>', _("no due date"))
    return _due(get_language(), due, done, today or clock.today())


@lru_cache(maxsize=2_000)
def _due(_language: str | None, due: dt.date, done: dt.date | None, today: dt.date) -> SafeString:
    kind, words = days_left(due, done, today)
    iso = due.isoformat()
    return _safe(
        f'<span class="due due-{kind}"><time datetime="{iso}">{iso}</time> '
        f"<b>{escape(words)}</b></span>"
    )


@register.simple_tag
def state_mark(health: str, label: Any = "", colour: str = "", why: str = "") -> SafeString:
    """A coloured shape and a word. ``why`` is an address that explains the state."""
    key = str(health) if str(health) in STATE_WORDS else "idle"
    paint = f' style="--state:{_said(colour)}"' if colour else ""
    words = _said(label or health)
    if not why:
        return _safe(f'<span class="state state-{key}"{paint}>{words}</span>')
    url = _said(why)
    return _safe(
        f'<a class="state state-{key}"{paint} href="{url}" hx-get="{url}" '
        f'hx-target="#dialog">{words}</a>'
    )


@register.simple_tag
def progress(value: Any, expected: Any = None, health: str = "moving") -> SafeString:
    """A bar with the number beside it and, where known, a mark where it should stand by now."""
    share = max(0, min(100, int(value or 0)))
    should = None if expected is None else max(0, min(100, int(expected)))
    state = health if health in STATE_WORDS else "moving"
    return _bar(get_language(), share, should, state)


@lru_cache(maxsize=2_000)
def _bar(_language: str | None, share: int, should: int | None, state: str) -> SafeString:
    """A bar; fifty on a page are much alike."""
    mark = ""
    label = _("Progress %(value)d %%") % {"value": share}
    if should is not None:
        mark = f'<i class="bar-mark" style="left:{should}%"></i>'
        label = _("Progress %(value)d %%, expected by now %(expected)d %%") % {
            "value": share,
            "expected": should,
        }
    said = escape(label)
    return _safe(
        f'<span class="bar" title="{said}"><span class="bar-track state-{state}" role="img" '
        f'aria-label="{said}"><i class="bar-fill" style="width:{share}%"></i>{mark}</span>'
        f'<b class="bar-number">{share}%</b></span>'
    )


@register.simple_tag
def person_chip(person: Any, note: str = "") -> SafeString:
    """A person's name; the note (unit, part) stands beside it in grey."""
    if person is None:
        return format_html('<span class="name name-none">{}</span>', _("not named"))
    return format_html('<span class="name">{}{}</span>', str(person), _note(note))


@register.simple_tag
def unit_chip(unit: Any, note: str = "") -> SafeString:
    """A unit by its short name, the full name as title."""
    if unit is None:
        return format_html('<span class="name name-none">{}</span>', _("no unit"))
    short = getattr(unit, "short_name", "") or str(unit)
    return format_html(
        '<span class="name name-unit" title="{}">{}{}</span>', str(unit), short, _note(note)
    )


def _note(note: str) -> SafeString:
    return format_html(" <small>{}</small>", note) if note else mark_safe("")


@register.simple_tag
def day(value: dt.date | dt.datetime | None, none: str = "—") -> SafeString | str:
    """A day as 2026-11-20."""
    if value is None:
        return none
    date = timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
    return _safe(f'<time datetime="{date.isoformat()}">{date.isoformat()}</time>')


@register.simple_tag
def moment(value: dt.datetime | None, none: str = "—") -> SafeString | str:
    """A moment as 2026-11-20 14:03."""
    if value is None:
        return none
    local = timezone.localtime(value)
    return _safe(f'<time datetime="{local.isoformat()}">{local:%Y-%m-%d %H:%M}</time>')


@register.simple_tag(takes_context=True)
def query(context: Any, **changes: Any) -> str:
    """The address of this page with some of its filters changed; None takes one away."""
    params = dict(context["request"].GET.lists())
    for name, value in changes.items():
        if value is None or value == "":
            params.pop(name, None)
        else:
            params[name] = [str(value)]
    return "?" + urlencode(params, doseq=True)


@register.filter
def chosen(value: Any, other: Any) -> bool:
    """Whether two values mean the same choice of a filter, be they text or number."""
    return str(value if value is not None else "") == str(other if other is not None else "")


@register.simple_tag
def options(choices: Mapping[str, Any], wanted: Any) -> SafeString:
    """The options of a select, the one wanted chosen. Long lists bring their HTML with them."""
    ready = getattr(choices, "as_options", None)
    value = str(wanted if wanted is not None else "")
    if ready is None:
        ready = "".join(
            f'<option value="{escape(key)}">{escape(label)}</option>'
            for key, label in choices.items()
        )
    start = f'<option value="{escape(value)}"'
    return _safe(ready.replace(start, f"{start} selected", 1) if value else ready)


@register.simple_tag
def highlight(text: str, words: str | Iterable[str]) -> SafeString:
    """Text with the word or words sought marked; everything else is escaped."""
    sought = [words] if isinstance(words, str) else words
    marks = sorted({w.lower() for w in sought if w}, key=len, reverse=True)
    lower = text.lower()
    if len(lower) != len(text) or not marks:
        return escape(text)
    parts: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        hits = [(lower.find(w, at), -len(w)) for w in marks if lower.find(w, at) >= 0]
        if not hits:
            break
        start, length = min(hits)
        parts += [(text[at:start], False), (text[start : start - length], True)]
        at = start - length
    parts.append((text[at:], False))
    pieces = (format_html("<mark>{}</mark>" if hit else "{}", part) for part, hit in parts)
    return format_html_join("", "{}", ((piece,) for piece in pieces))


@register.filter
def control(field: BoundField, css: str = "") -> SafeString:
    """The input of a form field in the house's dress, named, tied to its help and its errors."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "")
    dress = "form-control"
    if kind in {"checkbox", "radio"}:
        dress = "form-check-input"
    elif kind == "select":
        dress = "form-select"
    attrs: dict[str, Any] = {
        "class": " ".join(filter(None, [dress, css, widget.attrs.get("class")]))
    }
    if kind not in {"checkbox", "radio", "hidden"} and "aria-label" not in widget.attrs:
        attrs["aria-label"] = str(field.label)
    told = [f"{field.auto_id}-{part}" for part, there in _told(field) if there]
    if told and "aria-describedby" not in widget.attrs:
        attrs["aria-describedby"] = " ".join(told)
    if field.errors:
        attrs["class"] += " is-invalid"
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


def _told(field: BoundField) -> list[tuple[str, bool]]:
    return [("help", bool(field.help_text)), ("error", bool(field.errors))]


@register.filter
def kind_of(field: BoundField) -> str:
    """check | checks | text: how a field is laid out."""
    name = type(field.field.widget).__name__
    if name == "CheckboxInput":
        return "check"
    return "checks" if name in {"CheckboxSelectMultiple", "RadioSelect"} else "text"


@register.filter
def count_words(value: int | None) -> str:
    """A count as lists show it: exact to 1,000, then 1,000+ (ARCHITECTURE §19.11)."""
    if value is None:
        return ""
    return "1,000+" if value > 1000 else f"{value:,}"


@register.simple_tag
def indent(depth: int) -> SafeString:
    """The step in front of a row of a tree."""
    return format_html('<span class="indent" style="--depth:{}"></span>', int(depth or 0))


@register.filter
def plain(value: Any) -> SafeString:
    """Escaped text whose line ends stay."""
    return _safe("<br>".join(map(_said, str(value).splitlines())))
