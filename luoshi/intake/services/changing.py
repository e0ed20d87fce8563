"""An exported list comes back: compared with what stands now, ticked row by row, taken over.

Nothing is written to a task without a tick; each row is taken over by itself, through the same
services as on the pages, with the version of the task it was compared with.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.files.rules import clean_name
from luoshi.files.services import attach, prepare
from luoshi.intake import queries
from luoshi.intake.models import ChangeList, ChangeRow, ChangeState
from luoshi.intake.queries import changes as lists
from luoshi.intake.readers.returned import Remembered, Returned, ReturnedRow, read_returned
from luoshi.intake.rules.changes import (
    BY_NAME,
    FIELDS,
    LONGEST_CELL,
    Field,
    Shape,
    Stand,
    Unread,
    read,
    stand_of,
    written,
)
from luoshi.intake.rules.names import PeopleNames
from luoshi.intake.rules.units import UnitNames
from luoshi.intake.services.staging import Upload
from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.jobs import enqueue
from luoshi.kit.once import hold, look
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.people.models import Person
from luoshi.tasks import rules as tasks
from luoshi.tasks.lifecycle import Status
from luoshi.tasks.models import Task
from luoshi.tasks.queries import as_typed, facts_for_all
from luoshi.tasks.queries import locked as task_locked
from luoshi.tasks.services.correcting import correct
from luoshi.tasks.services.line import person_of
from luoshi.tasks.services.registering import edit
from luoshi.trail.services import record

log = logging.getLogger(__name__)

#: Up to so many rows are taken over while the reader waits; beyond, by the worker.
AT_ONCE = 100
_CHUNK = 500
#: Titles and rows named when something is said of the whole list.
_NAMED = 20


# ── bringing a list back ─────────────────────────────────────────────────────────────────────────


def bring_back(upload: Upload, *, by: Actor, key: str | None = None) -> ChangeList:
    """Read a list that was edited and compare it with what stands; no task is changed.

    Raises NotAllowed, or Refused with a sentence about the file.
    """
    person = person_of(by)
    look(key)
    if done := lists.list_with_key(key):
        return done
    upload.seek(0)
    data = upload.read()
    name = clean_name(str(upload.name or ""))
    returned = read_returned(name, data, limit=settings.UPLOAD_LIMIT)
    compared = _Comparison(person, returned)
    compared.run()
    upload.seek(0)
    prepared = prepare(upload)
    with transaction.atomic():
        hold(key)
        if done := lists.list_with_key(key):
            return done
        table = ChangeList.objects.create(
            name=name,
            sha256=hashlib.sha256(data).hexdigest(),
            exported_at=returned.exported_at[:40],
            query=returned.query[:2000],
            same=compared.same,
            said=compared.said,
            by=person,
            created_at=clock.now(),
            key=key,
        )
        for row in compared.rows:
            row.table = table
        ChangeRow.objects.bulk_create(compared.rows, batch_size=_CHUNK)
        attach(table.ref, [prepared], by=by)
        record(table.ref, "change_list.bring", by=by, name=name, rows=len(compared.rows))
    return table


@dataclass
class _Names:
    """People and units by what may be written for them."""

    people: PeopleNames
    numbers: dict[str, int]
    units: UnitNames
    codes: dict[str, int]

    @classmethod
    def known(cls) -> "_Names":
        return cls(
            queries.people_directory(),
            queries.staff_numbers(),
            queries.unit_dictionary(),
            queries.unit_codes(),
        )

    def person(self, text: str, unit: int) -> int:
        """Raises Unread for nobody, and for several of one name."""
        found = self.numbers.get(text) or self.people.find(text, unit)
        if found is None:
            raise Unread(
                _(
                    "“%(name)s” is nobody present, or several people are called so; write the "
                    "staff number instead."
                )
                % {"name": text[:40]}
            )
        return found

    def unit(self, text: str) -> int:
        """Raises Unread for what is not exactly one open unit."""
        if text in self.codes:
            return self.codes[text]
        said = self.units.read(text)
        if said.unknown or len(said.all) != 1:
            raise Unread(_("“%(name)s” is no single open unit.") % {"name": text[:40]})
        return said.all[0]


class _Comparison:
    """Rows of a list beside the tasks they stand for."""

    def __init__(self, person: Person, returned: Returned) -> None:
        self.person, self.returned = person, returned
        self.rows: list[ChangeRow] = []
        self.said: dict[str, list[str]] = {}
        self.same = 0

    def run(self) -> None:
        marked = self._marked()
        self._said_of_columns()
        now = lists.tasks_now(self.person, marked)
        facts = facts_for_all(list(now.values()), self.person)
        names: _Names | None = None
        for pk, row in marked.items():
            if pk not in now:
                self._say("gone", _("row %(row)s") % {"row": row.row})
                continue
            names = names or _Names.known()
            remembered = self.returned.memory[row.mark]
            one = compare(now[pk], facts[pk], row, remembered, names)
            if one is None:
                self.same += 1
            else:
                self.rows.append(one)

    def _say(self, kind: str, text: str) -> None:
        self.said.setdefault(kind, []).append(text)

    def _marked(self) -> dict[int, ReturnedRow]:
        """Rows by the task they stand for; what is not ours is said."""
        found: dict[int, ReturnedRow] = {}
        seen: set[str] = set()
        for row in self.returned.rows:
            place = _("row %(row)s") % {"row": row.row}
            if not row.mark:
                if any(row.texts.values()):
                    self._say("added", _place(place, row.texts.get("title", "")))
                continue
            pk = lists.task_marked(row.mark)
            if pk is None or row.mark not in self.returned.memory:
                self._say("strange", place)
            elif pk in found:
                self._say("twice", place)
            else:
                found[pk] = row
            seen.add(row.mark)
        for mark, remembered in self.returned.memory.items():
            if mark not in seen:
                self._say("deleted", remembered.texts.get("title", "")[:60])
        return found

    def _said_of_columns(self) -> None:
        for title in self.returned.missing:
            self._say("missing", title)


def _place(place: str, title: str) -> str:
    return f"{place} {title[:40]}".strip()


def compare(
    task: Task,
    facts: tasks.Facts,
    row: ReturnedRow,
    remembered: Remembered,
    names: _Names,
) -> ChangeRow | None:
    """A row as exported, as it stands and as the table has it; None where nothing differs."""
    fields = [
        found
        for field in FIELDS
        if field.name in row.texts and (found := _field(task, facts, field, row, remembered, names))
    ]
    if not fields:
        return None
    rev = task.rev if remembered.rev == task.rev else -1
    return ChangeRow(
        row=row.row,
        task=task,
        rev=task.rev,
        fields=fields,
        state=_state(fields, touched=rev < 0),
    )


def _field(
    task: Task,
    facts: tasks.Facts,
    field: Field,
    row: ReturnedRow,
    remembered: Remembered,
    names: _Names,
) -> dict[str, Any] | None:
    """How one field stands, as it is kept; None where there is nothing to do."""
    now = lists.value_now(task, field)
    exported = _remembered(field, remembered.texts.get(field.name, ""), task.year)
    told = {
        "name": field.name,
        "exported": written(field, exported),
        "now": written(field, now),
        "wanted": row.texts[field.name][:LONGEST_CELL],
        "value": None,
        "stand": str(Stand.LEFT),
        "reason": "",
    }
    try:
        wanted = read(field, row.texts[field.name], task.year)
        stand = stand_of(field, exported, now, wanted)
        if stand is None:
            return None
        told["wanted"] = written(field, wanted)
        if len(str(now or "")) > LONGEST_CELL:
            raise Unread(_("The text is too long for a cell; change it on the page of the task."))
        if reason := _forbidden(task, facts, field):
            raise Unread(reason)
        told["value"] = _packed(field, wanted, task, names)
        told["stand"] = str(stand)
    except Unread as unread:
        told["reason"] = unread.reason
    return told


def _remembered(field: Field, text: str, year: int) -> Any:
    try:
        return read(field, text, year)
    except Unread:
        return text


def _forbidden(task: Task, facts: tasks.Facts, field: Field) -> str:
    """Why a field of a task may not be changed by this person now; empty if it may."""
    if task.status == Status.DRAFT:
        verdict = tasks.may("edit", task, facts)
        return "" if verdict else str(verdict.reason)
    verdict = tasks.may("correct", task, facts)
    if not verdict:
        return str(verdict.reason)
    return "" if field.name in tasks.CORRECTED else tasks.not_corrected(field.name)


def _packed(field: Field, wanted: Any, task: Task, names: _Names) -> Any:
    """A value as JSON keeps it; names become keys. Raises Unread for a name that is not clear."""
    if wanted in (None, ""):
        return "" if field.shape in (Shape.LINE, Shape.TEXT) else None
    if field.shape == Shape.PERSON:
        return names.person(wanted, task.unit_id)
    if field.shape == Shape.UNIT:
        return names.unit(wanted)
    if field.shape in (Shape.NUMBER, Shape.DAY):
        return str(wanted)
    return wanted


def _unpacked(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.shape == Shape.NUMBER:
        return Decimal(value)
    if field.shape == Shape.DAY:
        return dt.date.fromisoformat(value)
    return value


def _state(fields: Sequence[dict[str, Any]], *, touched: bool) -> ChangeState:
    stands = {told["stand"] for told in fields}
    if stands == {Stand.LEFT}:
        return ChangeState.LEFT
    if touched or Stand.TOUCHED in stands:
        return ChangeState.TOUCHED
    return ChangeState.PARTLY if Stand.LEFT in stands else ChangeState.CLEAN


# ── taking rows over ─────────────────────────────────────────────────────────────────────────────


def take_over(table: ChangeList, keys: Sequence[int] | None, *, by: Actor, reason: str = "") -> int:
    """Take ticked rows over (None: all that are clean); how many were ticked.

    Each row by itself: one that is refused leaves the others alone. Clicking twice does it once:
    the second click finds nothing that waits. Raises NotAllowed, Refused.
    """
    if table.by_id != by.id:
        raise NotAllowed(_("Only who brought the list back takes its changes over."))
    with transaction.atomic():
        waiting = lists.rows_waiting(table, keys)
        ticked = list(waiting.select_for_update(of=("self",)).values_list("pk", flat=True))
        if not ticked:
            return 0
        if not reason.strip() and _corrections(ticked):
            raise Refused(_("Say why tasks that were issued are corrected."), "reason")
        ChangeRow.objects.filter(pk__in=ticked).update(state=ChangeState.CHOSEN, failure="")
        ChangeList.objects.filter(pk=table.pk).update(reason=reason.strip()[:500])
        record(table.ref, "change_list.take_over", by=by, rows=len(ticked), reason=reason[:500])
        if len(ticked) > AT_ONCE:
            enqueue("luoshi.intake.jobs.take_over", table.pk)
    if len(ticked) <= AT_ONCE:
        take_over_now(table)
    return len(ticked)


def _corrections(keys: Sequence[int]) -> bool:
    return ChangeRow.objects.filter(pk__in=keys, task__status__gte=Status.ISSUED).exists()


def take_over_now(table: ChangeList) -> None:
    """Take over what was ticked, a row at a time. Doing it twice changes nothing."""
    table.refresh_from_db()
    by = Person.objects.get(pk=table.by_id).actor
    chosen = table.rows.filter(state=ChangeState.CHOSEN)
    for pk in list(chosen.order_by("row").values_list("pk", flat=True)):
        try:
            _take_over_row(pk, by)
        except (NotAllowed, Refused) as error:
            _leave(pk, str(error))
        except Stale:
            _look_again(pk, by)
        except Exception:
            log.exception("Row %s of list of changes %s failed.", pk, table.pk)
            _leave(pk, _("The system failed; nothing of this row was changed. Try again."))


@transaction.atomic
def _take_over_row(pk: int, by: Actor) -> None:
    """Change one task as its row says. Raises NotAllowed, Refused, Stale; nothing is written."""
    row = lists.row_locked(pk)
    if row.state != ChangeState.CHOSEN:
        return
    task = task_locked(row.task)
    values = {
        told["name"]: _unpacked(BY_NAME[told["name"]], told["value"])
        for told in row.fields
        if told["stand"] != Stand.LEFT
    }
    origin = row.table.ref
    if task.status == Status.DRAFT:
        edit(task, replace(as_typed(task), **values), by=by, rev=row.rev, origin=origin)
    else:
        correct(task, values, by=by, rev=row.rev, reason=row.table.reason, origin=origin)
    row.state, row.applied_at = ChangeState.APPLIED, clock.now()
    row.save(update_fields=["state", "applied_at"])


def _leave(pk: int, sentence: str) -> None:
    ChangeRow.objects.filter(pk=pk, state=ChangeState.CHOSEN).update(
        state=ChangeState.FAILED, failure=sentence
    )


@transaction.atomic
def _look_again(pk: int, by: Actor) -> None:
    """Somebody was faster: show what stands now; it is not overwritten unless ticked anew."""
    row = lists.row_locked(pk)
    if row.state != ChangeState.CHOSEN:
        return
    now = lists.tasks_now(person_of(by), [row.task_id]).get(row.task_id)
    if now is None:
        _leave(pk, _("The task is no longer there for you."))
        return
    facts = facts_for_all([now], person_of(by))[now.pk]
    row.fields = [fresh for told in row.fields if (fresh := _fresh(told, now, facts))]
    row.rev, row.state = now.rev, ChangeState.TOUCHED
    if all(told["stand"] == Stand.LEFT for told in row.fields):
        row.state = ChangeState.LEFT if row.fields else ChangeState.APPLIED
    row.failure = _("Somebody changed this task meanwhile. Look at it and tick it anew.")
    row.save(update_fields=["fields", "rev", "state", "failure"])


def _fresh(told: dict[str, Any], now: Task, facts: tasks.Facts) -> dict[str, Any] | None:
    """A field compared anew with what stands now; None where it stands already."""
    field = BY_NAME[told["name"]]
    here = written(field, lists.value_now(now, field))
    if here == told["wanted"]:
        return None
    fresh = {**told, "now": here}
    if reason := _forbidden(now, facts, field):
        return {**fresh, "stand": str(Stand.LEFT), "reason": reason}
    if told["stand"] != Stand.LEFT and here != told["exported"]:
        fresh["stand"] = str(Stand.TOUCHED)
    return fresh


def said_of(table: ChangeList) -> list[tuple[str, str]]:
    """What is said of the whole list: a sentence, and what it is about."""
    return [
        (sentence, _(", ").join(texts[:_NAMED]) + ("…" if len(texts) > _NAMED else ""))
        for kind, texts in table.said.items()
        if (sentence := _sentence(kind, len(texts)))
    ]


def _sentence(kind: str, n: int) -> str:
    sentences = {
        "added": ngettext(
            "%(n)s row was added in Excel. New tasks are imported from a task table.",
            "%(n)s rows were added in Excel. New tasks are imported from a task table.",
            n,
        ),
        "deleted": ngettext(
            "%(n)s row was deleted in Excel; its task stays. Cancelling is done on its page.",
            "%(n)s rows were deleted in Excel; their tasks stay. Cancelling is done on their "
            "pages.",
            n,
        ),
        "twice": ngettext(
            "%(n)s row stands twice; the first one counts.",
            "%(n)s rows stand twice; the first ones count.",
            n,
        ),
        "strange": ngettext(
            "The mark of %(n)s row was changed in Excel; it is left out.",
            "The marks of %(n)s rows were changed in Excel; they are left out.",
            n,
        ),
        "gone": ngettext(
            "The task of %(n)s row is no longer there for you.",
            "The tasks of %(n)s rows are no longer there for you.",
            n,
        ),
        "missing": ngettext(
            "%(n)s column was deleted in Excel; what it held stays.",
            "%(n)s columns were deleted in Excel; what they held stays.",
            n,
        ),
    }
    return sentences[kind] % {"n": n} if kind in sentences else ""
