"""Evidence as lists show it, written in one go: the page of a task holds dozens of files."""

from collections.abc import Sequence
from html import escape

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from luoshi.files.models import PageState
from luoshi.files.queries import Row
from luoshi.kit.pages import page
from luoshi.kit.templatetags.ui import icon

register = template.Library()


@register.simple_tag
def evidence_list(rows: Sequence[Row], empty: str = "") -> SafeString:
    """Evidence of one thing; ``empty`` is said where there is none.

    No ids inside: it may stand many times on a page.
    """
    if rows:
        html = f'<ul class="evidence">{"".join(map(_item, rows))}</ul>'
    else:
        html = f'<p class="grey">{escape(empty)}</p>' if empty else ""
    return mark_safe(html)  # noqa: S308 — every text is escaped


def _item(row: Row) -> str:
    opens = row.opens
    download = page("files:download", row.pk)
    url = page("files:page", row.pk) if opens else download
    return (
        f'<li class="evidence-item">'
        f'<a class="evidence-look" href="{url}" tabindex="-1" aria-hidden="true">{_look(row)}</a>'
        f'<div class="evidence-facts"><a class="evidence-name" href="{url}">{escape(row.name)}</a>'
        f' <span class="grey small">{_facts(row)}</span></div>'
        f"{_download(row, download) if opens else ''}</li>"
    )


def _look(row: Row) -> str:
    if not row.has_thumbnail:
        return icon(row.kind.icon)
    return f'<img src="{page("files:picture", row.pk, 0)}" alt="" loading="lazy">'


def _facts(row: Row) -> str:
    at = timezone.localtime(row.at)
    facts = [
        escape(filesizeformat(row.size)),
        escape(row.by_name),
        f'<time datetime="{at.isoformat()}">{at.date().isoformat()}</time>',
    ]
    if row.is_cited:
        source = page("go", row.source_kind, int(row.source_id))
        words = escape(_("cited by %(name)s") % {"name": row.cited_by})
        facts.append(f'<a href="{source}">{icon("quote")}{words}</a>')
    if row.page_state == PageState.WAITING:
        facts.append(escape(_("page being prepared")))
    return " · ".join(facts)


def _download(row: Row, url: str) -> str:
    words = escape(_("Download %(name)s") % {"name": row.name})
    return (
        f'<a class="btn-x" href="{url}" aria-label="{words}" title="{escape(_("Download"))}">'
        f"{icon('download')}</a>"
    )
