"""Duties of posts and what a duty may do (ORG-2, ORG-3). An auditor can read this file.

A post is a chair: a unit, a duty and, where set, a field (安全, 党建 …). Who sits in it is data;
what the chair may do is the table below. A power reaches as far as the post's unit and field do:
a post at the root unit reaches the whole institution.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Duty(TextChoices):
    """What somebody sits in a chair for."""

    TOP_LEADER = "top_leader", _("Top leader")
    IN_CHARGE = "in_charge", _("Leader in charge")
    LIAISON = "liaison", _("Liaison leader")
    SECRETARY = "secretary", _("Secretary (acts for a leader)")
    HEAD = "head", _("Unit head")
    DEPUTY = "deputy", _("Deputy head")
    SECTION_HEAD = "section_head", _("Section head")
    MEMBER = "member", _("Staff member")
    GOAL_OFFICE = "goal_office", _("Goal office")
    SUPERVISION = "supervision", _("Supervision office")
    INSPECTION_ROOM = "inspection_room", _("Discipline inspection room")
    INSPECTION_OFFICE = "inspection_office", _("Discipline commission office")
    FUNCTIONAL = "functional", _("Functional office of a goal type")
    BUSINESS = "business", _("Business office")
    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    AUDIT_ADMIN = "audit_admin", _("Audit administrator")


class Power(TextChoices):
    """One thing a duty lets its holder do, as far as the post reaches."""

    SEE = "see", _("See all tasks within reach")
    REGISTER = "register", _("Register tasks")
    ISSUE = "issue", _("Issue tasks")
    IMPORT = "import", _("Import task tables")
    CANCEL = "cancel", _("Cancel tasks")
    EDIT_MEASURES = "edit_measures", _("Edit measures and categories")
    EDIT_PEOPLE = "edit_people", _("Edit units, people and posts")
    EDIT_ACCOUNTS = "edit_accounts", _("Unlock accounts and reset passwords")
    READ_TRAIL = "read_trail", _("Search the trail")
    EDIT_CALENDAR = "edit_calendar", _("Edit holidays and working days")
    ANSWER = "answer", _("Answer questions about the system")


#: Duties that lead the unit of their post.
LEADING = (Duty.TOP_LEADER, Duty.IN_CHARGE, Duty.HEAD, Duty.SECTION_HEAD)

#: 三员分立: nobody holds two of these at a time (SYS-3).
ADMINISTRATORS = frozenset({Duty.SYSTEM_ADMIN, Duty.SECURITY_ADMIN, Duty.AUDIT_ADMIN})

_OFFICE = frozenset(
    {
        Power.SEE,
        Power.REGISTER,
        Power.ISSUE,
        Power.IMPORT,
        Power.CANCEL,
        Power.EDIT_MEASURES,
        Power.EDIT_CALENDAR,
        Power.ANSWER,
    }
)

#: What each duty may do; a duty that is missing may do only what everybody may.
POWERS: dict[Duty, frozenset[Power]] = {
    Duty.TOP_LEADER: frozenset({Power.SEE, Power.REGISTER, Power.ISSUE}),
    Duty.IN_CHARGE: frozenset({Power.SEE, Power.REGISTER, Power.ISSUE}),
    Duty.LIAISON: frozenset({Power.SEE}),
    Duty.HEAD: frozenset({Power.SEE, Power.REGISTER, Power.ISSUE}),
    Duty.DEPUTY: frozenset({Power.SEE}),
    Duty.SECTION_HEAD: frozenset({Power.SEE}),
    Duty.GOAL_OFFICE: _OFFICE,
    Duty.SUPERVISION: _OFFICE - {Power.EDIT_MEASURES, Power.EDIT_CALENDAR, Power.ANSWER},
    Duty.INSPECTION_ROOM: frozenset({Power.SEE}),
    Duty.INSPECTION_OFFICE: frozenset({Power.SEE}),
    Duty.FUNCTIONAL: frozenset({Power.SEE, Power.REGISTER, Power.ISSUE, Power.IMPORT}),
    Duty.BUSINESS: frozenset({Power.SEE}),
    Duty.SYSTEM_ADMIN: frozenset({Power.EDIT_PEOPLE, Power.EDIT_CALENDAR}),
    Duty.SECURITY_ADMIN: frozenset({Power.EDIT_ACCOUNTS}),
    Duty.AUDIT_ADMIN: frozenset({Power.READ_TRAIL}),
}
