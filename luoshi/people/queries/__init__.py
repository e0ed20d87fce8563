"""Who is where, who holds which post, and what that lets them do. Reads only."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Case, IntegerField, Prefetch, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from luoshi.kit import clock
from luoshi.kit.actor import Actor
from luoshi.kit.statements import statement
from luoshi.kit.tree import ancestors_in, below
from luoshi.kit.verdict import Refused
from luoshi.people import rules
from luoshi.people.models import (
    Draft,
    Favourite,
    Field,
    Person,
    PersonSpell,
    Post,
    Tenure,
    Unit,
    UnitAlias,
    UnitKind,
    UnitSpell,
)
from luoshi.people.roles import LEADING, POWERS, Duty, Power

#: No list of matches in a picker is longer.
MOST_MATCHES = 50


class NobodyHolds(Refused):
    """A post that must be held is empty; the sentence says which one."""

    def __init__(self, unit: Unit, duty: Duty) -> None:
        self.unit, self.duty = unit, duty
        super().__init__(
            _("Nobody is %(duty)s of “%(unit)s”. Ask a system administrator to fill the post.")
            % {"duty": duty.label, "unit": unit.name}
        )


# ── powers ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Grant:
    """One power as far as one post reaches: everything below a unit, perhaps for one field only."""

    power: Power
    path: str
    field_id: int | None = None


@dataclass(frozen=True)
class Holding:
    """A post somebody holds."""

    post_id: int
    duty: Duty
    unit_id: int
    path: str
    field_id: int | None = None
    serves_name: str = ""


@dataclass(frozen=True)
class Powers:
    """What a person may do on a day, and how far. Nothing here touches the database."""

    person_id: int | None
    holdings: tuple[Holding, ...] = ()
    grants: frozenset[Grant] = field(default_factory=frozenset)

    def has(self, power: Power) -> bool:
        """Whether the person has the power anywhere, for any field."""
        return any(grant.power == power for grant in self.grants)

    def reach(self, power: Power) -> tuple[str, ...]:
        """Paths of the units below which the power holds for every field; none inside another."""
        return _outermost(g.path for g in self.grants if g.power == power and g.field_id is None)

    def field_reach(self, power: Power) -> tuple[tuple[str, int], ...]:
        """(path, field id) pairs where the power holds for one field only."""
        return tuple(
            sorted(
                (g.path, g.field_id)
                for g in self.grants
                if g.power == power and g.field_id is not None
            )
        )

    def over_unit(self, power: Power, unit_path: str | None, field_id: int | None = None) -> bool:
        """Whether the power covers a unit (for a matter of ``field_id``, if given)."""
        path = unit_path or ""
        return any(
            path.startswith(g.path)
            for g in self.grants
            if g.power == power and (g.field_id is None or g.field_id == field_id)
        )

    def holds(self, duty: Duty, unit_id: int | None = None) -> bool:
        """Whether the person sits in a post of that duty (of that unit, if given)."""
        return any(h.duty == duty and unit_id in (None, h.unit_id) for h in self.holdings)

    @property
    def fields(self) -> frozenset[int]:
        """Fields of responsibility of the person's posts."""
        return frozenset(h.field_id for h in self.holdings if h.field_id is not None)


NO_POWERS = Powers(None)
#: The system itself may do everything everywhere.
EVERYTHING = Powers(None, (), frozenset(Grant(power, "") for power in Power))


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return tuple(kept)


def sitting(day: dt.date, prefix: str = "") -> Q:
    """Rows with ``since``/``until`` that hold on a day; ``prefix`` may go through a relation."""
    return Q(**{f"{prefix}since__lte": day}) & (
        Q(**{f"{prefix}until": None}) | Q(**{f"{prefix}until__gte": day})
    )


def powers_of(person: Person, day: dt.date | None = None) -> Powers:
    """The person's powers on a day (today if none is given): one query, kept on the object."""
    day = day or clock.today()
    known: dict[dt.date, Powers] = person.__dict__.setdefault("_powers", {})
    if day not in known:
        known[day] = _powers(person, day) if person.present_on(day) else Powers(person.pk)
    return known[day]


