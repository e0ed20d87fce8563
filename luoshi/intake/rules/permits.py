"""Who may do what with a batch, and when. Pure functions on what is counted."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from luoshi.kit.verdict import ALLOWED, Verdict, denied

#: All tasks of a batch are shown by one update; more of them would keep other writers waiting.
MOST_TASKS = 10_000


@dataclass(frozen=True)
class Counts:
    """How a batch stands: rows to become tasks, rows in the way, names that wait."""

    tasks: int
    warnings: int
    errors: int
    names: int


def may_import(*, power: bool) -> Verdict:
    """Only who holds the power to import."""
    if power:
        return ALLOWED
    return denied(_("Only the goal office and functional offices import task tables."), "import")


def may_change(*, is_open: bool, state: str) -> Verdict:
    """Whether rows, names and columns may still be changed."""
    if is_open:
        return ALLOWED
    return denied(_("The table is %(state)s; it can no longer be changed.") % {"state": state})


def may_publish(counts: Counts, *, checked: bool) -> Verdict:
    """Whether the batch can be imported as it stands, and if not, what is in the way."""
    if not checked:
        return denied(_("Confirm the columns first."))
    if counts.errors:
        return denied(
            ngettext(
                "%(n)s row cannot be imported; correct it or leave it out.",
                "%(n)s rows cannot be imported; correct them or leave them out.",
                counts.errors,
            )
            % {"n": counts.errors}
        )
    if counts.names:
        return denied(
            ngettext(
                "%(n)s name or date is still open; settle it first.",
                "%(n)s names or dates are still open; settle them first.",
                counts.names,
            )
            % {"n": counts.names}
        )
    if counts.warnings:
        return denied(
            ngettext(
                "%(n)s row rests on an assumption; confirm it first.",
                "%(n)s rows rest on assumptions; confirm them first.",
                counts.warnings,
            )
            % {"n": counts.warnings}
        )
    if counts.tasks > MOST_TASKS:
        return denied(
            _("More than %(most)s tasks cannot be imported at once. Divide the table.")
            % {"most": MOST_TASKS}
        )
    if not counts.tasks:
        return denied(_("No row of the table would become a task."))
    return ALLOWED


def may_undo(*, published: bool, issued: int, changed: int) -> Verdict:
    """Whether an import may be undone: only while all its tasks are the drafts it made."""
    if not published:
        return denied(_("Only an import that was carried out can be undone."))
    if issued:
        return denied(
            ngettext(
                "%(n)s task of this import was issued already; cancel it on its own page.",
                "%(n)s tasks of this import were issued already; cancel them on their own pages.",
                issued,
            )
            % {"n": issued}
        )
    if changed:
        return denied(
            ngettext(
                "%(n)s draft of this import was worked on since; throw it away on its own page.",
                "%(n)s drafts of this import were worked on since; throw them away on their own "
                "pages.",
                changed,
            )
            % {"n": changed}
        )
    return ALLOWED
