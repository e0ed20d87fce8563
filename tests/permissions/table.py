"""What every door of `luoshi.desk.management.doors` answers to every role: computed, not typed.

``answer_to``     what a role gets at a door that does not hang on one task's relations
``ANSWERS``       the words for HTTP answers
``knocks``        how each address is reached in the world of `world`
"""

from types import SimpleNamespace
from urllib.parse import urlsplit

from django.http import HttpResponse

from luoshi.desk.management.doors import DOORS, Door, Verb, Who
from luoshi.people.roles import POWERS, Duty, Power

ALLOWED, REFUSED, INVISIBLE, LOGIN = "allowed", "refused", "invisible", "login"
OPENED = {200, 204, 302, 409, 422}  # a form that says what is wrong with it was opened, too
STAFF = "staff"  # somebody without a post
ROLES = [STAFF, *(duty.value for duty in Duty)]
EVERYBODY = {Who.ANYBODY, Who.LOGGED_IN, Who.EACH_ROW}
#: Duties whose people belong to the office that uploaded the table of the world.
UPLOADERS = {Duty.GOAL_OFFICE.value, Duty.SUPERVISION.value}


def powers_of(role: str) -> frozenset[Power]:
    return frozenset() if role == STAFF else POWERS.get(Duty(role), frozenset())


def answer_to(role: str, door: Door) -> str:
    """What a role gets at a door, for things that are not open to everybody."""
    who = door.who
    if isinstance(who, Power):
        if who not in powers_of(role):
            return REFUSED
        return INVISIBLE if door.only and role not in UPLOADERS else ALLOWED
    if who in {Who.SEES_TASK, Who.SEES_FILE, Who.EACH_BELOW}:
        return ALLOWED if Power.SEE in powers_of(role) else INVISIBLE
    if who in {Who.OWN_MESSAGE, Who.OWN_TRANSFER, Who.OWN_VIEW, Who.OWN_LIST}:
        return ALLOWED if role == STAFF else INVISIBLE
    if who in {Who.DEMO, Who.BUILDERS}:
        return INVISIBLE  # neither a demonstration nor a place where pages are built
    assert not isinstance(who, Verb)
    return ALLOWED


def heard(response: HttpResponse) -> str:
    """An answer in the words of the table."""
    place = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""
    if urlsplit(place).path == "/people/login/" and "next=" in place:
        return LOGIN
    if response.status_code in OPENED:
        return ALLOWED
    return {403: REFUSED, 404: INVISIBLE, 401: LOGIN}.get(
        response.status_code, str(response.status_code)
    )


def plain_doors(role: str) -> dict[str, Door]:
    """Doors that do not ask for a relation to a task.

    What is open to everybody is tried once per set of powers, which is all that tells roles apart.
    """
    first = next(other for other in ROLES if powers_of(other) == powers_of(role))
    return {
        name: door
        for name, door in DOORS.items()
        if not isinstance(door.who, Verb) and (role == first or door.who not in EVERYBODY)
    }


def verb_doors() -> dict[str, Door]:
    return {name: door for name, door in DOORS.items() if isinstance(door.who, Verb)}


#: What each name of a path's variable stands for in the world.
def arguments(world: SimpleNamespace) -> dict[str, dict[str, object]]:
    """The variables of every address that has some."""
    task, person = {"task_id": world.hidden.pk}, {"person_id": world.staff.pk}
    unit, body = {"unit_id": world.section.pk}, {"body_id": world.body.pk}
    measure, category = {"measure_id": world.measure.pk}, {"category_id": world.category.pk}
    batch, file = {"pk": world.batch.pk}, {"pk": world.file.pk}
    names = {
        "go": {"kind": "unit", "pk": world.section.pk},
        "files:picture": {**file, "number": 0},
        "notices:answer": {"pk": world.question.pk},
        "notices:read": {"pk": world.message.pk},
        "notices:reminders_of": {"day": world.digest.about_id},
        "people:create_post": unit,
        "people:rename_post": {"post_id": world.post.pk},
        "people:seat": {"post_id": world.post.pk},
        "people:unseat": {"tenure_id": world.tenure.pk},
        "people:end_seat": {"seat_id": world.seat.pk},
        "people:record_decision": {"meeting_id": world.meeting.pk},
        "people:import": {"kind": "people"},
        "people:apply_import": {"kind": "people"},
        "people:import_template": {"kind": "people"},
        "periods:seed": {"year": 2026},
        "periods:set_day": {"date": "2026-05-01"},
        "measures:edit_programme": {"programme_id": world.category.programme_id},
        "measures:set_file": {"programme_id": world.category.programme_id},
        "intake:reopen": {**batch, "name_id": world.name.pk},
        "intake:row": {**batch, "row_id": world.row.pk},
        "intake:changes": {"pk": world.returned.pk},
        "intake:take_over": {"pk": world.returned.pk},
        "intake:original_list": {"pk": world.returned.pk},
        "improvement:amend": {**task, "diagnosis_id": world.diagnosis.pk},
        "changes:answer": {"pk": world.asked.pk},
        "changes:withdraw": {"pk": world.asked_too.pk},
        "changes:ask": task,
        "assessment:return_score": {**task, "assessment_id": world.score.pk},
        "reports:why_due": {**task, "due_id": world.due.pk},
        "feedback-report": {"report_id": world.report.pk},
        "reports:amend": {**task, "report_id": world.report.pk},
        "reports:result": {**task, "counting_id": world.counting.pk},
        "reports:month": {},
        "reports:packs": {},
        "reports:pack": unit,
        "reports:pack_progress": unit,
        "reports:sets": {},
        "reports:set_results": category,
        "reports:export_results": category,
        "reports:date_set": category,
    }
    fronts = {
        "task": task, "why": task, "brief": task, "reports": task, "tasks": task,
        "improvement": task, "assessment": task,
        "files": file, "intake": batch,
    }  # fmt: skip
    for rest in ("unit", "edit_unit", "close_unit", "reopen_unit"):
        names[f"people:{rest}"] = unit
    for rest in ("open_view", "edit_view", "replace_view", "delete_view"):
        names[f"people:{rest}"] = {"view_id": world.view.pk}
    for rest in ("body", "edit_body", "add_seat", "hold_meeting"):
        names[f"people:{rest}"] = body
    for rest in (
        "person", "edit_person", "transfer_person", "leave", "readmit_person", "appoint",
        "unlock", "reset_password", "switch_account",
    ):  # fmt: skip
        names[f"people:{rest}"] = person
    for rest in (
        "page", "edit", "new_version", "compare", "explain", "explain_docx", "file",
        "remove",
    ):  # fmt: skip
        names[f"measures:{rest}"] = measure
    for rest in ("category", "edit_category"):
        names[f"measures:{rest}"] = category
    bare = {
        "tasks:register", "tasks:category_fields", "tasks:issue_many", "tasks:complete_drafts",
        "intake:index", "intake:upload", "intake:template", "assessment:many",
        "intake:change_lists",
    }  # fmt: skip
    return {
        name: names.get(name, {} if name in bare else fronts.get(name.partition(":")[0], {}))
        for name in DOORS
    }