class _Chair(NamedTuple):
    """Columns of a post somebody sits in; every page asks, so no more than these are read."""

    post_id: int
    duty: str
    unit_id: int
    path: str | None
    field_id: int | None
    serves_name: str | None
    serves_path: str | None
    serves_field_id: int | None


_CHAIR = (
    "post_id",
    "post__duty",
    "post__unit_id",
    "post__unit__path",
    "post__field_id",
    "post__serves__title",
    "post__serves__unit__path",
    "post__serves__field_id",
)


@statement
def _chairs(person: Any, day: Any) -> QuerySet[Tenure, Any]:
    return Tenure.objects.filter(sitting(day), person_id=person).values_list(*_CHAIR)


def _powers(person: Person, day: dt.date) -> Powers:
    chairs = [_Chair(*row) for row in _chairs(person=person.pk, day=day)]
    return Powers(
        person.pk,
        tuple(_holding(chair) for chair in chairs),
        frozenset(grant for chair in chairs for grant in _grants(chair)),
    )


def _holding(chair: _Chair) -> Holding:
    return Holding(
        chair.post_id,
        Duty(chair.duty),
        chair.unit_id,
        chair.path or "",
        chair.field_id,
        chair.serves_name or "",
    )


def _grants(chair: _Chair) -> Iterable[Grant]:
    """A post's own grants; a secretary sees as far as the leader served."""
    for power in POWERS.get(Duty(chair.duty), frozenset()):
        yield Grant(power, chair.path or "", chair.field_id)
    if chair.duty == Duty.SECRETARY and chair.serves_name is not None:
        yield Grant(Power.SEE, chair.serves_path or "", chair.serves_field_id)


def powers_of_actor(actor: Actor, day: dt.date | None = None) -> Powers:
    """The powers of whoever acts: everything for the system, nothing for somebody unknown."""
    if actor.is_system:
        return EVERYTHING
    person = Person.objects.filter(pk=actor.id or 0).first()
    return powers_of(person, day) if person else NO_POWERS


def holds(person: Person, power: str) -> bool:
    """Whether the person holds the power anywhere; answers `kit.gate` for rooms on our shelf."""
    return powers_of(person).has(Power(power))


def forget_powers(person: Person) -> None:
    """Drop what `powers_of` kept on the object, after its posts changed."""
    person.__dict__.pop("_powers", None)


# ── posts and who sits in them ─────────────────────────────────────────────────────────────


def holders(
    duty: Duty,
    unit: Unit | None = None,
    field: Field | None = None,
    day: dt.date | None = None,
) -> QuerySet[Person]:
    """People who hold a post of this duty on a day, in the order of the posts."""
    day = day or clock.today()
    where = sitting(day, "tenures__") & Q(tenures__post__duty=duty)
    if unit is not None:
        where &= Q(tenures__post__unit=unit)
    if field is not None:
        where &= Q(tenures__post__field=field)
    return (
        people_present(day)
        .filter(where)
        .order_by("tenures__post__order", "tenures__post_id", "tenures__since", "pk")
    )


def heads_of(unit: Unit, day: dt.date | None = None) -> list[Person]:
    """The heads of a unit: none, one, or two where it has a 党 and a 政 head.

    A unit below a department or school (科室) without a head is headed by its section head.
    """
    return heads_of_all([unit.pk], day).get(unit.pk, [])


def head_of(unit: Unit, day: dt.date | None = None) -> Person:
    """The first head of a unit. Raises `NobodyHolds` if the post is empty."""
    found = heads_of(unit, day)
    if not found:
        raise NobodyHolds(unit, Duty.HEAD)
    return found[0]


def heads_of_all(unit_ids: Iterable[int], day: dt.date | None = None) -> dict[int, list[Person]]:
    """Heads of many units in one query; units without a head are missing."""
    return {
        unit_id: list(dict.fromkeys(tenure.person for tenure in tenures))
        for unit_id, tenures in _head_tenures(unit_ids, day or clock.today()).items()
    }


