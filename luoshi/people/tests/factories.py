"""The organisation of the tests: a college, and the cast that plays in every room's tests."""

import datetime as dt
import itertools
from types import SimpleNamespace

from luoshi.kit import tree
from luoshi.people import rules
from luoshi.people.models import Field, Person, PersonSpell, Post, Tenure, Unit, UnitKind, UnitSpell
from luoshi.people.roles import Duty

BEGINNING = dt.date(2020, 1, 1)
PASSWORD = "correct-horse-9"
_numbers = itertools.count(1)


def make_kind(name: str = "二级学院", code: str | None = None) -> UnitKind:
    return UnitKind.objects.get_or_create(name=name, defaults={"code": code or name})[0]


def make_unit(
    name: str,
    parent: Unit | None = None,
    kind: UnitKind | str = "二级学院",
    code: str | None = None,
    **more: object,
) -> Unit:
    """An open unit below ``parent``, with its first spell."""
    row = Unit(
        code=code or f"U{next(_numbers)}",
        name=name,
        parent=parent,
        kind=make_kind(kind) if isinstance(kind, str) else kind,
        pinyin=rules.searchable(name),
        **{"since": BEGINNING, **more},
    )
    row.save()
    tree.plant(row)
    UnitSpell.objects.create(
        unit=row,
        name=name,
        kind_name=row.kind.name,
        parent_name=parent.name if parent else "",
        since=row.since,
    )
    return row


def make_person(
    name: str, unit: Unit, number: str | None = None, *, password: str = "", **more: object
) -> Person:
    """Somebody present in ``unit``. Without ``password`` only `force_login` lets them in."""
    number = number or f"{next(_numbers):05}"
    row = Person(
        account=rules.account_of(number, "T"),
        staff_number=number,
        name=name,
        main_unit=unit,
        pinyin=rules.searchable(name),
        **{"entered_on": BEGINNING, "must_change_password": False, **more},
    )
    if password:
        row.set_password(password)
    else:
        row.set_unusable_password()
    row.save()
    PersonSpell.objects.create(person=row, unit=unit, since=row.entered_on)
    return row


def make_field(name: str = "安全", code: str | None = None) -> Field:
    return Field.objects.get_or_create(name=name, defaults={"code": code or name})[0]


def make_post(
    unit: Unit,
    duty: Duty,
    *,
    field: Field | None = None,
    title: str = "",
    serves: Post | None = None,
    order: int = 0,
) -> Post:
    title = title or f"{unit.label} {duty.label}"
    return Post.objects.create(
        unit=unit, duty=duty, field=field, title=title, serves=serves, order=order
    )


def seat(
    person: Person,
    unit: Unit,
    duty: Duty,
    field: Field | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Tenure:
    """Put a person into a new post of that duty."""
    person.__dict__.pop("_powers", None)
    return Tenure.objects.create(
        post=make_post(unit, duty, field=field),
        person=person,
        since=since or BEGINNING,
        until=until,
    )


def cast() -> SimpleNamespace:
    """The cast (ARCHITECTURE §13) in a small college.

    Units: ``root`` 学院, ``office`` 质量管理办公室, ``school`` 机电工程学院, ``section`` 数控教研室
    below the school, ``other`` 财务处. People: ``li`` of the section (owner), ``wang`` head of the
    school, ``zhao`` leader in charge of the school, ``chen`` goal office and ``zhou`` supervisor
    (both for the whole institution), ``sun`` of another unit with no post, ``admin`` system
    administrator, ``guard`` security administrator.
    """
    root = make_unit("江城职业技术学院", kind="学校", code="00", short_name="学院")
    office = make_unit("质量管理办公室", root, "职能部门", "10", short_name="质管办")
    school = make_unit("机电工程学院", root, "二级学院", "20", short_name="机电学院")
    section = make_unit("数控教研室", school, "科室", "2001")
    other = make_unit("财务处", root, "职能部门", "11")
    people = SimpleNamespace(
        root=root,
        office=office,
        school=school,
        section=section,
        other=other,
        li=make_person("李敏", section, "1001"),
        wang=make_person("王建国", school, "1002"),
        zhao=make_person("赵志刚", root, "1003"),
        chen=make_person("陈静", office, "1004"),
        zhou=make_person("周海", office, "1005"),
        sun=make_person("孙丽", other, "1006"),
        admin=make_person("何管理", office, "1007"),
        guard=make_person("钱安全", office, "1008"),
    )
    seat(people.wang, school, Duty.HEAD)
    seat(people.zhao, school, Duty.IN_CHARGE)
    seat(people.chen, root, Duty.GOAL_OFFICE)
    seat(people.zhou, root, Duty.SUPERVISION)
    seat(people.admin, root, Duty.SYSTEM_ADMIN)
    seat(people.guard, root, Duty.SECURITY_ADMIN)
    return people
