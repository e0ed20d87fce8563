"""Units, people, posts and bodies of the college, entered once before the year begins."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth.hashers import make_password

from luoshi.demo.days import Days, moment
from luoshi.demo.script import Script
from luoshi.demo.texts import read, staff_number
from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.people.models import Body, Person, Post, Unit, UnitKind
from luoshi.people.roles import Duty
from luoshi.people.services import bodies
from luoshi.people.services.accounts import FirstPassword
from luoshi.people.services.persons import enter_person
from luoshi.people.services.posts import create_post, seat_person
from luoshi.people.services.units import create_field, create_unit, create_unit_kind

#: Everybody's password; visitors of a demonstration need none.
PASSWORD = "luoshi-demo"  # noqa: S105 — a demonstration keeps nothing secret
FOUNDED = dt.date(1998, 9, 1)
KINDS = (("root", "学校"), ("department", "职能部门"), ("school", "二级学院"), ("section", "科室"))


@dataclass
class College:
    """Who and what there is, by the names and codes of texts/college.toml."""

    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    staff: dict[str, list[Person]] = field(default_factory=dict)  # by code, sections' included
    posts: dict[tuple[str, Duty], Post] = field(default_factory=dict)  # of whoever is named
    leaders: dict[str, Person] = field(default_factory=dict)  # in charge, by code of the unit
    bodies: dict[str, Body] = field(default_factory=dict)

    @property
    def root(self) -> Unit:
        return self.units["00"]

    def head(self, code: str) -> Person:
        """The head of a department or school."""
        return self.staff[code][0]

    def doers(self, code: str) -> list[Person]:
        """Who does the work of a unit: everybody but its head."""
        return self.staff[code][1:]

    @cached_property
    def schools(self) -> Mapping[str, Mapping[str, Any]]:
        """What texts say of each school, by code."""
        return {school["code"]: school for school in read("college")["school"]}

    @cached_property
    def sections(self) -> Mapping[str, Unit]:
        """Sections by name."""
        return {unit.name: unit for unit in self.units.values() if unit.depth > 1}


def found(days: Days, luck: random.Random) -> College:
    """Enter everything; the clock is held by the caller."""
    return _Founder(days, luck).found()


class _Founder:
    """Enters the college as its papers say."""

    def __init__(self, days: Days, luck: random.Random) -> None:
        self.days, self.luck = days, luck
        self.text = read("college")
        self.college = College()
        self.first = FirstPassword("", make_password(PASSWORD), lasting=True)
        self.since = dt.date(days.first.year - 2, 9, 1)

    def found(self) -> College:
        for order, (code, name) in enumerate(self.text["fields"], 1):
            create_field(code=code, name=name, by=SYSTEM, order=order)
        self.kinds = {
            code: create_unit_kind(code=code, name=name, by=SYSTEM, order=order)
            for order, (code, name) in enumerate(KINDS, 1)
        }
        root = self._unit(self.text, self.kinds["root"], None)
        for leader in self.text["leader"]:
            self._entered(root, leader["name"])
        for text in self.text["department"]:
            self._staffed(text, self.kinds["department"], "科员")
        for text in self.text["school"]:
            self._staffed(text, self.kinds["school"], "专任教师")
        self._seat_leaders()
        self._seat_offices()
        return self.college

    def _unit(self, text: Mapping[str, Any], kind: UnitKind, parent: Unit | None) -> Unit:
        unit = create_unit(
            name=text["name"],
            short_name=text.get("short", ""),
            code=text["code"],
            kind=kind,
            parent=parent,
            since=FOUNDED,
            by=SYSTEM,
            order=int(text["code"]),
            aliases=text.get("aliases", ()),
        )
        self.college.units[unit.code] = unit
        return unit

    def _staffed(self, text: Mapping[str, Any], kind: UnitKind, member: str) -> None:
        """A department or school with its people and sections."""
        college, unit = self.college, self._unit(text, kind, self.college.root)
        staff = college.staff.setdefault(unit.code, [])
        duties = (Duty.HEAD, *((Duty.HEAD,) if kind.code == "school" else ()), Duty.DEPUTY)
        for place, words in enumerate(text["people"]):
            duty = duties[place] if place < len(duties) and " " in words else Duty.MEMBER
            staff.append(self._person(unit, words, duty, member))
        for place, (name, *people) in enumerate(text.get("sections", ()), 1):
            section = self._unit(
                {"name": name, "code": f"{unit.code}{place:02}"}, self.kinds["section"], unit
            )
            for words in people:
                duty = Duty.SECTION_HEAD if " " in words else Duty.MEMBER
                staff.append(self._person(section, words, duty, member))

    def _person(self, unit: Unit, words: str, duty: Duty, member: str) -> Person:
        """Somebody with a post: ``words`` is "处长 韩明哲", or a name alone for other staff."""
        title, name = words.split() if " " in words else (member, words)
        person = self._entered(unit, name)
        label = unit.label if unit.depth <= 1 else unit.name
        self._seat(person, unit, duty, f"{label}{title}")
        return person

    def _entered(self, unit: Unit, name: str) -> Person:
        number = staff_number(name)
        person = enter_person(
            staff_number=number,
            name=name,
            main_unit=unit,
            entered_on=dt.date(self.luck.randint(1999, self.since.year - 1), 7, 15),
            phone=f"1390000{self.luck.randint(0, 9999):04}",
            email=f"t{number}@jczy.example",
            assessment_type="管理人员" if unit.code < "30" else "专任教师",
            first=self.first,
            by=SYSTEM,
        )
        self.college.people[name] = person
        return person

    def _seat(
        self, person: Person, unit: Unit, duty: Duty, title: str, serves: Post | None = None
    ) -> None:
        order = 0 if duty is Duty.HEAD else 5
        post = create_post(unit=unit, duty=duty, title=title, serves=serves, order=order, by=SYSTEM)
        self.college.posts.setdefault((person.name, duty), post)
        seat_person(post=post, person=person, since=self.since, by=SYSTEM)

    def _seat_leaders(self) -> None:
        for leader in self.text["leader"]:
            person = self.college.people[leader["name"]]
            if leader.get("top"):
                self._seat(person, self.college.root, Duty.TOP_LEADER, leader["title"])
            for code in leader.get("units", ()):
                unit = self.college.units[code]
                title = f"{leader['title'].partition('（')[0]}（分管{unit.label}）"
                self._seat(person, unit, Duty.IN_CHARGE, title)
                self.college.leaders[code] = person

    def _seat_offices(self) -> None:
        college = self.college
        for office in self.text["office"]:
            for name in office["names"]:
                person, duty = college.people[name], Duty(office["duty"])
                self._seat(person, college.root, duty, office["title"])
        for secretary in self.text["secretary"]:
            serves = college.posts[secretary["serves"], Duty.TOP_LEADER]
            person = college.people[secretary["name"]]
            self._seat(person, college.root, Duty.SECRETARY, secretary["title"], serves)


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────


def convene(college: College, days: Days, script: Script, luck: random.Random) -> None:
    """Set the bodies up, and let them meet through the year."""
    for text in read("college")["body"]:
        office = college.units[text["office"]]
        body = bodies.create_body(
            code=text["code"], name=text["name"], office=office, since=FOUNDED, by=SYSTEM
        )
        college.bodies[body.code] = body
        _fill(body, text, college, dt.date(days.first.year - 2, 9, 1))
    for place, meeting in enumerate(read("college")["meeting"], 1):
        day = days.after(meeting["after"])
        script.at(moment(day, luck), _Meeting(college, meeting, place, days.year))


def _fill(body: Body, text: Mapping[str, Any], college: College, since: dt.date) -> None:
    for place, name in enumerate(text["members"]):
        title = text["chair"] if place == 0 else "成员"
        bodies.add_seat(body, person=college.people[name], title=title, since=since, by=SYSTEM)
    for code in text.get("units", ()):
        unit = college.units[code]
        bodies.add_seat(body, unit=unit, title="成员单位", since=since, by=SYSTEM)


@dataclass
class _Meeting:
    """A meeting that takes place when its day has come; the body's office enters it."""

    college: College
    text: Mapping[str, Any]
    place: int
    year: int

    def __call__(self) -> None:
        today = clock.today()
        body = self.college.bodies[self.text["body"]]
        office = self.college.staff[body.office.code][-2:]
        by = office[0].actor
        meeting = bodies.hold_meeting(
            body,
            number=f"{today.year}年第{self.place}次",
            held_on=today,
            topic=self.text["topic"],
            by=by,
        )
        for number, (said, document) in enumerate(self.text["decisions"], 1):
            bodies.record_decision(
                meeting,
                number=f"决议{number}",
                text=said,
                document=document.format(year=today.year),
                by=by,
            )
