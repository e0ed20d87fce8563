"""Every address of the house, and who may enter: one table, printed into docs/permissions.md.

``tests/permissions`` walks the whole resolver, fails where an address is not named here, and tries
every door as everybody. The verbs of tasks are not decided here but by `lifecycle.PERMITS`, and
what a duty may do by `people.roles.POWERS`; this table only says which of them a door asks.
"""

from dataclasses import dataclass
from enum import StrEnum

from luoshi.people.roles import Power


class Who(StrEnum):
    """Whom a door asks for, besides powers and verbs."""

    ANYBODY = "anybody, logged in or not"
    LOGGED_IN = "everybody who is logged in"
    SEES_TASK = "whoever may see the task"
    SEES_FILE = "whoever may see a thing the file hangs on"
    OWN_MESSAGE = "whom the message was sent to"
    OWN_VIEW = "whoever keeps the view; opening it also those it is shared with"
    OWN_LIST = "who brought the edited list back; every row is asked for by itself"
    OWN_TRANSFER = "whom the transfer was asked of, or who asked for it"
    EACH_ROW = "everybody who is logged in; every task named is asked for by itself"
    EACH_BELOW = "whoever may see the task; every draft below it is asked for by itself"
    DEMO = "anybody, in a demonstration only"
    BUILDERS = "everybody who is logged in, where pages are being built only"


@dataclass(frozen=True)
class Verb:
    """A verb of `lifecycle.PERMITS`, tried on the task of the address, or on its parent."""

    name: str
    on_parent: bool = False


@dataclass(frozen=True)
class Door:
    """One address: its methods, and who may enter."""

    who: Who | Power | Verb
    methods: str = "GET"
    also: str = ""  # further people who may enter, in words
    only: str = ""  # and of all these only some, in words; for the others it does not exist


def _two(who: Who | Power | Verb, also: str = "") -> Door:
    """A form: looked at with GET, sent with POST."""
    return Door(who, "GET POST", also)


def _sent(who: Who | Power | Verb) -> Door:
    return Door(who, "POST")


_IN = Who.LOGGED_IN
_OFFICE = "people of the office that uploaded the table"
_SECRETARIES = "members of the body's secretary office"
_PEOPLE = Power.EDIT_PEOPLE
_RULES = Power.EDIT_MEASURES

