"""What may be done with units, people and posts, and how names are spelt (ORG-1 … ORG-6).

Pure: no database, no clock, no settings. Facts come in as arguments or unsaved rows.
"""

import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext_lazy as _
from pypinyin import Style, lazy_pinyin, pinyin

from luoshi.kit.tree import WIDTH
from luoshi.kit.verdict import ALLOWED, Verdict, denied
from luoshi.people.roles import ADMINISTRATORS, Duty, Power

#: More readings of one name than this are not stored; nobody types them.
MOST_READINGS = 12
#: Surnames whose usual reading the dictionary does not give first.
SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "区": "ou", "解": "xie", "查": "zha",
    "任": "ren", "朴": "piao", "盖": "ge", "尉": "wei", "员": "yun", "冼": "xian",
    "覃": "qin", "乐": "yue", "缪": "miao", "翟": "zhai", "纪": "ji", "折": "she",
    "黑": "he", "种": "chong", "秘": "bi", "逄": "pang", "隗": "wei", "祭": "zhai",
    "万俟": "moqi", "尉迟": "yuchi", "单于": "chanyu", "长孙": "zhangsun", "澹台": "tantai",
}  # fmt: skip


def tidy(text: str) -> str:
    """A name as it is kept: composed, no control characters, single blanks, no blanks around."""
    composed = unicodedata.normalize("NFC", text)
    shown = "".join(c if c.isprintable() else " " for c in composed)
    return " ".join(shown.split())


def is_name(text: str) -> Verdict:
    """Whether a text can name a person or unit: a letter or character in it, rare ones included."""
    if any(unicodedata.category(c)[0] in "LN" for c in text):
        return ALLOWED
    return denied(_("A name needs at least one letter or character."))


def searchable(name: str, reading: str = "", *, limit: int = 800) -> str:
    """The search column of a name: its full pinyin and every possible row of initials.

    ``reading`` corrects it for one person, syllables apart ("shan xiaoming").
    Each spelling stands after a blank, so that a search can tell beginnings from middles.
    """
    spellings = dict.fromkeys([*_from_reading(reading), *_surname(name), *_plain(name)])
    text = ""
    for spelling in spellings:
        if spelling and len(text) + len(spelling) + 1 <= limit:
            text += f" {spelling}"
    return text


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _from_reading(reading: str) -> Iterator[str]:
    syllables = [_letters(part) for part in reading.split() if _letters(part)]
    if syllables:
        yield "".join(syllables)
        yield "".join(part[0] for part in syllables)


def _plain(name: str) -> Iterator[str]:
    yield _letters("".join(lazy_pinyin(name, errors=_kept)))
    choices = [
        sorted({_letters(r) for r in readings} - {""}) or [""]
        for readings in pinyin(name, style=Style.FIRST_LETTER, heteronym=True, errors=_kept)
    ]
    for letters in itertools.islice(itertools.product(*choices), MOST_READINGS):
        yield "".join(letters)


def _surname(name: str) -> Iterator[str]:
    for length in (2, 1):
        reading = SURNAMES.get(name[:length])
        if reading:
            rest = lazy_pinyin(name[length:], errors=_kept)
            yield reading + _letters("".join(rest))
            yield reading[0] + "".join(_letters(part)[:1] for part in rest)
            return


def _kept(text: str) -> str:
    """Latin letters and digits stand for themselves, characters nobody can spell for nothing."""
    return text if text.isascii() else ""


def words_of(query: str) -> str:
    """What somebody typed into a search box, as it is compared: half-width, lower case."""
    return tidy(unicodedata.normalize("NFKC", query)).lower()


def account_of(staff_number: str, prefix: str) -> str:
    """The account of a staff number: the institution's prefix before it, unless it is there."""
    number = staff_number.strip().upper()
    head = prefix.upper()
    return number if not head or number.startswith(head) else head + number


def accounts_meant(typed: str, prefix: str) -> tuple[str, ...]:
    """The accounts somebody may mean who typed this at log-in; case and width do not matter."""
    word = unicodedata.normalize("NFKC", typed).strip().upper()
    return tuple(dict.fromkeys([word, prefix.upper() + word])) if word else ()


# ── what may be done ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class UnitFacts:
    """What the rules need to know of a unit beyond its row."""

    open_children: int = 0
    people: int = 0
    seated: int = 0


def may_edit_unit(reaches: bool) -> Verdict:
    """``reaches``: whether the actor's power to edit units and people covers the unit."""
    if reaches:
        return ALLOWED
    return denied(
        _("Only a system administrator responsible for this unit may change units and people."),
        Power.EDIT_PEOPLE.value,
    )


def may_edit_accounts(reaches: bool) -> Verdict:
    if reaches:
        return ALLOWED
    return denied(
        _("Only a security administrator responsible for this unit may unlock or reset accounts."),
        Power.EDIT_ACCOUNTS.value,
    )


def may_see_phone(*, themselves: bool, same_house: bool, reaches: bool) -> Verdict:
    """Whose telephone number somebody sees.

    ``same_house``: both belong to one department or school. ``reaches``: a power to see, to keep
    people or to keep accounts covers the unit of the other.
    """
    if themselves or same_house or reaches:
        return ALLOWED
    return denied(_("Telephone numbers are open to one's own department and to who leads it."))


def house_of(path: str | None) -> str:
    """Path of the department or school a unit lies in; that of the institution for itself."""
    return (path or "")[: 2 * WIDTH]


