"""Statements: the same rows as the queryset they are made of, written once."""

import datetime as dt
from typing import Any

import pytest
from django.db.models import F, Q, QuerySet

from luoshi.kit.statements import Statement, among, statement
from luoshi.people.models import Person, Unit
from luoshi.people.tests.factories import make_person, make_unit

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 5)


def _counted(build: Any) -> tuple[Statement, list[int]]:
    """The statement, and how often its queryset was built."""
    built: list[int] = []

    def counting(**places: Any) -> QuerySet[Any, Any]:
        built.append(1)
        rows: QuerySet[Any, Any] = build(**places)
        return rows

    return Statement(counting), built


def test_values_take_their_places_and_the_sql_is_written_once() -> None:
    names = [make_unit("教务处").pk, make_unit("财务处").pk]
    asked, built = _counted(lambda pk: Unit.objects.filter(pk=pk).values_list("pk", "name"))
    assert [asked(pk=pk) for pk in names] == [[(names[0], "教务处")], [(names[1], "财务处")]]
    assert len(built) == 1


def test_a_list_is_written_once_per_length_and_an_empty_one_has_no_rows() -> None:
    keys = [make_unit(name).pk for name in ("甲", "乙", "丙")]
    asked, built = _counted(lambda pks: Unit.objects.filter(pk__in=pks).values_list("pk"))
    assert sorted(asked.column(pks=keys[:2])) == keys[:2]
    assert sorted(asked.column(pks=keys[1:])) == keys[1:]
    assert len(built) == 1
    assert asked(pks=[]) == []
    assert sorted(asked.column(pks=tuple(keys))) == keys
    assert len(built) == 3


def test_long_lists_share_lengths_and_find_the_same() -> None:
    keys = [make_unit(f"单位{number}").pk for number in range(20)]
    asked, built = _counted(lambda pks: Unit.objects.filter(pk__in=pks).values_list("pk"))
    for length in (17, 18, 20):
        assert sorted(asked.column(pks=keys[:length])) == keys[:length]
    assert len(built) == 1


def test_a_foreign_key_takes_a_list_through_among() -> None:
    school, office = make_unit("学院"), make_unit("办公室")
    li, wang = make_person("李", school), make_person("王", office)
    make_person("赵", make_unit("财务处"))

    @statement
    def of_units(units: Any) -> QuerySet[Person, Any]:
        return Person.objects.filter(among("main_unit_id", units)).order_by("pk").values_list("pk")

    assert of_units.column(units=[school.pk, office.pk]) == [li.pk, wang.pk]


def test_days_moments_and_switches_are_read_as_the_fields_hold_them() -> None:
    unit = make_unit("教务处", since=DAY)
    person = make_person("李", unit, entered_on=DAY)
    Person.objects.filter(pk=person.pk).update(last_login=dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC))

    @statement
    def since(day: Any, moment: Any) -> QuerySet[Person, Any]:
        rows = Person.objects.filter(entered_on=day, last_login__gte=moment)
        return rows.values_list("entered_on", "last_login", "must_change_password")

    said = Person.objects.values_list("entered_on", "last_login", "must_change_password")
    before = dt.datetime(2026, 3, 5, 0, 59, tzinfo=dt.UTC)
    assert since(day=DAY, moment=before) == list(said.filter(pk=person.pk))
    assert since(day=DAY, moment=before + dt.timedelta(hours=1)) == []
    assert since(day=DAY + dt.timedelta(days=1), moment=before) == []


def test_what_readers_type_is_a_parameter() -> None:
    make_unit("教务处")

    @statement
    def named(name: Any) -> QuerySet[Unit, Any]:
        return Unit.objects.filter(name=name).values_list("pk")

    assert named(name="' OR 1=1 --%s") == []
    assert len(named(name="教务处")) == 1


def test_a_statement_can_be_asked_for_membership() -> None:
    here, there = make_unit("教务处"), make_unit("财务处")
    people = [make_person("赵处长", here), make_person("钱处长", there)]
    asked, built = _counted(
        lambda names: (
            Unit.objects.filter(among("name", names))
            .order_by()
            .values_list("pk")
            .union(Unit.objects.filter(name="没有").order_by().values_list("pk"), all=True)
        )
    )
    for unit, person in zip((here, there), people, strict=True):
        inside = asked.holds("main_unit_id", names=[unit.name])
        assert list(Person.objects.filter(inside)) == [person]
        assert list(Person.objects.filter(inside | Q(pk=people[0].pk)).order_by("pk")) == [
            *dict.fromkeys([people[0], person])
        ]
    assert list(Person.objects.filter(asked.holds("main_unit_id", names=[]))) == []
    assert len(built) == 2


def test_instances_come_with_what_is_selected(django_assert_num_queries: Any) -> None:
    school = make_unit("学院")
    li = make_person("李", school)

    @statement
    def of_unit(unit: Any) -> QuerySet[Person]:
        people = Person.objects.filter(main_unit_id=unit).select_related("main_unit")
        return people.annotate(of=F("main_unit__name")).defer("password")

    with django_assert_num_queries(1):
        (found,) = of_unit.instances(unit=school.pk)
        assert (found, found.name, found.main_unit, found.of) == (li, "李", school, "学院")
        assert found.main_unit.name == "学院"
    assert "password" in found.get_deferred_fields()
    assert not found._state.adding
    assert of_unit.instances(unit=0) == []
