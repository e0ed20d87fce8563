"""What holds for diagnosis and improvement (任务诊断与改进: S0; IMP-1).

    months_of(text)                 the months in which a measure asks for a diagnosis
    may_diagnose(task, facts, …)    a Verdict for the button and for the guard
    faults(paper, needs)            what is missing or too long
    state_of(...)                   to come · owed · overdue · on time · late

Pure functions: no database, no clock.
"""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class DiagnosisStatus(TextChoices):
    """A diagnosis counts when filed; amending writes a new row and leaves the old one AMENDED."""

    FILED = "filed", pgettext_lazy("diagnosis", "filed")
    AMENDED = "amended", pgettext_lazy("diagnosis", "amended since")