def head_posts(unit_ids: Iterable[int], day: dt.date) -> dict[int, tuple[Post, Person]]:
    """The first head's post of each unit and who sits in it; units without a head are missing."""
    return {
        unit_id: (tenures[0].post, tenures[0].person)
        for unit_id, tenures in _head_tenures(unit_ids, day).items()
    }


def _heading() -> Q:
    """Posts whose holder heads the unit; section heads only deep enough in the tree."""
    return Q(post__duty=Duty.HEAD) | Q(post__duty=Duty.SECTION_HEAD, post__unit__depth__gte=2)


def _head_tenures(unit_ids: Iterable[int], day: dt.date) -> dict[int, list[Tenure]]:
    found: dict[int, list[Tenure]] = defaultdict(list)
    for tenure in tenures_on(day).filter(_heading(), post__unit_id__in=list(unit_ids)):
        found[tenure.post.unit_id].append(tenure)
    for tenures in found.values():
        heads = [t for t in tenures if t.post.duty == Duty.HEAD]
        if heads:
            tenures[:] = heads
    return dict(found)


def tenures_on(day: dt.date) -> QuerySet[Tenure]:
    """Tenures that hold on a day, of people who are there, in the order of the posts."""
    return (
        Tenure.objects.filter(sitting(day), person__is_active=True)
        .filter(Q(person__left_on=None) | Q(person__left_on__gte=day))
        .select_related("person", "post")
        .order_by("post__order", "post_id", "since", "pk")
    )


def leaders_of(unit: Unit, day: dt.date | None = None) -> list[Person]:
    """Leaders in charge of a unit: of itself, or of the nearest unit above it that has any."""
    day = day or clock.today()
    ids = [*ancestors_in(unit.path or ""), unit.pk]
    by_unit: dict[int, list[Person]] = defaultdict(list)
    rows = tenures_on(day).filter(
        post__duty=Duty.IN_CHARGE, post__unit_id__in=ids, post__field=None
    )
    for tenure in rows:
        if tenure.person not in by_unit[tenure.post.unit_id]:
            by_unit[tenure.post.unit_id].append(tenure.person)
    return next((by_unit[pk] for pk in reversed(ids) if by_unit.get(pk)), [])


def units_led_by(
    person: Person, day: dt.date | None = None, duties: Iterable[Duty] = LEADING
) -> list[Unit]:
    """Units in which the person holds a leading post (`roles.LEADING` unless told otherwise)."""
    day = day or clock.today()
    wanted = set(duties)
    ids = {h.unit_id for h in powers_of(person, day).holdings if h.duty in wanted}
    return list(Unit.objects.filter(pk__in=ids).order_by("path")) if ids else []


def leaders_served(person: Person, day: dt.date | None = None) -> list[Person]:
    """Leaders whose secretary the person is on a day: for them they may act, on record (ORG-2)."""
    day = day or clock.today()
    if not powers_of(person, day).holds(Duty.SECRETARY):
        return []
    chairs = Tenure.objects.filter(
        sitting(day), person=person, post__duty=Duty.SECRETARY, post__serves__isnull=False
    )
    rows = tenures_on(day).filter(post_id__in=chairs.values("post__serves_id"))
    return list(dict.fromkeys(row.person for row in rows.select_related("person__main_unit")))


def main_unit_path(person: Person) -> str:
    """Path of the unit the person belongs to."""
    return person.main_unit.path or ""


def belongs_to(actor: Actor, unit: Unit) -> bool:
    """Whether the actor is of the unit or of one below it."""
    inside = below(unit.path or "", "main_unit__path")
    return Person.objects.filter(inside, pk=actor.id or 0).exists()


def posts_of(person: Person) -> list[Tenure]:
    """Every post the person holds or held, newest first."""
    return list(
        person.tenures.select_related("post__unit", "post__field", "post__serves").order_by(
            "-since", "-pk"
        )
    )


