"""What a person keeps for themselves: favourites, drafts, language. Not part of the trail."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.address import is_page
from luoshi.kit.once import hold
from luoshi.kit.statements import statement
from luoshi.kit.verdict import Refused
from luoshi.people.models import Draft, Favourite, Person, SentForm

MOST_FAVOURITES = 60
MOST_DRAFTS = 200
LONGEST_DRAFT = 400_000
#: Fields a draft never holds.
SECRET = ("password", "csrfmiddlewaretoken", "key", "rev", "old", "new", "again", "draft_of")


@transaction.atomic
def toggle_favourite(person: Person, *, url: str, title: str) -> bool:
    """Star a page of this site or take the star away; whether it is starred now."""
    if not is_page(url) or len(url) > 300:
        raise Refused(_("Only pages of this site can be starred."))
    hold(f"favourite/{person.pk}")
    gone, _rows = Favourite.objects.filter(person=person, url=url).delete()
    if gone:
        return False
    count = person.favourites.count()
    if count >= MOST_FAVOURITES:
        raise Refused(_("You have %(count)s favourites; take one away first.") % {"count": count})
    Favourite.objects.create(person=person, url=url, title=title.strip()[:80] or url, order=count)
    return True


@transaction.atomic
def save_draft(person: Person, *, form: str, data: Mapping[str, Sequence[str]]) -> dt.datetime:
    """Keep what stands in the form at path ``form``; returns when it was kept."""
    kept = {name: list(values) for name, values in data.items() if name not in SECRET}
    text = json.dumps(kept, ensure_ascii=False)
    if not form.startswith("/") or "\x00" in form or len(form) > 200 or len(text) > LONGEST_DRAFT:
        raise Refused(_("This form is too long to be kept as a draft; send it in parts."))
    return _keep(person, form, text)


def _keep(person: Person, form: str, text: str) -> dt.datetime:
    now = clock.now()
    Draft.objects.update_or_create(
        person=person, form=form, defaults={"data": text, "saved_at": now}
    )
    old = person.drafts.order_by("-saved_at").values_list("pk", flat=True)[MOST_DRAFTS:]
    if old:
        Draft.objects.filter(pk__in=list(old)).delete()
    return now


@transaction.atomic
def save_table(person: Person, *, form: str, text: str) -> dt.datetime:
    """Keep a table that was read and checked, until the person says import."""
    return _keep(person, form, text)


@transaction.atomic(savepoint=False)
def drop_draft(person: Person, form: str) -> None:
    """Forget the draft of a form: it was sent, or is not wanted."""
    Draft.objects.filter(person=person, form=form.replace("\x00", "")).delete()


@transaction.atomic
def pass_on_drafts(giver: Person, taker: Person, *, front: str) -> int:
    """Drafts of forms below the path ``front`` go to somebody else; how many did.

    Where the taker has begun the same form, both keep their own.
    """
    own = Draft.objects.filter(person=taker, form__startswith=front).values("form")
    drafts = Draft.objects.filter(person=giver, form__startswith=front)
    return drafts.exclude(form__in=list(own.values_list("form", flat=True))).update(person=taker)


@transaction.atomic
def switch_language(person: Person, *, language: str) -> None:
    """Show pages and messages in this language from now on."""
    if language not in dict(settings.LANGUAGES):
        raise Refused(_("This language is not offered."), "language")
    Person.objects.filter(pk=person.pk).update(language=language)
    person.language = language


def known_content(key: str, digest: str, keep: bool) -> str | None:
    """The digest that came with a form's key the first time; None if this is the first.

    ``keep`` remembers this one then, in the transaction of what the form makes.
    """
    known = next(iter(_digests.column(key=key)), None)
    if known is None and keep:
        SentForm.objects.create(key=key, digest=digest)
    return known


@statement
def _digests(key: Any) -> QuerySet[SentForm, Any]:
    return SentForm.objects.filter(key=key).values_list("digest")
