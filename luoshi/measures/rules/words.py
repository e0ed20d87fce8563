"""What each setting makes the system do, in plain words (★ CAT-5).

One function per section; together they mention every key, and a test changes each key and looks
whether the page changes.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from luoshi.measures.rules import (
    Average,
    Before,
    CancelBy,
    CompletedBy,
    Gate,
    Health,
    LateReport,
    Mode,
    OnSilence,
    ProgressRule,
    Purpose,
    Rhythm,
    RollUp,
    SplitKind,
    Urgency,
    Visibility,
)
from luoshi.measures.rules.keys import (
    DEFAULT_LIGHTS,
    Content,
    Known,
    Sentence,
    Stage,
    Table,
)
from luoshi.measures.rules.numbers import number_of
from luoshi.people.roles import Duty

STAGE_TITLES = {
    Stage.SETTING_UP: gettext_lazy("Setting up a task"),
    Stage.ISSUING: gettext_lazy("Issuing and signing"),
    Stage.BREAKING_DOWN: gettext_lazy("Breaking down"),
    Stage.REPORTING: gettext_lazy("Reporting"),
    Stage.WATCHING: gettext_lazy("What the colours mean"),
    Stage.CHANGING: gettext_lazy("Changing course"),
    Stage.FINISHING: gettext_lazy("Reviewing and assessing"),
    Stage.DIAGNOSING: gettext_lazy("Diagnosis and improvement"),
    Stage.CLOSING: gettext_lazy("End of the year"),
    Stage.SEEING: gettext_lazy("Who may see"),
}


def span(days: int, content: Content) -> str:
    """A number of days, working or calendar as the measure counts."""
    change: Any = content["change"]
    if change["working_days"]:
        text = ngettext("%(count)s working day", "%(count)s working days", days)
    else:
        text = ngettext("%(count)s day", "%(count)s days", days)
    return text % {"count": days}


def _say(section: str, stage: Stage, text: str, *keys: str) -> Sentence:
    return Sentence(stage, text, tuple(f"{section}.{key}" for key in keys))


def line_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    chain: Any = content["chain"]
    preset = any(link["purpose"] == Purpose.ISSUE for link in chain)
    yield _say("line", Stage.ISSUING, _approval(data["approval"], preset), "approval")
    yield _say("line", Stage.ISSUING, _sign_off(data["sign_off"]), "sign_off")
    if data["sign_off"] != Gate.NEVER:
        yield from _signing(data, content)
    yield _say("line", Stage.FINISHING, _review(data["review"]), "review")
    yield _say("line", Stage.FINISHING, _assessment(data["assessment"]), "assessment")


def _approval(gate: str, preset: bool) -> str:
    if gate == Gate.NEVER:
        return _("A registered task is issued without approval.")
    if gate == Gate.ALWAYS:
        return _("Every task must be approved before it is issued.")
    if preset:
        return _(
            "Whoever registers a task may ask for approval before issue; the approvers below are "
            "preset, and more may be added for this one matter."
        )
    return _(
        "Whoever registers a task may ask for approval before issue, and chooses the approvers and "
        "their order."
    )


def _sign_off(gate: str) -> str:
    if gate == Gate.NEVER:
        return _("Nobody has to sign for a task: it is under way as soon as it is issued.")
    if gate == Gate.ALWAYS:
        return _(
            "Whoever a task is issued to signs for it, or refuses with a reason; a refused task "
            "goes back to its creator as a draft."
        )
    return _("Whoever registers a task decides whether it must be signed for.")


def _signing(data: Table, content: Content) -> Iterator[Sentence]:
    if data["sign_days"] is None:
        yield _say("line", Stage.ISSUING, _("There is no time limit for signing."), "sign_days")
        return
    values = {"span": span(data["sign_days"], content)}
    texts = {
        OnSilence.NOTHING: _(
            "Signing takes %(span)s at most; if nobody has signed by then, the task stays open for "
            "signing."
        ),
        OnSilence.ASK: _(
            "Signing takes %(span)s at most; if nobody has signed by then, the sender confirms."
        ),
        OnSilence.ACCEPTED: _(
            "Signing takes %(span)s at most; if nobody has signed by then, the task counts as "
            "signed."
        ),
    }
    text = texts[OnSilence(data["on_silence"])] % values
    yield _say("line", Stage.ISSUING, text, "sign_days", "on_silence")


def _review(gate: str) -> str:
    if gate == Gate.NEVER:
        return _("A completed task is done at once; nobody reviews it.")
    if gate == Gate.ALWAYS:
        return _("A completed task is reviewed: the reviewer accepts it or sends it back for more.")
    return _("Whoever registers a task decides whether its completion is reviewed.")


def _assessment(gate: str) -> str:
    if gate == Gate.NEVER:
        return _("Tasks are not assessed.")
    if gate == Gate.ALWAYS:
        return _("Every task is assessed by the assessors named on it before it can be closed.")
    return _("Whoever registers a task decides whether it is assessed.")


def breaking_down_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    def say(text: str, *keys: str, stage: Stage = Stage.BREAKING_DOWN) -> Sentence:
        return _say("breaking_down", stage, text, *keys)

    for key, yes, no in (
        (
            "needs_due",
            _("A task cannot be issued without a due date."),
            _("A task may be issued without a due date."),
        ),
        (
            "needs_details",
            _("A task cannot be issued without its details."),
            _("A task may be issued without details."),
        ),
        (
            "needs_standard",
            _("A task cannot be issued without its assessment standard."),
            _("A task may be issued without an assessment standard."),
        ),
    ):
        yield say(yes if data[key] else no, key, stage=Stage.SETTING_UP)
    splits = {
        SplitKind.NONE: _("Tasks are not broken down."),
        SplitKind.UNIT: _(
            "The responsible person may break down a unit task into unit tasks and personal tasks; "
            "personal tasks are not broken down further."
        ),
        SplitKind.ALL: _("The responsible person may break down unit tasks and personal tasks."),
    }
    yield say(splits[SplitKind(data["split"])], "split")
    if data["split"] != SplitKind.NONE:
        yield say(_depth(data["split_depth"]), "split_depth")
        yield say(
            _("A sub-task is due no later than the task it belongs to.")
            if data["child_due_within"]
            else _("A sub-task may be due later than the task it belongs to."),
            "child_due_within",
        )
        yield say(_roll_up(data["roll_up"]), "roll_up")
    yield say(
        _("Personal tasks are assessed like unit tasks.")
        if data["personal_assessed"]
        else _("Personal tasks are not assessed."),
        "personal_assessed",
        stage=Stage.FINISHING,
    )


def _depth(depth: int | None) -> str:
    if depth is None:
        return _("The number of levels below a task is not limited.")
    return ngettext(
        "Below a task there may be %(count)s level at most.",
        "Below a task there may be %(count)s levels at most.",
        depth,
    ) % {"count": depth}


def _roll_up(roll_up: str) -> str:
    texts = {
        RollUp.MANUAL: _(
            "The responsible person sums up what the sub-tasks reported in words of their own; the "
            "progress of a task is never computed from its sub-tasks."
        ),
        RollUp.MEAN: _("The progress of a task is the weighted mean of its sub-tasks."),
        RollUp.MINIMUM: _("The progress of a task is that of its slowest sub-task."),
    }
    return texts[RollUp(roll_up)]


def reporting_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    def say(text: str, *keys: str, stage: Stage = Stage.REPORTING) -> Sentence:
        return _say("reporting", stage, text, *keys)

    yield say(_rhythm(data["rhythm"], data["report_day"]), "rhythm", "report_day")
    if data["rhythm"] != Rhythm.NONE:
        yield from _lateness(data)
    yield say(
        _("Every report says in words how the task stands.")
        if data["needs_text"]
        else _("A report may consist of the progress alone."),
        "needs_text",
    )
    yield say(
        _("Every report carries evidence: a file, or one cited from a sub-task.")
        if data["needs_evidence"]
        else _("Evidence may be added to a report, but need not."),
        "needs_evidence",
    )
    yield say(_progress(data["progress_rule"]), "progress_rule")
    yield say(_report_approval(data["report_approval"], content), "report_approval")
    yield say(_completed(data["completed_by"]), "completed_by")
    yield say(
        _(
            "A task of another set that counts in this one too is reported on in its own set; here "
            "it owes only a final result, by a date named for it."
        )
        if data["result_only"]
        else _(
            "A task of another set that counts in this one too is reported on in its own set; a "
            "final result is owed here only where a date is named for it."
        ),
        "result_only",
    )
    yield say(_copied(data["copied_at_most"]), "copied_at_most")
    yield say(_unchanged(data["unchanged_at_most"]), "unchanged_at_most")


def _copied(percent: int | None) -> str:
    if percent is None:
        return _("The share of text copied from sub-tasks is shown, but not limited.")
    return _(
        "At most %(percent)s percent of a report may be copied from the reports on its sub-tasks."
    ) % {"percent": percent}


def _unchanged(times: int | None) -> str:
    if times is None:
        return _("“No change” may be reported with a reason, as often as needed.")
    if times == 0:
        return _("“No change” may not be reported.")
    return ngettext(
        "“No change” may be reported with a reason, %(count)s time in a row at most.",
        "“No change” may be reported with a reason, %(count)s times in a row at most.",
        times,
    ) % {"count": times}


def reminders_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    if data["remind_before"]:
        before = _(
            "The responsible person is reminded so many days before a task is due: %(days)s."
        ) % {"days": _(", ").join(str(day) for day in data["remind_before"])}
    else:
        before = _("Nobody is reminded that a task will soon be due.")
    yield _say("reminders", Stage.WATCHING, before, "remind_before")
    if data["remind_on"]:
        on = _(
            "Whoever has not reported yet is reminded on these days of the month: %(days)s; on a "
            "day off, on the last working day before."
        ) % {"days": _(", ").join(str(day) for day in data["remind_on"])}
    else:
        on = _("Nobody is reminded of a report that is missing.")
    yield _say("reminders", Stage.WATCHING, on, "remind_on")


def assessment_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    texts = {
        Average.MEAN: _("The result of several assessors is the mean of their points."),
        Average.TRIMMED: _(
            "The result of several assessors is the mean of their points without the highest and "
            "the lowest; of two or fewer, the mean of all."
        ),
        Average.MEDIAN: _("The result of several assessors is the middle one of their points."),
        Average.LOWEST: _("The result of several assessors is the lowest of their points."),
        Average.HIGHEST: _("The result of several assessors is the highest of their points."),
    }
    text = texts[Average(data["average"])]
    yield _say("assessment", Stage.FINISHING, text, "average")


def _rhythm(rhythm: str, day: int | None) -> str:
    texts = {
        Rhythm.NONE: _(
            "Reports are not due at fixed times; they may be given whenever there is news."
        ),
        Rhythm.WEEKLY: _("Every week at least one report is due, by day %(day)s of the week."),
        Rhythm.MONTHLY: _("Every month at least one report is due, by day %(day)s."),
        Rhythm.BIMONTHLY: _(
            "Every two months at least one report is due, by day %(day)s of the second month."
        ),
        Rhythm.QUARTERLY: _(
            "Every quarter at least one report is due, by day %(day)s of its last month."
        ),
        Rhythm.HALF_YEARLY: _(
            "Every half year at least one report is due, by day %(day)s of its last month."
        ),
        Rhythm.AFTER_ISSUE: _("Reports are due on fixed days after issue."),
        Rhythm.OWN_DATES: _("Reports are due on fixed days of the year."),
    }
    text = texts[Rhythm(rhythm)]
    return text % {"day": day} if day else text


def _lateness(data: Table) -> Iterator[Sentence]:
    if data["grace_days"]:
        text = ngettext(
            "A report that comes up to %(count)s day later is still on time.",
            "A report that comes up to %(count)s days later is still on time.",
            data["grace_days"],
        ) % {"count": data["grace_days"]}
    else:
        text = _("There are no days of grace.")
    yield _say("reporting", Stage.REPORTING, text, "grace_days")
    late = (
        _("A report after that day counts for its own period, as late.")
        if data["late_report"] == LateReport.LATE
        else _("A report after that day counts for the next period; its own stays unreported.")
    )
    yield _say("reporting", Stage.REPORTING, late, "late_report")


def _progress(rule: str) -> str:
    if rule == ProgressRule.FORWARD:
        return _(
            "Progress only runs forward, from 0 to 100 percent. Whoever has to step back edits the "
            "newest report, and not below the report before it."
        )
    return _("Progress may go forward and back between 0 and 100 percent.")


def _completed(completed_by: str) -> str:
    if completed_by == CompletedBy.PROGRESS:
        return _(
            "A report of 100 percent completes the task and ends reporting; to go on, that report "
            "is edited below 100 percent first."
        )
    return _("Only a completion report completes a task; progress alone does not.")


def _report_approval(gate: str, content: Content) -> str:
    chain: Any = content["chain"]
    if gate == Gate.NEVER:
        return _("A report counts at once, without approval.")
    if gate == Gate.ALWAYS:
        return _("A report counts only after it is approved.")
    if any(link["purpose"] == Purpose.REPORT for link in chain):
        return _(
            "Whoever reports may ask for approval first; the approvers below are preset, and more "
            "may be added for this one report."
        )
    return _(
        "Whoever reports may ask for approval first, and chooses the approvers and their order."
    )


def report_days_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    if data["after_issue"]:
        text = _("Reports are due on these days after issue: %(days)s.") % {
            "days": _(", ").join(str(day) for day in data["after_issue"])
        }
        yield _say("report_days", Stage.REPORTING, text, "after_issue")
    if data["dates"]:
        text = _("Reports are due every year by: %(days)s.") % {"days": _(", ").join(data["dates"])}
        yield _say("report_days", Stage.REPORTING, text, "dates")


def change_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    def say(text: str, *keys: str, stage: Stage = Stage.CHANGING) -> Sentence:
        return _say("change", stage, text, *keys)

    yield say(
        _("Days allowed are counted in working days.")
        if data["working_days"]
        else _("Days allowed are counted in calendar days."),
        "working_days",
        stage=Stage.SETTING_UP,
    )
    extends = {
        Before.NEVER: _("No extension may be asked for."),
        Before.BEFORE: _("An extension may be asked for only before the due date."),
        Before.ANY: _("An extension may be asked for at any time, also after the due date."),
    }
    yield say(extends[Before(data["extend"])], "extend")
    if data["extend"] != Before.NEVER:
        yield say(_extend_times(data["extend_times"]), "extend_times")
    cancels = {
        CancelBy.CREATOR: _("A task is cancelled only by its creator; its sub-tasks go with it."),
        CancelBy.OFFICE: _("A task is cancelled only by the office; its sub-tasks go with it."),
        CancelBy.BOTH: _(
            "A task is cancelled by its creator or by the office; its sub-tasks go with it."
        ),
    }
    yield say(cancels[CancelBy(data["cancel_by"])], "cancel_by")
    yield say(
        _("What is unfinished at the end of the year may be carried over into the next.")
        if data["carry_over"]
        else _("What is unfinished at the end of the year is closed as unfinished."),
        "carry_over",
        stage=Stage.CLOSING,
    )


def _extend_times(times: int | None) -> str:
    if times is None:
        return _("How often an extension may be asked for is not limited.")
    return ngettext(
        "A task may be extended %(count)s time at most.",
        "A task may be extended %(count)s times at most.",
        times,
    ) % {"count": times}


def diagnosis_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    if data["diagnose_in"]:
        text = _(
            "Every year, by the end of these months, the responsible person writes down what the "
            "problem is and what will be improved: %(months)s."
        ) % {"months": _(", ").join(str(month) for month in data["diagnose_in"])}
    else:
        text = _("No diagnosis is asked for.")
    yield _say("diagnosis", Stage.DIAGNOSING, text, "diagnose_in")
    for key, yes, no in (
        (
            "needs_cause",
            _("A diagnosis names the cause of the problem."),
            _("A diagnosis may leave out the cause of the problem."),
        ),
        (
            "needs_action_owner",
            _("Every improvement names the person who carries it out."),
            _("An improvement need not name the person who carries it out."),
        ),
        (
            "needs_action_date",
            _("Every improvement names the day by which it is done."),
            _("An improvement need not name a day."),
        ),
    ):
        yield _say("diagnosis", Stage.DIAGNOSING, yes if data[key] else no, key)


def visibility_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    texts = {
        Visibility.EVERYONE: _("Everybody in the institution may look up every task of this kind."),
        Visibility.SUBTREE: _("A task is seen in its own unit and in those above it."),
        Visibility.INVOLVED: _("A task is seen only by those who take part in it."),
    }
    yield _say("visibility", Stage.SEEING, texts[Visibility(data["visibility"])], "visibility")
    public = (
        _("Tasks may be shown on the public board.")
        if data["public"]
        else _("Tasks are never shown on the public board.")
    )
    yield _say("visibility", Stage.SEEING, public, "public")


def numbering_words(data: Table, content: Content, known: Known) -> Iterator[Sentence]:
    text = _(
        "At issue a task gets the next number of its category and year, such as %(example)s; no "
        "number is given twice and none is left out."
    ) % {"example": number_of(data["number_pattern"], 2026, 18)}
    yield _say("numbering", Stage.ISSUING, text, "number_pattern")


def chain_words(data: list[Table], content: Content, known: Known) -> Iterator[Sentence]:
    stages = {
        Purpose.ISSUE: Stage.ISSUING,
        Purpose.REPORT: Stage.REPORTING,
        Purpose.EXTEND: Stage.CHANGING,
    }
    places: dict[str, int] = {}
    for link in data:
        purpose = Purpose(link["purpose"])
        place = places[purpose] = places.get(purpose, 0) + 1
        yield _say("chain", stages[purpose], _link(link, place, known), f"{purpose}.{place}")


def _link(link: Table, place: int, known: Known) -> str:
    who = (
        str(Duty(link["duty"]).label)
        if link["duty"]
        else known.bodies.get(link["body"], link["body"])
    )
    text = _decides(Purpose(link["purpose"]), Mode(link["mode"])) % {"place": place, "who": who}
    conditions = []
    if link["from_days"] is not None:
        conditions.append(
            _("only when at least %(count)s more days are asked for") % {"count": link["from_days"]}
        )
    if link["from_count"] is not None:
        conditions.append(
            _("only from extension number %(count)s on") % {"count": link["from_count"]}
        )
    if not conditions:
        return text
    return _("%(sentence)s This step is taken %(conditions)s.") % {
        "sentence": text,
        "conditions": _(" and ").join(conditions),
    }


def _decides(purpose: Purpose, mode: Mode) -> str:
    """The sentence of a step, with places for its number and for who decides."""
    texts = {
        (Purpose.ISSUE, Mode.ANY): _(
            "Approval before issue, step %(place)s: %(who)s, one agreement is enough."
        ),
        (Purpose.ISSUE, Mode.ALL): _(
            "Approval before issue, step %(place)s: %(who)s, all must agree."
        ),
        (Purpose.REPORT, Mode.ANY): _(
            "Approval of reports, step %(place)s: %(who)s, one agreement is enough."
        ),
        (Purpose.REPORT, Mode.ALL): _(
            "Approval of reports, step %(place)s: %(who)s, all must agree."
        ),
        (Purpose.EXTEND, Mode.ANY): _(
            "Approval of extensions, step %(place)s: %(who)s, one agreement is enough."
        ),
        (Purpose.EXTEND, Mode.ALL): _(
            "Approval of extensions, step %(place)s: %(who)s, all must agree."
        ),
    }
    return texts[purpose, mode]


def deadlines_words(data: list[Table], content: Content, known: Known) -> Iterator[Sentence]:
    for row in data:
        text = _("A task of urgency “%(urgency)s” is due %(span)s after issue.") % {
            "urgency": Urgency(row["urgency"]).label,
            "span": span(row["days"], content),
        }
        yield _say("deadlines", Stage.SETTING_UP, text, row["urgency"])


def nodes_words(data: list[Table], content: Content, known: Known) -> Iterator[Sentence]:
    for place, row in enumerate(data, start=1):
        text = _("Every task starts with the milestone “%(name)s”, %(span)s after issue.") % {
            "name": row["name"],
            "span": span(row["days"], content),
        }
        yield _say("nodes", Stage.SETTING_UP, text, str(place))


def lights_words(data: list[Table], content: Content, known: Known) -> Iterator[Sentence]:
    named = {row["health"]: row for row in data}
    meanings = {
        Health.IDLE: _("“%(label)s”: nothing has been reported, and it is not due."),
        Health.MOVING: _("“%(label)s”: progress is between 1 and 99 percent."),
        Health.STALLED: _("“%(label)s”: the task is overdue and progress is 0."),
        Health.LATE: _("“%(label)s”: work has begun, but the task is overdue."),
        Health.DONE: _("“%(label)s”: progress has reached 100 percent."),
        Health.SUSPENDED: _("“%(label)s”: the task is suspended, its clock stands still."),
        Health.CANCELLED: _("“%(label)s”: the task was cancelled."),
    }
    for health, text in meanings.items():
        row = named.get(health)
        label = row["label"] if row else str(health.label)
        colour = row["colour"] if row else DEFAULT_LIGHTS[health][0]
        yield Sentence(Stage.WATCHING, text % {"label": label}, (f"lights.{health}",), colour)
