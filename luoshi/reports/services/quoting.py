"""Passages a report quotes, how much of it is copied, which problems it passes over (RPT-3).

weigh(...)        before a report is written: resolve, measure, refuse what the measure forbids
write(...)        beside the report: its quotations and what it leaves out
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from luoshi.kit.verdict import Refused, stands
from luoshi.measures.models import Measure
from luoshi.people.models import Person
from luoshi.reports.models import PassedOver, Quotation, Report
from luoshi.reports.queries.passages import Passage
from luoshi.reports.queries.quoting import Told, look
from luoshi.reports.rules import copying as rules
from luoshi.reports.rules.copying import Copying, Mark, Problem
from luoshi.tasks.models import Task


@dataclass(frozen=True)
class Weighed:
    """What a report takes over from sub-tasks and what it leaves out."""

    passages: Sequence[Passage] = ()
    #: None where there is nothing below to copy from.
    copying: Copying | None = None
    passed_over: Sequence[Problem] = ()
    irrelevant: Collection[str] = field(default_factory=frozenset)

    @property
    def share(self) -> int | None:
        return self.copying.share if self.copying else None

    @property
    def said(self) -> dict[str, int]:
        """What the trail says of it; nothing where there is nothing to say."""
        told = {
            "copied": self.share or 0,
            "quoted": len(self.passages),
            "passed_over": len(self.passed_over),
        }
        return {name: number for name, number in told.items() if number}


def weigh(
    task: Task,
    person: Person,
    texts: Collection[str],
    *,
    policy: Measure,
    since: dt.datetime | None,
    quotes: Sequence[str] = (),
    irrelevant: Collection[str] = (),
    kept: Iterable[Mark] = (),
) -> Weighed:
    """What a report takes over and leaves out (see `quoting.look`).

    ``irrelevant``: names of problems ticked as not relevant here. Raises Refused for a passage that
    may not be quoted, and for more copying than the measure allows.
    """
    seen = look(task, person, texts, since=since, quotes=quotes, kept=kept)
    _refuse_lost(quotes, seen.passages)
    if seen.copying:
        stands(rules.copying_stands(seen.copying, policy.copied_at_most), "body")
    return Weighed(seen.passages, seen.copying, seen.passed_over, frozenset(irrelevant))


def _refuse_lost(quotes: Sequence[str], passages: Sequence[Passage]) -> None:
    if len(set(filter(None, quotes))) > len(passages):
        raise Refused(
            _("A quoted passage is not there any more, or you may not see it; choose again."),
            "quotes",
        )
    if len(passages) > rules.MOST_QUOTATIONS:
        raise Refused(
            _("A report quotes %(most)s passages at most; yours quotes %(count)s.")
            % {"most": rules.MOST_QUOTATIONS, "count": len(passages)},
            "quotes",
        )


def write(report: Report, weighed: Weighed) -> None:
    """Note what a report quotes and what it leaves out. Nothing to note, nothing asked."""
    if weighed.passages:
        Quotation.objects.bulk_create(
            Quotation(
                report=report,
                source=one.source,
                letter=one.mark.letter,
                start=one.mark.start,
                text=one.text,
                order=place,
            )
            for place, one in enumerate(weighed.passages)
        )
    if weighed.passed_over:
        PassedOver.objects.bulk_create(
            _left_out(report, problem, problem.name in weighed.irrelevant)
            for problem in weighed.passed_over
        )


def _left_out(report: Report, problem: Problem, irrelevant: bool) -> PassedOver:
    told = problem.about
    assert isinstance(told, Told)
    return PassedOver(
        report=report,
        source=told.report,
        letter=told.mark.letter,
        text=problem.text,
        irrelevant=irrelevant,
    )
