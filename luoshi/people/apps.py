from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from luoshi.kit import gate, once
from luoshi.trail import kinds

VERBS = {
    "unit.kind": _("added a kind of unit"),
    "field.create": _("added a field of responsibility"),
    "unit.create": _("opened the unit"),
    "unit.rename": _("renamed the unit"),
    "unit.move": _("moved the unit"),
    "unit.edit": _("changed the unit"),
    "unit.close": _("closed the unit"),
    "unit.reopen": _("opened the unit again"),
    "post.create": _("set up a post"),
    "post.rename": _("renamed a post"),
    "post.seat": _("put into a post"),
    "post.unseat": _("ended time in a post"),
    "person.enter": _("entered the person"),
    "person.edit": _("changed what is known of the person"),
    "person.transfer": _("transferred the person"),
    "person.leave": _("recorded the leaving"),
    "person.readmit": _("took the person back"),
    "person.change_password": _("changed the password"),
    "person.set_password": _("set a password"),
    "person.reset_password": _("reset the password"),
    "person.unlock": _("unlocked the account"),
    "person.switch_on": _("switched the account on"),
    "person.switch_off": _("switched the account off"),
    "person.log_in": _("logged in"),
    "body.create": _("set up the body"),
    "body.edit": _("changed the body"),
    "body.seat": _("made a member of the body"),
    "body.unseat": _("ended a membership of the body"),
    "body.meet": _("entered a meeting"),
    "body.decide": _("entered a decision"),
    "view.share": _("shared a view"),
    "view.withdraw": _("took a shared view back"),
}


class PeopleConfig(AppConfig):
    name = "luoshi.people"
    label = "people"

    def ready(self) -> None:
        for verb, label in VERBS.items():
            kinds.register(verb, label)
        gate.answered_by("luoshi.people.queries.holds")
        gate.helped_by("luoshi.people.queries.helpers")
        once.kept_by("luoshi.people.services.keeping.known_content")