#: The table.
DOORS: dict[str, Door] = {
    "healthz": Door(Who.ANYBODY),
    # the desk
    "home": Door(_IN),
    "owed": Door(_IN),
    "counts": Door(_IN),
    "go": Door(_IN),
    "year": _sent(_IN),
    "search": Door(_IN),
    "task-list": Door(_IN),
    "task-export": Door(_IN),
    "feedback": Door(_IN),
    "feedback-export": Door(_IN),
    "feedback-report": Door(Who.SEES_TASK),
    "gantt": Door(_IN),
    "gantt_data": Door(_IN),
    "mosaic": Door(_IN),
    "task": Door(Who.SEES_TASK),
    "why": Door(Who.SEES_TASK),
    "brief": Door(Who.SEES_TASK),
    "trail": Door(Power.READ_TRAIL),
    "trail_export": Door(Power.READ_TRAIL),
    "style": Door(Who.BUILDERS),
    # people: the door of the house, and what everybody keeps
    "people:login": _two(Who.ANYBODY),
    "people:logout": _sent(Who.ANYBODY),
    "people:demo_login": _sent(Who.DEMO),
    "people:language": _sent(Who.ANYBODY),
    "people:password": _two(_IN),
    "people:account": Door(_IN),
    "people:favourite": _sent(_IN),
    "people:draft": _two(_IN),
    "people:views": Door(_IN),
    "people:save_view": _sent(_IN),
    "people:opening_view": _sent(_IN),
    "people:open_view": Door(Who.OWN_VIEW),
    "people:edit_view": _two(Who.OWN_VIEW),
    "people:replace_view": _sent(Who.OWN_VIEW),
    "people:delete_view": _two(Who.OWN_VIEW),
    "people:pick": Door(_IN),
    "people:pick_units": Door(_IN),
    "people:directory": Door(_IN),
    "people:unit": Door(_IN),
    "people:person": Door(_IN),
    "people:bodies": Door(_IN),
    "people:body": Door(_IN),
    # people: units, people and posts
    "people:units": Door(_PEOPLE),
    "people:create_unit": _two(_PEOPLE),
    "people:edit_unit": _two(_PEOPLE),
    "people:close_unit": _two(_PEOPLE),
    "people:reopen_unit": _two(_PEOPLE),
    "people:create_post": _two(_PEOPLE),
    "people:create_kind": _two(_PEOPLE),
    "people:create_field": _two(_PEOPLE),
    "people:rename_post": _two(_PEOPLE),
    "people:seat": _two(_PEOPLE),
    "people:enter_person": _two(_PEOPLE),
    "people:edit_person": _two(_PEOPLE),
    "people:transfer_person": _two(_PEOPLE),
    "people:leave": _two(_PEOPLE),
    "people:readmit_person": _two(_PEOPLE),
    "people:appoint": _two(_PEOPLE),
    "people:unseat": _two(_PEOPLE),
    "people:create_body": _two(_PEOPLE),
    "people:edit_body": _two(_PEOPLE),
    "people:add_seat": _two(_PEOPLE, _SECRETARIES),
    "people:hold_meeting": _two(_PEOPLE, _SECRETARIES),
    "people:end_seat": _two(_PEOPLE, _SECRETARIES),
    "people:record_decision": _two(_PEOPLE, _SECRETARIES),
    "people:import": _two(_PEOPLE),
    "people:apply_import": _sent(_PEOPLE),
    "people:import_template": Door(_IN),
    # people: accounts
    "people:accounts": Door(Power.EDIT_ACCOUNTS),
    "people:unlock": _sent(Power.EDIT_ACCOUNTS),
    "people:reset_password": _two(Power.EDIT_ACCOUNTS),
    "people:switch_account": _sent(Power.EDIT_ACCOUNTS),
    # calendar
    "periods:calendar": Door(Power.EDIT_CALENDAR),
    "periods:seed": _sent(Power.EDIT_CALENDAR),
    "periods:set_day": _two(Power.EDIT_CALENDAR),
    # files and messages
    "files:page": Door(Who.SEES_FILE),
    "files:show": Door(Who.SEES_FILE),
    "files:download": Door(Who.SEES_FILE),
    "files:picture": Door(Who.SEES_FILE),
    "notices:inbox": Door(_IN),
    "notices:mark_all_read": _sent(_IN),
    "notices:help": _two(_IN),
    "notices:answer": Door(Power.ANSWER, "POST"),
    "notices:reminders": Door(_IN),
    "notices:reminders_of": Door(Who.OWN_MESSAGE),
    "notices:read": Door(Who.OWN_MESSAGE),
    # measures: everybody may read the rules
    "measures:index": Door(_IN),
    "measures:page": Door(_IN),
    "measures:compare": Door(_IN),
    "measures:explain": Door(_IN),
    "measures:explain_docx": Door(_IN),
    "measures:file": Door(_IN),
    "measures:category": Door(_IN),
    "measures:set_file": Door(_IN),
    "measures:create": _two(_RULES),
    "measures:import": _two(_RULES),
    "measures:edit": _two(_RULES),
    "measures:new_version": _two(_RULES),
    "measures:remove": _sent(_RULES),
    "measures:create_category": _two(_RULES),
    "measures:edit_category": _two(_RULES),
    "measures:create_programme": _two(_RULES),
    "measures:edit_programme": _two(_RULES),
    # tasks
    "tasks:register": _two(Power.REGISTER),
    "tasks:category_fields": Door(_IN),
    "tasks:issue_many": _sent(Who.EACH_ROW),
    "tasks:complete_drafts": _two(Who.EACH_ROW),
    "tasks:edit": _two(Verb("edit")),
    "tasks:correct": _two(Verb("correct")),
    "tasks:discard": _two(Verb("discard")),
    "tasks:issue": _two(Verb("issue")),
    "tasks:approve": _two(Verb("approve")),
    "tasks:reject": _two(Verb("reject")),
    "tasks:sign": _two(Verb("sign")),
    "tasks:refuse": _two(Verb("refuse")),
    "tasks:accept": _two(Verb("accept")),
    "tasks:send_back": _two(Verb("send_back")),
    "tasks:close": _two(Verb("close")),
    "tasks:cancel": _two(Verb("cancel")),
    "tasks:break_down": _two(Verb("break_down")),
    "tasks:blank_row": Door(Verb("break_down")),
    "tasks:issue_children": _sent(Who.EACH_BELOW),
    "tasks:copy": _two(Verb("break_down", on_parent=True)),
    "tasks:share": _two(Verb("share")),
    "tasks:follow": _sent(Verb("follow")),
    "tasks:count_in": _two(Verb("count_in")),
    "tasks:set_milestones": _two(Verb("set_milestones")),
    "tasks:comment": _two(Verb("comment")),
    "tasks:instruct": _two(Verb("instruct")),
    # reports
    "reports:reports": Door(Who.SEES_TASK),
    "reports:children": Door(Who.SEES_TASK),
    "reports:look": _sent(Who.SEES_TASK),
    "reports:why_due": Door(Who.SEES_TASK),
    "reports:month": _two(Who.EACH_ROW),
    "reports:packs": Door(Power.SEE),
    "reports:pack": _two(Power.SEE),
    "reports:pack_progress": Door(Power.SEE),
    "reports:sets": Door(_IN),
    "reports:set_results": Door(_IN),
    "reports:export_results": Door(_IN),
    "reports:date_set": _sent(Power.REGISTER),
    "reports:keep_evidence": _sent(Verb("amend")),
    "reports:submit": _two(Verb("report")),
    "reports:amend": _two(Verb("amend")),
    "reports:result": _two(Verb("report")),
    "reports:add_document": _two(Verb("attach")),
    # transfers
    "changes:index": Door(_IN),
    "changes:ask_many": _two(Who.EACH_ROW),
    "changes:answer_many": _sent(Who.EACH_ROW),
    "changes:ask": _two(Verb("transfer")),
    "changes:answer": _two(Who.OWN_TRANSFER),
    "changes:withdraw": _two(Who.OWN_TRANSFER),
    # diagnosis and improvement
    "diagnoses": Door(_IN),
    "diagnoses-export": Door(_IN),
    "diagnoses-paper": Door(_IN),
    "improvement:panel": Door(Who.SEES_TASK),
    "improvement:write": _two(Verb("diagnose")),
    "improvement:amend": _two(Verb("diagnose")),
    # assessment
    "assessments": Door(_IN),
    "assessments_export": Door(_IN),
    "timeliness": Door(_IN),
    "timeliness_rows": Door(_IN),
    "timeliness_export": Door(_IN),
    "assessment:many": _two(Who.EACH_ROW),
    "assessment:assess": _two(Verb("assess")),
    "assessment:scores": Door(Who.SEES_TASK),
    "assessment:return_score": _two(Verb("return_score")),
    "assessment:name_assessors": _two(Verb("name_assessors")),
    # import of task tables
    "intake:change_lists": _two(_IN),
    "intake:changes": Door(Who.OWN_LIST),
    "intake:take_over": _sent(Who.OWN_LIST),
    "intake:original_list": Door(Who.OWN_LIST),
    "intake:index": Door(Power.IMPORT),
    "intake:upload": _two(Power.IMPORT),
    "intake:template": Door(Power.IMPORT),
    "intake:batch": Door(Power.IMPORT, only=_OFFICE),
    "intake:columns": Door(Power.IMPORT, "GET POST", only=_OFFICE),
    "intake:progress": Door(Power.IMPORT, only=_OFFICE),
    "intake:settle": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:reopen": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:row": Door(Power.IMPORT, "GET POST", only=_OFFICE),
    "intake:confirm": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:leave_out": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:publish": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:undo": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:drop": Door(Power.IMPORT, "POST", only=_OFFICE),
    "intake:marked": Door(Power.IMPORT, only=_OFFICE),
    "intake:original": Door(Power.IMPORT, only=_OFFICE),
}
