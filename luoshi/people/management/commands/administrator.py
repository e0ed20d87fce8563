"""The first people of a new installation: ``luoshi administrator system 0001 何管理``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from luoshi.kit.verdict import Refused
from luoshi.people.roles import Duty
from luoshi.people.services.setting_up import first_administrator

DUTIES = {
    "system": Duty.SYSTEM_ADMIN,
    "security": Duty.SECURITY_ADMIN,
    "audit": Duty.AUDIT_ADMIN,
}


class Command(BaseCommand):
    help = "Enter an administrator (system, security or audit) and print the first password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("duty", choices=sorted(DUTIES))
        parser.add_argument("number", help="staff number")
        parser.add_argument("name", help="name of the person")
        parser.add_argument("--institution", default="", help="its name, where none is entered yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person, told = first_administrator(
                duty=DUTIES[options["duty"]],
                number=options["number"],
                name=options["name"],
                institution=options["institution"],
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        words = {"name": person.name, "account": person.account, "password": told}
        if told:
            line = _("%(name)s logs in as %(account)s with the password %(password)s.")
        elif told is None:
            line = _("%(name)s holds the post now and logs in as %(account)s as before.")
        else:
            line = _("%(name)s logs in as %(account)s with the initial password.")
        self.stdout.write(line % words)
