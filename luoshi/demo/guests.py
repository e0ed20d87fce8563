"""Whom visitors may enter as, by name, and in which role."""

from django.utils.translation import gettext_lazy as _

from luoshi.demo.texts import staff_number
from luoshi.people import kinds

GUESTS = (
    ("罗思敏", _("Goal office")),
    ("韩明哲", _("Head of a department")),
    ("许振华", _("Dean of a school")),
    ("骆文博", _("Teacher with personal tasks")),
    ("方志成", _("Leader in charge")),
    ("陆文渊", _("Top leader")),
    ("范国强", _("Assessor")),
    ("毛志强", _("Supervision office")),
    ("陶然", _("System administrator")),
    ("雷振宇", _("Security administrator")),
    ("祝晓燕", _("Audit administrator")),
)


def offer() -> None:
    """Have the log-in page show them."""
    for name, role in GUESTS:
        kinds.show_guest(staff_number(name), role)