def may_close_unit(*, is_root: bool, until: dt.date | None, facts: UnitFacts) -> Verdict:
    """A unit closes empty: no open unit below it, nobody in it, nobody holding its posts."""
    if is_root:
        return denied(_("The institution itself cannot be closed."))
    if until is not None:
        return denied(_("This unit is closed already."))
    if facts.open_children:
        return denied(
            _("%(count)s units below it are still open. Close or move them first.")
            % {"count": facts.open_children}
        )
    if facts.people:
        return denied(
            _("%(count)s people still belong to it. Transfer them first.") % {"count": facts.people}
        )
    if facts.seated:
        return denied(
            _("%(count)s of its posts are still held. End them first.") % {"count": facts.seated}
        )
    return ALLOWED


def dates_stand(since: dt.date | None, until: dt.date | None) -> Verdict:
    """A stretch of time does not end before it begins."""
    if since is None or until is None or since <= until:
        return ALLOWED
    return denied(
        _("The end %(until)s lies before the beginning %(since)s.")
        % {"since": since.isoformat(), "until": until.isoformat()}
    )


def place_stands(*, own_path: str, parent_path: str) -> Verdict:
    """A unit cannot stand below itself."""
    if own_path and parent_path.startswith(own_path):
        return denied(_("A unit cannot be moved below itself."))
    return ALLOWED


def unit_open_stands(*, name: str, since: dt.date, until: dt.date | None, day: dt.date) -> Verdict:
    """Whether something may begin in a unit on a day."""
    if day < since:
        return denied(
            _("“%(name)s” exists only from %(day)s on.") % {"name": name, "day": since.isoformat()}
        )
    if until is not None and day > until:
        return denied(
            _("“%(name)s” was closed on %(day)s. Choose an open unit.")
            % {"name": name, "day": until.isoformat()}
        )
    return ALLOWED


def person_present_stands(
    *, name: str, entered: dt.date, left: dt.date | None, active: bool, day: dt.date
) -> Verdict:
    """Whether a person may be given something on a day."""
    if left is not None and day > left:
        return denied(
            _("%(name)s left on %(day)s. Choose somebody who is still here.")
            % {"name": name, "day": left.isoformat()}
        )
    if not active:
        return denied(
            _("The account of %(name)s is switched off. Choose somebody else.") % {"name": name}
        )
    if day < entered:
        return denied(
            _("%(name)s enters only on %(day)s.") % {"name": name, "day": entered.isoformat()}
        )
    return ALLOWED


def may_leave(*, left: dt.date | None) -> Verdict:
    if left is not None:
        return denied(_("This person has left already."))
    return ALLOWED


def tenure_stands(
    since: dt.date, until: dt.date | None, others: Iterable[tuple[dt.date, dt.date | None]]
) -> Verdict:
    """One person does not sit twice in the same post at the same time."""
    for start, end in others:
        if (until is None or start <= until) and (end is None or since <= end):
            return denied(
                _("This person holds the post already, from %(day)s.") % {"day": start.isoformat()}
            )
    return ALLOWED


def may_seat(*, themselves: bool) -> Verdict:
    """Nobody gives a post to themselves: posts are the way to every power."""
    if themselves:
        return denied(_("Nobody gives a post to themselves. Another administrator can."))
    return ALLOWED


def duty_stands(duty: Duty, held: Iterable[Duty]) -> Verdict:
    """The three administrators are three people."""
    other = next((d for d in held if d in ADMINISTRATORS and d != duty), None)
    if duty in ADMINISTRATORS and other:
        return denied(
            _("%(duty)s and %(other)s must be two people.")
            % {"duty": duty.label, "other": other.label}
        )
    return ALLOWED


def may_run_body(*, in_office: bool, reaches: bool) -> Verdict:
    """The secretary office of a body records its meetings and decisions, or an administrator."""
    if in_office or reaches:
        return ALLOWED
    return denied(_("Only the secretary office of this body may record its meetings."))


# ── views somebody keeps ───────────────────────────────────────────────────────────────────


#: Characters the filters of a view may have.
LONGEST_QUERY = 1000


def view_query(text: str, params: Collection[str]) -> str:
    """The filters of an address as a view keeps them: known parameters that say something."""
    pairs = parse_qsl(text.lstrip("?").replace("\0", ""))
    return urlencode(sorted((name, value) for name, value in pairs if name in params and value))


def query_stands(query: str) -> Verdict:
    """Whether filters are short enough to be kept."""
    if len(query) <= LONGEST_QUERY:
        return ALLOWED
    return denied(_("These filters are too long to be kept. Take some away."))


def may_change_view(*, own: bool) -> Verdict:
    """A view is changed by whoever keeps it; the others may keep one of their own."""
    if own:
        return ALLOWED
    return denied(_("Only whoever made this view may change it. Save one of your own."))


def may_share_view(*, theirs: bool) -> Verdict:
    """A view is shared with a unit one belongs to or leads."""
    if theirs:
        return ALLOWED
    return denied(_("A view can be shared with your own unit, those above it, or those you lead."))


# ── log-in ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Brake:
    """So many wrong passwords within so long are borne; then a wait."""

    most: int
    within: dt.timedelta


#: Over all addresses: slower than the lock of one address, and open to addresses known before.
OF_ACCOUNT = Brake(20, dt.timedelta(hours=1))
#: Over all accounts: a whole campus may stand behind one address.
OF_ADDRESS = Brake(100, dt.timedelta(minutes=15))


def opens_at(failures: Sequence[dt.datetime], brake: Brake, now: dt.datetime) -> dt.datetime | None:
    """When the next attempt is taken; None if it is now. ``failures``: newest first.

    The wait ends of itself: attempts refused meanwhile are not counted.
    """
    if len(failures) < brake.most:
        return None
    until = failures[brake.most - 1] + brake.within
    return until if until > now else None