def posts_in(unit: Unit, day: dt.date) -> list[Post]:
    """The posts of a unit with whoever sits in them on a day (``sitting_now``)."""
    now = Tenure.objects.filter(sitting(day)).select_related("person")
    return list(
        unit.posts.select_related("field", "serves").prefetch_related(
            Prefetch("tenures", queryset=now, to_attr="sitting_now")
        )
    )


def held_on(day: dt.date) -> set[tuple[int, str, int]]:
    """(person, duty, unit) of every post held on a day."""
    rows = Tenure.objects.filter(sitting(day))
    return set(rows.values_list("person_id", "post__duty", "post__unit_id"))


def empty_head_posts(day: dt.date) -> list[Unit]:
    """Open units nobody heads, the institution itself left out: shown to administrators."""
    headed = tenures_on(day).filter(_heading()).order_by().values("post__unit_id")
    return list(units_open(day).exclude(pk__in=headed).exclude(parent=None).order_by("path"))


def everybody_with(power: Power, day: dt.date | None = None) -> list[Person]:
    """People whose posts give them the power anywhere: who can help, on refused pages."""
    day = day or clock.today()
    duties = [duty for duty, powers in POWERS.items() if power in powers]
    rows = tenures_on(day).filter(post__duty__in=duties)
    return list(dict.fromkeys(row.person for row in rows))


MOST_HELPERS = 4


def helpers(power: str = "") -> list[Person]:
    """Whom a refused page names: a few who hold the power, or who answer questions."""
    people = everybody_with(Power(power) if power in Power.values else Power.ANSWER)
    return people[:MOST_HELPERS]


# ── units ──────────────────────────────────────────────────────────────────────────────────


def units_open(day: dt.date | None = None) -> QuerySet[Unit]:
    """Units that exist on a day."""
    return Unit.objects.filter(sitting(day or clock.today()))


def root_unit() -> Unit | None:
    """The institution itself."""
    return Unit.objects.filter(parent=None).order_by("pk").first()


def unit_facts(unit: Unit, day: dt.date) -> rules.UnitFacts:
    """What stands in the way of closing the unit on a day."""
    return rules.UnitFacts(
        open_children=unit.children.filter(Q(until=None) | Q(until__gt=day)).count(),
        people=Person.objects.filter(main_unit=unit)
        .filter(Q(left_on=None) | Q(left_on__gt=day))
        .count(),
        seated=Tenure.objects.filter(post__unit=unit)
        .filter(Q(until=None) | Q(until__gt=day))
        .count(),
    )


def name_on(unit: Unit, day: dt.date) -> str:
    """What the unit was called on a day; before its first day the first name, else today's."""
    spell = (
        UnitSpell.objects.filter(unit=unit, since__lte=day).order_by("-since", "-pk").first()
        or UnitSpell.objects.filter(unit=unit).first()
    )
    return spell.name if spell else unit.name


def names_on(unit_ids: Iterable[int], day: dt.date) -> dict[int, str]:
    """What many units were called on a day, in one query."""
    spells = UnitSpell.objects.filter(unit_id__in=list(unit_ids)).order_by("-since", "-pk")
    found: dict[int, str] = {}
    first: dict[int, str] = {}
    for spell in spells:
        first[spell.unit_id] = spell.name
        if spell.since <= day:
            found.setdefault(spell.unit_id, spell.name)
    return first | found


def unit_names(day: dt.date | None = None) -> dict[str, int]:
    """Every name, short name, alias and former name of an open unit → its id, for the importer.

    A name two open units share is left out: nothing may be guessed. A name in use now goes before
    a former one.
    """
    return {name: ids[0] for name, ids in _unit_name_ids(day).items() if len(ids) == 1}


def unit_names_shared(day: dt.date | None = None) -> dict[str, list[int]]:
    """Names that more than one open unit answers to → the ids, for the importer to ask."""
    return {name: ids for name, ids in _unit_name_ids(day).items() if len(ids) > 1}


