"""A row of the page of the month as it stands in the form: what is typed, what is wrong with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from luoshi.kit.once import new_key
from luoshi.kit.pages import page
from luoshi.reports.models import Report
from luoshi.reports.queries.month import Line, path_of
from luoshi.reports.rules.copying import Problem
from luoshi.reports.rules.month import RowState


@dataclass
class Typed:
    """What stands in the fields of a row."""

    progress: str = ""
    was: str = ""
    body: str = ""
    problems: str = ""
    help_needed: str = ""
    next_step: str = ""
    achieved: str = ""
    complete: bool = False
    unchanged: bool = False
    cited: set[int] = field(default_factory=set)
    kept: list[dict[str, Any]] = field(default_factory=list)
    key: str = field(default_factory=new_key)
    rev: int = 0

    @property
    def more(self) -> bool:
        """Whether something stands in the fields that are folded away."""
        return bool(self.problems or self.help_needed or self.next_step)

    @property
    def anything(self) -> bool:
        told = self.body or self.more or self.achieved or self.complete or self.cited or self.kept
        return bool(told or self.unchanged or self.progress != self.was)


class Errors(dict[str, Sequence[str]]):
    """Sentences by field; a field without any has none, which templates learn at no cost."""

    def __missing__(self, name: str) -> Sequence[str]:
        return ()


@dataclass
class Row:
    """A row of the page: what is known, what is typed, what is wrong with it."""

    line: Line
    typed: Typed
    state: RowState
    errors: Errors = field(default_factory=Errors)
    #: What somebody else reported while this person was writing.
    other: Report | None = None
    report: Report | None = None
    #: Typed before the last log-out; not kept as a draft of the row yet.
    unsaved: bool = False
    stale: bool = False
    #: Problems that sub-tasks told and the row does not mention; those ticked as not relevant.
    left_out: Sequence[Problem] = ()
    irrelevant: Collection[str] = ()

    @property
    def open(self) -> bool:
        return self.report is None and (self.line.open or bool(self.errors))

    @property
    def ident(self) -> str:
        return self.line.name if self.open else f"d{self.line.due.pk}"

    @property
    def draft(self) -> str:
        """The address under which its draft is kept."""
        return path_of(self.line)

    @property
    def upload(self) -> str:
        """Where files for it are received before it is filed."""
        return page("reports:keep_evidence", self.line.due.task_id)

    @property
    def general(self) -> Sequence[str]:
        """What is wrong with the row as a whole."""
        shown = {"progress", "achieved", "body", "evidence", "cited", "problems", "complete"}
        shown |= {"help_needed", "next_step", "unchanged"}
        return [said for name in self.errors if name not in shown for said in self.errors[name]]

    @property
    def folded_open(self) -> bool:
        names = {"problems", "help_needed", "next_step", "complete"}
        return self.typed.more or self.typed.complete or bool(names & self.errors.keys())
