"""From a reference ("task/17") back to the thing and its page; only for those who may see it."""

from collections.abc import Callable

from django.urls import NoReverseMatch, reverse

from luoshi.changes.queries import asked_by, given_by, taken_by, to_answer
from luoshi.improvement.models import Diagnosis
from luoshi.intake.queries import batches_visible_to
from luoshi.intake.queries.changes import lists_of
from luoshi.notices.queries import digests_of, questions_visible_to
from luoshi.people.models import Person
from luoshi.people.queries.viewing import views_open_to
from luoshi.reports.models import Pack, Report
from luoshi.reports.queries.packs import reaches
from luoshi.tasks.queries import tasks_visible_to

Finder = Callable[[Person, int], str]


def resolve(ref: str, user: Person) -> str | None:
    """Address of the page of a reference; None if there is none or this person may not see it."""
    kind, _slash, number = ref.partition("/")
    finder = _FINDERS.get(kind)
    if finder is None or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return finder(user, int(number)) or None


def _task(user: Person, pk: int) -> str:
    seen = tasks_visible_to(user).filter(pk=pk).exists()
    return _page("task", pk) if seen else ""


def _report(user: Person, pk: int) -> str:
    task_id = Report.objects.filter(pk=pk).values_list("task_id", flat=True).first()
    page = _task(user, task_id) if task_id else ""
    return f"{page}#report-{pk}" if page else ""


def _feedback(user: Person, pk: int) -> str:
    """What was reported one level below a task."""
    if not tasks_visible_to(user).filter(pk=pk).exists():
        return ""
    return f"{_page('feedback')}?scope=below&task={pk}"


def _view(user: Person, pk: int) -> str:
    """A view of a list, for whoever keeps it and those it is shared with."""
    return _page("people:open_view", pk) if views_open_to(user).filter(pk=pk).exists() else ""


def _pack(user: Person, pk: int) -> str:
    """A year-end pack is open to whoever sees all tasks of its unit, and so is its file."""
    pack = Pack.objects.filter(pk=pk).select_related("unit").first()
    if pack is None or not reaches(user, pack.unit):
        return ""
    return f"{_page('reports:pack', pack.unit_id)}?year={pack.year}"


def _import(user: Person, pk: int) -> str:
    """An uploaded table is open to the office that uploaded it, and so is its file."""
    seen = batches_visible_to(user).filter(pk=pk).exists()
    return _page("intake:batch", pk) if seen else ""


def _change_list(user: Person, pk: int) -> str:
    """An edited list that came back is open to who brought it."""
    return _page("intake:changes", pk) if lists_of(user).filter(pk=pk).exists() else ""


def _question(user: Person, pk: int) -> str:
    """A question is open to who asked it and to those who answer."""
    seen = questions_visible_to(user).filter(pk=pk).exists()
    return f"{_page('notices:help')}#question-{pk}" if seen else ""


def _change(user: Person, pk: int) -> str:
    """The list of transfers in which those concerned find this one."""
    for show, rows in (("waiting", to_answer), ("asked", asked_by), ("answered", taken_by)):
        if rows(user).filter(pk=pk).exists():
            return f"{_page('changes:index')}?show={show}"
    return _page("changes:index") if given_by(user).filter(pk=pk).exists() else ""


def _diagnosis(user: Person, pk: int) -> str:
    task_id = Diagnosis.objects.filter(pk=pk).values_list("task_id", flat=True).first()
    page = _task(user, task_id) if task_id else ""
    return f"{page}#diagnosis-{pk}" if page else ""


def _reminders(user: Person, day: int) -> str:
    """The reminders of a day (20261125), if anything was told then."""
    told = digests_of(user.pk).filter(about_id=day).exists()
    return _page("notices:reminders_of", day) if told else ""


def _page(name: str, *args: int) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _people_page(name: str) -> Finder:
    return lambda _user, pk: _page(name, pk)


_FINDERS: dict[str, Finder] = {
    "task": _task,
    "report": _report,
    "feedback": _feedback,
    "view": _view,
    "change": _change,
    "diagnosis": _diagnosis,
    "unit": _people_page("people:unit"),
    "person": _people_page("people:person"),
    "body": _people_page("people:body"),
    "measure": _people_page("measures:page"),
    "import": _import,
    "change_list": _change_list,
    "pack": _pack,
    "question": _question,
    "reminders": _reminders,
}