def _unit_name_ids(day: dt.date | None) -> dict[str, list[int]]:
    day = day or clock.today()
    tiers: list[dict[str, set[int]]] = [defaultdict(set) for _tier in range(3)]
    for pk, name, short in units_open(day).values_list("pk", "name", "short_name"):
        tiers[0][rules.tidy(name)].add(pk)
        if short:
            tiers[0][rules.tidy(short)].add(pk)
    open_units = units_open(day).values("pk")
    for pk, name in UnitAlias.objects.filter(unit__in=open_units).values_list("unit_id", "name"):
        tiers[1][rules.tidy(name)].add(pk)
    for pk, name in UnitSpell.objects.filter(unit__in=open_units).values_list("unit_id", "name"):
        tiers[2][rules.tidy(name)].add(pk)
    names: dict[str, list[int]] = {}
    for tier in tiers:
        for name, ids in tier.items():
            names.setdefault(name, sorted(ids))
    return names


def unit_kinds() -> QuerySet[UnitKind]:
    return UnitKind.objects.all()


def fields_known() -> QuerySet[Field]:
    return Field.objects.all()


def spells_of(unit: Unit) -> QuerySet[UnitSpell]:
    """The history of a unit, newest first."""
    return unit.spells.order_by("-since", "-pk")


# ── people ─────────────────────────────────────────────────────────────────────────────────


def people_present(day: dt.date | None = None) -> QuerySet[Person]:
    """People who are there on a day and may log in."""
    day = day or clock.today()
    return Person.objects.filter(is_active=True).filter(Q(left_on=None) | Q(left_on__gte=day))


def people_in(unit: Unit, day: dt.date, *, below_too: bool = False) -> QuerySet[Person]:
    """People whose main unit it is (or lies below it), with their posts of that day."""
    where = below(unit.path or "", "main_unit__path") if below_too else Q(main_unit=unit)
    return with_posts(people_present(day).filter(where), day).order_by(
        "main_unit__path", "staff_number"
    )


def with_posts(people: QuerySet[Person], day: dt.date) -> QuerySet[Person]:
    """People with ``posts_now``, the tenures of a day, and their main unit: two queries."""
    now = (
        Tenure.objects.filter(sitting(day))
        .select_related("post__unit", "post__field")
        .order_by("post__order", "since")
    )
    return people.select_related("main_unit").prefetch_related(
        Prefetch("tenures", queryset=now, to_attr="posts_now")
    )


def matching(words: str) -> Q:
    """People one of whose names, spellings or numbers contains every word."""
    where = Q()
    for word in rules.words_of(words).split():
        where &= (
            Q(name__icontains=word)
            | Q(pinyin__contains=word)
            | Q(staff_number__istartswith=word)
            | Q(account__istartswith=word)
        )
    return where


def people_matching(
    words: str,
    limit: int = 20,
    *,
    near: str = "",
    day: dt.date | None = None,
    among: QuerySet[Person] | None = None,
) -> list[Person]:
    """People found by characters, pinyin, initials or staff number; people below ``near`` first.

    ``near`` is the path of the searcher's own unit. Without words: people below ``near`` only.
    """
    words = rules.words_of(words)
    people = people_present(day) if among is None else among
    if words:
        people = people.filter(matching(words))
    elif near:
        people = people.filter(below(near, "main_unit__path"))
    order = ["staff_number"]
    if words:
        people = people.annotate(rank=_rank(words))
        order.insert(0, "rank")
    if near:
        people = people.annotate(away=_away(near))
        order.insert(0, "away")
    return list(people.select_related("main_unit").order_by(*order)[: min(limit, MOST_MATCHES)])


def people_found(words: str, day: dt.date | None = None) -> QuerySet[Person]:
    """People found by words, the nearest first; for pages (pickers use `people_matching`)."""
    words = rules.words_of(words)
    people = people_present(day).filter(matching(words))
    return people.annotate(rank=_rank(words)).order_by("rank", "staff_number")


_WITH_NUMBERS = (Power.SEE, Power.EDIT_PEOPLE, Power.EDIT_ACCOUNTS)


