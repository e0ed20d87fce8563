"""The whole college with its year of work, in one transaction: all of it, or nothing."""

import gc
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from luoshi import demo, measures
from luoshi.demo.afterwards import Afterwards
from luoshi.demo.college import College, convene, found
from luoshi.demo.days import Days, moment
from luoshi.demo.evidence import Evidence
from luoshi.demo.goals import Office
from luoshi.demo.guests import GUESTS
from luoshi.demo.matters import SupervisionOffice
from luoshi.demo.reporting import Reporter
from luoshi.demo.script import Script
from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.measures.queries import read_books
from luoshi.measures.services import load_books
from luoshi.notices.models import Message
from luoshi.notices.services import mark_all_read
from luoshi.people.models import Person
from luoshi.people.services.keeping import toggle_favourite
from luoshi.periods.services import open_year
from luoshi.reports.models import Report
from luoshi.reports.services.owed import open_coming_dues
from luoshi.tasks.models import Task
from luoshi.trail.jobs import seal_yesterday

#: Draws everything that is left to chance; the same day gives the same college.
SEED = 863
#: Rule books brought on record: the three sets of S0, and one whose tasks are signed for.
BOOKS = (
    Path(measures.__file__).parent / "library" / "S0.toml",
    Path(demo.__file__).parent / "books" / "instructions.toml",
)
#: What people have read lies further back than so many days.
READ_AFTER = 26
#: Pages starred by everybody whom visitors may enter as: name of the address, title.
FAVOURITES = (("task-list", "任务列表"), ("gantt", "甘特图"), ("mosaic", "全景图"))


@dataclass(frozen=True)
class Built:
    """How much there is."""

    people: int
    tasks: int
    reports: int


def is_empty() -> bool:
    """Whether nobody is there yet."""
    return not Person.objects.exists()


@transaction.atomic
def build(core_count: int = 30) -> Built:
    """Build the college as it stands now. Nobody may be there yet."""
    with translation.override("zh-hans"), _without_collecting():
        _build(core_count)
    return Built(Person.objects.count(), Task.objects.count(), Report.objects.count())


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Let garbage lie while much is made and nothing is thrown away: a tenth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _build(core_count: int) -> None:
    luck, days = random.Random(SEED), Days(clock.today())
    script = Script(clock.now())
    with clock.at(moment(days.settled, luck)):
        college = found(days, luck)
        load_books(books=_books(), by=SYSTEM)
        for year in sorted({days.first.year, days.year}):
            open_year(year)
        convene(college, days, script, luck)
    reporter = Reporter(college, days, script, luck, Evidence())
    office = Office(college, days, script, luck, reporter)
    office.plan(core_count)
    afterwards = Afterwards(college, days, script, luck, office.goals)
    afterwards.plan()
    reporter.on_completed = afterwards.completed
    reporter.instruct(office.goals)
    SupervisionOffice(college, days, script, luck).plan()
    _plan_nights(days, script, luck)
    script.run()
    open_coming_dues()
    _settle_in(college, days, luck)
    seal_yesterday()


def _books() -> Sequence[measures.rules.books.Book]:
    books, problems = read_books([(path.name, path.read_bytes()) for path in BOOKS])
    assert not problems, problems
    return books


def _plan_nights(days: Days, script: Script, luck: random.Random) -> None:
    """Once a month what is owed is opened, as the nightly job does."""
    day = days.first.replace(day=1)
    while day <= days.today:
        script.at(moment(day, luck), open_coming_dues)
        day = (day.replace(day=28) + 5 * (days.ago(0) - days.ago(1))).replace(day=1)


def _settle_in(college: College, days: Days, luck: random.Random) -> None:
    """Older messages have been read; those whom visitors enter as have starred a few pages."""
    with clock.at(moment(days.ago(READ_AFTER), luck)):
        last = Message.objects.filter(at__lt=clock.now()).order_by("-pk").first()
        for person in college.people.values():
            mark_all_read(by=person.actor, up_to=last.pk if last else 0)
    for name, _role in GUESTS:
        for address, title in FAVOURITES:
            toggle_favourite(college.people[name], url=reverse(address), title=title)