def with_phones(people: Iterable[Person], reader: Person) -> list[Person]:
    """The people, each with ``shown_phone``: the number if the reader may see it, else "".

    Their main units must be at hand; one statement at most.
    """
    powers, house, shown = powers_of(reader), rules.house_of(main_unit_path(reader)), []
    for person in people:
        path = main_unit_path(person)
        person.shown_phone = ""  # type: ignore[attr-defined]
        if person.phone and rules.may_see_phone(
            themselves=person.pk == reader.pk,
            same_house=bool(house) and rules.house_of(path) == house,
            reaches=any(powers.over_unit(power, path) for power in _WITH_NUMBERS),
        ):
            person.shown_phone = person.phone  # type: ignore[attr-defined]
        shown.append(person)
    return shown


def _rank(words: str, number: str = "staff_number") -> Case:
    """0 for the name itself, 1 for a beginning, 2 for anything else."""
    whole = Q(name__iexact=words) | Q(**{f"{number}__iexact": words})
    start = Q(name__istartswith=words) | Q(pinyin__contains=f" {words}")
    return Case(
        When(whole, then=Value(0)),
        When(start, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )


def _away(near: str, field: str = "main_unit__path") -> Case:
    """0 for what stands at or below the path ``near``, 1 for the rest."""
    return Case(
        When(below(near, field), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )


def units_matching(
    words: str, limit: int = 20, *, day: dt.date | None = None, near: str = ""
) -> list[Unit]:
    """Open units found by characters, short name, alias, code, pinyin or initials.

    Those at or below the path ``near`` come first.
    """
    words = rules.words_of(words)
    units = units_open(day)
    for word in words.split():
        units = units.filter(
            Q(name__icontains=word)
            | Q(short_name__icontains=word)
            | Q(pinyin__contains=word)
            | Q(code__istartswith=word)
            | Q(pk__in=UnitAlias.objects.filter(name__icontains=word).values("unit"))
        )
    order = ["path"]
    if words:
        units, order = units.annotate(rank=_rank(words, "code")), ["rank", *order]
    if near:
        units, order = units.annotate(away=_away(near, "path")), ["away", *order]
    return list(units.select_related("kind").order_by(*order)[: min(limit, MOST_MATCHES)])


def people_by_ids(ids: Sequence[int], day: dt.date | None = None) -> list[Person]:
    """People who are here, in the order of the ids; others are left out."""
    if not ids:
        return []
    found = people_present(day).select_related("main_unit").in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]


def units_by_ids(ids: Sequence[int], day: dt.date | None = None) -> list[Unit]:
    """Open units, in the order of the ids; others are left out."""
    if not ids:
        return []
    found = units_open(day).in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]


def person_names(day: dt.date | None = None) -> dict[str, tuple[int, ...]]:
    """Name and staff number of everybody present → ids, for the importer; namesakes share one."""
    found: dict[str, list[int]] = defaultdict(list)
    for pk, name, number in people_present(day).values_list("pk", "name", "staff_number"):
        found[rules.tidy(name)].append(pk)
        if number != name:
            found[number].append(pk)
    return {name: tuple(ids) for name, ids in found.items()}


def spells_of_person(person: Person) -> QuerySet[PersonSpell]:
    """Where the person belonged, newest first."""
    return person.spells.select_related("unit").order_by("-since", "-pk")


def favourites_of(person: Person) -> QuerySet[Favourite]:
    """Pages the person starred, in their order."""
    return person.favourites.all()


def is_favourite(person: Person, url: str) -> bool:
    return person.favourites.filter(url=url).exists()


def draft_for(person: Person, form: str) -> dict[str, Any] | None:
    """What the person typed into the form at this path and has not sent: name → list of values."""
    draft = Draft.objects.filter(person=person, form=form.replace("\x00", "")).first()
    if draft is None:
        return None
    data: dict[str, Any] = json.loads(draft.data)
    return data


def drafts_of(person: Person) -> QuerySet[Draft]:
    """Everything unsent of a person, newest first."""
    return person.drafts.order_by("-saved_at")
